# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""A DDRNet of few channels with weights made by rule, its export, and drawn pictures to quantise it with."""

from pathlib import Path

from paddleseg.datasets.road_scenes import RoadScenes
from paddleseg.export.folder import export_model
from paddleseg.export.int8.pictures import Pictures
from paddleseg.export.options import ExportOptions
from paddleseg.models.ddrnet import DDRNet, Variant
from tests.export.small_network import NORMALIZE
from tests.export.tiny_weights import with_made_up_weights

SIZE_HW = (64, 96)
INT8_FILES = {"model_stride8_int8.bin", "model_stride8_int8.onnx", "model_stride8_int8.xml"}


class TinyNetwork(DDRNet):
    """DDRNet's layers with an eighth of DDRNet-23's channels."""

    arch = "TinyNetwork"
    variant = Variant(8, (1, 1, 1, 1), (1, 1), ("3", "4"), head_channels=16, dappm_channels=16)


class Unlabelled(RoadScenes):
    """Scenes of which nobody has drawn the classes."""

    def read(self, index):
        sample = super().read(index)
        del sample["label"]
        return sample


def scenes(mode: str = "train", count: int = 6, kind=RoadScenes, size_hw=SIZE_HW) -> Pictures:
    dataset = kind(transforms=[], mode=mode, num_samples=count, size=size_hw[::-1])
    return Pictures.spread(dataset, None, f"{mode}_dataset")


def export_tiny(folder: Path, *, num_classes: int = 19, ignored_class=None, formats=("onnx", "openvino"), **options):
    network = with_made_up_weights(TinyNetwork(num_classes=num_classes))
    return export_model(
        network,
        folder,
        transforms=options.pop("transforms", NORMALIZE),
        options=ExportOptions(formats=formats, **options),
        ignored_class=ignored_class,
    ).parent
