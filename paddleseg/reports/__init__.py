# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures and pages with the results of trainings and evaluations.

It draws given figures and arrays, and knows no network, data set or task. So both the training above it, at the end of
a run, and the commands can use it, and below it depends only on the metrics.
"""
