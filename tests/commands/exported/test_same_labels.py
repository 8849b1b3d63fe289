# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""export.py and deploy/python/infer.py, run like a user does, give the results of predict.py and val.py."""

import copy
import json
from pathlib import Path

import cv2
import numpy as np
import paddle
import pytest
import yaml
from PIL import Image

import predict
import val
from paddleseg.deploy.deploy_config import read_deploy_config
from paddleseg.deploy.engines import open_engine
from paddleseg.utils.errors import DataError
from tests.commands.exported.running import (
    COLOURS,
    CONFIG,
    INFER,
    export_here,
    infer_here,
    labels_below,
    share_of_equal_pixels,
    with_deploy_yaml,
)


@pytest.mark.slow
def test_the_exported_network_gives_what_predict_gives(run_command, ddrnet, tiny_dataset, pictures, tmp_path):
    data = [f"val_dataset.dataset_root={tiny_dataset}", f"val_dataset.val_path={tiny_dataset}/val.txt"]
    common = ["--config", ddrnet[0], "--model_path", ddrnet[1]]
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


def test_another_separator_is_one_of_deploy_yaml_for_infer(config, weights, pictures, tmp_path):
    folder = export_here(config, weights, tmp_path / "export", "--no_verify")
    (pictures / "list.txt").write_text("a.png;x.png\n")
    with pytest.raises(DataError, match=rf"with separator: ';' under Deploy in {folder}/deploy\.yaml"):
        infer_here(folder, pictures / "list.txt", tmp_path / "deployed")


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
    assert "resized to the pictures" not in caplog.text
    # With predict.py's label maps as labels, val.py finds nothing wrong.
    names = sorted(file.relative_to(tmp_path) for file in pictures.rglob("*.*"))
    labels = [Path("predicted/label") / name.relative_to("pictures").with_suffix(".png") for name in names]
    (tmp_path / "val.txt").write_text("".join(f"{pair[0]} {pair[1]}\n" for pair in zip(names, labels)))
    val.main(val.make_parser().parse_args([*common, "--json", str(tmp_path / "figures.json")]))
    assert json.loads((tmp_path / "figures.json").read_text())["pixel_accuracy"] == 1


def test_a_class_that_is_ignored_is_in_no_label_map_and_in_no_output_of_a_graph(weights, pictures, tmp_path):
    content = copy.deepcopy(CONFIG)
    content["val_dataset"]["ignore_index"] = 2
    path = tmp_path / "config.yml"
    path.write_text(yaml.safe_dump(content))
    state = paddle.load(str(weights))
    state["head.bias"] = state["head.bias"] + paddle.to_tensor([0.0, 0.0, 50.0, 0.0])
    paddle.save(state, str(tmp_path / "sure_of_2.pdparams"))
    common = [path, tmp_path / "sure_of_2.pdparams"]
    for output_op in ("argmax", "none"):
        folder = export_here(*common, tmp_path / output_op, "--output_op", output_op, "--verify_images", pictures)
        infer_here(folder, pictures, tmp_path / "labels" / output_op)
        deploy = read_deploy_config(folder)
        assert deploy.ignored_class == 2
        scores = open_engine(deploy.main_graph)(np.zeros([1, 3, 40, 48], np.float32))
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
