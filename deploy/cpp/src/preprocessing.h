// Copyright 2026 The DDRNet Toolkit Authors
// SPDX-License-Identifier: Apache-2.0
// From a picture file to the network's input, by the `transforms` of deploy.yaml.
#pragma once

#include <optional>
#include <vector>

#include "deploy_config.h"
#include "transforms.h"

namespace ddrnet {

class Preprocessing {
  public:
    // For the graph's input: normalised float32 planes, or uint8 RGB pixels, which the graph normalises itself.
    // Raises UserError if a transform is unknown or cannot be used.
    Preprocessing(const DeployConfig& config, const GraphSpec& graph);

    // Runs the transforms except a Normalize at the end, which `write` applies on the way to the network.
    void run(Sample& sample) const;

    // Bytes of one picture of the sample's size in the network's input.
    std::size_t bytes_of(const Sample& sample) const;

    // Writes (C, H, W) float32 or (H, W, C) uint8.
    void write(const Sample& sample, std::uint8_t* target) const;

  private:
    std::vector<Transform> transforms_;
    std::optional<Normalize> normalize_;  // taken from the end
    bool gives_bytes_;
};

}  // namespace ddrnet
