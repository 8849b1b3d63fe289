# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Top-1, top-5 and the confusion matrix against sorting and counting by hand."""

import numpy as np
import paddle
import pytest

from paddleseg.datasets import ClassDataset
from paddleseg.inference.class_logits import class_logits, evaluate_classes
from paddleseg.metrics.classes import ClassificationResult, is_in_top
from paddleseg.utils.errors import ConfigError, DataError
from tests.messages import naming


def test_a_class_is_in_the_top_if_few_enough_logits_are_before_it_and_of_equal_ones_the_lower_class_is():
    random = np.random.default_rng(0)
    logits = random.integers(0, 6, (500, 9)).astype(np.float32)  # many ties
    classes = random.integers(0, 9, 500)
    for count in (1, 5):
        wanted = [
            label in sorted(range(9), key=lambda other: (-row[other], other))[:count]  # noqa: B023
            for row, label in zip(logits, classes)
        ]
        assert is_in_top(logits, classes, count).tolist() == wanted
    assert is_in_top(logits, logits.argmax(axis=1), 1).all()


class Rows(ClassDataset):
    """Pictures whose first row holds their logits."""

    logits = np.random.default_rng(3).integers(0, 256, (40, 7)).astype(np.uint8)
    classes = np.random.default_rng(4).integers(0, 7, 40)

    def __init__(self, num_classes=7):
        super().__init__([], mode="val", num_classes=num_classes, file_list=[(f"{i}",) for i in range(40)])

    def class_of(self, index):
        return int(self.classes[index])

    def read(self, index):
        image = np.zeros((2, 7, 3), np.uint8)
        image[0, :, 0] = self.logits[index]
        return {"img": image, "label": np.array(self.class_of(index)), "path": f"{index}", "trans_info": []}


class FirstRow(paddle.nn.Layer):
    def forward(self, x):
        return x[:, 0, 0, :]


@pytest.mark.parametrize("batch_size", [1, 16])
def test_an_evaluation_counts_what_a_loop_over_the_pictures_counts(batch_size):
    dataset, model = Rows(), FirstRow()
    result = evaluate_classes(model, dataset, batch_size=batch_size)
    found = Rows.logits.argmax(axis=1)
    ranks = [
        sorted(range(7), key=lambda c: (-int(row[c]), c)).index(label) for row, label in zip(Rows.logits, Rows.classes)
    ]
    assert model.training
    assert result.num_images == 40 and result.top1 == (found == Rows.classes).mean()
    assert result.top5 == np.mean(np.array(ranks) < 5)
    matrix = np.zeros((7, 7), int)
    for label, prediction in zip(Rows.classes, found):
        matrix[label, prediction] += 1
    assert result.matrix.tolist() == matrix.tolist()
    assert dataset.class_counts().tolist() == np.bincount(Rows.classes, minlength=7).tolist()
    figures = result.to_dict()
    assert figures["classes"][2]["recall"] == pytest.approx(matrix[2, 2] / matrix[2].sum())
    assert figures["classes"][2]["predicted_images"] == matrix[:, 2].sum()


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_logits_that_are_no_numbers_are_refused_with_the_picture(value):
    class Spoilt(FirstRow):
        def forward(self, x):
            logits = super().forward(x)
            logits[logits == float(Rows.logits[21].max())] = value
            return logits

    with pytest.raises(DataError, match=naming("picture 21: the network's output for it is not finite")):
        class_logits(Spoilt(), Rows().read(21)["img"][None], None, ["picture 21"])
    with pytest.raises(DataError, match="not finite"):
        evaluate_classes(Spoilt(), Rows(), batch_size=16)
    hidden = class_logits(lambda x: paddle.to_tensor([[1.0, -np.inf]]), np.zeros((1, 2, 2, 3), np.uint8), None, [""])
    assert hidden.tolist() == [[1, -np.inf]]  # a class that is never found


def test_a_class_that_there_is_not_is_named_with_its_picture(monkeypatch):
    monkeypatch.setattr(Rows, "classes", np.where(np.arange(40) == 5, -1, Rows.classes))
    for use in (lambda: Rows().class_ids(), lambda: Rows().class_counts(), lambda: ClassDataset.read(Rows(), 5)):
        with pytest.raises(DataError, match=naming("5: class_of gives -1, allowed are 0 to 6")):
            use()


def test_a_network_of_other_classes_or_of_label_maps_is_refused():
    with pytest.raises(ConfigError, match="num_classes: the network has 7 classes and the data set 9"):
        evaluate_classes(FirstRow(), Rows(num_classes=9))

    class Maps(paddle.nn.Layer):
        def forward(self, x):
            return [x]

    with pytest.raises(ConfigError, match=r"the network gives list, but a classifier gives logits \(N, K\)"):
        evaluate_classes(Maps(), Rows())


def test_the_report_has_all_of_few_classes_and_the_worst_of_many():
    few = ClassificationResult(np.array([[3, 1], [0, 0]]), 3, 4, ["cat", "dog"])
    first, table, confusions = few.report()
    assert first == "[EVAL] #Images: 4 top1: 0.7500" and few.top5 is None
    assert "cat" in table and "75.00%" in table and "dog" not in table.splitlines()[2:][0]
    assert confusions == "Most often taken: cat for dog (1)"
    many = ClassificationResult(np.diag(np.arange(1, 31)) + np.eye(30, k=1, dtype=int), 465, 490)
    first, table, _ = many.report()
    assert first.endswith("top1: 0.9413 top5: 0.9919") and len(table.splitlines()) == 22
    assert table.splitlines()[2].startswith("class 0 ")


def test_names_take_one_line_and_short_ones_the_width_of_their_heading():
    first, table, confusions = ClassificationResult(np.array([[3, 1], [0, 4]]), 7, 8, ["a\nb", "x"]).report()
    _, heading, *rows = table.splitlines()
    assert [row.split()[0] for row in rows] == ["a\\nb", "x"] and len({len(row) for row in (heading, *rows)}) == 1
    assert confusions == "Most often taken: a\\nb for x (1)"


def test_a_perfect_result_has_no_confusions():
    assert len(ClassificationResult(np.eye(3, dtype=int), 3, 3).report()) == 2
