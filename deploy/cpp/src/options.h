// Copyright 2026 The DDRNet Toolkit Authors
// SPDX-License-Identifier: Apache-2.0
// The command line. Flags of deploy/python/infer.py have the same meaning here.
#pragma once

#include <string>
#include <vector>

namespace ddrnet {

struct Options {
    std::string config;      // deploy.yaml, or the folder it is in
    std::string image_path;  // a picture, or a folder, searched with its sub-folders
    std::string save_dir = "./output";
    std::string graph;  // name of the graph; empty: see DeployConfig::choose_graph
    std::string precision = "fp32";
    std::string model_name;  // shown in the log; empty: the graph's file
    int cpu_threads = 0;     // 0: one for each core this process may use
    int batch_size = 1;
    bool benchmark = false;
    bool help = false;
};

// Parses `--key value` and `--key=value`; a UsageError says what is wrong.
Options parse_options(const std::vector<std::string>& words);

std::string usage();

}  // namespace ddrnet
