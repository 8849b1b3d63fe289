# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures whose pixels encode their position, so that a transform can be read off its result."""

import numpy as np
import pytest


class Ramps:
    """Pictures of the channels 64 x, 64 y, 64 (x + y) and a constant; the label is x or y as it is."""

    STEP = 64
    CONSTANT = 640

    def make(self, height, width, label_axis="x", dtype=np.uint16):
        y, x = np.mgrid[:height, :width]
        constant = np.full_like(x, self.CONSTANT)
        image = np.stack([self.STEP * x, self.STEP * y, self.STEP * (x + y), constant], axis=2).astype(dtype)
        label = {"x": x, "y": y}[label_axis].astype(np.uint8)
        return {"img": image, "label": label, "path": "ramps.png", "trans_info": []}

    def is_picture(self, image):
        """Pixels that no padding was mixed into."""
        return np.abs(image[:, :, 3] - float(self.CONSTANT)) < 0.01

    def positions(self, image):
        """(H, W, 2): x and y that each pixel of a transformed picture had before."""
        return image[:, :, :2] / self.STEP

    def measure_map(self, image):
        """The affine map (2, 3) from (x, y, 1) in a transformed picture to (x, y) before, by least squares."""
        y, x = np.nonzero(self.is_picture(image))
        places = np.stack([x, y, np.ones_like(x)], axis=1)
        return np.linalg.lstsq(places, self.positions(image)[y, x], rcond=None)[0].T


@pytest.fixture(scope="session")
def ramps():
    return Ramps()
