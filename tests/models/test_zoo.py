# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Names of published weights, with a local server instead of the publishers'."""

import hashlib
import json
import pickle
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
import yaml

from paddleseg.config.load import load_config
from paddleseg.config.schema import check_config
from paddleseg.models import DDRNet_23_slim
from paddleseg.models.pretrained import load_pretrained
from paddleseg.models.weights import load_weights
from paddleseg.models.zoo import fetch, find, read_zoo
from paddleseg.registry import MODELS
from paddleseg.utils.errors import ConfigError, WeightsError
from tests.scripts import load_script
from tests.training.small_trainer import OneLayer

ROOT = Path(__file__).resolve().parents[2]


def weights_of(base_channels=32, seed=0):
    """A small file that is of DDRNet_23_slim, or with 64 of DDRNet_23, as far as it goes."""
    return pickle.dumps({"conv1.0._conv.weight": np.full((base_channels, 3, 3, 3), seed, "float32")})


CONTENT = weights_of()
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Handler(BaseHTTPRequestHandler):
    """Has what the test puts into ``server.files``; a name that begins with ``dies`` breaks off after a half.

    ``dies_unseen`` does so without having said how long it is.
    """

    def do_GET(self):  # noqa: N802 (the name that http.server calls)
        self.server.requests.append(self.path)
        content = self.server.files.get(self.path)
        if content is None:
            self.send_error(404)
            return
        self.send_response(200)
        if not self.path.startswith("/dies_unseen"):
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[: len(content) // 2] if self.path.startswith("/dies") else content)

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as made:
        made.files, made.requests = {}, []
        threading.Thread(target=made.serve_forever, daemon=True).start()
        yield made
        made.shutdown()


@pytest.fixture
def zoo(server, tmp_path, monkeypatch):
    """``zoo(one=["/model.pdparams"], sha256=...)``: a list with these names, whose addresses the server has."""
    path = tmp_path / "zoo.yml"
    monkeypatch.setenv("PADDLESEG_ZOO", str(path))
    monkeypatch.setenv("PADDLESEG_HOME", str(tmp_path / "cache"))

    def write(sha256=None, **names):
        facts = {"model": "DDRNet_23_slim", "trained_on": "ImageNet", "kit": "PaddleSeg", "result": "none stated"}
        entries = {
            name: {**facts, "url": [f"http://127.0.0.1:{server.server_port}{place}" for place in places]}
            for name, places in names.items()
        }
        for entry in entries.values() if sha256 else ():
            entry["sha256"] = sha256
        path.write_text(yaml.safe_dump(entries, sort_keys=False))
        return path

    return write


def test_a_name_is_the_weights_of_its_address_and_is_downloaded_once(zoo, server, log):
    zoo(one=["/model.pdparams"])
    trained = DDRNet_23_slim(2)
    server.files["/model.pdparams"] = pickle.dumps({n: value.numpy() for n, value in trained.state_dict().items()})
    assert load_pretrained(DDRNet_23_slim(2), "zoo:one").complete
    assert load_pretrained(DDRNet_23_slim(2), "zoo:one").complete
    assert server.requests == ["/model.pdparams"]


def test_classes_that_the_list_names_are_found_in_a_file_that_does_not_name_them(zoo, server, log):
    path = zoo(one=["/model.pdparams"])
    entries = yaml.safe_load(path.read_text())
    entries["one"]["classes"] = ["road", "sky", "car"]
    path.write_text(yaml.safe_dump(entries))
    arrays = {name: value.numpy() for name, value in DDRNet_23_slim(3).state_dict().items()}
    server.files["/model.pdparams"] = pickle.dumps(arrays)
    model = DDRNet_23_slim(2, class_names=["car", "road"], pretrained="zoo:one")
    assert (model.head.conv.weight.numpy() == arrays["head.conv.weight"][[2, 0]]).all()


@pytest.mark.parametrize("sha256", [None, SHA256, SHA256[:8]])
def test_when_a_mirror_dies_half_way_the_next_one_goes_on_and_is_the_first_that_is_asked_later(
    sha256, zoo, server, log
):
    zoo(sha256, one=["/gone", "/dies", "/model.pdparams"])
    server.files.update({"/dies": CONTENT, "/model.pdparams": CONTENT})
    assert Path(fetch("one")).read_bytes() == CONTENT
    assert "/gone: the server answers 404" in log.text
    assert f"only {len(CONTENT) // 2} of {len(CONTENT)} bytes arrived" in log.text
    assert server.requests == ["/gone", "/dies", "/model.pdparams"]
    server.files.clear()
    assert Path(fetch("one")).read_bytes() == CONTENT  # from the cache: nothing is asked for
    assert len(server.requests) == 3


@pytest.mark.parametrize("sha256", ["0" * 64, "00000000"])
def test_a_file_with_another_checksum_than_the_lists_is_refused_with_both(sha256, zoo, server, tmp_path):
    path = zoo(sha256, one=["/model.pdparams"])
    server.files["/model.pdparams"] = CONTENT
    with pytest.raises(WeightsError) as caught:
        fetch("one")
    assert f"/model.pdparams is a different file: its SHA-256 is {SHA256}, {path} says {sha256}" in str(caught.value)
    assert not list((tmp_path / "cache").rglob("*.pdparams"))


def test_a_checksum_that_is_not_known_is_recorded_at_the_first_download_and_checked_from_then_on(
    zoo, server, tmp_path, log
):
    zoo(one=["/a.pdparams", "/b.pdparams"])
    server.files["/a.pdparams"] = CONTENT
    copy = Path(fetch("one"))
    record = tmp_path / "cache" / "zoo" / "one.json"
    assert json.loads(record.read_text())["sha256"] == SHA256
    assert f"one has SHA-256 {SHA256}, which is required from now on ({record})" in log.text

    copy.write_bytes(b"damaged on the disk")
    assert Path(fetch("one")).read_bytes() == CONTENT

    copy.unlink()
    server.files.update({"/a.pdparams": b"another file", "/b.pdparams": b"and another"})
    with pytest.raises(WeightsError) as caught:
        fetch("one")
    assert str(caught.value).count(f"the first download, as {record} has it, had {SHA256}") == 2
    server.files["/b.pdparams"] = CONTENT
    assert Path(fetch("one")).read_bytes() == CONTENT


def test_a_record_is_of_the_addresses_that_the_list_had_and_a_checksum_of_the_list_holds_before_it(zoo, server):
    zoo(one=["/a.pdparams"])
    former, successor = weights_of(seed=1), weights_of(seed=2)
    server.files.update({"/a.pdparams": former, "/new.pdparams": CONTENT})
    fetch("one")
    zoo(one=["/new.pdparams"])
    assert Path(fetch("one")).read_bytes() == CONTENT
    server.files["/new.pdparams"] = successor
    zoo(hashlib.sha256(successor).hexdigest(), one=["/new.pdparams"])
    assert Path(fetch("one")).read_bytes() == successor


@pytest.mark.parametrize(
    ("place", "content", "words"),
    [
        ("/login.pdparams", b"<html>login</html>", "damaged or not a weight file"),
        ("/nothing.pdparams", b"", "ends too early"),
        ("/dies_unseen.pdparams", CONTENT, "ends too early"),
        ("/larger.pdparams", weights_of(64), "weights of DDRNet_23"),
    ],
)
def test_what_is_no_weights_of_the_network_is_neither_kept_nor_recorded_and_the_next_mirror_is_asked(
    place, content, words, zoo, server, tmp_path, log
):
    zoo(one=[place, "/model.pdparams"])
    server.files[place] = content
    with pytest.raises(WeightsError, match=f"{place} has no weights of .*, and what .* not kept: .*{words}"):
        fetch("one")
    assert not list((tmp_path / "cache").rglob("*.pdparams")) and not list((tmp_path / "cache/zoo").glob("*"))
    server.files["/model.pdparams"] = CONTENT
    assert Path(fetch("one")).read_bytes() == CONTENT


def test_a_name_of_another_network_is_refused_before_it_is_downloaded(zoo, server, tiny_config):
    path = zoo(one=["/a"], other=["/b"])
    path.write_text(path.read_text().replace("DDRNet_23_slim", "DDRNet_39", 1))
    words = "zoo:one is of DDRNet_39, the network is DDRNet_23_slim, for which there is other"
    with pytest.raises(ConfigError, match=f"model.pretrained: {words}"):
        check_config(load_config(tiny_config, opts=["model.pretrained=zoo:one"]), command="train")
    with pytest.raises(WeightsError, match=words):
        DDRNet_23_slim(2, pretrained="zoo:one")
    assert not server.requests


def test_a_command_that_takes_files_says_how_a_name_becomes_one(zoo):
    with pytest.raises(WeightsError, match=r"^zoo:one: a name of the zoo; `python tools/zoo\.py get one` downloads"):
        load_weights(OneLayer(), "zoo:one")


def test_a_damaged_record_is_named(zoo, server, tmp_path):
    zoo(one=["/a.pdparams"])
    record = tmp_path / "cache" / "zoo" / "one.json"
    record.parent.mkdir(parents=True)
    record.write_text("{}")
    with pytest.raises(WeightsError, match=r"one\.json: the record of a download is damaged .*; delete it"):
        fetch("one")


def test_a_name_that_is_not_there_is_one_line_with_the_nearest_names_before_anything_is_built(zoo, tiny_config):
    zoo(ddrnet23_imagenet=["/a"], ddrnet39_imagenet=["/b"])
    config = load_config(tiny_config, opts=["model.pretrained=zoo:ddrnet23_imagnet"])
    with pytest.raises(ConfigError) as caught:
        check_config(config, command="train")
    message = str(caught.value)
    assert "model.pretrained: the model zoo" in message and "\n" not in message
    assert "has no 'ddrnet23_imagnet'. Did you mean 'ddrnet23_imagenet'? Known: ddrnet23_imagenet, ddrnet39" in message
    with pytest.raises(ConfigError, match="DDRNet_23_slim: pretrained: the model zoo .* Did you mean"):
        DDRNet_23_slim(num_classes=2, pretrained="zoo:ddrnet23_imagnet")
    check_config(load_config(tiny_config, opts=["model.pretrained=zoo:ddrnet23_imagenet"]), command="train")


def test_a_name_stands_alone(zoo):
    with pytest.raises(ConfigError, match="pretrained.url: found 'zoo:one'; a name of the zoo stands alone"):
        DDRNet_23_slim(num_classes=2, pretrained={"url": ["a", "zoo:one"]})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"url": "https://host/x"}, "zoo.yml:6: one.url: found 'https://host/x'; it must be"),
        ({"url": ["weights/x"]}, "one.url: found ['weights/x']; it must be a list of addresses"),
        ({"sha256": "123"}, "one.sha256: found '123'; it must be the first 8 to 64 hexadecimal digits"),
        ({"kit": None}, "one.kit: found None; it must be"),
        ({"kit": "mmseg"}, "one.kit: found 'mmseg'. Known: ydhongHIT/DDRNet (official), chenjun2hao"),
        ({"model": "DDRNet_32"}, "one.model: found 'DDRNet_32'. Did you mean 'DDRNet_23'?"),
        ({"urls": []}, "one.urls: there is no such key. Did you mean 'url'?"),
    ],
)
def test_a_wrong_entry_is_named_by_file_line_and_key(change, message, zoo):
    path = zoo(one=["/a"])
    entries = yaml.safe_load(path.read_text())
    entries["one"].update(change)
    path.write_text(yaml.safe_dump(entries, sort_keys=False))
    with pytest.raises(ConfigError) as caught:
        find("one")
    assert message in str(caught.value)


def test_without_a_list_it_is_said_where_it_comes_from(zoo, tmp_path):
    with pytest.raises(ConfigError, match=r"no model zoo .*zoo\.yml: it comes with the repository"):
        find("one")


def test_the_shipped_list_has_three_sizes_of_two_data_sets_from_known_kits(monkeypatch):
    monkeypatch.delenv("PADDLESEG_ZOO", raising=False)
    entries = read_zoo()
    for size in ("23_slim", "23", "39"):
        for data in ("imagenet", "cityscapes"):
            assert entries[f"ddrnet{size}_{data}"].model == f"DDRNet_{size}"
    for entry in entries.values():
        assert entry.model in MODELS and entry.kit in ("mmsegmentation", "super-gradients", "PaddleSeg")
        assert all(url.startswith("https://") for url in entry.url)
        assert (entry.classes is not None) == (entry.trained_on == "Cityscapes")
        assert entry.classes is None or len(entry.classes) == 19
        if entry.kit == "mmsegmentation":  # its file names end with the beginning of the checksum
            assert entry.url[0].endswith(f"-{entry.sha256}.pth")


@pytest.fixture
def tool(capsys):
    """Run tools/zoo.py's ``main``; gives what it prints."""

    def run(*arguments):
        script = load_script(ROOT / "tools/zoo.py")
        capsys.readouterr()  # what was logged before
        script.main(script.make_parser().parse_args([*map(str, arguments)]))
        return capsys.readouterr().out

    return run


def test_list_prints_a_table_with_a_line_for_each_name(zoo, server, tool):
    zoo(one=["/a.pdparams"], the_other=["/b.pth"], third=["/c.pth"])
    server.files["/a.pdparams"] = CONTENT
    (Path(fetch("one")).parents[1] / "zoo/third.json").write_text("{}")
    head, *lines = tool("list").splitlines()
    assert [line.split()[0] for line in lines] == ["one", "the_other", "third"]
    column = head.index("SHA-256")
    words = [line[column:].split("  ")[0] for line in lines]
    assert words == [f"{SHA256[:8]}.. recorded", "not known", "damaged record"]


def test_get_puts_the_file_into_a_folder_and_never_over_another_one(zoo, server, tool, tmp_path):
    zoo(one=["/model.pdparams"])
    server.files["/model.pdparams"] = CONTENT
    folder = tmp_path / "weights"
    target = folder / "one.pdparams"
    assert f"model: {{type: DDRNet_23_slim, pretrained: {target}}}" in tool("get", "one", "--save_dir", folder)
    assert target.read_bytes() == CONTENT
    before = target.stat().st_mtime_ns
    tool("get", "one", "--save_dir", folder)
    assert target.stat().st_mtime_ns == before
    target.write_bytes(b"somebody's own")
    with pytest.raises(ConfigError, match=r"one\.pdparams is there, and the one asked for has SHA-256"):
        tool("get", "one", "--save_dir", folder)
    assert target.read_bytes() == b"somebody's own"


def test_a_file_in_the_place_of_the_cache_is_said_and_an_address_may_have_a_question(zoo, server, tool, tmp_path):
    zoo(one=["/model.pdparams?download=1"])
    server.files["/model.pdparams?download=1"] = CONTENT
    (tmp_path / "cache").write_text("")
    with pytest.raises(WeightsError, match="cannot keep .*; PADDLESEG_HOME names another folder"):
        fetch("one")
    (tmp_path / "cache").unlink()
    tool("get", "one", "--save_dir", tmp_path)
    assert (tmp_path / "one.pdparams").read_bytes() == CONTENT


def test_get_of_a_name_that_is_not_there_says_the_nearest(zoo, tool, tmp_path):
    zoo(one=["/a"], the_other=["/b"])
    with pytest.raises(ConfigError, match="has no 'the_othr'. Did you mean 'the_other'"):
        tool("get", "the_othr", "--save_dir", tmp_path)


def test_get_does_not_replace_a_file_either_where_no_checksum_is_known_yet(zoo, server, tool, tmp_path):
    zoo(one=["/model.pdparams"])
    (tmp_path / "one.pdparams").write_bytes(b"somebody's own")
    with pytest.raises(ConfigError, match=r"one\.pdparams is there, and no checksum is known"):
        tool("get", "one", "--save_dir", tmp_path)
    assert (tmp_path / "one.pdparams").read_bytes() == b"somebody's own" and not server.requests
