# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The commands of the page on trust, followed word by word on a good run and on a failing one."""

import re
import shlex
import shutil
from pathlib import Path

import pytest

PAGE = Path(__file__).resolve().parents[2] / "docs" / "trust.md"


def commands():
    blocks = re.findall(r"```bash\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)
    return [shlex.split(line) for block in blocks for line in block.splitlines()]


@pytest.mark.slow
def test_each_command_of_the_page_does_what_it_says(tmp_path, tiny_config, run_command):
    def run(script, *arguments):
        done = run_command(run_command.repository / script, *arguments, cwd=tmp_path, timeout=300)
        return done.returncode, done.stdout + done.stderr

    training = ("--config", tiny_config, "--device", "cpu", "--num_workers", 0, "--seed", 1)
    assert run("train.py", *training, "--do_eval")[0] == 0
    assert run("train.py", *training, "--learning_rate", 1_000_000, "--iters", 8, "--save_dir", "failed")[0] == 1
    (capsule,) = (tmp_path / "failed").glob("capsule_*")
    shutil.move(capsule, tmp_path / "output" / "capsule_1200")
    expected = {
        "tools/doctor.py": "this toolkit",
        "tools/replay_step.py": "the same bytes as in the capsule",
        "tools/reproduce.py": "repeats output",
        "val.py": "mIoU",
        "tools/model_card.py": "MODEL_CARD.md",
    }
    seen = set()
    for python, script, *arguments in commands():
        if "--until" in arguments:
            arguments[arguments.index("--until") + 1] = "2"  # the run has four steps
        status, text = run(script, *arguments)
        assert python == "python" and expected[script] in text, text
        assert status == 0 or script == "tools/doctor.py", text  # which may find this machine wanting
        seen.add(script)
    assert seen == set(expected)
    assert {"MODEL_CARD.md", "CITATION.cff"} <= {path.name for path in (tmp_path / "output").iterdir()}
