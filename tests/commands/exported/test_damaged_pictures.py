# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures that infer.py cannot read."""

import pytest

from paddleseg.utils.errors import DataError
from tests.commands.exported.running import infer_here, labels_below
from tests.messages import naming


def test_bad_pictures_are_named(exported, pictures, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(DataError, match="empty"):
        infer_here(exported, empty, tmp_path / "out")
    with pytest.raises(DataError, match="nowhere"):
        infer_here(exported, tmp_path / "nowhere", tmp_path / "out")
    (pictures / "b.png").write_bytes((pictures / "b.png").read_bytes()[:60])
    (pictures / "night" / "d.png").write_bytes(b"")
    with pytest.raises(DataError, match=naming("2 of 5 pictures", "b.png", "night/d.png")):
        infer_here(exported, pictures, tmp_path / "out", "--batch_size", 2, "--benchmark", True)
    assert sorted(labels_below(tmp_path / "out")) == ["a.png", "c.png", "night/a.png"]
    with pytest.raises(DataError, match="1 of 1 pictures|b.png: the picture is truncated"):
        infer_here(exported, pictures / "b.png", tmp_path / "out", "--benchmark", True)
