# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Count a network's parameters and multiply-accumulate operations at given picture sizes.

    python tools/analyze_model.py --model DDRNet_23_slim --sizes 1024x2048 512x1024
    python tools/analyze_model.py --config my_config.yml --json cost.json

Convolutions and linear layers are counted, as in DDRNet's paper, whose "GFLOPs" are these GMACs. Nothing is run, so
large sizes need no memory.
"""

from __future__ import annotations

import argparse
import inspect
import re
from collections.abc import Iterable
from typing import Any

from paddleseg.utils.cli import CommandParser, require_packages
from paddleseg.utils.errors import ConfigError
from paddleseg.utils.json_report import add_json_flag, check_json_flag, write_json

_NUM_CLASSES = 19  # as for Cityscapes, on which the paper counts
_SIZES = ("1024x2048", "512x1024", "360x480")


def parse_size(text: str) -> tuple[int, int]:
    """Read ``HEIGHTxWIDTH``."""
    match = re.fullmatch(r"(\d+)x(\d+)", text)
    if not match:
        raise ConfigError(f"--sizes: {text!r} is not a size; write HEIGHTxWIDTH, such as 1024x2048")
    return int(match[1]), int(match[2])


def sizes_of(args: argparse.Namespace, in_channels: int) -> list[tuple[int, int]]:
    """The picture sizes that one of the three flags names."""
    if args.input_shape is not None:
        found = f"--input_shape {' '.join(map(str, args.input_shape))}"
        if len(args.input_shape) != 4 or args.input_shape[0] != 1 or min(args.input_shape) < 1:
            raise ConfigError(f"{found}: give 1 C H W; the cost is counted for one picture")
        if args.input_shape[1] != in_channels:
            raise ConfigError(f"{found}: the network takes {in_channels} channels; give 1 {in_channels} H W")
        return [(args.input_shape[2], args.input_shape[3])]
    if args.shape is not None:
        if len(args.shape) > 2 or min(args.shape) < 1:
            raise ConfigError(f"--shape {' '.join(map(str, args.shape))}: give H W, or one number for a square")
        return [(args.shape[0], args.shape[-1])]
    return [parse_size(text) for text in args.sizes or _SIZES]


def check_sizes(sizes: Iterable[tuple[int, int]], name: str, smallest: int) -> None:
    """Refuse pictures that are smaller than a network takes."""
    for height, width in sizes:
        if min(height, width) < smallest:
            raise ConfigError(f"size {height}x{width}: is too small; {name} takes {smallest}x{smallest} and more")


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
    parser = CommandParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    network = parser.add_mutually_exclusive_group(required=True)
    network.add_argument("--config", help="configuration file of the network")
    network.add_argument("--model", help="name of the network, for example DDRNet_23_slim")
    parser.add_argument("--opts", nargs="+", help="with --config: override keys, for example model.in_channels=4")
    parser.add_argument("--num_classes", type=int, help=f"with --model (default: {_NUM_CLASSES})")
    parser.add_argument("--aux", action="store_true", help="with --model: include the auxiliary head")
    size = parser.add_mutually_exclusive_group()
    size.add_argument(
        "--sizes", nargs="+", metavar="HxW", help=f"picture sizes, height first (default: {' '.join(_SIZES)})"
    )
    size.add_argument("--input_shape", nargs="+", type=int, metavar="N", help="PaddleSeg's way to name one: 1 C H W")
    size.add_argument("--shape", nargs="+", type=int, metavar="N", help="mmsegmentation's way to name one: H W")
    add_json_flag(parser, "the numbers")
    return parser


def build_network(args: argparse.Namespace) -> tuple[str, Any, int]:
    """Build the network of the command line; return its name, itself and its input channels."""
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

    name, network, in_channels = build_network(args)
    sizes = sizes_of(args, in_channels)
    check_sizes(sizes, name, ModelFacts.of(network).smallest_side)
    result = {"model": name, **analyze(network, sizes, in_channels=in_channels)}
    print(f"{name}: {result['parameters']:,} parameters")
    for size, gmacs in result["gmacs"].items():
        print(f"  {size:>11}  {gmacs:9.3f} GMACs")
    write_json(args.json, result)
