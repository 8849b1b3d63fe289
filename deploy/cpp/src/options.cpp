// Copyright 2026 The DDRNet Toolkit Authors
// SPDX-License-Identifier: Apache-2.0
#include "options.h"

#include <sched.h>

#include <algorithm>
#include <cctype>
#include <functional>
#include <map>

#include "error.h"

namespace ddrnet {
namespace {

int usable_cpus() {
    cpu_set_t set;
    return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
}

int read_count(const std::string& flag, const std::string& text) {
    const bool is_number = !text.empty() && text.size() < 7 && std::all_of(text.begin(), text.end(), [](char letter) {
        return std::isdigit(static_cast<unsigned char>(letter)) != 0;
    });
    if (!is_number || std::stoi(text) < 1) {
        throw UsageError(flag + " " + text + ": must be a whole number of at least 1");
    }
    return std::stoi(text);
}

bool read_bool(const std::string& flag, std::string text) {
    std::transform(text.begin(), text.end(), text.begin(), [](unsigned char letter) { return std::tolower(letter); });
    if (text == "true" || text == "1" || text == "yes") {
        return true;
    }
    if (text == "false" || text == "0" || text == "no") {
        return false;
    }
    throw UsageError(flag + " " + text + ": is neither True nor False");
}

std::string read_choice(const std::string& flag, const std::string& text, const std::vector<std::string>& allowed) {
    if (std::find(allowed.begin(), allowed.end(), text) != allowed.end()) {
        return text;
    }
    std::string names;
    for (const std::string& name : allowed) {
        names += (names.empty() ? "" : ", ") + name;
    }
    throw UsageError(flag + " " + text + ": must be one of " + names);
}

}  // namespace

Options parse_options(const std::vector<std::string>& words) {
    Options options;
    const std::map<std::string, std::function<void(const std::string&, const std::string&)>> flags = {
        {"--config", [&](auto&, auto& text) { options.config = text; }},
        {"--image_path", [&](auto&, auto& text) { options.image_path = text; }},
        {"--save_dir", [&](auto&, auto& text) { options.save_dir = text; }},
        {"--graph", [&](auto&, auto& text) { options.graph = text; }},
        {"--device", [&](auto& flag, auto& text) { read_choice(flag, text, {"cpu"}); }},
        {"--precision",
         [&](auto& flag, auto& text) {
             options.precision = read_choice(flag, text, {"fp32", "bf16"});
         }},
        {"--cpu_threads", [&](auto& flag, auto& text) { options.cpu_threads = read_count(flag, text); }},
        {"--batch_size", [&](auto& flag, auto& text) { options.batch_size = read_count(flag, text); }},
        {"--benchmark", [&](auto& flag, auto& text) { options.benchmark = read_bool(flag, text); }},
        {"--model_name", [&](auto&, auto& text) { options.model_name = text; }},
    };
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (words[i] == "--help" || words[i] == "-h") {
            options.help = true;
            return options;
        }
        const std::size_t equals = words[i].find('=');
        const std::string flag = words[i].substr(0, equals);
        const auto found = flags.find(flag);
        if (found == flags.end()) {
            throw UsageError("unrecognized argument: " + words[i]);
        }
        if (equals == std::string::npos && i + 1 == words.size()) {
            throw UsageError(flag + ": expects a value");
        }
        found->second(flag, equals == std::string::npos ? words[++i] : words[i].substr(equals + 1));
    }
    for (const auto& [flag, value] : {std::pair{"--config", options.config}, {"--image_path", options.image_path}}) {
        if (value.empty()) {
            throw UsageError(std::string(flag) + " is required");
        }
    }
    if (options.cpu_threads == 0) {
        options.cpu_threads = usable_cpus();
    }
    return options;
}

std::string usage() {
    return R"(segment: run an exported DDRNet on pictures with OpenVINO; label maps become palette PNG files.

  --config FILE        the deploy.yaml that export.py wrote, or its folder
  --image_path PATH    a picture, or a folder, which is searched with its sub-folders
  --save_dir FOLDER    of the results (default: ./output)
  --graph NAME         of a graph under `graphs` in deploy.yaml, or `main` (default: the one of logits at 1/8)
  --precision NAME     fp32 or bf16, in which the graph is run (default: fp32)
  --cpu_threads N      (default: one for each usable core)
  --batch_size N       most pictures of one size that run together (default: 1)
  --benchmark BOOL     warm up, then report the time of each stage (default: False)
  --model_name NAME    shown in the log and the report (default: the graph's file)
  --device cpu         the only one
)";
}

}  // namespace ddrnet
