# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The network of a configuration with trained weights, for evaluation and prediction."""

from __future__ import annotations

from typing import Any

from paddleseg.config.build import build_model
from paddleseg.config.load import Config
from paddleseg.models.weights import load_weights
from paddleseg.onednn import CpuSettings


def load_trained_network(config: Config, model_path: str, cpu: CpuSettings | None) -> tuple[Any, dict[str, Any] | None]:
    """Build the network without its auxiliary head, and fill it with weights.

    Args:
        config: A checked configuration.
        model_path: Weights of this or another kit, or a checkpoint folder.
        cpu: How the CPU computes, which decides the layout of a network whose configuration leaves it open; None: on
            another device, or by Paddle's own kernels.

    Returns:
        The ``paddle.nn.Layer``, and the file's metadata (see ``models.weights.load_weights``).

    Raises:
        WeightsError: The file cannot be read, or its weights do not fit.
    """
    model = build_model(
        config,
        use_pretrained=False,
        use_auxiliary_head=False,
        default_data_format=None if cpu is None else cpu.data_format,
    )
    return model, load_weights(model, model_path)
