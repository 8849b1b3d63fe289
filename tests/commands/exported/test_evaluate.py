# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""evaluate.py and infer_dataset.py score the exported graph, here or on another machine."""

import dataclasses
import json
import re
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml

import export
import val
from paddleseg.deploy.deploy_config import DeployConfig, read_deploy_config
from paddleseg.deploy.elsewhere import graph_for_elsewhere, names_of
from paddleseg.deploy.engines import open_engine
from paddleseg.deploy.graph_spec import GraphSpec
from paddleseg.utils.errors import ArgumentError, ConfigError, DataError
from tests.commands.exported.running import DDRNET, call, export_here, small_network_known, with_deploy_yaml
from tests.conftest import make_dataset
from tests.scripts import load_script

SCRIPTS = Path(export.__file__).parent / "deploy" / "python"
evaluate, infer_dataset = load_script(SCRIPTS / "evaluate.py"), load_script(SCRIPTS / "infer_dataset.py")


def figures_of(script, *arguments, file) -> dict:
    call(script, *arguments, "--json", file)
    return json.loads(Path(file).read_text())


@pytest.fixture(scope="module")
def as_val_has_it(training, weights, tmp_path_factory) -> np.ndarray:
    """The confusion matrix of val.py."""
    arguments = ("--config", training, "--model_path", weights, "--device", "cpu")
    file = tmp_path_factory.mktemp("val") / "figures.json"
    only_val = ("--opts", "train_dataset=null")
    with small_network_known():
        return np.array(figures_of(val, *arguments, *only_val, file=file)["confusion_matrix"])


@pytest.mark.parametrize("batch_size", [1, 2])
def test_the_scores_are_those_of_val(exported, training, as_val_has_it, tmp_path, capsys, batch_size):
    given = ("--config", exported, "--data", training, "--device", "cpu", "--batch_size", batch_size)
    found = figures_of(evaluate, *given, file=tmp_path / "found.json")
    matrix = np.array(found["confusion_matrix"])
    assert matrix.sum() == as_val_has_it.sum()
    assert np.abs(matrix - as_val_has_it).sum() <= 2e-3 * matrix.sum()
    output = capsys.readouterr().out
    assert f"[EVAL] #Images: 3 mIoU: {found['mean_iou']:.4f} " in output
    names, _, row = output.splitlines()[-3:]
    assert names == "| graph | engine | precision | device | crop | schedule | size | FPS | mIoU |"
    assert row.startswith("| model_stride8.pdmodel | ")
    assert "| fp32 | cpu, 1 thread(s) | 64x32 | 70 x 5 | 64x48 | " in re.sub(r"cpu, \d+", "cpu, 1", row)
    assert row.endswith(f" | {100 * found['mean_iou']:.2f} % |")
    assert found["milliseconds"]["inference"] > 0


def test_a_section_alone_is_a_data_set(exported, section, as_val_has_it, tmp_path):
    path = tmp_path / "data.yml"
    path.write_text(yaml.safe_dump({key: value for key, value in section.items() if key != "transforms"}))
    given = ("--config", exported, "--data", path, "--device", "cpu")
    found = figures_of(evaluate, *given, file=tmp_path / "found.json")
    assert np.abs(np.array(found["confusion_matrix"]) - as_val_has_it).sum() <= 2e-3 * as_val_has_it.sum()
    assert (found["crop"], found["schedule"]) == ("-", "-")
    path.write_text(yaml.safe_dump({"type": "Dataset", "dataset_root": section["dataset_root"]}))
    opts = ("--opts", f"val_path={section['val_path']}")  # num_classes is that of the export
    assert figures_of(evaluate, *given, *opts, file=tmp_path / "again.json")["num_images"] == 3


def test_what_is_broken_in_the_folder_costs_points(exported, training, as_val_has_it, tmp_path):
    """A channel order or a normalisation that is another is seen in the score, unlike in val.py's."""
    other = [{"type": "Normalize", "mean": [0.9, 0.1, 0.5], "std": [0.2, 0.9, 0.5]}]
    folder = with_deploy_yaml(exported, tmp_path / "other", transforms=other)
    given = ("--config", folder, "--data", training, "--device", "cpu")
    found = figures_of(evaluate, *given, file=tmp_path / "found.json")
    assert np.abs(np.array(found["confusion_matrix"]) - as_val_has_it).sum() > 0.05 * as_val_has_it.sum()


@pytest.mark.parametrize("kind", ["npy", "raw"])
@pytest.mark.parametrize("graph", [None, "main"])
def test_what_was_computed_elsewhere_is_scored_as_if_it_had_run_here(
    exported, training, as_val_has_it, tmp_path, capsys, kind, graph
):
    which = () if graph is None else ("--graph", graph)
    given = ("--config", exported, "--data", training, *which)
    call(evaluate, *given, "--dump_inputs", tmp_path / "in", "--dump_format", kind)
    index = json.loads((tmp_path / "in/index.json").read_text())
    assert (index["dtype"], index["layout"], index["gives"]) == ("float32", "NCHW", graph and "argmax" or "stride8")
    config = read_deploy_config(exported)
    engine = open_engine(config.main_graph if graph else config.graphs["stride8"])
    (tmp_path / "out").mkdir()
    for entry in index["inputs"]:
        file = tmp_path / "in" / entry["file"]
        images = np.load(file) if kind == "npy" else np.fromfile(file, "<f4").reshape(entry["shape"])
        output = engine(images)
        if kind == "npy":
            np.save(tmp_path / "out" / entry["file"], output)
        elif graph is None:
            output.astype("<f4").tofile(tmp_path / "out" / f"{file.stem}_0.bin")
        else:
            output.astype("<i8").tofile(tmp_path / "out" / entry["file"])
    capsys.readouterr()
    found = figures_of(evaluate, *given, "--score_outputs", tmp_path / "out", file=tmp_path / "found.json")
    difference = np.abs(np.array(found["confusion_matrix"]) - as_val_has_it).sum()
    assert difference <= (2e-3 if graph is None else 0.1) * as_val_has_it.sum()
    assert "| another machine | fp32 | - | 64x32 | 70 x 5 | 64x48 | - | " in capsys.readouterr().out
    assert found["milliseconds"] is None


def test_outputs_that_are_not_those_of_the_data_are_refused_by_name(exported, training, tmp_path):
    given = ("--config", exported, "--data", training, "--score_outputs", tmp_path / "out")
    with pytest.raises(DataError, match="out: there is no such folder"):
        call(evaluate, *given)
    (tmp_path / "out").mkdir()
    names = [f"{index:06d}_val-{index}" for index in range(3)]
    right = np.zeros([1, 4, 6, 8], np.float32)
    for name in names[:2]:
        np.save(tmp_path / "out" / f"{name}.npy", right)
    with pytest.raises(DataError, match="1 of 3 pictures have no output, the first is 000002_val-2"):
        call(evaluate, *given)
    for wrong in (right[:, :, :5], right.astype(np.int32), right.transpose(0, 2, 3, 1)):
        np.save(tmp_path / "out" / f"{names[2]}.npy", wrong)
        with pytest.raises(
            DataError, match=r"000002_val-2.npy: has .* but the graph gives \[1, 4, 6, 8\] of float32 or"
        ):
            call(evaluate, *given)
    whole = (tmp_path / "out" / f"{names[1]}.npy").read_bytes()
    for damaged in (whole[:200], b"nothing", b""):
        (tmp_path / "out" / f"{names[2]}.npy").write_bytes(damaged)
        with pytest.raises(DataError, match=r"000002_val-2.npy: is damaged or not a numpy file \(.npy\)"):
            call(evaluate, *given)
    (tmp_path / "out" / f"{names[2]}.npy").unlink()
    (tmp_path / "out" / f"{names[2]}.bin").write_bytes(b"12345")
    with pytest.raises(DataError, match=r"000002_val-2.bin: has 5 bytes, .* take 768 \(float32\) or 384 \(float16\)"):
        call(evaluate, *given)
    (tmp_path / "out" / f"{names[2]}.bin").write_bytes(right.astype(np.float16).tobytes())
    call(evaluate, *given)
    np.save(tmp_path / "out" / f"{names[2]}.npy", right)
    with pytest.raises(DataError, match="both are outputs for one picture"):
        call(evaluate, *given)
    (tmp_path / "out" / f"{names[2]}.npy").unlink()
    np.save(tmp_path / "out/000003_more.npy", right)
    with pytest.raises(DataError, match="000003_more.npy belongs to no picture of --data"):
        call(evaluate, *given)


def test_inputs_replace_no_file_of_others(exported, training, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in/000001_val-1.npy").write_text("mine")
    given = ("--config", exported, "--data", training, "--dump_inputs", tmp_path / "in")
    with pytest.raises(DataError, match="000001_val-1.npy: would be replaced"):
        call(evaluate, *given)
    assert [path.name for path in (tmp_path / "in").iterdir()] == ["000001_val-1.npy"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("--dump_inputs a --score_outputs b", "--dump_inputs and --score_outputs exclude each other"),
        ("--dump_format raw", "--dump_format raw: only for --dump_inputs"),
        ("--graph main", "--graph main: only for --dump_inputs and --score_outputs"),
        ("--dump_inputs a --backend paddle", "--backend paddle: nothing runs here with --dump_inputs"),
        ("--score_outputs a --precision bf16", "--precision bf16: nothing runs here with --score_outputs"),
        ("--dump_inputs a --json x.json", "--json x.json: with --dump_inputs there are no figures"),
        ("--batch_size 0", "--batch_size 0"),
    ],
)
def test_flags_that_would_be_ignored_are_refused(arguments, message):
    with pytest.raises(ConfigError, match=message):
        call(evaluate, "--config", "x", "--data", "x", *arguments.split())


def test_data_that_does_not_fit_the_export_is_refused(exported, section, tmp_path):
    path = tmp_path / "data.yml"
    for name in "abcd":
        (tmp_path / "val" / name).mkdir(parents=True)
        cv2.imwrite(str(tmp_path / "val" / name / "0.png"), np.zeros([8, 8, 3], np.uint8))
    given = ("--config", exported, "--data", path, "--device", "cpu")
    for content, error, message in (
        ({"iters": 3}, ConfigError, "there is neither a section val_dataset nor, for a data set alone, a 'type'"),
        ({**section, "type": "Datsaet"}, ConfigError, "type: no data set 'Datsaet'. Did you mean 'Dataset'"),
        ({"val_dataset": {**section, "num_clases": 4}}, ArgumentError, "val_dataset.num_clases: .*'num_classes'"),
        ({**section, "num_classes": 5, "palette": None}, ConfigError, "the data set has 5 classes, but 4 are in"),
        ({"type": "ImageFolder", "dataset_root": str(tmp_path)}, ConfigError, "ImageFolder is not a data set for that"),
    ):
        path.write_text(yaml.safe_dump(content))
        with pytest.raises(error, match=message):
            call(evaluate, *given)
    named = with_deploy_yaml(exported, tmp_path / "named", class_names=list("abcd"))
    path.write_text(yaml.safe_dump({**section, "class_names": list("abdc")}))
    with pytest.raises(ConfigError, match="class 2 is 'd', but 'c' in .*the same classes in another order"):
        call(evaluate, "--config", named, *given[2:])


def test_infer_dataset_scores_a_data_set_by_type_and_folder(tmp_path, capsys):
    root, config = make_dataset(tmp_path / "camvid"), tmp_path / "camvid.yml"
    camvid = {"type": "CamVid", "dataset_root": str(root), "transforms": [{"type": "Normalize"}]}
    config.write_text(yaml.safe_dump({"model": {"type": "SmallStudent"}, "val_dataset": camvid}))
    folder = tmp_path / "export"
    given = ("--config", config, "--save_dir", folder, "--no_verify")
    export.main(export.make_parser().parse_args([*map(str, given)]))
    capsys.readouterr()
    place = ("--config", folder, "--dataset_type", "CamVid", "--dataset_path", root, "--device", "cpu")
    call(infer_dataset, *place)
    whole = capsys.readouterr().out
    assert "[EVAL] #Images: 3 mIoU: " in whole
    assert re.search(r"\[EVAL\] Average time: \d+\.\d{3} ms/img", whole)
    figures = figures_of(evaluate, "--config", folder, "--data", config, "--device", "cpu", file=tmp_path / "f.json")
    assert f"mIoU: {figures['mean_iou']:.4f} Acc: {figures['pixel_accuracy']:.4f}" in whole
    call(infer_dataset, *place, "--dataset_mode", "train", "--resize_width", 128, "--resize_height", 96)
    resized = capsys.readouterr().out
    assert "[EVAL] #Images: 8 mIoU: " in resized  # at the labels' own size
    with pytest.raises(ConfigError, match="--resize_width 128 --resize_height 0: give both"):
        call(infer_dataset, *place, "--resize_width", 128)
    with pytest.raises(ConfigError, match="type: no data set 'CamVit'. Did you mean 'CamVid'"):
        call(infer_dataset, *("CamVit" if word == "CamVid" else word for word in place))


@pytest.mark.slow
@pytest.mark.extras("onnx", "onnxruntime")
def test_without_paddle_an_onnx_model_is_scored(run_command, ddrnet, training, tmp_path):
    folder = export_here(*ddrnet, tmp_path / "onnx", "--format", "onnx", "--no_verify")
    of_ddrnet = tmp_path / "of_ddrnet.yml"
    of_ddrnet.write_text(yaml.safe_dump({**yaml.safe_load(training.read_text()), "model": DDRNET}))
    arguments = ("--config", of_ddrnet, "--model_path", ddrnet[1], "--device", "cpu", "--opts", "train_dataset=null")
    as_val_has_it = np.array(figures_of(val, *arguments, file=tmp_path / "figures.json")["confusion_matrix"])
    program = tmp_path / "without_paddle.py"
    program.write_text(
        "import runpy, sys\nsys.modules['paddle'] = None\nscript = sys.argv.pop(1)\n"
        "runpy.run_path(script, run_name='__main__')\n"
    )
    given = ("--config", folder / "deploy.yaml", "--data", training, "--backend", "onnxruntime")
    done = run_command(program, SCRIPTS / "evaluate.py", *given, "--json", tmp_path / "found.json")
    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "found.json").read_text())
    assert found["engine"].startswith("ONNX Runtime")
    assert np.abs(np.array(found["confusion_matrix"]) - as_val_has_it).sum() <= 2e-3 * as_val_has_it.sum()


def test_the_main_graph_of_a_portable_export_gives_logits_at_one_eighth_elsewhere_too():
    stride8 = GraphSpec(Path("model_stride8.onnx"), None, "stride8", "onnx")
    main = dataclasses.replace(stride8, gives="none")
    config = DeployConfig(Path("deploy.yaml"), main, [], num_classes=4, graphs={"stride8": stride8})
    assert graph_for_elsewhere(config, "main") == graph_for_elsewhere(config, None) == stride8


def test_names_for_files_are_the_places_and_what_of_the_names_files_can_have():
    assert names_of(["a/street 1.png", "b/street 1.png", "c/街.jpg"]) == [
        "000000_street-1", "000001_street-1", "000002_-",
    ]  # fmt: skip
