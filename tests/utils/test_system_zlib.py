# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""PNG files and archives work beside Paddle 2.6, in programs whose first imports are Paddle and the package."""

import paddle
import pytest

# Whatever is compressed by the system's zlib.
PROGRAM = """\
import io
import zlib
import cv2
import numpy as np
from PIL import Image

array = np.arange(9999, dtype="uint8").reshape(99, 101)
assert zlib.decompress(zlib.compress(array.tobytes())) == array.tobytes()
assert (cv2.imdecode(cv2.imencode(".png", array)[1], cv2.IMREAD_UNCHANGED) == array).all()
picture, archive = io.BytesIO(), io.BytesIO()
Image.fromarray(array).save(picture, "PNG")
assert (np.asarray(Image.open(picture)) == array).all()
np.savez_compressed(archive, array)
archive.seek(0)
assert (np.load(archive)["arr_0"] == array).all()
"""
needs_26 = pytest.mark.skipif(
    not paddle.__version__.startswith("2.6"), reason="needs Paddle 2.6, whose own zlib gets mixed with the system's"
)


def test_after_the_package_paddle_leaves_the_systems_zlib_alone(run_command):
    done = run_command("-c", "import paddleseg, paddle\n" + PROGRAM)
    assert done.returncode == 0, done.stderr
    assert "was imported before" not in done.stderr


@needs_26
def test_a_program_that_imports_paddle_first_is_warned(run_command):
    done = run_command("-c", "import paddle, paddleseg")
    assert done.returncode == 0
    assert f"Paddle {paddle.__version__} was imported before paddleseg" in done.stderr
    assert "import paddleseg, or zlib, first" in done.stderr


@needs_26
@pytest.mark.parametrize("module", ["zlib", "cv2", "PIL._imaging"])
def test_a_program_that_has_loaded_zlib_before_works_and_is_not_warned(module, run_command):
    done = run_command("-c", f"import {module}, paddle, paddleseg\n" + PROGRAM)
    assert done.returncode == 0, done.stderr
    assert "was imported before" not in done.stderr
