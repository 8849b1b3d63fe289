// Copyright 2026 The DDRNet Toolkit Authors
// SPDX-License-Identifier: Apache-2.0
#include "label_picture.h"

#include <png.h>

#include <stdexcept>

namespace ddrnet {

Bytes encode_label_map(const cv::Mat& labels, const Palette& palette) {
    png_image image{};
    image.version = PNG_IMAGE_VERSION;
    image.width = static_cast<png_uint_32>(labels.cols);
    image.height = static_cast<png_uint_32>(labels.rows);
    image.format = PNG_FORMAT_RGB_COLORMAP;
    image.colormap_entries = static_cast<png_uint_32>(palette.size());
    png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(image);
    Bytes data(size);
    const auto stride = static_cast<png_int_32>(labels.step[0]);
    if (png_image_write_to_memory(&image, data.data(), &size, 0, labels.data, stride, palette.data()) == 0) {
        throw std::runtime_error(std::string("libpng: ") + image.message);
    }
    data.resize(size);
    return data;
}

}  // namespace ddrnet
