# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The registries of ``paddleseg.registry``, for code that was written for PaddleSeg.

``@manager.MODELS.add_component`` above a class makes its name a ``type`` in YAML.
"""

from paddleseg.registry import BACKBONES, DATASETS, LOSSES, LR_SCHEDULERS, MODELS, OPTIMIZERS, TRANSFORMS

__all__ = ["BACKBONES", "DATASETS", "LOSSES", "LR_SCHEDULERS", "MODELS", "OPTIMIZERS", "TRANSFORMS"]
