# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Predict a TIFF file of 20,000 x 20,000 pixels by tiles, and fail if that takes more than 1.5 GB of memory.

    python benchmark/soak_large_picture.py [--side 20000] [--tile 1024] [--overlap 128] [--limit_gb 1.5]

It runs predict.py with DDRNet-23-slim and random weights on the CPU; five minutes on one core. It measures the peak of
the resident memory, including Paddle and all libraries. The label map is checked for its size, and for several classes
in its first and last rows.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import numpy as np

from paddleseg.utils.cli import CommandParser, require_packages, run_command
from paddleseg.utils.errors import DataError

CONFIG = ROOT / "configs/quick_start/ddrnet23_slim_roadscenes.yml"
_ROWS_AT_ONCE = 256
_LOOK_SECONDS = 0.2


def make_parser() -> argparse.ArgumentParser:
    parser = CommandParser(prog="soak_large_picture.py", description=__doc__.splitlines()[0])
    parser.add_argument("--side", type=int, default=20000, help="pixels of each side (default: %(default)s)")
    parser.add_argument("--tile", type=int, default=1024, help="as of predict.py (default: %(default)s)")
    parser.add_argument("--overlap", type=int, default=128, help="as of predict.py (default: %(default)s)")
    parser.add_argument("--limit_gb", type=float, default=1.5, help="most memory, 10^9 bytes (default: %(default)s)")
    parser.add_argument("--folder", help="where the files go for the time being (default: a temporary folder)")
    return parser


def write_picture(path: Path, side: int) -> None:
    """Write an uncompressed RGB TIFF file of coarse noise, some rows at a time."""
    import cv2
    import tifffile

    random = np.random.default_rng(0)
    picture = tifffile.memmap(path, shape=(side, side, 3), dtype=np.uint8, photometric="rgb")
    for top in range(0, side, _ROWS_AT_ONCE):
        rows = min(_ROWS_AT_ONCE, side - top)
        clouds = random.integers(0, 256, (max(2, rows // 32), max(2, side // 32), 3), np.uint8)
        picture[top : top + rows] = cv2.resize(clouds, (side, rows))
        picture.flush()


def write_weights(path: Path) -> None:
    """Write random weights of the configuration's network, whose batch-norm statistics fit such pictures."""
    import paddle

    from paddleseg.models import DDRNet_23_slim

    paddle.seed(2)
    model = DDRNet_23_slim(num_classes=19)
    random = np.random.default_rng(0)
    for _ in range(3):
        model(paddle.to_tensor(random.uniform(-1, 1, (2, 3, 128, 128)).astype("float32")))
    paddle.save(model.state_dict(), str(path))


def run_measured(command: Sequence[str]) -> tuple[int, float]:
    """Run a command; its exit status and the peak of its resident memory in bytes (Linux).

    ``wait4`` would give more: its figure starts with this process's memory, which includes the picture.
    """
    process, peak = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL), 0
    while process.poll() is None:
        peak = max(peak, peak_memory(process.pid))
        time.sleep(_LOOK_SECONDS)
    return process.returncode, peak


def peak_memory(pid: int) -> int:
    """The largest resident memory that a process has had so far, in bytes; 0 if it has ended."""
    found = re.search(r"^VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(), flags=re.MULTILINE)
    return int(found[1]) * 1024 if found else 0


def predict_by_tiles(folder: Path, side: int, tile: int, overlap: int) -> float:
    """Create the files in a folder if needed, and predict; return the peak of memory in bytes."""
    picture, weights = folder / f"picture_{side}.tif", folder / "random.pdparams"
    if not picture.exists():
        write_picture(picture, side)
    if not weights.exists():
        write_weights(weights)
    status, peak = run_measured(
        [
            sys.executable, "predict.py", "--config", str(CONFIG), "--model_path", str(weights), "--image_path",
            str(picture), "--save_dir", str(folder / "result"), "--tile", str(tile), "--overlap", str(overlap),
            "--device", "cpu",
        ]
    )  # fmt: skip
    if status != 0:
        raise DataError(f"predict.py: status {status}")
    check_label_map(folder / "result" / "label" / picture.name, side)
    return peak


def check_label_map(path: Path, side: int) -> None:
    """Raise DataError if the label map does not have the picture's size, or has only one class."""
    import tifffile

    with tifffile.TiffFile(path) as file:
        page = file.pages[0]
        if page.shape != (side, side):
            raise DataError(f"{path}: {page.shape}, but the picture has {side}x{side} pixels")
        first, last = (
            page.decode(read_segment(file, page, number), number)[0] for number in (0, -1 % len(page.dataoffsets))
        )
    if len(np.unique(first)) < 2 or len(np.unique(last)) < 2:
        raise DataError(f"{path}: rows of a single class")


def read_segment(file, page, number: int) -> bytes:
    file.filehandle.seek(page.dataoffsets[number])
    return file.filehandle.read(page.databytecounts[number])


def main(arguments: argparse.Namespace) -> None:
    require_packages("paddle", "cv2")
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        begin = time.perf_counter()
        peak = predict_by_tiles(Path(folder), arguments.side, arguments.tile, arguments.overlap)
        seconds = time.perf_counter() - begin
    sides = f"{arguments.side} x {arguments.side}"
    print(f"{sides} pixels by tiles of {arguments.tile}: peak of memory {peak / 1e9:.2f} GB, {seconds:.0f} s")
    if peak > arguments.limit_gb * 1e9:
        raise DataError(f"peak of memory {peak / 1e9:.2f} GB, above --limit_gb {arguments.limit_gb}")


if __name__ == "__main__":
    run_command(main, make_parser())
