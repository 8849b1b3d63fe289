# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The pictures of a data set as inputs of an exported graph, all at the size of its later use.

At 1024 x 2048, 86.5 % of the cells of a DDRNet-23-slim had float32's class when it was calibrated at 360 x 480, and
99.2 % when it was calibrated at 1024 x 2048: the ranges of the pooled context depend on the size.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from paddleseg.datasets.segmentation import SegmentationDataset
from paddleseg.deploy.deploy_config import DeployConfig
from paddleseg.deploy.exported_graph import NetworkInput
from paddleseg.deploy.graph_spec import GraphSpec
from paddleseg.deploy.segmenter import Segmenter
from paddleseg.export.folder import check_input_shape
from paddleseg.export.verification.pictures import Picture, fit_picture, size_at_network
from paddleseg.models.facts import ModelFacts
from paddleseg.utils.errors import ConfigError
from paddleseg.utils.progress import tracked
from paddleseg.utils.spread import spread

_NAMED_SIZES = 4


@dataclass(frozen=True)
class Pictures:
    """Some pictures of a data set, evenly spread over it.

    Attributes:
        dataset: Their data set; its transforms are not run, since an export has its own.
        indices: Their positions.
        name: Its name in the configuration: ``val_dataset``.
    """

    dataset: SegmentationDataset
    indices: Sequence[int]
    name: str

    @classmethod
    def spread(cls, dataset: SegmentationDataset, limit: int | None, name: str) -> Pictures:
        """``limit`` pictures, or all if there are no more, or None is given."""
        return cls(dataset, spread(len(dataset), limit), name)

    def check_fits(self, config: DeployConfig) -> None:
        """Refuse pictures of another data set than the network was made for.

        Raises:
            ConfigError: Classes or channels differ.
        """
        for what, found, wanted in (
            ("num_classes", self.dataset.num_classes, config.num_classes),
            ("channels", self.dataset.img_channels, config.input_shape[1]),
        ):
            if wanted is not None and found != wanted:
                raise ConfigError(
                    f"--config: {self.name} has {what} {found}, but the network of {config.path} {wanted}; give the "
                    "configuration that it was trained with"
                )

    def read(self) -> Iterator[dict[str, Any]]:
        """The samples one by one, as from ``SegmentationDataset.read``.

        Raises:
            DataError: A file is missing or damaged.
        """
        return (self.dataset.read(index) for index in self.indices)


def deployment_size(
    config: DeployConfig, graph: GraphSpec, pictures: Pictures, input_shape: Sequence[int] | None
) -> tuple[int, int]:
    """(height, width) at which a graph is calibrated.

    Args:
        config: The deploy.yaml, whose transforms are run.
        graph: The graph; if it takes only one size, this is the result.
        pictures: The calibration pictures; by default the result is their size after the transforms. All of them are
            read, so that damaged ones are found now.
        input_shape: The requested N C H W, or None.

    Raises:
        ConfigError: The requested size is invalid, or not the graph's; or pictures have several sizes.
        DataError: A picture is missing or damaged.
    """
    fixed = graph.input_shape[2:]
    wanted = None
    if input_shape is not None:
        wanted = _checked(graph, input_shape)
    pipeline = config.build_pipeline()
    read = tracked(pictures.read(), f"reading {pictures.name}", total=len(pictures.indices))
    sizes = Counter(size_at_network(Picture(sample["path"], sample["img"]), pipeline) for sample in read)
    if -1 not in fixed:
        return fixed
    if wanted is None and len(sizes) > 1:
        most = sizes.most_common(_NAMED_SIZES)
        found = ", ".join(f"{height} x {width} ({count} pictures)" for (height, width), count in most)
        raise ConfigError(
            f"{pictures.name}: pictures reach the network in {len(sizes)} sizes, height x width {found}"
            f"{', ..' if len(sizes) > len(most) else ''}; int8 is calibrated for one of them: give the one that the "
            "network will run at, --input_shape 1 C H W"
        )
    return wanted or next(iter(sizes))


def _checked(graph: GraphSpec, input_shape: Sequence[int]) -> tuple[int, int]:
    batch, channels, *fixed = graph.input_shape
    shape = check_input_shape(input_shape, channels, ModelFacts.smallest_side)
    found = f"--input_shape {' '.join(map(str, input_shape))}"
    if -1 in shape[2:]:
        raise ConfigError(f"{found}: int8 is calibrated at one size; give height and width")
    if shape[0] not in (-1, 1, batch):
        raise ConfigError(f"{found}: pictures are calibrated one by one; give 1 {channels} H W")
    if any(side not in (-1, own) for side, own in zip(fixed, shape[2:])):
        raise ConfigError(f"{found}: {graph.model.name} takes height and width {fixed[0]} {fixed[1]} only; give these")
    return shape[2], shape[3]


def at_size(sample: dict[str, Any], segmenter: Segmenter, size_hw: Sequence[int]) -> NetworkInput:
    """A sample as input of the graph of ``segmenter``, resized beforehand if the transforms give another size.

    The resulting label map has the picture's own size.

    Raises:
        VerificationError: The transforms give another size for every picture.
    """
    picture = Picture(sample["path"], sample["img"])
    fitted = fit_picture(picture, segmenter.pipeline, size_hw)
    item = segmenter.prepare(fitted.pixels.copy(), fitted.name)
    if fitted is picture:
        return item
    return dataclasses.replace(item, trans_info=[("resize", picture.pixels.shape[:2]), *item.trans_info])


def arrays(pictures: Pictures, segmenter: Segmenter, size_hw: Sequence[int]) -> Iterator[np.ndarray]:
    """The engine's input for each picture: a batch of one, or of copies if the graph's batch size is fixed."""
    batch = max(1, segmenter.graph.input_shape[0])
    for sample in pictures.read():
        image = at_size(sample, segmenter, size_hw).image
        yield np.ascontiguousarray(np.broadcast_to(image, (batch, *image.shape)))
