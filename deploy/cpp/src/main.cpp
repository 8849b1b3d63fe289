// Copyright 2026 The DDRNet Toolkit Authors
// SPDX-License-Identifier: Apache-2.0
// Run an exported DDRNet on pictures: each <name>.jpg gives <save_dir>/<name>.png with the class ids.
#include <iostream>
#include <opencv2/core.hpp>
#include <string>
#include <vector>

#include "deploy_config.h"
#include "error.h"
#include "label_picture.h"
#include "options.h"
#include "report.h"
#include "result_paths.h"
#include "segmenter.h"
#include "written_files.h"

namespace ddrnet {
namespace {

constexpr int kWarmUpRuns = 5;

// Gives batches of consecutive pictures of one size; unreadable ones are noted and skipped.
class Batches {
  public:
    Batches(Segmenter& segmenter, const std::vector<Target>& targets, int batch_size)
        : segmenter_(segmenter), targets_(targets), batch_size_(static_cast<std::size_t>(batch_size)) {}

    // The next pictures and the paths of their label maps; false if there are none left.
    bool next(std::vector<Sample>& samples, std::vector<const Target*>& targets) {
        samples.clear();
        targets.clear();
        while (samples.size() < batch_size_ && fill_pending()) {
            if (!samples.empty() && pending_.image.size() != samples.front().image.size()) {
                break;
            }
            samples.push_back(std::move(pending_));
            targets.push_back(&targets_[place_++]);
            is_pending_ = false;
        }
        return !samples.empty();
    }

    const std::vector<std::string>& failures() const { return failures_; }

  private:
    bool fill_pending() {
        for (; !is_pending_ && place_ < targets_.size(); place_ += is_pending_ ? 0 : 1) {
            try {
                pending_ = segmenter_.read(targets_[place_].picture);
                is_pending_ = true;
            } catch (const PictureError& error) {
                failures_.push_back(one_line(error.what()));
                std::cerr << failures_.back() << "; left out\n";
            }
        }
        return is_pending_;
    }

    Segmenter& segmenter_;
    const std::vector<Target>& targets_;
    const std::size_t batch_size_;
    std::size_t place_ = 0;
    Sample pending_;
    bool is_pending_ = false;
    std::vector<std::string> failures_;
};

// Runs the first batch a few times, until the engine has built its kernels, and forgets the times.
void warm_up(Segmenter& segmenter, const std::vector<Target>& targets, int batch_size) {
    std::vector<Sample> samples;
    std::vector<const Target*> ignored;
    Batches batches(segmenter, targets, batch_size);
    if (batches.next(samples, ignored)) {
        for (int i = 0; i < kWarmUpRuns; ++i) {
            segmenter.label_maps(samples);
        }
    }
    segmenter.times = {};
}

void run(const Options& options) {
    const DeployConfig config = read_deploy_config(options.config);
    const GraphSpec& graph = config.choose_graph(options.graph);
    WrittenFiles written(options.save_dir);
    const std::vector<Target> targets = find_targets(options.image_path, options.save_dir, written);
    std::vector<std::filesystem::path> labels;
    for (const Target& target : targets) {
        labels.push_back(target.label);
    }
    written.refuse_foreign(labels);
    cv::setNumThreads(options.cpu_threads);
    Segmenter segmenter(config, graph, options);
    if (options.benchmark) {
        warm_up(segmenter, targets, options.batch_size);
    }
    Batches batches(segmenter, targets, options.batch_size);
    std::vector<Sample> samples;
    std::vector<const Target*> places;
    while (batches.next(samples, places)) {
        const std::vector<cv::Mat> maps = segmenter.label_maps(samples);
        for (std::size_t i = 0; i < maps.size(); ++i) {
            written.write(places[i]->label, encode_label_map(maps[i], config.palette));
        }
    }
    const std::size_t num_saved = targets.size() - batches.failures().size();
    const std::string name = options.model_name.empty() ? graph.model.filename().string() : options.model_name;
    std::cout << name << ": " << num_saved << " label maps saved in " << options.save_dir << "\n";
    if (options.benchmark && num_saved > 0) {
        print_report(segmenter, options, num_saved, name);
    }
    std::cout.flush();
    if (targets.size() == 1 && num_saved == 0) {
        throw UserError(batches.failures().front());
    }
    if (num_saved < targets.size()) {
        throw UserError(std::to_string(batches.failures().size()) + " of " + std::to_string(targets.size()) +
                        " pictures could not be predicted; each is named above");
    }
}

}  // namespace
}  // namespace ddrnet

int main(int count, char** words) {
    using namespace ddrnet;
    const auto fail = [](const std::exception& error, int status) {
        std::cerr << "segment: error: " << one_line(error.what()) << "\n";
        return status;
    };
    try {
        const Options options = parse_options(std::vector<std::string>(words + 1, words + count));
        if (options.help) {
            std::cout << usage();
            return 0;
        }
        run(options);
        return 0;
    } catch (const UsageError& error) {
        return fail(error, 2);
    } catch (const std::exception& error) {  // other exceptions come from libraries
        return fail(error, 1);
    }
}
