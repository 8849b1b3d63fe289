// Copyright 2026 The DDRNet Toolkit Authors
// SPDX-License-Identifier: Apache-2.0
// deploy.yaml: everything a program needs to know to run an exported network. paddleseg/deploy/deploy_config.py defines
// it.
#pragma once

#include <yaml-cpp/yaml.h>

#include <array>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "bytes.h"

namespace ddrnet {

enum class GraphInput { kFloat32, kUint8 };
enum class GraphOutput { kStride8, kScores, kIds };  // logits at 1/8; scores, or class ids, at the size of the input

struct GraphSpec {
    std::string name;  // "main" for the graph under PaddleSeg's keys
    std::filesystem::path model;
    std::filesystem::path params;    // empty if the weights are in `model`
    std::string precision = "fp32";  // of its numbers
    GraphOutput gives = GraphOutput::kIds;
    GraphInput input = GraphInput::kFloat32;
    std::array<int, 4> input_shape = {-1, 3, -1, -1};  // (N, C, H, W) for both kinds of input, -1 for any size
    std::optional<std::array<int, 2>> calibrated_size;  // height and width at which an int8 graph was calibrated
};

using Palette = std::array<std::array<std::uint8_t, 3>, 256>;  // RGB of each value that a label map can have

struct DeployConfig {
    std::filesystem::path path;
    std::vector<YAML::Node> transforms;
    std::vector<GraphSpec> graphs;  // the main graph first
    Palette palette{};
    std::optional<int> ignored_class;  // never predicted
    bool apply_exif = true;
    std::map<std::string, std::string> checksums;  // SHA-256 by name of file

    // The place of a key, for messages.
    std::string place(const std::string& key) const { return path.string() + ": Deploy." + key; }

    // The graph of a name; without one the graph of logits at 1/8, `stride8` before others and never int8 (its labels
    // differ), or the main graph if the engine runs none of these. Its files are compared with their checksums.
    // UserError if there is no such graph, or the engine does not run it.
    const GraphSpec& choose_graph(const std::string& name) const;
};

// Reads and checks the file, or the one in a folder; a UserError says what is wrong.
DeployConfig read_deploy_config(std::filesystem::path path);

}  // namespace ddrnet
