# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""PaddleSeg's losses that are not here, each with what to use in its place."""

from paddleseg.registry import LOSSES

_TWO_CLASSES = "Each class has an output of its own here: give num_classes: 2, the rest being class 0, and use"
_MIXED = "beside a cross entropy in a MixedLoss"
_EDGES = f"It needs a network that predicts edges. Use BoundaryLoss {_MIXED}"
_OWN_OUTPUTS = "It is for the outputs of another network. Use CrossEntropyLoss or OhemCrossEntropyLoss"
_TEACHER = "It compares with a teacher or with numbers, and there is no distillation here. Use CrossEntropyLoss"

for _name, _advice in {
    "BCELoss": f"{_TWO_CLASSES} CrossEntropyLoss; where one class is rare, FocalLoss",
    "LovaszHingeLoss": f"{_TWO_CLASSES} LovaszSoftmaxLoss {_MIXED}",
    "RMILoss": f"Use LovaszSoftmaxLoss {_MIXED}, which looks at whole regions too",
    "SemanticConnectivityLoss": f"Use DiceLoss {_MIXED}, which looks at whole regions too",
    "PixelContrastCrossEntropyLoss": "It needs a network that gives embeddings too. Use OhemCrossEntropyLoss",
    "DetailAggregateLoss": _EDGES,
    "DualTaskLoss": _EDGES,
    "EdgeAttentionLoss": _EDGES,
    "OhemEdgeAttentionLoss": _EDGES,
    "RelaxBoundaryLoss": _EDGES,
    "MaskFormerLoss": _OWN_OUTPUTS,
    "PointCrossEntropyLoss": _OWN_OUTPUTS,
    "SECrossEntropyLoss": _OWN_OUTPUTS,
    "DistillCrossEntropyLoss": _TEACHER,
    "DistillationLoss": _TEACHER,
    "KLLoss": _TEACHER,
    "L1Loss": _TEACHER,
    "MSELoss": _TEACHER,
}.items():
    LOSSES.leave_out(_name, _advice)
