# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Mistyped numbers: refused by name, before they take memory or turn into infinity."""

import numpy as np
import pytest

from paddleseg import transforms as T
from paddleseg.transforms.fused_crop import fuse
from paddleseg.utils.errors import ConfigError, DataError


def make_sample(height, width):
    image, label = np.zeros((height, width, 3), np.uint8), np.zeros((height, width), np.uint8)
    return {"img": image, "label": label, "path": "wide.png", "trans_info": []}


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        (
            "RandomPaddingCrop",
            {"crop_size": [8, 65537]},
            "crop_size: found .8, 65537.; .* at most 65536",
        ),
        ("ResizeStepScaling", {"scale_step_size": 5e-324}, "5e-324 makes more than 10000 factors; give 0 to draw any"),
        ("RandomScaleAspect", {"aspect_ratio": 5e-324}, "aspect_ratio: found 5e-324; it must be 0, or from 0.001 to 1"),
        ("RandomAffine", {"translation_offset": 1e308}, "translation_offset: found 1e.308; it must be from 0 to 65536"),
        (
            "ResizeByShort",
            {"short_size": 8, "max_size": 1e-9},
            "max_size: found 1e-09; it must be 1 or more",
        ),
        ("Normalize", {"mean": [-1e308]}, "Normalize: mean: found .*; it must be from -1000000 to 1000000"),
        ("Normalize", {"std": [5e-324]}, "Normalize: std: found .*; it must be from 0.000001"),
        ("RandomRotation", {"max_rotation": 1e300}, "max_rotation: found 1e.300; it must be from 0 to 360"),
        ("RandomNoise", {"max_sigma": 1e300}, "max_sigma: found 1e.300; it must be from 0 to 65535"),
        ("RandomDistort", {"hue_range": 1e300}, "hue_range: found 1e.300; it must be from 0 to 256"),
    ],
)
def test_numbers_beyond_all_use_are_refused_by_their_key(name, arguments, message):
    with pytest.raises(ConfigError, match=message):
        getattr(T, name)(**arguments)


def test_as_many_scale_factors_as_are_allowed_are_drawn():
    scaling = T.ResizeStepScaling(0.5, 1.5, scale_step_size=0.0001)
    assert 0.5 <= scaling.draw_scale(np.random.default_rng(0)) <= 1.5


@pytest.mark.parametrize(
    "transform",
    [
        T.Resize([65536, 65536]),
        T.ResizeByLong(65536),
        T.ResizeByShort(65536),
        T.LimitShort(min_short=65536),
        T.Padding([65536, 65536]),
        T.PaddingByAspectRatio(0.001),
        T.ScalePadding([65536, 65536]),
        T.ResizeStepScaling(100, 100),
        T.ResizeRangeScaling(65536, 65536),
        T.RandomPaddingCrop([65536, 65536]),
        T.RandomAffine([65536, 65536]),
    ],
    ids=lambda transform: type(transform).__name__,
)
def test_what_would_become_an_enormous_picture_is_named(transform):
    with pytest.raises(DataError, match=r"wide.png: the transforms would make \d+x\d+ pixels of it, more than 107"):
        T.Pipeline([transform])(make_sample(500, 1200), np.random.default_rng(0))


def test_a_long_strip_is_not_padded_to_a_square_without_end():
    with pytest.raises(DataError, match="wide.png: the transforms would make 40000x40000 pixels"):
        T.ScalePadding([8, 8])(make_sample(1, 40000), np.random.default_rng(0))


def test_an_argument_that_does_not_suit_a_picture_is_named_with_it():
    pipeline = T.Pipeline([T.Padding([40, 40], im_padding_value=256)])
    message = "^wide.png: Padding: im_padding_value 256 does not fit into pictures of uint8 numbers"
    with pytest.raises(ConfigError, match=message):
        pipeline(make_sample(20, 30), np.random.default_rng(0))
    fused = T.Pipeline([T.ResizeStepScaling(), T.RandomPaddingCrop([90, 90], im_padding_value=-1)], rewrite=fuse)
    with pytest.raises(ConfigError, match=r"^wide.png: ResizeStepScaling \+ RandomPaddingCrop: im_padding_value -1"):
        fused(make_sample(20, 30), np.random.default_rng(0))
