# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""val.py with windows, scales and flips, given as flags or in the configuration, and after a training with them."""

import json

import numpy as np
import paddle
import pytest
from paddle.nn import functional as F
from PIL import Image

import train
from paddleseg.tasks import segmentation
from tests.commands.evaluating import count_plainly, run_here

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
    "test_config",
    [*(pytest.param(one, marks=pytest.mark.slow) for one in ("{}", TEST_CONFIG[WINDOWS])), TEST_CONFIG[VIEWS]],
)
def test_train_time_evaluation_and_this_command_give_the_same_figures(tiny_config, tmp_path, test_config, monkeypatch):
    seen, report_lines = [], segmentation.report_lines
    monkeypatch.setattr(segmentation, "report_lines", lambda result: seen.append(result) or report_lines(result))
    run = tmp_path / "run"
    command = ["--config", tiny_config, "--save_dir", run, "--do_eval", "--iters", 2, "--save_interval", 1, "--seed", 1]
    # Small steps: batches of 2 small pictures leave batch normalisation 2 values, whose statistics a large step of the
    # weights makes so wrong that evaluation overflows.
    command += ["--learning_rate", 0.001]
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
