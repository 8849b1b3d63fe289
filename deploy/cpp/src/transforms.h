// Copyright 2026 The DDRNet Toolkit Authors
// SPDX-License-Identifier: Apache-2.0
// The transforms of a deploy.yaml, as in paddleseg/transforms/{transforms,padding}.py.
#pragma once

#include <functional>
#include <opencv2/core.hpp>
#include <string>
#include <vector>

#include "way_back.h"
#include "yaml_section.h"

namespace ddrnet {

// A picture on its way to the network.
struct Sample {
    std::string path;
    cv::Mat image;  // (H, W, C) uint8, or float32 after a Normalize
    TransInfo trans_info;
};

using Transform = std::function<void(Sample&)>;  // raises PictureError if it cannot be used on the picture

// (x / 255 - mean) / std per channel, in float32.
struct Normalize {
    std::vector<float> shift, scale;  // one for each channel, or one for all

    explicit Normalize(const Section& arguments);
    void check_channels(int channels) const;  // UserError if there is neither one value for all nor one for each
    void apply(Sample& sample) const;
    float shift_of(int channel) const { return shift[shift.size() == 1 ? 0 : channel]; }
    float scale_of(int channel) const { return scale[scale.size() == 1 ? 0 : channel]; }
};

// A transform other than Normalize; UserError if it is unknown, random, or does not take its arguments.
Transform build_transform(const std::string& type, const Section& arguments);

}  // namespace ddrnet
