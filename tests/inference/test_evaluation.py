# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Evaluation with a network of known answers, so that every figure can be worked out by hand."""

import json
import re

import numpy as np
import paddle
import pytest

from paddleseg.datasets.segmentation import SegmentationDataset
from paddleseg.inference.evaluation import evaluate
from paddleseg.inference.views import ViewOptions
from paddleseg.metrics.result import EvaluationResult, format_class_lines, format_eval_line, format_table
from paddleseg.transforms.transforms import Resize
from paddleseg.utils import distributed
from paddleseg.utils.errors import DataError
from tests.messages import naming


class ClassFromColor(paddle.nn.Layer):
    """Predicts for the whole picture the class whose number is its red value."""

    def __init__(self, num_classes):
        super().__init__()
        self.num_classes = num_classes
        self.batch_sizes = []
        self.was_training = []

    def forward_stride8(self, x):
        self.batch_sizes.append(x.shape[0])
        self.was_training.append(self.training)
        chosen = x[:, 0, 0, 0].astype("int64")
        logits = paddle.nn.functional.one_hot(chosen, self.num_classes)
        grid = [-(-side // 8) for side in x.shape[2:]]
        return [logits.reshape([len(chosen), -1, 1, 1]).tile([1, 1, *grid])]


class PicturesInMemory(SegmentationDataset):
    """(class that the network will predict, label) pairs."""

    def __init__(self, pairs, num_classes, transforms=(), **settings):
        super().__init__(transforms, mode="val", num_classes=num_classes, **settings)
        self.pairs = pairs

    def __len__(self):
        return len(self.pairs)

    def read(self, index):
        predicted, label = self.pairs[index]
        sample = {
            "img": np.full((*label.shape, 3), predicted, np.uint8),
            "path": f"{index}.png",
            "trans_info": [],
        }
        return {**sample, "label": label}


def label_of(*counts, shape=(4, 4)):
    """Label with counts[k] pixels of class k, the rest ignored."""
    label = np.full(shape, 255, np.uint8)
    label.flat[: sum(counts)] = np.repeat(np.arange(len(counts)), counts)
    return label


# Predicted 0: 10 of class 0, 2 of class 1. Predicted 1: 3 of class 0, 7 of class 1. Class 2 never occurs.
PAIRS = [(0, label_of(10, 2)), (1, label_of(3, 7, shape=(4, 6)))]
NAMES = ["road", "car", "sky"]


@pytest.fixture
def result():
    return evaluate(ClassFromColor(3), PicturesInMemory(PAIRS, 3, class_names=NAMES))


def test_figures_equal_hand_worked_numbers(result):
    assert result.matrix.tolist() == [[10, 3, 0], [2, 7, 0], [0, 0, 0]]
    assert result.num_images == 2
    assert result.pixel_accuracy == pytest.approx(17 / 22)
    assert result.mean_iou == pytest.approx((10 / 15 + 7 / 12) / 2)
    assert result.mean_dice == pytest.approx((20 / 25 + 14 / 19) / 2)
    np.testing.assert_allclose(result.class_iou, [10 / 15, 7 / 12, np.nan])
    np.testing.assert_allclose(result.class_precision, [10 / 12, 7 / 10, np.nan])
    np.testing.assert_allclose(result.class_recall, [10 / 13, 7 / 9, np.nan])


class SureOfTheLast(ClassFromColor):
    """Gives the last class the highest logit everywhere, and the class of the red value the next."""

    def forward_stride8(self, x):
        (logits,) = super().forward_stride8(x)
        logits[:, -1] = 2.0
        return [logits]


def test_a_class_that_is_ignored_is_never_predicted_and_in_no_mean_and_no_table():
    pairs = [(predicted, np.where(label == 255, 2, label).astype(np.uint8)) for predicted, label in PAIRS]
    dataset = PicturesInMemory(pairs, 3, class_names=NAMES, ignore_index=2, transforms=[Resize([16, 24])])
    result = evaluate(SureOfTheLast(3), dataset)
    assert result.matrix.tolist() == [[10, 3, 0], [2, 7, 0], [0, 0, 0]]
    assert result.mean_iou == pytest.approx((10 / 15 + 7 / 12) / 2)
    assert "sky" not in format_table(result)
    assert [figures["name"] for figures in result.to_dict()["classes"]] == NAMES[:2]


def test_an_ignored_class_that_others_predicted_is_in_no_mean():
    # 11 classes, 14.99 % of each found, the rest taken for the ignored one: as a twelfth class it made 13.74 of it.
    matrix = np.diag([1499] * 11 + [0])
    matrix[:11, 11] = 10000 - 1499
    result = EvaluationResult(matrix, 1, ignored_class=11)
    assert f"{result.mean_iou:.4f}" == "0.1499"
    assert result.mean_dice == pytest.approx(2 * 1499 / 11499)
    assert result.pixel_accuracy == pytest.approx(0.1499)
    assert np.isnan([score[11] for score in (result.class_iou, result.class_precision, result.class_recall)]).all()
    assert "mIoU 14.99% over 11 of 11 classes" in format_table(result)
    assert "mIoU: 0.1499" in format_eval_line(result)


@pytest.mark.parametrize("num_workers", [0, 2])
def test_only_neighbours_of_one_size_share_a_batch_and_the_counts_stay(num_workers):
    small, large = label_of(5, 5), label_of(6, 6, shape=(8, 8))
    pairs = [(0, small), (1, small), (0, small), (1, large), (0, small)]
    one_by_one, batched = ClassFromColor(2), ClassFromColor(2)
    expected = evaluate(one_by_one, PicturesInMemory(pairs, 2))
    found = evaluate(batched, PicturesInMemory(pairs, 2), batch_size=5, num_workers=num_workers)
    assert one_by_one.batch_sizes == [1] * 5
    assert batched.batch_sizes == [3, 1, 1]
    assert found.matrix.tolist() == expected.matrix.tolist()
    assert found.num_images == 5


@pytest.mark.parametrize("num_images", [1, 2, 5])
def test_over_all_processes_each_picture_counts_once(num_images, monkeypatch):
    pairs = [(index % 2, label_of(index + 1, 2)) for index in range(num_images)]
    whole = evaluate(ClassFromColor(2), PicturesInMemory(pairs, 2))
    monkeypatch.setattr(distributed, "world_size", lambda: 2)
    counted = np.zeros((2, 2), np.int64)

    def keep(counts):
        # Stands for the sum over the processes: 2 x 2 is the matrix, the other is the number of pictures.
        if counts.shape == (2, 2):
            counted[:] += counts
            return whole.matrix
        return np.array([num_images])

    monkeypatch.setattr("paddleseg.metrics.confusion.sum_over_ranks", keep)
    monkeypatch.setattr("paddleseg.inference.evaluation.sum_over_ranks", keep)
    for rank in range(2):
        monkeypatch.setattr(distributed, "rank", lambda rank=rank: rank)
        result = evaluate(ClassFromColor(2), PicturesInMemory(pairs, 2))
        assert (result.num_images, result.matrix.tolist()) == (num_images, whole.matrix.tolist())
    assert counted.tolist() == whole.matrix.tolist()


def test_labels_keep_their_size_when_transforms_change_the_picture(result):
    resized = evaluate(ClassFromColor(3), PicturesInMemory(PAIRS, 3, [Resize([64, 40])]), batch_size=2)
    assert resized.matrix.tolist() == result.matrix.tolist()


@pytest.mark.parametrize("training", [True, False])
def test_the_network_is_evaluated_in_evaluation_mode_and_left_as_it_came(training):
    model = ClassFromColor(3)
    model.train() if training else model.eval()
    evaluate(model, PicturesInMemory(PAIRS, 3))
    assert model.training is training
    assert model.was_training == [False, False]


def test_the_mode_comes_back_after_an_error():
    model = ClassFromColor(2)
    with pytest.raises(DataError):
        evaluate(model, PicturesInMemory([(0, label_of(1, 1, 1))], 2))
    assert model.training


def test_a_label_out_of_range_names_its_picture():
    with pytest.raises(DataError, match=r"0\.png.*label value 2 found"):
        evaluate(ClassFromColor(2), PicturesInMemory([(0, label_of(1, 1, 1))], 2))


def test_labels_that_are_all_ignored_are_an_error_and_not_a_score():
    with pytest.raises(DataError, match=naming("1 pictures", 255)):
        evaluate(ClassFromColor(2), PicturesInMemory([(0, label_of(0))], 2))


def test_pictures_without_labels_are_an_error():
    class Unlabelled(PicturesInMemory):
        def read(self, index):
            sample = super().read(index)
            del sample["label"]
            return sample

    with pytest.raises(DataError, match=r"0\.png: has no label"):
        evaluate(ClassFromColor(3), Unlabelled(PAIRS, 3))


def test_the_line_of_the_means_is_paddlesegs(result):
    # As PaddleSeg's scripts read it.
    pattern = r"\[EVAL\] #Images: (\d+) mIoU: (\S+) Acc: (\S+) Kappa: (\S+) Dice: (\S+)$"
    images, *figures = re.fullmatch(pattern, format_eval_line(result)).groups()
    assert images == "2"
    expected = [result.mean_iou, result.pixel_accuracy, result.kappa, result.mean_dice]
    assert [float(figure) for figure in figures] == pytest.approx(expected, abs=5e-5)


def test_the_lines_of_the_classes_are_paddlesegs_with_nan_for_absent(result):
    assert format_class_lines(result) == [
        "[EVAL] Class IoU: \n[0.6667 0.5833    nan]",
        "[EVAL] Class Precision: \n[0.8333 0.7       nan]",
        "[EVAL] Class Recall: \n[0.7692 0.7778    nan]",
    ]


def test_the_table_names_classes_and_shows_an_absent_one_as_absent(result):
    lines = format_table(result).splitlines()
    assert re.search(r"^road +66\.67% +83\.33% +76\.92% +80\.00% +59\.09%$", lines[1])
    assert re.search(r"^car +58\.33% ", lines[2])
    assert re.search(r"^sky +absent", lines[3])
    assert lines[4] == "mIoU 62.50% over 2 of 3 classes, pixel accuracy 77.27%, Kappa 0.5378"


def test_columns_of_the_table_are_aligned(result):
    header, first, second = format_table(result).splitlines()[:3]
    assert len(header) == len(first) == len(second)


def test_classes_without_names_are_numbered():
    result = EvaluationResult(np.eye(2, dtype=np.int64), num_images=1)
    assert result.names == ["class 0", "class 1"]


def test_the_dictionary_survives_strict_json_with_null_for_absent(result):
    figures = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    assert figures["num_images"] == 2
    assert figures["mean_iou"] == result.mean_iou
    assert figures["confusion_matrix"] == result.matrix.tolist()
    road, _, sky = figures["classes"]
    assert road == {
        "id": 0,
        "name": "road",
        "iou": 10 / 15,
        "precision": 10 / 12,
        "recall": 10 / 13,
        "dice": 20 / 25,
        "label_pixels": 13,
        "predicted_pixels": 12,
    }
    assert sky["name"] == "sky"
    assert sky["iou"] is sky["precision"] is sky["recall"] is sky["dice"] is None


def test_undefined_kappa_is_null_in_the_dictionary_and_told_in_words():
    result = EvaluationResult(np.diag([4, 0]), num_images=1)
    assert result.to_dict()["kappa"] is None
    assert "Kappa: nan" in format_eval_line(result)
    assert "Kappa undefined (labels and predictions are all of one class)" in format_table(result)


class LeftHalf(paddle.nn.Layer):
    """Class 1 in the left half of what it gets, class 0 in the right half."""

    def __init__(self):
        super().__init__()
        self.batch_sizes = []

    def forward(self, x):
        self.batch_sizes.append(x.shape[0])
        left = (paddle.arange(x.shape[3]) < x.shape[3] // 2).astype("float32").expand([x.shape[0], *x.shape[2:]])
        return [paddle.stack([paddle.full_like(left, 0.5), left], axis=1)]


def test_the_options_reach_the_network_and_decide_the_figures():
    picture = (0, np.repeat([[1, 1, 1, 1, 0, 0, 0, 0]], 4, axis=0).astype("uint8"))
    dataset = PicturesInMemory([picture], 2)
    assert evaluate(LeftHalf(), dataset).pixel_accuracy == 1
    model = LeftHalf()
    in_windows = evaluate(model, dataset, ViewOptions(is_slide=True, crop_size=[4, 4], stride=[4, 4]))
    assert in_windows.matrix.tolist() == [[8, 8], [8, 8]]
    assert model.batch_sizes == [1, 1]
    # Both views together leave no difference between the halves.
    flipped = evaluate(LeftHalf(), dataset, ViewOptions(aug_eval=True, flip_horizontal=True))
    assert flipped.matrix.tolist() in ([[16, 0], [16, 0]], [[0, 16], [0, 16]])


def test_windows_share_batches_of_the_evaluations_size():
    model = LeftHalf()
    options = ViewOptions(is_slide=True, crop_size=[4, 4], stride=[4, 4])
    evaluate(model, PicturesInMemory([(0, label_of(8, 8, shape=(4, 20)))], 2), options, batch_size=3)
    assert model.batch_sizes == [3, 2]
