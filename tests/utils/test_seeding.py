# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The random streams: fixed for ever, because runs and drawn pictures are reproduced from them."""

import numpy as np

from paddleseg.utils.seeding import sample_rng, scene_rng, shuffle_rng


def test_each_use_has_the_stream_of_its_own_words():
    for rng, words in (
        (shuffle_rng(5, 2), (1, 5, 2)),
        (sample_rng(5, 2, 7), (2, 5, 2, 7)),
        (scene_rng(5, 2, 7), (0x524F4144, 5, 2, 7)),
    ):
        expected = np.random.Generator(np.random.Philox(np.random.SeedSequence(words)))
        assert rng.bytes(16) == expected.bytes(16)


def test_equal_numbers_for_another_use_give_another_stream():
    assert sample_rng(0, 0, 0).bytes(8) != scene_rng(0, 0, 0).bytes(8)
