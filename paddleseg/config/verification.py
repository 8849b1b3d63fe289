# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Shared by export.py and tools/verify_export.py: the network to compare with, the pictures, and their flags."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from paddleseg.config.load import Config
from paddleseg.export.verification.limits import FP32_SHARE
from paddleseg.utils.errors import ConfigError, DataError
from paddleseg.utils.spread import spread

if TYPE_CHECKING:
    from paddleseg.export.verification.expected import Reference
    from paddleseg.export.verification.pictures import Picture
    from paddleseg.export.verification.report import Report

QUICK, FULL = LEVELS = ("quick", "full")
_PICTURES_OF_VAL_SET = 4


def add_verify_arguments(parser: argparse.ArgumentParser, default: str) -> None:
    """Add the flags of a verification.

    Args:
        parser: The command's.
        default: The default of ``--verify``.
    """
    add = parser.add_argument
    add(
        "--verify",
        choices=LEVELS,
        help=f"{QUICK}: each graph once, on the engine its format is made for, on {_PICTURES_OF_VAL_SET} pictures "
        f"of val_dataset; {FULL}: on every installed engine, in every precision, on all of val_dataset, with the "
        f"mIoU of each (default: {default})",
    )
    add(
        "--verify_images",
        metavar="PATH",
        help="pictures to compare on: a picture, a folder, a .txt list or a quoted glob pattern (default: those of "
        "val_dataset if its files exist, else generated ones)",
    )
    add("--verify_pictures", type=int, metavar="N", help="compare on N of the pictures, evenly spread")
    add(
        "--verify_threshold",
        type=float,
        default=FP32_SHARE,
        metavar="SHARE",
        help="share of the pixels, or of a classifier's pictures, that must get the same class in float32 (default: "
        "%(default)s); lower precisions have their own limits, see docs/verification.md",
    )


def check_verify_arguments(arguments: argparse.Namespace) -> None:
    """Refuse values that no verification can use.

    Raises:
        ConfigError: Names the flag.
    """
    if not 0 < arguments.verify_threshold <= 1:
        raise ConfigError(f"--verify_threshold {arguments.verify_threshold}: must be above 0 and at most 1")
    if arguments.verify_pictures is not None and arguments.verify_pictures < 1:
        raise ConfigError(f"--verify_pictures {arguments.verify_pictures}: must be at least 1")


@dataclass(frozen=True)
class TrainedNetwork:
    """A network with its weights, in the form of a graph: without the auxiliary head, NCHW, in evaluation mode.

    Attributes:
        model: The ``paddle.nn.Layer``.
        section: The section of the configuration whose transforms are its preprocessing.
        reference: The same as the reference of a comparison.
        meta: The weight file's metadata.
        is_classifier: Whether it assigns one class to a picture.
    """

    model: Any
    section: str
    reference: Reference
    meta: Mapping[str, Any] | None
    is_classifier: bool


def trained_network(config: Config, model_path: str | None) -> TrainedNetwork:
    """Build the network of a checked configuration, on the CPU, and load its weights.

    Args:
        config: The configuration.
        model_path: The weights; None: those that training would start from.

    Raises:
        ConfigError: There are no transforms.
        WeightsError: The weights do not fit.
    """
    import paddle

    from paddleseg.config.build import build_model, build_transforms, section_with_transforms
    from paddleseg.config.shared_values import shared_value
    from paddleseg.config.task_sections import prediction_of
    from paddleseg.export.verification.expected import Reference
    from paddleseg.models.weights import load_weights
    from paddleseg.transforms.pipeline import Pipeline
    from paddleseg.utils.label_map import ignored_class_of

    section = section_with_transforms(config)
    paddle.set_device("cpu")
    # The weights are the same in either order of the axes, and readers of the graph take NCHW.
    model = build_model(config, use_pretrained=model_path is None, use_auxiliary_head=False, data_format="NCHW")
    meta = None if model_path is None else load_weights(model, model_path)
    model.eval()
    ignore_index = shared_value(config, "ignore_index")
    reference = Reference(
        model,
        Pipeline(build_transforms(config, section)),
        ignored_class_of(model.num_classes, ignore_index),
        ignore_index,
    )
    return TrainedNetwork(model, section, reference, meta, prediction_of(config) == "class")


def verify_by_flags(
    config: Config, network: TrainedNetwork, folder: Any, arguments: argparse.Namespace, *, level: str, size_hw: Any
) -> Report:
    """Compare an export with its network, as the flags say.

    Args:
        config: The training configuration.
        network: The export's network.
        folder: The export.
        arguments: The command line, with ``config`` and ``model_path``.
        level: One of ``LEVELS``.
        size_hw: Height and width that the graphs are fixed to, -1 for any.

    Raises:
        VerificationError: There is nothing to compare.
        DataError: A picture cannot be read.
    """
    from paddleseg.export.verification.run import verify_export

    pictures, source = _pictures_to_compare(config, arguments, network.model.in_channels, level, size_hw)
    weights = "those of the start of a training" if arguments.model_path is None else arguments.model_path
    about = {"level": level, "config": arguments.config, "weights": weights, "pictures_from": source}
    return verify_export(
        network.reference,
        folder,
        pictures,
        every_way=level == FULL,
        fp32_share=arguments.verify_threshold,
        about=about,
    )


def _pictures_to_compare(
    config: Config, arguments: argparse.Namespace, channels: int, level: str, size_hw: Sequence[int]
) -> tuple[Iterable[Picture], str]:
    """The pictures of ``--verify_images``, else of the validation set, else generated ones; and where they are from."""
    from paddleseg.config.build import build_dataset
    from paddleseg.config.shared_values import list_separator, read_options
    from paddleseg.export.verification.pictures import generated_pictures, read_pictures
    from paddleseg.utils.logging import get_logger
    from paddleseg.utils.picture_files import list_images

    wanted = arguments.verify_pictures
    if arguments.verify_images is not None:
        images, _ = list_images(arguments.verify_images, list_separator(config))
        chosen = spread(len(images), wanted)
        return read_pictures([images[i] for i in chosen], channels, read_options(config)), arguments.verify_images
    if config.section("val_dataset"):
        try:
            dataset = build_dataset(config, "val")
            chosen = spread(len(dataset), wanted or (_PICTURES_OF_VAL_SET if level == QUICK else None))
            samples = _samples(dataset, chosen)
            return ([*samples] if level == QUICK else samples), "val_dataset"
        except DataError as error:
            get_logger().warning("verification: val_dataset cannot be read (%s); using generated pictures", error)
    if wanted is not None:
        raise ConfigError("--verify_pictures: there are no pictures to choose from; give some with --verify_images")
    return generated_pictures(channels, tuple(size_hw)), "generated"


def _samples(dataset: Any, chosen: Iterable[int]) -> Iterator[Picture]:
    """Pictures of a data set, and their labels."""
    from paddleseg.export.evaluation import picture_file
    from paddleseg.export.verification.pictures import Picture

    for index in chosen:
        sample = dataset.read(index)
        yield Picture(sample["path"], sample["img"], picture_file(dataset, index), sample.get("label"))
