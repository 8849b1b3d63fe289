# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The command predict.py where PaddleSeg has it since its version 2.8."""

import os
import runpy
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

if __name__ == "__main__":
    sys.path.insert(0, ROOT)
    runpy.run_path(os.path.join(ROOT, "predict.py"), run_name="__main__")
