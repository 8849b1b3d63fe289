# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Image and label functions in numpy and OpenCV: no randomness, no state.

Images are (H, W, C) arrays of any dtype that OpenCV resizes (8 and 16 bits, floats) and of any number of
channels, labels (H, W) uint8. Sizes in arguments are (width, height) as in the YAML files; sizes in a sample's
``trans_info`` are (height, width) as in PaddleSeg.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np
from PIL import Image

from paddleseg.utils.errors import ConfigError

_PILLOW_FILTERS = {"CUBIC": Image.Resampling.BICUBIC, "LINEAR": Image.Resampling.BILINEAR}
_SCALAR_CHANNELS = 4
"""Channels for which an OpenCV ``Scalar``, such as a border value, has a number."""


def resize(array: np.ndarray, size_wh: Sequence[int], interpolation: int = cv2.INTER_LINEAR) -> np.ndarray:
    """Resize an image (H, W, C) or label (H, W) to ``size_wh``; the dtype stays."""
    size = (int(size_wh[0]), int(size_wh[1]))
    return _in_channel_groups(array, lambda part: cv2.resize(part, size, interpolation=interpolation))


def resize_smoothly(image: np.ndarray, size_wh: Sequence[int], interp: str) -> np.ndarray:
    """Resize an image (H, W, C) like Pillow's ``Image.resize``, which averages where OpenCV skips pixels.

    Args:
        image: 8-bit RGB takes one pass; other channels go one by one, and other types through float32.
        size_wh: Size of the result.
        interp: ``CUBIC`` or ``LINEAR``.
    """
    size, resample = (int(size_wh[0]), int(size_wh[1])), _PILLOW_FILTERS[interp]

    def change(part: np.ndarray) -> np.ndarray:
        return np.array(Image.fromarray(part).resize(size, resample))

    if image.dtype == np.uint8 and image.shape[2] == 3:
        return change(image)
    values = image if image.dtype == np.uint8 else image.astype(np.float32)
    resized = np.stack([change(values[:, :, channel]) for channel in range(image.shape[2])], axis=2)
    return resized if image.dtype == np.uint8 else in_range(resized, image.dtype)


def pad_bottom_right(array: np.ndarray, size_wh: Sequence[int], value: float) -> np.ndarray:
    """Enlarge an image or label to at least ``size_wh`` by a constant border below and on the right.

    The value is rounded half to even for integer types: 127.5 becomes 128 in uint8.
    """
    pad_width = max(size_wh[0] - array.shape[1], 0)
    pad_height = max(size_wh[1] - array.shape[0], 0)
    if pad_width == 0 and pad_height == 0:
        return array
    padding = [(0, pad_height), (0, pad_width)] + [(0, 0)] * (array.ndim - 2)
    return np.pad(array, padding, constant_values=_in_dtype(value, array.dtype))


def pad_to_square(array: np.ndarray, value: float | Sequence[float]) -> np.ndarray:
    """Enlarge an image or label by constant borders to a square with the picture in the centre.

    If the border has an odd number of pixels, the lower or right part has one more. ``value`` is rounded as in
    ``pad_bottom_right``; several values are one per channel.
    """
    height, width = array.shape[:2]
    side = max(height, width)
    square = np.empty((side, side, *array.shape[2:]), array.dtype)
    square[...] = _in_dtype(value, array.dtype)
    top, left = (side - height) // 2, (side - width) // 2
    square[top : top + height, left : left + width] = array
    return square


def crop(array: np.ndarray, corner_yx: Sequence[int], size_wh: Sequence[int]) -> np.ndarray:
    """Cut out a window, given by its top left corner (y, x); the result is a view."""
    (y, x), (width, height) = corner_yx, size_wh
    return array[y : y + height, x : x + width]


def flip(array: np.ndarray, *, horizontal: bool) -> np.ndarray:
    """Mirror left-right, or top-bottom if not ``horizontal``."""
    return _in_channel_groups(array, lambda part: cv2.flip(part, 1 if horizontal else 0))


def similarity_matrix(
    source_wh: Sequence[int],
    target_wh: Sequence[int],
    degrees: float,
    scale: float = 1.0,
    pivot_offset: Sequence[float] = (0.0, 0.0),
) -> np.ndarray:
    """The map that moves a picture's centre onto the centre of the result and then rotates and scales it.

    Args:
        source_wh: Size of the picture.
        target_wh: Size of the result.
        degrees: Angle, counterclockwise.
        scale: Pixels of the result per pixel of the picture.
        pivot_offset: Offset (x, y) in pixels of the centre of rotation and scaling from the centre of the result.

    Returns:
        (2, 3) float64 matrix from (x, y, 1) in the picture to (x, y) in the result; whole numbers are pixel centres.
    """
    source, target = (np.array([(width - 1) / 2, (height - 1) / 2]) for width, height in (source_wh, target_wh))
    pivot = target + pivot_offset
    cosine, sine = scale * np.cos(np.deg2rad(degrees)), scale * np.sin(np.deg2rad(degrees))
    # y grows downwards, so this turns counterclockwise.
    linear = np.array([[cosine, sine], [-sine, cosine]])
    shift = pivot + linear @ (target - source - pivot)
    return np.column_stack([linear, shift])


def warp(
    array: np.ndarray, matrix: np.ndarray, size_wh: Sequence[int], interpolation: int, border_value: float
) -> np.ndarray:
    """Map an image or label by an affine matrix, such as ``similarity_matrix`` returns.

    Pixels of the result that lie outside the picture get ``border_value``, rounded as in ``pad_bottom_right``.
    """
    border = (_in_dtype(border_value, array.dtype),) * _SCALAR_CHANNELS
    size = (int(size_wh[0]), int(size_wh[1]))

    def change(part: np.ndarray) -> np.ndarray:
        return cv2.warpAffine(
            part, matrix, size, flags=interpolation, borderMode=cv2.BORDER_CONSTANT, borderValue=border
        )

    return _in_channel_groups(array, change)


def warp_back(array: np.ndarray, matrix: np.ndarray, interpolation: int, border: Sequence[int]) -> np.ndarray:
    """Fill each pixel of an 8-bit image or label from where ``matrix`` maps it to; the size stays.

    Args:
        array: (H, W, C), C at most 4, or (H, W).
        matrix: (2, 3) from (x, y, 1) in the result to (x, y) in the array; whole numbers are pixel centres.
        interpolation: OpenCV's.
        border: The value outside the array, one for all channels or one for each.
    """
    border = tuple(border) * _SCALAR_CHANNELS if len(border) == 1 else tuple(border)
    flags, size = interpolation | cv2.WARP_INVERSE_MAP, array.shape[1::-1]
    warped = cv2.warpAffine(array, matrix, size, flags=flags, borderMode=cv2.BORDER_CONSTANT, borderValue=border)
    return with_channels(warped, array)


def scaled_size(array: np.ndarray, scale: float) -> tuple[int, int]:
    """Width and height of an array after scaling, each rounded to a whole number of at least 1."""
    height, width = array.shape[:2]
    return max(round(width * scale), 1), max(round(height * scale), 1)


def adjust_brightness(image: np.ndarray, factor: float) -> np.ndarray:
    """Blend a uint8 image with black, exactly as Pillow's ``ImageEnhance.Brightness``."""
    return cv2.LUT(image, blend_table(0, factor)).reshape(image.shape)


def adjust_contrast(image: np.ndarray, factor: float) -> np.ndarray:
    """Blend a uint8 RGB or grey image with its mean grey level, as Pillow's ``ImageEnhance.Contrast``.

    Within one grey level of Pillow, whose grey conversion rounds differently in the last bit.
    """
    mean = int(cv2.mean(_to_grey(image))[0] + 0.5)
    return cv2.LUT(image, blend_table(mean, factor)).reshape(image.shape)


def adjust_saturation(image: np.ndarray, factor: float) -> np.ndarray:
    """Blend a uint8 RGB image with its grey version; within one level of Pillow's ``ImageEnhance.Color``."""
    grey = cv2.cvtColor(_to_grey(image), cv2.COLOR_GRAY2RGB)
    return _blend(grey, image, factor)


def adjust_sharpness(image: np.ndarray, factor: float) -> np.ndarray:
    """Blend a uint8 image with a smoothed one; within one grey level of Pillow's ``ImageEnhance.Sharpness``.

    Factor 0 is the smoothed image, 2 a sharpened one. The outermost pixels stay as they are, as in Pillow.
    """
    kernel = np.array([[1, 1, 1], [1, 5, 1], [1, 1, 1]], np.float32) / 13
    smooth = with_channels(cv2.filter2D(image, -1, kernel), image)
    smooth[[0, -1]] = image[[0, -1]]
    smooth[:, [0, -1]] = image[:, [0, -1]]
    return _blend(smooth, image, factor)


def shift_hue(image: np.ndarray, delta: float) -> np.ndarray:
    """Turn the hue of a uint8 RGB image by ``delta`` in units of 1/256 of the colour circle (18: 25 degrees).

    Hue and saturation pass through 8 bits as in Pillow, but rounded where Pillow truncates.
    """
    hsv = cv2.cvtColor(image, cv2.COLOR_RGB2HSV_FULL)
    # uint8 wraps round at 256, as the circle does. Zeros for saturation and value let numpy add whole rows at once:
    # 0.1 ms for 1024x1024 pixels, where a table took 1.7.
    turn = np.zeros((hsv.shape[1], 3), np.uint8)
    turn[:, 0] = int(delta) % 256
    hsv += turn
    return cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB_FULL, dst=hsv)


def gaussian_blur(image: np.ndarray, window: int) -> np.ndarray:
    """Smooth with a Gaussian on ``window`` x ``window`` pixels; sigma follows from the window as in OpenCV."""
    return _in_channel_groups(image, lambda part: cv2.GaussianBlur(part, (window, window), 0))


def box_blur(image: np.ndarray, window: int) -> np.ndarray:
    """Replace each pixel by the mean of the ``window`` x ``window`` pixels around it."""
    return _in_channel_groups(image, lambda part: cv2.blur(part, (window, window)))


def median_blur(image: np.ndarray, window: int) -> np.ndarray:
    """Replace each pixel of a uint8 image by the median of the ``window`` x ``window`` pixels around it."""
    # cv2.medianBlur takes 1, 3 or 4 channels, but not 2; above a window of 5 only 8 bits.
    return _in_channel_groups(image, lambda part: cv2.medianBlur(part, window), size=1)


def add_noise(image: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """Add float noise of the same shape; integer types are rounded and clipped to their range."""
    return in_range(image + noise, image.dtype)


def in_range(values: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Floats, which may be overwritten, as ``dtype``: integer types are rounded and clipped to their range."""
    if np.issubdtype(dtype, np.integer):
        limits = np.iinfo(dtype)
        values = np.clip(np.rint(values, out=values), limits.min, limits.max, out=values)
    return values.astype(dtype)


def without_uint16(images: np.ndarray) -> np.ndarray:
    """Pictures of 16 bits as float32, others as they are: Paddle takes uint16 for the bit patterns of bfloat16."""
    return images.astype(np.float32) if images.dtype == np.uint16 else images


def _in_dtype(value: float | Sequence[float], dtype: np.dtype) -> float | np.ndarray:
    """A padding value in ``dtype``: rounded for integer types, halves to even.

    Raises:
        ConfigError: The integer type cannot hold it.
    """
    if not np.issubdtype(dtype, np.integer):
        return value
    whole, limits = np.rint(value), np.iinfo(dtype)
    if np.min(whole) < limits.min or np.max(whole) > limits.max:
        raise ConfigError(
            f"im_padding_value {value} does not fit into pictures of {dtype} numbers; "
            f"allowed are {limits.min} to {limits.max}"
        )
    return whole


def _in_channel_groups(
    array: np.ndarray, change: Callable[[np.ndarray], np.ndarray], size: int = _SCALAR_CHANNELS
) -> np.ndarray:
    """Apply an OpenCV function to groups of at most ``size`` channels and join the results.

    OpenCV takes border values for four channels, and takes no more than 128 (version 5) or 512 in one array.
    """
    if array.ndim == 2 or array.shape[2] <= size:
        return with_channels(change(array), array)
    groups = np.split(array, range(size, array.shape[2], size), axis=2)
    return np.concatenate([with_channels(change(group), group) for group in groups], axis=2)


def with_channels(result: np.ndarray, source: np.ndarray) -> np.ndarray:
    """Put back the last axis that OpenCV drops from (H, W, 1) arrays."""
    return result[:, :, np.newaxis] if result.ndim < source.ndim else result


def _to_grey(image: np.ndarray) -> np.ndarray:
    return image if image.shape[2] == 1 else cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)


def blend_table(base: int, factor: float) -> np.ndarray:
    """The 256 results of blending ``base`` with each grey level, in Pillow's arithmetic: float32, truncated."""
    levels = np.arange(256, dtype=np.float32)
    blended = np.float32(base) + np.float32(factor) * (levels - np.float32(base))
    return np.clip(blended, 0, 255).astype(np.uint8)


def _blend(base: np.ndarray, image: np.ndarray, factor: float) -> np.ndarray:
    """``base + factor * (image - base)``, in the memory of ``base``."""
    # addWeighted rounds to nearest, Pillow truncates: subtracting nearly half a level makes both agree.
    blended = cv2.addWeighted(image, factor, base, 1.0 - factor, -0.498, dst=base)
    return with_channels(blended, image)
