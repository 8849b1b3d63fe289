# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Sites built from exports: their content, what is refused, and how they are served."""

import json
import subprocess
import sys
import urllib.error
import urllib.request
from contextlib import contextmanager

import pytest
import yaml

from paddleseg.utils.errors import ConfigError, UserError
from tests.conftest import REPOSITORY
from tests.deploy.web.conftest import NORMALIZE
from tests.deploy.web.test_label_map import NODE


@pytest.fixture
def runtime(tmp_path, web_build):
    """Files with the names of the runtime's."""
    folder = tmp_path / "runtime"
    folder.mkdir()
    for name in web_build.RUNTIME_FILES:
        (folder / name).write_text(name)
    return folder


@pytest.fixture
def build(tmp_path, web_build, runtime):
    """Run build.py's ``main``: ``build(folder, graph="main")`` gives the site's folder."""

    def run(model, **options):
        site = tmp_path / "site"
        words = {"model": model, "save_dir": site, "runtime": runtime, **options}
        arguments = [word for name, value in words.items() for word in (f"--{name}", str(value))]
        web_build.main(web_build.make_parser().parse_args(arguments))
        return site

    return run


@pytest.fixture
def changed(exported, tmp_path):
    """A copy of the export with other keys in its deploy.yaml."""

    def change(**keys):
        folder = tmp_path / "changed"
        folder.mkdir()
        for file in exported.glob("*.onnx"):
            (folder / file.name).symlink_to(file)
        section = yaml.safe_load((exported / "deploy.yaml").read_text())["Deploy"]
        (folder / "deploy.yaml").write_text(yaml.safe_dump({"Deploy": {**section, **keys}}))
        return folder

    return change


def test_a_site_has_the_page_the_runtime_the_graph_and_what_deploy_yaml_says(build, exported):
    site = build(exported)
    assert (site / "model_stride8.onnx").read_bytes() == (exported / "model_stride8.onnx").read_bytes()
    facts = json.loads((site / "model.json").read_text())
    assert (facts["graph"], facts["input"], facts["input_shape"]) == ("model_stride8.onnx", "uint8", [-1, 3, -1, -1])
    assert facts["classes"][2]["name"] == "<b>car</b>"
    assert (facts["transforms"], facts["calibrated_size"]) == ([], None)
    assert facts["normalize"]["shift"] == pytest.approx([123.675, 116.28, 103.53])
    page = (site / "index.html").read_text()
    assert "'unsafe" not in page and "http://" not in page.replace("http://www.w3.org", "")
    build(exported)  # its own files are replaced


def int8_entry(size_hw):
    """The entry under ``graphs`` of a graph that counts as calibrated at this size."""
    entry = {"model": "model_stride8.onnx", "gives": "stride8", "input": "uint8"}
    return {"stride8_int8": {**entry, "precision": "int8", "calibrated_size": size_hw}}


def test_the_page_gets_the_size_that_an_int8_graph_was_calibrated_at(build, changed):
    facts = json.loads((build(changed(graphs=int8_entry([64, 96]))) / "model.json").read_text())
    assert facts["calibrated_size"] == [64, 96]


@pytest.mark.skipif(NODE is None, reason="needs Node.js on the PATH")
@pytest.mark.parametrize(
    ("size_hw", "calibrated_hw", "words"),
    [([64, 96], None, None), ([64, 96], [64, 96], None), ([96, 64], [64, 96], "at 96x64 and ran at 64x96, where")],
)
def test_a_remark_is_made_where_the_size_is_another(size_hw, calibrated_hw, words):
    script = (REPOSITORY / "deploy/web/page/calibration.js").as_uri()
    code = f"import {{ sizeRemark }} from '{script}'; console.log(JSON.stringify(sizeRemark("
    code += f"{json.dumps(size_hw)}, {json.dumps(calibrated_hw)})));"
    words_of_node = [NODE, "--input-type=module", "--eval", code]
    remark = json.loads(subprocess.run(words_of_node, check=True, capture_output=True, timeout=60).stdout)
    assert remark is None if words is None else words in remark


def test_arguments_that_were_left_out_are_filled_in(build, changed):
    site = build(changed(transforms=[{"type": "Resize"}, {"type": "Padding", "target_size": [600, 512]}, NORMALIZE]))
    assert json.loads((site / "model.json").read_text())["transforms"] == [
        {"type": "Resize", "target_size": [512, 512], "keep_ratio": False, "size_divisor": None, "interp": "LINEAR"},
        {"type": "Padding", "target_size": [600, 512], "im_padding_value": 127.5},
    ]


@pytest.mark.parametrize(
    ("keys", "named"),
    [
        ({"transforms": [{"type": "ScalePadding"}, NORMALIZE]}, "transforms.0: the page has no ScalePadding"),
        ({"transforms": [{"type": "Resize", "interp": "CUBIC"}]}, "transforms.0.interp is CUBIC"),
        ({"transforms": [NORMALIZE, {"type": "Resize"}]}, "transforms.0: Normalize is not the last"),
        ({"transforms": [{"type": "PaddingByAspectRatio", "im_padding_value": -3}]}, "im_padding_value is -3"),
        ({"task": "classification"}, "Deploy.task is classification"),
        ({"value_range": [0, 1000]}, "Deploy.value_range"),
        ({"apply_exif": False}, "Deploy.apply_exif is false"),
        ({"graphs": {}}, r"there is main \(model.onnx\); export with --format onnx"),
    ],
)
def test_what_the_page_cannot_do_is_refused_by_name(build, changed, keys, named):
    with pytest.raises(ConfigError, match=named):
        build(changed(**keys))


def test_an_unknown_graph_a_missing_runtime_and_foreign_files_are_refused(build, exported, tmp_path):
    with pytest.raises(ConfigError, match="--graph stride: .*stride8"):
        build(exported, graph="stride")
    with pytest.raises(ConfigError, match=r"there is main"):
        build(exported, graph="main")
    with pytest.raises(UserError, match="npm ci --prefix"):
        build(exported, runtime=tmp_path / "nowhere")
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "index.html").write_text("mine")
    with pytest.raises(UserError, match="would be replaced"):
        build(exported)
    assert [file.name for file in (tmp_path / "site").iterdir()] == ["index.html"]


@contextmanager
def serving(*flags):
    words = [sys.executable, REPOSITORY / "deploy/web/serve.py", "--port", "0", *flags]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait(10)


@pytest.mark.slow
@pytest.mark.parametrize("one_thread", [False, True])
def test_the_server_sends_the_files_with_the_sites_headers_and_nothing_else(build, exported, tmp_path, one_thread):
    (tmp_path / "secret.txt").write_text("secret")
    with serving("--site", build(exported), *(["--one_thread"] if one_thread else [])) as address:
        with urllib.request.urlopen(f"{address}worker.js", timeout=10) as answer:
            headers = answer.headers
        for path in ("..%2fsecret.txt", "runtime/"):
            with pytest.raises(urllib.error.HTTPError, match="404"):
                urllib.request.urlopen(f"{address}{path}", timeout=10)
    assert headers["Content-Type"] == "text/javascript"
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert (headers["Cross-Origin-Embedder-Policy"] is None) == one_thread


@pytest.mark.slow
def test_a_folder_that_is_no_site_is_refused_in_one_line(run_command, tmp_path):
    done = run_command("deploy/web/serve.py", "--site", tmp_path)
    assert done.returncode == 1
    assert "not a site" in done.stderr and done.stderr.count("\n") == 1
