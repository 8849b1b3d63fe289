# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""OpticDiscSeg: the optic disc on pictures of the retina, from iChallenge-AMD; the data of PaddleSeg's quick start."""

from __future__ import annotations

from pathlib import Path

from paddleseg.datasets.dataset import read_file_list
from paddleseg.datasets.layout import Labels, Part, not_there
from paddleseg.datasets.published import PublishedDataset
from paddleseg.registry import DATASETS

_LABELS = Labels("Annotations/*.png")


@DATASETS.add_component
class OpticDiscSeg(PublishedDataset, classes=(("background", (0, 0, 0)), ("optic disc", (128, 0, 0)))):
    """The optic disc and the background: 267 pictures to train on and 76 to evaluate. See ``PublishedDataset``.

    ``dataset_root`` is ``optic_disc_seg``, with the lists ``train_list.txt``, ``val_list.txt`` and ``test_list.txt``.
    """

    parts = {
        mode: (Part(("JPEGImages/*.jpg",), (_LABELS,), (f"{mode}_list.txt",)),) for mode in ("train", "val", "test")
    }

    def find_files(self, root: str, mode: str) -> tuple[list[tuple[str, str | None]], Labels | None]:
        """See ``PublishedDataset``; its lists name picture and label."""
        [part] = self.parts[mode]
        [name] = part.names
        if not Path(root, name).is_file():
            raise not_there(root, part, self.describe(mode), f"no list {name}")
        return read_file_list(str(Path(root, name)), root, labels_required=mode != "test"), _LABELS
