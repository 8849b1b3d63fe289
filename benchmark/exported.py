# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The exported DDRNet-23-slim on Paddle Inference, from a normalised picture to its label map.

    python benchmark/exported.py [--json FILE] [--size 512x1024]

Rows: deploy/python/infer.py without further flags, that is, the graph of logits at 1/8 on the OpenVINO in Paddle's
wheel, and the label map made from them; the same with oneDNN (--enable_mkldnn True); and the graph under PaddleSeg's
keys, which returns class ids, with oneDNN. The reference of all is that last graph without oneDNN, all that remains of
PaddleSeg's deployment on a CPU with Paddle 3: with oneDNN its graphs crash. Other engines are measured by
benchmark/infer.py, and the toolkit's total gain by benchmark/deploy.py.
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

    from paddleseg.datasets import RoadScenes
    from paddleseg.deploy.deploy_config import read_deploy_config
    from paddleseg.deploy.engines.base import EngineOptions
    from paddleseg.deploy.segmenter import Segmenter
    from paddleseg.export.folder import export_model
    from paddleseg.models import DDRNet_23_slim

    height, width = map(int, arguments.size.split("x"))
    paddle.set_device("cpu")
    paddle.seed(1)
    scenes = RoadScenes([], mode="val", num_samples=1, size=[width, height])
    picture = scenes.sample(0, np.random.default_rng(0))["img"]
    with tempfile.TemporaryDirectory() as folder:
        network = DDRNet_23_slim(NUM_CLASSES)
        fit_statistics(network, picture)
        config = read_deploy_config(export_model(network, Path(folder), transforms=[{"type": "Normalize"}]))

        def segmenter_of(onednn: bool | None, main_graph: bool) -> Segmenter:
            options = EngineOptions("paddle", cpu_threads=arguments.threads, enable_mkldnn=onednn)
            return Segmenter(config, options, main_graph=main_graph)

        segmenters = {
            "exported": segmenter_of(None, False),
            "exported_onednn": segmenter_of(True, False),
            "exported_ids": segmenter_of(True, True),
            "plain": segmenter_of(False, True),
        }
        batch = [segmenters["plain"].prepare(picture)]
        candidates = {
            name: lambda segmenter=segmenter: segmenter.label_maps(batch)[0] for name, segmenter in segmenters.items()
        }
        expected = candidates["plain"]()
        assert len(np.unique(expected)) > 1, "the network gives a single class, which makes label maps too cheap"
        for name in list(candidates)[:-1]:
            equal = (candidates[name]() == expected).mean()
            assert equal > 0.999, f"only {equal:.2%} of the pixels agree"
        seconds = common.median_seconds(candidates, arguments.repeats or ROUNDS)
    milliseconds = {name: 1e3 * value for name, value in seconds.items()}
    lines = [
        common.compare(f"{name}_{arguments.size}", "ms", value, milliseconds["plain"])
        for name, value in milliseconds.items()
        if name != "plain"
    ]
    common.report(lines, arguments)


def fit_statistics(network, picture) -> None:
    """Fit the batch normalisation of random weights to a picture: without it, a single class is predicted everywhere.

    Args:
        network: The network; it is left in evaluation mode.
        picture: (H, W, 3) uint8.
    """
    import paddle

    x = paddle.to_tensor((picture.transpose(2, 0, 1)[None] / 127.5 - 1).astype("float32"))
    network.train()
    with paddle.no_grad():
        for _ in range(3):
            network(x)
    network.eval()


if __name__ == "__main__":
    main()
