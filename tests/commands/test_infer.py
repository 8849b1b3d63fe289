# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""export.py and deploy/python/infer.py as a user runs them, against predict.py."""

import copy
import importlib.util
import json
import re
import shutil
from pathlib import Path

import cv2
import numpy as np
import paddle
import pytest
import yaml
from PIL import Image

import export
import predict
import val
from paddleseg.deploy.deploy_config import read_deploy_config
from paddleseg.deploy.engine import Engine, EngineOptions
from paddleseg.deploy.segmenter import Segmenter
from paddleseg.inference.views import ViewOptions
from paddleseg.models import DDRNet_23_slim
from paddleseg.utils.errors import ConfigError, DataError, DeviceError
from tests.messages import naming

INFER = Path(export.__file__).parent / "deploy" / "python" / "infer.py"
COLOURS = [[200, 10, 10], [10, 200, 10], [10, 10, 200], [0, 0, 0]]


def load_infer():
    spec = importlib.util.spec_from_file_location("infer", INFER)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


infer = load_infer()


CONFIG = {
    "model": {"type": "DDRNet_23_slim", "enable_auxiliary_loss": True},
    "val_dataset": {
        "type": "Dataset",
        "dataset_root": "/nowhere",
        "val_path": "/nowhere/val.txt",
        "num_classes": 4,
        "palette": COLOURS,
        "transforms": [{"type": "ResizeByShort", "short_size": 48}, {"type": "Normalize"}],
    },
}


@pytest.fixture(scope="module")
def config(tmp_path_factory) -> Path:
    """A configuration whose data set is not there."""
    path = tmp_path_factory.mktemp("config") / "config.yml"
    path.write_text(yaml.safe_dump(CONFIG))
    return path


@pytest.fixture(scope="module")
def weights(tmp_path_factory) -> Path:
    """Random weights whose batch-norm statistics fit the pictures, so that several classes are predicted."""
    paddle.seed(2)
    model = DDRNet_23_slim(num_classes=4, enable_auxiliary_loss=True)
    random = np.random.default_rng(0)
    for _ in range(3):
        model(paddle.to_tensor(random.uniform(-1, 1, (2, 3, 64, 64)).astype("float32")))
    path = tmp_path_factory.mktemp("weights") / "model.pdparams"
    paddle.save(model.state_dict(), str(path))
    return path


@pytest.fixture(scope="module")
def exported(config, weights, tmp_path_factory) -> Path:
    return export_here(config, weights, tmp_path_factory.mktemp("exported") / "out", "--no_verify")


@pytest.fixture
def pictures(tmp_path) -> Path:
    """Pictures of several sizes, in a folder and in a folder in it."""
    random = np.random.default_rng(1)
    (tmp_path / "pictures" / "night").mkdir(parents=True)
    sizes = {"a.png": (48, 64), "b.png": (48, 64), "c.jpg": (60, 47), "night/a.png": (48, 64), "night/d.png": (50, 99)}
    for name, (height, width) in sizes.items():
        clouds = cv2.resize(random.integers(0, 256, (5, 6, 3), "uint8"), (width, height))
        cv2.imwrite(str(tmp_path / "pictures" / name), clouds)
    return tmp_path / "pictures"


def export_here(config, weights, folder, *arguments) -> Path:
    given = ["--config", config, "--model_path", weights, "--save_dir", folder, *arguments]
    export.main(export.make_parser().parse_args([str(argument) for argument in given]))
    return folder


def with_deploy_yaml(exported: Path, folder: Path, **values) -> Path:
    """A copy of an export with other values in its deploy.yaml; None takes the key out."""
    shutil.copytree(exported, folder)
    section = yaml.safe_load((folder / "deploy.yaml").read_text())["Deploy"]
    section = {key: value for key, value in {**section, **values}.items() if value is not None}
    (folder / "deploy.yaml").write_text(yaml.safe_dump({"Deploy": section}))
    return folder


def infer_here(folder, pictures, save_dir, *arguments) -> None:
    """The command in this process, for errors as exceptions."""
    given = ["--config", folder, "--image_path", pictures, "--save_dir", save_dir, *arguments]
    infer.main(infer.make_parser().parse_args([str(argument) for argument in given]))


def labels_below(folder: Path) -> dict:
    """Values of the PNG files in a folder, by relative name."""
    files = sorted(folder.rglob("*.png"))
    return {str(file.relative_to(folder)): np.asarray(Image.open(file)) for file in files}


def share_of_equal_pixels(found: dict, expected: dict) -> float:
    assert found.keys() == expected.keys()
    assert all(found[name].shape == expected[name].shape for name in found)
    equal = sum(int((found[name] == expected[name]).sum()) for name in found)
    return equal / sum(label.size for label in found.values())


@pytest.mark.slow
def test_the_exported_network_gives_what_predict_gives(run_command, config, weights, tiny_dataset, pictures, tmp_path):
    data = [f"val_dataset.dataset_root={tiny_dataset}", f"val_dataset.val_path={tiny_dataset}/val.txt"]
    common = ["--config", config, "--model_path", weights]
    done = run_command("export.py", *common, "--save_dir", tmp_path / "exported", "--opts", *data)
    assert done.returncode == 0, done.stderr
    assert "of the pixels of 3 pictures equal" in done.stdout
    done = run_command("predict.py", *common, "--image_path", pictures, "--save_dir", tmp_path / "a", "--device=cpu")
    assert done.returncode == 0, done.stderr
    done = run_command(
        INFER, f"--config={tmp_path}/exported/deploy.yaml", f"--image_path={pictures}", f"--save_dir={tmp_path}/b",
        "--device=cpu", "--enable_mkldnn=True", "--cpu_threads=1", "--batch_size=2", "--precision=fp32",
        "--benchmark=True", "--model_name=tiny",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "tiny: 5 label maps saved in " in done.stdout
    assert " root INFO:  model_name: tiny\n" in done.stdout
    assert "postprocess_time(ms): " in done.stdout.splitlines()[-1]
    expected, found = labels_below(tmp_path / "a" / "label"), labels_below(tmp_path / "b")
    assert set(found) == {"a.png", "b.png", "c.png", "night/a.png", "night/d.png"}
    assert share_of_equal_pixels(found, expected) >= 0.999
    assert len(np.unique(np.concatenate([label.ravel() for label in found.values()]))) > 1
    image = Image.open(tmp_path / "b" / "night" / "d.png")
    assert (image.mode, image.size) == ("P", (99, 50))
    assert image.getpalette()[:12] == sum(COLOURS, [])


LISTS = {
    "commas and blanks in names": (",", "my a.png,x.png\nnight\\d.png, x.png\n", "utf-8"),
    "tabs": (None, "my a.png\tx.png\nnight/d.png\tx.png\n", "utf-8"),
    "several blanks, GBK": (None, "my a.png\n街道.png   x.png\nnight/d.png x.png\n", "gbk"),
}


@pytest.mark.parametrize("kind", LISTS)
def test_a_list_is_read_alike_by_export_predict_and_infer(weights, pictures, tmp_path, kind):
    separator, text, encoding = LISTS[kind]
    (pictures / "a.png").rename(pictures / "my a.png")
    (pictures / "b.png").rename(pictures / "街道.png")
    (pictures / "list.txt").write_text(text, encoding=encoding)
    stated = {} if separator is None else {"separator": separator}
    config = tmp_path / "config.yml"
    config.write_text(yaml.safe_dump({**CONFIG, "val_dataset": {**CONFIG["val_dataset"], **stated}}))
    folder = export_here(config, weights, tmp_path / "export", "--verify_images", pictures / "list.txt")
    assert yaml.safe_load((folder / "deploy.yaml").read_text())["Deploy"].get("separator") == separator
    infer_here(folder, pictures / "list.txt", tmp_path / "deployed")
    arguments = ("--config", config, "--model_path", weights, "--image_path", pictures / "list.txt")
    given = map(str, (*arguments, "--save_dir", tmp_path / "predicted", "--device", "cpu"))
    predict.main(predict.make_parser().parse_args([*given]))
    deployed, predicted = labels_below(tmp_path / "deployed"), labels_below(tmp_path / "predicted" / "label")
    assert {"my a.png", "night/d.png"} <= set(deployed)
    assert share_of_equal_pixels(deployed, predicted) >= 0.999


@pytest.mark.parametrize("apply_exif", [True, False])
def test_a_turned_photo_is_predicted_alike_by_both_and_has_the_size_of_what_was_seen(
    weights, pictures, tmp_path, apply_exif
):
    exif = Image.Exif()
    exif[0x0112] = 6
    with Image.open(pictures / "a.png") as picture:
        width, height = picture.size
        picture.save(tmp_path / "photo.webp", lossless=True, exif=exif)
    config = tmp_path / "turned.yml"
    changed = {**CONFIG["val_dataset"], "apply_exif": apply_exif}
    config.write_text(yaml.safe_dump({**CONFIG, "val_dataset": changed}))
    folder = export_here(config, weights, tmp_path / "export", "--no_verify")
    assert yaml.safe_load((folder / "deploy.yaml").read_text())["Deploy"]["apply_exif"] is apply_exif
    infer_here(folder, tmp_path / "photo.webp", tmp_path / "deployed")
    arguments = ("--config", config, "--model_path", weights, "--image_path", tmp_path / "photo.webp")
    given = map(str, (*arguments, "--save_dir", tmp_path / "predicted", "--device", "cpu"))
    predict.main(predict.make_parser().parse_args([*given]))
    (expected,) = labels_below(tmp_path / "predicted" / "label").values()
    (found,) = labels_below(tmp_path / "deployed").values()
    assert found.shape == expected.shape == ((width, height) if apply_exif else (height, width))
    assert (found == expected).mean() > 0.999


@pytest.mark.parametrize("value_range", [None, [0, 4095]])
def test_a_picture_of_16_bits_is_predicted_alike_by_both_as_its_twin_of_8_bits_is(
    weights, pictures, tmp_path, value_range
):
    with Image.open(pictures / "a.png") as picture:
        shallow = np.asarray(picture)
    deep = np.rint(shallow.astype(np.float64) * ((value_range or [0, 65535])[1] / 255)).astype(np.uint16)
    (tmp_path / "deep").mkdir()
    cv2.imwrite(str(tmp_path / "deep" / "a.png"), deep[:, :, ::-1])
    config = tmp_path / "deep.yml"
    stated = {} if value_range is None else {"value_range": value_range}
    config.write_text(yaml.safe_dump({**CONFIG, "val_dataset": {**CONFIG["val_dataset"], **stated}}))
    folder = export_here(config, weights, tmp_path / "export", "--verify_images", tmp_path / "deep")
    assert yaml.safe_load((folder / "deploy.yaml").read_text())["Deploy"].get("value_range") == value_range
    infer_here(folder, tmp_path / "deep", tmp_path / "deployed")
    for source, target in ((tmp_path / "deep", "predicted"), (pictures / "a.png", "twin")):
        given = ("--config", config, "--model_path", weights, "--image_path", source, "--save_dir", tmp_path / target)
        options = ("--device", "cpu", "--opts", "val_dataset.value_range=null")
        # The twin of 8 bits is read as it is.
        predict.main(predict.make_parser().parse_args([*map(str, (*given, *options[: 4 if target == "twin" else 2]))]))
    predicted, twin = (labels_below(tmp_path / name / "label") for name in ("predicted", "twin"))
    assert len(np.unique(twin["a.png"])) > 1
    assert share_of_equal_pixels(labels_below(tmp_path / "deployed"), predicted) > 0.999
    assert share_of_equal_pixels(predicted, twin) > 0.99


def test_the_benchmark_report_is_that_of_autolog(exported, pictures, tmp_path, capsys):
    infer_here(
        exported, pictures, tmp_path / "out", "--device", "cpu", "--benchmark", "True", "--model_name", "tiny",
        "--cpu_threads", 1, "--batch_size", 2, "--print_detail", "False",
    )  # fmt: skip
    lines = [line for line in capsys.readouterr().out.splitlines() if " root INFO: " in line]
    assert all(re.match(r"\[\d{4}/\d\d/\d\d \d\d:\d\d:\d\d\] root INFO: ", line) for line in lines)
    texts = [line.split(" root INFO: ")[1] for line in lines]
    headings = {text.strip("- "): texts.index(text) for text in texts if text.startswith("---")}
    assert list(headings) == [f"{part} info" for part in ("Env", "Paddle", "Conf", "Model", "Data", "Perf")]
    assert [texts[index] for index in headings.values()][2:4] == [
        "----------------------- Conf info -----------------------",
        "----------------------- Model info ----------------------",
    ]
    facts = dict(text.strip().split(": ", 1) for text in texts if not text.startswith("---"))
    assert facts["paddle_version"] == paddle.__version__
    assert (facts["runtime_device"], facts["enable_mkldnn"], facts["cpu_math_library_num_threads"]) == (
        "cpu", "True", "1",
    )  # fmt: skip
    assert (facts["model_name"], facts["precision"]) == ("tiny", "fp32")
    assert (facts["batch_size"], facts["input_shape"], facts["data_num"]) == ("2", "dynamic", "5")
    assert float(facts["cpu_rss(MB)"].split(",")[0]) > 50
    stages = dict(pair.split(": ") for pair in texts[-1].strip().split(", "))
    assert list(stages) == [f"{stage}_time(ms)" for stage in ("preprocess", "inference", "postprocess")]
    # The means of one picture, times the pictures, are the whole time.
    total = sum(map(float, stages.values())) * int(facts["data_num"]) / 1e3
    assert total == pytest.approx(float(facts["total time spent(s)"]), abs=0.001)


def test_a_name_without_a_benchmark_is_shown_in_the_log(exported, pictures, tmp_path, capsys):
    infer_here(exported, pictures, tmp_path / "out", "--model_name", "tiny", "--print_detail", "False")
    output = capsys.readouterr().out
    assert "tiny: 5 label maps saved in " in output
    assert "root INFO" not in output


def test_a_graph_of_scores_gives_the_same_labels(config, weights, exported, pictures, tmp_path):
    scores = export_here(config, weights, tmp_path / "scores", "--output_op", "softmax", "--no_verify")
    infer_here(exported, pictures, tmp_path / "a")
    infer_here(scores, pictures, tmp_path / "b", "--with_argmax", "--batch_size", 3)
    infer_here(scores, pictures, tmp_path / "c", "--enable_mkldnn", "False")
    for folder in ("b", "c"):
        assert share_of_equal_pixels(labels_below(tmp_path / folder), labels_below(tmp_path / "a")) >= 0.999


@pytest.mark.skipif(int(paddle.__version__.split(".")[0]) < 3, reason="Paddle 2 writes no .json graphs")
def test_a_json_graph_is_verified_on_named_pictures_and_runs_with_onednn(
    config, weights, exported, pictures, tmp_path, capsys
):
    json = export_here(config, weights, tmp_path / "json", "--graph_format", "json", "--verify_images", pictures)
    assert "of the pixels of 5 pictures equal" in capsys.readouterr().out
    assert (json / "model.json").is_file()
    infer_here(exported, pictures, tmp_path / "a")
    infer_here(json, pictures, tmp_path / "b")
    assert share_of_equal_pixels(labels_below(tmp_path / "b"), labels_below(tmp_path / "a")) >= 0.999


def test_a_graph_of_fixed_shape_takes_that_shape_only(config, weights, pictures, tmp_path):
    fixed = export_here(config, weights, tmp_path / "fixed", "--input_shape", 2, 3, 48, 64, "--no_verify")
    infer_here(fixed, pictures / "a.png", tmp_path / "out")
    assert labels_below(tmp_path / "out")["a.png"].shape == (48, 64)
    with pytest.raises(DataError, match=r"d\.png.*\[3, 48, 95\].*\[3, 48, 64\]"):
        infer_here(fixed, pictures / "night" / "d.png", tmp_path / "out")
    with pytest.raises(ConfigError, match="batches of 2; --batch_size is 3"):
        infer_here(fixed, pictures / "a.png", tmp_path / "out", "--batch_size", 3)


TRANSFORMS = {
    "as they are": [],
    "stretched": [{"type": "Resize", "target_size": [96, 64]}],
    "long side, padded": [{"type": "ResizeByLong", "long_size": 80}, {"type": "Padding", "target_size": [96, 96]}],
    "limited": [{"type": "LimitLong", "max_long": 56}],
    "in a square": [{"type": "ScalePadding", "target_size": [72, 72]}],
}


@pytest.mark.parametrize("transforms", TRANSFORMS)
def test_val_predict_and_infer_give_one_label_map_at_the_pictures_size(
    weights, exported, pictures, tmp_path, transforms, caplog
):
    content = copy.deepcopy(CONFIG)
    content["val_dataset"]["transforms"] = [*TRANSFORMS[transforms], {"type": "Normalize"}]
    content["val_dataset"].update(dataset_root=str(tmp_path), val_path=str(tmp_path / "val.txt"))
    path = tmp_path / "config.yml"
    path.write_text(yaml.safe_dump(content))
    common = ["--config", str(path), "--model_path", str(weights), "--device", "cpu"]
    predict.main(predict.make_parser().parse_args(
        [*common, "--image_path", str(pictures), "--save_dir", str(tmp_path / "predicted")]
    ))  # fmt: skip
    predicted = labels_below(tmp_path / "predicted" / "label")
    folder = with_deploy_yaml(exported, tmp_path / "exported", transforms=content["val_dataset"]["transforms"])
    infer_here(folder, pictures, tmp_path / "inferred", "--batch_size", 2)
    inferred = labels_below(tmp_path / "inferred")
    assert len(np.unique(np.concatenate([label.ravel() for label in predicted.values()]))) > 1
    assert share_of_equal_pixels(inferred, predicted) >= 0.999
    assert "brought to the pictures' sizes" not in caplog.text
    # With predict.py's label maps as labels, val.py finds nothing wrong.
    names = sorted(file.relative_to(tmp_path) for file in pictures.rglob("*.*"))
    labels = [Path("predicted/label") / name.relative_to("pictures").with_suffix(".png") for name in names]
    (tmp_path / "val.txt").write_text("".join(f"{pair[0]} {pair[1]}\n" for pair in zip(names, labels)))
    val.main(val.make_parser().parse_args([*common, "--json", str(tmp_path / "figures.json")]))
    assert json.loads((tmp_path / "figures.json").read_text())["pixel_accuracy"] == 1


def test_a_folder_without_a_graph_at_one_eighth_is_read_and_its_ids_are_resized_at_pixel_centres(
    exported, pictures, tmp_path, caplog
):
    infer_here(exported, pictures, tmp_path / "ours")
    assert "centre" not in caplog.text
    infer_here(with_deploy_yaml(exported, tmp_path / "theirs", graphs=None), pictures, tmp_path / "nearest")
    assert caplog.text.count("taking the id at each pixel's centre") == 1
    segmenter = Segmenter(read_deploy_config(exported), main_graph=True)
    found = labels_below(tmp_path / "nearest")
    for name in ("a.png", "night/d.png"):
        (ids,), label = segmenter.run([segmenter.read(pictures / name)]), found[name]
        assert ids.shape != label.shape or name == "a.png"
        for y in range(label.shape[0]):
            for x in range(0, label.shape[1], 7):
                row, column = ((i + 0.5) * n / m for i, n, m in zip((y, x), ids.shape, label.shape))
                assert label[y, x] == ids[int(row), int(column)]
    # Pictures are shrunk to 47 or 48 rows: ids from those lie within a pixel of what resized logits give.
    assert share_of_equal_pixels(labels_below(tmp_path / "nearest"), labels_below(tmp_path / "ours")) >= 0.95


def test_a_class_that_is_ignored_is_in_no_label_map_and_in_no_output_of_a_graph(weights, pictures, tmp_path):
    content = copy.deepcopy(CONFIG)
    content["val_dataset"]["ignore_index"] = 2
    path = tmp_path / "config.yml"
    path.write_text(yaml.safe_dump(content))
    state = paddle.load(str(weights))
    state["head.conv.bias"] = state["head.conv.bias"] + paddle.to_tensor([0.0, 0.0, 50.0, 0.0])
    paddle.save(state, str(tmp_path / "sure_of_2.pdparams"))
    common = [path, tmp_path / "sure_of_2.pdparams"]
    for output_op in ("argmax", "none"):
        folder = export_here(*common, tmp_path / output_op, "--output_op", output_op, "--verify_images", pictures)
        infer_here(folder, pictures, tmp_path / "labels" / output_op)
        deploy = read_deploy_config(folder)
        assert deploy.ignored_class == 2
        scores = Engine(deploy.model, deploy.params)(np.zeros([1, 3, 40, 48], np.float32))
        classes = scores if output_op == "argmax" else scores.argmax(axis=1)
        assert not (classes == 2).any()
    predict.main(predict.make_parser().parse_args(
        ["--config", str(path), "--model_path", str(common[1]), "--device", "cpu",
         "--image_path", str(pictures), "--save_dir", str(tmp_path / "predicted")]
    ))  # fmt: skip
    predicted = labels_below(tmp_path / "predicted" / "label")
    assert not any((label == 2).any() for label in predicted.values())
    for output_op in ("argmax", "none"):
        assert share_of_equal_pixels(labels_below(tmp_path / "labels" / output_op), predicted) >= 0.999


def test_a_network_in_nhwc_is_exported_as_the_same_network_in_nchw(config, weights, exported, pictures, tmp_path):
    given = ["--verify_images", pictures, "--opts", "model.data_format=NHWC"]
    nhwc = export_here(config, weights, tmp_path / "nhwc", *given)
    picture = np.random.default_rng(0).uniform(-1, 1, (1, 3, 48, 64)).astype(np.float32)
    first, second = (Engine(folder / "model.pdmodel", folder / "model.pdiparams") for folder in (exported, nhwc))
    np.testing.assert_array_equal(first(picture), second(picture))


WINDOWS = {"is_slide": True, "crop_size": [64, 48], "stride": [32, 32]}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (WINDOWS, "windows of 64x48 every 32x32"),
        ({"aug_eval": True, "scales": [0.75, 1.0]}, "scales 0.75, 1"),
        ({}, None),
        ({"aug_eval": False, "scales": [0.75, 1.0]}, None),
    ],
)
def test_windows_and_scales_that_a_graph_has_not_are_said(caplog, options, words):
    export.warn_of_views(ViewOptions.from_test_config(options))
    assert len(caplog.messages) == (words is not None)
    assert words is None or words in caplog.messages[0]


def test_the_export_section_wins_generated_pictures_stand_in_for_the_data_and_views_are_warned_of(
    weights, tmp_path, capsys
):
    transforms = [{"type": "Resize", "target_size": [64, 32]}, {"type": "Normalize"}]
    path = tmp_path / "config.yml"
    path.write_text(yaml.safe_dump({**CONFIG, "export": {"transforms": transforms}, "test_config": WINDOWS}))
    export_here(path, weights, tmp_path / "out")
    output = capsys.readouterr().out
    assert "using generated pictures" in output
    assert "looks at each picture once and whole: its mIoU is not that of val.py with this configuration" in output
    deploy = yaml.safe_load((tmp_path / "out" / "deploy.yaml").read_text())["Deploy"]
    assert deploy["transforms"][0] == transforms[0]


def test_an_export_without_transforms_is_refused(tmp_path):
    path = tmp_path / "config.yml"
    path.write_text(yaml.safe_dump({"model": {"type": "DDRNet_23_slim", "num_classes": 4}}))
    with pytest.raises(ConfigError, match=r"config\.yml: neither export\.transforms nor val_dataset\.transforms"):
        export.main(export.make_parser().parse_args(["--config", str(path)]))


@pytest.mark.slow
def test_a_failed_verification_exits_with_1_and_exports_nothing(run_command, config, weights, tmp_path):
    # A NaN weight makes every comparison of scores fail.
    state = paddle.load(str(weights))
    state["head.conv.bias"] = paddle.full([4], float("nan"))
    paddle.save(state, str(tmp_path / "nan.pdparams"))
    done = run_command(
        "export.py", "--config", config, "--model_path", tmp_path / "nan.pdparams",
        "--save_dir", tmp_path / "out", "--output_op=none",
    )  # fmt: skip
    assert done.returncode == 1
    assert "verification failed" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()
    assert not list(tmp_path.glob(".out*"))


@pytest.mark.parametrize(
    ("arguments", "op"),
    [
        ([], "argmax"),
        (["--output_op", "none"], "none"),
        (["--without_argmax"], "none"),
        (["--with_softmax"], "softmax"),
        (["--without_argmax", "--with_softmax"], "softmax"),
    ],
)
def test_the_old_flags_mean_an_output_op(arguments, op):
    assert export.output_op_of(export.make_parser().parse_args(["--config", "x", *arguments])) == op


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--output_op", "argmax", "--with_softmax"], "--output_op argmax contradicts"),
        (["--verify_threshold", "2"], "--verify_threshold 2.0"),
        (["--verify_images", "x", "--no_verify"], "exclude each other"),
        (["--for_fd"], "--for_fd"),
    ],
)
def test_flags_that_no_export_can_use_are_refused(arguments, message):
    with pytest.raises(ConfigError, match=message):
        export.check_arguments(export.make_parser().parse_args(["--config", "x", *arguments]))


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (["--with_argmax"], ConfigError, "drop --with_argmax"),
        (["--use_trt", "True"], DeviceError, "--use_trt True: .* the device is cpu"),
        (["--enable_auto_tune", "True"], ConfigError, "--enable_auto_tune True"),
        (["--precision", "fp16"], DeviceError, "--precision fp16: .*bf16"),
        (["--precision", "int8"], DeviceError, "--precision int8"),
        (["--precision", "bf16", "--enable_mkldnn", "False"], DeviceError, "--precision bf16: .*oneDNN"),
        (["--device", "gpu"], DeviceError, "--device gpu"),
        (["--batch_size", "0"], ConfigError, "--batch_size 0"),
        (["--cpu_threads", "0"], ConfigError, "--cpu_threads 0"),
        (["--min_subgraph_size", "3"], ConfigError, "--min_subgraph_size 3: .*TensorRT, which is not used"),
        (["--auto_tuned_shape_file", "x"], ConfigError, "--auto_tuned_shape_file x: .*give --enable_auto_tune True"),
    ],
)
def test_options_that_do_not_go_together_are_one_line(exported, pictures, tmp_path, arguments, error, message):
    if "gpu" in arguments and paddle.is_compiled_with_cuda():
        pytest.skip("this Paddle has GPUs")
    device = [] if "--device" in arguments else ["--device", "cpu"]
    with pytest.raises(error, match=message) as caught:
        infer_here(exported, pictures, tmp_path / "out", *device, *arguments)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("flag", [["--cpu_threads", "6"], ["--enable_mkldnn", "True"], ["--enable_mkldnn", "False"]])
def test_flags_of_the_cpu_are_refused_on_other_devices(flag):
    arguments = infer.make_parser().parse_args(["--config", "x", "--image_path", "x", *flag])
    infer.refuse_flags_of_the_cpu(arguments, "cpu")
    with pytest.raises(ConfigError, match=f"{' '.join(flag)}: it is for the CPU, but the device is gpu:0"):
        infer.refuse_flags_of_the_cpu(arguments, "gpu:0")


@pytest.mark.parametrize(
    "flags",
    [
        "--device=cpu --enable_mkldnn=False --cpu_threads=6 --batch_size=1 --benchmark=True --precision=fp32",
        "--device=gpu --use_trt=True --precision=fp16 --batch_size=1 --benchmark=True",
        "--device=gpu --use_trt=False --precision=fp32 --batch_size=1 --benchmark=True",
    ],
)
def test_the_flags_that_tipc_gives_on_each_device_are_taken(flags):
    arguments = infer.make_parser().parse_args(["--config", "x", "--image_path", "x", *flags.split()])
    infer.check_arguments(arguments)
    infer.refuse_flags_of_the_cpu(arguments, {"cpu": "cpu", "gpu": "gpu:0"}[arguments.device])


def test_shapes_for_tensorrt_are_collected_from_single_pictures_and_from_batches(exported, monkeypatch):
    seen = []

    class Collector:
        def __init__(self, config, options, *, gives_scores):
            assert options.collect_shapes_in == "shapes.pbtxt"

        def batches(self, paths, batch_size, failures):
            return [paths[start : start + batch_size] for start in range(0, len(paths), batch_size)]

        def run(self, batch):
            seen.append(len(batch))

    monkeypatch.setattr("paddleseg.deploy.segmenter.Segmenter", Collector)
    images = [f"{i}.png" for i in range(20)]
    options = EngineOptions(device="gpu:0", use_trt=True, batch_size=4)
    tuned = infer.tune_shapes(read_deploy_config(exported), options, images, "shapes.pbtxt")
    assert (tuned.tuned_shape_file, tuned.collect_shapes_in) == ("shapes.pbtxt", None)
    assert seen == [1] * 10 + [4, 4, 2]


def test_bad_pictures_are_named(exported, pictures, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(DataError, match="empty"):
        infer_here(exported, empty, tmp_path / "out")
    with pytest.raises(DataError, match="nowhere"):
        infer_here(exported, tmp_path / "nowhere", tmp_path / "out")
    (pictures / "b.png").write_bytes((pictures / "b.png").read_bytes()[:60])
    (pictures / "night" / "d.png").write_bytes(b"")
    with pytest.raises(DataError, match=naming("2 of 5 pictures", "b.png", "night/d.png")):
        infer_here(exported, pictures, tmp_path / "out", "--batch_size", 2, "--benchmark", True)
    assert sorted(labels_below(tmp_path / "out")) == ["a.png", "c.png", "night/a.png"]
    with pytest.raises(DataError, match="1 of 1 pictures|b.png: the picture is truncated"):
        infer_here(exported, pictures / "b.png", tmp_path / "out", "--benchmark", True)


def test_no_picture_is_replaced_by_its_label_map(exported, pictures):
    before = {path: path.read_bytes() for path in pictures.rglob("*.*")}
    for image_path in (pictures, pictures / "a.png"):
        with pytest.raises(DataError, match=r"a\.png: the label map of .* belongs there too"):
            infer_here(exported, image_path, pictures)
    assert {path: path.read_bytes() for path in pictures.rglob("*.*")} == before


def test_label_maps_that_no_run_wrote_are_not_replaced(exported, pictures, tmp_path):
    theirs = tmp_path / "labels" / "night" / "d.png"
    theirs.parent.mkdir(parents=True)
    theirs.write_bytes(b"drawn by hand")
    with pytest.raises(DataError, match=f"^{theirs}: would be replaced"):
        infer_here(exported, pictures, tmp_path / "labels")
    assert [path for path in (tmp_path / "labels").rglob("*") if path.is_file()] == [theirs]


def test_label_maps_beside_their_pictures_are_replaced_by_the_next_run(exported, pictures):
    for path in pictures.rglob("*.png"):
        path.unlink()
    for _ in range(2):
        infer_here(exported, pictures, pictures)
    assert set(labels_below(pictures)) == {"c.png"}


def test_an_export_replaces_an_export_and_no_file_of_somebody_else(config, weights, tmp_path):
    export_here(config, weights, tmp_path / "out", "--no_verify")
    export_here(config, weights, tmp_path / "out", "--no_verify", "--output_op", "softmax")
    assert "softmax" in (tmp_path / "out" / "deploy.yaml").read_text()
    theirs = tmp_path / "theirs" / "model.json"
    theirs.parent.mkdir()
    theirs.write_text("{}")
    with pytest.raises(DataError, match=f"^{theirs}: would be replaced"):
        export_here(config, weights, tmp_path / "theirs", "--no_verify")
    assert list(theirs.parent.iterdir()) == [theirs]


def test_earlier_results_in_the_folder_of_the_pictures_are_left_out(exported, pictures):
    for _ in range(2):
        infer_here(exported, pictures, pictures / "out")
    assert set(labels_below(pictures / "out")) == {"a.png", "b.png", "c.png", "night/a.png", "night/d.png"}


def test_an_error_is_one_line_and_exit_status_1(run_command, tmp_path):
    done = run_command(INFER, "--config", tmp_path / "deploy.yaml", "--image_path", tmp_path, "--save_dir", tmp_path)
    assert done.returncode == 1
    assert done.stderr.strip().splitlines()[-1].startswith("infer.py: error: ")
    assert "Traceback" not in done.stderr
