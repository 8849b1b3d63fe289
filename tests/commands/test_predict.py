# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""predict.py with random weights; the data set's files are missing."""

from pathlib import Path

import numpy as np
import paddle
import pytest
from PIL import Image

from paddleseg.commands import predict
from paddleseg.inference.views import ViewOptions
from paddleseg.utils.errors import ConfigError, DataError
from tests.messages import naming
from tests.needs import CPU_BACKENDS


@pytest.fixture
def pictures(tiny_config, tiny_dataset, tmp_path) -> Path:
    """Two pictures, one in a sub-folder; the data set itself is gone."""
    folder = tmp_path / "pictures"
    (folder / "night").mkdir(parents=True)
    (tiny_dataset / "images" / "val_0.png").rename(folder / "a.png")
    (tiny_dataset / "images" / "val_1.png").rename(folder / "night" / "a.png")
    tiny_dataset.rename(tmp_path / "moved away")
    return folder


def run_here(*arguments) -> None:
    """The command in this process, for errors as exceptions."""
    predict.main(predict.make_parser().parse_args([*map(str, arguments), "--device", "cpu"]))


def test_a_folder_is_predicted_as_the_networks_own_output_says(
    run_command, build_network, tiny_config, weights, pictures, tmp_path
):
    done = run_command(
        "predict.py", "--config", tiny_config, "--model_path", weights, "--image_path", pictures,
        "--save_dir", tmp_path / "out", "--custom_color", 10, 20, 30, "--device", "cpu",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert str(tmp_path / "out") in done.stdout
    model = build_network(tiny_config)
    model.set_state_dict(paddle.load(str(weights)))
    model.eval()
    for name in ("a.png", "night/a.png"):
        x = (np.asarray(Image.open(pictures / name)).astype("float32") / 255 - 0.5) / 0.5
        expected = model(paddle.to_tensor(x.transpose(2, 0, 1)[np.newaxis]))[0].argmax(axis=1).numpy()[0]
        label = np.asarray(Image.open(tmp_path / "out" / "label" / name))
        assert (label == expected).mean() > 0.999
        colors = Image.open(tmp_path / "out" / "pseudo_color_prediction" / name)
        assert colors.getpalette()[:6] == [10, 20, 30, 0, 128, 0]
        assert Image.open(tmp_path / "out" / "added_prediction" / name).size[0] >= 64


def test_weights_with_and_without_an_auxiliary_head_give_the_same(tiny_config, weights, pictures, tmp_path):
    full = paddle.load(str(weights))
    assert any(name.startswith("aux_head.") for name in full)
    without = tmp_path / "without.pdparams"
    paddle.save({name: value for name, value in full.items() if not name.startswith("aux_head.")}, str(without))
    found = []
    for number, (path, enabled) in enumerate([(weights, True), (weights, False), (without, True), (without, False)]):
        save_dir = tmp_path / str(number)
        run_here(
            "--config", tiny_config, "--model_path", path, "--image_path", pictures / "a.png", "--save_dir", save_dir,
            "--opts", f"model.enable_auxiliary_loss={enabled}",
        )  # fmt: skip
        found.append((save_dir / "label" / "a.png").read_bytes())
    assert found == [found[0]] * 4


@pytest.mark.parametrize("backend", CPU_BACKENDS)
def test_backend_and_threads_are_those_of_the_flags(
    backend, build_network, tiny_config, weights, pictures, tmp_path, log
):
    source = ("--config", tiny_config, "--model_path", weights, "--image_path", pictures / "a.png")
    run_here(*source, "--save_dir", tmp_path / "out", "--cpu_backend", backend, "--cpu_threads", 2)
    assert "CPU: oneDNN " in log.text if backend == "onednn" else "CPU: Paddle's kernels, 2 threads\n" in log.text
    assert "2 threads\n" in log.text
    model = build_network(tiny_config)
    model.set_state_dict(paddle.load(str(weights)))
    model.eval()
    x = (np.asarray(Image.open(pictures / "a.png")).astype("float32") / 255 - 0.5) / 0.5
    expected = model(paddle.to_tensor(x.transpose(2, 0, 1)[np.newaxis]))[0].argmax(axis=1).numpy()[0]
    assert (np.asarray(Image.open(tmp_path / "out/label/a.png")) == expected).mean() > 0.999


def test_threads_that_cannot_be_are_refused_before_the_weights_are_read(tiny_config, pictures, tmp_path):
    source = ("--config", tiny_config, "--model_path", "unread", "--image_path", pictures, "--save_dir", tmp_path / "o")
    with pytest.raises(ConfigError, match="cpu_threads: found -1; it must be 1 or more"):
        run_here(*source, "--cpu_threads", -1)


def test_transforms_of_export_come_first_and_without_any_it_is_refused(
    tiny_config, weights, pictures, tmp_path, monkeypatch
):
    used = []
    monkeypatch.setattr(
        "paddleseg.inference.prediction.predict", lambda model, pipeline, *_, **__: used.append(pipeline)
    )
    source = ("--config", tiny_config, "--model_path", weights, "--image_path", pictures, "--save_dir", tmp_path)
    run_here(*source)
    run_here(*source, "--opts", "export.transforms=[{type: Resize, target_size: [32, 32]}, {type: Normalize}]")
    assert [len(pipeline.transforms) for pipeline in used] == [0, 1]
    assert all(pipeline.normalize is not None for pipeline in used)
    for option in ("val_dataset=None", "val_dataset={}"):
        with pytest.raises(ConfigError, match=r"neither export\.transforms nor val_dataset\.transforms is there"):
            run_here(*source, "--opts", option)
    assert len(used) == 2


def test_a_list_and_a_glob_name_the_same_pictures(tiny_config, weights, pictures, tmp_path):
    (pictures / "list.txt").write_text("a.png\nnight/a.png\n")
    for number, source in enumerate([pictures / "list.txt", pictures / "**" / "*.png"]):
        save_dir = tmp_path / str(number)
        run_here("--config", tiny_config, "--model_path", weights, "--image_path", source, "--save_dir", save_dir)
        found = sorted(str(path.relative_to(save_dir / "label")) for path in (save_dir / "label").rglob("*.png"))
        assert found == ["a.png", "night/a.png"]


def test_a_damaged_picture_is_one_line_with_status_1(run_command, tiny_config, weights, pictures, tmp_path):
    (pictures / "b.png").write_bytes((pictures / "a.png").read_bytes()[:100])
    done = run_command(
        "predict.py", "--config", tiny_config, "--model_path", weights, "--image_path", pictures / "b.png",
        "--save_dir", tmp_path / "out", "--device", "cpu",
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith(f"predict.py: error: {pictures / 'b.png'}")
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_folder_without_pictures_is_named(tiny_config, weights, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="empty: no pictures"):
        run_here("--config", tiny_config, "--model_path", weights, "--image_path", tmp_path / "empty")


def test_colours_that_are_not_whole_are_refused(tiny_config, weights, pictures):
    with pytest.raises(ConfigError, match="--custom_color: 2 values found"):
        source = ("--config", tiny_config, "--model_path", weights, "--image_path", pictures)
        run_here(*source, "--custom_color", 1, 2)


def test_windows_and_views_are_looked_at_as_flags_and_test_config_say(tiny_config, weights, pictures, monkeypatch):
    used = []
    monkeypatch.setattr("paddleseg.inference.prediction.predict", lambda *arguments, **_: used.append(arguments[4]))
    source = ("--config", tiny_config, "--model_path", weights, "--image_path", pictures)
    section = "test_config={is_slide: True, crop_size: [40, 30], stride: [24, 18], aug_eval: True, scales: [0.5, 1]}"
    windows = dict(is_slide=True, crop_size=[40, 30], stride=[24, 18])
    run_here(*source, "--is_slide", "--crop_size", 40, 30, "--stride", 24, 18)
    run_here(*source, "--opts", section)
    run_here(*source, "--aug_pred", "--flip_vertical", "--opts", section)
    run_here(*source, "--aug_pred", "--scales", 0.75, 1.25, "--flip_horizontal")
    assert used == [
        ViewOptions(**windows),
        ViewOptions(**windows),  # test_config.aug_eval is for evaluation
        ViewOptions(**windows, aug_eval=True, scales=[0.5, 1], flip_vertical=True),
        ViewOptions(aug_eval=True, scales=[0.75, 1.25], flip_horizontal=True),
    ]


def test_a_picture_is_predicted_in_windows_and_views(tiny_config, weights, pictures, tmp_path):
    run_here(
        "--config", tiny_config, "--model_path", weights, "--image_path", pictures / "a.png", "--save_dir", tmp_path,
        "--aug_pred", "--scales", 0.75, 1, "--flip_horizontal", "--is_slide", "--crop_size", 40, 30, "--stride", 24, 18,
    )  # fmt: skip
    assert Image.open(tmp_path / "label" / "a.png").size == Image.open(pictures / "a.png").size


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("--flip_horizontal",), naming("--flip_horizontal", "aug_eval", "--aug_pred")),
        (("--stride", 8, 8), naming("--stride", "is_slide")),
        (("--use_multilabel",), naming("--use_multilabel", "one class")),
        (("--device_id", -1), "--device_id -1: must be 0"),
    ],
)
def test_flags_that_do_not_go_together_are_refused_before_the_pictures_are_looked_for(flags, message, tiny_config):
    with pytest.raises(ConfigError, match=message):
        run_here("--config", tiny_config, "--model_path", "unread", "--image_path", "unread", *flags)


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ((), None),
        (("--device", "gpu:1"), "gpu:1"),
        (("--device_id", "2"), "gpu:2"),
        (("--device", "gpu", "--device_id", "0"), "gpu:0"),
        (("--device", "npu", "--device_id", "3"), "npu:3"),
        (("--device", "gpu:1", "--device_id", "1"), "gpu:1"),
        (("--device", "cpu", "--device_id", "1"), "cpu"),
    ],
)
def test_the_card_is_named_by_device_and_device_id_together(flags, expected):
    needed = ("--config", "c", "--model_path", "m", "--image_path", "i")
    assert predict.device_name(predict.make_parser().parse_args([*needed, *flags])) == expected


def test_two_cards_are_not_named_at_once():
    given = "--config c --model_path m --image_path i --device gpu:0 --device_id 1"
    with pytest.raises(ConfigError, match="--device_id 1: cannot be combined with --device gpu:0"):
        predict.device_name(predict.make_parser().parse_args(given.split()))


def test_a_list_has_the_separator_of_the_data_set(tiny_config, weights, pictures, tmp_path):
    (pictures / "a.png").rename(pictures / "my a.png")
    (pictures / "list.txt").write_text("my a.png;labels/my a.png\n")
    run_here(
        "--config", tiny_config, "--model_path", weights, "--image_path", pictures / "list.txt", "--save_dir", tmp_path,
        "--opts", "val_dataset.separator=;",
    )  # fmt: skip
    assert [path.name for path in (tmp_path / "label").iterdir()] == ["my a.png"]


def test_bad_pictures_are_listed_at_the_end_with_status_1(run_command, tiny_config, weights, pictures, tmp_path):
    (pictures / "0.png").write_bytes(b"")
    done = run_command(
        "predict.py", "--config", tiny_config, "--model_path", weights, "--image_path", pictures, "--save_dir",
        tmp_path / "out", "--device", "cpu",
    )  # fmt: skip
    assert done.returncode == 1
    assert "error: 1 of 3 pictures could not be predicted:\n" in done.stderr and "0.png" in done.stderr
    assert "Traceback" not in done.stderr
    assert len(list((tmp_path / "out" / "label").rglob("*.png"))) == 2
