# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Write weights in the other format: .pdparams, which Paddle reads, or .safetensors, which other kits read too.

    python tools/convert_weights.py --model_path output/best_model --save_path ddrnet.safetensors
    python tools/convert_weights.py --model_path ddrnet.safetensors --save_path ddrnet.pdparams

The endings of the names say the formats. Names, shapes and numbers of the arrays stay as they are, and so does what
the file says of itself (network, classes, step, mIoU).
"""

from __future__ import annotations

import argparse
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

from paddleseg.utils.cli import require_packages, run_command
from paddleseg.utils.errors import WeightsError


def make_parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model_path", required=True, help="weights, or a checkpoint folder")
    parser.add_argument("--save_path", required=True, help="file to write, .pdparams or .safetensors; not there yet")
    return parser


def main(args: argparse.Namespace) -> None:
    """Read, check, write, and say what was written."""
    if os.path.exists(args.save_path):
        raise WeightsError(f"--save_path {args.save_path}: is there already; give another name, or move it away")
    require_packages("paddle")
    from paddleseg.models.weight_folder import weight_file
    from paddleseg.models.weights import read_weights, write_weights

    path = weight_file(args.model_path)
    weights, meta = read_weights(path)
    write_weights(args.save_path, weights, meta)
    size = sum(value.nbytes for value in weights.values())
    print(f"{args.save_path}: {len(weights)} arrays of {path}, {size / 1e6:.1f} MB")


if __name__ == "__main__":
    run_command(main, make_parser())
