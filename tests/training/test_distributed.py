# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""What processes exchange."""

import json

import paddle
import pytest

from paddleseg.utils import distributed
from tests.training.evaluating_program import evaluated


@pytest.fixture
def run_in_two(run_command, tmp_path):
    """``run_in_two(program)``: in two processes, with ``tmp_path`` as its argument; it must succeed."""

    def run(program):
        launch = ("-m", "paddle.distributed.launch", "--nproc_per_node", 2, "--log_dir", tmp_path / "log")
        done = run_command(*launch, program, tmp_path)
        assert done.returncode == 0, done.stdout + done.stderr

    return run


SCRIPT = """\
import sys
import paddle
from paddleseg.utils import distributed

paddle.set_device("cpu")
distributed.init()
value = paddle.to_tensor(1.0 + 2.0 * distributed.rank())
mean = distributed.mean_over_processes(value)
with open(f"{sys.argv[1]}/{distributed.rank()}.txt", "w") as file:
    file.write(f"{mean} of {float(value)}")
"""


@pytest.mark.slow
def test_two_processes_get_the_same_mean_and_keep_their_own_value(run_in_two, tmp_path):
    (tmp_path / "script.py").write_text(SCRIPT)
    run_in_two(tmp_path / "script.py")
    assert [(tmp_path / f"{rank}.txt").read_text() for rank in (0, 1)] == ["2.0 of 1.0", "2.0 of 3.0"]


# Longer than gloo waits, then a failure.
LONG_WORK = """\
import sys
import time

import paddle
from paddleseg.utils import distributed
from paddleseg.utils.errors import DataError, UserError

paddle.set_device("cpu")
distributed.init()
done = []
distributed.in_first_process(lambda: done.append(distributed.rank()))


def fail():
    time.sleep(33)
    raise DataError("damaged")


try:
    distributed.in_first_process(fail)
except UserError as error:
    message = str(error)
with open(f"{sys.argv[1]}/{distributed.rank()}.txt", "w") as file:
    file.write(f"{done} {message}")
distributed.barrier()
"""


@pytest.mark.slow
def test_the_others_wait_for_the_first_process_and_hear_of_its_failure(run_in_two, tmp_path):
    (tmp_path / "script.py").write_text(LONG_WORK)
    run_in_two(tmp_path / "script.py")
    first, second = ((tmp_path / f"{rank}.txt").read_text() for rank in (0, 1))
    assert first == "[0] damaged"
    assert second == "[] the first process of this run has failed; its log says why"


def test_one_process_does_the_work_itself():
    done = []
    distributed.in_first_process(lambda: done.append(1))
    assert done == [1]


@pytest.mark.slow
def test_a_program_in_two_processes_evaluates_the_whole_and_averages_the_same_weights(run_in_two, tmp_path):
    run_in_two("tests/training/evaluating_program.py")
    first, second = (json.loads((tmp_path / f"{rank}.json").read_text()) for rank in (0, 1))
    assert first == second
    assert first["weights"][0] == first["weights"][1]
    alone = evaluated()
    assert {name: first[name] for name in alone} == pytest.approx(alone, abs=1e-6)


def test_one_process_is_its_own_mean():
    assert distributed.mean_over_processes(paddle.to_tensor(1.5)) == 1.5
