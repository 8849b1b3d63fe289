# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Build a static site that runs an exported network in the browser: page, runtime, graph, and its facts as JSON.

The export needs an ONNX graph of logits at 1/8 (export.py --format onnx). Features that the page lacks are refused
here, by name. Only files that an earlier run wrote into <save_dir> are replaced: <save_dir>/written_files.jsonl lists
them.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

# The repository's own package is found without being installed.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import paddleseg
from paddleseg.deploy.deploy_config import SEGMENTATION, DeployConfig, read_deploy_config
from paddleseg.deploy.graph_formats import UINT8
from paddleseg.deploy.graph_spec import STRIDE8, GraphSpec, check_checksums
from paddleseg.transforms.padding import Padding, PaddingByAspectRatio
from paddleseg.transforms.transforms import (
    LimitLong,
    LimitShort,
    Normalize,
    Resize,
    ResizeByLong,
    ResizeByShort,
)
from paddleseg.utils.cli import CommandParser, run_command
from paddleseg.utils.errors import ConfigError, UserError
from paddleseg.utils.near_miss import suggest
from paddleseg.utils.visualize import make_palette, names_of_classes
from paddleseg.utils.written_files import WrittenFiles

HERE = Path(__file__).resolve().parent
SHARED_PAGE = Path(paddleseg.__file__).parent / "deploy" / "serve" / "page"
RUNTIME = HERE / "node_modules" / "onnxruntime-web" / "dist"
RUNTIME_FILES = ("ort.wasm.min.mjs", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm")
SHARED_FILES = ("page.css", "icon.svg", "view.js")
CONTENT_POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self' blob:; style-src 'self'; "
    "img-src 'self' blob:; connect-src 'self'; base-uri 'none'; form-action 'none'"
)
"""Nothing but the site's own files; WebAssembly may be compiled."""
HEADERS = {
    # Both together isolate the page; only then do browsers share memory between threads.
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
    # Workers follow the policy sent with their own file, not that of the page.
    "Content-Security-Policy": f"{CONTENT_POLICY}; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
"""In the file ``_headers`` of the site, which serve.py and several hosts of static sites send."""
INTERPOLATIONS = ("NEAREST", "LINEAR")
SMALLEST_SIDE = 32
"""Pixels of the network's input; on less the networks give labels that mean nothing."""

_CHARSET = '<meta charset="utf-8">'
# The arguments of the page's twins of the transforms, by the transforms' attributes.
_TRANSFORMS: dict[type, Callable[[Any], dict[str, Any]]] = {
    Resize: lambda it: _attributes(it, "target_size", "keep_ratio", "size_divisor", "interp"),
    ResizeByLong: lambda it: _attributes(it, "long_size"),
    ResizeByShort: lambda it: {"short_size": it.short_sizes[0], "max_size": it.max_size},
    LimitLong: lambda it: _attributes(it, "max_long", "min_long"),
    LimitShort: lambda it: _attributes(it, "max_short", "min_short"),
    Padding: lambda it: _attributes(it, "target_size", "im_padding_value"),
    PaddingByAspectRatio: lambda it: _attributes(it, "aspect_ratio", "im_padding_value"),
}


def make_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = CommandParser(prog="build.py", description=__doc__)
    add = parser.add_argument
    add("--model", required=True, help="the folder that export.py wrote, or the deploy.yaml in it")
    add("--save_dir", required=True, help="the site's folder")
    add("--graph", help="name of the graph under graphs, or main (default: the first ONNX graph of logits at 1/8)")
    add(
        "--runtime",
        default=str(RUNTIME),
        help="folder of onnxruntime-web's files (default: npm ci's, see README)",
    )
    return parser


def main(args: argparse.Namespace) -> None:
    """Write the site."""
    config = read_deploy_config(args.model)
    graph = choose_graph(config, args.graph)
    files = site_files(config, graph, Path(args.runtime))
    written = WrittenFiles(args.save_dir)
    targets = {Path(args.save_dir) / name: content for name, content in files.items()}
    written.refuse_foreign(targets)
    for target, content in targets.items():
        written.write(target, content)
    megabytes = sum(map(len, files.values())) / 2**20
    print(f"{args.save_dir}: {len(files)} files, {megabytes:.1f} MB, of {graph.model.name}")
    print(f"Look at it: python deploy/web/serve.py --site {args.save_dir}")


def choose_graph(config: DeployConfig, name: str | None) -> GraphSpec:
    """The graph that the page runs.

    Raises:
        ConfigError: There is none, or the requested one cannot run in the page.
    """
    graphs = {"main": config.main_graph, **config.graphs}
    if name is not None and name not in graphs:
        raise ConfigError(f"--graph {name}: {config.path} has no such graph. {suggest(name, graphs)}")
    fitting = {key: graph for key, graph in graphs.items() if _runs(graph) and name in (None, key)}
    if not fitting:
        found = ", ".join(f"{key} ({graph.model.name})" for key, graph in graphs.items() if name in (None, key))
        raise ConfigError(
            f"{config.path}: the page runs ONNX graphs of fp32 or int8 that give logits at 1/8, and there is {found}; "
            "export with --format onnx"
        )
    graph = min(fitting.values(), key=_rank)
    check_checksums(config.path, graph.files, config.checksums)
    return graph


def _rank(graph: GraphSpec) -> tuple[bool, bool, bool]:
    """fp32 before int8, any size before a fixed one, uint8 before float32; then the order of the file."""
    return graph.precision != "fp32", -1 not in graph.input_shape[2:], graph.input_dtype != UINT8


def _runs(graph: GraphSpec) -> bool:
    """Whether the page can run it. The main graph of ``--portable`` is also listed, correctly, under ``graphs``."""
    return graph.format == "onnx" and graph.gives == STRIDE8 and graph.precision in ("fp32", "int8")


def facts_of(config: DeployConfig, graph: GraphSpec) -> dict[str, Any]:
    """The facts for the page, the content of model.json.

    Raises:
        ConfigError: The page lacks a required feature; the message names it.
    """
    if config.task != SEGMENTATION:
        raise ConfigError(f"{config.path}: Deploy.task is {config.task}; the page shows label maps alone")
    if config.read_options.value_range is not None:
        raise ConfigError(f"{config.path}: Deploy.value_range: a browser gives pictures of 8 bits alone; use infer.py")
    if not config.read_options.apply_exif:
        raise ConfigError(f"{config.path}: Deploy.apply_exif is false, but browsers always turn pictures upright")
    batch, channels = graph.input_shape[:2]
    if channels != 3 or batch not in (-1, 1):
        raise ConfigError(
            f"{config.path}: {graph.model.name} takes [N, C] = {[batch, channels]}; the page gives one RGB picture"
        )
    if config.num_classes is None:
        raise ConfigError(f"{config.path}: Deploy.num_classes is missing; export the network again")
    pipeline = config.build_pipeline()
    palette = make_palette(config.num_classes, config.palette)[: config.num_classes].tolist()
    names = names_of_classes(config.num_classes, config.class_names)
    return {
        "task": config.task,
        "classes": [
            {"id": number, "name": name, "color": "#{:02x}{:02x}{:02x}".format(*colour)}
            for number, (name, colour) in enumerate(zip(names, palette))
        ],
        "palette": palette,
        "apply_exif": True,
        "graph": graph.model.name,
        "input": graph.input_dtype,
        "input_shape": list(graph.input_shape),
        "calibrated_size": None if graph.calibrated_size is None else list(graph.calibrated_size),
        "smallest_side": SMALLEST_SIDE,
        "ignored_class": config.ignored_class,
        "transforms": [_describe(transform, i, config.path) for i, transform in enumerate(pipeline.transforms)],
        "normalize": None if pipeline.normalize is None else _normalization(pipeline.normalize),
        "version": paddleseg.__version__,
    }


def site_files(config: DeployConfig, graph: GraphSpec, runtime: Path) -> Mapping[str, bytes]:
    """The site's files by their names in it.

    Raises:
        ConfigError: The page cannot do what deploy.yaml asks for.
        UserError: The runtime is missing.
    """
    facts = facts_of(config, graph)
    missing = [name for name in RUNTIME_FILES if not (runtime / name).is_file()]
    if missing:
        raise UserError(
            f"{runtime}: there is no {missing[0]} of onnxruntime-web; run npm ci --prefix {HERE}, or give its folder "
            "with --runtime"
        )
    page = (SHARED_PAGE / "index.html").read_text(encoding="utf-8")
    policy = f'<meta http-equiv="Content-Security-Policy" content="{CONTENT_POLICY}">'
    return {
        "index.html": page.replace(_CHARSET, f"{_CHARSET}\n  {policy}").encode(),
        **{name: (SHARED_PAGE / name).read_bytes() for name in SHARED_FILES},
        **{file.name: file.read_bytes() for file in sorted((HERE / "page").glob("*.js"))},
        **{f"runtime/{name}": (runtime / name).read_bytes() for name in RUNTIME_FILES},
        "_headers": "\n".join(["/*", *(f"  {name}: {value}" for name, value in HEADERS.items()), ""]).encode(),
        "model.json": json.dumps(facts, ensure_ascii=False, indent=1, allow_nan=False).encode(),
        graph.model.name: graph.model.read_bytes(),
    }


def _describe(transform: Any, index: int, path: Path) -> dict[str, Any]:
    key, name = f"Deploy.transforms.{index}", type(transform).__name__
    if isinstance(transform, Normalize):
        raise ConfigError(f"{path}: {key}: Normalize is not the last transform; the page normalises at the end alone")
    if type(transform) not in _TRANSFORMS:
        known = ", ".join(kind.__name__ for kind in _TRANSFORMS)
        raise ConfigError(f"{path}: {key}: the page has no {name}; it has {known} and Normalize")
    arguments = _TRANSFORMS[type(transform)](transform)
    if arguments.get("interp", INTERPOLATIONS[0]) not in INTERPOLATIONS:
        raise ConfigError(
            f"{path}: {key}.interp is {arguments['interp']}; the page resizes by {' and '.join(INTERPOLATIONS)} alone"
        )
    value = arguments.get("im_padding_value", 0)
    if not 0 <= round(value) <= 255:
        raise ConfigError(f"{path}: {key}.im_padding_value is {value}; pictures of 8 bits hold 0 to 255")
    return {"type": name, **arguments}


def _attributes(transform: Any, *names: str) -> dict[str, Any]:
    return {name: getattr(transform, name) for name in names}


def _normalization(normalize: Normalize) -> dict[str, list[float]]:
    """One float32 number for each channel; their decimal form gives the same ones in JavaScript."""
    normalize.check_channels(3)
    parts = {"shift": normalize.shift, "scale": normalize.scale}
    return {key: (values.tolist() * 3)[:3] if len(values) == 1 else values.tolist() for key, values in parts.items()}


if __name__ == "__main__":
    run_command(main, make_parser())
