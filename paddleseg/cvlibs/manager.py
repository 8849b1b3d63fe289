# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The registries of ``paddleseg.registry``, for code written for PaddleSeg.

``@manager.MODELS.add_component`` above a class makes its name a ``type`` in YAML. The toolkit's own parts are there
from the start, so that they can be looked up, and a component of the same name is refused at its definition.
"""

from paddleseg.config.components import import_components
from paddleseg.registry import BACKBONES, DATASETS, LOSSES, LR_SCHEDULERS, MODELS, OPTIMIZERS, TRANSFORMS
from paddleseg.utils.foreign_imports import foreign_names

__all__ = ["BACKBONES", "DATASETS", "LOSSES", "LR_SCHEDULERS", "MODELS", "OPTIMIZERS", "TRANSFORMS"]
__getattr__ = foreign_names(__name__)

import_components()
