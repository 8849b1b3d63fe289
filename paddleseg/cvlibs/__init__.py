# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The registries under the name that PaddleSeg gives them: ``from paddleseg.cvlibs import manager``."""
