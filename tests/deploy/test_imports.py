# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""What running an exported network loads, seen in a fresh interpreter."""

import subprocess
import sys

from tests.conftest import REPOSITORY

NOT_FOR_DEPLOYMENT = (
    "config", "datasets", "export", "inference", "losses", "metrics", "models", "optimizers", "profiling", "scenes",
    "tasks", "training",
    "transforms.augmentation", "transforms.fused_crop", "transforms.random_geometry", "transforms.random_quality",
)  # fmt: skip


def test_running_an_exported_network_loads_no_training_code():
    code = (
        "import sys, paddleseg.deploy.segmenter, paddleseg.deploy.benchmark\n"
        "print(*(name for name in sys.modules if name.startswith('paddleseg')))"
    )
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=REPOSITORY)
    loaded = set(process.stdout.split())
    assert "paddleseg.transforms.padding" in loaded
    assert not loaded & {f"paddleseg.{name}" for name in NOT_FOR_DEPLOYMENT}
