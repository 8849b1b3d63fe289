// Copyright 2026 The DDRNet Toolkit Authors
// SPDX-License-Identifier: Apache-2.0
// Facts from the bytes of an image file before decoding, as in paddleseg/utils/image_headers.py and exif.py.
#pragma once

#include <cstdint>

#include "bytes.h"

namespace ddrnet {

enum class PictureFormat { kUnknown, kPng, kJpeg, kBmp, kWebp, kTiff, kPnm };

struct PictureHeader {
    PictureFormat format = PictureFormat::kUnknown;
    bool has_end = true;           // false: a truncated PNG or JPEG file
    bool is_deep = false;          // a PNG file of 16 bits
    bool is_huffman_jpeg = false;  // baseline, extended or progressive
    std::int64_t pixels = 0;       // claimed by the file, the most if it claims several sizes
    int scans = 0;                 // of a JPEG file, before its end
    int orientation = 1;           // 1 to 8 as in EXIF; 1 (as stored) if there is none or a damaged one
};

PictureHeader read_header(const Bytes& data);

}  // namespace ddrnet
