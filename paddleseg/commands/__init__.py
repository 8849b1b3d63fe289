# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The commands: one module each, with ``make_parser`` and ``main``; ``table`` lists them.

Heavy imports are inside ``main``, so that ``--help`` and mistakes on the command line get an answer at once.
"""
