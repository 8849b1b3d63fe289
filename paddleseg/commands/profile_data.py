# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Show whether a training waits for its data, where the reading time goes, and what to change.

    python tools/profile_data.py --config my_config.yml
    python tools/profile_data.py --config my_config.yml --step_time 0.12 --num_workers 4 --json profile.json

Reads training batches in one process and times each part. The training step that it is compared with is measured with
the configuration's network on this machine (without the optimiser's update), or given by --step_time, for instance as
batch_cost minus reader_cost from a training log.
"""

from __future__ import annotations

import argparse
import dataclasses
import inspect
from typing import Any

from paddleseg.utils.cli import CommandParser, require_packages
from paddleseg.utils.cpus import check_num_workers, usable_cpus
from paddleseg.utils.errors import ConfigError
from paddleseg.utils.json_report import add_json_flag, check_json_flag, write_json


def make_parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    parser = CommandParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", required=True, help="the configuration used for training")
    parser.add_argument("--opts", nargs="+", help="override keys, for example batch_size=8 train_dataset.cache=disk")
    parser.add_argument("--device", help="cpu, gpu, ... (default: the first GPU, else cpu)")
    parser.add_argument(
        "--num_workers", type=int, help="processes that read data in training (default: as in train.py)"
    )
    parser.add_argument("--num_batches", type=int, default=8, help="batches to read (default: 8)")
    parser.add_argument("--step_time", type=float, metavar="SECONDS", help="seconds per step (default: measured)")
    add_json_flag(parser, "the figures")
    return parser


def check_arguments(args: argparse.Namespace) -> None:
    """Refuse values that cannot work, before anything is read."""
    check_num_workers(args.num_workers)
    if args.num_batches < 1:
        raise ConfigError(f"--num_batches {args.num_batches}: must be at least 1")
    if args.step_time is not None and args.step_time <= 0:
        raise ConfigError(f"--step_time {args.step_time}: must be above 0 seconds")
    check_json_flag(args.json)


def time_step(config: Any, dataset: Any) -> float:
    """Seconds of the configuration's network for forward, losses and backward of one batch."""
    from paddleseg.config.build import build_model, build_task
    from paddleseg.datasets.loader import train_batches
    from paddleseg.datasets.sampler import EpochBatchSampler
    from paddleseg.onednn import CpuSettings, entered
    from paddleseg.profiling.data import measure_step
    from paddleseg.training.run_settings import RunSettings
    from paddleseg.training.step_network import StepNetwork
    from paddleseg.utils.seeding import batch_rng

    cpu = CpuSettings.choose()
    data_format = None if cpu is None else cpu.data_format
    model = build_model(config, use_pretrained=False, default_data_format=data_format)
    model.train()
    network, task = StepNetwork(model, RunSettings(iters=1)), build_task(config, train_dataset=dataset)
    sampler = EpochBatchSampler(len(dataset), config.data["batch_size"], 0, total_steps=1)
    batch = {**next(train_batches(dataset, sampler, seed=0, num_workers=0)), "rng": batch_rng(0, 0, 0)}

    def step() -> None:
        task.loss_terms(network, batch)["loss"].backward()
        model.clear_gradients()

    with entered(cpu):
        return measure_step(step)


def main(args: argparse.Namespace) -> None:
    """Measure, print the table and the advice, and write the figures on request."""
    check_arguments(args)
    require_packages("paddle", "cv2")
    import cv2

    from paddleseg.config.build import build_dataset
    from paddleseg.config.load import load_config
    from paddleseg.config.schema import check_config
    from paddleseg.profiling.data import advise, profile_data, waiting_share
    from paddleseg.utils.allocator import keep_freed_memory
    from paddleseg.utils.cpus import default_num_workers
    from paddleseg.utils.device import select_device

    config = load_config(args.config, opts=args.opts)
    check_config(config, command="train")
    if select_device(args.device) == "cpu":
        keep_freed_memory()  # as in a training
    dataset = build_dataset(config, "train")
    cv2.setNumThreads(0)  # as in the loader's processes
    num_workers = default_num_workers() if args.num_workers is None else args.num_workers
    profile = profile_data(dataset, config.data["batch_size"], args.num_batches)
    step_seconds = time_step(config, dataset) if args.step_time is None else args.step_time
    share = waiting_share(profile, step_seconds, num_workers)
    # A data set without support for a cache is not advised to use one.
    cache = dataset.cache_kind if "cache" in inspect.signature(type(dataset)).parameters else None
    advice = advise(profile, step_seconds, num_workers, usable_cpus(), cache)
    print_table(profile)
    source = "measured" if args.step_time is None else "given"
    print(f"\na step of {profile.batch_size} pictures takes {step_seconds * 1000:.1f} ms ({source})")
    print(f"with {num_workers} data processes the training waits for data {share:.0%} of its time")
    print("what to change:", *advice, sep="\n  - ")
    figures = {
        **dataclasses.asdict(profile),
        "step_seconds": step_seconds,
        "num_workers": num_workers,
        "cache": dataset.cache_kind,
        "waiting_share": share,
        "advice": advice,
    }
    write_json(args.json, figures)


def print_table(profile: Any) -> None:
    """Print the milliseconds per picture of each part."""
    print(f"milliseconds per picture, one process, mean of {profile.num_pictures} pictures")
    rows = [("decode (picture and label)", profile.decode), ("augmentation", profile.augmentation)]
    rows += [(f"  {name}", cost) for name, cost in profile.transforms.items()]
    rows += [("collate", profile.collate), ("transfer to the device", profile.transfer)]
    width = max(len(name) for name, _ in rows)
    for name, cost in rows:
        print(f"  {name:<{width}}  {cost:8.2f}")
