// Copyright 2026 The DDRNet Toolkit Authors
// SPDX-License-Identifier: Apache-2.0
#include "transforms.h"

#include <cmath>
#include <limits>
#include <map>
#include <opencv2/imgproc.hpp>

namespace ddrnet {
namespace {

constexpr std::int64_t kMostPixels = std::int64_t{1} << 30;  // of a picture after the transforms
const std::map<std::string, int> kInterpolations = {{"NEAREST", cv::INTER_NEAREST},
                                                    {"LINEAR", cv::INTER_LINEAR},
                                                    {"CUBIC", cv::INTER_CUBIC},
                                                    {"AREA", cv::INTER_AREA},
                                                    {"LANCZOS4", cv::INTER_LANCZOS4}};

void check_area(const Sample& sample, double width, double height) {
    if (width * height > static_cast<double>(kMostPixels)) {
        throw PictureError(sample.path + ": the transforms would make " + std::to_string(std::llround(width)) + "x" +
                           std::to_string(std::llround(height)) + " pixels of it, more than " +
                           std::to_string(kMostPixels) + "; lower their sizes or ratios");
    }
}

void resize(Sample& sample, cv::Size size, int interpolation = cv::INTER_LINEAR) {
    sample.trans_info.push_back({Change::Kind::kResize, sample.image.size()});
    check_area(sample, size.width, size.height);
    cv::Mat resized;
    cv::resize(sample.image, resized, size, 0, 0, interpolation);
    sample.image = resized;
}

// Each side rounded to a whole number, halves to even, of at least 1.
cv::Size scaled_size(const Sample& sample, double scale) {
    const double width = std::nearbyint(sample.image.cols * scale), height = std::nearbyint(sample.image.rows * scale);
    check_area(sample, width, height);
    return {std::max(static_cast<int>(width), 1), std::max(static_cast<int>(height), 1)};
}

int long_side(const Sample& sample) {
    return std::max(sample.image.cols, sample.image.rows);
}
int short_side(const Sample& sample) {
    return std::min(sample.image.cols, sample.image.rows);
}

// A border around the picture. For 8 bits the values are rounded, halves to even.
void surround(Sample& sample, int top, int bottom, int left, int right, std::vector<double> values) {
    const int channels = sample.image.channels();
    if (values.size() == 1) {
        values.assign(channels, values[0]);
    }
    if (static_cast<int>(values.size()) != channels) {
        throw PictureError(sample.path + ": the picture has " + std::to_string(channels) + " channels, but " +
                           "im_padding_value has " + std::to_string(values.size()) + " values");
    }
    cv::Scalar border;
    for (int channel = 0; channel < channels; ++channel) {
        border[channel] = sample.image.depth() == CV_8U ? std::nearbyint(values[channel]) : values[channel];
        if (sample.image.depth() == CV_8U && (border[channel] < 0 || border[channel] > 255)) {
            throw UserError(sample.path +
                            ": im_padding_value does not fit into pictures of 8 bits; allowed are 0 to 255");
        }
    }
    cv::Mat padded;
    cv::copyMakeBorder(sample.image, padded, top, bottom, left, right, cv::BORDER_CONSTANT, border);
    sample.image = padded;
}

void pad_bottom_right(Sample& sample, cv::Size size, double value) {
    sample.trans_info.push_back({Change::Kind::kPadding, sample.image.size()});
    check_area(sample, size.width, size.height);
    surround(sample, 0, std::max(size.height - sample.image.rows, 0), 0, std::max(size.width - sample.image.cols, 0),
             {value});
}

int side_length(const Section& arguments, const std::string& key) {
    const std::string what = "a whole number of at least 1";
    const int value = arguments.get<int>(key, what);
    if (value < 1) {
        throw arguments.wrong(key, what);
    }
    return value;
}

std::optional<int> optional_side(const Section& arguments, const std::string& key) {
    return arguments.has(key) ? std::optional(side_length(arguments, key)) : std::nullopt;
}

cv::Size target_size(const Section& arguments, std::optional<cv::Size> otherwise = std::nullopt) {
    const std::string key = "target_size", what = "[width, height] in whole pixels";
    if (otherwise && !arguments.has(key)) {
        return *otherwise;
    }
    const auto sides = arguments.get<std::vector<int>>(key, what);
    if (sides.size() != 2 || sides[0] < 1 || sides[1] < 1) {
        throw arguments.wrong(key, what);
    }
    return {sides[0], sides[1]};
}

double padding_value(const Section& arguments) {
    return arguments.find<double>("im_padding_value", "a number").value_or(127.5);
}

Transform build_resize(const Section& arguments) {
    arguments.refuse_other_keys({"type", "target_size", "keep_ratio", "size_divisor", "interp"});
    const cv::Size target = target_size(arguments, cv::Size(512, 512));
    const bool keep_ratio = arguments.find<bool>("keep_ratio", "true or false").value_or(false);
    const std::optional<int> divisor = optional_side(arguments, "size_divisor");
    const std::string interp = arguments.choice("interp", "LINEAR", {"NEAREST", "LINEAR", "CUBIC", "AREA", "LANCZOS4"});
    const int interpolation = kInterpolations.at(interp);
    return [=](Sample& sample) {
        cv::Size size = target;
        if (keep_ratio) {
            const double of_long = static_cast<double>(std::max(target.width, target.height)) / long_side(sample);
            const double of_short = static_cast<double>(std::min(target.width, target.height)) / short_side(sample);
            size = scaled_size(sample, std::min(of_long, of_short));
        }
        if (divisor) {
            const auto up = [&](int side) {
                return static_cast<int>(std::ceil(static_cast<double>(side) / *divisor)) * *divisor;
            };
            size = {up(size.width), up(size.height)};
        }
        resize(sample, size, interpolation);
    };
}

Transform build_resize_by_long(const Section& arguments) {
    arguments.refuse_other_keys({"type", "long_size"});
    const int target = side_length(arguments, "long_size");
    return
        [=](Sample& sample) { resize(sample, scaled_size(sample, static_cast<double>(target) / long_side(sample))); };
}

Transform build_resize_by_short(const Section& arguments) {
    arguments.refuse_other_keys({"type", "short_size", "max_size"});
    const bool is_list = arguments.has("short_size") && arguments.node("short_size").IsSequence();
    const std::string what = "a whole number of at least 1; of several one would be drawn for each picture";
    const auto sizes = is_list ? arguments.get<std::vector<int>>("short_size", what)
                               : std::vector<int>{side_length(arguments, "short_size")};
    if (sizes.size() != 1 || sizes[0] < 1) {
        throw arguments.wrong("short_size", what);
    }
    const int target = sizes[0];
    const double longest = arguments.find<double>("max_size", "a number").value_or(1e10);
    return [=](Sample& sample) {
        const double short_now = short_side(sample), long_now = long_side(sample);
        int short_size = target;
        if (short_size / short_now * long_now > longest) {
            short_size = static_cast<int>(longest / long_now * short_now);
        }
        resize(sample, scaled_size(sample, short_size / short_now));
    };
}

Transform limit_side(int (*side_of)(const Sample&), std::optional<int> longest, std::optional<int> shortest) {
    return [=](Sample& sample) {
        const int side = side_of(sample);
        int target = side;
        if (longest && side > *longest) {
            target = *longest;
        } else if (shortest && side < *shortest) {
            target = *shortest;
        }
        if (target != side) {
            resize(sample, scaled_size(sample, static_cast<double>(target) / side));
        }
    };
}

Transform build_limit_long(const Section& arguments) {
    arguments.refuse_other_keys({"type", "max_long", "min_long"});
    return limit_side(long_side, optional_side(arguments, "max_long"), optional_side(arguments, "min_long"));
}

Transform build_limit_short(const Section& arguments) {
    arguments.refuse_other_keys({"type", "max_short", "min_short"});
    return limit_side(short_side, optional_side(arguments, "max_short"), optional_side(arguments, "min_short"));
}

Transform build_padding(const Section& arguments) {
    arguments.refuse_other_keys({"type", "target_size", "im_padding_value", "label_padding_value"});
    const cv::Size target = target_size(arguments);
    const double value = padding_value(arguments);
    return [=](Sample& sample) {
        if (sample.image.cols > target.width || sample.image.rows > target.height) {
            throw PictureError(sample.path + ": the picture is " + std::to_string(sample.image.cols) + "x" +
                               std::to_string(sample.image.rows) + ", larger than Padding.target_size " +
                               std::to_string(target.width) + "x" + std::to_string(target.height) +
                               "; enlarge that or resize before it");
        }
        pad_bottom_right(sample, target, value);
    };
}

Transform build_padding_by_aspect_ratio(const Section& arguments) {
    arguments.refuse_other_keys({"type", "aspect_ratio", "im_padding_value", "label_padding_value"});
    const double ratio = arguments.find<double>("aspect_ratio", "a number").value_or(1.0);
    if (!(ratio >= 0.001 && ratio <= 1000)) {
        throw arguments.wrong("aspect_ratio", "from 0.001 to 1000");
    }
    const double value = padding_value(arguments);
    return [=](Sample& sample) {
        cv::Size target = sample.image.size();
        if (target.width > target.height * ratio) {
            target.height = static_cast<int>(target.width / ratio);
        } else {
            target.width = static_cast<int>(target.height * ratio);
        }
        if (target != sample.image.size()) {
            pad_bottom_right(sample, target, value);
        }
    };
}

Transform build_scale_padding(const Section& arguments) {
    arguments.refuse_other_keys({"type", "target_size", "im_padding_value", "label_padding_value"});
    const cv::Size target = target_size(arguments, cv::Size(512, 512));
    const std::string what = "a number, or one per channel";
    const bool is_list = arguments.has("im_padding_value") && arguments.node("im_padding_value").IsSequence();
    const auto values = is_list ? arguments.get<std::vector<double>>("im_padding_value", what)
                                : std::vector<double>{padding_value(arguments)};
    return [=](Sample& sample) {
        const int width = sample.image.cols, height = sample.image.rows, side = long_side(sample);
        check_area(sample, side, side);
        sample.trans_info.push_back({Change::Kind::kCenterPadding, sample.image.size()});
        const int top = (side - height) / 2, left = (side - width) / 2;
        surround(sample, top, side - height - top, left, side - width - left, values);
        resize(sample, target, cv::INTER_CUBIC);
    };
}

const std::map<std::string, Transform (*)(const Section&)> kTransforms = {
    {"Resize", build_resize},
    {"ResizeByLong", build_resize_by_long},
    {"ResizeByShort", build_resize_by_short},
    {"LimitLong", build_limit_long},
    {"LimitShort", build_limit_short},
    {"Padding", build_padding},
    {"PaddingByAspectRatio", build_padding_by_aspect_ratio},
    {"ScalePadding", build_scale_padding},
};

}  // namespace

Normalize::Normalize(const Section& arguments) {
    arguments.refuse_other_keys({"type", "mean", "std"});
    const std::string what = "a list of numbers, one per channel, or one for all";
    const auto mean = arguments.find<std::vector<double>>("mean", what).value_or(std::vector<double>{0.5});
    const auto deviation = arguments.find<std::vector<double>>("std", what).value_or(std::vector<double>{0.5});
    if (mean.empty()) {
        throw arguments.wrong("mean", what);
    }
    const bool fits = mean.size() == deviation.size() || mean.size() == 1 || deviation.size() == 1;
    if (deviation.empty() || !fits) {
        throw arguments.wrong("std", what);
    }
    for (const double value : mean) {
        shift.push_back(static_cast<float>(value * 255.0));
    }
    for (const double value : deviation) {
        if (!(value > 0)) {
            throw arguments.wrong("std", "above 0");
        }
        scale.push_back(static_cast<float>(1.0 / (value * 255.0)));
    }
}

void Normalize::check_channels(int channels) const {
    const std::size_t given = std::max(shift.size(), scale.size());
    if (given != 1 && static_cast<int>(given) != channels) {
        throw UserError("Normalize: " + std::to_string(given) + " values of mean or std for pictures of " +
                        std::to_string(channels) + " channels");
    }
}

void Normalize::apply(Sample& sample) const {
    const int channels = sample.image.channels();
    sample.image.convertTo(sample.image, CV_32F);
    for (int y = 0; y < sample.image.rows; ++y) {
        float* value = sample.image.ptr<float>(y);
        for (int x = 0; x < sample.image.cols; ++x) {
            for (int channel = 0; channel < channels; ++channel, ++value) {
                *value = (*value - shift_of(channel)) * scale_of(channel);
            }
        }
    }
}

Transform build_transform(const std::string& type, const Section& arguments) {
    const auto found = kTransforms.find(type);
    if (found != kTransforms.end()) {
        return found->second(arguments);
    }
    std::string names = "Normalize";
    for (const auto& entry : kTransforms) {
        names += ", " + entry.first;
    }
    throw UserError(arguments.place() + ".type: this program has no transform '" + type + "'; it has " + names);
}

}  // namespace ddrnet
