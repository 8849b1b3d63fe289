# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Where pretrained weights come from: paths, addresses, mirrors, and the checksum that decides."""

import hashlib
import pickle
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

from paddleseg.config.load import load_config
from paddleseg.config.schema import check_config
from paddleseg.models import DDRNet_23_slim
from paddleseg.models.pretrained import load_pretrained
from paddleseg.models.weight_folder import weight_file
from paddleseg.utils.errors import ConfigError, WeightsError
from paddleseg.utils.weight_source import is_url, local_path
from tests.training.small_trainer import OneLayer

pytestmark = pytest.mark.usefixtures("narrow")


@pytest.fixture
def weights(tmp_path):
    """A file of weights of ``OneLayer``."""
    path = tmp_path / "web" / "a b" / "model.pdparams"
    path.parent.mkdir(parents=True)
    path.write_bytes(pickle.dumps({name: value.numpy() for name, value in OneLayer().state_dict().items()}))
    return path


@pytest.fixture
def address(tmp_path, monkeypatch):
    """Where a server on this machine has the folder ``web``."""
    monkeypatch.setenv("PADDLESEG_HOME", str(tmp_path / "cache"))
    handler = partial(SimpleHTTPRequestHandler, directory=tmp_path / "web")
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_addresses_are_told_from_paths():
    assert is_url("https://host/x") and is_url("http://host/x")
    assert not is_url("weights/model.pdparams") and not is_url("file:///x")
    assert local_path("file:///a%20b/x.pdparams") == local_path("file://localhost/a b/x.pdparams") == "/a b/x.pdparams"
    assert local_path("a%20b") == "a%20b" and local_path("file://host/x") == "file://host/x"


def test_an_address_of_a_file_is_a_path(weights):
    assert weight_file(weights.as_uri()) == str(weights)
    assert load_pretrained(OneLayer(), weights.as_uri()).complete


def test_places_may_be_path_objects(weights, tmp_path):
    sha256 = hashlib.sha256(weights.read_bytes()).hexdigest()
    for source in (weights, {"url": weights}, {"url": [tmp_path / "none", weights], "sha256": sha256}):
        assert load_pretrained(OneLayer(), source).complete


def test_mirrors_are_tried_in_order_until_one_has_the_file_of_the_checksum(weights, address, tmp_path, log):
    sha256 = hashlib.sha256(weights.read_bytes()).hexdigest()
    other = tmp_path / "web" / "other.pdparams"
    other.write_bytes(b"something else")
    mirrors = [f"{address}/none.pdparams", f"{address}/other.pdparams", str(other), f"{address}/a%20b/model.pdparams"]
    assert load_pretrained(OneLayer(), {"url": mirrors, "sha256": sha256.upper()}).complete
    assert "none.pdparams: the server answers 404" in log.text and log.text.count("is a different file") == 2
    with pytest.raises(WeightsError, match="none of 3 places has the weights: .*404.*different.*different"):
        load_pretrained(OneLayer(), {"url": mirrors[:3], "sha256": sha256})
    with pytest.raises(WeightsError, match=r"^cannot download .*none\.pdparams: the server answers 404"):
        load_pretrained(OneLayer(), {"url": mirrors[0]})


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ({"sha256": "0" * 64}, "pretrained.url: found None; give an address or a list of addresses"),
        ({"url": []}, "pretrained.url: found []; give an address"),
        ({"url": "x", "sha256": "abc"}, "pretrained.sha256: found 'abc'; it must be the 64 hexadecimal digits"),
        ({"url": "x", "sha265": "0" * 64}, "pretrained.sha265: no such key. Did you mean 'sha256'?"),
        (3, "pretrained: found 3; it must be a file, a folder, an address, zoo:NAME, or {url: ..., sha256: ...}"),
    ],
)
def test_a_source_that_cannot_be_is_refused_from_python_and_from_a_configuration(source, message, tiny_config):
    with pytest.raises(ConfigError) as caught:
        DDRNet_23_slim(num_classes=2, pretrained=source)
    assert message in str(caught.value)
    config = load_config(tiny_config, opts=[f"model.pretrained={source}"])
    with pytest.raises(ConfigError) as caught:
        check_config(config, command="train")
    assert f"model.{message}" in str(caught.value)


def test_a_configuration_names_places_that_are_not_there_before_training(tiny_config, weights):
    def check(source):
        check_config(load_config(tiny_config, opts=[f"model.pretrained={source}"]), command="train")

    check({"url": ["nowhere", weights.as_uri()]})
    check({"url": ["nowhere", "https://host/x"]})
    check(weights.parent)
    with pytest.raises(ConfigError, match="model.pretrained: there is no file 'nowhere', 'file:///nowhere'; give"):
        check({"url": ["nowhere", "file:///nowhere"]})
