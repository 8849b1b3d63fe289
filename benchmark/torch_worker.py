# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""A process that takes train steps in PyTorch, ``torch_train_step.py``, one at a time on request."""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from paddleseg.utils.errors import ConfigError

_SCRIPT = Path(__file__).resolve().with_name("torch_train_step.py")


class TorchWorker:
    """Starts the process; it has the cores of this one, one thread for each, and sleeps between requests.

    Args:
        python: A Python with PyTorch 2.4 or newer.
        script: The script to run.

    Attributes:
        version: PyTorch's version.

    Raises:
        ConfigError: It cannot be started, or has no PyTorch.
    """

    def __init__(self, python: str, script: Path = _SCRIPT) -> None:
        self._python = python
        self._advice = "; give a Python that has PyTorch 2.4 or newer"  # until it has reported one
        self._folder = tempfile.TemporaryDirectory()
        with open(self._path("errors"), "wb") as errors:
            try:
                self._process = subprocess.Popen(
                    [python, str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True
                )
            except OSError as error:
                raise ConfigError(f"--torch {python}: cannot be run ({error.strerror}){self._advice}") from error
        self.version = self._answer()["version"]
        self._advice = ""

    def start(self, settings: dict[str, Any], weights: dict[str, np.ndarray], batch: dict[str, np.ndarray]) -> None:
        """Build network and optimiser.

        Args:
            settings: See ``Training`` in ``torch_train_step.py``.
            weights: The toolkit's state dict.
            batch: ``pictures`` (N, H, W, 3) uint8 and ``label`` (N, H, W) uint8.
        """
        arrays = self._path("start.npz")
        np.savez(arrays, **{torch_name(name): value for name, value in weights.items()}, **batch)
        self._ask(start={**settings, "arrays": arrays})

    def forward(self) -> np.ndarray:
        """Logits of the batch in training mode, (outputs, N, K, H, W) float32."""
        file = self._path("logits.npy")
        self._ask(forward=file)
        return np.load(file)

    def step(self, loss: str) -> float:
        """Take an optimiser step with ``ohem`` or ``cross_entropy`` and return its loss."""
        return self._ask(step=loss)["loss"]

    def close(self) -> None:
        """End the process."""
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()
        self._folder.cleanup()

    def _ask(self, **request: Any) -> dict[str, Any]:
        try:
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            pass  # there will be no answer, and the process's output says why
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        line = self._process.stdout.readline()
        if line:
            try:
                return json.loads(line)
            except ValueError as error:
                raise ConfigError(f"--torch {self._python}: answers {line.strip()!r}{self._advice}") from error
        status = self._process.wait()
        words = Path(self._path("errors")).read_text(encoding="utf-8", errors="replace").strip().splitlines()
        raise ConfigError(
            f"--torch {self._python}: {words[-1] if words else f'ended with status {status}'}{self._advice}"
        )

    def _path(self, name: str) -> str:
        return str(Path(self._folder.name, name))


def torch_name(name: str) -> str:
    """The name in ``torch_train_step.py`` of an array of the toolkit's state dict; shapes and layouts are the same."""
    layer, dot, leaf = name.rpartition(".")
    return layer + dot + {"_mean": "running_mean", "_variance": "running_var"}.get(leaf, leaf)


def largest_difference(ours: np.ndarray, theirs: np.ndarray) -> float:
    """The largest difference between two arrays, relative to the largest value of the first."""
    return float(np.abs(ours - theirs).max() / np.abs(ours).max())
