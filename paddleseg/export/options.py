# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The properties of an export, as a whole and graph by graph, and contradictions between options.

Imports only the standard library: the command checks its flags before it loads packages.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from paddleseg.deploy.graph_formats import FLOAT32, INPUT_DTYPES, UINT8
from paddleseg.deploy.graph_spec import GIVES, STRIDE8
from paddleseg.utils.errors import ConfigError
from paddleseg.utils.near_miss import suggest

if TYPE_CHECKING:
    from paddleseg.transforms.transforms import Normalize
    from paddleseg.utils.image_io import ReadOptions

PADDLE, ONNX, OPENVINO, MNN = FORMAT_NAMES = ("paddle", "onnx", "openvino", "mnn")
"""What ``--format`` takes. Of several, the first in this order is the main graph of deploy.yaml."""
ALL = "all"
MIN_OPSET, MAX_OPSET = 11, 19
"""Versions of ONNX's operators that are written: 11 has the resize that the network takes."""
DEFAULT_OPSET = 17
"""That of 2022: all engines know it, and later ones have nothing for this network."""
PORTABLE_OPSET = 12
"""The tool chains of small devices know little beyond it."""


@dataclass(frozen=True)
class ExportOptions:
    """The properties of the exported graphs.

    Attributes:
        output_op: ``argmax``: int32 class ids (N, H, W), the lowest of equal classes; ``softmax``:
            float32 probabilities (N, K, H, W); ``none``: float32 logits (N, K, H, W). All at the size of the
            input. ``stride8``: only the graph of logits at 1/8, which accompanies the others.
        input_shape: (N, C, H, W), -1 for any size; None: any batch and size.
        graph_format: One of Paddle's formats, ``pdmodel`` or ``json``; None: see ``formats.default_format``.
        task: One of ``deploy_config.TASKS``; outputs of a classifier are (N,) or (N, K).
        formats: Names in ``FORMAT_NAMES``.
        input_dtype: The input of graphs other than Paddle's: ``float32``: normalised pictures (N, C, H, W); ``uint8``:
            RGB pictures (N, H, W, C); None: see ``input_dtype_for``.
        opset: Version of ONNX's operators; None: ``DEFAULT_OPSET``, or ``PORTABLE_OPSET``.
        portable: Whether the ONNX model is for the tool chains of small devices: fixed sizes, float32 pictures, no
            computed sizes, average pools that count the padding, and logits as output (at 1/8 for segmentation).
    """

    output_op: str = "argmax"
    input_shape: Sequence[int] | None = None
    graph_format: str | None = None
    task: str = "segmentation"
    formats: Sequence[str] = (PADDLE,)
    input_dtype: str | None = None
    opset: int | None = None
    portable: bool = False

    @property
    def ordered_formats(self) -> list[str]:
        """The formats, the main one first."""
        return [name for name in FORMAT_NAMES if name in self.formats]

    def gives(self, kind: str, has_stride8: bool) -> list[str]:
        """The outputs of the graphs of a format, the main one first.

        Args:
            kind: A name in ``FORMAT_NAMES``.
            has_stride8: Whether the network has logits at 1/8.
        """
        if kind == ONNX and self.portable:
            return [STRIDE8 if has_stride8 else "none"]
        if self.output_op == STRIDE8:
            return [STRIDE8]
        return [self.output_op, STRIDE8] if has_stride8 else [self.output_op]

    def check(self) -> None:
        """Refuse contradictions.

        Raises:
            ConfigError: Names the flag, what was found and what to give.
        """
        if self.output_op not in GIVES:
            raise ConfigError(f"--output_op {self.output_op}: allowed are {', '.join(GIVES)}")
        for name in self.formats:
            if name not in FORMAT_NAMES:
                raise ConfigError(f"--format {name}: no such format. {suggest(name, (*FORMAT_NAMES, ALL))}")
        formats = ",".join(self.formats)
        if not self.formats:
            raise ConfigError(f"--format: no format given; give one or more of {', '.join((*FORMAT_NAMES, ALL))}")
        if self.graph_format is not None and PADDLE not in self.formats:
            raise ConfigError(
                f"--graph_format is for Paddle's graphs, and --format {formats} writes none; leave it out"
            )
        if self.input_dtype not in (*INPUT_DTYPES, None):
            raise ConfigError(f"--input_dtype {self.input_dtype}: allowed are {', '.join(INPUT_DTYPES)}")
        if self.input_dtype is not None and set(self.formats) == {PADDLE}:
            raise ConfigError(
                "--input_dtype: Paddle's graphs take float32 only; give another --format, or leave it out"
            )
        if self.opset is not None and ONNX not in self.formats:
            raise ConfigError(f"--opset is for ONNX, and --format {formats} writes no ONNX model; add onnx to it")
        if self.opset is not None and not MIN_OPSET <= self.opset <= MAX_OPSET:
            raise ConfigError(f"--opset {self.opset}: it must be from {MIN_OPSET} to {MAX_OPSET}")
        if self.portable:
            self._check_portable(formats)

    def _check_portable(self, formats: str) -> None:
        if ONNX not in self.formats:
            raise ConfigError(f"--portable is for ONNX models, and --format {formats} writes none; add onnx to it")
        if self.input_shape is None or -1 in self.input_shape:
            raise ConfigError("--portable: give --input_shape N C H W without -1, e.g. 1 3 512 1024")
        if self.opset is not None:
            raise ConfigError(f"--portable means --opset {PORTABLE_OPSET}; leave --opset out")
        if self.input_dtype == UINT8 and set(self.formats) == {ONNX}:
            raise ConfigError("--portable: its model takes normalised float32 pictures; leave --input_dtype out")
        if self.output_op not in ("none", STRIDE8) and set(self.formats) == {ONNX}:
            raise ConfigError(
                f"--portable: its model gives logits, not {self.output_op}; give --output_op none, or leave it out"
            )


DEFAULT_OPTIONS = ExportOptions()


@dataclass(frozen=True)
class GraphRequest:
    """The properties of one graph.

    Attributes:
        gives: ``stride8``: float32 logits (N, K, ceil(H/8), ceil(W/8)); or a value of ``ExportOptions.output_op``.
        input_shape: (N, C, H, W) of the pictures, -1 for any size.
        task: The network's task.
        ignored_class: A class whose logits are lowered, see ``graph.IGNORED_LOGIT``.
        input_dtype: ``float32`` or ``uint8``, see ``ExportOptions``.
        normalize: How a graph of uint8 pictures normalises them; None: not at all.
        opset: Version of ONNX's operators.
        counts_padding: Whether average pools that leave out the padding become ones that count it and a product with
            constants, for readers that have no others; needs fixed height and width.
        metadata: Texts stored with the graph, by their names.
    """

    gives: str = STRIDE8
    input_shape: Sequence[int] = (-1, 3, -1, -1)
    task: str = "segmentation"
    ignored_class: int | None = None
    input_dtype: str = FLOAT32
    normalize: Normalize | None = None
    opset: int = DEFAULT_OPSET
    counts_padding: bool = False
    metadata: Mapping[str, str] = field(default_factory=dict)


def parse_formats(text: str) -> list[str]:
    """``onnx,mnn`` as names, ``all`` as all of them; they are checked by ``ExportOptions.check``."""
    names = [name for name in text.split(",") if name]
    return list(FORMAT_NAMES) if ALL in names else names


def input_dtype_for(wish: str | None, transforms: Sequence[Mapping[str, Any]], read_options: ReadOptions) -> str:
    """The input type of graphs: uint8 pictures, which need no preparation, unless pictures have other numbers.

    Args:
        wish: ``float32``, ``uint8``, or None.
        transforms: The preprocessing as written in YAML.
        read_options: How pictures are read.

    Raises:
        ConfigError: uint8 was requested, but pictures are not of that type.
    """
    reason = None
    if read_options.value_range is not None:
        reason = "value_range is set, with which pictures become floats"
    elif any(spec["type"] == "Normalize" for spec in transforms[:-1]):
        reason = "Normalize is not the last of the transforms, which the graph cannot take over then"
    if wish == UINT8 and reason is not None:
        raise ConfigError(f"--input_dtype uint8: {reason}; give --input_dtype float32")
    return wish or (UINT8 if reason is None else FLOAT32)
