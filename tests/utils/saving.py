# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Writing arrays as picture files, for the tests that read them."""

from PIL import Image


def save(path, array, **options):
    Image.fromarray(array).save(path, **options)
    return path
