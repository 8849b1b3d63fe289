# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures of which each has one class."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, Literal

import numpy as np

from paddleseg.datasets.pictures import PictureDataset
from paddleseg.utils.image_io import read_image


class ClassDataset(PictureDataset):
    """Picture files with one class each; a subclass finds the files and says their classes.

    The label of a sample is its class, a () int64 array, which no transform changes. The arguments are those of
    ``PictureDataset``.
    """

    @abstractmethod
    def class_of(self, index: int) -> int:
        """The class of a sample, 0 to num_classes - 1."""

    def class_counts(self) -> np.ndarray:
        """(num_classes,) int64, samples of each class."""
        classes = np.fromiter((self.class_of(index) for index in range(len(self))), np.int64, len(self))
        return np.bincount(classes, minlength=self.num_classes)

    def use_for(self, purpose: Literal["train", "val"]) -> None:
        """A class stays what it is, whatever the samples are for."""
        self.labels_move = False

    def read(self, index: int) -> dict[str, Any]:
        """Read one sample, without any transform.

        Returns:
            ``img`` (H, W, C), ``label`` () int64, ``path``, ``trans_info`` [].

        Raises:
            DataError: The file is missing or damaged; the message names it.
        """
        path = self.picture_name(index)
        image = read_image(path, self.img_channels, self.read_options)
        return {"img": image, "label": np.array(self.class_of(index), np.int64), "path": path, "trans_info": []}
