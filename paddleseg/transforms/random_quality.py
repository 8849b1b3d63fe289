# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Random blur and noise of pictures, with PaddleSeg's names, arguments and defaults; labels stay as they are."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np

from paddleseg.registry import TRANSFORMS
from paddleseg.transforms import functional
from paddleseg.transforms.limits import up_to
from paddleseg.transforms.sample import Sample
from paddleseg.utils.arguments import checks_arguments
from paddleseg.utils.errors import DataError
from paddleseg.utils.type_hints import Probability

BlurType = Literal["gaussian", "median", "blur", "random"]
_BLURS = {
    "gaussian": functional.gaussian_blur,
    "median": functional.median_blur,
    "blur": functional.box_blur,
}
_BLUR_SHARES = (0.3, 0.3, 0.4)
"""How often ``blur_type: random`` takes each of ``_BLURS``."""


@TRANSFORMS.add_component
class RandomBlur:
    """Blur the picture on a window of 3, 5, 7 or 9 pixels (3 half as often as the others).

    It happens with probability ``prob``. (In PaddleSeg once in ``int(1 / prob)`` times: 1/3 for 0.3, and always
    above 0.5.)

    Args:
        prob: Probability of blurring.
        blur_type: ``gaussian``, ``median`` or ``blur`` (the mean of the window), or ``random`` for one of them drawn
            again each time, with probabilities 0.3, 0.3 and 0.4. Medians are for 8-bit pictures only.
    """

    is_random = True

    @checks_arguments
    def __init__(self, prob: Probability = 0.1, blur_type: BlurType = "gaussian") -> None:
        self.prob = prob
        self.blur_type = blur_type

    def __call__(self, sample: Sample, rng: np.random.Generator) -> Sample:
        image = sample["img"]
        if self.blur_type in ("median", "random") and image.dtype != np.uint8:
            raise DataError(
                f"{sample['path']}: RandomBlur.blur_type {self.blur_type} works on 8-bit pictures, this one has "
                f"{image.dtype}; use blur_type gaussian or blur"
            )
        if rng.random() >= self.prob:
            return sample
        blur_type = self.blur_type
        if blur_type == "random":
            blur_type = str(rng.choice(list(_BLURS), p=_BLUR_SHARES))
        window = int(rng.integers(3, 10))
        window += 1 - window % 2  # even ones grow by one
        sample["img"] = _BLURS[blur_type](image, window)
        return sample


@TRANSFORMS.add_component
class RandomNoise:
    """Add normally distributed noise to each number of the picture, with probability ``prob``.

    Integer pictures are rounded and clipped to their range, 0 to 255 for 8 bits.

    Args:
        prob: Probability of adding noise.
        max_sigma: Largest standard deviation, in the picture's own units; it is drawn from 0 to this.
    """

    is_random = True

    @checks_arguments
    def __init__(self, prob: Probability = 0.5, max_sigma: Annotated[float, up_to(65535)] = 10.0) -> None:
        self.prob = prob
        self.max_sigma = max_sigma

    def __call__(self, sample: Sample, rng: np.random.Generator) -> Sample:
        if rng.random() < self.prob:
            noise = rng.standard_normal(sample["img"].shape, dtype=np.float32)
            noise *= np.float32(rng.uniform(0, self.max_sigma))
            sample["img"] = functional.add_noise(sample["img"], noise)
        return sample
