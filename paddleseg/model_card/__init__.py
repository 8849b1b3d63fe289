# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""``MODEL_CARD.md`` and ``CITATION.cff`` of a trained network, from its run's folder."""
