# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The table of a comparison: in the log, and in the exported folder as ``report.json`` and ``report.md``."""

from __future__ import annotations

import json
import math
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

from paddleseg import __version__
from paddleseg.deploy.engines import ENGINES
from paddleseg.export.graph_runs import MAIN, GraphRun, VerificationError, nothing_runs
from paddleseg.export.verification.expected import Overview
from paddleseg.export.verification.limits import FAILED, NOT_RUN, PASSED, Limits, Seen
from paddleseg.export.verification.operators import Operators
from paddleseg.utils.cpus import usable_cpus
from paddleseg.utils.errors import count_of
from paddleseg.utils.written_files import WrittenFiles

JSON_NAME, TEXT_NAME = REPORT_NAMES = ("report.json", "report.md")


@dataclass(frozen=True)
class Row:
    """One graph on one engine in one precision.

    Attributes:
        run: The graph, engine and precision.
        status: ``limits.PASSED`` and so on.
        reason: Why it did not pass, or another remark; None: there is none.
        limits: The allowed deviation.
        seen: The outcome; None: it did not run.
    """

    run: GraphRun
    status: str
    reason: str | None
    limits: Limits
    seen: Seen | None = None

    def describe(self) -> str:
        """One line for the log."""
        words = f"verification: {self.run.name}: {self.status}"
        if self.seen is not None:
            words += f": {describe_seen(self.seen)}"
        return words if self.reason is None else f"{words}; {self.reason}"


@dataclass(frozen=True)
class Report:
    """All rows of an export.

    Attributes:
        rows: In the order of deploy.yaml.
        overview: The pictures of the comparison.
        checksums: SHA-256 of deploy.yaml and the graphs' files, by their names.
        about: Further facts by name: the configuration, the weights, where the pictures come from.
        operators: Those of the ONNX models, by file name.
    """

    rows: Sequence[Row]
    overview: Overview
    checksums: Mapping[str, str]
    about: Mapping[str, str]
    operators: Mapping[str, Operators] = field(default_factory=dict)

    @property
    def failures(self) -> list[Row]:
        """The rows that did not pass."""
        return [row for row in self.rows if row.status == FAILED]

    @property
    def graphs_not_run(self) -> dict[str, str | None]:
        """By the names of their files, why graphs have not been run on any engine."""
        ran = {row.run.key for row in self.rows if row.status != NOT_RUN}
        reasons: dict[str, str | None] = {}
        for row in self.rows:
            if row.run.key not in ran:
                reasons.setdefault(row.run.graph.model.name, row.reason)
        return reasons

    @property
    def result(self) -> str:
        """``passed``, with the graphs that were not run, or ``failed``, also if none was run."""
        if self.failures or self._is_empty:
            return FAILED
        missing = ", ".join(self.graphs_not_run)
        return f"{PASSED}; not run: {missing}" if missing else PASSED

    @property
    def _is_empty(self) -> bool:
        return all(row.status == NOT_RUN for row in self.rows)

    def raise_failures(self, consequence: str) -> None:
        """Raise an error for the rows that did not pass, or if no graph was run.

        Args:
            consequence: The consequence for the export, at the end of the message.

        Raises:
            VerificationError: Names each run and why, or says how to go on.
        """
        reasons = [f"{row.run.name}: {row.reason}" for row in self.failures]
        if self._is_empty:
            reasons = [nothing_runs(self.rows[0].run.graph, self.rows[0].reason)]
        if reasons:
            raise VerificationError(f"verification failed: {'; '.join(reasons)}; {consequence}")

    def save(self, folder: Path, index: WrittenFiles | None = None) -> None:
        """Write both files.

        Args:
            folder: The output folder.
            index: The folder's index; None: the files are entered when they are moved.
        """
        for name, text in ((JSON_NAME, self.to_json()), (TEXT_NAME, self.to_markdown())):
            if index is None:
                (folder / name).write_text(text, encoding="utf-8")
            else:
                index.write(folder / name, text.encode())

    def to_json(self) -> str:
        """For programs."""
        content = {
            "result": self.result,
            **self.about,
            **asdict(self.overview),
            **_machine(),
            "versions": versions(),
            "runs": [_row_as_dict(row) for row in self.rows],
            "operators": {name: asdict(operators) for name, operators in self.operators.items()},
            "checksums": dict(self.checksums),
        }
        return json.dumps(content, indent=2, allow_nan=False) + "\n"

    def to_markdown(self) -> str:
        """For people."""
        seen = self.overview
        machine = _machine()
        facts = [
            *(f"{name.replace('_', ' ')}: {value}" for name, value in self.about.items()),
            f"pictures: {seen.num_pictures}, of which {seen.num_labelled} with labels; {seen.num_classes} classes "
            "predicted" + (f"; {seen.num_resized} resized to the size of the graphs" if seen.num_resized else ""),
            f"machine: {machine['cpu']}, {machine['threads']} thread(s)",
            f"versions: {', '.join(f'{name} {version}' for name, version in versions().items())}",
        ]
        notes = [f"{row.run.name}: {row.reason}" for row in self.rows if row.reason is not None]
        parts = [
            f"# The graphs of this folder beside their network: {self.result}",
            "\n".join(f"* {fact}" for fact in facts),
            table(self.rows),
            "\n".join(f"* {note}" for note in notes),
            "Times are medians for one picture, beside whatever else the machine did: compare them within this table "
            "only. The network is that of the training, in float32.",
            _operator_table(self.operators) if self.operators else "",
            "| file | SHA-256 |\n|-|-|\n"
            + "\n".join(f"| `{name}` | `{sha}` |" for name, sha in self.checksums.items()),
        ]
        return "\n\n".join(part for part in parts if part) + "\n"


def table(rows: Sequence[Row]) -> str:
    """The rows as a Markdown table."""
    is_classifier = any(row.seen is not None and row.seen.unit == "pictures" for row in rows)
    score = "top-1" if is_classifier else "mIoU"
    lines = [
        f"| graph | engine | precision | equal | {score} | network's {score} | graph, ms | tail, ms | result |",
        "|-|-|-|-|-|-|-|-|-|",
    ]
    for row in rows:
        cells = [f"`{row.run.graph.model.name}`", row.run.engine, row.run.options.precision]
        if row.seen is None:
            cells += ["-"] * 5
        else:
            scores = (row.seen.score, row.seen.network_score)
            cells += [
                f"{100 * row.seen.equal_share:.4f} %",
                *("-" if value is None else f"{value:.2f} %" for value in scores),
                f"{row.seen.network_ms:.1f}",
                f"{row.seen.tail_ms:.1f}",
            ]
        lines.append(f"| {' | '.join([*cells, row.status])} |")
    return "\n".join(lines)


def _operator_table(operators: Mapping[str, Operators]) -> str:
    lines = ["| ONNX model | operator set | operators |", "|-|-|-|"]
    for name, found in operators.items():
        counts = ", ".join(f"{operator} {count}" for operator, count in found.counts.items())
        lines.append(f"| `{name}` | {found.opset} | {counts} |")
    return "\n".join(lines)


def describe_seen(seen: Seen) -> str:
    """The outcome of a run, in words."""
    pixels = "pixels of " if seen.unit == "pixels" else ""
    words = f"{100 * seen.equal_share:.4f} % of the {pixels}{count_of(seen.num_pictures, 'picture')} equal"
    if seen.difference is not None:
        words += f", scores differ by {seen.difference:.1e} of the largest logit"
    if seen.score is not None:
        name = "mIoU" if seen.unit == "pixels" else "top-1"
        words += f", {name} {seen.score:.2f} % (network {seen.network_score:.2f} %)"
    return f"{words}, {seen.network_ms:.1f} + {seen.tail_ms:.1f} ms a picture"


def versions() -> dict[str, str]:
    """Versions of the toolkit, Python and the installed engines' packages."""
    found = {"ddrnet-toolkit": __version__, "python": platform.python_version()}
    names = metadata.packages_distributions()
    for kind in ENGINES.values():
        for distribution in names.get(kind.package, [])[:1]:
            found[distribution] = metadata.version(distribution)
    return found


def _machine() -> dict[str, Any]:
    return {"cpu": _cpu_name(), "threads": usable_cpus()}


def _cpu_name() -> str:
    """``model name`` from Linux, which is more detailed than Python's."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or platform.machine())


def _row_as_dict(row: Row) -> dict[str, Any]:
    run = row.run
    result = {
        "graph": "main" if run.key == MAIN else run.key,
        "file": run.graph.model.name,
        "engine": run.options.backend,
        "enable_mkldnn": run.options.enable_mkldnn,
        "precision": run.options.precision,
        "status": row.status,
        "reason": row.reason,
        "limits": asdict(row.limits),
    }
    if row.seen is not None:
        numbers = {**asdict(row.seen), "equal_share": row.seen.equal_share}
        result |= {name: None if _is_nan(value) else value for name, value in numbers.items()}
    return result


def _is_nan(value: Any) -> bool:
    return isinstance(value, float) and not math.isfinite(value)


def not_run(run: GraphRun, reason: str, limits: Limits) -> Row:
    """A row for a run that this machine cannot do."""
    return Row(run, NOT_RUN, reason, limits)
