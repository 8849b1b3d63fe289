# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""From a network in memory to a deployable folder, and the proof that both do the same."""
