# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Classes with too little to learn from."""

from __future__ import annotations

import functools

import numpy as np

from paddleseg.datasets.doctor import exhibits
from paddleseg.datasets.doctor.finding import Finding
from paddleseg.datasets.doctor.survey import Survey, iterate_counts
from paddleseg.utils.errors import count_of
from paddleseg.utils.visualize import class_name

# A ten-thousandth of CamVid's pixels is one small sign in every second picture; its rarest class has 30 times as many.
_LEAST_SHARE = 1e-4
_FEWEST_LABELS, _LEAST_LABEL_SHARE = 3, 0.01
# In a handful of labels, every class is in few.
_MANY_LABELS = 50


def find_rare_classes(survey: Survey) -> list[Finding]:
    """Classes that occur, but with few pixels or in few labels; one finding for all of them."""
    dataset = survey.dataset
    pixels, labels = np.zeros(256, np.int64), np.zeros(256, np.int64)
    first: dict[int, list[int]] = {}
    num_labels = 0
    for fact, counts in iterate_counts(survey):
        if fact.is_coloured:
            continue
        num_labels += 1
        values = dataset.value_table[counts.values]
        np.add.at(pixels, values, counts.pixels)
        for value in np.unique(values).tolist():
            labels[value] += 1
            first.setdefault(value, []).append(fact.index)
    classes = [i for i in range(dataset.num_classes) if i != dataset.ignore_index and pixels[i]]
    total = sum(int(pixels[i]) for i in classes)
    fewest = max(_FEWEST_LABELS, _LEAST_LABEL_SHARE * num_labels) if num_labels >= _MANY_LABELS else 0
    rare = [i for i in classes if pixels[i] < _LEAST_SHARE * total or labels[i] < fewest]
    if not rare:
        return []
    shown = ", ".join(
        f"{i} {class_name(i, dataset.class_names)} ({pixels[i]} pixels, {pixels[i] / total:.4%}, in "
        f"{count_of(int(labels[i]), 'label')})"
        for i in rare
    )
    message = f"{count_of(len(rare), 'class')} with few pixels, or in few of the {num_labels} labels: {shown}"
    cure = "loss:\n  class_weights: inverse_log  # lets rare classes weigh more; better still: pictures that show them"
    places = sorted({index for i in rare for index in first[i]})
    files = [survey.label(survey.facts[index]) for index in places]
    show = functools.partial(exhibits.show_classes, survey, {i: first[i][0] for i in rare})
    return [Finding("few_pixels", "info", survey.section, message, cure, files, show)]
