# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""A small network with DDRNet's outputs, and its export."""

from pathlib import Path

import numpy as np
import paddle
from paddle import nn
from paddle.nn import functional as F

from paddleseg.deploy.deploy_config import read_deploy_config
from paddleseg.deploy.engines import open_engine
from paddleseg.deploy.engines.base import Engine
from paddleseg.export.folder import export_model
from paddleseg.export.options import ExportOptions

NORMALIZE = [{"type": "Normalize"}]
GRAPH_FORMATS = ["pdmodel", "json"] if int(paddle.__version__.split(".")[0]) >= 3 else ["pdmodel"]


class SmallNetwork(nn.Layer):
    """A strided convolution per head, and bilinear upsampling; the auxiliary output comes second."""

    arch = "SmallNetwork"

    def __init__(self, num_classes: int = 4, auxiliary: bool = True) -> None:
        super().__init__()
        self.num_classes, self.in_channels = num_classes, 3
        self.trunk = nn.Conv2D(3, 8, 9, stride=8, padding=4)
        self.norm = nn.BatchNorm2D(8)
        self.head = nn.Conv2D(8, num_classes, 1)
        self.aux_head = nn.Conv2D(8, num_classes, 3, padding=1) if auxiliary else None

    def forward_stride8(self, x):
        features = F.relu(self.norm(self.trunk(x)))
        outputs = [self.head(features)]
        if self.aux_head is not None:
            outputs.append(self.aux_head(features))
        return outputs

    def forward(self, x):
        return [F.interpolate(y, size=x.shape[2:], mode="bilinear") for y in self.forward_stride8(x)]


def normal(*shape: int) -> np.ndarray:
    return np.random.default_rng(3).standard_normal(shape).astype("float32")


def outputs(network, x: np.ndarray) -> np.ndarray:
    with paddle.no_grad():
        return network(paddle.to_tensor(x))[0].numpy()


def export_and_load(network, folder: Path, options: ExportOptions = ExportOptions()) -> Engine:  # noqa: B008
    config = read_deploy_config(export_model(network, folder, transforms=NORMALIZE, options=options))
    return open_engine(config.main_graph)
