# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The table of losses of label maps: its logits, its ways back, and the command."""

import cv2
import numpy as np
import pytest

from benchmark import label_map
from paddleseg.utils.errors import ConfigError


@pytest.fixture
def label():
    """Tilted stripes of four classes, with a part that is none."""
    y, x = np.mgrid[:90, :120]
    label = ((3 * x + 2 * y) // 70 % 4).astype(np.uint8)
    label[:10, :10] = 255
    return label


def test_logits_know_the_share_of_each_class_in_each_cell():
    label = np.repeat(np.repeat([[0, 1], [2, 0]], 8, axis=0), 8, axis=1).astype(np.uint8)
    label[:8, :2] = 1  # a quarter of the first cell
    logits = label_map.oracle_logits(label, 3, (16, 16))
    assert logits["shares"][:, 0, 0].tolist() == [0.75, 0.25, 0]
    assert logits["centres"][:, 0, 0].tolist() == [1, 0, 0]
    np.testing.assert_allclose(logits["sqrt_shares"] ** 2, logits["shares"], atol=1e-6)
    for planes in logits.values():
        assert planes.argmax(axis=0).tolist() == [[0, 1], [2, 0]]


def test_our_label_map_is_that_of_dense_logits_but_for_ties(label):
    for logits in label_map.oracle_logits(label, 4, (128, 96)).values():
        found, lead = label_map.compare(logits, (128, 96), label.shape)
        assert all(ids.shape == label.shape for ids in found.values())
        assert len(lead) < 0.001 * label.size and lead.max(initial=0) < 1e-6
        assert (found["floor"] != found["ids"]).any() and (found["ids"] != found["dense"]).any()


@pytest.mark.parametrize("size", ["²x8", "8x٣", "100x128", "0x8", "8", "8x8x8", "x"])
def test_a_size_that_is_none_is_named(size):
    arguments = label_map.make_parser().parse_args(["--dataset_root", "data", "--size", size])
    with pytest.raises(ConfigError, match=f"--size {size}: give HEIGHTxWIDTH, multiples of 8"):
        label_map.main(arguments)


@pytest.mark.slow
def test_the_command_prints_a_line_for_each_kind_of_logits_and_names_what_is_wrong(run_command, tmp_path, label):
    cv2.imwrite(str(tmp_path / "a.png"), label)
    (tmp_path / "val.txt").write_text("a.png a.png\n")
    common = ["benchmark/label_map.py", "--dataset_root", tmp_path, "--num_classes", "4"]
    done = run_command(*common, "--size", "96x128")
    assert done.returncode == 0, done.stderr
    rows = {words[0]: words[1:] for words in map(str.split, done.stdout.splitlines()[1:])}
    assert rows.pop("logits")[:4] == list(label_map.WAYS)
    assert set(rows) == {"shares", "shares_floor", "sqrt_shares", "bilinear", "centres"}
    assert all(0.5 < float(score) <= 1 for scores in rows.values() for score in scores[:4])
    done = run_command(*common, "--size", "100x128")
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert "--size 100x128: give HEIGHTxWIDTH, multiples of 8" in done.stderr
