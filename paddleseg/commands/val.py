# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Evaluate trained weights on the data set under ``val_dataset`` of a configuration."""

from __future__ import annotations

import argparse
import dataclasses
from typing import Any

from paddleseg.config.cpu_flags import add_cpu_flags
from paddleseg.config.foreign_words import rewriter
from paddleseg.config.view_options import add_view_arguments, apply_view_arguments
from paddleseg.inference.views import ViewOptions
from paddleseg.utils.cli import CommandParser, require_packages
from paddleseg.utils.cpus import check_num_workers
from paddleseg.utils.json_report import add_json_flag, check_json_flag, write_json


def make_parser() -> argparse.ArgumentParser:
    """The command line; the names are PaddleSeg's, --batch_size and --json are additions."""
    parser = CommandParser(prog="val.py", description=__doc__, rewrite=rewriter("val.py"))
    parser.add_argument("--config", required=True, help="configuration file (.yml)")
    parser.add_argument("--model_path", required=True, help="weights from this or another kit, or a checkpoint folder")
    parser.add_argument(
        "--batch_size",
        type=int,
        help="maximum number of pictures (or windows) per batch (default: 1 for label maps, 64 for classes)",
    )
    parser.add_argument(
        "--num_workers", type=int, help="processes for reading pictures (default: chosen from the machine)"
    )
    parser.add_argument("--device", help="cpu, gpu, gpu:1, xpu, npu, ... (default: the first GPU, else the CPU)")
    parser.add_argument(
        "--data_format",
        choices=["NCHW", "NHWC"],
        help="replaces model.data_format (default there: NHWC on a CPU with oneDNN, else NCHW)",
    )
    add_cpu_flags(parser)
    add_json_flag(parser, "all figures and the confusion matrix")
    parser.add_argument("--report", metavar="DIR", help="also write report.html and scores.json to this folder")
    parser.add_argument(
        "--report_pictures", type=int, default=20, help="how many of the worst pictures the report shows (default: 20)"
    )
    parser.add_argument(
        "--opts", nargs="+", action="extend", metavar="KEY=VALUE", help="replace values of the configuration"
    )
    add_view_arguments(parser, switch="aug_eval")
    return parser


def main(arguments: argparse.Namespace) -> None:
    """Evaluate, log the scores, and write the requested figures."""
    require_packages("paddle", "cv2")
    check_arguments(arguments)

    from paddleseg.config.build import build_dataset, build_task
    from paddleseg.config.load import load_config
    from paddleseg.config.schema import check_config
    from paddleseg.config.task_sections import prediction_of, takes
    from paddleseg.config.trained_network import load_trained_network
    from paddleseg.models.weight_classes import check_class_names
    from paddleseg.onednn import CpuSettings, entered
    from paddleseg.utils import distributed
    from paddleseg.utils.allocator import keep_freed_memory
    from paddleseg.utils.cpus import default_num_workers
    from paddleseg.utils.device import select_device
    from paddleseg.utils.logging import get_logger, log_outcome

    config = load_config(arguments.config, opts=arguments.opts, flags={"model.data_format": arguments.data_format})
    apply_view_arguments(config, arguments, switch="aug_eval")
    check_config(config, command="val")
    options = ViewOptions.from_test_config(config.section("test_config"))
    select_device(arguments.device)
    cpu = CpuSettings.choose(arguments.cpu_backend, arguments.cpu_threads)
    if cpu is not None:
        keep_freed_memory()
    distributed.init()
    dataset = build_dataset(config, "val")
    model, meta = load_trained_network(config, arguments.model_path, cpu)
    is_classifier = prediction_of(config) == "class"
    check_class_names(arguments.model_path, meta, dataset.class_names, refuses_other_order=is_classifier)
    has_views = takes(config, "views")
    how = f" ({options.describe()})" if has_views else ""
    get_logger().info("evaluating %s on %d pictures%s", arguments.model_path, len(dataset), how)
    num_workers = default_num_workers() if arguments.num_workers is None else arguments.num_workers
    task = build_task(config, val_dataset=dataset)
    given = {} if arguments.batch_size is None else {"batch_size": arguments.batch_size}
    with entered(cpu):
        if arguments.report is None:
            scores = task.evaluate(model, num_workers=num_workers, **given)
        else:
            scores = _evaluate_with_report(arguments, task, model, dataset, num_workers=num_workers, **given)
    for line in scores.report:
        log_outcome(line)
    if arguments.json is not None and distributed.rank() == 0:
        figures = {
            "config": arguments.config,
            "model_path": arguments.model_path,
            **({"inference": dataclasses.asdict(options)} if has_views else {}),
            **scores.all_details(),
        }
        write_json(arguments.json, figures)
        get_logger().info("figures written to %s", arguments.json)


def _evaluate_with_report(arguments: argparse.Namespace, task: Any, model: Any, dataset: Any, **options: Any) -> Any:
    """The scores, with page and figures written into ``--report``."""
    from paddleseg import __version__
    from paddleseg.inference.evaluation_report import EvaluationReport
    from paddleseg.tasks import SegmentationTask
    from paddleseg.tasks.segmentation import scores_of
    from paddleseg.utils.errors import ConfigError
    from paddleseg.utils.logging import get_logger

    if not isinstance(task, SegmentationTask):
        name = type(task).__name__
        raise ConfigError(f"--report: is for label maps, and {name} is scored otherwise; --json has its figures")
    report = EvaluationReport(arguments.report, dataset, arguments.report_pictures)
    result = task.count(model, observe=report.observe, **options)
    scores = scores_of(result)
    facts = [
        ("weights", arguments.model_path),
        ("configuration", arguments.config),
        ("network", getattr(model, "arch", type(model).__name__)),
        ("views", task.views.describe()),
        ("toolkit", __version__),
    ]
    page = report.write(result, scores.values, facts)
    get_logger().info("report written to %s", page)
    return scores


def check_arguments(arguments: argparse.Namespace) -> None:
    """Refuse values that no run can use, before anything is loaded."""
    from paddleseg.inference.evaluation_report import check_report_flags
    from paddleseg.utils.errors import ConfigError

    if arguments.batch_size is not None and arguments.batch_size < 1:
        raise ConfigError(f"--batch_size {arguments.batch_size}: must be at least 1")
    check_num_workers(arguments.num_workers)
    check_json_flag(arguments.json)
    check_report_flags(arguments.report, arguments.report_pictures)
