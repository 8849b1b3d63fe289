# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Blur and noise: kernels against plain numpy, and the distributions of the random draws."""

import numpy as np
import pytest

from paddleseg import transforms as T
from paddleseg.transforms import functional, random_quality


def run(transform, image, seed=0):
    sample = {"img": image, "path": "picture.png", "trans_info": []}
    return transform(sample, np.random.default_rng(seed))["img"]


@pytest.fixture(scope="module")
def picture():
    return np.random.default_rng(0).integers(0, 256, (24, 31, 2)).astype(np.uint8)


def neighbourhoods(image, window, mode):
    """(H, W, C, window * window): the pixels around each one."""
    radius = window // 2
    padded = np.pad(image, [(radius, radius), (radius, radius), (0, 0)], mode=mode)
    views = np.lib.stride_tricks.sliding_window_view(padded, (window, window), axis=(0, 1))
    return views.reshape(*image.shape, -1)


@pytest.mark.parametrize("window", [3, 5, 7, 9])
def test_median_and_mean_are_those_of_numpy(picture, window):
    median = functional.median_blur(picture, window)
    np.testing.assert_array_equal(median, np.median(neighbourhoods(picture, window, "edge"), axis=3))
    mean = functional.box_blur(picture, window)
    expected = neighbourhoods(picture, window, "reflect").mean(axis=3)
    assert mean.dtype == median.dtype == np.uint8
    assert np.abs(mean - expected).max() <= 0.51


@pytest.mark.parametrize("window", [3, 5, 7, 9])
def test_the_gaussian_is_as_wide_as_its_window(window):
    impulse = np.zeros((21, 21, 1), np.float32)
    impulse[10, 10] = 1
    response = functional.gaussian_blur(impulse, window)[:, :, 0]
    profile = response.sum(axis=0)
    np.testing.assert_allclose(response, np.outer(profile, profile), atol=1e-6)
    assert np.count_nonzero(profile) == window and profile.sum() == pytest.approx(1)
    np.testing.assert_allclose(profile, profile[::-1], atol=1e-7)
    # OpenCV's rule for the standard deviation; windows up to 9 have tables of simple fractions near it.
    sigma = 0.3 * ((window - 1) * 0.5 - 1) + 0.8
    gaussian = np.exp(-((np.arange(21) - 10) ** 2) / (2 * sigma**2)) * (profile > 0)
    np.testing.assert_allclose(profile, gaussian / gaussian.sum(), atol=0.025)


@pytest.mark.parametrize("prob", [0.0, 0.3, 0.7, 1.0])
@pytest.mark.parametrize("transform", [T.RandomBlur, T.RandomNoise])
def test_blur_and_noise_happen_with_their_probability(picture, transform, prob):
    rng = np.random.default_rng(0)
    sample = {"img": picture, "path": "", "trans_info": []}
    changed = sum((transform(prob)(dict(sample), rng)["img"] != picture).any() for _ in range(600))
    assert abs(changed / 600 - prob) < 0.06
    assert prob > 0 or changed == 0


@pytest.mark.parametrize(
    ("blur_type", "shares"),
    [("gaussian", (1, 0, 0)), ("median", (0, 1, 0)), ("blur", (0, 0, 1)), ("random", (0.3, 0.3, 0.4))],
)
def test_blur_draws_kinds_and_windows_in_paddlesegs_shares(monkeypatch, picture, blur_type, shares):
    drawn = []
    for kind in ("gaussian", "median", "blur"):
        monkeypatch.setitem(
            random_quality._BLURS, kind, lambda image, window, kind=kind: drawn.append((kind, window)) or image
        )
    for seed in range(1000):
        run(T.RandomBlur(1, blur_type), picture, seed)
    kinds, windows = zip(*drawn)
    for kind, share in zip(("gaussian", "median", "blur"), shares):
        assert abs(kinds.count(kind) / 1000 - share) < 0.05
    # 3 to 9, even ones made one larger
    for window, share in ((3, 1 / 7), (5, 2 / 7), (7, 2 / 7), (9, 2 / 7)):
        assert abs(windows.count(window) / 1000 - share) < 0.05


def test_noise_is_rounded_and_does_not_wrap_around():
    image = np.array([0, 100, 100, 255, 250], np.uint8).reshape(1, 5, 1)
    noise = np.array([-3.2, 0.6, -0.6, 4, 5.4], np.float32).reshape(1, 5, 1)
    np.testing.assert_array_equal(functional.add_noise(image, noise).ravel(), [0, 101, 99, 255, 255])
    wide = np.array([[[65535], [200]]], np.uint16)
    noisy = functional.add_noise(wide, np.full((1, 2, 1), 100, np.float32))
    assert noisy.dtype == np.uint16
    np.testing.assert_array_equal(noisy.ravel(), [65535, 300])
    floats = functional.add_noise(np.array([[[-0.25]]], np.float32), np.array([[[-1.5]]], np.float32))
    assert floats.dtype == np.float32 and floats == -1.75


def test_noise_has_a_deviation_from_0_to_max_sigma_and_is_another_one_for_each_number():
    image = np.full((40, 50, 3), 128, np.uint8)
    noises = [run(T.RandomNoise(1, max_sigma=8), image, seed).astype(float) - 128 for seed in range(200)]
    deviations = np.array([noise.std() for noise in noises])
    assert deviations.min() < 0.3 and 7.7 < deviations.max() < 8.3
    assert abs(deviations.mean() - 4) < 0.5
    strongest = noises[int(deviations.argmax())]
    assert abs(strongest.mean()) < 0.4
    channels = strongest.reshape(-1, 3).T
    assert np.abs(np.corrcoef(channels) - np.eye(3)).max() < 0.1
    # Normal: 68 % within one standard deviation.
    assert abs((np.abs(strongest) < strongest.std()).mean() - 0.68) < 0.05
