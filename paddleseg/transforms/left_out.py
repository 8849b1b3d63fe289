# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""PaddleSeg's transforms that are not here, each with what to do instead."""

from paddleseg.registry import TRANSFORMS

for _name, _advice in {
    "AddEdgeLabel": "No loss here needs edge labels: remove it; BoundaryLoss finds the edges of the labels itself",
    "GenerateInstanceTargets": "It makes the targets of MaskFormer: remove it; networks here learn from the label map",
    "AddMultiLabelAuxiliaryCategory": "Each pixel has exactly one class here: remove it, and give labels of class ids",
}.items():
    TRANSFORMS.leave_out(_name, _advice)
