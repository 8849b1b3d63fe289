# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures with one class each."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from paddleseg.datasets.pictures import PictureDataset
from paddleseg.utils.errors import DataError
from paddleseg.utils.image_io import read_image


class ClassDataset(PictureDataset):
    """Picture files with one class each; a subclass finds the files and gives their classes.

    The label of a sample is its class, a () int64 array, which no transform changes. The arguments are those of
    ``PictureDataset``.
    """

    @abstractmethod
    def class_of(self, index: int) -> int:
        """The class of a sample, 0 to num_classes - 1."""

    @property
    def class_keys(self) -> Sequence[str] | None:
        """The identity of each class, in order: equal ones in two data sets are the same class."""
        return self.class_names

    def class_ids(self) -> np.ndarray:
        """The class of each sample, (N,) int64.

        Raises:
            DataError: One is out of range; the message names the picture.
        """
        return np.fromiter((self._checked_class(index) for index in range(len(self))), np.int64, len(self))

    def class_counts(self) -> np.ndarray:
        """(num_classes,) int64, samples of each class."""
        return np.bincount(self.class_ids(), minlength=self.num_classes)

    def _checked_class(self, index: int) -> int:
        class_id = self.class_of(index)
        if not 0 <= class_id < self.num_classes:
            raise DataError(
                f"{self.picture_name(index)}: class_of gives {class_id}, allowed are 0 to {self.num_classes - 1}; "
                "correct it or num_classes"
            )
        return class_id

    def use_for(self, purpose: Literal["train", "val"]) -> None:
        """Nothing: a class does not depend on the use of the samples."""
        self.labels_move = False

    def read(self, index: int) -> dict[str, Any]:
        """Read one sample, without any transform.

        Returns:
            ``img`` (H, W, C), ``label`` () int64, ``path``, ``trans_info`` [].

        Raises:
            DataError: The file is missing or damaged, or its class out of range; the message names it.
        """
        path, label = self.picture_name(index), np.array(self._checked_class(index), np.int64)
        image = read_image(path, self.img_channels, self.read_options)
        return {"img": image, "label": label, "path": path, "trans_info": []}
