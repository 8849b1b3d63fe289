# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Run chains as PaddlePaddle's continuous integration does, and judge them by its rules.

    python test_tipc/run_chains.py --chains basic,ptq --models ddrnet23_slim,ddrnet39
    python test_tipc/run_chains.py --quick

A chain's files are found by the patterns, its scripts called with the arguments, and its time bounded by the limits of
tipc_run.sh (PaddlePaddle/continuous_integration); its output is judged as by report.py and checkout_result.sh. In
addition, the label maps of networks with weights by rule are compared with test_tipc/results. The table at the end is
that of test_tipc/README.md. The exit status is 0 if nothing failed.
"""

from __future__ import annotations

import argparse
import os
import re
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

from paddleseg.utils.cli import CommandParser, run_command
from paddleseg.utils.errors import ConfigError
from paddleseg.utils.near_miss import suggest

ROOT = Path(__file__).resolve().parents[1]
TRAINING = "lite_train_lite_infer"
RESULT_WORDS, FAILED_WORDS = "with command", "Run failed with command"
_REASON = re.compile(r"^ Skipped - .* - (.*)$", re.MULTILINE)
_COLOUR = re.compile(r"\033\[\d+m")


@dataclass(frozen=True)
class Chain:
    """A kind of chain.

    Attributes:
        pattern: The pattern of its files below test_tipc/configs.
        script: The script that runs one, below test_tipc.
        mode: Its mode, for prepare.sh and the script.
        seconds: Time limit, prepare.sh included.
        second: The script's second argument, if that is not the mode.
        compares: Precision of its label maps, if it runs the network by rule, whose scores are recorded.
    """

    pattern: str
    script: str
    mode: str = TRAINING
    seconds: int = 600
    second: str | None = None
    compares: str | None = None


_TRAIN = "test_train_inference_python.sh"
CHAINS = {
    "basic": Chain("*train_infer_python.txt", _TRAIN),
    "amp": Chain("*train_linux_gpu_normal_amp_infer_python_linux_gpu_cpu.txt", _TRAIN),
    "fleet": Chain("*train_linux_gpu_fleet_normal_infer_python_linux_gpu_cpu.txt", _TRAIN),
    "ptq": Chain("*train_ptq_infer_python.txt", "test_ptq_inference_python.sh", "whole_infer", 1800, compares="int8"),
    "paddle2onnx": Chain("*paddle2onnx*", "test_paddle2onnx.sh", "paddle2onnx_infer", 80, compares="fp32"),
    "serving": Chain("*_serving_python_*", "test_serving_infer_python.sh", "serving_infer", 80, compares="fp32"),
    "cpp": Chain("*_infer_cpp_*", "test_inference_cpp.sh", "cpp_infer", 600, "1", compares="fp32"),
    # Those below are not in tipc_run.sh; they have the limit of the basic chain.
    "dy2static": Chain("*train_dy2static_python.txt", "test_train_dy2static_python.sh"),
    "benchmark": Chain("*train_infer_python.txt", "benchmark_train.sh", "benchmark_train"),
}
# Run by `make tipc`: minutes on two cores.
QUICK = (
    *(("basic", model) for model in ("ddrnet23_slim", "ddrnet", "ddrnet39", "ddrnet23_slim_cls")),
    *((chain, "ddrnet23_slim") for chain in ("ptq", "paddle2onnx", "serving")),
)
# int8 of an untrained network differs between engines and CPUs.
TOLERANCES = {"fp32": "1e-3", "int8": "6e-2"}


@dataclass(frozen=True)
class Outcome:
    """The outcome of a model's chain.

    Attributes:
        problems: Violations of the rules; none if it passed.
        needs: Why no part of it could run on this machine; empty if any part did.
        seconds: Wall-clock time, prepare.sh included.
        cpu_seconds: CPU time of its processes: what an idle machine would need on one core.
    """

    problems: Sequence[str]
    needs: str = ""
    seconds: float = 0.0
    cpu_seconds: float = 0.0

    def __str__(self) -> str:
        times = f"({self.seconds:.0f} s, CPU {self.cpu_seconds:.0f} s)"
        if self.problems:
            return f"FAILED {times}"
        return f"not run: {self.needs}" if self.needs else f"passed {times}"


def make_parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    parser = CommandParser(
        prog="run_chains.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--chains", metavar="NAMES", help=f"of {', '.join(CHAINS)}, with commas between them (default: all)")
    add("--models", metavar="NAMES", help="folders of test_tipc/configs, with commas between them (default: all)")
    add("--quick", action="store_true", help="what `make tipc` runs, in place of these two")
    add(
        "--stretch",
        type=float,
        default=1.0,
        metavar="FACTOR",
        help="multiply the time limits, for machines that are busy with other things (default: %(default)s)",
    )
    return parser


def main(arguments: argparse.Namespace) -> None:
    """Run the requested chains and print the table."""
    if arguments.quick and (arguments.chains or arguments.models):
        raise ConfigError("--quick is a choice of chains and models; leave --chains and --models out")
    if arguments.stretch <= 0:
        raise ConfigError(f"--stretch {arguments.stretch}: must be above 0")
    # Like Ctrl-C, it also ends the running chain.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    outcomes: dict[tuple[str, str], Outcome] = {}
    for name, file in chosen_files(arguments):
        print(f"\n== {name}, {file.relative_to(ROOT)}", flush=True)
        outcome = run_chain(ROOT, CHAINS[name], file, stretch=arguments.stretch)
        outcomes[name, file.parent.name] = outcome
        for problem in outcome.problems:
            print(f"FAILED: {problem}")
        print(f"== {name}, {file.parent.name}: {outcome}", flush=True)
    print(f"\n{table(outcomes)}")
    sys.exit(1 if any(outcome.problems for outcome in outcomes.values()) else 0)


def chosen_files(arguments: argparse.Namespace) -> list[tuple[str, Path]]:
    """Name and file of each requested chain."""
    models = sorted(path.name for path in (ROOT / "test_tipc/configs").iterdir() if not path.name.startswith("_"))
    names = _names("--chains", arguments.chains, list(CHAINS))
    wanted = _names("--models", arguments.models, models)
    pairs = [(name, file) for name in names for file in find_files(ROOT, name) if file.parent.name in wanted]
    if arguments.quick:
        pairs = [(name, file) for name, file in pairs if (name, file.parent.name) in QUICK]
    if not pairs:
        raise ConfigError(f"--chains {arguments.chains} --models {arguments.models}: there is no such file")
    return pairs


def _names(flag: str, given: str | None, known: Sequence[str]) -> list[str]:
    found = list(known) if given is None else [name for name in given.split(",") if name]
    for name in found:
        if name not in known:
            raise ConfigError(f"{flag} {name}: there is none of this name. {suggest(name, known)}")
    return found


def find_files(root: Path, name: str) -> list[Path]:
    """The files of a chain, as found by model_list.py; for ``benchmark`` those that have its section."""
    found = sorted((root / "test_tipc/configs").rglob(CHAINS[name].pattern))
    if name == "benchmark":
        found = [file for file in found if "train_benchmark_params" in file.read_text(encoding="utf-8")]
    return found


def run_chain(
    root: Path, chain: Chain, file: Path, *, stretch: float = 1.0, env: Mapping[str, str] | None = None
) -> Outcome:
    """Prepare and run a chain, and judge its output.

    Args:
        root: The checkout.
        chain: Its kind.
        file: Its file.
        stretch: Factor for the time limit.
        env: Additional environment variables.
    """
    start, cpu_start = time.time(), _cpu_seconds()
    end = start + chain.seconds * stretch
    second = chain.second or chain.mode
    environment = {"PYTHON": sys.executable, **os.environ, **(env or {})}
    status = _run(root, ["bash", "test_tipc/prepare.sh", file, chain.mode], end, environment)
    if status == 0:
        status = _run(root, ["bash", f"test_tipc/{chain.script}", file, second], end, environment)
    seconds, cpu_seconds = time.time() - start, _cpu_seconds() - cpu_start
    logs = find_logs(root, start)
    results = [line for log in logs for line in result_lines(log)]
    problems = list(judge(results))
    if status is None:
        problems.append(f"not ready after {chain.seconds * stretch:.0f} s")
    elif status == 0 and chain.compares and not problems:
        problems += compare(root, chain, file, environment)
    elif status != 0:
        needs = "" if results or status != 1 else why_nothing_ran(logs)
        if needs:
            return Outcome([], needs, seconds, cpu_seconds)
        problems.append(f"exit status {status}")
    return Outcome(problems, "", seconds, cpu_seconds)


def _run(root: Path, command: Sequence[str | Path], end: float, env: Mapping[str, str]) -> int | None:
    """The exit status; None if the command was not finished in time."""
    with subprocess.Popen([*map(str, command)], cwd=root, env=dict(env), start_new_session=True) as process:
        try:
            return process.wait(max(0.1, end - time.time()))
        except BaseException as error:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            if isinstance(error, subprocess.TimeoutExpired):
                return None
            raise


def _cpu_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def find_logs(root: Path, since: float) -> list[Path]:
    """The logs written anywhere in a checkout since then, except in hidden folders such as .venv."""
    found = []
    for folder, folders, files in os.walk(root):
        folders[:] = [name for name in folders if not name.startswith(".") and name != "node_modules"]
        found += [Path(folder, name) for name in files if name.endswith(".log")]
    return sorted(log for log in found if log.is_file() and log.stat().st_mtime >= since)


def result_lines(log: Path) -> list[str]:
    """The lines of a log that count as results."""
    return [line for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if RESULT_WORDS in line]


def judge(results: Sequence[str]) -> Iterator[str]:
    """The faults of the result lines of a chain, by the rules of report.py and checkout_result.sh.

    A line is split at " - ": whether it went well, the model, the command, the log.
    """
    if not results:
        yield "no line says that a command was run"
    for line in results:
        parts = line.split(" - ")
        if len(parts) != 4:
            yield f"a line with {len(parts) - 1} times ' - ' where 3 are wanted: {line.strip()}"
        elif FAILED_WORDS in line:
            log = _COLOUR.sub("", parts[3]).strip()
            yield f"{parts[1].strip()}: {parts[2]} ({stage_of(parts[2])}) failed, see {log}"
        elif "successfully" not in parts[0]:
            yield f"neither successful nor failed: {line.strip()}"


def stage_of(command: str) -> str:
    """The stage that a command counts for."""
    for stage, script in (("train", "train.py"), ("dygraph2static", "export.py")):
        if script in command:
            return stage
    return "inference"


def why_nothing_ran(logs: Sequence[Path]) -> str:
    """The reasons why all steps of a chain were skipped; empty if it did not finish."""
    text = "\n".join(log.read_text(encoding="utf-8", errors="replace") for log in logs)
    if not re.search(r"^0 passed, 0 failed, \d+ skipped$", text, re.MULTILINE):
        return ""
    return "; ".join(dict.fromkeys(_REASON.findall(text)))


def compare(root: Path, chain: Chain, file: Path, env: Mapping[str, str]) -> list[str]:
    """Compare the label maps of a chain with the recorded scores of its model; return the differences."""
    model = re.search(r"^model_name[: ](.*)$", file.read_text(encoding="utf-8"), re.MULTILINE)[1].strip()
    command = [
        env["PYTHON"], "test_tipc/compare_results.py", "--num_classes=19", f"--atol={TOLERANCES[chain.compares]}",
        "--metric_file=test_tipc/results/*.txt",
        f"--predict_dir=test_tipc/output/{model}/{chain.mode}/*_precision_{chain.compares}_*_results",
        "--gt_dir=test_tipc/data/cityscapes/gtFine/val",
    ]  # fmt: skip
    if subprocess.run(command, cwd=root, env=dict(env)).returncode == 0:
        return []
    return [f"{chain.compares}: its label maps have other scores than test_tipc/results says, or none"]


def table(outcomes: Mapping[tuple[str, str], Outcome]) -> str:
    """Chains by models, in Markdown."""
    models = list(dict.fromkeys(model for _, model in outcomes))
    lines = [f"| chain | {' | '.join(models)} |", "|-" * (len(models) + 1) + "|"]
    for name in dict.fromkeys(name for name, _ in outcomes):
        cells = (str(outcomes.get((name, model), "")) for model in models)
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    run_command(main, make_parser())
