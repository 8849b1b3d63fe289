# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The tool data/gray2pseudo_color.py where PaddleSeg had it before its version 2.8."""

import os
import runpy

if __name__ == "__main__":
    runpy.run_path(
        os.path.join(os.path.dirname(os.path.abspath(__file__)), "data", "gray2pseudo_color.py"), run_name="__main__"
    )
