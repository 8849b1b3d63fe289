// Copyright 2026 The DDRNet Toolkit Authors
// SPDX-License-Identifier: Apache-2.0
// Reading pictures: PNG, JPEG, BMP and WebP files of 8 bits, with the same pixels as paddleseg/utils/image_io.py.
#pragma once

#include <filesystem>
#include <opencv2/core.hpp>

namespace ddrnet {

// RGB (3 channels) or grey (1) of 8 bits, turned upright as the EXIF data says if `apply_exif` is true.
//
// Raises PictureError if the file is missing, damaged, or of a kind that only the Python code reads.
cv::Mat read_picture(const std::filesystem::path& path, int channels, bool apply_exif);

}  // namespace ddrnet
