# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Real-time semantic segmentation with DDRNet in PaddlePaddle.

Importing this package does not import paddle, so that deployment code can use its numpy parts alone.
"""

from paddleseg.utils.foreign_imports import advise_on_foreign_imports
from paddleseg.utils.omp_environment import prepare_environment
from paddleseg.utils.system_zlib import load_system_zlib

__version__ = "0.1.0"

prepare_environment()
load_system_zlib()
advise_on_foreign_imports()
