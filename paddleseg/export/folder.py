# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Export: from a network in memory to a folder with its graphs, their weights and deploy.yaml."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import paddle
from paddle import nn

from paddleseg.deploy import deploy_config
from paddleseg.deploy.graph_spec import STRIDE8
from paddleseg.export.formats import PADDLE_FORMATS, default_format, export_names, require_formats
from paddleseg.export.graphs import GraphWriter
from paddleseg.export.options import DEFAULT_OPTIONS, PADDLE, ExportOptions, input_dtype_for
from paddleseg.export.verification.report import REPORT_NAMES, Report
from paddleseg.models.facts import ModelFacts
from paddleseg.transforms.transforms import Normalize
from paddleseg.utils.atomic_file import folder_on_disk_of, move_files
from paddleseg.utils.checksum import sha256_of
from paddleseg.utils.errors import ConfigError
from paddleseg.utils.image_io import READ_DEFAULTS, ReadOptions
from paddleseg.utils.logging import log_outcome
from paddleseg.utils.picture_files import BLANK
from paddleseg.utils.written_files import WrittenFiles


def export_model(
    model: nn.Layer,
    save_dir: str | Path,
    *,
    transforms: Sequence[dict[str, Any]],
    options: ExportOptions = DEFAULT_OPTIONS,
    class_names: Sequence[str] | None = None,
    palette: Sequence[Sequence[int]] | None = None,
    ignored_class: int | None = None,
    read_options: ReadOptions = READ_DEFAULTS,
    separator: str = BLANK,
    weights_meta: Mapping[str, Any] | None = None,
    verify: Callable[[Path], Report] | None = None,
) -> Path:
    """Export a network.

    Each format has the graph described by ``options``, for other programs, and one for the logits at 1/8, if the
    network has ``forward_stride8``: from these ``deploy.Segmenter`` makes label maps at the pictures' own sizes. Those
    of the first format are ``model`` and ``graphs.stride8`` in deploy.yaml, those of the others
    ``graphs.argmax_onnx`` and so on.

    The export is created and verified in a temporary folder on the disk of ``save_dir``, then flushed and moved,
    deploy.yaml last: a folder with a deploy.yaml is a complete export. Files of an earlier export, which
    ``written_files.jsonl`` names, are replaced, others stay.

    Args:
        model: A network with ``num_classes``, ``in_channels`` and ``arch``, and the facts of
            ``ModelFacts``; it is exported in evaluation mode, and its mode is restored.
        save_dir: Folder for the export; created if needed.
        transforms: Preprocessing as written in YAML, ``[{"type": "Normalize", "mean": ...}]``.
        options: The graphs' properties.
        class_names: Names of the classes.
        palette: Colours [r, g, b] of the classes.
        ignored_class: A class that the graphs never return, see ``label_map.ignored_class_of``.
        read_options: How to read pictures for prediction.
        separator: The separator of columns in lists of pictures.
        weights_meta: The weight file's metadata; stored in ONNX models and OpenVINO's.
        verify: Called with the temporary folder; its errors end the export, and ``save_dir`` is unchanged. Its report,
            which must be without failures, is kept beside the graphs.

    Returns:
        The path of deploy.yaml.

    Raises:
        ConfigError: An option is wrong, this Paddle cannot write the format, the format does not support the network,
            or ``save_dir`` cannot be written.
        UserError: The package of a format is not installed, or its converter fails.
        DataError: A file in ``save_dir`` that no export wrote has the name of an export's file.
        VerificationError: The report has failures.
    """
    options.check()
    _check_choice("task", options.task, deploy_config.TASKS)
    _check_choice("--graph_format", options.graph_format or default_format(), PADDLE_FORMATS)
    require_formats(options.ordered_formats)
    if options.output_op == STRIDE8 and not hasattr(model, "forward_stride8"):
        raise ConfigError(f"--output_op {STRIDE8}: {type(model).__name__} has no logits at 1/8; give another one")
    if set(options.formats) != {PADDLE}:
        from paddleseg.export.onnx_writer import check_is_ours  # needs the package onnx

        check_is_ours(model)
    input_shape = check_input_shape(options.input_shape, model.in_channels, ModelFacts.of(model).smallest_side)
    input_dtype = input_dtype_for(options.input_dtype, transforms, read_options)
    save_dir = Path(save_dir).absolute()
    if save_dir.exists() and not save_dir.is_dir():
        raise ConfigError(f"--save_dir {save_dir}: this is a file; give a folder")
    if save_dir == save_dir.parent:
        raise ConfigError(f"--save_dir {save_dir}: this is the root of the disk; give a folder in it")
    all_names = {deploy_config.FILE_NAME, *REPORT_NAMES, *export_names()}
    index = WrittenFiles(save_dir)
    index.refuse_foreign(save_dir / name for name in sorted(all_names))
    about = {
        "transforms": [_with_explicit_numbers(spec, model.in_channels) for spec in transforms],
        "num_classes": model.num_classes,
        "ignore_index": ignored_class,
        "class_names": None if class_names is None else list(class_names),
        "palette": None if palette is None else [list(map(int, colour)) for colour in palette],
        "apply_exif": read_options.apply_exif,
        "value_range": None if read_options.value_range is None else list(read_options.value_range),
        "separator": None if separator == BLANK else separator,
        "task": options.task if options.task == deploy_config.CLASSIFICATION else None,
        "arch": model.arch,
    }
    with contextlib.ExitStack() as stack:
        with naming_save_dir(save_dir):
            folder = stack.enter_context(folder_on_disk_of(save_dir))
        writer = GraphWriter(model, folder, options, input_shape, input_dtype, about, weights_meta)
        with naming_save_dir(save_dir):
            content = {**writer.write_all(), **about, "paddle_version": paddle.__version__}
        files = sorted(name for name in all_names if (folder / name).is_file())
        content["checksums"] = {name: sha256_of(folder / name) for name in files}
        with naming_save_dir(save_dir):
            deploy_config.write_deploy_config(folder / deploy_config.FILE_NAME, content)
        report = None if verify is None else verify(folder)
        if report is not None:
            report.raise_failures("nothing was exported")
        with naming_save_dir(save_dir):
            if report is not None:
                report.save(folder)
                files += REPORT_NAMES
            names = [*files, deploy_config.FILE_NAME]
            for name in names:
                index.note(save_dir / name, sha256_of(folder / name))
            move_files(folder, save_dir, names, obsolete=sorted(all_names - set(names)))
    log_outcome("exported to %s: %s", save_dir, ", ".join(names))
    return save_dir / deploy_config.FILE_NAME


def check_input_shape(shape: Sequence[int] | None, in_channels: int, smallest_side: int = 1) -> list[int]:
    """The shape of the graph's input, -1 for any size.

    Args:
        shape: N C H W; None: any batch and size.
        in_channels: Channels that the network takes.
        smallest_side: Smallest height and width that it takes.

    Raises:
        ConfigError: It is not N C H W, has other channels than the network, or is too small for it.
    """
    if shape is None:
        return [-1, in_channels, -1, -1]
    shape = list(shape)
    found = f"--input_shape {' '.join(map(str, shape))}"
    if len(shape) != 4 or any(size == 0 or size < -1 for size in shape):
        raise ConfigError(f"{found}: give four numbers N C H W, -1 for any size, e.g. 1 {in_channels} 512 1024")
    if shape[1] != in_channels:
        raise ConfigError(f"{found}: the network takes {in_channels} channels; give N {in_channels} H W")
    if any(0 < size < smallest_side for size in shape[2:]):
        raise ConfigError(f"{found}: height and width must be at least {smallest_side}")
    return shape


def _with_explicit_numbers(spec: dict[str, Any], channels: int) -> dict[str, Any]:
    """Write out Normalize's numbers, one for each channel: programs in other languages index them."""
    if spec["type"] != "Normalize":
        return dict(spec)
    normalize = Normalize(**{key: value for key, value in spec.items() if key != "type"})
    normalize.check_channels(channels)
    numbers = {"mean": normalize.mean, "std": normalize.std}
    return {"type": "Normalize", **{name: np.broadcast_to(v, channels).tolist() for name, v in numbers.items()}}


@contextlib.contextmanager
def naming_save_dir(save_dir: Path) -> Iterator[None]:
    """Make disk errors within the block name the flag."""
    try:
        yield
    except OSError as error:
        raise ConfigError(f"--save_dir {save_dir}: {error.strerror}: {error.filename}") from error


def _check_choice(flag: str, value: str, allowed: Collection[str]) -> None:
    if value not in allowed:
        raise ConfigError(f"{flag} {value}: allowed are {', '.join(allowed)}")
