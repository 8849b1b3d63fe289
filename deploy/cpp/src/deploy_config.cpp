// Copyright 2026 The DDRNet Toolkit Authors
// SPDX-License-Identifier: Apache-2.0
#include "deploy_config.h"

#include <algorithm>

#include "engine.h"
#include "error.h"
#include "yaml_section.h"

namespace fs = std::filesystem;

namespace ddrnet {
namespace {

const std::map<std::string, std::string> kFormats = {
    {".pdmodel", "pdmodel"}, {".json", "json"}, {".onnx", "onnx"}, {".xml", "openvino"}, {".mnn", "mnn"}};
const std::vector<std::string> kOutputs = {"stride8", "argmax", "softmax", "none"};
const std::vector<std::string> kKeys = {"model",           "params",       "format",      "precision", "input",
                                        "calibrated_size", "transforms",   "input_shape", "output_op", "graphs",
                                        "num_classes",     "ignore_index", "class_names", "palette",   "apply_exif",
                                        "value_range",     "separator",    "task",        "arch",      "paddle_version",
                                        "output_dtype",    "checksums"};
const std::vector<std::string> kGraphKeys = {"model",     "params", "gives",       "format",
                                             "precision", "input",  "input_shape", "calibrated_size"};

// Class i has colour i + 1 of the PASCAL VOC map: bit 3k + c of the number is bit 7 - k of channel c.
Palette default_palette() {
    Palette palette{};
    for (int id = 0; id < 256; ++id) {
        for (int bit = 0; bit < 24; ++bit) {
            palette[id][bit % 3] |= static_cast<std::uint8_t>(((id + 1) >> bit & 1) << (7 - bit / 3));
        }
    }
    return palette;
}

Palette read_palette(const Section& section, int num_classes) {
    Palette palette = default_palette();
    const std::string what = "a list of [r, g, b], integers from 0 to 255, not more than classes";
    const auto colours = section.find<std::vector<std::vector<int>>>("palette", what);
    if (!colours) {
        return palette;
    }
    if (static_cast<int>(colours->size()) > num_classes) {
        throw section.wrong("palette", what);
    }
    for (std::size_t id = 0; id < colours->size(); ++id) {
        const std::vector<int>& colour = (*colours)[id];
        const bool is_colour = colour.size() == 3 && std::all_of(colour.begin(), colour.end(),
                                                                 [](int value) { return value >= 0 && value <= 255; });
        if (!is_colour) {
            throw section.wrong("palette", what);
        }
        std::transform(colour.begin(), colour.end(), palette[id].begin(),
                       [](int value) { return static_cast<std::uint8_t>(value); });
    }
    return palette;
}

std::array<int, 4> read_input_shape(const Section& section, const std::array<int, 4>& otherwise) {
    const std::string key = "input_shape", what = "[N, C, H, W], -1 for any size; C must be 3 or 1 for this program";
    if (!section.has(key)) {
        return otherwise;
    }
    const YAML::Node sizes = section.node(key);
    if (!sizes.IsSequence() || sizes.size() != 4) {
        throw section.wrong(key, what);
    }
    std::array<int, 4> shape{};
    for (std::size_t i = 0; i < shape.size(); ++i) {
        // PaddleSeg writes null for any size.
        if (!sizes[i].IsNull() && !YAML::convert<int>::decode(sizes[i], shape[i])) {
            throw section.wrong(key, what);
        }
        shape[i] = sizes[i].IsNull() ? -1 : shape[i];
        if (shape[i] != -1 && shape[i] < 1) {
            throw section.wrong(key, what);
        }
    }
    if (shape[1] != 3 && shape[1] != 1) {
        throw section.wrong(key, what);
    }
    return shape;
}

std::optional<std::array<int, 2>> read_calibrated_size(const Section& section) {
    const std::string key = "calibrated_size", what = "[height, width]";
    const auto size = section.find<std::array<int, 2>>(key, what);
    if (size && ((*size)[0] < 1 || (*size)[1] < 1)) {
        throw section.wrong(key, what);
    }
    return size;
}

fs::path existing_file(const Section& section, const std::string& key, const fs::path& folder) {
    const auto name = section.get<std::string>(key, "the name of a file");
    if (!fs::is_regular_file(folder / name)) {
        throw UserError(section.place() + "." + key + " names '" + name + "', which is not beside it");
    }
    return folder / name;
}

GraphSpec read_graph(const Section& section, const std::string& name, const fs::path& folder,
                     const std::array<int, 4>& input_shape) {
    GraphSpec graph;
    graph.name = name;
    graph.model = existing_file(section, "model", folder);
    const auto format = kFormats.find(graph.model.extension().string());
    const std::string stated = section.choice("format", "", {"pdmodel", "json", "onnx", "openvino", "mnn"});
    if (format == kFormats.end()) {
        throw section.wrong("model", "a .pdmodel, .json, .onnx, .xml or .mnn file");
    }
    if (!stated.empty() && stated != format->second) {
        throw section.wrong("format", format->second + ", as the suffix of 'model' says");
    }
    if (section.has("params")) {
        graph.params = existing_file(section, "params", folder);
    }
    const bool has_weights_inside = format->second == "onnx" || format->second == "mnn";
    if (has_weights_inside != graph.params.empty()) {
        throw UserError(
            section.place() + ".params: " + graph.model.filename().string() +
            (has_weights_inside ? " has its weights inside; leave it out" : " needs the file of its weights"));
    }
    graph.precision = section.choice("precision", "fp32", {"fp32", "bf16", "fp16", "int8"});
    graph.input =
        section.choice("input", "float32", {"float32", "uint8"}) == "uint8" ? GraphInput::kUint8 : GraphInput::kFloat32;
    graph.input_shape = read_input_shape(section, input_shape);
    graph.calibrated_size = read_calibrated_size(section);
    return graph;
}

GraphOutput output_of(const std::string& gives) {
    return gives == "stride8" ? GraphOutput::kStride8 : gives == "argmax" ? GraphOutput::kIds : GraphOutput::kScores;
}

void read_graphs(const Section& section, DeployConfig& config) {
    const fs::path folder = config.path.parent_path();
    GraphSpec main = read_graph(section, "main", folder, GraphSpec().input_shape);
    // Files of older kits, which do not state it, have graphs of class ids.
    main.gives = output_of(section.choice("output_op", "argmax", {"argmax", "softmax", "none"}));
    config.graphs.push_back(main);
    if (!section.has("graphs")) {
        return;
    }
    if (!section.node("graphs").IsMap()) {
        throw section.wrong("graphs", "a mapping of names to graphs");
    }
    for (const auto& entry : section.node("graphs")) {
        const std::string name = entry.first.Scalar();
        const Section graph_section(entry.second, config.place("graphs." + name));
        graph_section.refuse_other_keys(kGraphKeys);
        const std::string gives = graph_section.choice("gives", name, kOutputs);
        if (std::find(kOutputs.begin(), kOutputs.end(), gives) == kOutputs.end()) {
            throw UserError(graph_section.place() +
                            ": it does not say what the graph gives: add 'gives' (stride8, argmax, " +
                            "softmax or none), or name the graph after it");
        }
        config.graphs.push_back(read_graph(graph_section, name, folder, main.input_shape));
        config.graphs.back().gives = output_of(gives);
    }
}

Section read_section(const fs::path& path) {
    const Bytes text = read_file(path, "--config");
    YAML::Node content;
    try {
        content = YAML::Load(std::string(text.begin(), text.end()));
    } catch (const YAML::Exception& error) {
        throw UserError(path.string() + ": not a YAML file (" + one_line(error.what()) + ")");
    }
    if (!content.IsMap() || !content["Deploy"] || !content["Deploy"].IsMap()) {
        throw UserError(path.string() +
                        " has no section 'Deploy'; --config takes the deploy.yaml that export.py wrote");
    }
    return {content["Deploy"], path.string() + ": Deploy"};
}

void refuse_what_only_python_does(const Section& section) {
    if (section.choice("task", "segmentation", {"segmentation", "classification"}) == "classification") {
        throw UserError(section.place() +
                        ".task is classification; this program makes label maps, deploy/python/infer.py " +
                        "runs classifiers");
    }
    const auto range = section.find<std::vector<double>>("value_range", "[low, high]");
    if (range && *range != std::vector<double>{0, 255}) {
        throw UserError(section.place() +
                        ".value_range: this program reads pictures of 8 bits with values of 0 to 255; " +
                        "use deploy/python/infer.py");
    }
}

}  // namespace

DeployConfig read_deploy_config(fs::path path) {
    if (fs::is_directory(path)) {
        path /= "deploy.yaml";
    }
    const Section section = read_section(path);
    section.refuse_other_keys(kKeys);
    refuse_what_only_python_does(section);
    DeployConfig config;
    config.path = path;
    read_graphs(section, config);
    config.transforms = section.get<std::vector<YAML::Node>>("transforms", "a list");
    const int num_classes = section.find<int>("num_classes", "a whole number").value_or(0);
    config.palette = read_palette(section, num_classes > 0 ? num_classes : 256);
    const auto ignored = section.find<int>("ignore_index", "from 0 to 255");
    if (ignored && (*ignored < 0 || *ignored > 255)) {
        throw section.wrong("ignore_index", "from 0 to 255");
    }
    // A network of a single class has nothing else to predict.
    config.ignored_class = ignored && *ignored < num_classes && num_classes > 1 ? ignored : std::nullopt;
    config.apply_exif = section.find<bool>("apply_exif", "true or false").value_or(true);
    config.checksums = section.find<std::map<std::string, std::string>>("checksums", "a mapping of files to SHA-256")
                           .value_or(std::map<std::string, std::string>());
    return config;
}

const GraphSpec& DeployConfig::choose_graph(const std::string& name) const {
    const GraphSpec* chosen = nullptr;
    std::string names;
    for (const GraphSpec& graph : graphs) {
        names += (names.empty() ? "" : ", ") + graph.name;
        const bool is_better = chosen == nullptr || graph.name == "stride8";
        const bool fits =
            name.empty() ? graph.gives == GraphOutput::kStride8 && can_run(graph) && graph.precision != "int8"
                         : graph.name == name;
        chosen = fits && is_better ? &graph : chosen;
    }
    if (chosen == nullptr && !name.empty()) {
        throw UserError("--graph " + name + ": " + path.string() + " has no such graph; it has " + names);
    }
    chosen = chosen == nullptr ? &graphs.front() : chosen;
    if (!can_run(*chosen)) {
        throw UserError(chosen->model.string() + ": " + engine_name() + " does not run it (" +
                        chosen->precision + ")");
    }
    for (const fs::path& file : {chosen->model, chosen->params}) {
        const auto wanted = checksums.find(file.filename().string());
        if (wanted != checksums.end() && sha256_of(read_file(file, "graph")) != wanted->second) {
            throw UserError(
                file.string() + ": is not the file that " + path.filename().string() + " was written for (its " +
                "SHA-256 is not that of Deploy.checksums); export the network again, or copy the whole folder");
        }
    }
    return *chosen;
}

}  // namespace ddrnet
