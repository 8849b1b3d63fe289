# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The files of an export with int8 graphs: whole or not at all, without replacing foreign files."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from paddleseg.deploy.deploy_config import FILE_NAME, DeployConfig, read_section, write_deploy_config
from paddleseg.deploy.graph_formats import FLOAT32
from paddleseg.deploy.graph_spec import GraphSpec, check_checksums
from paddleseg.export.folder import naming_save_dir
from paddleseg.export.formats import INT8_STEM, export_names
from paddleseg.export.verification.report import REPORT_NAMES
from paddleseg.utils.atomic_file import folder_on_disk_of, move_files
from paddleseg.utils.checksum import sha256_of
from paddleseg.utils.errors import ConfigError
from paddleseg.utils.written_files import WrittenFiles


def check_target(config: DeployConfig, save_dir: Path) -> None:
    """Refuse a folder in which a file would be replaced that no command wrote.

    Raises:
        ConfigError: It is a file.
        DataError: Names the file that would be replaced.
    """
    if save_dir.exists() and not save_dir.is_dir():
        raise ConfigError(f"--save_dir {save_dir}: this is a file; give a folder")
    names = {FILE_NAME, *REPORT_NAMES, *(name for name in export_names() if name.startswith(INT8_STEM))}
    if not _is_source(config, save_dir):
        names |= {*export_names(), *_own_files(config)}
    WrittenFiles(save_dir).refuse_foreign(save_dir / name for name in sorted(names))


def check_source(config: DeployConfig) -> None:
    """Compare all files of an export with their checksums: copies get new ones, which would hide any damage.

    Raises:
        ConfigError: Names the file that is not the exported one.
    """
    check_checksums(config.path, [config.path.parent / name for name in sorted(_own_files(config))], config.checksums)


def add_graphs(config: DeployConfig, save_dir: Path, graphs: Mapping[str, GraphSpec]) -> Path:
    """Write an export with further graphs.

    Args:
        config: The export.
        save_dir: Its folder, or another one, which gets the files of the export too.
        graphs: By their names in deploy.yaml, with files elsewhere; they replace graphs of the same name.

    Returns:
        The path of the new deploy.yaml.

    Raises:
        ConfigError: ``save_dir`` cannot be written, or a file of the export is not the exported one.
        DataError: A file would be replaced that no command wrote.
    """
    save_dir = save_dir.absolute()
    check_target(config, save_dir)
    check_source(config)
    index = WrittenFiles(save_dir)
    content = read_section(config.path)
    new_files = [file for graph in graphs.values() for file in graph.files]
    content["graphs"] = {**(content.get("graphs") or {}), **{name: _entry(config, g) for name, g in graphs.items()}}
    with naming_save_dir(save_dir), folder_on_disk_of(save_dir) as folder:
        is_source = _is_source(config, save_dir)
        kept = set() if is_source else _own_files(config) - {file.name for file in new_files}
        for file in (*(config.path.parent / name for name in sorted(kept)), *new_files):
            shutil.copyfile(file, folder / file.name)
        sums = {path.name: sha256_of(path) for path in sorted(folder.iterdir())}
        content["checksums"] = {**(content.get("checksums") or {}), **sums}
        write_deploy_config(folder / FILE_NAME, content)
        names = [*sums, FILE_NAME]
        for name in names:
            index.note(save_dir / name, sha256_of(folder / name))
        # The report of the verification does not cover the further graphs.
        obsolete = {*REPORT_NAMES, *(() if is_source else export_names() - set(names))}
        move_files(folder, save_dir, names, obsolete=sorted(obsolete))
    return save_dir / FILE_NAME


def _entry(config: DeployConfig, graph: GraphSpec) -> dict[str, Any]:
    """The entry of an int8 graph in deploy.yaml."""
    entry = {
        "model": graph.model.name,
        "params": None if graph.params is None else graph.params.name,
        "gives": graph.gives,
        "format": graph.format,
        "precision": graph.precision,
        "input": None if graph.input_dtype == FLOAT32 else graph.input_dtype,
        "input_shape": None if graph.input_shape == config.input_shape else list(graph.input_shape),
        "calibrated_size": list(graph.calibrated_size),
    }
    return {key: value for key, value in entry.items() if value is not None}


def _own_files(config: DeployConfig) -> set[str]:
    """Names of the export's files, except deploy.yaml."""
    named = {file.name for graph in (config.main_graph, *config.graphs.values()) for file in graph.files}
    return named | {name for name in config.checksums if (config.path.parent / name).is_file()}


def _is_source(config: DeployConfig, save_dir: Path) -> bool:
    return save_dir.is_dir() and save_dir.samefile(config.path.parent)
