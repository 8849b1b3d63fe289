# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Convert DDRNet weights of other kits to those of this toolkit, and ours to the official ones.

    python tools/convert_weights.py DDRNet23s_imagenet.pth ddrnet.pdparams
    python tools/convert_weights.py output/best_model ddrnet.safetensors
    python tools/convert_weights.py output/best_model official.safetensors --to official

SRC is a file of PyTorch (.pth), MindSpore (.ckpt), Paddle (.pdparams) or safetensors, or a checkpoint folder. Neither
PyTorch nor MindSpore is needed, and no code in a file is run. The kit (the authors' PyTorch code, chenjun2hao,
mmsegmentation, super-gradients, PaddleSeg, MindSpore) and the size of the network are recognised by names and shapes.
Prints how much of each part of the network the file fills; the file's own metadata (__meta__) is kept.
"""

from __future__ import annotations

import argparse
import os

from paddleseg.utils.cli import CommandParser, require_packages
from paddleseg.utils.errors import WeightsError
from paddleseg.utils.logging import print_note
from paddleseg.utils.safe_pickle import one_line

_ENDINGS = {"official": ".safetensors", "paddleseg": ".pdparams", "safetensors": ".safetensors"}


def make_parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    parser = CommandParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("source", nargs="?", metavar="SRC", help="weights, or a checkpoint folder")
    add("target", nargs="?", metavar="DST", help="file to write, .pdparams or .safetensors; must not exist yet")
    add("--model_path", help="same as SRC")
    add("--save_path", help="same as DST")
    add(
        "--to",
        choices=sorted(_ENDINGS),
        help="paddleseg: PaddleSeg's names in a .pdparams; safetensors: the same names in a .safetensors; official: "
        "the authors' names and PyTorch's shapes in a .safetensors. Default: one of the first two, depending on the "
        "ending",
    )
    add("--partial", action="store_true", help="convert even if parts of the network are left without weights")
    add(
        "--padding_mode",
        choices=("official", "paddleseg"),
        help="padding of weights that do not state theirs; a .pdparams of DDRNet_23 is then assumed to be PaddleSeg's, "
        "with a warning",
    )
    return parser


def main(args: argparse.Namespace) -> None:
    """Read, recognise, check, write, and say what was written."""
    source, target, to = _arguments(args)
    require_packages("paddle")
    from paddleseg.models.conversion import branch_of, fit_weights, official_weights
    from paddleseg.models.weight_folder import weight_file
    from paddleseg.models.weights import read_weights, write_weights

    path = weight_file(source)
    weights, meta = read_weights(path)
    fitted = fit_weights(path, weights, meta, args.padding_mode)
    if fitted is not None:
        weights, meta, coverage = fitted.weights, fitted.meta, fitted.coverage
        print_note(f"{path}: {fitted.arch}, {coverage.share()}\n{coverage.table(branch_of)}")
        if not coverage.complete:
            print_note(f"left out: {coverage.describe()}")
        if (coverage.missing or coverage.misshaped) and not args.partial:
            raise WeightsError(
                f"{path} fills {coverage.share()} of {fitted.arch}; --partial writes what it has, for further training"
            )
    elif to == "official" or args.padding_mode is not None or (meta is not None and "kit" in meta):
        raise WeightsError(
            f"{path}: not weights of DDRNet-23-slim, 23 or 39, so names of another kit and padding_mode do not "
            "apply to it"
        )
    if to == "official":
        weights = official_weights(path, weights, meta)
    write_weights(target, weights, meta)
    size = sum(value.nbytes for value in weights.values())
    print(f"{target}: {len(weights)} arrays of {path}, {size / 1e6:.1f} MB")
    if meta is not None:
        print(f"{target}: {', '.join(f'{one_line(name)}: {one_line(value)}' for name, value in meta.items())}")


def _arguments(args: argparse.Namespace) -> tuple[str, str, str]:
    """Source, target and form, however they are given."""
    paths = []
    for name, placed, flag in (("SRC", "source", "model_path"), ("DST", "target", "save_path")):
        given = [value for value in (getattr(args, placed), getattr(args, flag)) if value is not None]
        if len(given) != 1:
            found = "both" if given else "neither"
            raise WeightsError(f"{name} or --{flag}: found {found}; give one of them: SRC DST")
        paths.append(given[0])
    source, target = paths
    if os.path.exists(target):
        raise WeightsError(f"{target}: already exists; give another name, or move it away")
    ending = os.path.splitext(target)[1]  # case-sensitive: readers expect lower case
    if ending not in _ENDINGS.values():
        raise WeightsError(
            f"{target}: a weight file ends in .pdparams or .safetensors; for PyTorch, --to official writes the "
            "official names in a .safetensors, which safetensors.torch.load_file reads"
        )
    to = args.to or ("paddleseg" if ending == ".pdparams" else "safetensors")
    if ending != _ENDINGS[to]:
        raise WeightsError(f"{target}: --to {to} writes a file that ends in {_ENDINGS[to]}")
    return source, target, to
