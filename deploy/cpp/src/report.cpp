// Copyright 2026 The DDRNet Toolkit Authors
// SPDX-License-Identifier: Apache-2.0
#include "report.h"

#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <iostream>
#include <numeric>

namespace ddrnet {
namespace {

std::string fixed(double value) {
    char text[64];
    std::snprintf(text, sizeof text, "%.4f", value);
    return text;
}

double sum(const std::vector<double>& values) {
    return std::accumulate(values.begin(), values.end(), 0.0);
}

double median_ms(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    const std::size_t middle = values.size() / 2;
    return 1e3 * (values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2);
}

// `Ubuntu 22.04` if the system says it.
std::string os_version() {
    std::ifstream file("/etc/os-release");
    std::string name = "Linux", version;
    for (std::string line; std::getline(file, line);) {
        line.erase(std::remove(line.begin(), line.end(), '"'), line.end());
        if (line.rfind("NAME=", 0) == 0) {
            name = line.substr(5);
        } else if (line.rfind("VERSION_ID=", 0) == 0) {
            version = " " + line.substr(11);
        }
    }
    return name + version;
}

double peak_memory_mb() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return static_cast<double>(usage.ru_maxrss) / 1024;
}

std::string input_shape_of(const GraphSpec& graph) {
    const auto& shape = graph.input_shape;
    if (shape[2] == -1 || shape[3] == -1) {
        return "dynamic";
    }
    return "[" + std::to_string(shape[1]) + ", " + std::to_string(shape[2]) + ", " + std::to_string(shape[3]) + "]";
}

void print_line(const std::string& text) {
    char now[32];
    const std::time_t time = std::time(nullptr);
    std::strftime(now, sizeof now, "%Y/%m/%d %H:%M:%S", std::localtime(&time));
    std::cout << "[" << now << "] root INFO: " << text << "\n";
}

}  // namespace

void print_report(const Segmenter& segmenter, const Options& options, std::size_t num_pictures,
                  const std::string& model_name) {
    const StageTimes& times = segmenter.times;
    const double preprocess = sum(times.read) + sum(times.transform) + sum(times.fill);
    const double inference = sum(times.inference), postprocess = sum(times.postprocess);
    const auto each = [&](double seconds) { return fixed(1e3 * seconds / static_cast<double>(num_pictures)); };
    std::cout << "medians in ms: of a picture: read " << fixed(median_ms(times.read)) << ", transform "
              << fixed(median_ms(times.transform)) << "; of a batch: fill " << fixed(median_ms(times.fill))
              << ", inference " << fixed(median_ms(times.inference)) << ", postprocess "
              << fixed(median_ms(times.postprocess)) << "\n";
    print_line("---------------------- Env info ----------------------");
    print_line(" OS_version: " + os_version());
    print_line("---------------------- Engine info ----------------------");
    print_line(" engine: " + engine_name());
    print_line(" engine_version: " + segmenter.engine().version());
    print_line("----------------------- Conf info -----------------------");
    print_line(" runtime_device: cpu");
    print_line(" cpu_math_library_num_threads: " + std::to_string(options.cpu_threads));
    print_line("----------------------- Model info ----------------------");
    print_line(" model_name: " + model_name);
    print_line(" precision: " + options.precision);
    print_line("----------------------- Data info -----------------------");
    print_line(" batch_size: " + std::to_string(options.batch_size));
    print_line(" input_shape: " + input_shape_of(segmenter.graph()));
    print_line(" data_num: " + std::to_string(num_pictures));
    print_line("----------------------- Perf info -----------------------");
    print_line(" cpu_rss(MB): " + fixed(peak_memory_mb()) + ", gpu_rss(MB): None, gpu_util: None%");
    print_line(" total time spent(s): " + fixed(preprocess + inference + postprocess));
    print_line(" preprocess_time(ms): " + each(preprocess) + ", inference_time(ms): " + each(inference) +
               ", postprocess_time(ms): " + each(postprocess));
}

}  // namespace ddrnet
