# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Videos: frames go through the network batch by batch, so that a video of any length takes the memory of one batch.

The label maps are a folder of numbered palette PNG files, not a video: they are lossless and known to every program,
frame 4711 can be opened without decoding those before it, and a damaged file costs one frame. Video codecs keep neither
palettes nor, except for a few rarely supported formats, the numbers themselves.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from paddleseg.utils import visualize
from paddleseg.utils.errors import ConfigError, DataError, UserError
from paddleseg.utils.image_headers import StoredFormat
from paddleseg.utils.image_io import READ_DEFAULTS, ReadOptions
from paddleseg.utils.logging import get_logger, log_outcome
from paddleseg.utils.progress import Progress
from paddleseg.utils.value_range import scale_values
from paddleseg.utils.written_files import WrittenFiles

VIDEO_SUFFIXES = (".mp4", ".m4v", ".mov", ".avi", ".mkv", ".webm", ".mpg", ".mpeg", ".wmv")
_STATE_THEIR_FRAMES = (".mp4", ".m4v", ".mov", ".avi")
"""Whose headers have the number of frames; of others it is estimated from duration and rate, and may be off by one."""
_CODEC = "mp4v"  # supported by every build of OpenCV
_DIGITS = 6
_FRAMES_PER_SECOND = 25.0
# FFmpeg's reports on a damaged video are replaced by one of ours.
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")


class VideoPaths(NamedTuple):
    """The files written for a video.

    Attributes:
        labels: Folder of the label maps, ``000000.png`` and so on.
        overlay: The video under the colours.
    """

    labels: Path
    overlay: Path

    @classmethod
    def of(cls, video: str, label_folder: Path, overlay_folder: Path) -> VideoPaths:
        """``NAME_labels`` in one folder, ``NAME.mp4`` in the other."""
        name = Path(video).stem
        return cls(label_folder / f"{name}_labels", overlay_folder / f"{name}.mp4")


def is_video(path: str | os.PathLike[str]) -> bool:
    """Whether a path is a video's, by its suffix."""
    return os.path.isfile(path) and os.fspath(path).lower().endswith(VIDEO_SUFFIXES)


class Video:
    """A video, read from its beginning.

    Args:
        path: The file.
        options: Whether frames are turned upright as the video says, and the range of their values.

    Attributes:
        num_frames: Frames by its header; None if it gives none.
        frames_per_second: By its header; 25 if it gives none.

    Raises:
        DataError: It cannot be opened.
    """

    def __init__(self, path: str, options: ReadOptions = READ_DEFAULTS) -> None:
        self.path, self._options = path, options
        self._capture = cv2.VideoCapture(path)
        if not self._capture.isOpened():
            raise DataError(
                f"{path}: the video is damaged, cut off, or of a kind that OpenCV does not read; replace it"
            )
        self._capture.set(cv2.CAP_PROP_ORIENTATION_AUTO, 1.0 if options.apply_exif else 0.0)
        count = int(self._capture.get(cv2.CAP_PROP_FRAME_COUNT))
        self.num_frames = count if count > 0 else None
        rate = self._capture.get(cv2.CAP_PROP_FPS)
        self.frames_per_second = rate if np.isfinite(rate) and 0 < rate <= 1000 else _FRAMES_PER_SECOND
        if self.frames_per_second != rate:
            get_logger().warning("%s: states no frame rate; taken as %g", path, _FRAMES_PER_SECOND)

    def frames(self) -> Iterator[np.ndarray]:
        """The frames (H, W, 3) RGB uint8, until the video ends or one cannot be decoded."""
        while True:
            was_read, frame = self._capture.read()
            if not was_read or frame is None:
                return
            yield cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)

    def check_end(self, num_read: int) -> None:
        """Raise DataError if fewer frames could be read than the header says."""
        if num_read == 0:
            raise DataError(f"{self.path}: no frame of the video can be read; replace it")
        tolerance = 0 if self.path.lower().endswith(_STATE_THEIR_FRAMES) else 1
        if self.num_frames is not None and num_read < self.num_frames - tolerance:
            raise DataError(
                f"{self.path}: the video is damaged or cut off: {num_read} of the {self.num_frames} frames that its "
                "header says could be read; their results are kept"
            )

    def close(self) -> None:
        """Close the file."""
        self._capture.release()


def segment_video(
    video: Video,
    label_maps_of: Callable[[Sequence[np.ndarray]], Sequence[np.ndarray]],
    paths: VideoPaths,
    written: WrittenFiles,
    palette: visualize.Palette,
    *,
    channels: int = 3,
    read_options: ReadOptions = READ_DEFAULTS,
    batch_size: int = 1,
    progress: bool = True,
) -> int:
    """Predict the label map of each frame, and write them and a video of overlays.

    Args:
        video: The video, read frame by frame.
        label_maps_of: From frames (H, W, 3), in the form of read pictures, to their label maps (H, W).
        paths: Where the results go.
        written: The index of the folder of the results.
        palette: Colours of the classes.
        channels: Channels that the network takes.
        read_options: How values are read.
        batch_size: Most frames in a call of ``label_maps_of``.
        progress: Whether to show a bar where the output is a terminal.

    Returns:
        The number of frames.

    Raises:
        ConfigError: The network does not take RGB pictures.
        DataError: A result would replace a file that no prediction wrote; or fewer frames could be read than there
            should be, raised at the end, with the results kept.
    """
    if channels != 3:
        raise ConfigError(f"{video.path}: a video has 3 channels, and the network takes {channels}")
    _refuse_foreign(video.path, paths, written)
    paths.overlay.parent.mkdir(parents=True, exist_ok=True)
    unfinished = paths.overlay.with_name(f".{paths.overlay.stem}.{secrets.token_hex(4)}{paths.overlay.suffix}")
    overlays, count = _OverlayVideo(unfinished, video.frames_per_second), 0
    try:
        with Progress(os.path.basename(video.path), video.num_frames, "frame", shown=progress) as bar:
            for frames in _batches(video.frames(), batch_size):
                pictures = [
                    scale_values(frame, read_options.value_range, video.path, StoredFormat(3)) for frame in frames
                ]
                for frame, labels in zip(frames, label_maps_of(pictures)):
                    image = visualize.palette_image(labels, palette)
                    written.write(paths.labels / f"{count:0{_DIGITS}}.png", visualize.encode_image(image))
                    overlays.add(visualize.overlay(frame, labels, palette))
                    count += 1
                bar.update(len(frames))
        overlays.close()
        if count:
            written.adopt(unfinished, paths.overlay)
    finally:
        overlays.close()
        unfinished.unlink(missing_ok=True)
    if count:
        _remove_later_frames(paths.labels, count, written)
    log_outcome("%s: %d frames, label maps in %s, overlays in %s", video.path, count, *paths)
    video.check_end(count)
    return count


class _OverlayVideo:
    """A video file, created with its first frame."""

    def __init__(self, path: Path, frames_per_second: float) -> None:
        self._path, self._frames_per_second = path, frames_per_second
        self._writer: cv2.VideoWriter | None = None

    def add(self, frame: np.ndarray) -> None:
        """Add a frame (H, W, 3) RGB uint8; odd sides are made even by repeating the last row or column."""
        height, width = frame.shape[:2]
        frame = np.pad(frame[:, :, ::-1], ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
        if self._writer is None:
            codec, size_wh = cv2.VideoWriter_fourcc(*_CODEC), frame.shape[1::-1]
            self._writer = cv2.VideoWriter(str(self._path), codec, self._frames_per_second, size_wh)
            if not self._writer.isOpened():
                raise UserError(
                    f"{self._path}: cannot be written: the folder is not writable, or OpenCV has no {_CODEC}"
                )
        self._writer.write(np.ascontiguousarray(frame))

    def close(self) -> None:
        """Finish the file."""
        if self._writer is not None:
            self._writer.release()


def _batches(frames: Iterator[np.ndarray], batch_size: int) -> Iterator[list[np.ndarray]]:
    batch: list[np.ndarray] = []
    for frame in frames:
        batch.append(frame)
        if len(batch) == batch_size:
            yield batch
            batch = []
    if batch:
        yield batch


def _refuse_foreign(video: str, paths: VideoPaths, written: WrittenFiles) -> None:
    if os.path.realpath(paths.overlay) == os.path.realpath(video):
        raise DataError(f"{video}: its video of overlays would be written there too; save in another folder")
    files = sorted(paths.labels.iterdir()) if paths.labels.is_dir() else [paths.labels]
    written.refuse_foreign([*files, paths.overlay])


def _remove_later_frames(folder: Path, count: int, written: WrittenFiles) -> None:
    """Delete later frames of an earlier run, which would be taken for this one's."""
    later = [file for file in folder.glob("*.png") if file.stem.isdigit() and int(file.stem) >= count]
    later = [file for file in later if written.has(file)]
    for file in later:
        file.unlink()
    if later:
        get_logger().info("%s: %d label maps of an earlier, longer video deleted", folder, len(later))
