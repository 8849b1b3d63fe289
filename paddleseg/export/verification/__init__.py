# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Whether an export does what the network does: every graph on every engine, on the same pictures."""
