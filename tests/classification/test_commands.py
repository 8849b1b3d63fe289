# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""From weights to a table of names: predict.py, export.py and infer.py of a classifier agree with val.py."""

import json
import shutil

import numpy as np
import paddle
import pytest
import yaml

import export
import predict
import val
from deploy.python import evaluate, infer
from paddleseg.config.class_names import names_of_weights
from paddleseg.config.load import load_config
from paddleseg.config.schema import check_config
from paddleseg.deploy.classifier import Classifier
from paddleseg.deploy.deploy_config import read_deploy_config
from paddleseg.export.graph_runs import VerificationError
from paddleseg.export.verification.differences import relative_difference
from paddleseg.models import DDRNet_23_slim_cls
from paddleseg.models.weights import make_meta, read_weights, write_weights
from paddleseg.utils.class_report import ClassReport, best_classes, softmax
from paddleseg.utils.errors import ConfigError, DataError, WeightsError
from tests.classification.folders import CLASSES
from tests.messages import naming

FILE = "train_dataset.class_names_file=names.txt"
LINES = "sea deep water\nleaf green\napple red fruit\n"


def call(command, *arguments):
    command.main(command.make_parser().parse_args(list(map(str, arguments))))


@pytest.fixture
def weights(tmp_path):
    """Weights of a network that was not trained, with the names of the classes."""
    paddle.seed(4)
    model = DDRNet_23_slim_cls(3)
    model.linear.weight.set_value(model.linear.weight * 2)
    path = tmp_path / "w.pdparams"
    state = {name: value.numpy() for name, value in model.state_dict().items()}
    write_weights(path, state, json.loads(make_meta(model, classes=list(CLASSES))))
    return path


@pytest.fixture
def exported(class_config, weights, tmp_path):
    def run(*arguments):
        folder = tmp_path / "exported"
        call(export, "--config", class_config, "--model_path", weights, "--save_dir", folder, *arguments)
        return folder

    return run


def found(folder):
    return json.loads((folder / "predictions.json").read_text())["predictions"]


def test_predict_writes_names_and_probabilities_as_table_and_json(class_config, weights, class_folder, tmp_path, log):
    pictures = ("--image_path", class_folder / "val", "--save_dir", tmp_path / "found", "--device", "cpu")
    call(predict, "--config", class_config, "--model_path", weights, *pictures)
    predictions = found(tmp_path / "found")
    assert [item["picture"] for item in predictions] == sorted(map(str, (class_folder / "val").glob("*/*.jpg")))
    for item in predictions:
        assert {entry["name"] for entry in item["classes"]} == set(CLASSES)
        shares = [entry["probability"] for entry in item["classes"]]
        assert shares == sorted(shares, reverse=True) and sum(shares) == pytest.approx(1, abs=1e-5)
    best = predictions[0]["classes"][0]
    line = (tmp_path / "found/predictions.txt").read_text().splitlines()[0]
    assert line.startswith(f"{predictions[0]['picture']}  {best['name']} {best['probability']:.4f}, ")
    assert line in log.text
    call(predict, "--config", class_config, "--model_path", weights, *pictures)  # its own files are replaced
    (tmp_path / "found/predictions.json").write_text("{}")
    with pytest.raises(DataError, match=naming("predictions.json: would be replaced")):
        call(predict, "--config", class_config, "--model_path", weights, *pictures)


@pytest.mark.slow
def test_the_exported_graph_finds_the_classes_that_val_counts(exported, class_folder, weights, val_classes, tmp_path):
    folder = exported()
    deploy = yaml.safe_load((folder / "deploy.yaml").read_text())["Deploy"]
    assert (deploy["task"], deploy["output_op"], deploy["class_names"]) == ("classification", "softmax", list(CLASSES))
    val_classes("--model_path", weights, "--json", tmp_path / "val.json")
    pictures = ("--image_path", class_folder / "val", "--save_dir", tmp_path / "found", "--print_detail", "False")
    call(infer, "--config", folder / "deploy.yaml", *pictures, "--device", "cpu", "--batch_size", 5)
    counts = np.zeros((3, 3), int)
    for item in found(tmp_path / "found"):
        counts[CLASSES.index(item["picture"].split("/")[-2]), item["classes"][0]["id"]] += 1
    figures = json.loads((tmp_path / "val.json").read_text())
    assert set(figures) == {"written_by", "config", "model_path", "num_images", "top1", "classes", "confusion_matrix"}
    assert set(figures["classes"][0]) == {
        "id", "name", "recall", "precision", "label_images", "predicted_images",
    }  # fmt: skip
    assert counts.tolist() == figures["confusion_matrix"] and counts.sum() == 12
    assert np.trace(counts) / 12 == figures["top1"]


def test_weights_of_these_classes_in_another_order_are_refused(class_config, class_folder, weights, val_classes):
    translated = ("--opts", "val_dataset.class_names=[Apfel, Blatt, Meer]")
    assert "class 0 is 'apple' in the weights, and 'Apfel' here" in val_classes("--model_path", weights, *translated)
    for mode in ("train", "val"):
        shutil.move(class_folder / mode / "apple", class_folder / mode / "zoo")
    with pytest.raises(WeightsError, match=naming("class 0 is 'apple' in the weights, and 'leaf' here", "as class 1")):
        val_classes("--model_path", weights)
    other = ("--opts", "val_dataset.class_names=[sea, leaf, apple]", "--save_dir", class_folder, "--device", "cpu")
    with pytest.raises(WeightsError, match=naming("class 0 is 'apple' in the weights, and 'sea' here")):
        call(predict, "--config", class_config, "--model_path", weights, "--image_path", class_folder, *other)


def test_predict_names_the_folders_of_the_weights_by_the_file_of_names(class_config, class_folder, weights, tmp_path):
    (class_folder / "names.txt").write_text("sea deep water\napple fruit\n")
    given = ("--image_path", class_folder / "val/sea/0.jpg", "--save_dir", tmp_path / "found", "--device", "cpu")
    named = ("--opts", FILE)
    call(predict, "--config", class_config, "--model_path", weights, *given, *named)
    [picture] = found(tmp_path / "found")
    assert {entry["id"]: entry["name"] for entry in picture["classes"]} == {0: "fruit", 1: "leaf", 2: "deep water"}


@pytest.mark.parametrize(
    ("removed", "opts", "lines", "names"),
    [
        ([], [], "", ["apple", "leaf", "sea"]),
        (["train"], [], "", ["apple", "leaf", "sea"]),
        (["train", "val"], [], "", None),
        (["train/sea"], [], "", None),
        ([], [FILE], LINES, ["red fruit", "green", "deep water"]),
        (["train", "val"], [FILE], LINES, ["red fruit", "green", "deep water"]),
        (["train/sea"], [FILE], LINES, ["red fruit", "green", "deep water"]),
    ],
)
def test_weights_without_names_have_those_of_the_folders_and_of_the_file(
    removed, opts, lines, names, class_config, class_folder, log
):
    (class_folder / "names.txt").write_text(lines)
    for folder in removed:
        shutil.rmtree(class_folder / folder)
    config = load_config(class_config, opts=opts)
    check_config(config, command="predict")
    assert names_of_weights(config, "kit.pth", None) == names
    assert ("train: has 2 class folders for 3 classes" in log.text) == (removed == ["train/sea"])


@pytest.mark.parametrize(
    ("removed", "lines", "message"),
    [
        ([], "sea deep water\napple fruit\n", naming("names.txt has no line for 'leaf' (1 of 3 folders)")),
        (
            ["train", "val"],
            "sea deep water\nleaf\n",
            naming("names.txt has lines of 1 folder for 3 classes", "class_names"),
        ),
        (["train", "val"], "sea a\nleaf b\napple c\nleaf d\n", naming("line 4: 'leaf' is 'd', and 'b'")),
    ],
)
def test_a_file_that_does_not_name_the_classes_of_such_weights_is_refused(
    removed, lines, message, class_config, class_folder
):
    (class_folder / "names.txt").write_text(lines)
    for folder in removed:
        shutil.rmtree(class_folder / folder)
    with pytest.raises(ConfigError, match=message):
        names_of_weights(load_config(class_config, opts=[FILE]), "kit.pth", None)


def test_weights_that_give_no_numbers_leave_no_predictions(class_config, class_folder, weights, tmp_path, log):
    state, meta = read_weights(weights)
    write_weights(weights, {**state, "linear.bias": state["linear.bias"] * np.nan}, meta)
    given = ("--image_path", class_folder / "val", "--save_dir", tmp_path / "found", "--device", "cpu")
    with pytest.raises(DataError, match=naming("12 of 12 pictures", "val/apple/0.jpg: the network's output")):
        call(predict, "--config", class_config, "--model_path", weights, *given)
    assert "nothing to save" in log.text and not (tmp_path / "found").exists()


@pytest.mark.slow
@pytest.mark.parametrize("output_op", ["argmax", "none"])
def test_graphs_of_ids_and_of_logits_give_the_same_best_class(output_op, exported, class_folder):
    picture = class_folder / "val/leaf/0.jpg"

    def best(folder):
        classifier = Classifier(read_deploy_config(folder))
        return classifier.classes([classifier.read(picture)])[0][0]

    other, usual = (best(exported("--output_op", kind, "--no_verify")) for kind in (output_op, "softmax"))
    assert (other.id, other.name) == (usual.id, usual.name)
    if output_op == "argmax":
        assert other.probability is None
    else:
        assert other.probability == pytest.approx(usual.probability, abs=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("output_op", ["softmax", "argmax"])
def test_evaluate_counts_what_val_counts(output_op, class_config, weights, exported, tmp_path):
    folder = exported("--output_op", output_op, "--no_verify")
    call(val, "--config", class_config, "--model_path", weights, "--device", "cpu", "--json", tmp_path / "val.json")
    given = ("--config", folder / "deploy.yaml", "--data", class_config, "--device", "cpu", "--batch_size", 2)
    call(evaluate, *given, "--json", tmp_path / "evaluate.json")
    there, here = (json.loads((tmp_path / f"{name}.json").read_text()) for name in ("val", "evaluate"))
    assert here["confusion_matrix"] == there["confusion_matrix"]
    assert (here["top1"], here["num_images"]) == (there["top1"], there["num_images"])
    with pytest.raises(ConfigError, match=naming("--with_argmax")):
        call(evaluate, *given, "--with_argmax")


@pytest.mark.slow
@pytest.mark.parametrize("output_op", ["softmax", "argmax"])
def test_an_export_that_is_the_network_passes_and_says_top1(output_op, exported):
    report = json.loads((exported("--output_op", output_op) / "report.json").read_text())
    (run,) = report["runs"]
    assert (run["status"], run["unit"], run["equal_share"], run["score"]) == (
        "passed", "pictures", 1, run["network_score"],
    )  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("output_op", ["softmax", "none"])
def test_an_export_whose_preprocessing_is_another_is_not_made(output_op, exported, tmp_path, monkeypatch):
    import paddleseg.export.folder as exporting

    def other(spec, channels):
        return {"type": "Normalize", "mean": [0.1] * 3, "std": [0.3] * 3} if spec["type"] == "Normalize" else spec

    monkeypatch.setattr(exporting, "_with_explicit_numbers", other)
    with pytest.raises(VerificationError, match="model.pdmodel on paddle in fp32: scores differ by"):
        exported("--output_op", output_op)
    assert not (tmp_path / "exported/deploy.yaml").exists()


@pytest.mark.slow
def test_a_fixed_size_that_the_transforms_do_not_make_is_told_with_its_flag(exported, tmp_path):
    message = "--input_shape: height and width are 64 64, but the transforms make 40 40 of pictures"
    with pytest.raises(VerificationError, match=message):
        exported("--input_shape", 1, 3, 64, 64)
    assert not list((tmp_path / "exported").glob("*"))


@pytest.mark.slow
def test_flags_of_label_maps_are_refused(class_config, weights, class_folder, exported, tmp_path):
    given = ("--config", class_config, "--model_path", weights, "--image_path", class_folder, "--save_dir", tmp_path)
    with pytest.raises(ConfigError, match=naming("--custom_color")):
        call(predict, *given, "--custom_color", 1, 2, 3)
    with pytest.raises(ConfigError, match=naming("--tile")):
        call(predict, *given, "--tile", 256)
    with pytest.raises(ConfigError, match=naming("test_config: has no effect")):
        call(predict, *given, "--aug_pred")
    pictures = ("--image_path", class_folder / "val", "--save_dir", tmp_path / "found")
    with pytest.raises(ConfigError, match=naming("--with_argmax")):
        call(infer, "--config", exported("--no_verify") / "deploy.yaml", *pictures, "--with_argmax")


def test_a_damaged_picture_is_left_out_and_named(class_config, weights, class_folder, tmp_path):
    shutil.copy(class_folder / "val/sea/0.jpg", tmp_path / "whole.jpg")
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    given = ("--image_path", tmp_path / "*.jpg", "--save_dir", tmp_path / "found", "--device", "cpu")
    with pytest.raises(DataError, match=naming("1 of 2 pictures could not be predicted", "broken.jpg")):
        call(predict, "--config", class_config, "--model_path", weights, *given)
    assert [item["picture"] for item in found(tmp_path / "found")] == [str(tmp_path / "whole.jpg")]


def test_probabilities_are_compared_by_what_the_logits_differ_by():
    logits = np.array([[0.0, 40.0, -60.0, 30.0]], np.float32)  # the first has e-40, the third less than is compared
    assert relative_difference(softmax(logits), logits, "softmax") < 1e-6
    assert relative_difference(softmax(logits + [[0, 0, 0, 2]]), logits, "softmax") == pytest.approx(2 / 60, rel=1e-3)
    assert relative_difference(softmax(logits + [[0, 0, 25, 0]]), logits, "softmax") < 1e-6
    assert relative_difference(softmax(logits - [[200, 0, 0, 0]]), logits, "softmax") > 0.1
    assert np.isnan(relative_difference(logits * np.nan, logits, "softmax"))


def test_files_of_a_run_with_another_number_of_processes_are_told(tmp_path, log):
    for part, others in ((0, 0), (None, 1), (0, 2), (1, 2)):
        report = ClassReport(tmp_path, part)
        report.add("a.jpg", [])
        report.write()
        assert log.text.count("is of an earlier run with another number of processes") == others


def test_of_equal_probabilities_the_lower_class_comes_first():
    shares = softmax(np.array([[0.0, 1.0, 1.0, -200.0, 0.0, 0.0]], np.float32))[0]
    assert [entry.id for entry in best_classes(shares)] == [1, 2, 0, 4, 5]
    assert best_classes(shares, list("abcdef"))[0].name == "b" and shares.sum() == pytest.approx(1)
