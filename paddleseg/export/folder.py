# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Export: from a network in memory to a folder with a static graph, its weights and deploy.yaml.

What only an exported network does (argmax, softmax, leaving out the auxiliary head) is in
``ExportedNetwork``, so that the networks know nothing of it.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable

import paddle
from paddle import Tensor, nn
from paddle.nn import functional as F

from paddleseg.deploy import deploy_config
from paddleseg.deploy.deploy_config import OUTPUT_OPS
from paddleseg.registry import TRANSFORMS
from paddleseg.utils.errors import ConfigError
from paddleseg.utils.evaluation_mode import evaluation_mode
from paddleseg.utils.logging import get_logger

GRAPH_FORMATS = ("pdmodel", "json")
_STEM = "model"
# Everything an export can consist of; nothing else in a folder is touched.
_EXPORT_FILES = (
    *(f"{_STEM}.{suffix}" for suffix in GRAPH_FORMATS),
    f"{_STEM}.pdiparams",
    f"{_STEM}.pdiparams.info",
    deploy_config.FILE_NAME,
)
_SMALLEST_SIDE = 32


@dataclass(frozen=True)
class ExportOptions:
    """What the exported graph is to be.

    Attributes:
        output_op: ``argmax``: int32 class ids (N, H, W), the lowest of equally good classes; ``softmax``:
            float32 probabilities (N, K, H, W); ``none``: float32 logits (N, K, H, W). All at the size of the
            input.
        input_shape: (N, C, H, W), -1 where any size goes; None: any batch and size.
        graph_format: ``pdmodel`` or ``json``; None: see ``default_graph_format``.
    """

    output_op: str = "argmax"
    input_shape: Sequence[int] | None = None
    graph_format: str | None = None


class ExportedNetwork(nn.Layer):
    """A network as it is exported: the main output alone, with ``output_op`` applied.

    Args:
        network: Gives a list of logits (N, K, H, W), the main output first.
        output_op: See ``ExportOptions``.
    """

    def __init__(self, network: nn.Layer, output_op: str) -> None:
        super().__init__()
        self.network = network
        self.output_op = output_op

    def forward(self, x: Tensor) -> Tensor:
        """Output for normalised pictures (N, C, H, W) float32."""
        logits = self.network(x)[0]
        if self.output_op == "softmax":
            return F.softmax(logits, axis=1)
        if self.output_op == "argmax":
            return _argmax(logits)
        return logits


def export_model(
    model: nn.Layer,
    save_dir: str | Path,
    *,
    transforms: Sequence[dict[str, Any]],
    options: ExportOptions = ExportOptions(),
    class_names: Sequence[str] | None = None,
    palette: Sequence[Sequence[int]] | None = None,
    verify: Callable[[Path], object] | None = None,
) -> Path:
    """Export a network.

    The export is made and verified in a temporary folder beside ``save_dir`` and moved at the end,
    deploy.yaml last: a folder with a deploy.yaml is a complete export. Files of an earlier export are
    replaced, others stay.

    Args:
        model: A segmentation network with ``num_classes``, ``in_channels`` and ``arch``; it is exported in
            evaluation mode and leaves in the mode it came in.
        save_dir: Folder for the export; made if it is not there.
        transforms: Preprocessing as written in YAML, ``[{"type": "Normalize", "mean": ...}]``.
        options: What the graph is to be.
        class_names: Names of the classes.
        palette: Colours [r, g, b] of the classes.
        verify: Called with the temporary folder; what it raises ends the export, and ``save_dir`` stays as it
            was.

    Returns:
        The path of deploy.yaml.

    Raises:
        ConfigError: An option is wrong, this Paddle cannot write the format, or ``save_dir`` cannot be
            written.
    """
    graph_format = options.graph_format or default_graph_format()
    input_shape = check_input_shape(options.input_shape, model.in_channels)
    _check_choice("--output_op", options.output_op, OUTPUT_OPS)
    _check_choice("--graph_format", graph_format, GRAPH_FORMATS)
    save_dir = Path(save_dir).absolute()
    with _temporary_folder_beside(save_dir) as folder:
        _save_graph(model, folder / _STEM, options.output_op, input_shape, graph_format)
        deploy_config.write_deploy_config(
            folder / deploy_config.FILE_NAME,
            {
                "model": f"{_STEM}.{graph_format}",
                "params": f"{_STEM}.pdiparams",
                "input_shape": input_shape,
                "output_op": options.output_op,
                "output_dtype": "int32" if options.output_op == "argmax" else "float32",
                "transforms": [_with_explicit_numbers(spec) for spec in transforms],
                "num_classes": model.num_classes,
                "class_names": None if class_names is None else list(class_names),
                "palette": None if palette is None else [list(map(int, colour)) for colour in palette],
                "arch": model.arch,
                "paddle_version": paddle.__version__,
            },
        )
        if verify is not None:
            verify(folder)
        _move_export(folder, save_dir)
    get_logger().info("exported to %s: %s", save_dir, ", ".join(_names_of_export(save_dir)))
    return save_dir / deploy_config.FILE_NAME


def default_graph_format() -> str:
    """The graph format that is right and fast on the installed Paddle.

    Paddle 3 runs .json graphs with bilinear resizes on oneDNN only after one of its passes is taken out (see
    ``deploy.predictor``), and other programs do not know of that; .pdmodel runs as it is, and on older
    Paddles too.
    """
    return "json" if _writes_json() and _old_ir_guard() is None else "pdmodel"


def check_input_shape(shape: Sequence[int] | None, in_channels: int) -> list[int]:
    """The shape of the graph's input, -1 where any size goes.

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
    if any(0 < size < _SMALLEST_SIDE for size in shape[2:]):
        raise ConfigError(f"{found}: height and width must be at least {_SMALLEST_SIDE}")
    return shape


def _save_graph(model: nn.Layer, stem: Path, output_op: str, input_shape: list[int], graph_format: str) -> None:
    exported = ExportedNetwork(model, output_op)
    with evaluation_mode(exported), _intermediate_representation(graph_format):
        # full_graph: without it, what cannot be traced would silently run in Python.
        spec = paddle.static.InputSpec(input_shape, "float32", "x")
        static = paddle.jit.to_static(exported, input_spec=[spec], full_graph=True)
        paddle.jit.save(static, str(stem))


def _argmax(logits: Tensor) -> Tensor:
    """int32 class ids (N, H, W); of equal logits the lowest class."""
    if _writes_json():
        return paddle.argmax(logits, axis=1, dtype="int32")
    # Paddle 3's paddle.argmax cannot be traced into the old representation ("must be Value, but got
    # Variable"). The operator itself is there; topk with k = 1 would do too, but takes 20 times as long (232
    # ms against 12 for 19 classes at 512 x 1024 on one core) and gives any of equal classes.
    from paddle.base.layer_helper import LayerHelper

    helper = LayerHelper("arg_max")
    ids = helper.create_variable_for_type_inference("int32", stop_gradient=True)
    attributes = {
        "axis": 1,
        "keepdims": False,
        "flatten": False,
        "dtype": paddle.base.core.VarDesc.VarType.INT32,
    }
    helper.append_op(type="arg_max", inputs={"X": [logits]}, outputs={"Out": [ids]}, attrs=attributes)
    return ids


def _intermediate_representation(graph_format: str) -> AbstractContextManager[Any]:
    """Inside, Paddle traces into the representation (IR) that is written as ``graph_format``."""
    writes_json = _writes_json()
    if writes_json == (graph_format == "json"):
        return contextlib.nullcontext()
    if writes_json and _old_ir_guard() is not None:
        return _old_ir_guard()()
    raise ConfigError(
        f"--graph_format {graph_format}: Paddle {paddle.__version__} writes {'json' if writes_json else 'pdmodel'} only"
    )


def _writes_json() -> bool:
    """Whether Paddle traces into its new representation (PIR, saved as .json) now."""
    return paddle.get_flags("FLAGS_enable_pir_api")["FLAGS_enable_pir_api"]


def _old_ir_guard() -> Callable[[], AbstractContextManager[Any]] | None:
    """Paddle 3's switch to the old representation; None where there is none."""
    return getattr(paddle.pir_utils, "DygraphOldIrGuard", None)


def _with_explicit_numbers(spec: dict[str, Any]) -> dict[str, Any]:
    """Write out Normalize's numbers, which programs in other languages need and its defaults would hide."""
    if spec["type"] != "Normalize":
        return dict(spec)
    normalize = TRANSFORMS["Normalize"](**{key: value for key, value in spec.items() if key != "type"})
    return {"type": "Normalize", "mean": normalize.mean, "std": normalize.std}


@contextlib.contextmanager
def _temporary_folder_beside(save_dir: Path):
    """A folder on the disk of ``save_dir``, so that its files can be moved; gone afterwards."""
    if save_dir.exists() and not save_dir.is_dir():
        raise ConfigError(f"--save_dir {save_dir}: this is a file; give a folder")
    try:
        save_dir.parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=f".{save_dir.name}.export-", dir=save_dir.parent))
    except OSError as error:
        raise ConfigError(f"--save_dir {save_dir}: {error.strerror}: {error.filename}") from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def _move_export(folder: Path, save_dir: Path) -> None:
    names = _names_of_export(folder)
    save_dir.mkdir(exist_ok=True)
    # Without its deploy.yaml, a folder in which this is interrupted is no export.
    (save_dir / deploy_config.FILE_NAME).unlink(missing_ok=True)
    for name in set(_EXPORT_FILES) - set(names):
        (save_dir / name).unlink(missing_ok=True)
    for name in names:
        shutil.move(folder / name, save_dir / name)


def _names_of_export(folder: Path) -> list[str]:
    """The files of an export that are in a folder, deploy.yaml last."""
    return [name for name in _EXPORT_FILES if (folder / name).is_file()]


def _check_choice(flag: str, value: str, allowed: Sequence[str]) -> None:
    if value not in allowed:
        raise ConfigError(f"{flag} {value}: allowed are {', '.join(allowed)}")
