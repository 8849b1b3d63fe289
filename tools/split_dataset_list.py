# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The tool data/split_dataset_list.py where PaddleSeg had it before its version 2.8."""

import os
import runpy

if __name__ == "__main__":
    runpy.run_path(
        os.path.join(os.path.dirname(os.path.abspath(__file__)), "data", "split_dataset_list.py"), run_name="__main__"
    )
