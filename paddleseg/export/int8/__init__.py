# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Post-training quantisation: int8 graphs beside those of an export, calibrated, scored and timed."""
