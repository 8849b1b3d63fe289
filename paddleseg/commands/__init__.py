# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The commands: a module each, with ``make_parser`` and ``main``; ``table`` names them.

They import what is heavy within ``main``, so that ``--help`` and mistakes on the command line are answered at once.
"""
