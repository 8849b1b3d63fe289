# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Shared by the tests of the page in the browser: exports in ONNX, their sites, and the command that builds them."""

import importlib.util
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from paddleseg.export.folder import export_model
from paddleseg.export.options import ExportOptions
from paddleseg.models import DDRNet_23_slim
from tests.conftest import REPOSITORY
from tests.export.tiny_weights import with_made_up_weights

RUNTIME = REPOSITORY / "deploy/web/node_modules/onnxruntime-web/dist"
CLASSES = ["road", "sky", "<b>car</b>", "tree", "wall", "sign"]
NORMALIZE = {"type": "Normalize", "mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """All of them export to ONNX."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.extras("onnx", "onnxruntime"))


@pytest.fixture(scope="session")
def web_build():
    """The module deploy/web/build.py."""
    spec = importlib.util.spec_from_file_location("web_build", REPOSITORY / "deploy/web/build.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def export(tmp_path_factory):
    """``export([...], input_dtype="float32")`` gives the folder of a DDRNet-23-slim behind these transforms."""
    network = with_made_up_weights(DDRNet_23_slim(num_classes=len(CLASSES)))

    def run(transforms, **options) -> Path:
        folder = tmp_path_factory.mktemp("exported") / "out"
        options = ExportOptions(**{"formats": ["onnx"], **options})
        export_model(network, folder, transforms=transforms, options=options, class_names=CLASSES)
        return folder

    return run


@pytest.fixture(scope="session")
def exported(export):
    """One of uint8 pictures of any size, without a resize."""
    return export([NORMALIZE])


@pytest.fixture(scope="session")
def picture() -> np.ndarray:
    """Coloured blocks, (100, 168, 3) uint8, in which the network finds several classes."""
    blocks = np.random.default_rng(4).integers(0, 256, (7, 11, 3), "uint8")
    return np.kron(blocks, np.ones((16, 16, 1), "uint8"))[:100, :168]


@pytest.fixture(scope="session")
def png(picture) -> bytes:
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "PNG")
    return file.getvalue()
