# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The graphs of one export: those of each format, and their entries in deploy.yaml."""

from __future__ import annotations

import filecmp
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from paddle import nn

from paddleseg import __version__
from paddleseg.deploy.graph_formats import FLOAT32, GRAPH_FORMATS, UINT8
from paddleseg.deploy.graph_spec import STRIDE8
from paddleseg.export.formats import FORMATS, STEMS, default_format
from paddleseg.export.options import DEFAULT_OPSET, ONNX, PADDLE, PORTABLE_OPSET, ExportOptions, GraphRequest
from paddleseg.transforms.transforms import Normalize
from paddleseg.utils.revision import checkout_revision


class GraphWriter:
    """Writes the graphs of a network, format by format.

    Args:
        model: The network.
        folder: The output folder.
        options: The graphs' properties.
        input_shape: (N, C, H, W) of their input, -1 for any size.
        input_dtype: The input of graphs other than Paddle's.
        about: The network's entries in deploy.yaml: classes, preprocessing and so on.
        weights_meta: The weight file's metadata, or None.
    """

    def __init__(
        self,
        model: nn.Layer,
        folder: Path,
        options: ExportOptions,
        input_shape: Sequence[int],
        input_dtype: str,
        about: Mapping[str, Any],
        weights_meta: Mapping[str, Any] | None,
    ) -> None:
        self._model, self._folder, self._options = model, folder, options
        self._input_shape, self._input_dtype = list(input_shape), input_dtype
        self._about, self._weights_meta = about, weights_meta
        self._revision = checkout_revision()

    def write_all(self) -> dict[str, Any]:
        """Write all graphs; return their entries in deploy.yaml: the keys of the main one, and ``graphs``."""
        main_format, *others = self._options.ordered_formats
        first, *further = self._write_format(main_format)
        main = {key: value for key, value in first.items() if key != "gives"}
        output_op = first["gives"]
        if output_op == STRIDE8:  # no other graph: PaddleSeg's key can only call it logits
            further, output_op = [first], "none"
        graphs = {entry["gives"]: {**entry, "gives": None} for entry in further}
        for name in others:
            graphs.update({f"{entry['gives']}_{name}": entry for entry in self._write_format(name)})
        return {
            **main,
            "input_shape": self._input_shape,
            "output_op": output_op,
            "output_dtype": "int32" if output_op == "argmax" else "float32",
            "graphs": {name: _without_none(entry) for name, entry in graphs.items()} or None,
        }

    def _write_format(self, name: str) -> list[dict[str, Any]]:
        """Write the graphs of a format of ``--format``, the main one first; return an entry of deploy.yaml for each."""
        kind = name if name != PADDLE else self._options.graph_format or default_format()
        entries = []
        for gives in self._options.gives(name, has_stride8=hasattr(self._model, "forward_stride8")):
            stem = STEMS[gives == STRIDE8]
            request = self._request(name, gives)
            FORMATS[kind].write(self._model, request, self._folder / stem)
            entry = {"model": stem + GRAPH_FORMATS[kind].graph, "params": None, "gives": gives, "format": kind}
            if GRAPH_FORMATS[kind].params is not None:
                entry["params"] = stem + GRAPH_FORMATS[kind].params
            if request.input_dtype != FLOAT32:
                entry["input"] = request.input_dtype
            entries.append(entry)
        if name == PADDLE and len(entries) == 2:
            self._share_weights(kind, *entries)
        return entries

    def _request(self, name: str, gives: str) -> GraphRequest:
        """The request for a graph of a format of ``--format``."""
        options, is_portable = self._options, name == ONNX and self._options.portable
        is_uint8 = self._input_dtype == UINT8 and name != PADDLE and not is_portable
        last = self._about["transforms"][-1:]
        normalize = None
        if is_uint8 and last and last[0]["type"] == "Normalize":
            normalize = Normalize(mean=last[0]["mean"], std=last[0]["std"])
        return GraphRequest(
            gives,
            self._input_shape,
            task=options.task,
            ignored_class=self._about["ignore_index"],
            input_dtype=UINT8 if is_uint8 else FLOAT32,
            normalize=normalize,
            opset=PORTABLE_OPSET if is_portable else options.opset or DEFAULT_OPSET,
            counts_padding=is_portable,
            metadata={} if name == PADDLE else self._metadata(gives, is_uint8),
        )

    def _metadata(self, gives: str, is_uint8: bool) -> dict[str, str]:
        """A model's metadata: texts unchanged, all else as JSON."""
        facts = {
            **self._about,
            "padding_mode": getattr(self._model, "padding_mode", None),
            "gives": gives,
            "input": "uint8 RGB pictures (N, H, W, C)" if is_uint8 else "float32 normalised pictures (N, C, H, W)",
            "weights": self._weights_meta,
            "toolkit": f"ddrnet-toolkit {__version__}",
            "revision": self._revision,
        }
        return {
            name: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            for name, value in facts.items()
            if value is not None
        }

    def _share_weights(self, kind: str, main: dict[str, Any], second: dict[str, Any]) -> None:
        """Keep Paddle's weights once, since both graphs have the same."""
        for suffix in FORMATS[kind].others:
            (self._folder / second["model"]).with_suffix(suffix).unlink(missing_ok=True)
        params = [self._folder / entry["params"] for entry in (main, second)]
        # Paddle writes the parameters in the order of their names, which both graphs have in common; not promised by
        # it.
        if filecmp.cmp(*params, shallow=False):
            params[1].unlink()
            second["params"] = main["params"]


def _without_none(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in entry.items() if value is not None}
