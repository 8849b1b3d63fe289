// Copyright 2026 The DDRNet Toolkit Authors
// SPDX-License-Identifier: Apache-2.0
#include "way_back.h"

#include <algorithm>

namespace ddrnet {
namespace {

// A line for each pixel: the first of its cells in the grid, which has one more at each end, and their shares.
//
// In float64 and in the order of operations of the Python code, so that the float32 weights are the same numbers.
struct Lines {
    std::vector<int> first;
    std::vector<double> weights;  // (pixels, taps)
    int taps = 1;

    void add(int cell, const double* shares, int count) {
        first.push_back(cell);
        weights.insert(weights.end(), shares, shares + count);
        weights.resize(first.size() * static_cast<std::size_t>(taps), 0.0);
    }
    const double* line(int pixel) const { return weights.data() + static_cast<std::ptrdiff_t>(pixel) * taps; }
    int size() const { return static_cast<int>(first.size()); }
};

Lines cells_of_grid(int source) {
    Lines lines;
    const double one = 1.0;
    for (int cell = 0; cell < source + 2; ++cell) {
        lines.add(cell, &one, 1);
    }
    return lines;
}

// Pixels `start` to `start + length` of the existing ones; the first and the last one are the rim.
Lines cut(const Lines& lines, int start, int length) {
    Lines result;
    result.taps = lines.taps;
    for (int pixel = start + 1; pixel <= start + length; ++pixel) {
        result.add(lines.first[pixel], lines.line(pixel), lines.taps);
    }
    return result;
}

// A linear resize with half-pixel centres.
Lines resized(const Lines& lines, int target) {
    const double scale = static_cast<double>(lines.size() - 2) / target;
    std::vector<int> before(target);
    int largest_shift = 0;
    for (int pixel = 0; pixel < target; ++pixel) {
        before[pixel] = static_cast<int>((pixel + 0.5) * scale + 0.5);
        largest_shift = std::max(largest_shift, lines.first[before[pixel] + 1] - lines.first[before[pixel]]);
    }
    Lines result;
    result.taps = largest_shift + lines.taps;
    std::vector<double> shares(result.taps);
    for (int pixel = 0; pixel < target; ++pixel) {
        const int left = before[pixel];
        const double share = ((pixel + 0.5) * scale + 0.5) - left;
        const int shift = lines.first[left + 1] - lines.first[left];
        std::fill(shares.begin(), shares.end(), 0.0);
        for (int tap = 0; tap < lines.taps; ++tap) {
            shares[tap] = lines.line(left)[tap] * (1 - share);
        }
        for (int tap = 0; tap < lines.taps; ++tap) {
            shares[shift + tap] += lines.line(left + 1)[tap] * share;
        }
        result.add(lines.first[left], shares.data(), result.taps);
    }
    return result;
}

Lines with_rim(const Lines& lines) {
    Lines result;
    result.taps = lines.taps;
    for (int pixel = -1; pixel <= lines.size(); ++pixel) {
        const int inside = std::clamp(pixel, 0, lines.size() - 1);
        result.add(lines.first[inside], lines.line(inside), lines.taps);
    }
    return result;
}

struct AxisStep {
    int length;
    std::optional<int> start;
};

Axis axis_of(int source, const std::vector<AxisStep>& steps) {
    Lines lines = cells_of_grid(source);
    for (const AxisStep& step : steps) {
        lines = with_rim(step.start ? cut(lines, *step.start, step.length) : resized(lines, step.length));
    }
    lines = cut(lines, 0, lines.size() - 2);
    Axis axis;
    axis.taps = lines.taps;
    axis.weights.resize(static_cast<std::size_t>(lines.taps) * lines.size());
    for (int pixel = 0; pixel < lines.size(); ++pixel) {
        float others = 0.0F;
        for (int tap = 1; tap < lines.taps; ++tap) {
            const float share = static_cast<float>(lines.line(pixel)[tap]);
            axis.weights[static_cast<std::size_t>(tap) * lines.size() + pixel] = share;
            others += share;
        }
        axis.weights[pixel] = 1.0F - others;
        if (pixel == 0 || lines.first[pixel] > lines.first[pixel - 1]) {
            axis.first_pixel.push_back(pixel);
            for (int tap = 0; tap < lines.taps; ++tap) {
                axis.cells.push_back(std::clamp(lines.first[pixel] + tap - 1, 0, source - 1));
            }
        }
    }
    axis.first_pixel.push_back(lines.size());
    return axis;
}

}  // namespace

std::vector<Step> way_back(cv::Size input, const TransInfo& trans_info) {
    std::vector<Step> steps;
    cv::Size current = input;
    for (auto change = trans_info.rbegin(); change != trans_info.rend(); ++change) {
        cv::Size before = change->before;
        std::optional<cv::Point> corner;
        if (change->kind == Change::Kind::kPadding) {
            before = {std::min(before.width, current.width), std::min(before.height, current.height)};
            corner = cv::Point(0, 0);
        } else if (change->kind == Change::Kind::kCenterPadding) {
            corner = cv::Point((current.width - before.width) / 2, (current.height - before.height) / 2);
        }
        if (before != current) {
            steps.push_back({before, corner});
        }
        current = before;
    }
    return steps;
}

Axes axes_of(cv::Size grid, cv::Size input, const TransInfo& trans_info) {
    std::vector<Step> steps = way_back(input, trans_info);
    if (grid != input) {
        steps.insert(steps.begin(), {input, std::nullopt});
    }
    std::vector<AxisStep> rows, columns;
    for (const Step& step : steps) {
        rows.push_back({step.size.height, step.corner ? std::optional(step.corner->y) : std::nullopt});
        columns.push_back({step.size.width, step.corner ? std::optional(step.corner->x) : std::nullopt});
    }
    return {axis_of(grid.height, rows), axis_of(grid.width, columns)};
}

cv::Mat restore_ids(const cv::Mat& ids, const TransInfo& trans_info) {
    cv::Mat current = ids;
    for (const Step& step : way_back(ids.size(), trans_info)) {
        if (step.corner) {
            current = current(cv::Rect(*step.corner, step.size));
            continue;
        }
        const auto centre = [](int i, int source, int target) {
            return static_cast<int>((2 * static_cast<std::int64_t>(i) + 1) * source / (2 * target));
        };
        cv::Mat resized(step.size, CV_8U);
        for (int y = 0; y < step.size.height; ++y) {
            const std::uint8_t* source = current.ptr(centre(y, current.rows, step.size.height));
            std::uint8_t* target = resized.ptr(y);
            for (int x = 0; x < step.size.width; ++x) {
                target[x] = source[centre(x, current.cols, step.size.width)];
            }
        }
        current = resized;
    }
    return current;
}

}  // namespace ddrnet
