// Copyright 2026 The DDRNet Toolkit Authors
// SPDX-License-Identifier: Apache-2.0
// Label maps as palette PNG files: the pixel values are the class ids, shown in the colours of the classes.
#pragma once

#include <opencv2/core.hpp>

#include "bytes.h"
#include "deploy_config.h"

namespace ddrnet {

Bytes encode_label_map(const cv::Mat& labels, const Palette& palette);

}  // namespace ddrnet
