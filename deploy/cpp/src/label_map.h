// Copyright 2026 The DDRNet Toolkit Authors
// SPDX-License-Identifier: Apache-2.0
// From logits at 1/8 to the label map at the picture's size, without the logits at that size.
//
// The twin of paddleseg/utils/label_map.py, which defines the label map and explains why this is correct: if all logits
// that contribute to a pixel agree on the class, the pixel has it, and only the others are interpolated. Operations and
// their order are the same, so that the same logits give the same map to the last pixel (where all are finite).
#pragma once

#include <opencv2/core.hpp>
#include <optional>

#include "way_back.h"

namespace ddrnet {

constexpr int kMaxClasses = 256;  // label maps have 8 bits

// (K, height, width) float32 of one picture, owned elsewhere.
struct Logits {
    const float* data;
    int classes;
    cv::Size grid;
};

// Class of each pixel of the picture, CV_8U, at its size before the transforms.
//
// `input` is the size of the network's input, `ignored` a class that is never predicted.
cv::Mat label_map(const Logits& logits, cv::Size input, const TransInfo& trans_info, std::optional<int> ignored);

}  // namespace ddrnet
