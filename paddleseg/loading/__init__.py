# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""``paddleseg.load``: a trained network, from whatever folder it is in, as an object that maps pictures."""

from __future__ import annotations

import os
from pathlib import Path

from paddleseg.deploy.exported_predictor import engine_options, is_exported, open_exported
from paddleseg.deploy.predictor import ClassPredictor, SegmentationPredictor
from paddleseg.utils.cli import require_packages
from paddleseg.utils.errors import ConfigError


def load(
    path: str | os.PathLike[str],
    *,
    backend: str | None = None,
    precision: str = "fp32",
    cpu_threads: int | None = None,
    device: str | None = None,
) -> SegmentationPredictor | ClassPredictor:
    """Load a trained network.

    Args:
        path: An exported folder or its deploy.yaml; a checkpoint's folder; or a run's folder, whose best model is
            taken, or its newest checkpoint if nothing was evaluated.
        backend: What runs an exported graph, as ``infer.py --backend``; None: the first in its order that can.
            Checkpoints run in Paddle itself.
        precision: ``fp32``, or another that the backend has on the device; checkpoints run in ``fp32``.
        cpu_threads: Threads on the CPU; None: one for each core that this process may use.
        device: ``cpu``, ``gpu:1``, ...; None: the first card, else the CPU. It becomes Paddle's current device.

    Returns:
        A callable: pictures to label maps, or to classes if the network is a classifier.

    Raises:
        ConfigError: There is no network at the path, its configuration is wrong, or an option has no effect.
        WeightsError: Its weights are damaged or do not fit.
        DeviceError: Device and precision are not available here.

    Example:
        >>> model = paddleseg.load("output")
        >>> found = model.predict("street.png")
        >>> print(found.labels.shape, found.margins.shape)
        (720, 960) (90, 120)
    """
    if is_exported(path):
        wishes = {"backend": backend, "precision": precision, "cpu_threads": cpu_threads, "device": device}
        return open_exported(path, engine_options(path, **wishes))
    if not os.path.isdir(path):
        found = "a file" if os.path.exists(path) else "not there"
        raise ConfigError(f"{path} is {found}; give an exported folder, or the folder of a run or a checkpoint")
    # Imports Paddle and the training code, which an exported folder does not need.
    require_packages("paddle", "cv2")
    from paddleseg.loading.checkpoint import find_checkpoint, open_checkpoint

    checkpoint = find_checkpoint(Path(path))
    for name, value, own in (("backend", backend, (None, "paddle")), ("precision", precision, ("fp32",))):
        if value not in own:
            raise ConfigError(
                f"{name}: {value!r} is for exported networks, and {checkpoint} is a checkpoint; leave it out, or give "
                "the folder that export.py makes from it"
            )
    return open_checkpoint(checkpoint, cpu_threads, device)
