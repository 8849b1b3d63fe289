# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""RandAugment against Pillow: point operators equal to the bit, moves within two grey levels on average."""

from collections import Counter

import numpy as np
import pytest
from PIL import Image, ImageEnhance, ImageOps

from paddleseg.datasets import RoadScenes
from paddleseg.transforms import RandAugment
from paddleseg.transforms.rand_augment import OPERATORS
from paddleseg.transforms.rand_operators import move_matrix
from paddleseg.utils.errors import ConfigError

FILL = (124, 116, 104)
POINTS = OPERATORS[:10]


def by_pillow(picture, name, share, sign, resample="BICUBIC"):
    """What Pillow makes of the operator ``name`` at this share of the largest magnitude."""
    width, height = picture.size
    fill = {"resample": Image.Resampling[resample], "fillcolor": FILL if picture.mode == "RGB" else FILL[0]}

    def affine(*numbers):
        return picture.transform(picture.size, Image.Transform.AFFINE, numbers, **fill)

    solarized = [min(level + min(128, int(share * 110)), 255) if level < 128 else level for level in range(256)]
    factor = 1 + sign * share * 0.9
    return {
        "AutoContrast": lambda: ImageOps.autocontrast(picture),
        "Equalize": lambda: ImageOps.equalize(picture),
        "Invert": lambda: ImageOps.invert(picture),
        # Pillow keeps one bit at least.
        "Posterize": lambda: (
            ImageOps.posterize(picture, 4 - int(share * 4)) if share < 1 else picture.point(lambda _: 0)
        ),
        "Solarize": lambda: ImageOps.solarize(picture, 256 - int(share * 256)),
        "SolarizeAdd": lambda: picture.point(solarized * len(picture.getbands())),
        "Color": lambda: ImageEnhance.Color(picture).enhance(factor),
        "Contrast": lambda: ImageEnhance.Contrast(picture).enhance(factor),
        "Brightness": lambda: ImageEnhance.Brightness(picture).enhance(factor),
        "Sharpness": lambda: ImageEnhance.Sharpness(picture).enhance(factor),
        "Rotate": lambda: picture.rotate(sign * share * 30, **fill),
        "ShearX": lambda: affine(1, sign * share * 0.3, 0, 0, 1, 0),
        "ShearY": lambda: affine(1, 0, 0, sign * share * 0.3, 1, 0),
        "TranslateX": lambda: affine(1, 0, sign * share * 0.45 * width, 0, 1, 0),
        "TranslateY": lambda: affine(1, 0, 0, 0, 1, sign * share * 0.45 * height),
    }[name]()


@pytest.fixture(scope="module")
def pictures():
    """Drawn streets, noise, a dark ramp, one colour, and grey."""
    scenes = RoadScenes([], num_samples=3, size=(192, 96))
    streets = [scenes.read(index)["img"] for index in range(3)]
    noise = np.random.default_rng(1).integers(0, 256, (50, 70, 3)).astype(np.uint8)
    ramp = (np.mgrid[:60, :80][1][:, :, None] + [3, 40, 90]).astype(np.uint8)
    return {"streets": streets, "odd": [noise, ramp, np.full((20, 30, 3), 77, np.uint8), streets[0][:, :, :1]]}


def draws(count, **arguments):
    transform = RandAugment(num_ops=1, prob=1, **arguments)
    for seed in range(count):
        [drawn] = transform.draw(np.random.default_rng(seed))
        yield seed, transform, drawn


def run(transform, image, seed):
    sample = {"img": image.copy(), "path": "picture", "trans_info": []}
    return transform(sample, np.random.default_rng(seed))["img"]


@pytest.mark.parametrize("magnitude", [9, 3, 10, 0])
def test_operators_on_points_equal_pillows_on_many_draws(magnitude, pictures):
    seen = Counter()
    images = [*pictures["streets"], *pictures["odd"]]
    for seed, transform, (name, share, sign) in draws(400, magnitude=magnitude, magnitude_std=0.5):
        if name in POINTS:
            seen[name] += 1
            image = images[seed % len(images)]
            ours = run(transform, image, seed)
            theirs = np.asarray(by_pillow(Image.fromarray(image.squeeze()), name, share, sign))
            np.testing.assert_array_equal(ours, theirs.reshape(image.shape), f"{name} {share} {sign}")
    assert set(seen) == set(POINTS) and min(seen.values()) > 10


def test_moves_are_within_two_grey_levels_of_pillows_on_a_thousand_draws(pictures):
    differences = {name: [] for name in OPERATORS[10:]}
    for seed, transform, (name, share, sign) in draws(1000):
        if name not in POINTS:
            image = pictures["streets"][seed % 3]
            theirs = np.asarray(by_pillow(Image.fromarray(image), name, share, sign)).astype(int)
            differences[name].append(np.abs(run(transform, image, seed) - theirs).mean())
    assert min(map(len, differences.values())) > 40
    for name, found in differences.items():
        assert np.mean(found) < 2 and np.max(found) < 4, (name, np.mean(found), np.max(found))


@pytest.mark.parametrize("name", OPERATORS[10:])
def test_the_maps_of_moves_are_those_of_pillow(name):
    """By pictures of floats that say where each pixel was, which Pillow does not round."""
    y, x = np.mgrid[:64, :96].astype(np.float32)
    largest = {"Rotate": 30, "ShearX": 0.3, "ShearY": 0.3, "TranslateX": 43.2, "TranslateY": 28.8}[name]
    for share, sign in ((0.9, 1), (0.63, -1)):
        matrix = move_matrix(name, sign * share * largest, 96, 64)
        places = matrix @ np.stack([x.ravel(), y.ravel(), np.ones(x.size)])
        found = [np.asarray(by_pillow(Image.fromarray(axis), name, share, sign, "BILINEAR")).ravel() for axis in (x, y)]
        is_inside = ((places > 1) & (places < [[94], [62]])).all(axis=0)
        assert is_inside.sum() > 1000
        np.testing.assert_allclose(places[:, is_inside], np.stack(found)[:, is_inside], atol=1e-3)


def test_two_of_fifteen_are_drawn_each_with_its_probability_and_a_clipped_magnitude():
    transform = RandAugment()
    drawn = [item for seed in range(3000) for item in transform.draw(np.random.default_rng(seed))]
    counts = Counter(name for name, _, _ in drawn)
    assert set(counts) == set(OPERATORS)
    assert len(drawn) == pytest.approx(3000, rel=0.05) and min(counts.values()) > 0.7 * len(drawn) / 15
    shares = np.array([share for _, share, _ in drawn])
    assert shares.max() == 1.0 and shares.mean() == pytest.approx(0.9, abs=0.01)
    assert shares.std() == pytest.approx(0.05, abs=0.01)
    assert np.mean([sign for _, _, sign in drawn]) == pytest.approx(0, abs=0.05)


def test_a_label_map_moves_with_its_picture_and_a_class_does_not(pictures):
    y, x = np.mgrid[:96, :192]
    image = np.repeat((y + 50).astype(np.uint8)[:, :, None], 3, axis=2)
    for seed, transform, (name, _, _) in draws(60):
        if name in POINTS:
            continue
        sample = {"img": image, "label": (y + 50).astype(np.uint8), "path": "", "trans_info": []}
        moved = transform(sample, np.random.default_rng(seed))
        is_inside = moved["label"] != 255
        apart = np.abs(moved["img"][:, :, 0].astype(int) - moved["label"])[is_inside]
        assert is_inside.mean() > 0.3 and np.percentile(apart, 95) <= 2
    sample = {"img": image, "label": np.array(3), "path": "", "trans_info": []}
    assert RandAugment(prob=1)(sample, np.random.default_rng(0))["label"] == 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"magnitude": 11}, "magnitude: found 11; it must be from 0 to 10"),
        ({"num_ops": 0}, "num_ops: found 0; it must be from 1 to 15"),
        ({"fill": [300]}, r"fill: found \[300\]; it must be whole numbers from 0 to 255"),
        ({"fill": [1, 2]}, "fill: 2 levels; give one, or one for each of red, green and blue"),
    ],
)
def test_what_no_picture_can_have_is_refused(arguments, message):
    with pytest.raises(ConfigError, match=message):
        RandAugment(**arguments)
