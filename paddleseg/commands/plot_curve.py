# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Plot the curves of one or more trainings on one chart: loss, learning rate, score and speed.

    python tools/plot_curve.py output/a output/b --out curves.png

A run is a folder of this toolkit, of PaddleSeg (with VisualDL's records) or of mmsegmentation (work_dir), or the log of
one of them.
"""

from __future__ import annotations

import argparse

from paddleseg.utils.cli import CommandParser


def make_parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    parser = CommandParser(prog="plot_curve.py", description=__doc__.splitlines()[0])
    parser.add_argument("runs", nargs="+", metavar="RUN", help="folder of a run, or a training log")
    parser.add_argument("--out", default="curves.png", help="the chart, .png or .svg (default: curves.png)")
    parser.add_argument(
        "--keys",
        nargs="+",
        help="figures to plot, one panel each: loss, lr, score, ips, mIoU, Acc, ... (default: the first four)",
    )
    parser.add_argument(
        "--log", nargs="*", metavar="KEY", help="figures with a logarithmic axis (default: lr in steps)"
    )
    parser.add_argument("--names", nargs="+", help="names of the runs in the legend")
    parser.add_argument(
        "--smooth", type=int, help="points to average over (default: depends on their number; 1: no averaging)"
    )
    parser.add_argument("--title", default="", help="title above the chart")
    return parser


def main(arguments: argparse.Namespace) -> None:
    """Read the runs and draw their curves."""
    from paddleseg.reports.chart_files import check_chart_file, write_chart
    from paddleseg.reports.curves import DEFAULT_KEYS, CurveOptions, draw_curves
    from paddleseg.reports.runs import distinct_names, read_run
    from paddleseg.utils.errors import ConfigError

    if arguments.smooth is not None and arguments.smooth < 1:
        raise ConfigError(f"--smooth {arguments.smooth}: must be 1 (no mean) or more")
    if arguments.names is not None and len(arguments.names) != len(arguments.runs):
        raise ConfigError(f"--names: {len(arguments.names)} for {len(arguments.runs)} runs; give one for each")
    check_chart_file(arguments.out, "--out")
    names = arguments.names or distinct_names(arguments.runs)
    runs = [read_run(path, name) for path, name in zip(arguments.runs, names)]
    options = CurveOptions(arguments.keys or DEFAULT_KEYS, arguments.log, arguments.smooth)
    write_chart(arguments.out, draw_curves(runs, options, arguments.title))
    print(f"{arguments.out}: {', '.join(run.name for run in runs)}")
