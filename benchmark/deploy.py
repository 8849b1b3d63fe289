# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The gain of deployment over ways without this toolkit: ratios, all measured in one run.

    python export.py --config CONFIG --model_path WEIGHTS --save_dir output/inference_model --format all
    python deploy/slim/quant/ptq.py --config CONFIG --model_dir output/inference_model --save_dir output/inference_model
    python tools/verify_export.py --config CONFIG --model_path WEIGHTS --model_dir output/inference_model
    python benchmark/deploy.py output/inference_model --program build-cpp/segment [--size 1024x2048] [--json FILE]

Each way from a picture in memory to its label map has a separate process on one core, and every one has a turn in each
round; results are medians of the CPU time. Rows: each way, its stages and its share of the core's peak; the share of
blocks of 8 x 8 pixels with several classes, on which the tail's time depends; the ratios:

    tail_*                         the label map from logits at 1/8, as a share of the network's time, on the fastest
                                   engine of the precision
    bf16_over_ingraph, int8_...    how many times as fast as the same engine with Resize and ArgMax in its graph
    paddle_*_over_onednn           --backend paddle against --backend paddle --enable_mkldnn True
    int8_over_bf16                 on OpenVINO; the mIoU of both is that of report.json, which verify_export.py writes
    best_fp32_over_onnxruntime     the fastest engine in fp32 against ONNX Runtime with Resize and ArgMax in its graph
    cpp_over_python                deploy/cpp against Python, both with OpenVINO in bf16 (fp32, if the CPU has no bf16),
                                   by wall-clock time

The int8 graph of class ids, which no export has, is made here by the same quantiser, calibrated with drawn streets.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import os
import re
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from dataclasses import asdict
from pathlib import Path

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

from benchmark import common
from benchmark.deploy_ratios import accuracy, ratios
from benchmark.exported_process import Process, Way, graph_process, save_picture
from paddleseg.deploy.deploy_config import DeployConfig, read_deploy_config
from paddleseg.utils.cli import CommandParser, run_command
from paddleseg.utils.errors import ConfigError, UserError
from paddleseg.utils.image_io import read_image
from paddleseg.utils.json_report import add_json_flag, check_json_flag, write_json

ROUNDS, WARM_UPS, CPP_PICTURES = 11, 1, 5
PRECISIONS = ("fp32", "bf16", "int8")
STAGES = ("network", "tail", "whole")
_CPP_MEDIANS = re.compile(r"transform ([\d.]+); of a batch: fill ([\d.]+), inference ([\d.]+), postprocess ([\d.]+)")


def make_parser() -> argparse.ArgumentParser:
    parser = CommandParser(prog="benchmark/deploy.py", description=__doc__.splitlines()[0])
    parser.add_argument("folder", help="an export with --format all, and int8 graphs of ptq.py beside them")
    parser.add_argument("--program", help="deploy/cpp's segment, as its README says to build it")
    parser.add_argument("--size", default="1024x2048", help="HEIGHTxWIDTH of the picture (default: %(default)s)")
    parser.add_argument("--repeats", type=int, default=ROUNDS, help="rounds (default: %(default)s)")
    parser.add_argument("--picture", help="a file, which is resized to --size (default: a drawn street)")
    add_json_flag(parser, "the measurements")
    return parser


def ways(size_hw: tuple[int, int]) -> dict[str, Way]:
    """All ways by their names."""
    found = {}
    for backend, precision, onednn, in_graph in (
        *(("paddle", precision, onednn, False) for precision in ("fp32", "bf16") for onednn in (None, True)),
        *(("openvino", precision, None, False) for precision in PRECISIONS),
        ("openvino", "bf16", None, True),
        ("openvino", "int8", None, True),
        ("onnxruntime", "fp32", None, False),
        ("onnxruntime", "fp32", None, True),
        ("mnn", "fp32", None, False),
    ):
        way = Way(backend, precision, size_hw, enable_mkldnn=onednn, in_graph=in_graph)
        found[f"{way.engine}_{precision}{'_ingraph' if in_graph else ''}"] = way
    return found


def main(arguments: argparse.Namespace) -> None:
    check_json_flag(arguments.json)
    if arguments.repeats < 1:
        raise ConfigError(f"--repeats {arguments.repeats}: give at least 1")
    size_hw = common.parse_size(arguments.size, "--size")
    if arguments.program is not None and not os.access(arguments.program, os.X_OK):
        raise ConfigError(f"--program {arguments.program}: there is no such program; deploy/cpp/README.md builds it")
    config = read_deploy_config(arguments.folder)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        picture = None
        if arguments.picture is not None:
            picture = read_image(arguments.picture, config.input_shape[1], config.read_options)
        save_picture(size_hw, config.input_shape[1], folder / "picture.npy", picture)
        left_out: dict[str, str] = {}
        try:
            export = with_int8_class_ids(config, size_hw, folder)
        except UserError as error:
            export, left_out["openvino_int8_ingraph"] = config, str(error)
        medians = measure(export, ways(size_hw), arguments, folder, left_out)
    network_gflop = 2e-9 * macs_of(config, size_hw)
    lines = [*rows_of(medians, network_gflop), *accuracy(config.path.parent), *ratios(medians)]
    print(
        common.conditions("a process for each way, on one core, time on the core", ("onnxruntime", "openvino", "MNN"))
    )
    print(f"{arguments.size}: {network_gflop:.1f} GFLOP (multiplications and additions) of convolutions")
    for line in lines:
        print(f"{line.name:<40}{line.value:>12.3f}  {line.unit}")
    for name, reason in left_out.items():
        print(f"left out: {name}: {reason}")
    write_json(arguments.json, [asdict(line) for line in lines])


def with_int8_class_ids(config: DeployConfig, size_hw: tuple[int, int], folder: Path) -> DeployConfig:
    """The export with an int8 graph for OpenVINO that has Resize and ArgMax at its end, in another folder.

    Raises:
        UserError: The export has no suitable source graph, or NNCF is not installed.
    """
    import numpy as np

    from paddleseg.export.int8.folder import add_graphs
    from paddleseg.export.int8.quantizers import QUANTIZERS, Calibration
    from paddleseg.scenes import draw_scene
    from paddleseg.utils.cli import require_packages

    quantizer = QUANTIZERS["openvino"]
    require_packages(*quantizer.packages)
    graphs = [config.main_graph, *config.graphs.values()]
    sources = [graph for graph in graphs if (graph.gives, graph.precision) == ("argmax", "fp32")]
    sources = [graph for kind in quantizer.sources for graph in sources if graph.format == kind]
    if not sources:
        raise ConfigError(f"{config.path}: there is no OpenVINO or ONNX graph of class ids; export with --format all")
    source = sources[0]
    scenes = [draw_scene(np.random.default_rng(seed), size_hw[::-1])[0] for seed in range(2)]
    if source.input_dtype != scenes[0].dtype:
        raise ConfigError(
            f"{config.path}: {source.model.name} takes no uint8 pictures; export with --input_dtype uint8"
        )
    calibration = Calibration(lambda: (scene[None] for scene in scenes), len(scenes), (), None, {})
    quantizer.quantize(source, folder / "class_ids_int8", calibration)
    model = folder / "class_ids_int8.xml"
    graph = dataclasses.replace(
        source, model=model, params=model.with_suffix(".bin"), precision="int8", calibrated_size=size_hw
    )
    return read_deploy_config(add_graphs(config, folder / "export", {"argmax_openvino_int8": graph}))


def measure(
    config: DeployConfig,
    all_ways: dict[str, Way],
    arguments: argparse.Namespace,
    folder: Path,
    left_out: dict[str, str],
) -> dict[str, dict[str, float]]:
    """Medians of each way, of the core's peak, and of the C++ program, by their names and those of the stages."""
    import numpy as np

    seen: dict[str, list[dict[str, float]]] = defaultdict(list)
    medians: dict[str, dict[str, float]] = defaultdict(dict)
    with contextlib.ExitStack() as stack:
        processes: dict[str, Process] = {}
        for name, way in all_ways.items():
            if name in left_out:
                continue
            try:
                process = graph_process(way, config, folder / "picture.npy", folder / f"{name}.npy")
            except UserError as error:
                left_out[name] = str(error)
                continue
            processes[name] = stack.enter_context(process)
            medians[name]["cold_start"] = process.started["cold_start"]
        for precision in PRECISIONS:
            with contextlib.suppress(UserError):  # what the core lacks, all ways lack
                processes[f"peak_{precision}"] = stack.enter_context(Process("peak", {"precision": precision}))
        cpp = None
        if arguments.program is not None:
            twin = next((name for name in ("openvino_bf16", "openvino_fp32") if name in processes), None)
            if twin is None:
                raise UserError(f"--program {arguments.program}: {left_out['openvino_fp32']}")
            cpp = CppProgram(arguments.program, config, folder, all_ways[twin])
        for round_ in range(WARM_UPS + arguments.repeats):
            turns = {name: process.run() for name, process in processes.items()}
            if cpp is not None:
                turns[twin.replace("openvino", "cpp")] = cpp.run()
                walls = [processes[twin].run()["wall"] for _ in range(CPP_PICTURES)]
                turns[twin]["wall_beside_cpp"] = statistics.median(walls)
            if round_ >= WARM_UPS:
                for name, turn in turns.items():
                    seen[name].append(turn)
        if cpp is not None:
            cpp.check_equal(np.load(folder / f"{twin}.npy"))
    for name, turns in seen.items():
        medians[name] |= {key: statistics.median(turn[key] for turn in turns) for key in turns[0]}
        if name in all_ways and "onnxruntime_fp32" in seen:
            expected = np.load(folder / "onnxruntime_fp32.npy")
            medians[name]["equal"] = float((np.load(folder / f"{name}.npy") == expected).mean())
            medians["label_map"]["mixed_blocks"] = mixed_blocks(expected)
    return medians


def mixed_blocks(labels) -> float:
    """Share of the blocks of 8 x 8 pixels with more than one class, on which the time of the tail depends."""
    height, width = (side // 8 for side in labels.shape)
    blocks = labels[: 8 * height, : 8 * width].reshape(height, 8, width, 8)
    return float((blocks.min((1, 3)) != blocks.max((1, 3))).mean())


class CppProgram:
    """deploy/cpp's program on some copies of the picture, with the graph of a way."""

    def __init__(self, program: str, config: DeployConfig, folder: Path, way: Way) -> None:
        import cv2
        import numpy as np

        pictures, self._results = folder / "pictures", folder / "results"
        pictures.mkdir()
        cv2.imwrite(str(pictures / "0.png"), np.load(folder / "picture.npy")[:, :, ::-1])
        for number in range(1, CPP_PICTURES):
            os.link(pictures / "0.png", pictures / f"{number}.png")
        graph = way.graph_of(config)
        (name,) = (name for name, other in {"main": config.main_graph, **config.graphs}.items() if other == graph)
        flags = {
            "config": config.path, "image_path": pictures, "save_dir": self._results, "cpu_threads": 1, "graph": name,
            "precision": way.precision, "benchmark": True,
        }  # fmt: skip
        self._command = [program, *(f"--{flag}={value}" for flag, value in flags.items())]

    def run(self) -> dict[str, float]:
        """Medians in ms of the stages of one run, by wall-clock time, without reading, decoding and writing."""
        core = {sorted(os.sched_getaffinity(0))[0]} if hasattr(os, "sched_getaffinity") else None
        bind = None if core is None else lambda: os.sched_setaffinity(0, core)
        done = subprocess.run(self._command, capture_output=True, text=True, preexec_fn=bind)
        if done.returncode != 0:
            raise UserError(f"--program: {(done.stderr or done.stdout).strip().splitlines()[-1]}")
        transform, fill, inference, postprocess = map(float, _CPP_MEDIANS.search(done.stdout).groups())
        stages = {"preprocess": transform + fill, "network": inference, "tail": postprocess}
        return {**stages, "wall": sum(stages.values())}

    def check_equal(self, expected) -> None:
        """Check that its label map equals Python's, to the last pixel."""
        import numpy as np
        from PIL import Image

        equal = (np.array(Image.open(self._results / "0.png")) == expected).mean()
        if equal != 1:
            raise UserError(f"--program: only {equal:.4%} of its pixels are those of Python")


def macs_of(config: DeployConfig, size_hw: tuple[int, int]) -> int:
    """Multiplications with their additions of the network in one picture, counted by paddleseg.profiling.

    Raises:
        ConfigError: deploy.yaml does not name the network.
    """
    from paddleseg import models
    from paddleseg.deploy.deploy_config import read_section
    from paddleseg.profiling.cost import count_macs

    network = getattr(models, str(read_section(config.path).get("arch")), None)
    if network is None:
        raise ConfigError(f"{config.path}: it does not say which network was exported (arch); export it again")
    channels = config.input_shape[1]
    return count_macs(network(config.num_classes, in_channels=channels), *size_hw, in_channels=channels)


def rows_of(medians: dict[str, dict[str, float]], network_gflop: float) -> list[common.Measurement]:
    """A row for each figure of each way."""
    lines = []
    for precision in PRECISIONS:
        peak = medians.get(f"peak_{precision}", {}).get("gflop_per_second")
        if peak is not None:
            lines.append(common.Measurement(f"peak_{precision}", "GFLOP/s", peak))
    for name, values in medians.items():
        units = {
            **dict.fromkeys((*STAGES, "wall", "wall_beside_cpp"), "ms"), "cold_start": "s", "peak_memory": "MB",
            "equal": "share", "mixed_blocks": "share",
        }  # fmt: skip
        lines += [
            common.Measurement(f"{name}_{key}", unit, values[key]) for key, unit in units.items() if key in values
        ]
        peak = medians.get(f"peak_{name.split('_')[1]}", {}).get("gflop_per_second")
        if "whole" in values and peak is not None:
            share = network_gflop / (1e-3 * values["network"]) / peak
            lines.append(common.Measurement(f"{name}_of_peak", "share", share))
    return lines


if __name__ == "__main__":
    run_command(main, make_parser())
