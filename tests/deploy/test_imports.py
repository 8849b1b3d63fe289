# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The modules that running a network loads, in a fresh interpreter."""

import subprocess
import sys

import pytest

from tests.conftest import REPOSITORY

TRAINING = {"config", "datasets", "losses", "metrics", "optimizers", "profiling", "tasks", "training"}
_RANDOM_MODULES = ("augmentation", "fused_crop", "rand_augment", "random_crop", "random_geometry", "random_quality")
RANDOM = {f"transforms.{name}" for name in _RANDOM_MODULES}


@pytest.mark.parametrize(
    ("started", "left_out"),
    [
        ("deploy.segmenter, paddleseg.deploy.benchmark", TRAINING | RANDOM | {"export", "inference", "models"}),
        pytest.param("inference.prediction", TRAINING | RANDOM | {"export", "deploy"}, marks=pytest.mark.slow),
    ],
)
def test_running_a_network_loads_nothing_that_only_training_needs(started, left_out):
    code = f"import sys, paddleseg.{started}\nprint(*(name for name in sys.modules if name.startswith('paddleseg.')))"
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=REPOSITORY)
    loaded = set(process.stdout.split())
    assert "paddleseg.transforms.transforms" in loaded
    assert not loaded & {f"paddleseg.{name}" for name in left_out}


def test_only_the_engine_that_runs_loads_its_library():
    started = "paddleseg.deploy.segmenter, paddleseg.deploy.benchmark, paddleseg.utils.visualize"
    code = f"import sys, {started}\nprint(*sys.modules)"
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=REPOSITORY)
    assert not set(process.stdout.split()) & {"paddle", "openvino", "onnxruntime", "MNN"}
