// Copyright 2026 The DDRNet Toolkit Authors
// SPDX-License-Identifier: Apache-2.0
// The output of --benchmark: the lines of PaddlePaddle's AutoLog, as in deploy/python/infer.py.
#pragma once

#include <cstddef>
#include <string>

#include "options.h"
#include "segmenter.h"

namespace ddrnet {

// Prints the medians of one batch and, last, the means for one of the pictures.
void print_report(const Segmenter& segmenter, const Options& options, std::size_t num_pictures,
                  const std::string& model_name);

}  // namespace ddrnet
