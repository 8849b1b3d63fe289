# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""What messages say where packages of an extra are missing."""

from __future__ import annotations


def install_extra(extra: str) -> str:
    """The command for a checkout of the toolkit; no package index has the toolkit, so its name is of no use to pip."""
    return f"pip install -e '.[{extra}]'"
