# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Shared by the tests of the service: a small exported network, pictures, and an in-process client."""

import importlib.util
import io
from pathlib import Path

import numpy as np
import paddle
import pytest
from PIL import Image

from paddleseg.export.folder import ExportOptions, export_model
from tests.export.small_network import NORMALIZE, SmallNetwork

_NEEDED = ("starlette", "uvicorn", "httpx", "python_multipart", "prometheus_client")
MISSING = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
collect_ignore = ["test_hostile.py", "test_process.py", "test_protocol.py", "test_page.py"] if MISSING else []
COLOURS = [[200, 10, 10], [10, 200, 10], [10, 10, 200], [0, 0, 0]]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """All of them need the extra; where a package of it is missing, pytest says which."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.extras)


@pytest.fixture(autouse=True)
def _skip_without_extra():
    if MISSING:
        pytest.skip(f"needs the extra 'serving' and httpx; missing: {', '.join(MISSING)}")


@pytest.fixture(scope="session")
def exported(tmp_path_factory) -> Path:
    """An export of 4 classes, without the graph of class ids in the way."""
    paddle.seed(7)
    network = SmallNetwork()
    network.eval()
    folder = tmp_path_factory.mktemp("exported") / "out"
    names = ["road", "sky", "<b>car</b>", "tree"]
    export_model(network, folder, transforms=NORMALIZE, options=ExportOptions(), class_names=names, palette=COLOURS)
    return folder


@pytest.fixture(scope="session")
def predictor(exported):
    from paddleseg.deploy.exported_predictor import engine_options, open_exported

    return open_exported(exported, engine_options(exported, device="cpu", cpu_threads=1))


@pytest.fixture
def make_client(exported, predictor):
    """A client of the service: ``make_client(queue=1)``."""
    from starlette.testclient import TestClient

    from paddleseg.deploy.serve.app import create_app
    from paddleseg.deploy.serve.settings import Settings

    def make(network=predictor, **settings):
        return TestClient(create_app(Settings(model=str(exported), **settings), network), raise_server_exceptions=False)

    return make


@pytest.fixture
def client(make_client):
    return make_client()


@pytest.fixture(scope="session")
def picture() -> np.ndarray:
    """Coloured blocks, (50, 84, 3) uint8, in which the network finds several classes."""
    blocks = np.random.default_rng(4).integers(0, 256, (7, 11, 3), "uint8")
    return np.kron(blocks, np.ones((8, 8, 1), "uint8"))[:50, :84]


@pytest.fixture(scope="session")
def png(picture) -> bytes:
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "PNG")
    return file.getvalue()
