# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Run lengths against masks, and against texts written by pycocotools 2.0.11."""

import numpy as np
import pytest

from paddleseg.utils.run_lengths import coco_mask, mask_of_runs, runs_of_text

ZEROS = "0"


def bars():
    """Long runs, whose numbers take several letters, and differences of both signs."""
    mask = np.zeros((300, 400), bool)
    mask[10:290, 20:30] = True
    mask[100:101, 200:390] = True
    return mask


def test_texts_of_pycocotools_become_the_masks_that_they_were_made_of():
    text = "jk5h8d" + ZEROS * 18 + "bla1YGU\\^N" + ZEROS * 377 + "dj2"
    assert np.array_equal(coco_mask({"counts": text, "size": [300, 400]}), bars())


def test_runs_go_down_the_columns_or_along_the_rows():
    assert mask_of_runs([1, 2, 3], (2, 3), by_columns=False).astype(int).tolist() == [[0, 1, 1], [0, 0, 0]]
    assert mask_of_runs([1, 2, 3], (2, 3), by_columns=True).astype(int).tolist() == [[0, 1, 0], [1, 0, 0]]
    assert mask_of_runs([0, 6], (2, 3), by_columns=True).all()


@pytest.mark.parametrize("text", ["", "\u00e4", "5/", "P", "5P", "PPPPPPPPPPPPP0"])
def test_what_is_no_text_of_run_lengths_is_refused(text):
    with pytest.raises(ValueError, match="not COCO"):
        runs_of_text(text)


def test_masks_that_no_picture_is_as_large_as_take_no_memory():
    with pytest.raises(ValueError, match="bound"):
        coco_mask({"counts": [0, 10**12], "size": [10**6, 10**6]})


@pytest.mark.parametrize("runs", [[1, 2], [-1, 5], [0.5, 3.5], [[4]], ["4"]])
def test_runs_that_do_not_fill_the_mask_are_refused(runs):
    with pytest.raises(ValueError, match="runs|run lengths"):
        mask_of_runs(runs, (2, 2), by_columns=True)
