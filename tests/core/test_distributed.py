# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""What processes exchange."""

import json

import paddle
import pytest

from paddleseg.core import distributed, evaluate
from paddleseg.datasets import RoadScenes
from paddleseg.transforms import Normalize

SCRIPT = """\
import sys
import paddle
from paddleseg.core import distributed

paddle.set_device("cpu")
distributed.init()
value = paddle.to_tensor(1.0 + 2.0 * distributed.rank())
mean = distributed.mean_over_processes(value)
with open(f"{sys.argv[1]}/{distributed.rank()}.txt", "w") as file:
    file.write(f"{mean} of {float(value)}")
"""


@pytest.mark.slow
def test_two_processes_get_the_same_mean_and_keep_their_own_value(run_command, tmp_path):
    (tmp_path / "script.py").write_text(SCRIPT)
    launch = ("-m", "paddle.distributed.launch", "--nproc_per_node", 2, "--log_dir", tmp_path / "log")
    done = run_command(*launch, tmp_path / "script.py", tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert [(tmp_path / f"{rank}.txt").read_text() for rank in (0, 1)] == ["2.0 of 1.0", "2.0 of 3.0"]


# Longer than gloo waits, then a failure.
LONG_WORK = """\
import sys
import time

import paddle
from paddleseg.core import distributed
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
def test_the_others_wait_for_the_first_process_and_hear_of_its_failure(run_command, tmp_path):
    (tmp_path / "script.py").write_text(LONG_WORK)
    launch = ("-m", "paddle.distributed.launch", "--nproc_per_node", 2, "--log_dir", tmp_path / "log")
    done = run_command(*launch, tmp_path / "script.py", tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    first, second = ((tmp_path / f"{rank}.txt").read_text() for rank in (0, 1))
    assert first == "[0] damaged"
    assert second == "[] the first process of this run has failed; its log says why"


def test_one_process_does_the_work_itself():
    done = []
    distributed.in_first_process(lambda: done.append(1))
    assert done == [1]


# Each process makes a network of its own; Paddle's wrapper gives all the weights of the first.
PROGRAM = """\
import json
import sys

import paddle
from paddleseg.core import evaluate
from paddleseg.core.ema import ExponentialMovingAverage
from paddleseg.core.trainer import Trainer
from paddleseg.datasets import RoadScenes
from paddleseg.transforms import Normalize

paddle.set_device("cpu")
rank = paddle.distributed.get_rank()


class Pointwise(paddle.nn.Layer):
    def __init__(self):
        super().__init__()
        self.conv = paddle.nn.Conv2D(3, 19, 1)

    def forward(self, x):
        return [self.conv(x)]


paddle.seed(5)
dataset = RoadScenes([Normalize()], mode="val", num_samples=3, size=(64, 32))
figures = evaluate(Pointwise(), dataset, num_workers=0)
paddle.seed(rank)
model = Pointwise()
optimizer = paddle.optimizer.SGD(0.1, parameters=model.parameters())
average = ExponentialMovingAverage(model)
Trainer(
    model, [(None, 1.0)], optimizer, None, None, normalize=None, total_steps=1, batches_per_epoch=1,
    samples_per_step=1, ema=average,
)
weights = [state["conv.weight"].sum().item() for state in (model.state_dict(), average.state_dict())]
with open(f"{sys.argv[1]}/{rank}.json", "w") as file:
    json.dump({"mean_iou": figures[0], "kappa": figures[4], "weights": weights}, file)
"""


@pytest.mark.slow
def test_a_program_in_two_processes_evaluates_the_whole_and_averages_the_same_weights(run_command, tmp_path):
    (tmp_path / "program.py").write_text(PROGRAM)
    launch = ("-m", "paddle.distributed.launch", "--nproc_per_node", 2, "--log_dir", tmp_path / "log")
    done = run_command(*launch, tmp_path / "program.py", tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    first, second = (json.loads((tmp_path / f"{rank}.json").read_text()) for rank in (0, 1))
    assert first == second
    assert first["weights"][0] == first["weights"][1]

    class Pointwise(paddle.nn.Layer):
        def __init__(self):
            super().__init__()
            self.conv = paddle.nn.Conv2D(3, 19, 1)

        def forward(self, x):
            return [self.conv(x)]

    paddle.seed(5)
    dataset = RoadScenes([Normalize()], mode="val", num_samples=3, size=(64, 32))
    alone = evaluate(Pointwise(), dataset, num_workers=0)
    assert (first["mean_iou"], first["kappa"]) == pytest.approx((alone[0], alone[4]), abs=1e-6)


def test_one_process_is_its_own_mean():
    assert distributed.mean_over_processes(paddle.to_tensor(1.5)) == 1.5
