# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Does an export do what the network does? Every graph on every engine, on the same pictures."""
