// Copyright 2026 The DDRNet Toolkit Authors
// SPDX-License-Identifier: Apache-2.0
#include "segmenter.h"

#include <chrono>
#include <iostream>

#include "error.h"
#include "label_map.h"
#include "picture_file.h"

namespace ddrnet {
namespace {

class Stopwatch {
  public:
    explicit Stopwatch(std::vector<double>& seconds) : seconds_(seconds), start_(std::chrono::steady_clock::now()) {}
    ~Stopwatch() {
        seconds_.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count());
    }
    Stopwatch(const Stopwatch&) = delete;
    Stopwatch& operator=(const Stopwatch&) = delete;

  private:
    std::vector<double>& seconds_;
    std::chrono::steady_clock::time_point start_;
};

std::string in_brackets(const std::vector<std::size_t>& shape) {
    std::string text = "[";
    for (const std::size_t size : shape) {
        text += (text.size() > 1 ? ", " : "") + std::to_string(size);
    }
    return text + "]";
}

// (N, H, W) class ids of one picture as bytes.
template <typename T>
cv::Mat ids_of(const Output& output, std::size_t index) {
    const int height = static_cast<int>(output.shape[1]), width = static_cast<int>(output.shape[2]);
    cv::Mat ids(height, width, CV_8U);
    const T* source = static_cast<const T*>(output.data) + index * ids.total();
    for (std::size_t i = 0; i < ids.total(); ++i) {
        ids.data[i] = static_cast<std::uint8_t>(source[i]);
    }
    return ids;
}

}  // namespace

Segmenter::Segmenter(const DeployConfig& config, const GraphSpec& graph, const Options& options)
    : config_(config),
      graph_(graph),
      preprocessing_(config, graph),
      engine_(make_engine(graph, options.precision, options.cpu_threads)) {
    if (graph.input_shape[0] > 0 && options.batch_size > graph.input_shape[0]) {
        throw UserError(config.path.string() + ": the graph takes batches of " + std::to_string(graph.input_shape[0]) +
                        "; --batch_size is " + std::to_string(options.batch_size));
    }
}

Sample Segmenter::read(const std::string& path) {
    Sample sample{path, {}, {}};
    {
        const Stopwatch stopwatch(times.read);
        sample.image = read_picture(path, graph_.input_shape[1], config_.apply_exif);
    }
    const Stopwatch stopwatch(times.transform);
    preprocessing_.run(sample);
    const cv::Mat& image = sample.image;
    const int wanted_height = graph_.input_shape[2], wanted_width = graph_.input_shape[3];
    if ((wanted_height != -1 && wanted_height != image.rows) || (wanted_width != -1 && wanted_width != image.cols)) {
        throw PictureError(
            path + ": reaches the network as " + std::to_string(image.cols) + "x" + std::to_string(image.rows) +
            ", but the graph takes [H, W] = [" + std::to_string(wanted_height) + ", " + std::to_string(wanted_width) +
            "] only; add a Resize to the transforms in " + config_.path.string() + ", or export without --input_shape");
    }
    return sample;
}

std::vector<cv::Mat> Segmenter::label_maps(const std::vector<Sample>& batch) {
    const Output output = run(batch);
    const Stopwatch stopwatch(times.postprocess);
    std::vector<cv::Mat> maps;
    for (std::size_t i = 0; i < batch.size(); ++i) {
        maps.push_back(label_map_of(output, i, batch[i]));
    }
    return maps;
}

Output Segmenter::run(const std::vector<Sample>& batch) {
    warn_of_another_size_than_calibrated(batch.front());
    const cv::Mat& image = batch.front().image;
    const std::size_t channels = image.channels(), height = image.rows, width = image.cols;
    // A graph of fixed batch size gets copies of the last picture if there are too few.
    const std::size_t count = std::max<std::size_t>(batch.size(), std::max(graph_.input_shape[0], 0));
    {
        const Stopwatch stopwatch(times.fill);
        const std::size_t bytes = preprocessing_.bytes_of(batch.front());
        input_.resize(count * bytes);
        for (std::size_t i = 0; i < count; ++i) {
            preprocessing_.write(batch[std::min(i, batch.size() - 1)], input_.data() + i * bytes);
        }
    }
    const bool takes_bytes = graph_.input == GraphInput::kUint8;
    const auto shape = takes_bytes ? std::vector<std::size_t>{count, height, width, channels}
                                   : std::vector<std::size_t>{count, channels, height, width};
    const Stopwatch stopwatch(times.inference);
    Output output = engine_->run(input_.data(), shape);
    if (!is_right(output, count, image.size())) {
        const char* wanted = graph_.gives == GraphOutput::kIds
                                 ? "class ids [N, H, W]"
                                 : "float32 scores [N, K, H, W] of at most 256 classes, not all of them ignored,";
        throw UserError(config_.path.string() + ": the output of " + graph_.model.filename().string() +
                        " has the shape " + in_brackets(output.shape) + ", not that of " + wanted + " for " +
                        std::to_string(count) + " pictures of [H, W] = " + in_brackets({height, width}) +
                        "; correct 'gives' or output_op, or give --batch_size 1");
    }
    return output;
}

// Whether an output has the form stated in deploy.yaml, so that everything read from it later exists.
bool Segmenter::is_right(const Output& output, std::size_t count, cv::Size input) const {
    const bool gives_ids = graph_.gives == GraphOutput::kIds;
    if (output.shape.size() != (gives_ids ? 3 : 4) || output.shape[0] != count) {
        return false;
    }
    const cv::Size grid(static_cast<int>(output.shape.back()), static_cast<int>(output.shape[output.shape.size() - 2]));
    if (gives_ids) {
        return grid == input;
    }
    // Scores may have any size: the main graph of a portable export has them at 1/8.
    const bool fits = graph_.gives == GraphOutput::kStride8
                          ? grid == cv::Size((input.width + 7) / 8, (input.height + 7) / 8)
                          : !grid.empty();
    const std::size_t classes = output.shape[1], ignored = config_.ignored_class.value_or(kMaxClasses);
    return fits && output.type == Output::Type::kFloat32 && classes > (ignored < classes ? 1 : 0) &&
           classes <= static_cast<std::size_t>(kMaxClasses);
}

cv::Mat Segmenter::label_map_of(const Output& output, std::size_t index, const Sample& sample) {
    if (graph_.gives != GraphOutput::kIds) {
        const cv::Size grid(static_cast<int>(output.shape[3]), static_cast<int>(output.shape[2]));
        const std::size_t size = output.shape[1] * static_cast<std::size_t>(grid.area());
        const Logits logits{static_cast<const float*>(output.data) + index * size, static_cast<int>(output.shape[1]),
                            grid};
        return label_map(logits, sample.image.size(), sample.trans_info, config_.ignored_class);
    }
    say_that_ids_are_resized(sample);
    switch (output.type) {
        case Output::Type::kInt32:
            return restore_ids(ids_of<std::int32_t>(output, index), sample.trans_info);
        case Output::Type::kInt64:
            return restore_ids(ids_of<std::int64_t>(output, index), sample.trans_info);
        default:
            return restore_ids(ids_of<float>(output, index), sample.trans_info);
    }
}

// Log it once, at the first picture resized by the transforms.
void Segmenter::say_that_ids_are_resized(const Sample& sample) {
    for (const Change& change : sample.trans_info) {
        if (change.kind == Change::Kind::kResize && !said_that_ids_are_resized_) {
            said_that_ids_are_resized_ = true;
            std::cerr << config_.path.string() << ": " << graph_.model.filename().string()
                      << " gives class ids, which are resized to the pictures by the id at each pixel's "
                         "centre; borders are rougher than from logits at 1/8\n";
        }
    }
}

// Log it once: an int8 graph agrees with float32 at the size of its calibration, and less at others.
void Segmenter::warn_of_another_size_than_calibrated(const Sample& sample) {
    const std::array<int, 2> size = {sample.image.rows, sample.image.cols};
    const std::array<int, 2> calibrated = graph_.calibrated_size.value_or(size);
    if (calibrated != size && !said_that_the_size_is_another_) {
        said_that_the_size_is_another_ = true;
        std::cerr << sample.path << ": " << graph_.model.filename().string()
                  << " was calibrated at (height, width) = (" << calibrated[0] << ", " << calibrated[1]
                  << ") and runs at (" << size[0] << ", " << size[1]
                  << "), where more classes differ from fp32's; calibrate it at this size\n";
    }
}

}  // namespace ddrnet
