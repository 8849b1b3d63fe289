# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""PaddleSeg's ``evaluate`` and ``predict``, for programs that build network and data set themselves.

``from paddleseg.core import evaluate, predict``. Names and order of the arguments are PaddleSeg's, and their defaults
unless stated otherwise; values have the meaning of the same flags of the commands.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Annotated

import numpy as np
import paddle

from paddleseg.datasets.segmentation import SegmentationDataset
from paddleseg.inference import evaluation, prediction
from paddleseg.inference.views import ViewOptions
from paddleseg.models.weight_classes import check_class_names
from paddleseg.models.weights import load_weights
from paddleseg.onednn import CpuSettings, entered
from paddleseg.transforms.pipeline import Pipeline, Transform
from paddleseg.utils import distributed
from paddleseg.utils.arguments import checks_arguments
from paddleseg.utils.choices import AmpLevel, CpuBackend, Precision
from paddleseg.utils.cpus import default_num_workers
from paddleseg.utils.device import check_precision
from paddleseg.utils.errors import ConfigError
from paddleseg.utils.image_io import ReadOptions
from paddleseg.utils.label_map import LabelValue, ignored_class_of
from paddleseg.utils.picture_files import BLANK, list_images
from paddleseg.utils.type_hints import Count, CountOrZero
from paddleseg.utils.visualize import make_palette

PictureFiles = Annotated[
    Sequence[str | os.PathLike[str]] | str | os.PathLike[str],
    "a list of picture files, or one of what predict.py takes as --image_path",
]

Colours = Annotated[
    Sequence[tuple[LabelValue, LabelValue, LabelValue]], "a list of colours, each [red, green, blue] from 0 to 255"
]


@checks_arguments
def evaluate(
    model: paddle.nn.Layer,
    eval_dataset: SegmentationDataset,
    aug_eval: bool = False,
    scales: float | Sequence[float] = 1.0,
    flip_horizontal: bool = False,
    flip_vertical: bool = False,
    is_slide: bool = False,
    stride: Sequence[int] | None = None,
    crop_size: Sequence[int] | None = None,
    precision: Precision = "fp32",
    amp_level: AmpLevel = "O1",
    num_workers: CountOrZero | None = None,
    print_detail: bool = True,
    *,
    batch_size: Count = 1,
    cpu_backend: CpuBackend | None = None,
    cpu_threads: Count | None = None,
) -> tuple[float, float, np.ndarray, np.ndarray, float]:
    """Evaluate a network on the current device.

    Args:
        model: A network.
        eval_dataset: Pictures with labels.
        aug_eval: Whether to sum the class probabilities over ``scales`` and flips.
        scales: One factor or several for the size of the network's input.
        flip_horizontal: Whether to also use the mirror image.
        flip_vertical: Whether to also use the upside-down picture.
        is_slide: Whether to average the logits over windows.
        stride: [width, height] of the steps between windows.
        crop_size: [width, height] of the windows.
        precision: ``fp32``, ``fp16`` or ``bf16``.
        amp_level: ``O1``, or ``O2`` for weights in half precision.
        num_workers: Processes that read pictures; None: chosen from the machine.
        print_detail: Whether to log the table of classes and PaddleSeg's [EVAL] lines.
        batch_size: Most pictures (or windows) in a batch.
        cpu_backend: Whose kernels compute on the CPU, ``onednn`` or ``paddle``; None: see docs/config.md.
        cpu_threads: Threads that compute on the CPU; None: see there.

    Returns:
        mIoU, pixel accuracy, IoU of each class, precision of each class, Kappa. The arrays are (K,) float64, NaN for
        a class that does not occur.

    Raises:
        UserError: An argument or the data is wrong.
    """
    check_precision(precision)
    cpu = CpuSettings.choose(cpu_backend, cpu_threads)
    distributed.init()
    inference = ViewOptions(
        aug_eval=aug_eval,
        scales=scales,
        flip_horizontal=flip_horizontal,
        flip_vertical=flip_vertical,
        is_slide=is_slide,
        stride=stride,
        crop_size=crop_size,
    )
    eval_dataset.use_for("val")
    with entered(cpu):
        result = evaluation.evaluate(
            model,
            eval_dataset,
            inference,
            batch_size=batch_size,
            num_workers=default_num_workers() if num_workers is None else num_workers,
            precision=precision,
            amp_level=amp_level,
        )
    if print_detail:
        evaluation.log_result(result)
    return result.mean_iou, result.pixel_accuracy, result.class_iou, result.class_precision, result.kappa


@checks_arguments
def predict(
    model: paddle.nn.Layer,
    model_path: str | os.PathLike[str] | None = None,
    transforms: Pipeline | Sequence[Transform] = (),
    image_list: PictureFiles = (),
    image_dir: str | os.PathLike[str] | None = None,
    save_dir: str | os.PathLike[str] = "output",
    aug_pred: bool = False,
    scales: float | Sequence[float] = 1.0,
    flip_horizontal: bool = False,
    flip_vertical: bool = False,
    is_slide: bool = False,
    stride: Sequence[int] | None = None,
    crop_size: Sequence[int] | None = None,
    custom_color: Sequence[int] | None = None,
    *,
    class_names: Sequence[str] | None = None,
    palette: Colours | None = None,
    ignore_index: LabelValue = 255,
    apply_exif: bool = True,
    value_range: Sequence[float] | None = None,
    separator: str = BLANK,
    cpu_backend: CpuBackend | None = None,
    cpu_threads: Count | None = None,
) -> None:
    """Predict pictures and save class ids, colours and overlays; see ``inference.prediction.predict``.

    Args:
        model: A network.
        model_path: Weights to load into it first, or None.
        transforms: The transforms of evaluation.
        image_list: Picture files; or a path as for ``--image_path`` of predict.py.
        image_dir: The folder whose sub-folders are kept in ``save_dir``.
        save_dir: Where to save.
        aug_pred: Whether to sum the class probabilities over ``scales`` and flips.
        scales: One factor or several for the size of the network's input.
        flip_horizontal: Whether to also use the mirror image; PaddleSeg's function defaults to True,
            its flag to False.
        flip_vertical: Whether to also use the upside-down picture.
        is_slide: Whether to average the logits over windows.
        stride: [width, height] of the steps between windows.
        crop_size: [width, height] of the windows.
        custom_color: Colours of the first classes: R, G, B, R, G, B, ...
        class_names: Names for the legend.
        palette: One [red, green, blue] per class.
        ignore_index: That of the training; if it is a class of the network, the class is never predicted.
        apply_exif: Whether pictures are turned upright as their EXIF data says.
        value_range: [low, high], the values that stand for 0 and 255; None: those of the files' type.
        separator: Separator of the columns if ``image_list`` is a list file.
        cpu_backend: Whose kernels compute on the CPU, ``onednn`` or ``paddle``; None: see docs/config.md.
        cpu_threads: Threads that compute on the CPU; None: see there.

    Raises:
        UserError: An argument or a picture is wrong.
    """
    if not separator:
        raise ConfigError("predict: separator: empty; give what stands between the columns of a list file")
    pipeline = transforms if isinstance(transforms, Pipeline) else Pipeline(transforms)
    inference = ViewOptions(
        aug_eval=aug_pred,
        scales=scales,
        flip_horizontal=flip_horizontal,
        flip_vertical=flip_vertical,
        is_slide=is_slide,
        stride=stride,
        crop_size=crop_size,
    )
    cpu = CpuSettings.choose(cpu_backend, cpu_threads)
    is_path = isinstance(image_list, (str, os.PathLike))
    images, root = (
        list_images(image_list, separator, place="as an argument")
        if is_path
        else (list(map(os.fspath, image_list)), "")
    )
    if not images:
        raise ConfigError("image_list is empty; give picture files, or what predict.py takes as --image_path")
    if model_path is not None:
        meta = load_weights(model, os.fspath(model_path))
        check_class_names(model_path, meta, class_names, refuses_other_order=False)
    with entered(cpu):
        prediction.predict(
            model,
            pipeline,
            images,
            save_dir,
            inference,
            root=os.fspath(image_dir or root),
            channels=getattr(model, "in_channels", 3),
            read_options=ReadOptions.checked(apply_exif, value_range),
            palette=make_palette(getattr(model, "num_classes", 256), palette, custom_color),
            class_names=class_names,
            ignored_class=ignored_class_of(getattr(model, "num_classes", 0), ignore_index),
        )
