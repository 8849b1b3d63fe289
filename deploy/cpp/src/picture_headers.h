// Copyright 2026 The DDRNet Toolkit Authors
// SPDX-License-Identifier: Apache-2.0
// What the bytes of an image file say before anything decodes them, as paddleseg/utils/image_headers.py and exif.py.
#pragma once

#include <cstdint>

#include "bytes.h"

namespace ddrnet {

enum class PictureFormat { kUnknown, kPng, kJpeg, kBmp, kWebp, kTiff, kPnm };

struct PictureHeader {
    PictureFormat format = PictureFormat::kUnknown;
    bool has_end = true;           // false: a PNG or JPEG file that was cut off
    bool is_deep = false;          // a PNG file of 16 bits
    bool is_huffman_jpeg = false;  // baseline, extended or progressive
    std::int64_t pixels = 0;       // that the file claims, the most where it claims several sizes
    int scans = 0;                 // of a JPEG file, before its end
    int orientation = 1;           // 1 to 8 as EXIF counts; 1 (as stored) where there is no note or a damaged one
};

PictureHeader read_header(const Bytes& data);

}  // namespace ddrnet
