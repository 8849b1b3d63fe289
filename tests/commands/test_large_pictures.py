# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""predict.py with pictures too large for memory, and with videos; random weights."""

import sys
from pathlib import Path

import cv2
import numpy as np
import paddle
import pytest
from PIL import Image

import predict
from paddleseg.utils.errors import ConfigError, DataError
from tests.messages import naming
from tests.needs import needs_proc
from tests.scripts import load_script

tifffile = pytest.importorskip("tifffile")


@pytest.fixture
def picture(tmp_path) -> np.ndarray:
    """Soft clouds, so that classes have borders and areas."""
    random = np.random.default_rng(0)
    return cv2.resize(random.integers(0, 256, (9, 12, 3), "uint8"), (333, 200), interpolation=cv2.INTER_CUBIC)


@pytest.fixture
def source(tiny_config, weights, build_network, picture) -> list:
    """The flags of a network with random weights that finds all classes about equally often."""
    network = build_network(tiny_config)
    network.set_state_dict(paddle.load(str(weights)))
    network.eval()
    inputs = (picture.astype("float32") / 255 - 0.5) / 0.5
    logits = network.forward_stride8(paddle.to_tensor(inputs.transpose(2, 0, 1)[np.newaxis]))[0]
    state = network.state_dict()
    state["head.conv.bias"] = state["head.conv.bias"] - logits.mean([0, 2, 3])
    paddle.save(state, str(weights))
    return ["--config", tiny_config, "--model_path", weights, "--device", "cpu"]


def run_here(*arguments) -> None:
    predict.main(predict.make_parser().parse_args([*map(str, arguments)]))


def save(path: Path, picture, **options) -> Path:
    if path.suffix == ".tif":
        tifffile.imwrite(path, picture, photometric="rgb", metadata=None, **options)
    else:
        cv2.imwrite(str(path), picture[:, :, ::-1])
    return path


def test_a_picture_that_is_one_tile_has_the_bytes_of_the_whole_prediction(source, picture, tmp_path):
    path = save(tmp_path / "a.png", picture)
    run_here(*source, "--image_path", path, "--save_dir", tmp_path / "whole")
    run_here(*source, "--image_path", path, "--save_dir", tmp_path / "tiled", "--tile", 336, 200)
    names = sorted(file.relative_to(tmp_path / "whole") for file in (tmp_path / "whole").rglob("*.png"))
    assert len(names) == 3
    assert all((tmp_path / "whole" / name).read_bytes() == (tmp_path / "tiled" / name).read_bytes() for name in names)
    run_here(
        *source, "--image_path", save(tmp_path / "b.tif", picture), "--save_dir", tmp_path / "tiled", "--tile", 512
    )
    expected = np.asarray(Image.open(tmp_path / "whole/label/a.png"))
    assert len(np.unique(expected)) > 1
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "tiled/label/b.tif")), expected)


def test_a_tiff_read_by_rows_and_a_png_read_whole_get_the_same_label_map(source, picture, tmp_path, log):
    folder = tmp_path / "pictures"
    folder.mkdir()
    scale = (33550, 12, 3, (0.5, 0.5, 0.0), True)
    save(folder / "a.png", picture)
    save(folder / "b.tif", picture, tile=(64, 64), compression="zlib", extratags=[scale])
    flags = ("--image_path", folder, "--save_dir", tmp_path / "out", "--tile", 128, "--overlap", 32)
    run_here(*source, *flags)
    png = np.asarray(Image.open(tmp_path / "out/label/a.png"))
    with Image.open(tmp_path / "out/label/b.tif") as image:
        assert image.getpalette()[3:6] == Image.open(tmp_path / "out/pseudo_color_prediction/a.png").getpalette()[3:6]
        np.testing.assert_array_equal(np.asarray(image), png)
    assert png.shape == (200, 333) and len(np.unique(png)) > 1
    with tifffile.TiffFile(tmp_path / "out/label/b.tif") as file:
        assert file.pages[0].tags[33550].value == (0.5, 0.5, 0.0)
    assert "tiles of 128x128 that overlap by 32x32 at least" in log.text and "get no overlays" in log.text
    written = {str(file.relative_to(tmp_path / "out")) for file in (tmp_path / "out").rglob("*.*") if file.is_file()}
    assert written == {
        "label/a.png", "label/b.tif", "pseudo_color_prediction/a.png", "added_prediction/a.png", "written_files.jsonl",
    }  # fmt: skip
    run_here(*source, *flags)  # its own results it replaces
    (tmp_path / "out/label/b.tif").write_bytes(b"mine")
    with pytest.raises(DataError, match=r"b\.tif"):
        run_here(*source, *flags)
    assert (tmp_path / "out/label/b.tif").read_bytes() == b"mine"


def test_of_a_damaged_tiff_nothing_is_left_and_the_others_are_predicted(source, picture, tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    path = save(folder / "a.tif", picture, rowsperstrip=16, compression="zlib")
    save(folder / "b.tif", picture)
    with tifffile.TiffFile(path) as file:
        place = file.pages[0].dataoffsets[-1]
    content = bytearray(path.read_bytes())
    content[place : place + 40] = bytes(40)
    path.write_bytes(content)
    with pytest.raises(DataError, match=naming("a.tif", "damaged")):
        run_here(*source, "--image_path", folder, "--save_dir", tmp_path / "out", "--tile", 128)
    assert [file.name for file in (tmp_path / "out/label").iterdir()] == ["b.tif"]


@pytest.mark.parametrize(
    "flags, names",
    [
        (["--overlap", 32], ("--overlap", "--tile")),
        (["--tile", 100], ("--tile", 100, 128)),
        (["--tile", 128, 128, 128], ("--tile", "128 128 128")),
        (["--tile", 128, "--is_slide", "--crop_size", 64, 64, "--stride", 32, 32], ("--tile", "--is_slide")),
        (["--tile", 128, "--aug_pred", "--flip_horizontal"], ("--tile", "--aug_pred")),
        (
            ["--tile", 128, "--opts", "val_dataset.transforms=[{type: ResizeByShort,short_size: 9},{type: Normalize}]"],
            ("--tile", "ResizeByShort"),
        ),
    ],
)  # fmt: skip
def test_what_does_not_go_with_tiles_is_refused_before_the_weights_are_read(
    tiny_config, picture, tmp_path, flags, names
):
    path = save(tmp_path / "a.png", picture)
    given = ("--config", tiny_config, "--model_path", "unread", "--image_path", path, "--save_dir", tmp_path / "out")
    with pytest.raises(ConfigError, match=naming(*names)):
        run_here(*given, *flags)


def test_frames_of_a_video_are_predicted_as_pictures_are_whole_and_by_tiles(source, picture, tmp_path):
    video = tmp_path / "video.avi"
    writer = cv2.VideoWriter(str(video), cv2.VideoWriter_fourcc(*"MJPG"), 10, (332, 200))
    for number in range(3):
        writer.write(np.ascontiguousarray(np.roll(picture[:, :332], 40 * number, axis=1)))
    writer.release()
    capture, folder = cv2.VideoCapture(str(video)), tmp_path / "frames"
    folder.mkdir()
    for number in range(3):
        cv2.imwrite(str(folder / f"{number:06}.png"), capture.read()[1])
    for name, flags in {"whole": [], "tiles": ["--tile", 128]}.items():
        run_here(*source, "--image_path", folder, "--save_dir", tmp_path / name / "pictures", *flags)
        run_here(*source, "--image_path", video, "--save_dir", tmp_path / name / "video", *flags)
        for number in range(3):
            expected = np.asarray(Image.open(tmp_path / name / f"pictures/label/{number:06}.png"))
            found = np.asarray(Image.open(tmp_path / name / f"video/label/video_labels/{number:06}.png"))
            np.testing.assert_array_equal(found, expected)
        assert (tmp_path / name / "video/added_prediction/video.mp4").is_file()


@pytest.mark.slow
def test_a_video_that_is_cut_off_ends_with_status_1_and_one_line(run_command, source, picture, tmp_path):
    video = tmp_path / "video.avi"
    writer = cv2.VideoWriter(str(video), cv2.VideoWriter_fourcc(*"MJPG"), 10, (332, 200))
    for _ in range(12):
        writer.write(picture[:, :332])
    writer.release()
    video.write_bytes(video.read_bytes()[: video.stat().st_size // 2])
    done = run_command("predict.py", *source, "--image_path", video, "--save_dir", tmp_path / "out")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith(f"predict.py: error: {video}: the video is damaged or cut off")
    assert 0 < len(list((tmp_path / "out/label/video_labels").iterdir())) < 12


def soak():
    return load_script(Path(predict.__file__).parent / "benchmark" / "soak_large_picture.py")


@needs_proc
def test_the_memory_that_the_soak_measures_is_that_of_the_command_and_not_its_own():
    own = np.ones(1 << 26)  # half a GB
    status, peak = soak().run_measured([sys.executable, "-c", "import time; kept = b'x' * (1 << 26); time.sleep(1)"])
    assert status == 0 and 1 << 26 < peak < own.nbytes // 2


@needs_proc
@pytest.mark.slow
@pytest.mark.usefixtures("run_command")  # the weights are for the command's network, which is not narrow
def test_memory_grows_little_with_the_size_of_a_tiff(tmp_path):
    """The soak of `make soak` with small sides; whole, the scores of the large picture alone would take 0.7 GB."""
    small = soak().predict_by_tiles(tmp_path, 256, 256, 32)
    large = soak().predict_by_tiles(tmp_path, 3072, 256, 32)
    assert large - small < 3072 * 3072 * 3
