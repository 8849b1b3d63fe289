# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Trainings with each of the CPU's backends."""

import paddle
import pytest

from paddleseg import onednn
from paddleseg.onednn import CpuSettings
from tests.needs import skip_without_onednn


@pytest.fixture
def cpu(request):
    """The test runs with this backend and count of threads, ``("onednn", 2)``; runs that ask for none take it."""
    backend, threads = request.param
    if backend == "onednn":
        skip_without_onednn()
    paddle.set_device("cpu")
    onednn.FALLBACKS.clear()
    with CpuSettings(backend, threads).entered():
        assert onednn.is_active() is (backend == "onednn")
        yield request.param
    assert not onednn.FALLBACKS
