// Copyright 2026 The DDRNet Toolkit Authors
// SPDX-License-Identifier: Apache-2.0
// The way from a network's input back to the picture, as in paddleseg/utils/way_back.py.
#pragma once

#include <opencv2/core.hpp>
#include <optional>
#include <vector>

namespace ddrnet {

// One change by the transforms: its kind, and the size before it.
struct Change {
    enum class Kind { kResize, kPadding, kCenterPadding };
    Kind kind;
    cv::Size before;
};
using TransInfo = std::vector<Change>;  // in the order of the transforms

// One step of the way back: a crop that begins at `corner`, or a resize if there is none.
struct Step {
    cv::Size size;  // after it
    std::optional<cv::Point> corner;
};

// The steps from the network's input to the picture before the transforms; steps without effect are left out.
std::vector<Step> way_back(cv::Size input, const TransInfo& trans_info);

// How the pixels at the end of the way are computed from a grid's cells, on one axis.
//
// Each pixel is a convex combination of `taps` neighbouring cells. Pixels with the same cells are a run.
struct Axis {
    int taps = 1;
    std::vector<int> cells;        // (runs, taps) the cells of each run; beyond the rim the outermost ones repeat
    std::vector<int> first_pixel;  // (runs + 1) the start of each run, and the number of pixels
    std::vector<float> weights;    // (taps, pixels) share of each cell; their sum is 1

    int runs() const { return static_cast<int>(first_pixel.size()) - 1; }
    int pixels() const { return first_pixel.back(); }
};

// Rows and columns of the way from a grid of logits through the network's input to the picture.
struct Axes {
    Axis rows, columns;
};
Axes axes_of(cv::Size grid, cv::Size input, const TransInfo& trans_info);

// Class ids at the picture's size, from those at the size of the network's input, if there are no logits to resize. A
// pixel gets the id of the pixel that contains its centre, floor((i + 0.5) * source / target).
cv::Mat restore_ids(const cv::Mat& ids, const TransInfo& trans_info);

}  // namespace ddrnet
