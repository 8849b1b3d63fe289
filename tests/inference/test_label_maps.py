# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""From pictures to label maps, with a network of known answers."""

import numpy as np
import paddle
import pytest

from paddleseg.inference.label_maps import (
    class_scores,
    dense_label_maps,
    predict_label_maps,
    predict_logits8,
    scaled_length,
)
from paddleseg.inference.views import ViewOptions
from paddleseg.models.ddrnet import DDRNet_23_slim
from paddleseg.transforms.transforms import Normalize
from paddleseg.utils.errors import DataError
from paddleseg.utils.label_map import label_maps


class NearestLevel(paddle.nn.Layer):
    """Class k where red, averaged over 8 x 8 pixels, is nearest to level k; a second output as a decoy."""

    def __init__(self, levels):
        super().__init__()
        self.levels = paddle.to_tensor(levels, "float32").reshape([1, -1, 1, 1])

    def forward_stride8(self, x):
        coarse = paddle.nn.functional.avg_pool2d(x[:, :1], 8, 8, ceil_mode=True)
        logits = -((coarse - self.levels) ** 2)
        return [logits, -logits]


def striped_picture(height, width):
    """Left third 0, middle third 100, right third 200 in red."""
    image = np.zeros((height, width, 3), np.uint8)
    image[:, width // 3 : 2 * width // 3, 0] = 100
    image[:, 2 * width // 3 :, 0] = 200
    return image


class Levels(paddle.nn.Layer):
    """Class 1 where red is above 100; at full size, there is no forward_stride8."""

    def forward(self, x):
        return [paddle.concat([100 - x[:, :1], x[:, :1] - 100], axis=1)]


MODEL = NearestLevel([0, 100, 200])


def test_each_region_gets_its_class_at_the_size_of_the_picture():
    batch = {"img": striped_picture(40, 72)[np.newaxis], "trans_info": [[]]}
    (labels,) = predict_label_maps(MODEL, batch, None)
    assert labels.shape == (40, 72)
    expected = np.repeat([0, 1, 2], 24)
    # The borders lie on the grid of 8, so that interpolation moves them by no pixel.
    assert (labels == expected).all()


TO_THE_PICTURE = {
    "as it is": [],
    "resized and padded": [("resize", (97, 131)), ("padding", (170, 240))],
    "in a square": [("center_padding", (97, 131)), ("resize", (131, 131))],
}


@pytest.mark.parametrize("ignored", [None, 0, 3])
@pytest.mark.parametrize("way", TO_THE_PICTURE)
def test_the_label_map_of_a_card_is_that_of_the_cpu(way, ignored):
    logits = paddle.nn.functional.interpolate(paddle.randn([2, 7, 4, 6]), [23, 31], mode="bicubic")
    trans_infos = [TO_THE_PICTURE[way], []]
    found = dense_label_maps(logits, (181, 243), trans_infos, ignored_class=ignored)
    expected = label_maps(logits.numpy(), (181, 243), trans_infos, ignored_class=ignored)
    for one, other in zip(found, expected, strict=True):
        assert one.dtype == np.uint8
        assert (one == other).mean() > 0.9999
        assert ignored is None or not (one == ignored).any()


@pytest.mark.parametrize("options", [{}, dict(is_slide=True, crop_size=[64, 48], stride=[40, 40])])
def test_scores_of_every_mode_go_to_the_size_of_the_picture_before_the_best_is_taken(options):
    # A border in the middle of the picture lies between two pixels of a picture of half the size; ids that are brought
    # back by floor(i * source / target) would shift it.
    images = np.zeros((1, 64, 72, 3), np.uint8)
    images[:, :, 36:] = 200
    batch = {"img": images, "trans_info": [[("resize", (128, 143))]]}
    (labels,) = predict_label_maps(Levels(), batch, None, ViewOptions(**options))
    assert labels.shape == (128, 143)
    assert (labels == np.repeat([0, 1], [72, 71])).all()


def test_the_main_output_counts():
    logits = predict_logits8(MODEL, paddle.zeros([1, 3, 16, 16])).numpy()
    assert logits.shape == (1, 3, 2, 2)
    assert (logits.argmax(axis=1) == 0).all()


def test_no_graph_of_gradients_is_kept():
    layer = paddle.nn.Conv2D(3, 2, 8, 8)
    layer.forward_stride8 = lambda x: [layer(x)]
    seen = []
    layer.register_forward_post_hook(lambda _, __, output: seen.append(output.stop_gradient))
    predict_logits8(layer, paddle.zeros([1, 3, 16, 16]))
    assert seen == [True]


def test_normalisation_reaches_the_network():
    batch = {"img": striped_picture(40, 72)[np.newaxis], "trans_info": [[]]}
    normalize = Normalize(mean=[0.5] * 3, std=[0.5] * 3)
    levels = [2 * (level / 255 - 0.5) for level in (0, 100, 200)]
    (labels,) = predict_label_maps(NearestLevel(levels), batch, normalize)
    assert labels[0, ::24].tolist() == [0, 1, 2]
    (wrong,) = predict_label_maps(NearestLevel(levels), batch, None)
    assert wrong[0, ::24].tolist() != [0, 1, 2]


@pytest.mark.parametrize(
    ("model", "options"), [(MODEL, {}), (Levels(), {}), (MODEL, {"aug_eval": True, "flip_horizontal": True})]
)
def test_scores_that_are_no_numbers_are_refused_with_the_picture(model, options):
    images = np.zeros((2, 16, 16, 3), np.float32)
    images[1, 3, 3, 0] = np.nan
    batch = {"img": images, "trans_info": [[], []], "paths": ["a.tif", "b.tif"]}
    with pytest.raises(DataError, match="^b.tif: the network's output for it is not finite"):
        predict_label_maps(model, batch, None, ViewOptions(**options))


@pytest.mark.parametrize("as_tensor", [False, True])
def test_each_picture_of_a_batch_goes_back_to_its_own_size(as_tensor):
    # Both were brought to 48 x 96: one doubled, one padded at the bottom and on the right.
    doubled, padded = striped_picture(48, 96), np.zeros((48, 96, 3), np.uint8)
    padded[:40, :72] = striped_picture(40, 72)
    images = np.stack([doubled, padded])
    batch = {
        "img": paddle.to_tensor(images) if as_tensor else images,
        "trans_info": [[("resize", (24, 48))], [("padding", (40, 72))]],
    }
    first, second = predict_label_maps(MODEL, batch, None)
    assert (first == np.repeat([0, 1, 2], 16)).all()
    assert second.shape == (40, 72)
    assert (second[:, :72] == np.repeat([0, 1, 2], 24)).mean() > 0.95


class Pointwise(paddle.nn.Layer):
    """Three logits of each pixel from this pixel alone, at full size; there is no forward_stride8."""

    def forward(self, x):
        red, green, blue = (x[:, channel : channel + 1] for channel in range(3))
        logits = paddle.concat([red + 0.5 * blue, green * red, blue - green * green], axis=1)
        return [logits, -logits]


class PointwiseAt8(Pointwise):
    """The same behind the faster interface."""

    forward_stride8 = Pointwise.forward


class Tilted(paddle.nn.Layer):
    """Two logits that depend on the place in the input, so that a mirrored input is another one."""

    def forward(self, x):
        across = paddle.linspace(-1, 1, x.shape[3])
        down = paddle.linspace(-1, 2, x.shape[2]).reshape([-1, 1])
        return [paddle.stack([x[:, 0] * across + down, x[:, 1] - down * across], axis=1)]


def tilted_plainly(x):
    across, down = np.linspace(-1, 1, x.shape[2]), np.linspace(-1, 2, x.shape[1])[:, np.newaxis]
    return np.stack([x[0] * across + down, x[1] - down * across])


def resize_plainly(x, height, width):
    """Bilinear with half-pixel centres: (C, h, w) to (C, height, width), one axis after the other in float64."""
    for axis, length in ((1, height), (2, width)):
        source = x.shape[axis]
        position = np.clip((np.arange(length) + 0.5) * source / length - 0.5, 0, source - 1)
        low = np.floor(position).astype(int)
        share = (position - low).reshape([-1 if i == axis else 1 for i in range(3)])
        x = x.take(low, axis) * (1 - share) + x.take(np.minimum(low + 1, source - 1), axis) * share
    return x


def softmax_plainly(logits):
    powers = np.exp(logits - logits.max(axis=0))
    return powers / powers.sum(axis=0)


def noise(height, width, count=1, seed=0):
    return np.random.default_rng(seed).standard_normal((count, height, width, 3)).astype("float32")


def as_batch(images):
    return {"img": images, "trans_info": [[] for _ in images]}


def scores_of(model, images, **options):
    x = paddle.to_tensor(images).transpose([0, 3, 1, 2])
    return class_scores(model, x, ViewOptions(**options)).numpy()


ODD_SIZES = [(97, 131), (41, 33), (32, 64)]
MODES = {
    "windows": dict(is_slide=True, crop_size=[40, 30], stride=[27, 19]),
    "flips": dict(aug_eval=True, flip_horizontal=True, flip_vertical=True),
    "windows and flips": dict(
        is_slide=True, crop_size=[64, 24], stride=[64, 23], aug_eval=True, flip_horizontal=True, flip_vertical=True
    ),
}


@pytest.mark.parametrize("size", ODD_SIZES)
@pytest.mark.parametrize("mode", MODES)
def test_windows_and_flips_change_nothing_where_a_pixel_is_judged_by_itself(mode, size):
    images = noise(*size)
    whole = Pointwise()(paddle.to_tensor(images).transpose([0, 3, 1, 2]))[0].numpy()
    found = scores_of(Pointwise(), images, **MODES[mode])
    if "flips" in mode:
        whole = 4 * softmax_plainly(whole[0])[np.newaxis]
    np.testing.assert_allclose(found, whole, rtol=1e-6, atol=1e-6)
    (labels,) = predict_label_maps(Pointwise(), as_batch(images), None, ViewOptions(**MODES[mode]))
    np.testing.assert_array_equal(labels, whole[0].argmax(axis=0))


@pytest.mark.parametrize("model", [Pointwise(), PointwiseAt8()])
def test_a_window_that_covers_the_picture_gives_what_the_whole_gives_bit_by_bit(model):
    images = noise(97, 131, count=2)
    expected = predict_label_maps(model, as_batch(images), None)
    for crop_size in ([131, 97], [200, 97], [131, 200]):
        options = dict(is_slide=True, crop_size=crop_size, stride=[9, 9])
        np.testing.assert_array_equal(scores_of(model, images[:1], **options), scores_of(model, images[:1]))
        found = predict_label_maps(model, as_batch(images), None, ViewOptions(**options))
        np.testing.assert_array_equal(found, expected)


def test_a_window_is_no_larger_than_the_picture():
    sizes = []

    class Watched(Pointwise):
        def forward(self, x):
            sizes.append(tuple(x.shape[2:]))
            return super().forward(x)

    scores_of(Watched(), noise(20, 50), is_slide=True, crop_size=[32, 32], stride=[32, 32])
    assert sizes == [(20, 32), (20, 32)]


# The nearest multiples of 8: 0.75 x 97 is 72.75, 0.75 x 131 is 98.25, and so on.
SCALED = {
    ((97, 131), 0.75): (72, 96),
    ((97, 131), 1.3): (128, 168),
    ((41, 33), 0.75): (32, 24),
    ((41, 33), 1.3): (56, 40),
    ((32, 64), 0.75): (24, 48),
    ((32, 64), 1.3): (40, 80),
}


@pytest.mark.parametrize("size", ODD_SIZES)
@pytest.mark.parametrize("flips", [(), ("flip_horizontal",), ("flip_vertical",), ("flip_horizontal", "flip_vertical")])
def test_probabilities_are_summed_over_scales_and_flips(size, flips):
    images = noise(*size, seed=1)
    picture = images[0].transpose(2, 0, 1).astype("float64")
    expected = 0
    for scale in (0.75, 1.0, 1.3):
        scaled = picture if scale == 1 else resize_plainly(picture, *SCALED[size, scale])
        for horizontally in {False, "flip_horizontal" in flips}:
            for vertically in {False, "flip_vertical" in flips}:
                mirror = np.s_[:, :: -1 if vertically else 1, :: -1 if horizontally else 1]
                logits = tilted_plainly(scaled[mirror])[mirror]
                expected = expected + softmax_plainly(resize_plainly(logits, *size))
    found = scores_of(Tilted(), images, aug_eval=True, scales=[0.75, 1.0, 1.3], **dict.fromkeys(flips, True))
    assert found.dtype == np.float32
    np.testing.assert_allclose(found[0], expected, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(found.sum(axis=1), 3 * 2 ** len(flips), rtol=1e-5)


def test_windows_are_cut_from_the_scaled_picture():
    sizes = []

    class Watched(Tilted):
        def forward(self, x):
            sizes.append(tuple(x.shape[2:]))
            return super().forward(x)

    options = dict(aug_eval=True, scales=[0.5, 2], is_slide=True, crop_size=[64, 48], stride=[64, 48])
    scores_of(Watched(), noise(33, 65), **options)
    # 0.5: 16 x 32 in one window; 2: 64 x 128 in 2 x 2 windows.
    assert sizes == [(16, 32)] + [(48, 64)] * 4


def test_scaled_sides_are_the_nearest_multiples_of_8_and_scale_1_keeps_the_picture():
    assert [scaled_length(length, 1.25, 8) for length in (360, 480, 361)] == [448, 600, 448]
    assert [scaled_length(1024, scale, 8) for scale in (0.5, 0.75, 1.5, 2)] == [512, 768, 1536, 2048]
    assert [scaled_length(length, 0.5, 8) for length in (8, 24, 5, 1)] == [8, 16, 8, 8]  # a half goes up; never nothing
    assert [scaled_length(length, 1.0, 8) for length in (97, 131, 1)] == [97, 131, 1]
    assert scaled_length(100, 1.5, 32) == 160  # a network of another stride


def test_a_single_scale_gives_logits_resized_to_the_picture():
    images = noise(41, 33, seed=2)
    picture = images[0].transpose(2, 0, 1).astype("float64")
    expected = resize_plainly(tilted_plainly(resize_plainly(picture, 24, 16)), 41, 33)
    found = scores_of(Tilted(), images, aug_eval=True, scales=0.5)
    np.testing.assert_allclose(found[0], expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("mode", [{}, *MODES.values(), dict(aug_eval=True, scales=[0.5, 1.25])])
def test_each_picture_of_a_batch_gets_what_it_gets_alone(mode):
    images, options = noise(41, 33, count=3), ViewOptions(**mode)
    together = predict_label_maps(Tilted(), as_batch(images), None, options, window_batch_size=3)
    alone = [predict_label_maps(Tilted(), as_batch(images[[i]]), None, options)[0] for i in range(3)]
    np.testing.assert_array_equal(together, alone)
    assert all(labels.dtype == np.uint8 for labels in together)


@pytest.mark.parametrize("mode", [*MODES.values(), dict(aug_eval=True, scales=[0.75, 1.0])])
def test_changes_of_size_are_undone_in_every_mode(mode):
    padded = np.zeros((48, 96, 3), np.uint8)
    padded[:40, :72] = striped_picture(40, 72)
    batch = {"img": padded[np.newaxis], "trans_info": [[("resize", (20, 36)), ("padding", (40, 72))]]}
    (labels,) = predict_label_maps(MODEL, batch, None, ViewOptions(**mode))
    assert labels.shape == (20, 36)
    assert (labels == np.repeat([0, 1, 2], 12)).mean() > 0.85


@pytest.mark.parametrize("size", [(97, 131), (33, 50)])
def test_the_network_itself_works_at_odd_sizes_and_scales(size):
    model = DDRNet_23_slim(4)
    model.eval()
    batch = as_batch(noise(*size))
    windows = dict(is_slide=True, crop_size=[64, 64], stride=[50, 45])
    for mode in (windows, dict(aug_eval=True, scales=[0.3, 0.77], flip_horizontal=True)):
        (labels,) = predict_label_maps(model, batch, None, ViewOptions(**mode), window_batch_size=2)
        assert labels.shape == size


def test_no_graph_of_gradients_is_kept_for_views():
    layer = paddle.nn.Conv2D(3, 2, 1)
    seen = []
    layer.register_forward_post_hook(lambda _, __, output: seen.append(output.stop_gradient))
    model = paddle.nn.Sequential(layer)
    model.forward = lambda x: [layer(x)]
    scores_of(model, noise(8, 8), aug_eval=True, flip_horizontal=True)
    assert seen == [True, True]
