# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""From an exported folder to one with int8 graphs: quantise, score, exclude sensitive layers, time, write."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from paddleseg.deploy.deploy_config import CLASSIFICATION, DeployConfig, read_deploy_config
from paddleseg.deploy.engines import ENGINES
from paddleseg.deploy.engines.base import EngineOptions
from paddleseg.deploy.graph_formats import GRAPH_FORMATS
from paddleseg.deploy.graph_spec import STRIDE8, GraphSpec
from paddleseg.deploy.segmenter import Segmenter
from paddleseg.export.formats import INT8_STEM
from paddleseg.export.int8.folder import add_graphs, check_source, check_target
from paddleseg.export.int8.pictures import Pictures, arrays, deployment_size
from paddleseg.export.int8.quantizers import QUANTIZERS, SENSITIVE_LAYERS, Calibration, Quantizer
from paddleseg.export.int8.scores import Scorer, Scores
from paddleseg.export.int8.speed import Measured, measure_speed, table, verdict
from paddleseg.utils.cpus import usable_cpus
from paddleseg.utils.errors import ConfigError, DeviceError, UserError, count_of
from paddleseg.utils.logging import get_logger, log_outcome
from paddleseg.utils.progress import tracked


class QuantizationError(UserError, RuntimeError):
    """An int8 graph loses more than allowed."""


@dataclass(frozen=True)
class QuantizeOptions:
    """The options of a quantisation.

    Attributes:
        formats: Names in ``QUANTIZERS``.
        input_shape: N C H W at which the graphs will run; None: the size of all pictures after the transforms.
        max_drop: Points (hundredths) of mIoU that may be lost, or of equal pixels without labels.
        cpu_threads: For scoring and timing; None: one for each usable core.
    """

    formats: Sequence[str] = tuple(QUANTIZERS)
    input_shape: Sequence[int] | None = None
    max_drop: float = 1.0
    cpu_threads: int | None = None


DEFAULT_OPTIONS = QuantizeOptions()


def quantize_export(
    folder: str | Path,
    save_dir: str | Path,
    calibration: Pictures,
    validation: Pictures,
    options: QuantizeOptions = DEFAULT_OPTIONS,
) -> dict[str, list[Measured]]:
    """Add int8 graphs of logits at 1/8 to an export.

    Nothing appears in ``save_dir`` before all graphs are scored; then their files do, and finally the deploy.yaml that
    names them as ``graphs.stride8_openvino_int8`` and ``graphs.stride8_onnx_int8``.

    Args:
        folder: The export.
        save_dir: The same folder, or another one, which gets all files of the export too.
        calibration: Pictures to whose ranges int8 is fitted.
        validation: Pictures, preferably with labels, on which the loss of accuracy is measured.
        options: The options of the quantisation.

    Returns:
        For each format the graphs measured on its engine: fp32, bf16 if the CPU has it, int8.

    Raises:
        ConfigError: The export cannot be quantised, a file of it is not the exported one, or pictures or size do not
            fit it.
        DataError: A picture or label is damaged, or a file would be replaced that no command wrote.
        QuantizationError: More than ``max_drop`` is lost even with all ``SENSITIVE_LAYERS`` in float32.
    """
    config = read_deploy_config(folder)
    sources = {name: source_graph(config, QUANTIZERS[name]) for name in options.formats}
    for pictures in (calibration, validation):
        pictures.check_fits(config)
    check_target(config, Path(save_dir))
    check_source(config)
    sizes = {deployment_size(config, graph, calibration, options.input_shape) for graph in set(sources.values())}
    if len(sizes) > 1:
        raise ConfigError(
            f"{config.path}: its graphs take different sizes; give one --format, or export them with the same size"
        )
    (size_hw,) = sizes
    get_logger().info(
        "int8: calibrated at %d x %d with %s of %s, measured on %s of %s",
        *size_hw, count_of(len(calibration.indices), "picture"), calibration.name,
        count_of(len(validation.indices), "picture"), validation.name,
    )  # fmt: skip
    results, graphs = {}, {}
    with tempfile.TemporaryDirectory() as scratch:
        for name, source in sources.items():
            work = _Work(config, QUANTIZERS[name], source, size_hw, options, Path(scratch))
            results[name], graphs[f"{STRIDE8}_{name}_int8"] = work.run(calibration, validation)
        path = add_graphs(config, Path(save_dir), graphs)
    for rows in results.values():
        log_outcome("\n%s", table(rows, size_hw, options.cpu_threads or usable_cpus()))
    for rows in results.values():
        is_faster, words = verdict(rows)
        (log_outcome if is_faster else get_logger().warning)("%s", words)
    log_outcome("int8 graphs written: %s", path)
    return results


def source_graph(config: DeployConfig, quantizer: Quantizer) -> GraphSpec:
    """The float32 graph of an export that a quantiser reads.

    Raises:
        ConfigError: The export is a classifier's, or has no such graph.
    """
    if config.task == CLASSIFICATION:
        raise ConfigError(f"{config.path}: the export is a classifier; only segmentation networks can be quantised")
    graphs = [config.main_graph, *config.graphs.values()]
    for kind in quantizer.sources:
        for graph in graphs:
            if (graph.format, graph.gives, graph.precision) == (kind, STRIDE8, "fp32"):
                return graph
    found = ", ".join(dict.fromkeys(f"{graph.model.name} ({graph.precision})" for graph in graphs))
    suffixes = " or ".join(GRAPH_FORMATS[kind].graph for kind in quantizer.sources)
    raise ConfigError(
        f"{config.path}: --format {quantizer.format} quantises a graph of float32 logits at 1/8 in a {suffixes} file, "
        f"but there is {found}; export with --format paddle,onnx, or give --model_path in place of --model_dir"
    )


@dataclass(frozen=True)
class _Work:
    """One format of one export."""

    config: DeployConfig
    quantizer: Quantizer
    source: GraphSpec
    size_hw: tuple[int, int]
    options: QuantizeOptions
    scratch: Path

    def run(self, calibration: Pictures, validation: Pictures) -> tuple[list[Measured], GraphSpec]:
        """Quantise until the loss is small enough; return the measurements, and the int8 graph in ``scratch``."""
        scorer = Scorer(validation, self.size_hw)
        opened = {"fp32": self._open(self.source, "fp32")}
        scores = {"fp32": scorer.score(opened["fp32"])}
        if "bf16" in ENGINES[self.quantizer.backend].lowers:
            try:
                opened["bf16"] = self._open(self.source, "bf16")
                scores["bf16"] = scorer.score(opened["bf16"])
            except DeviceError as error:
                get_logger().info("not measured: %s", error)
        graph, opened["int8"], scores["int8"] = self._quantize(calibration, scorer, opened["fp32"], scores["fp32"])
        images = next(arrays(validation, opened["fp32"], self.size_hw))
        times = measure_speed({precision: segmenter.engine for precision, segmenter in opened.items()}, images)
        return [
            Measured(
                self.quantizer.backend, precision, scores[precision], milliseconds,
                sum(file.stat().st_size for file in opened[precision].graph.files),
            )
            for precision, milliseconds in times.items()
        ], graph  # fmt: skip

    def _quantize(
        self, calibration: Pictures, scorer: Scorer, fp32: Segmenter, reference: Scores
    ) -> tuple[GraphSpec, Segmenter, Scores]:
        for count in range(len(SENSITIVE_LAYERS) + 1):
            float_layers = SENSITIVE_LAYERS[:count]
            graph = self._write(calibration, fp32, float_layers)
            segmenter = self._open(graph, "int8")
            scores = scorer.score(segmenter)
            kept = f"with {', '.join(float_layers)} in float32" if float_layers else "with all layers in int8"
            loss = scores.loss(reference)
            get_logger().info(
                "%s int8 %s: %s; %.2f points lost, %g are allowed",
                self.quantizer.backend, kept, scores.describe(), loss, self.options.max_drop,
            )  # fmt: skip
            if loss <= self.options.max_drop:
                return graph, segmenter, scores
        raise QuantizationError(
            f"--format {self.quantizer.format}: int8 loses {loss:.2f} points even {kept}, and --max_drop allows "
            f"{self.options.max_drop:g}; nothing was written. Calibrate with more pictures (--batch_nums), or with "
            "pictures from where it will run, or allow more"
        )

    def _write(self, calibration: Pictures, fp32: Segmenter, float_layers: Sequence[str]) -> GraphSpec:
        num_pictures = len(calibration.indices)
        facts = {
            "calibrated_size": "{} x {}".format(*self.size_hw),
            "calibration_pictures": str(num_pictures),
            "float_layers": ", ".join(float_layers),
        }
        stem = self.scratch / INT8_STEM
        self.quantizer.quantize(
            self.source,
            stem,
            Calibration(
                lambda: tracked(arrays(calibration, fp32, self.size_hw), "calibrating", total=num_pictures),
                num_pictures,
                float_layers,
                None if self.config.ignored_class is None else fp32.engine.output_names[0],
                facts,
            ),
        )
        kind = GRAPH_FORMATS[self.quantizer.format]
        return dataclasses.replace(
            self.source,
            model=stem.with_suffix(kind.graph),
            params=None if kind.params is None else stem.with_suffix(kind.params),
            format=self.quantizer.format,
            precision="int8",
            calibrated_size=self.size_hw,
        )

    def _open(self, graph: GraphSpec, precision: str) -> Segmenter:
        # Its files would be compared with the export's checksums, which have no int8 graph, or another one.
        alone = dataclasses.replace(self.config, main_graph=graph, graphs={}, checksums={})
        options = EngineOptions(self.quantizer.backend, precision=precision, cpu_threads=self.options.cpu_threads)
        return Segmenter(alone, options, main_graph=True)
