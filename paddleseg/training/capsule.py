# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Failure capsules: a step whose loss or gradients are not finite, saved so that it can be replayed.

``<save_dir>/capsule_<step>`` has, for each process in a folder ``rank_<number>`` if there are several:

* ``state``: a checkpoint of the state before the step, with the run's configuration, see ``checkpoint.py``,
* ``batch_<number>.npz``: the tensors of each batch as they went to the network, in numpy's own format,
* ``step.json``: the step's number, settings, pictures, generators and versions, the batches' contents other than
  tensors, and checksums of the batches, of the loss terms and of every gradient.
"""

from __future__ import annotations

import io
import json
import random
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import paddle
from paddle import Tensor, nn

from paddleseg.datasets.loader import Batch
from paddleseg.training import checkpoint
from paddleseg.training.run_settings import RunSettings, knobs
from paddleseg.training.versions import versions
from paddleseg.utils import distributed as dist
from paddleseg.utils.atomic_file import replace_folder, synced_file
from paddleseg.utils.checksum import sha256_of, sha256_of_bytes
from paddleseg.utils.errors import UserError, WeightsError
from paddleseg.utils.logging import get_logger
from paddleseg.utils.tensors import to_arrays

PREFIX = "capsule_"
_STATE, _STEP = "state", "step.json"
# Before the name of a tensor in a batch: numpy.savez has a parameter `file`.
_ENTRY = "batch."
# A capsule is written only if this many times its size is free.
_FREE_SPACE = 3


@dataclass(frozen=True)
class Digests:
    """Checksums of a step's results.

    Attributes:
        terms: Of the bytes of each loss term, by its name.
        gradients: Of the bytes of each parameter's gradient, by the parameter's name.
    """

    terms: Mapping[str, str]
    gradients: Mapping[str, str]


def digests_of(terms: Mapping[str, Tensor], layers: nn.Layer) -> Digests:
    """Checksums of a step's loss terms, and of the gradients that the parameters have now."""
    gradients = {name: parameter.grad for name, parameter in layers.named_parameters()}
    return Digests(
        {name: _digest(value) for name, value in terms.items()},
        {name: _digest(value) for name, value in gradients.items() if value is not None},
    )


def _digest(value: Tensor) -> str:
    return sha256_of_bytes(np.ascontiguousarray(to_arrays(value)).tobytes())


class CapsuleWriter:
    """Saves the first few steps that are not finite.

    Args:
        settings: The run's.
    """

    def __init__(self, settings: RunSettings) -> None:
        self._settings = settings
        self._generators: dict[str, Any] = {}

    @property
    def is_wanted(self) -> bool:
        """Whether a step may be kept at all."""
        return self._settings.failure_capsules > 0

    def start_step(self) -> None:
        """Note the states of generators used by a user's code; the toolkit's follow from seed, step and process."""
        if self.is_wanted:
            kind, keys, *rest = np.random.get_state()
            self._generators = {"random": random.getstate(), "numpy": [kind, keys, *rest]}

    def keep(
        self,
        step: int,
        batches: Sequence[Batch],
        terms: Mapping[str, Tensor],
        layers: nn.Layer,
        contents: Callable[[], Mapping[str, Any]],
    ) -> str:
        """Write a capsule, unless the run's folder has the maximum number; disk errors are never raised.

        Args:
            step: The number of steps before this one.
            batches: The network's inputs.
            terms: The loss terms.
            layers: The layers whose gradients are recorded.
            contents: Returns the files of a checkpoint of the state before the step.

        Returns:
            A sentence for the report of the step.
        """
        own = Path(self._settings.save_dir, f"{PREFIX}{step + 1}")
        others = sorted(path.name for path in capsules_in(self._settings.save_dir) if path != own)
        if len(others) >= self._settings.failure_capsules:
            kept = f"; {', '.join(others)} has an earlier one" if others else ""
            return f" The step is not kept (failure_capsules: {self._settings.failure_capsules}{kept})."
        folder = own / f"rank_{dist.rank()}" if dist.world_size() > 1 else own
        if folder.exists():
            return f" {folder} has this step from an earlier attempt."
        try:
            self._write(folder, step, batches, digests_of(terms, layers), dict(contents()))
        except (OSError, UserError) as error:
            get_logger().warning("the step cannot be kept: %s", error)
            return ""
        return f" python tools/replay_step.py {own} repeats the step."

    def _write(
        self, folder: Path, step: int, batches: Sequence[Batch], digests: Digests, contents: dict[str, Any]
    ) -> None:
        files = {f"batch_{number}.npz": _arrays_of(batch) for number, batch in enumerate(batches)}
        self._check_space(folder, sum(map(len, files.values())), contents)
        facts = {
            "step": step,
            "rank": dist.rank(),
            "number of processes": dist.world_size(),
            "settings": {**asdict(self._settings), "save_dir": str(self._settings.save_dir)},
            "pictures": [path for batch in batches for path in batch["paths"]],
            "generators": self._generators,
            "versions": versions(),
            "plain": [_plain_of(batch) for batch in batches],
            "batches": {name: sha256_of_bytes(data) for name, data in files.items()},
            **asdict(digests),
        }

        def write_into(writing: Path) -> None:
            checkpoint.write_checkpoint(writing / _STATE, contents, {"step": step, "versions": facts["versions"]})
            for name, data in {**files, _STEP: json.dumps(facts, indent=1, default=_as_plain).encode()}.items():
                with synced_file(writing / name) as file:
                    file.write(data)

        folder.parent.mkdir(parents=True, exist_ok=True)
        replace_folder(folder, write_into)

    @staticmethod
    def _check_space(folder: Path, batch_bytes: int, contents: Mapping[str, Any]) -> None:
        there = next(path for path in folder.absolute().parents if path.exists())
        needed = batch_bytes + sum(array.nbytes for array in _arrays_in(contents))
        free = shutil.disk_usage(there).free
        if free < _FREE_SPACE * needed:
            raise OSError(f"it has {needed >> 20} MB, and the disk of {there} has {free >> 20} MB free")


@dataclass(frozen=True)
class Capsule:
    """A capsule whose files match their checksums.

    Attributes:
        folder: Its folder; with several processes, this one's.
        facts: The content of ``step.json``.
    """

    folder: Path
    facts: Mapping[str, Any]

    @cached_property
    def state(self) -> checkpoint.Checkpoint:
        """The state before the step."""
        return checkpoint.open_checkpoint(self.folder / _STATE)

    @property
    def config_file(self) -> Path | None:
        """The run's configuration; None if the run had none."""
        return self.state.folder / checkpoint.CONFIG if self.state.has(checkpoint.CONFIG) else None

    @property
    def settings(self) -> RunSettings:
        """The run's settings, except that each step is judged at once, as when steps may be skipped."""
        known = {knob.name for knob in knobs()}  # another version may have others
        settings = {name: value for name, value in self.facts["settings"].items() if name in known}
        return RunSettings(**{**settings, "max_skipped_steps": 2**31})

    @property
    def digests(self) -> Digests:
        """Checksums of the step's results."""
        return Digests(self.facts["terms"], self.facts["gradients"])

    def batches(self) -> list[Batch]:
        """The network's inputs."""
        found = []
        for name, plain in zip(self.facts["batches"], self.facts["plain"]):
            with np.load(self.folder / name, allow_pickle=False) as arrays:
                found.append(
                    {**plain, **{key.removeprefix(_ENTRY): paddle.to_tensor(arrays[key]) for key in arrays.files}}
                )
        return found

    def restore_generators(self) -> None:
        """Restore the states of Python's and numpy's own generators."""
        generators = self.facts["generators"]
        if generators:
            version, words, gauss = generators["random"]
            random.setstate((version, tuple(words), gauss))
            kind, keys, *rest = generators["numpy"]
            np.random.set_state((kind, np.array(keys, "uint32"), *rest))


def capsules_in(save_dir: str) -> list[Path]:
    """The capsules in a run's folder."""
    found = (path for path in Path(save_dir).glob(f"{PREFIX}*") if path.is_dir())
    return sorted(path for path in found if path.name.removeprefix(PREFIX).isdecimal())


def open_capsule(folder: str) -> Capsule:
    """Read a capsule; with several processes, this one's part.

    Raises:
        WeightsError: It is not a capsule, a file of it is missing or damaged, or it needs another number of processes.
    """
    path = Path(folder)
    # One that was being written when the run was killed does not count.
    parts = [part for part in path.glob("rank_*") if part.name.removeprefix("rank_").isdecimal()]
    if parts:
        if dist.world_size() != len(parts):
            raise WeightsError(
                f"{folder} is of {len(parts)} processes, but here there is {dist.world_size()}: python -m "
                f"paddle.distributed.launch --nproc_per_node {len(parts)} tools/replay_step.py {folder}"
            )
        path = path / f"rank_{dist.rank()}"
    file = path / _STEP
    try:
        facts = json.loads(file.read_text(encoding="utf-8"))
        _check_facts(facts)
        whole = all(sha256_of(path / name) == digest for name, digest in facts["batches"].items())
    except (FileNotFoundError, NotADirectoryError) as error:
        raise WeightsError(f"{folder} is not a capsule: it has no {error.filename}") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise WeightsError(f"{file} is damaged ({type(error).__name__}: {error})") from None
    if not whole:
        raise WeightsError(f"{path}: a batch is damaged; its checksum is not the one in {_STEP}")
    return Capsule(path, facts)


def _check_facts(facts: Mapping[str, Any]) -> None:
    """Raise a KeyError or TypeError if an entry is missing or of the wrong type."""
    kinds = {
        "step": int, "settings": dict, "pictures": list, "generators": dict, "versions": dict, "plain": list,
        "batches": dict, "terms": dict, "gradients": dict,
    }  # fmt: skip
    for name, kind in kinds.items():
        if not isinstance(facts[name], kind):
            raise TypeError(f"{name} is no {kind.__name__}")
    if not isinstance(facts["settings"]["iters"], int) or not isinstance(facts["settings"]["seed"], int):
        raise TypeError("iters or seed is not a number")


def held_copy(batch: Batch) -> Batch:
    """A batch for ``CapsuleWriter.keep`` that is not the last one of its step.

    It is in this process's own memory: otherwise all accumulated batches would occupy the card's memory, or the data
    workers' shared memory, which is small in a container, until the step ends.
    """
    return {name: _in_own_memory(value) if isinstance(value, Tensor) else value for name, value in batch.items()}


def _in_own_memory(tensor: Tensor) -> Tensor:
    return tensor.clone() if tensor.place.is_cpu_place() else tensor.cpu()


def _arrays_of(batch: Batch) -> bytes:
    """The tensors of a batch as one file."""
    file = io.BytesIO()
    tensors = {name: value.numpy() for name, value in batch.items() if isinstance(value, Tensor)}
    np.savez(file, **{f"{_ENTRY}{name}": array for name, array in tensors.items()})
    return file.getvalue()


def _plain_of(batch: Batch) -> dict[str, Any]:
    return {name: value for name, value in batch.items() if not isinstance(value, Tensor)}


def _as_plain(value: Any) -> Any:
    """Conversion for JSON: numpy's numbers and arrays to plain values, all else to text."""
    return value.tolist() if isinstance(value, (np.ndarray, np.generic)) else str(value)


def _arrays_in(content: Any) -> list[np.ndarray]:
    if isinstance(content, np.ndarray):
        return [content]
    inner = content.values() if isinstance(content, Mapping) else content if isinstance(content, (list, tuple)) else ()
    return [array for one in inner for array in _arrays_in(one)]
