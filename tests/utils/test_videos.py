# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Videos, with a network whose class is a frame's brightness."""

import subprocess
import sys
import textwrap

import cv2
import numpy as np
import pytest
from PIL import Image

from paddleseg.utils.errors import ConfigError, DataError
from paddleseg.utils.image_io import ReadOptions
from paddleseg.utils.videos import Video, VideoPaths, is_video, segment_video
from paddleseg.utils.visualize import default_palette
from paddleseg.utils.written_files import WrittenFiles
from tests.messages import naming
from tests.needs import needs_proc

KINDS = {"video.mp4": "mp4v", "video.avi": "MJPG"}


def make_video(path, num_frames=12, size_wh=(64, 48), rate=12.5):
    """Frame i is grey of 20 * i; the left half is dark."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*KINDS.get(path.name, "MJPG")), rate, size_wh)
    assert writer.isOpened()
    for number in range(num_frames):
        frame = np.full((size_wh[1], size_wh[0], 3), 20 * (number % 12), np.uint8)
        frame[:, : size_wh[0] // 2] = 0
        writer.write(frame)
    writer.release()
    return path


def label_maps_of(frames):
    return [np.rint(frame.mean(axis=2) / 20).astype(np.uint8) for frame in frames]


def segment(video, save_dir, labels=label_maps_of, **options):
    paths = VideoPaths.of(str(video), save_dir, save_dir)
    video = Video(str(video))
    try:
        return segment_video(video, labels, paths, WrittenFiles(save_dir), default_palette(), **options)
    finally:
        video.close()


def labels_in(folder):
    return [np.asarray(Image.open(file)) for file in sorted(folder.iterdir())]


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("batch_size", [1, 5])
def test_each_frame_has_a_label_map_and_the_overlays_are_a_video_of_the_same_rate(tmp_path, name, batch_size):
    assert segment(make_video(tmp_path / name, rate=29.97), tmp_path / "out", batch_size=batch_size) == 12
    labels = labels_in(tmp_path / "out" / "video_labels")
    assert [int(np.median(one[:, 40:])) for one in labels] == list(range(12))
    assert Image.open(tmp_path / "out/video_labels/000004.png").getpalette()[:3] == default_palette()[0].tolist()
    overlays = Video(str(tmp_path / "out" / "video.mp4"))
    assert overlays.num_frames == 12 and abs(overlays.frames_per_second - 29.97) < 0.01
    # Class 0 of frame 0 is under PaddleSeg's first colour, 40 per cent of it.
    first = next(overlays.frames())
    assert np.abs(first.reshape(-1, 3).mean(axis=0) - 0.4 * default_palette()[0]).max() < 12


def test_frames_are_turned_to_rgb(tmp_path):
    writer = cv2.VideoWriter(str(tmp_path / "red.avi"), cv2.VideoWriter_fourcc(*"MJPG"), 5, (64, 48))
    writer.write(np.full((48, 64, 3), (0, 0, 250), np.uint8))  # OpenCV's order
    writer.release()
    frame = next(Video(str(tmp_path / "red.avi")).frames())
    assert frame[..., 0].min() > 200 and frame[..., 2].max() < 60


def test_odd_sides_lose_nothing(tmp_path):
    frames = [np.zeros((33, 35, 3), np.uint8)] * 3

    class Odd(Video):
        """As some decoders give them."""

        def frames(self):
            yield from frames

    video = make_video(tmp_path / "video.avi", 3)
    video, paths = Odd(str(video)), VideoPaths.of(str(video), tmp_path / "out", tmp_path / "out")
    segment_video(video, label_maps_of, paths, WrittenFiles(tmp_path / "out"), default_palette())
    assert {one.shape for one in labels_in(paths.labels)} == {(33, 35)}
    assert next(Video(str(paths.overlay)).frames()).shape == (34, 36, 3)


def test_of_a_video_that_is_cut_off_what_could_be_read_is_kept_and_said(tmp_path):
    video = make_video(tmp_path / "video.avi", 60, (320, 240))
    video.write_bytes(video.read_bytes()[: video.stat().st_size * 6 // 10])
    with pytest.raises(DataError, match=naming("video.avi", 60, "kept")) as caught:
        segment(video, tmp_path / "out")
    labels = labels_in(tmp_path / "out" / "video_labels")
    assert 0 < len(labels) < 60 and f" {len(labels)} of " in str(caught.value)
    found = [int(np.median(one[:, 200:])) for one in labels]
    assert found[:-1] == [number % 12 for number in range(len(labels) - 1)]  # of the last one a part may lack
    assert sum(1 for _ in Video(str(tmp_path / "out" / "video.mp4")).frames()) == len(labels)


@pytest.mark.parametrize("content", [b"", b"no video", bytes(5000)])
def test_what_is_no_video_is_one_line(tmp_path, content):
    (tmp_path / "video.mp4").write_bytes(content)
    with pytest.raises(DataError, match=r"video\.mp4"):
        segment(tmp_path / "video.mp4", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_results_of_others_and_the_video_itself_are_not_replaced(tmp_path):
    video = make_video(tmp_path / "video.mp4")
    with pytest.raises(DataError, match=r"video\.mp4"):
        segment(video, tmp_path)
    for file in ("out/video.mp4", "out/video_labels/000003.png", "out/video_labels/notes.txt"):
        path = tmp_path / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"mine")
        with pytest.raises(DataError, match=path.name):
            segment(video, tmp_path / "out")
        assert path.read_bytes() == b"mine"
        path.unlink()
    segment(video, tmp_path / "out")


def test_a_shorter_video_takes_away_the_frames_of_the_longer_one_before_it(tmp_path):
    segment(make_video(tmp_path / "video.avi", 12), tmp_path / "out")
    segment(make_video(tmp_path / "video.avi", 5), tmp_path / "out")
    assert len(labels_in(tmp_path / "out" / "video_labels")) == 5
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "video.mp4",
        "video_labels",
        "written_files.jsonl",
    ]


def test_an_interruption_leaves_no_half_video(tmp_path):
    calls = []

    def interrupted(frames):
        calls.append(len(frames))
        if len(calls) == 4:
            raise KeyboardInterrupt
        return label_maps_of(frames)

    with pytest.raises(KeyboardInterrupt):
        segment(make_video(tmp_path / "video.avi"), tmp_path / "out", interrupted)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["video_labels", "written_files.jsonl"]
    assert len(labels_in(tmp_path / "out" / "video_labels")) == 3


def test_values_are_in_the_range_that_was_asked_for(tmp_path):
    seen = []

    def look(frames):
        seen.extend(frames)
        return label_maps_of(frames)

    segment(
        make_video(tmp_path / "video.avi", 2), tmp_path / "out", look, read_options=ReadOptions(value_range=(0, 510))
    )
    assert seen[1].dtype == np.float32 and abs(np.median(seen[1][:, 40:]) - 10) < 2


def test_a_network_of_other_channels_is_refused(tmp_path):
    with pytest.raises(ConfigError, match=naming("video.avi", 3, 4)):
        segment(make_video(tmp_path / "video.avi", 2), tmp_path / "out", channels=4)


def test_videos_are_known_by_their_suffix(tmp_path):
    (tmp_path / "folder.mp4").mkdir()
    (tmp_path / "a.MP4").touch()
    (tmp_path / "a.png").touch()
    assert is_video(tmp_path / "a.MP4")
    assert not is_video(tmp_path / "folder.mp4") and not is_video(tmp_path / "a.png") and not is_video("missing.mp4")


@needs_proc
@pytest.mark.slow
def test_memory_does_not_grow_with_the_length_of_a_video(tmp_path):
    video = make_video(tmp_path / "video.avi", 300, (320, 240))
    program = f"""
        from pathlib import Path
        import numpy as np
        from paddleseg.utils.videos import Video, VideoPaths, segment_video
        from paddleseg.utils.visualize import default_palette
        from paddleseg.utils.written_files import WrittenFiles
        out, held = Path({str(tmp_path / "out")!r}), []
        def label_maps_of(frames):
            held.append(int(Path("/proc/self/statm").read_text().split()[1]))
            return [frame[:, :, 0] // 20 for frame in frames]
        paths = VideoPaths.of({str(video)!r}, out, out)
        segment_video(Video({str(video)!r}), label_maps_of, paths, WrittenFiles(out), default_palette(), progress=False)
        print(len(held), (max(held[250:]) - max(held[:60])) * 4096)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, check=True)
    frames, growth = map(int, done.stdout.split()[-2:])
    assert frames == 300
    assert growth < 20 * 320 * 240 * 3  # 240 more frames
