// Copyright 2026 The DDRNet Toolkit Authors
// SPDX-License-Identifier: Apache-2.0
#include "preprocessing.h"

#include <cstring>

namespace ddrnet {
namespace {

// Interleaved pixels to planes, normalised; compiled to a loop for each type and number of channels.
template <typename T, int channels>
void write_planes(const cv::Mat& image, const float* shift, const float* scale, float* target) {
    const std::ptrdiff_t area = static_cast<std::ptrdiff_t>(image.rows) * image.cols;
    for (int y = 0; y < image.rows; ++y) {
        const T* pixel = image.ptr<T>(y);
        float* line = target + static_cast<std::ptrdiff_t>(y) * image.cols;
        for (int x = 0; x < image.cols; ++x) {
            for (int channel = 0; channel < channels; ++channel) {
                const float value = static_cast<float>(pixel[x * channels + channel]);
                line[channel * area + x] = (value - shift[channel]) * scale[channel];
            }
        }
    }
}

}  // namespace

Preprocessing::Preprocessing(const DeployConfig& config, const GraphSpec& graph)
    : gives_bytes_(graph.input == GraphInput::kUint8) {
    const int channels = graph.input_shape[1];
    bool is_float = false;
    for (std::size_t i = 0; i < config.transforms.size(); ++i) {
        const Section arguments(config.transforms[i], config.place("transforms." + std::to_string(i)));
        const std::string type = arguments.get<std::string>("type", "the name of a transform");
        if (type != "Normalize") {
            transforms_.push_back(build_transform(type, arguments));
            continue;
        }
        const Normalize normalize(arguments);
        normalize.check_channels(channels);
        if (i + 1 == config.transforms.size()) {
            normalize_ = normalize;
        } else {
            is_float = true;
            transforms_.push_back([normalize](Sample& sample) { normalize.apply(sample); });
        }
    }
    if (gives_bytes_ && is_float) {
        throw UserError(config.place("transforms") +
                        ": a Normalize that is not the last one makes numbers of other than " + "8 bits, but " +
                        graph.model.filename().string() + " takes uint8 pictures");
    }
}

void Preprocessing::run(Sample& sample) const {
    for (const Transform& transform : transforms_) {
        transform(sample);
    }
}

std::size_t Preprocessing::bytes_of(const Sample& sample) const {
    return sample.image.total() * sample.image.channels() * (gives_bytes_ ? 1 : sizeof(float));
}

void Preprocessing::write(const Sample& sample, std::uint8_t* target) const {
    const cv::Mat& image = sample.image;
    const int channels = image.channels();
    if (gives_bytes_) {
        const std::size_t row = static_cast<std::size_t>(image.cols) * channels;
        for (int y = 0; y < image.rows; ++y) {
            std::memcpy(target + y * row, image.ptr(y), row);
        }
        return;
    }
    float shift[3] = {0, 0, 0}, scale[3] = {1, 1, 1};  // without a Normalize only the type changes
    for (int channel = 0; normalize_ && channel < channels; ++channel) {
        shift[channel] = normalize_->shift_of(channel);
        scale[channel] = normalize_->scale_of(channel);
    }
    float* planes = reinterpret_cast<float*>(target);
    const bool is_float = image.depth() == CV_32F;
    if (channels == 3) {
        (is_float ? write_planes<float, 3> : write_planes<std::uint8_t, 3>)(image, shift, scale, planes);
    } else {
        (is_float ? write_planes<float, 1> : write_planes<std::uint8_t, 1>)(image, shift, scale, planes);
    }
}

}  // namespace ddrnet
