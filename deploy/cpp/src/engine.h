// Copyright 2026 The DDRNet Toolkit Authors
// SPDX-License-Identifier: Apache-2.0
// Running a graph. For another runtime, replace openvino_engine.cpp: see README.md.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "deploy_config.h"

namespace ddrnet {

// A graph's output. The numbers belong to the engine and are valid until the next run.
struct Output {
    enum class Type { kFloat32, kInt32, kInt64 };
    Type type;
    std::vector<std::size_t> shape;
    const void* data;
};

class Engine {
  public:
    virtual ~Engine() = default;

    // Runs the graph on one batch of the given `shape`: (N, C, H, W) float32 or (N, H, W, C) uint8, by
    // GraphSpec::input.
    virtual Output run(void* input, const std::vector<std::size_t>& shape) = 0;

    // For the report.
    virtual std::string version() const = 0;
};

std::string engine_name();

// Whether the engine runs such graphs, by suffix and precision.
bool can_run(const GraphSpec& graph);

// Loads a graph; a UserError says that it cannot be read, or that the precision (fp32, bf16) is not available.
std::unique_ptr<Engine> make_engine(const GraphSpec& graph, const std::string& precision, int threads);

}  // namespace ddrnet
