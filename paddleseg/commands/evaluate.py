# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Score an exported network on labelled pictures as it will run: with this engine, in this precision, on this machine.

Prints what val.py prints, and a line for a table: device, crop size, schedule, pictures per second, score.

For a machine that is not at hand, --dump_inputs DIR writes the network's inputs, and --score_outputs DIR scores the
outputs that it gave there.
"""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from paddleseg.deploy.engine_flags import add_engine_arguments, check_engine_arguments, open_by_flags
from paddleseg.utils.cli import CommandParser, require_packages
from paddleseg.utils.json_report import add_json_flag, check_json_flag, write_json

if TYPE_CHECKING:
    from paddleseg.config.labelled_data import LabelledData
    from paddleseg.deploy.classifier import Classifier
    from paddleseg.deploy.deploy_config import DeployConfig
    from paddleseg.deploy.segmenter import Segmenter
    from paddleseg.export.evaluation import Evaluation

_DUMP_FORMATS = ("npy", "raw")
# Flags for where the graph runs: without effect if it does not run here. Then batch_size is one of them.
_ENGINE_FLAGS = (
    "batch_size", "device", "backend", "use_trt", "precision", "min_subgraph_size", "enable_auto_tune",
    "auto_tuned_shape_file", "cpu_threads", "enable_mkldnn", "with_argmax",
)  # fmt: skip


def make_parser() -> argparse.ArgumentParser:
    """The command line; the engine's flags are those of infer.py."""
    parser = CommandParser(prog="evaluate.py", description=__doc__)
    add = parser.add_argument
    add("--config", required=True, help="the deploy.yaml that export.py wrote")
    add(
        "--data",
        required=True,
        metavar="FILE",
        help="a configuration (.yml) whose val_dataset is used, or a file that holds only such a section: 'type' and "
        "arguments. Transforms are those of deploy.yaml",
    )
    add("--opts", nargs="+", action="extend", metavar="KEY=VALUE", help="replace values of --data")
    add("--batch_size", type=int, default=1, help="maximum number of pictures per batch (default: 1)")
    add_engine_arguments(parser)
    add(
        "--dump_inputs",
        metavar="DIR",
        help="do not run the network, but write its input for each picture and an index.json to this folder",
    )
    add("--dump_format", choices=_DUMP_FORMATS, help="npy, or raw: only the numbers, in .bin files (default: npy)")
    add(
        "--score_outputs",
        metavar="DIR",
        help="do not run the network, but score the outputs of another machine for these inputs, in files of the same "
        "names (.npy, or .bin with raw numbers)",
    )
    add(
        "--graph",
        metavar="NAME",
        help="for --dump_inputs and --score_outputs: the graph that the other machine runs: its name under graphs in "
        "deploy.yaml, or main (default: preferably an ONNX model with float32 input and logits at 1/8)",
    )
    add_json_flag(parser, "all figures and the confusion matrix")
    return parser


def main(arguments: argparse.Namespace) -> None:
    """Score the export, or write the inputs for another machine."""
    check_arguments(arguments)
    require_packages("cv2")

    from paddleseg.config.labelled_data import read_labelled_data
    from paddleseg.deploy.deploy_config import read_deploy_config
    from paddleseg.export.evaluation import evaluate_exported

    config = read_deploy_config(arguments.config)
    refuse_argmax_of_classes(config, arguments)
    data = read_labelled_data(arguments.data, config, arguments.opts)
    if arguments.dump_inputs is not None:
        dump_inputs(config, data, arguments)
        return
    if arguments.score_outputs is not None:
        graph = open_elsewhere(config, data, arguments)
    else:
        graph = open_by_flags(config, arguments, picture_files(data.dataset))
    evaluation = evaluate_exported(graph, data.dataset, arguments.batch_size)
    say(evaluation)
    row = table_row(graph, data, evaluation)
    print(f"| {' | '.join(row)} |\n|{'-|' * len(row)}\n| {' | '.join(row.values())} |")
    if arguments.json is not None:
        write_json(arguments.json, figures(graph, evaluation, row))


def check_arguments(arguments: argparse.Namespace) -> None:
    """Refuse values that no run can use, and flags that would be ignored, before anything is loaded."""
    from paddleseg.utils.errors import ConfigError

    check_engine_arguments(arguments)
    check_json_flag(arguments.json)
    if arguments.dump_format is not None and arguments.dump_inputs is None:
        raise ConfigError(f"--dump_format {arguments.dump_format}: only for --dump_inputs; give that, or leave it out")
    elsewhere = [name for name in ("dump_inputs", "score_outputs") if getattr(arguments, name) is not None]
    if len(elsewhere) == 2:
        raise ConfigError("--dump_inputs and --score_outputs exclude each other; the network runs between them")
    if arguments.graph is not None and not elsewhere:
        raise ConfigError(
            f"--graph {arguments.graph}: only for --dump_inputs and --score_outputs; --backend and --precision choose "
            "what runs here"
        )
    parser = make_parser()
    for name in _ENGINE_FLAGS if elsewhere else ():
        if getattr(arguments, name) != parser.get_default(name):
            raise ConfigError(
                f"--{name} {getattr(arguments, name)}: nothing runs here with --{elsewhere[0]}; leave it out"
            )
    if arguments.dump_inputs is not None and arguments.json is not None:
        raise ConfigError(f"--json {arguments.json}: with --dump_inputs there are no figures; leave it out")


def refuse_argmax_of_classes(config: DeployConfig, arguments: argparse.Namespace) -> None:
    """Refuse a flag that is only for label maps."""
    from paddleseg.deploy.deploy_config import CLASSIFICATION
    from paddleseg.utils.errors import ConfigError

    if config.task == CLASSIFICATION and arguments.with_argmax:
        raise ConfigError("--with_argmax: only for label maps, and the export is a classifier; leave it out")


def picture_files(dataset) -> list[str]:
    """The files of a data set's pictures, for ``--enable_auto_tune``."""
    from paddleseg.export.evaluation import picture_file

    files = (picture_file(dataset, index) for index in range(len(dataset)))
    return [file for file in files if file is not None]


def say(evaluation: Evaluation) -> None:
    """Log the scores, like val.py."""
    from paddleseg.utils.logging import log_outcome

    for line in evaluation.report:
        log_outcome(line)


def table_row(graph: Segmenter | Classifier, data: LabelledData, evaluation: Evaluation) -> dict[str, str]:
    """The columns of the line for a table; ``-`` if unknown."""
    from paddleseg.deploy.elsewhere import Elsewhere

    options, is_here = graph.engine.options, not isinstance(graph.engine, Elsewhere)
    sizes = evaluation.sizes_hw
    score, value = evaluation.score
    device = f"cpu, {options.cpu_threads} thread(s)" if options.device == "cpu" else options.device
    return {
        "graph": graph.graph.model.name,
        "engine": graph.engine.about,
        "precision": options.precision if is_here else graph.graph.precision,
        "device": device if is_here else "-",
        "crop": data.crop or "-",
        "schedule": data.schedule or "-",
        "size": "{1}x{0}".format(*sizes[0]) if len(sizes) == 1 else f"{len(sizes)} sizes",
        "FPS": f"{evaluation.pictures_per_second:.1f}" if is_here else "-",
        score: f"{100 * value:.2f} %",
    }


def figures(graph: Segmenter | Classifier, evaluation: Evaluation, row: dict[str, str]) -> dict:
    """The content for ``--json``."""
    from paddleseg.deploy.elsewhere import Elsewhere

    is_here = not isinstance(graph.engine, Elsewhere)
    return {
        "config": str(graph.config.path),
        **{name: row[name] for name in ("graph", "engine", "precision", "device", "crop", "schedule")},
        "milliseconds": evaluation.milliseconds if is_here else None,
        "sizes_hw": evaluation.sizes_hw,
        **evaluation.result.to_dict(),
    }


def dump_inputs(config: DeployConfig, data: LabelledData, arguments: argparse.Namespace) -> None:
    """Write the network's inputs."""
    from paddleseg.deploy.elsewhere import NPY, Elsewhere, InputDump, graph_for_elsewhere, names_of
    from paddleseg.export.evaluation import network_inputs
    from paddleseg.utils.logging import log_outcome
    from paddleseg.utils.progress import tracked

    spec = graph_for_elsewhere(config, arguments.graph)
    graph = open_with(config, Elsewhere(spec))
    names = names_of(picture_names(data.dataset))
    dump = InputDump(arguments.dump_inputs, spec, names, arguments.dump_format or NPY)
    inputs = zip(names, network_inputs(graph, data.dataset))
    for name, item in tracked(inputs, "writing inputs", total=len(names)):
        dump.add(name, item)
    dump.finish()
    log_outcome("%s: inputs of %d pictures saved in %s", spec.model.name, len(names), arguments.dump_inputs)


def open_elsewhere(config: DeployConfig, data: LabelledData, arguments: argparse.Namespace) -> Segmenter | Classifier:
    """The graph whose outputs another machine computed."""
    from paddleseg.deploy.elsewhere import Elsewhere, graph_for_elsewhere, names_of

    names = names_of(picture_names(data.dataset))
    spec = graph_for_elsewhere(config, arguments.graph)
    return open_with(config, Elsewhere(spec, names, Path(arguments.score_outputs), config))


def open_with(config: DeployConfig, engine) -> Segmenter | Classifier:
    """The export with one graph, that of an engine."""
    from paddleseg.deploy.classifier import Classifier
    from paddleseg.deploy.deploy_config import CLASSIFICATION
    from paddleseg.deploy.segmenter import Segmenter

    alone = dataclasses.replace(config, main_graph=engine.graph, graphs={})
    return (Classifier if config.task == CLASSIFICATION else Segmenter)(alone, engine=engine)


def picture_names(dataset) -> Sequence[str]:
    """The names of a data set's pictures."""
    return [dataset.picture_name(index) for index in range(len(dataset))]
