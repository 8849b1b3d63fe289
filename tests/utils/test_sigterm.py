# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""SIGTERM leaves no temporary folders behind."""

import os
import signal
import subprocess
import sys
import threading

import pytest

from paddleseg.utils.sigterm import sigterm_as_exit
from tests.conftest import REPOSITORY

PROGRAM = """
import sys, time
from pathlib import Path
from paddleseg.utils.atomic_file import folder_on_disk_of
from paddleseg.utils.sigterm import sigterm_as_exit
with sigterm_as_exit(), folder_on_disk_of(Path(sys.argv[1])) as folder:
    (folder / "half").write_text("half")
    print("ready", flush=True)
    time.sleep(60)
"""


@pytest.mark.skipif(os.name != "posix", reason="needs a system that has SIGTERM")
def test_a_process_that_is_ended_takes_its_temporary_folder_away(tmp_path):
    command = [sys.executable, "-c", PROGRAM, str(tmp_path / "out")]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=REPOSITORY
    ) as process:
        assert process.stdout.readline() == "ready\n"
        assert len(list(tmp_path.iterdir())) == 1
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=30)
    assert (process.returncode, errors) == (128 + signal.SIGTERM, "")
    assert list(tmp_path.iterdir()) == []


def test_what_others_make_of_the_exception_ends_as_it():
    with pytest.raises(SystemExit) as caught, sigterm_as_exit():
        try:
            signal.raise_signal(signal.SIGTERM)
        except SystemExit as error:
            raise RuntimeError("in the middle of a trace") from error
    assert caught.value.code == 128 + signal.SIGTERM


def test_the_handler_that_was_there_comes_back_and_other_threads_change_nothing():
    before = signal.getsignal(signal.SIGTERM)
    with sigterm_as_exit():
        assert signal.getsignal(signal.SIGTERM) is not before
    assert signal.getsignal(signal.SIGTERM) is before
    seen = []

    def work():
        with sigterm_as_exit():
            seen.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [before]
