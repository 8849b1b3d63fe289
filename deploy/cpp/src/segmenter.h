// Copyright 2026 The DDRNet Toolkit Authors
// SPDX-License-Identifier: Apache-2.0
// Pictures in, label maps out, with one graph of an export and the preprocessing of its deploy.yaml.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine.h"
#include "options.h"
#include "preprocessing.h"

namespace ddrnet {

// Seconds of each stage, one entry per run. The first three are AutoLog's "preprocess".
struct StageTimes {
    std::vector<double> read, transform;               // of each picture
    std::vector<double> fill, inference, postprocess;  // of each batch; `fill` writes the network's input
};

class Segmenter {
  public:
    Segmenter(const DeployConfig& config, const GraphSpec& graph, const Options& options);

    // Reads a picture and runs the transforms; PictureError if it is missing, damaged, or does not fit the graph.
    Sample read(const std::string& path);

    // Class ids, CV_8U, of pictures whose network inputs have one size, at their sizes before the transforms.
    std::vector<cv::Mat> label_maps(const std::vector<Sample>& batch);

    const GraphSpec& graph() const { return graph_; }
    const Engine& engine() const { return *engine_; }
    StageTimes times;

  private:
    Output run(const std::vector<Sample>& batch);
    bool is_right(const Output& output, std::size_t count, cv::Size input) const;
    cv::Mat label_map_of(const Output& output, std::size_t index, const Sample& sample);
    void say_that_ids_are_resized(const Sample& sample);
    void warn_of_another_size_than_calibrated(const Sample& sample);

    const DeployConfig& config_;
    const GraphSpec& graph_;
    Preprocessing preprocessing_;
    std::unique_ptr<Engine> engine_;
    std::vector<std::uint8_t>
        input_;  // kept from batch to batch: fresh memory of this size takes longer than the label map
    bool said_that_ids_are_resized_ = false;
    bool said_that_the_size_is_another_ = false;
};

}  // namespace ddrnet
