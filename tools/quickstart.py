# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The whole workflow once, on drawn street scenes and the CPU: data, training, evaluation, prediction, use.

`make quickstart` sets up the packages and calls this. Each command is printed before it runs, so that it can be
repeated manually. Results go to a separate folder, output/quickstart/run, run_2, ...; nothing is
overwritten.
"""

from __future__ import annotations

import argparse
import json
import shlex
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CONFIG = "configs/quick_start/ddrnet23_slim_roadscenes.yml"


def run_step(title: str, *arguments: object) -> None:
    """Run one of the repository's scripts with this Python; exit with its status if it fails."""
    command = [str(argument) for argument in arguments]
    print(f"\n== {title}\n$ python {shlex.join(command)}", flush=True)
    start = time.monotonic()
    status = subprocess.run([sys.executable, *command], cwd=ROOT).returncode
    if status != 0:
        sys.exit(f"quickstart: {command[0]} ended with status {status}; its messages are above")
    print(f"({time.monotonic() - start:.0f} s)", flush=True)


def new_folder(parent: Path) -> Path:
    """Make ``run``, or the first free one of ``run_2``, ``run_3``, ..."""
    number = 1
    while True:
        folder = parent / ("run" if number == 1 else f"run_{number}")
        try:
            folder.mkdir(parents=True)
            return folder
        except FileExistsError:
            number += 1


def main() -> None:
    """Run all steps, then print the results' paths."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--iters", type=int, help="training steps (default: those of the configuration)")
    args = parser.parse_args()
    start = time.monotonic()

    home = Path("output", "quickstart")
    run = new_folder(ROOT / home).relative_to(ROOT)
    scenes, model = home / "roadscenes", run / "train" / "best_model" / "model.pdparams"
    pictures = scenes / "leftImg8bit" / "val"
    network = ("--config", CONFIG, "--model_path", model)
    on_cpu = ("--device", "cpu")
    shorter = () if args.iters is None else ("--iters", args.iters, "--save_interval", args.iters)

    if not (ROOT / scenes).exists():
        run_step("Draw street scenes to predict on", "tools/make_roadscenes.py", "--save_dir", scenes)
    train = ("train.py", "--config", CONFIG, "--do_eval", "--save_dir", run / "train")
    run_step("Train DDRNet-23-slim", *train, *on_cpu, *shorter)
    run_step("Evaluate", "val.py", *network, "--json", run / "scores.json", *on_cpu)
    predictions = ("--image_path", pictures, "--save_dir", run / "predictions")
    run_step("Predict", "predict.py", *network, *predictions, *on_cpu)
    run_step("Export", "export.py", *network, "--save_dir", run / "exported")
    infer = ("deploy/python/infer.py", "--config", run / "exported" / "deploy.yaml", "--print_detail", False)
    deployed = ("--image_path", pictures, "--save_dir", run / "deployed")
    run_step("Run the exported model", *infer, *deployed, *on_cpu)

    scores = json.loads((ROOT / run / "scores.json").read_text(encoding="utf-8"))
    print(f"\nDone in {(time.monotonic() - start) / 60:.1f} minutes. On scenes that were not trained on:")
    print(f"mIoU {scores['mean_iou']:.3f}, pixel accuracy {scores['pixel_accuracy']:.3f}")
    print("Look at")
    print(f"  {run}/predictions/added_prediction/  pictures under their predicted classes, with a legend")
    print(f"  {run}/deployed/                      their class maps from the exported model")
    print(f"  {run}/exported/deploy.yaml           the model to take away: preprocessing, classes, files")
    print("Next: docs/train_own_data.md")


if __name__ == "__main__":
    main()
