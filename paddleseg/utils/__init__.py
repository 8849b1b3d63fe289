# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Logging, files, devices and the like; imports nothing else from the package."""
