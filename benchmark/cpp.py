# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""deploy/cpp against the same in Python: from a picture in memory to its label map, both with OpenVINO at fp32.

    python benchmark/cpp.py --program build-cpp/segment [--json FILE] [--size 1024x2048] [--repeats 3]

Both run DDRNet-23-slim's graph of logits at 1/8 on a painted street scene, in turns: a round is one run of the program
over some copies of the picture (its own medians count, without reading, decoding and writing) and as many passes in
Python: the toolkit's transforms, OpenVINO's package with inputs and outputs shared, and paddleseg.utils.label_map. The
label maps must be equal on every pixel. Rows: the whole way, and its stages.
"""

from __future__ import annotations

import argparse
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

from benchmark import common

NUM_CLASSES = 19
ROUNDS = 3
PICTURES = 5
_MEDIANS = re.compile(r"transform ([\d.]+); of a batch: fill ([\d.]+), inference ([\d.]+), postprocess ([\d.]+)")
STAGES = ("preprocess", "inference", "postprocess")


def add_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--program", required=True, help="segment, as deploy/cpp/README.md says to build it")
    parser.add_argument("--size", default="1024x2048", help="HEIGHTxWIDTH of the picture (default: %(default)s)")


class InPython:
    """The Python way, stage by stage."""

    def __init__(self, config, threads: int) -> None:
        import openvino

        core, graph = openvino.Core(), config.graphs["stride8"]
        settings = {
            "INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1,
            "PERFORMANCE_HINT": "LATENCY",
        }  # fmt: skip
        model = core.read_model(str(graph.model), str(graph.params))
        self.request = core.compile_model(model, "CPU", settings).create_infer_request()
        self.pipeline = config.build_pipeline()

    def __call__(self, picture) -> tuple:
        """The label map, and the milliseconds of each stage."""
        import numpy as np

        from paddleseg.utils.label_map import label_maps

        times = [time.perf_counter()]
        sample = {"img": picture, "path": "picture", "trans_info": []}
        sample = self.pipeline(sample, np.random.default_rng(0))
        planes = self.pipeline.apply_normalize(sample["img"]).transpose(2, 0, 1)
        batch = np.ascontiguousarray(planes)[None]
        times.append(time.perf_counter())
        results = self.request.infer([batch], share_inputs=True, share_outputs=True)
        times.append(time.perf_counter())
        [labels] = label_maps(results[0], batch.shape[2:], [sample["trans_info"]])
        times.append(time.perf_counter())
        return labels, [1e3 * (after - before) for before, after in zip(times, times[1:])]


def in_cpp(program: str, export: Path, pictures: Path, results: Path, threads: int) -> list[float]:
    """Medians in ms of the stages of one run of the program."""
    flags = {"config": export, "image_path": pictures, "save_dir": results, "cpu_threads": threads, "benchmark": True}
    command = [program, *(f"--{flag}={value}" for flag, value in flags.items())]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    transform, fill, inference, postprocess = map(float, _MEDIANS.search(output).groups())
    return [transform + fill, inference, postprocess]


def main() -> None:
    arguments = common.start(__doc__.splitlines()[0], add_flags)
    import cv2
    import numpy as np
    import paddle
    from PIL import Image

    from benchmark.exported import fit_statistics
    from paddleseg.datasets import RoadScenes
    from paddleseg.deploy.deploy_config import read_deploy_config
    from paddleseg.export.folder import export_model
    from paddleseg.models import DDRNet_23_slim

    height, width = map(int, arguments.size.split("x"))
    paddle.set_device("cpu")
    paddle.seed(1)
    scenes = RoadScenes([], mode="val", num_samples=1, size=[width, height])
    picture = scenes.sample(0, np.random.default_rng(0))["img"]
    with tempfile.TemporaryDirectory() as folder:
        export, pictures, results = (Path(folder) / name for name in ("export", "pictures", "results"))
        network = DDRNet_23_slim(NUM_CLASSES)
        fit_statistics(network, picture)
        in_python = InPython(
            read_deploy_config(export_model(network, export, transforms=[{"type": "Normalize"}])), arguments.threads
        )
        pictures.mkdir()
        cv2.imwrite(str(pictures / "0.png"), picture[:, :, ::-1])
        for i in range(1, PICTURES):
            os.link(pictures / "0.png", pictures / f"{i}.png")
        python: list[list[float]] = [[], [], []]
        cpp: list[list[float]] = [[], [], []]
        in_python(picture)  # builds the kernels
        for _ in range(arguments.repeats or ROUNDS):
            medians = in_cpp(arguments.program, export, pictures, results, arguments.threads)
            for stage, value in zip(cpp, medians):
                stage.append(value)
            for _ in range(PICTURES):
                labels, milliseconds = in_python(picture)
                for stage, value in zip(python, milliseconds):
                    stage.append(value)
        assert (np.array(Image.open(results / "0.png")) == labels).all(), "the label maps are not equal"
    ours, reference = ([statistics.median(values) for values in stages] for stages in (cpp, python))
    stages = zip((f"cpp_{name}" for name in STAGES), ours, reference)
    rows = [(f"cpp_{arguments.size}", sum(ours), sum(reference)), *stages]
    common.report([common.compare(name, "ms", value, plain) for name, value, plain in rows], arguments)


if __name__ == "__main__":
    main()
