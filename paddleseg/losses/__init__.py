# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The losses; importing the package registers them."""

from paddleseg.losses.bootstrapped_cross_entropy import BootstrappedCrossEntropyLoss
from paddleseg.losses.boundary import BoundaryLoss
from paddleseg.losses.channel_wise_kl import ChannelWiseKLLoss
from paddleseg.losses.cross_entropy import CrossEntropyLoss
from paddleseg.losses.dice import DiceLoss
from paddleseg.losses.focal import FocalLoss, MultiClassFocalLoss
from paddleseg.losses.lovasz_softmax import LovaszSoftmaxLoss
from paddleseg.losses.mixed import MixedLoss
from paddleseg.losses.ohem_cross_entropy import OhemCrossEntropyLoss
from paddleseg.losses.soft_target_cross_entropy import SoftTargetCrossEntropyLoss

__all__ = [
    "BootstrappedCrossEntropyLoss",
    "BoundaryLoss",
    "ChannelWiseKLLoss",
    "CrossEntropyLoss",
    "DiceLoss",
    "FocalLoss",
    "LovaszSoftmaxLoss",
    "MixedLoss",
    "MultiClassFocalLoss",
    "OhemCrossEntropyLoss",
    "SoftTargetCrossEntropyLoss",
]
