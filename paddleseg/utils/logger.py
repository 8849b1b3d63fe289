# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The logger under PaddleSeg's name: ``from paddleseg.utils import logger; logger.info(...)``."""

from paddleseg.utils.foreign_imports import foreign_names
from paddleseg.utils.logging import get_logger

__getattr__ = foreign_names(__name__)

debug = get_logger().debug
info = get_logger().info
warning = get_logger().warning
error = get_logger().error
