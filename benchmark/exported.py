# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The exported DDRNet-23-slim on Paddle Inference, from a normalised picture to its label map.

    python benchmark/exported.py [--json FILE] [--size 512x1024]

The reference is the same graph without oneDNN, which is what remains of PaddleSeg's deployment on a CPU with
Paddle 3: with oneDNN its graphs crash.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

from benchmark import common

NUM_CLASSES = 19
ROUNDS = 7


def add_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--size", default="512x1024", help="HEIGHTxWIDTH of the picture (default: %(default)s)")


def main() -> None:
    arguments = common.start(__doc__.splitlines()[0], add_flags)
    import numpy as np
    import paddle

    from paddleseg.deploy.deploy_config import read_deploy_config
    from paddleseg.deploy.engine import Engine, EngineOptions
    from paddleseg.export.folder import export_model
    from paddleseg.models import DDRNet_23_slim

    height, width = map(int, arguments.size.split("x"))
    paddle.set_device("cpu")
    paddle.seed(1)
    picture = np.random.default_rng(0).standard_normal((1, 3, height, width), np.float32)
    with tempfile.TemporaryDirectory() as folder:
        deploy_file = export_model(DDRNet_23_slim(NUM_CLASSES), Path(folder), transforms=[{"type": "Normalize"}])
        config = read_deploy_config(deploy_file)
        ours, plain = (
            Engine(
                config.model,
                config.params,
                EngineOptions(cpu_threads=arguments.threads, enable_mkldnn=onednn),
                config.input_shape,
            )
            for onednn in (True, False)
        )
        equal = (ours(picture) == plain(picture)).mean()
        assert equal > 0.999, f"only {equal:.2%} of the pixels agree"
        seconds = common.median_seconds(
            {"ours": lambda: ours(picture), "plain": lambda: plain(picture)}, arguments.repeats or ROUNDS
        )
    line = common.compare(f"exported_{arguments.size}", "ms", 1e3 * seconds["ours"], 1e3 * seconds["plain"])
    common.report([line], arguments)


if __name__ == "__main__":
    main()
