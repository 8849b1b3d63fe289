# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""RoadScenes: street scenes drawn when they are read, with the 19 classes of Cityscapes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Any

from paddleseg import __version__
from paddleseg.datasets.cityscapes import CITYSCAPES_CLASSES
from paddleseg.datasets.decoded_cache import CacheKind
from paddleseg.datasets.pictures import MODES, check_mode
from paddleseg.datasets.segmentation import SegmentationDataset
from paddleseg.registry import DATASETS
from paddleseg.scenes import VOID, draw_scene
from paddleseg.transforms.pipeline import Transform
from paddleseg.utils.arguments import Fault, checks_arguments
from paddleseg.utils.seeding import scene_rng
from paddleseg.utils.type_hints import Bound, Seed, Size

_SAMPLES = Bound(1, 10**7, "1 or more, at most 10000000")
SMALLEST_SIZE, LARGEST_SIZE = (64, 32), (2048, 1024)
"""Width and height in pixels. Below, thin things vanish; above, nothing is drawn any finer."""


@DATASETS.add_component
class RoadScenes(SegmentationDataset):
    """Drawn street scenes; label value 255 is ignored (the camera car's bonnet, litter bins).

    Scene ``i`` of a mode is a pure function of (seed, mode, i): the same with any number of samples and workers,
    and train and val never share one. Nothing is read from or written to disk; ``tools/make_roadscenes.py`` writes
    the same scenes as files.

    Args:
        transforms: See ``SegmentationDataset``.
        mode: ``"train"``, ``"val"`` or ``"test"``; all three are labelled.
        num_samples: Number of scenes.
        size: [width, height] in pixels, from 64x32 to 2048x1024; sizes of the same shape show the same scenes.
        seed: Seed of the scenes.
        cache: Keep drawn scenes: ``"disk"``, ``"ram"`` or ``"none"``.
        cache_dir: Folder of the cache on disk, required for it.

    Raises:
        ConfigError: A number is out of its range.
    """

    # Known without an instance, so that a configuration can be checked first.
    num_classes = len(CITYSCAPES_CLASSES)
    img_channels = 3
    ignore_index = VOID
    class_names = tuple(name for name, _ in CITYSCAPES_CLASSES)
    palette = tuple(colour for _, colour in CITYSCAPES_CLASSES)

    @checks_arguments
    def __init__(
        self,
        transforms: Sequence[Transform],
        mode: str = "train",
        num_samples: Annotated[int, _SAMPLES] = 1000,
        size: Size = (256, 128),
        seed: Seed = 0,
        cache: CacheKind = "none",
        cache_dir: str | None = None,
    ) -> None:
        super().__init__(
            transforms,
            mode=check_mode(mode),
            num_classes=self.num_classes,
            ignore_index=self.ignore_index,
            img_channels=self.img_channels,
            class_names=self.class_names,
            palette=self.palette,
            cache=cache,
            cache_dir=cache_dir,
        )
        self.num_samples = num_samples
        self.size_wh = tuple(size)
        self.seed = seed

    @staticmethod
    def faults(
        size: Sequence[int], cache: CacheKind = "none", cache_dir: str | None = None, **others: Any
    ) -> Iterator[Fault]:
        """What does not go together, see :mod:`paddleseg.utils.arguments`."""
        if not all(low <= length <= high for low, length, high in zip(SMALLEST_SIZE, size, LARGEST_SIZE)):
            (least_width, least_height), (most_width, most_height) = SMALLEST_SIZE, LARGEST_SIZE
            allowed = f"width {least_width} to {most_width}, height {least_height} to {most_height}"
            yield "size", f"found {size[0]}x{size[1]}; it must be {allowed}"
        if cache == "disk" and cache_dir is None:
            yield "cache_dir", "missing; cache: disk needs a folder here"
        yield from SegmentationDataset.faults(cache=cache, cache_dir=cache_dir, **others)

    def __len__(self) -> int:
        return self.num_samples

    def read(self, index: int) -> dict[str, Any]:
        """Draw one scene; ``path`` is a name, not a file.

        Returns:
            ``img`` (H, W, 3) uint8, ``label`` (H, W) uint8, ``path``, ``trans_info`` [].
        """
        image, label = draw_scene(scene_rng(self.seed, MODES.index(self.mode), index), self.size_wh)
        return {"img": image, "label": label, "path": self.picture_name(index), "trans_info": []}

    def picture_name(self, index: int) -> str:
        """A sample's ``path``, which is not a file."""
        return f"road_scenes/seed{self.seed}/{self.mode}/{index:06d}"

    def sample_state(self, index: int) -> tuple[str, str]:
        """See ``SegmentationDataset``; another version of the toolkit may draw other scenes."""
        width, height = self.size_wh
        return f"{self.picture_name(index)} {width}x{height}", f"version {__version__}"
