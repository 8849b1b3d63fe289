# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Suspicious regions of a label, with networks of known probabilities."""

import math

import numpy as np
import paddle
import pytest

from paddleseg.datasets import SegmentationDataset
from paddleseg.inference import label_error_page, label_errors
from paddleseg.inference.label_errors import LabelErrors, find_label_errors, find_regions, region_mask
from paddleseg.transforms import RandomHorizontalFlip
from paddleseg.utils.errors import ConfigError

NAMES = ["road", "car", "tree"]


def probabilities_of(classes, sure=0.9, num_classes=3):
    """(K, H, W): the network is sure of these classes; the others share the rest."""
    rest = (1 - sure) / (num_classes - 1)
    return np.where(np.arange(num_classes)[:, None, None] == classes, sure, rest).astype(np.float32)


def regions(label, seen):
    return list(find_regions(0, label, seen, probabilities_of(seen), 255))


def test_an_object_that_the_label_lacks_is_one_region_with_its_figures():
    label = np.zeros((12, 16), np.uint8)
    seen = label.copy()
    seen[3:8, 4:10] = 1  # 30 pixels, of which 12 have all neighbours inside
    (region,) = regions(label, seen)
    assert (region.label, region.predicted, region.box, region.pixels, region.core) == (0, 1, (4, 3, 6, 5), 30, 12)
    assert region.margin == pytest.approx(0.85) and region.histogram.sum() == region.histogram[57] == 12
    assert region.unsupported == 1 and region.rejected == pytest.approx(30 / (12 * 16))
    assert (region_mask(region, label, seen) == (seen == 1)).all()


def test_the_part_of_an_object_that_is_seen_otherwise_is_less_suspicious_than_the_whole():
    label = np.zeros((12, 16), np.uint8)
    label[3:8, 4:14] = 1
    seen = np.where(label == 1, 2, 0).astype(np.uint8)
    (whole,) = regions(label, seen)
    seen[3:8, 9:14] = 1
    (half,) = regions(label, seen)
    assert (whole.rejected, half.rejected) == (1, 0.5)


def test_ignored_pixels_and_rims_of_a_pixel_are_no_regions():
    label = np.zeros((9, 9), np.uint8)
    seen = label.copy()
    seen[:, 4:6] = 1
    assert regions(label, seen) == []
    seen[:, 3:8] = 1
    label[:, 3:8] = 255
    assert regions(label, seen) == []


def test_what_the_picture_cuts_off_does_not_make_a_rim():
    label = np.zeros((9, 9), np.uint8)
    seen = label.copy()
    seen[:, :2] = 1
    (region,) = regions(label, seen)
    assert region.core == 9


def test_the_ranking_is_the_formula():
    label = np.zeros((12, 16), np.uint8)
    seen = label.copy()
    seen[3:8, 4:10] = 1
    found = regions(label, seen)
    confusion = np.array([[162, 30, 0], [0, 0, 0], [0, 0, 0]])
    errors = LabelErrors(found, np.array([0.9, 0.5, 1.0]), confusion, [b""])
    (unusual,), (confident,), (mean,), (total,) = (errors.ranked(by) for by in ("unusual", "confident", "mean", "sum"))
    assert mean[0] == pytest.approx(0.85) and total[0] == confident[0] == pytest.approx(12 * 0.85)
    assert unusual[0] == pytest.approx(math.sqrt(12) * math.log(0.9 / 0.05) * -math.log(30 / 192 + 1e-4))
    # 0.9 is less than what the network says where the label has the class: nothing is sure enough.
    errors = LabelErrors(found, np.array([0.9, 0.95, 1.0]), confusion, [b""])
    assert errors.ranked("confident")[0][0] == 0


class Known(SegmentationDataset):
    """Pictures whose first channel is the class that the network sees."""

    def __init__(self, labels, seen, transforms=()):
        super().__init__(list(transforms), mode="val", num_classes=3, class_names=NAMES)
        self.labels, self.seen = labels, seen

    def __len__(self):
        return len(self.labels)

    def picture_name(self, index):
        return f"<picture {index}>"

    def read(self, index):
        image = np.repeat(self.seen[index][..., None], 3, axis=2).astype(np.uint8)
        return {"img": image, "label": self.labels[index], "path": self.picture_name(index), "trans_info": []}


class Sees(paddle.nn.Layer):
    """A network that is sure of the class that the picture's first channel names."""

    def __init__(self, num_classes=3):
        super().__init__()
        self.num_classes = num_classes

    def forward(self, x):
        return [paddle.nn.functional.one_hot(x[:, 0].astype("int64"), self.num_classes).transpose([0, 3, 1, 2]) * 5.0]


@pytest.fixture
def known():
    """Three pictures; the second has a car that its label lacks, the third a tree that is labelled car."""
    labels = [np.zeros((16, 24), np.uint8) for _ in range(3)]
    labels[0][2:12, 2:20] = 1
    labels[2][4:12, 4:16] = 1
    seen = [label.copy() for label in labels]
    seen[1][4:12, 10:20] = 1
    seen[2][4:12, 4:16] = 2
    return Known(labels, seen)


def test_errors_of_a_data_set_are_found_with_thresholds_and_counts(known):
    found = find_label_errors(Sees(), known)
    assert {(region.index, region.label, region.predicted) for region in found.regions} == {(1, 0, 1), (2, 1, 2)}
    sure = math.exp(5) / (math.exp(5) + 2)
    cars, wrong = 180, 96
    assert found.thresholds[1] == pytest.approx((cars * sure + wrong * (1 - sure) / 2) / (cars + wrong), rel=1e-5)
    assert found.confusion[1].tolist() == [0, 180, 96] and found.thresholds[2] == 1
    assert (found.prediction(2) == known.seen[2]).all()


def test_of_a_picture_with_very_many_regions_the_largest_are_kept(known, monkeypatch):
    known.seen[1][2:7, 2:7] = 2  # a second, smaller region
    assert sorted(region.core for region in find_label_errors(Sees(), known).regions) == [9, 48, 60]
    monkeypatch.setattr(label_errors, "_MOST_PER_PICTURE", 1)
    assert sorted(region.core for region in find_label_errors(Sees(), known).regions) == [48, 60]


def test_the_page_shows_each_region_and_names_its_picture(known):
    found = find_label_errors(Sees(), known)
    ranked = found.ranked()
    text = label_error_page.make_page(found, ranked, known, "best.pdparams")
    assert text.count("<img") == 2 and "&lt;picture 1&gt;" in text and "<picture" not in text
    lines = list(label_error_page.describe(found, ranked, known))
    assert any("<picture 1>: labelled road, looks like car (80 pixels in 10x8 at 10,4" in line for line in lines)
    figures = label_error_page.to_dict(found, ranked, known)
    assert {entry["picture"] for entry in figures["regions"]} == {"<picture 1>", "<picture 2>"}


def test_random_transforms_and_other_classes_are_refused(known):
    with pytest.raises(ConfigError, match="RandomHorizontalFlip is random"):
        find_label_errors(Sees(), Known(known.labels, known.seen, [RandomHorizontalFlip()]))
    with pytest.raises(ConfigError, match="of 3 classes"):
        find_label_errors(Sees(4), known)
