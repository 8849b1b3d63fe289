// Copyright 2026 The DDRNet Toolkit Authors
// SPDX-License-Identifier: Apache-2.0
#include "label_map.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <vector>

namespace ddrnet {
namespace {

constexpr float kRounding = 4 * std::numeric_limits<float>::epsilon();  // see _ROUNDING in label_map.py
constexpr std::int32_t kContended = -1;                                 // instead of a class: no class leads clearly

// The planes of the classes that may be predicted.
struct Planes {
    std::vector<const float*> data;
    std::vector<std::uint8_t> ids;
    cv::Size grid;

    Planes(const Logits& logits, std::optional<int> ignored) : grid(logits.grid) {
        for (int id = 0; id < logits.classes; ++id) {
            if (ignored != id) {
                data.push_back(logits.data + static_cast<std::ptrdiff_t>(id) * grid.area());
                ids.push_back(static_cast<std::uint8_t>(id));
            }
        }
    }
    int count() const { return static_cast<int>(data.size()); }
};

float largest_of(const Planes& planes) {
    float largest = 0.0F;
    for (const float* plane : planes.data) {
        for (int i = 0; i < planes.grid.area(); ++i) {
            const float size = std::fabs(plane[i]);
            largest = size > largest ? size : largest;
        }
    }
    return largest;
}

// Takes class k where it exceeds the previous ones, and keeps the second highest.
void compete(int k, const float* plane, int width, float* __restrict best, float* __restrict second,
             std::int32_t* __restrict winner) {
    for (int x = 0; x < width; ++x) {
        const float higher = plane[x] > best[x] ? plane[x] : best[x], lower = plane[x] > best[x] ? best[x] : plane[x];
        winner[x] = plane[x] > best[x] ? k : winner[x];
        second[x] = second[x] > lower ? second[x] : lower;
        best[x] = higher;
    }
}

// For each cell of the grid the class that leads by more than `rounding`, the first of equal ones, else kContended.
std::vector<std::int32_t> clear_classes(const Planes& planes, float rounding) {
    const int width = planes.grid.width;
    std::vector<std::int32_t> classes(planes.grid.area());
    std::vector<float> best(width), second(width);
    std::vector<std::int32_t> winner(width);
    for (int y = 0; y < planes.grid.height; ++y) {
        const std::ptrdiff_t row = static_cast<std::ptrdiff_t>(y) * width;
        std::copy_n(planes.data[0] + row, width, best.begin());
        std::fill(second.begin(), second.end(), -std::numeric_limits<float>::infinity());
        std::fill(winner.begin(), winner.end(), 0);
        for (int k = 1; k < planes.count(); ++k) {
            compete(k, planes.data[k] + row, width, best.data(), second.data(), winner.data());
        }
        for (int x = 0; x < width; ++x) {
            classes[row + x] = best[x] - second[x] > rounding ? winner[x] : kContended;
        }
    }
    return classes;
}

// Interpolates blocks: intersections of a run of rows and a run of columns.
class BlockFiller {
  public:
    BlockFiller(const Planes& planes, const Axes& axes, float rounding, cv::Mat& labels)
        : planes_(planes),
          axes_(axes),
          rounding_(rounding),
          labels_(labels),
          num_cells_(axes.rows.taps * axes.columns.taps),
          cells_(static_cast<std::size_t>(num_cells_) * planes.count()),
          highest_(planes.count()),
          sides_(axes.columns.taps) {}

    void fill(int run_of_rows, int run_of_columns) {
        const float lowest_of_winner = gather(run_of_rows, run_of_columns);
        const int top = axes_.rows.first_pixel[run_of_rows], bottom = axes_.rows.first_pixel[run_of_rows + 1];
        left_ = axes_.columns.first_pixel[run_of_columns];
        width_ = axes_.columns.first_pixel[run_of_columns + 1] - left_;
        const std::size_t pixels = static_cast<std::size_t>(bottom - top) * width_;
        best_.assign(pixels, -std::numeric_limits<float>::infinity());
        winners_.clear();
        for (int k = 0; k < planes_.count(); ++k) {
            // Written so that NaN is a candidate: even a network that returns nothing else gets a label map.
            if (highest_[k] < lowest_of_winner - rounding_) {
                continue;
            }
            if (winners_.empty()) {
                winners_.assign(pixels, planes_.ids[k]);
            }
            for (int y = top; y < bottom; ++y) {
                const std::ptrdiff_t line = static_cast<std::ptrdiff_t>(y - top) * width_;
                contend(k, y, best_.data() + line, winners_.data() + line);
            }
        }
        for (int y = top; y < bottom; ++y) {
            std::copy_n(winners_.begin() + static_cast<std::ptrdiff_t>(y - top) * width_, width_,
                        labels_.ptr(y) + left_);
        }
    }

  private:
    // Collects the block's cells, class by class; returns the highest of the classes' lowest cells.
    float gather(int run_of_rows, int run_of_columns) {
        const int* rows = axes_.rows.cells.data() + static_cast<std::ptrdiff_t>(run_of_rows) * axes_.rows.taps;
        const int* columns =
            axes_.columns.cells.data() + static_cast<std::ptrdiff_t>(run_of_columns) * axes_.columns.taps;
        float lowest_of_winner = -std::numeric_limits<float>::infinity();
        float* cell = cells_.data();
        for (int k = 0; k < planes_.count(); ++k) {
            float lowest = std::numeric_limits<float>::infinity(), highest = -lowest;
            for (int row = 0; row < axes_.rows.taps; ++row) {
                const float* line = planes_.data[k] + static_cast<std::ptrdiff_t>(rows[row]) * planes_.grid.width;
                for (int column = 0; column < axes_.columns.taps; ++column) {
                    *cell = line[columns[column]];
                    lowest = std::min(lowest, *cell);
                    highest = std::max(highest, *cell);
                    ++cell;
                }
            }
            highest_[k] = highest;
            lowest_of_winner = std::max(lowest_of_winner, lowest);
        }
        return lowest_of_winner;
    }

    // Interpolates class k in one row of pixels, and takes it where it exceeds the previous ones.
    void contend(int k, int y, float* __restrict best, std::int32_t* __restrict winners) {
        const int height = axes_.rows.pixels(), width = axes_.columns.pixels();
        const float* cells = cells_.data() + static_cast<std::ptrdiff_t>(k) * num_cells_;
        for (int column = 0; column < axes_.columns.taps; ++column) {
            float side = cells[column] * axes_.rows.weights[y];
            for (int row = 1; row < axes_.rows.taps; ++row) {
                side += cells[row * axes_.columns.taps + column] *
                        axes_.rows.weights[static_cast<std::size_t>(row) * height + y];
            }
            sides_[column] = side;
        }
        const float* shares = axes_.columns.weights.data() + left_;
        const std::int32_t id = planes_.ids[k];
        const auto take = [&](int x, float logit) {
            winners[x] = logit > best[x] ? id : winners[x];
            best[x] = logit > best[x] ? logit : best[x];
        };
        if (axes_.columns.taps == 2) {  // pictures without resize: a loop that compilers vectorise
            const float left = sides_[0], right = sides_[1];
            const float *left_shares = shares, *right_shares = shares + width;
            for (int x = 0; x < width_; ++x) {
                take(x, left * left_shares[x] + right * right_shares[x]);
            }
            return;
        }
        for (int x = 0; x < width_; ++x) {
            float logit = sides_[0] * shares[x];
            for (int column = 1; column < axes_.columns.taps; ++column) {
                logit += sides_[column] * shares[static_cast<std::ptrdiff_t>(column) * width + x];
            }
            take(x, logit);
        }
    }

    const Planes& planes_;
    const Axes& axes_;
    const float rounding_;
    cv::Mat& labels_;
    const int num_cells_;
    std::vector<float> cells_;           // (K, rows.taps * columns.taps)
    std::vector<float> highest_;         // (K)
    std::vector<float> sides_;           // (columns.taps)
    std::vector<float> best_;            // of each pixel of the block
    std::vector<std::int32_t> winners_;  // as wide as the logits, so that both fit the same vectors
    int left_ = 0, width_ = 0;
};

// The classes of cells on which all rows of a run agree, else kContended.
void agree_on_rows(const std::vector<std::int32_t>& classes, const int* rows, int taps,
                   std::vector<std::int32_t>& agreed) {
    const int width = static_cast<int>(agreed.size());
    std::copy_n(classes.begin() + static_cast<std::ptrdiff_t>(rows[0]) * width, width, agreed.begin());
    for (int row = 1; row < taps; ++row) {
        const std::int32_t* other = classes.data() + static_cast<std::ptrdiff_t>(rows[row]) * width;
        for (int x = 0; x < width; ++x) {
            agreed[x] = agreed[x] == other[x] ? agreed[x] : kContended;
        }
    }
}

}  // namespace

cv::Mat label_map(const Logits& logits, cv::Size input, const TransInfo& trans_info, std::optional<int> ignored) {
    const Planes planes(logits, ignored);
    const Axes axes = axes_of(logits.grid, input, trans_info);
    const Axis &rows = axes.rows, &columns = axes.columns;
    const bool is_interpolated = rows.taps * columns.taps > 1;
    const float rounding = kRounding * static_cast<float>(rows.taps + columns.taps) * largest_of(planes);
    // Without interpolation the best class need not lead by more than rounding, and ties go to the first.
    const auto classes = clear_classes(planes, is_interpolated ? rounding : -1.0F);
    cv::Mat labels(rows.pixels(), columns.pixels(), CV_8U);
    BlockFiller filler(planes, axes, rounding, labels);
    std::vector<std::int32_t> agreed(logits.grid.width);
    std::vector<int> contended;
    for (int i = 0; i < rows.runs(); ++i) {
        agree_on_rows(classes, rows.cells.data() + static_cast<std::ptrdiff_t>(i) * rows.taps, rows.taps, agreed);
        const int top = rows.first_pixel[i], bottom = rows.first_pixel[i + 1];
        std::uint8_t* line = labels.ptr(top);
        contended.clear();
        for (int j = 0; j < columns.runs(); ++j) {
            const int* cells = columns.cells.data() + static_cast<std::ptrdiff_t>(j) * columns.taps;
            const std::int32_t winner = agreed[cells[0]];
            bool is_uniform = winner != kContended;
            for (int column = 1; column < columns.taps; ++column) {
                is_uniform = is_uniform && agreed[cells[column]] == winner;
            }
            if (is_uniform) {
                std::memset(line + columns.first_pixel[j], planes.ids[winner],
                            columns.first_pixel[j + 1] - columns.first_pixel[j]);
            } else {
                contended.push_back(j);
            }
        }
        for (int y = top + 1; y < bottom; ++y) {
            std::memcpy(labels.ptr(y), line, labels.cols);
        }
        for (const int j : contended) {
            filler.fill(i, j);
        }
    }
    return labels;
}

}  // namespace ddrnet
