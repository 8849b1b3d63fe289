# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Count a network's parameters and multiply-accumulate operations at given picture sizes.

    python tools/analyze_model.py --model DDRNet_23_slim --sizes 1024x2048 512x1024
    python tools/analyze_model.py --config my_config.yml --json cost.json

Convolutions and linear layers are counted, as in DDRNet's paper, whose "GFLOPs" are these GMACs. Nothing is run, so
that large sizes need no memory.
"""

from __future__ import annotations

import argparse
import inspect
import os
import re
import sys
from collections.abc import Iterable
from typing import Any

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

from paddleseg.utils.cli import require_packages, run_command
from paddleseg.utils.errors import ConfigError
from paddleseg.utils.json_report import add_json_flag, check_json_flag, write_json

_NUM_CLASSES = 19  # as for Cityscapes, on which the paper counts


def parse_size(text: str) -> tuple[int, int]:
    """Read ``HEIGHTxWIDTH``."""
    match = re.fullmatch(r"(\d+)x(\d+)", text)
    if not match:
        raise ConfigError(f"--sizes: {text!r} is no size; write HEIGHTxWIDTH, such as 1024x2048")
    return int(match[1]), int(match[2])


def check_sizes(sizes: Iterable[tuple[int, int]], name: str, smallest: int) -> None:
    """Refuse pictures that are smaller than a network takes."""
    for height, width in sizes:
        if min(height, width) < smallest:
            raise ConfigError(f"--sizes: {height}x{width} is too small; {name} takes {smallest}x{smallest} and more")


def check_arguments(args: argparse.Namespace) -> None:
    """Refuse values that cannot work, before anything is counted."""
    if args.config is not None and (args.num_classes is not None or args.aux):
        raise ConfigError("--num_classes and --aux go with --model; with --config give --opts")
    if args.model is not None and args.opts is not None:
        raise ConfigError("--opts goes with --config; with --model give --num_classes and --aux")
    if args.num_classes is not None and args.num_classes < 1:
        raise ConfigError(f"--num_classes {args.num_classes}: must be at least 1")
    check_json_flag(args.json)


def make_parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    network = parser.add_mutually_exclusive_group(required=True)
    network.add_argument("--config", help="the network of this configuration")
    network.add_argument("--model", help="the network of this name, such as DDRNet_23_slim")
    parser.add_argument("--opts", nargs="+", help="with --config: override keys, such as model.in_channels=4")
    parser.add_argument("--num_classes", type=int, help=f"with --model (default: {_NUM_CLASSES})")
    parser.add_argument("--aux", action="store_true", help="with --model: with the auxiliary head")
    parser.add_argument(
        "--sizes",
        nargs="+",
        default=["1024x2048", "512x1024", "360x480"],
        metavar="HxW",
        help="picture sizes, height first (default: 1024x2048 512x1024 360x480)",
    )
    add_json_flag(parser, "the numbers")
    return parser


def build_network(args: argparse.Namespace) -> tuple[str, Any, int]:
    """Build the network of the command line; give its name, itself and its input channels."""
    if args.config is not None:
        from paddleseg.config.build import build_model
        from paddleseg.config.load import load_config
        from paddleseg.config.schema import check_config

        config = load_config(args.config, opts=args.opts)
        check_config(config, command="export", check_files=False)
        network = build_model(config, use_pretrained=False)
        return config.data["model"]["type"], network, network.in_channels

    import paddleseg.models  # noqa: F401 (registers the networks)
    from paddleseg.registry import MODELS

    if args.model not in MODELS:
        raise ConfigError(f"--model: no network {args.model!r}; known: {', '.join(MODELS)}")
    network = MODELS[args.model]
    if args.aux and "enable_auxiliary_loss" not in inspect.signature(network).parameters:
        raise ConfigError(f"--aux: {args.model} has no auxiliary head; leave it out")
    arguments = {"enable_auxiliary_loss": True} if args.aux else {}
    return args.model, network(num_classes=args.num_classes or _NUM_CLASSES, **arguments), 3


def main(args: argparse.Namespace) -> None:
    """Print the counts, and write them to a file when asked to."""
    check_arguments(args)
    require_packages("paddle")
    from paddleseg.models.facts import ModelFacts
    from paddleseg.profiling.cost import analyze

    sizes = [parse_size(text) for text in args.sizes]
    name, network, in_channels = build_network(args)
    check_sizes(sizes, name, ModelFacts.of(network).smallest_side)
    result = {"model": name, **analyze(network, sizes, in_channels=in_channels)}
    print(f"{name}: {result['parameters']:,} parameters")
    for size, gmacs in result["gmacs"].items():
        print(f"  {size:>11}  {gmacs:9.3f} GMACs")
    write_json(args.json, result)


if __name__ == "__main__":
    run_command(main, make_parser())
