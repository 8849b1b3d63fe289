# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""val.py on a tiny data set with random weights."""

import json
import re
import shutil
from types import SimpleNamespace

import cv2
import numpy as np
import paddle
import pytest
from paddle.nn import functional as F
from PIL import Image

import predict
import train
import val
from paddleseg import onednn
from paddleseg.onednn import cpu_settings
from paddleseg.onednn.library import library
from paddleseg.tasks import segmentation
from paddleseg.utils.errors import ConfigError, DataError, UserError, WeightsError
from tests.conftest import TINY_CONFIG, make_dataset
from tests.messages import naming


def run_here(*arguments) -> None:
    """The command in this process, for errors as exceptions."""
    val.main(val.make_parser().parse_args([*map(str, arguments), "--device", "cpu"]))


@paddle.no_grad()
def count_plainly(model, weights, dataset, scores=None) -> np.ndarray:
    """The confusion matrix by the network's full-size output or other scores of it, one picture at a time."""
    scores = scores or (lambda x: model(x)[0].numpy())
    model.set_state_dict(paddle.load(str(weights)))
    model.eval()
    matrix = np.zeros((4, 4), np.int64)
    for line in (dataset / "val.txt").read_text().splitlines():
        picture, label = (np.asarray(Image.open(dataset / name)) for name in line.split())
        x = paddle.to_tensor((picture.astype("float32") / 255 - 0.5) / 0.5).transpose([2, 0, 1])
        prediction = np.argmax(scores(x.unsqueeze(0)), axis=1)[0]
        counted = label != 255
        np.add.at(matrix, (label[counted], prediction[counted]), 1)
    return matrix


def test_figures_equal_counting_plainly_and_are_written_and_printed(
    run_command, build_network, tiny_config, tiny_dataset, weights, tmp_path
):
    done = run_command(
        "val.py", "--config", tiny_config, "--model_path", weights.parent, "--json", tmp_path / "val.json",
        "--batch_size", 2, "--num_workers", 2, "--device", "cpu",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    figures = json.loads((tmp_path / "val.json").read_text())
    expected = count_plainly(build_network(tiny_config), weights, tiny_dataset)
    assert np.abs(np.array(figures["confusion_matrix"]) - expected).sum() <= 2e-4 * expected.sum()
    assert figures["num_images"] == 3
    printed = re.search(r"\[EVAL\] #Images: 3 mIoU: (\S+) Acc: (\S+) Kappa: \S+ Dice: \S+\n", done.stdout)
    assert float(printed.group(1)) == pytest.approx(figures["mean_iou"], abs=5e-5)
    assert float(printed.group(2)) == pytest.approx(figures["pixel_accuracy"], abs=5e-5)
    assert "[EVAL] Class IoU: \n[" in done.stdout
    assert re.search(r"^class 3 ", done.stdout, re.MULTILINE)
    assert "picture/s" not in done.stderr  # no progress bar where there is no terminal


@pytest.mark.slow
def test_two_processes_count_each_picture_once_and_one_prints(run_command, tiny_config, weights, tmp_path):
    options = (
        "--config",
        tiny_config,
        "--model_path",
        weights,
        "--num_workers",
        0,
        "--device",
        "cpu",
        "--json",
    )
    run_here(*options, tmp_path / "one.json")
    launch = ("-m", "paddle.distributed.launch", "--nproc_per_node", 2, "--log_dir", tmp_path / "log")
    done = run_command(*launch, "val.py", *options, tmp_path / "two.json", "--device", "cpu")
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads((tmp_path / "two.json").read_text()) == json.loads((tmp_path / "one.json").read_text())
    logs = [(tmp_path / "log" / f"workerlog.{rank}").read_text() for rank in range(2)]
    assert ["[EVAL] #Images: 3" in log for log in logs] == [True, False]


@pytest.mark.parametrize("num_workers", [0, 2])
def test_a_label_out_of_range_ends_with_its_file(num_workers, tiny_config, tiny_dataset, weights):
    label = np.zeros((48, 64), np.uint8)
    label[5, 5] = 200
    cv2.imwrite(str(tiny_dataset / "labels" / "val_1.png"), label)
    with pytest.raises(DataError, match=r"val_1\.png.*200"):
        run_here("--config", tiny_config, "--model_path", weights, "--num_workers", num_workers)


def test_an_error_is_one_line_with_status_1(run_command, tiny_config, tmp_path):
    options = (
        "val.py",
        "--config",
        tiny_config,
        "--model_path",
        tmp_path / "none.pdparams",
        "--device",
        "cpu",
    )
    done = run_command(*options)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith(f"val.py: error: {tmp_path / 'none.pdparams'}")
    assert "Traceback" not in done.stderr


def test_weights_with_and_without_an_auxiliary_head_are_evaluated_alike(tiny_config, weights, tmp_path):
    full = paddle.load(str(weights))
    without = tmp_path / "without.pdparams"
    paddle.save({name: value for name, value in full.items() if not name.startswith("aux_head.")}, str(without))
    matrices = []
    for path, enabled in [(weights, True), (weights, False), (without, True)]:
        run_here(
            "--config", tiny_config, "--model_path", path, "--num_workers", 0, "--json", tmp_path / "val.json",
            "--opts", f"model.enable_auxiliary_loss={enabled}",
        )  # fmt: skip
        matrices.append(json.loads((tmp_path / "val.json").read_text())["confusion_matrix"])
    assert matrices == [matrices[0]] * 3


@pytest.mark.parametrize(
    ("flags", "backend", "threads"),
    [
        (("--cpu_backend", "paddle"), "Paddle's kernels", "1 thread"),
        (("--cpu_threads", 2), None, "2 threads"),
    ],
)
def test_backend_and_threads_are_those_of_the_flags_and_the_figures_are_the_same(
    flags, backend, threads, build_network, tiny_config, tiny_dataset, weights, tmp_path, log, monkeypatch
):
    monkeypatch.delenv(cpu_settings.ENVIRONMENT, raising=False)
    monkeypatch.setattr("paddleseg.utils.omp_environment._GIVEN", "1")
    options = ("--config", tiny_config, "--model_path", weights, "--num_workers", 0)
    run_here(*options, "--json", tmp_path / "val.json", *flags)
    figures = json.loads((tmp_path / "val.json").read_text())
    expected = count_plainly(build_network(tiny_config), weights, tiny_dataset)
    assert np.abs(np.array(figures["confusion_matrix"]) - expected).sum() <= 2e-4 * expected.sum()
    assert f"CPU: {backend or default_backend()}, {threads}\n" in log.text


def default_backend():
    return "Paddle's kernels" if onednn.why_unavailable() else f"oneDNN {library().version}"


def test_threads_that_cannot_be_are_refused_before_the_weights_are_read(tiny_config):
    with pytest.raises(ConfigError, match="cpu_threads: found 0; it must be 1 or more"):
        run_here("--config", tiny_config, "--model_path", "unread", "--cpu_threads", 0)


@pytest.mark.parametrize("backend", ["onednn", "paddle"])
def test_the_network_is_built_channels_last_where_onednn_computes(backend, tiny_config, weights, monkeypatch):
    if backend == "onednn" and onednn.why_unavailable():
        pytest.skip(onednn.why_unavailable())
    built = []
    monkeypatch.setattr(
        segmentation.SegmentationTask, "evaluate", lambda task, model, **_: built.append(model.data_format) or stop()
    )
    for stated in ([], ["--data_format", "NCHW"], ["--opts", "model.data_format=NHWC"]):
        with pytest.raises(StopIteration):
            run_here("--config", tiny_config, "--model_path", weights, "--cpu_backend", backend, *stated)
    assert built == ["NHWC" if backend == "onednn" else "NCHW", "NCHW", "NHWC"]


def stop():
    raise StopIteration


def test_the_training_list_can_be_evaluated_with_untouched_labels(tiny_config, tiny_dataset, weights, tmp_path):
    transforms = "val_dataset.transforms=[{type: Resize, target_size: [32, 32]}, {type: Normalize}]"
    run_here(
        "--config", tiny_config, "--model_path", weights, "--num_workers", 0, "--json", tmp_path / "val.json",
        "--opts", "val_dataset.mode=train", "val_dataset.train_path=train.txt", transforms,
    )  # fmt: skip
    figures = json.loads((tmp_path / "val.json").read_text())
    counts = np.zeros(256, np.int64)
    for line in (tiny_dataset / "train.txt").read_text().splitlines():
        counts += np.bincount(np.asarray(Image.open(tiny_dataset / line.split()[1])).ravel(), minlength=256)
    assert figures["num_images"] == 8
    np.testing.assert_array_equal(np.sum(figures["confusion_matrix"], axis=1), counts[:4])


def test_weights_of_another_number_of_classes_are_refused(tiny_config, weights, tmp_path):
    with pytest.raises(WeightsError, match=r"does not fit DDRNet_23_slim with 5 classes.*head"):
        other = ("train_dataset.num_classes=5", "val_dataset.num_classes=5")
        run_here("--config", tiny_config, "--model_path", weights, "--opts", *other)


@pytest.mark.parametrize(
    ("option", "message"),
    [
        (("--batch_size", "0"), "--batch_size 0: must be at least 1"),
        (("--num_workers", "-1"), "--num_workers -1: must be 0"),
        (("--json", "/nowhere/figures.json"), "--json /nowhere/figures.json: there is no folder /nowhere"),
    ],
)
def test_values_that_no_run_can_use_are_refused_first(option, message):
    with pytest.raises(ConfigError, match=message):
        run_here("--config", "unread.yml", "--model_path", "unread", *option)


WINDOWS = ("--is_slide", "--crop_size", 40, 30, "--stride", 24, 18)
VIEWS = ("--aug_eval", "--scales", 0.75, 1.25, "--flip_horizontal")
TEST_CONFIG = {
    WINDOWS: "{is_slide: True, crop_size: [40, 30], stride: [24, 18]}",
    VIEWS: "{aug_eval: True, scales: [0.75, 1.25], flip_horizontal: True}",
}


def scores_of(network, images, *flags):
    """Class scores of normalised pictures (1, 3, H, W) with the network's full-size output, in plain steps."""
    if flags == WINDOWS:
        total, count = 0, 0
        for top in (0, 18):
            for left in (0, 24):
                window = np.s_[:, :, top : top + 30, left : left + 40]
                padded, ones = np.zeros((1, 4, 48, 64)), np.zeros((1, 1, 48, 64))
                padded[window], ones[window] = network(images[window])[0].numpy(), 1
                total, count = total + padded, count + ones
        return total / count
    total = 0
    for size in ([40, 48], [64, 80]):  # 0.75 and 1.25, sides at multiples of 8
        scaled = F.interpolate(images, size, mode="bilinear")
        for step in (1, -1):
            logits = network(scaled[:, :, :, ::step])[0][:, :, :, ::step]
            total = total + F.softmax(F.interpolate(logits, [48, 64], mode="bilinear"), axis=1).numpy()
    return total


@pytest.fixture
def varied_weights(build_network, tiny_config, tiny_dataset, weights):
    """Random weights, moved so that no class wins everywhere."""
    model = build_network(tiny_config)
    model.set_state_dict(paddle.load(str(weights)))
    model.eval()
    picture = np.asarray(Image.open(tiny_dataset / "images" / "val_0.png")).astype("float32")
    logits = model(paddle.to_tensor((picture / 255 - 0.5) / 0.5).transpose([2, 0, 1]).unsqueeze(0))[0]
    model.head.conv.bias.set_value(model.head.conv.bias - logits.mean(axis=[0, 2, 3]))
    paddle.save(model.state_dict(), str(weights))
    return weights


@pytest.mark.parametrize("flags", [WINDOWS, VIEWS])
def test_flags_and_test_config_give_the_figures_of_plain_steps(
    flags, build_network, tiny_config, tiny_dataset, varied_weights, tmp_path
):
    weights = varied_weights
    source = ("--config", tiny_config, "--model_path", weights, "--num_workers", 0, "--json", tmp_path / "val.json")
    run_here(*source, *flags)
    by_flags = json.loads((tmp_path / "val.json").read_text())
    run_here(*source, "--opts", f"test_config={TEST_CONFIG[flags]}")
    assert json.loads((tmp_path / "val.json").read_text()) == by_flags
    model = build_network(tiny_config)
    expected = count_plainly(model, weights, tiny_dataset, lambda x: scores_of(model, x, *flags))
    assert np.abs(np.array(by_flags["confusion_matrix"]) - expected).sum() <= 2e-4 * expected.sum()
    assert not np.array_equal(expected, count_plainly(model, weights, tiny_dataset))  # or the mode proves nothing


def test_the_json_tells_how_the_pictures_were_looked_at(tiny_config, weights, tmp_path):
    json_file = tmp_path / "val.json"
    run_here("--config", tiny_config, "--model_path", weights, "--num_workers", 0, "--json", json_file, *WINDOWS)
    looked_at = json.loads(json_file.read_text())["inference"]
    assert (looked_at["is_slide"], looked_at["crop_size"], looked_at["stride"]) == (True, [40, 30], [24, 18])
    assert (looked_at["aug_eval"], looked_at["scales"]) == (False, [1.0])


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("--crop_size", 64, 64), naming("--crop_size: test_config.crop_size", "is_slide")),
        (("--is_slide",), naming("--is_slide: test_config.is_slide", "crop_size and stride")),
        (("--is_slide", "--crop_size", 8, 8, "--stride", 9, 8), naming("--stride", "[9, 8]", "crop_size [8, 8]")),
        (("--scales", 0.5), naming("--scales: test_config.scales", "aug_eval: True")),
        (("--aug_eval", "--scales", 0), naming("--scales: test_config.scales", "[0.0]", "above 0")),
        (("--auc_roc", "True"), naming("--auc_roc", "IoU")),
        (("--use_multilabel",), naming("--use_multilabel", "class ids")),
    ],
)
def test_flags_that_do_not_go_together_are_refused_before_the_weights_are_read(flags, message, tiny_config):
    with pytest.raises(ConfigError, match=message) as info:
        run_here("--config", tiny_config, "--model_path", "unread", *flags)
    assert "\n" not in str(info.value)


def turned(picture, path, orientation):
    """Stored as a camera does that was held otherwise, with a note of it."""
    ways = {3: Image.Transpose.ROTATE_180, 6: Image.Transpose.ROTATE_90}
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture.transpose(ways[orientation]).save(path, exif=exif)


def deep(picture, path, highest):
    """The same picture with as many levels of grey, on the scale of an instrument."""
    values = np.rint(np.asarray(picture).astype(np.float64) * (highest / 255)).astype(np.uint16)
    cv2.imwrite(str(path), values[:, :, ::-1])


STORED = {
    "upside down": (lambda *there: turned(*there, 3), [], ["apply_exif=False"]),
    "on its side": (lambda *there: turned(*there, 6), [], ["apply_exif=False"]),
    "16 bits": (lambda *there: deep(*there, 65535), [], ["value_range=[0, 255]"]),
    "12 bits": (lambda *there: deep(*there, 4095), ["value_range=[0, 4095]"], []),  # without it they are black
}


@pytest.fixture
def fitting(build_network, tmp_path):
    """A configuration, its data set, whose sizes do not tell which way is up, and weights that predict several classes.

    ``fitting.predict()`` makes label maps by predict.py, which become the labels; ``fitting.mean_iou()`` is val.py's.
    """
    root = make_dataset(tmp_path / "square", train=1, val=2, size_wh=(64, 64))
    config, weights = tmp_path / "square.yml", tmp_path / "fitting.pdparams"
    config.write_text(TINY_CONFIG.format(root=root))
    paddle.seed(1)
    network = build_network(config)
    pictures = sorted((root / "images").glob("val_*.png"))
    x = paddle.stack([paddle.vision.transforms.to_tensor(Image.open(path)) for path in pictures])
    for _ in range(5):
        network((x - 0.5) / 0.5)  # statistics of the pictures
    network.eval()
    with paddle.no_grad():  # no class is ahead of the others everywhere
        bias = network.head.conv.bias
        bias.set_value(bias - network((x - 0.5) / 0.5)[0].mean([0, 2, 3]))
    paddle.save(network.state_dict(), str(weights))
    given = ["--config", str(config), "--model_path", str(weights), "--device", "cpu"]

    def predict_here(*flags):
        source = ["--image_path", str(root / "images"), "--save_dir", str(tmp_path / "p")]
        predict.main(predict.make_parser().parse_args([*given, *source, *map(str, flags)]))
        for path in pictures:
            shutil.copy(tmp_path / "p" / "label" / path.name, root / "labels" / path.name)
        assert len(np.unique([np.asarray(Image.open(root / "labels" / path.name)) for path in pictures])) > 1

    def mean_iou(*flags):
        run_here(*given, "--json", tmp_path / "val.json", *flags)
        return json.loads((tmp_path / "val.json").read_text())["mean_iou"]

    return SimpleNamespace(pictures=pictures, predict=predict_here, mean_iou=mean_iou)


@pytest.mark.parametrize("way", STORED)
def test_pictures_that_are_stored_otherwise_have_the_scores_of_their_twins(way, fitting):
    store, right, wrong = STORED[way]

    def stated(lines):
        return ["--opts", *(f"{mode}_dataset.{line}" for line in lines for mode in ("train", "val"))] if lines else []

    fitting.predict()
    assert fitting.mean_iou() == 1
    for path in fitting.pictures:
        with Image.open(path) as picture:
            picture.load()
        store(picture, path)
    # A level of 8 bits lies between two of 12.
    assert fitting.mean_iou(*stated(right)) >= (0.98 if way == "12 bits" else 1)
    assert fitting.mean_iou(*stated(wrong)) < 0.6


RATIO_KEPT = "[{type: Resize, target_size: [90, 75], keep_ratio: True, size_divisor: 32}, {type: Normalize}]"
SLIDING = ["--is_slide", "--crop_size", 48, 40, "--stride", 30, 20]
PADDED = "[{type: LimitLong, max_long: 51}, {type: PaddingByAspectRatio, aspect_ratio: 1.5}, {type: Normalize}]"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("transforms", "flags"),
    [
        (PADDED, ["--flip_horizontal", "--flip_vertical"]),
        (RATIO_KEPT, ["--scales", 0.75, 1.25, "--flip_horizontal", *SLIDING]),
    ],
    ids=["flips", "all of it"],
)
def test_windows_scales_and_flips_give_what_predict_gives_at_the_pictures_size(transforms, flags, fitting):
    opts = ["--opts", f"val_dataset.transforms={transforms}"]
    views = any("flip" in str(flag) for flag in flags)
    fitting.predict(*(["--aug_pred"] if views else []), *flags, *opts)
    assert fitting.mean_iou(*(["--aug_eval"] if views else []), *flags, *opts) == 1
    assert fitting.mean_iou(*opts) < 1  # they are no idle flags


@pytest.mark.parametrize("test_config", ["{}", *TEST_CONFIG.values()])
def test_train_time_evaluation_and_this_command_give_the_same_figures(tiny_config, tmp_path, test_config, monkeypatch):
    seen, report_lines = [], segmentation.report_lines
    monkeypatch.setattr(segmentation, "report_lines", lambda result: seen.append(result) or report_lines(result))
    run = tmp_path / "run"
    command = ["--config", tiny_config, "--save_dir", run, "--do_eval", "--iters", 2, "--save_interval", 1, "--seed", 1]
    command += ["--num_workers", 0, "--device", "cpu", "--opts", f"test_config={test_config}"]
    train.main(train.make_parser().parse_args([*map(str, command)]))
    during = list(seen)
    assert len(during) == 2
    best = max(during, key=lambda result: result.mean_iou)
    for folder, result in (("iter_1", during[0]), ("iter_2", during[1]), ("best_model", best)):
        # The run's own configuration has the options too.
        source = ("--config", run / "config.yml", "--model_path", run / folder, "--num_workers", 0)
        run_here(*source, "--json", tmp_path / "val.json")
        after = json.loads((tmp_path / "val.json").read_text())
        for name in ("mean_iou", "pixel_accuracy", "kappa", "mean_dice"):
            assert after[name] == pytest.approx(getattr(result, name), abs=1e-6)


def test_a_missing_data_set_is_named(tiny_config, weights):
    with pytest.raises(UserError, match="/nowhere"):
        run_here("--config", tiny_config, "--model_path", weights, "--opts", "val_dataset.dataset_root=/nowhere")
