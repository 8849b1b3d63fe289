# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures and pages of what trainings and evaluations found.

It draws figures and arrays that others have made, and knows no network, no data set and no task. So both the training
above it, at the end of a run, and the commands can use it, and what it needs below is the metrics alone.
"""
