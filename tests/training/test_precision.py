# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Where networks compute in mixed precision. The CPU has no kernels for it: the requests to Paddle are recorded."""

from contextlib import contextmanager

import numpy as np
import paddle
import pytest

from paddleseg.datasets import RoadScenes
from paddleseg.inference.evaluation import evaluate
from paddleseg.tasks import SegmentationTask
from paddleseg.training import run
from paddleseg.training.hooks.evaluate import EvaluateHook
from paddleseg.training.hooks.stop import StopHook, StopSignals
from paddleseg.training.run_settings import RunSettings
from paddleseg.training.step_network import StepNetwork
from paddleseg.utils.precision import MixedPrecisionNetwork, mixed_precision


@pytest.fixture
def contexts(monkeypatch):
    """The arguments of the ``auto_cast`` that are open now."""
    contexts = []

    @contextmanager
    def record(**arguments):
        contexts.append(arguments)
        yield
        contexts.pop()

    monkeypatch.setattr(paddle.amp, "auto_cast", record)
    return contexts


class Watched(paddle.nn.Layer):
    """Notes under which ``auto_cast`` it is called."""

    def __init__(self, contexts):
        super().__init__()
        self.contexts, self.seen = contexts, []

    def forward(self, x):
        self.seen += [dict(context) for context in self.contexts] or [None]
        return [x.tile([1, 7, 1, 1])[:, :19]]


class WatchedAt8(Watched):
    def forward_stride8(self, x):
        return [paddle.nn.functional.avg_pool2d(self.forward(x)[0], 8)]


def test_fp32_opens_nothing(contexts):
    with mixed_precision("fp32", "O2"):
        assert contexts == []


@pytest.mark.parametrize("kind", [Watched, WatchedAt8])
@pytest.mark.parametrize(("precision", "dtype"), [("fp16", "float16"), ("bf16", "bfloat16")])
def test_the_network_alone_runs_in_mixed_precision(kind, precision, dtype, contexts):
    model = kind(contexts)
    network = MixedPrecisionNetwork(model, precision, "O1")
    assert hasattr(network, "forward_stride8") == (kind is WatchedAt8)
    (logits,) = network(paddle.ones([1, 3, 8, 8]))
    np.testing.assert_array_equal(logits.numpy(), 1)
    dataset = RoadScenes([], mode="val", num_samples=1, size=(64, 32))
    evaluate(model, dataset, precision=precision, amp_level="O2")
    assert model.seen == [{"level": "O1", "dtype": dtype}, {"level": "O2", "dtype": dtype}]
    assert contexts == []


def test_a_train_step_computes_coarse_logits_in_mixed_precision_too(contexts):
    model = WatchedAt8(contexts)
    network = StepNetwork(model, RunSettings(iters=1, precision="fp16", amp_level="O1"))
    (logits,) = network(paddle.ones([1, 3, 16, 8]), coarse=True)
    assert logits.shape == [1, 19, 2, 1]
    assert model.seen == [{"level": "O1", "dtype": "float16"}]
    assert contexts == []


@pytest.mark.parametrize(
    ("precision", "amp_level", "expected"),
    [
        ("fp32", "O2", None),
        ("fp16", "O1", None),  # its weights are float32: val.py gives the same figures
        ("fp16", "O2", {"level": "O2", "dtype": "float16"}),
    ],
)
def test_half_precision_weights_are_evaluated_in_half_precision(precision, amp_level, expected, contexts, tmp_path):
    dataset = RoadScenes([], mode="val", num_samples=1, size=(64, 32))
    model = Watched(contexts)
    settings = RunSettings(
        do_eval=True, save_dir=str(tmp_path), num_workers=0, precision=precision, amp_level=amp_level
    )
    optimizer = paddle.optimizer.SGD(0.1, parameters=model.parameters())
    hooks = run._build_hooks(SegmentationTask(val_dataset=dataset), optimizer, settings, StopHook(StopSignals()))
    (hook,) = [hook for hook in hooks if isinstance(hook, EvaluateHook)]
    hook._evaluate(model)
    assert model.seen == [expected]
