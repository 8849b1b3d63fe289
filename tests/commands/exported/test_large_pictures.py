# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""deploy/python/infer.py with pictures too large for memory, and with videos; predict.py is the oracle."""

import cv2
import numpy as np
import pytest
import yaml
from PIL import Image

import predict
from paddleseg.utils.errors import ConfigError
from tests.commands.exported.running import CONFIG, export_here, infer_here, small_network_known, with_deploy_yaml
from tests.messages import naming

tifffile = pytest.importorskip("tifffile")
QUIET = ("--device", "cpu", "--print_detail", "False")


@pytest.fixture(scope="module")
def whole_config(tmp_path_factory):
    """The configuration without its Resize."""
    path = tmp_path_factory.mktemp("config") / "config.yml"
    data = {**CONFIG["val_dataset"], "transforms": [{"type": "Normalize"}]}
    path.write_text(yaml.safe_dump({**CONFIG, "val_dataset": data}))
    return path


@pytest.fixture(scope="module")
def whole_export(whole_config, weights, tmp_path_factory):
    with small_network_known():
        return export_here(whole_config, weights, tmp_path_factory.mktemp("whole") / "out", "--no_verify")


@pytest.fixture
def large(tmp_path):
    """One picture as PNG and as TIFF file."""
    clouds = cv2.resize(np.random.default_rng(1).integers(0, 256, (9, 12, 3), "uint8"), (333, 200))
    (tmp_path / "large").mkdir()
    cv2.imwrite(str(tmp_path / "large" / "a.png"), clouds[:, :, ::-1])
    tifffile.imwrite(tmp_path / "large/b.tif", clouds, photometric="rgb", metadata=None, rowsperstrip=32)
    return tmp_path / "large"


@pytest.mark.parametrize("batch_size", [1, 3])
def test_tiles_of_the_exported_network_give_what_predict_gives(
    whole_config, whole_export, weights, large, tmp_path, batch_size
):
    flags = ("--tile", 128, "--overlap", 32)
    given = ["--config", whole_config, "--model_path", weights, "--image_path", large, "--device", "cpu"]
    predict.main(predict.make_parser().parse_args([*map(str, [*given, "--save_dir", tmp_path / "a", *flags])]))
    infer_here(whole_export, large, tmp_path / "b", *flags, "--batch_size", batch_size, *QUIET)
    for name in ("a.png", "b.tif"):
        expected = np.asarray(Image.open(tmp_path / "a" / "label" / name))
        found = np.asarray(Image.open(tmp_path / "b" / name))
        assert len(np.unique(expected)) > 1
        assert found.shape == expected.shape == (200, 333)
        assert (found != expected).mean() < 1e-3


def test_a_picture_that_is_one_tile_has_the_bytes_of_the_whole(whole_export, large, tmp_path):
    infer_here(whole_export, large / "a.png", tmp_path / "a", *QUIET)
    infer_here(whole_export, large / "a.png", tmp_path / "b", "--tile", 336, *QUIET)
    assert (tmp_path / "a/a.png").read_bytes() == (tmp_path / "b/a.png").read_bytes()


def test_a_graph_of_fixed_size_takes_tiles_of_that_size(whole_config, weights, large, tmp_path, whole_export):
    fixed = export_here(whole_config, weights, tmp_path / "fixed", "--no_verify", "--input_shape", 1, 3, 128, 128)
    infer_here(fixed, large / "a.png", tmp_path / "a", "--tile", 128, "--overlap", 32, *QUIET)
    infer_here(whole_export, large / "a.png", tmp_path / "b", "--tile", 128, "--overlap", 32, *QUIET)
    found, expected = (np.asarray(Image.open(tmp_path / name / "a.png")) for name in "ab")
    # The last row and column of tiles have a few pixels less, of which the rim is repeated.
    np.testing.assert_array_equal(found[:64, :192], expected[:64, :192])
    # So are those of a picture that is smaller than a tile.
    small = cv2.imread(str(large / "a.png"))[:120, :100]
    (tmp_path / "small").mkdir()
    for name, picture in (("a", small), ("b", np.pad(small, ((0, 8), (0, 28), (0, 0)), mode="edge"))):
        cv2.imwrite(str(tmp_path / "small" / f"{name}.png"), picture)
        flags = ("--tile", 128, *QUIET) if name == "a" else QUIET
        infer_here(fixed, tmp_path / "small" / f"{name}.png", tmp_path / "small" / "out", *flags)
    found, padded = (np.asarray(Image.open(tmp_path / "small/out" / f"{name}.png")) for name in "ab")
    assert len(np.unique(found)) > 1
    np.testing.assert_array_equal(found, padded[:120, :100])
    with pytest.raises(ConfigError, match=naming("--tile", 256, 128)):
        infer_here(fixed, large / "a.png", tmp_path / "a", "--tile", 256, *QUIET)


def test_frames_of_a_video_are_predicted_as_pictures_are(whole_export, large, tmp_path):
    clouds, video = cv2.imread(str(large / "a.png"))[:, :332], tmp_path / "video.avi"
    writer = cv2.VideoWriter(str(video), cv2.VideoWriter_fourcc(*"MJPG"), 10, (332, 200))
    for number in range(3):
        writer.write(np.ascontiguousarray(np.roll(clouds, 40 * number, axis=1)))
    writer.release()
    capture, frames = cv2.VideoCapture(str(video)), tmp_path / "frames"
    frames.mkdir()
    for number in range(3):
        cv2.imwrite(str(frames / f"{number:06}.png"), capture.read()[1])
    infer_here(whole_export, frames, tmp_path / "a", *QUIET)
    infer_here(whole_export, video, tmp_path / "b", "--batch_size", 2, *QUIET)
    for number in range(3):
        expected = np.asarray(Image.open(tmp_path / "a" / f"{number:06}.png"))
        found = np.asarray(Image.open(tmp_path / "b/video_labels" / f"{number:06}.png"))
        assert (found != expected).mean() < 1e-3
    assert cv2.VideoCapture(str(tmp_path / "b/video.mp4")).get(cv2.CAP_PROP_FPS) == 10


def test_what_does_not_go_with_tiles_is_refused(exported, whole_export, large, tmp_path):
    target = tmp_path / "out"
    with pytest.raises(ConfigError, match=naming("--tile", "ResizeByShort")):
        infer_here(exported, large, target, "--tile", 128, *QUIET)
    only_ids = with_deploy_yaml(whole_export, tmp_path / "ids", graphs=None)
    with pytest.raises(ConfigError, match=naming("--tile", "deploy.yaml", "class ids")):
        infer_here(only_ids, large, target, "--tile", 128, *QUIET)
    with pytest.raises(ConfigError, match=naming("--benchmark", "--tile")):
        infer_here(whole_export, large, target, "--tile", 128, "--benchmark", "True", *QUIET)
    with pytest.raises(ConfigError, match=naming("--overlap", "--tile")):
        infer_here(whole_export, large, target, "--overlap", 16, *QUIET)
    assert not target.exists()
