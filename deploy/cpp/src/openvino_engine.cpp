// Copyright 2026 The DDRNet Toolkit Authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <openvino/openvino.hpp>
#include <optional>

#include "engine.h"
#include "error.h"

namespace ddrnet {
namespace {

constexpr const char* kDevice = "CPU";

Output::Type type_of(const ov::element::Type& type, const std::string& model) {
    if (type == ov::element::f32) {
        return Output::Type::kFloat32;
    }
    if (type == ov::element::i32) {
        return Output::Type::kInt32;
    }
    if (type == ov::element::i64) {
        return Output::Type::kInt64;
    }
    throw UserError(model + ": the graph gives " + type.get_type_name() +
                    " numbers; float32, int32 or int64 are expected");
}

class OpenVinoEngine : public Engine {
  public:
    OpenVinoEngine(const GraphSpec& graph, const std::string& precision, int threads) {
        const auto able = core_.get_property(kDevice, ov::device::capabilities);
        const bool has_bf16 = std::find(able.begin(), able.end(), ov::device::capability::BF16) != able.end();
        if (precision == "bf16" && !has_bf16) {
            throw UserError("--precision bf16: this CPU has no instructions for it; give fp32");
        }
        model_ = core_.read_model(graph.model.string(), graph.params.string());
        check_ends(*model_, graph);
        input_type_ = model_->input().get_element_type();
        output_type_ = type_of(model_->output().get_element_type(), graph.model.string());
        // OpenVINO's own choice would be bf16 on CPUs that support it. int8 graphs state it for most operators.
        const bool is_bf16 = precision == "bf16" || (graph.precision == "int8" && has_bf16);
        settings_ = {ov::hint::inference_precision(is_bf16 ? ov::element::bf16 : ov::element::f32),
                     ov::inference_num_threads(threads), ov::hint::performance_mode(ov::hint::PerformanceMode::LATENCY),
                     ov::num_streams(1)};
        if (!model_->is_dynamic()) {
            for_any_ = compile(model_);
        }
    }

    Output run(void* input, const std::vector<std::size_t>& shape) override {
        ov::InferRequest& request = request_for(ov::Shape(shape));
        request.set_input_tensor(ov::Tensor(input_type_, ov::Shape(shape), input));
        request.infer();
        const ov::Tensor output = request.get_output_tensor();
        return {output_type_, output.get_shape(), output.data()};
    }

    std::string version() const override { return ov::get_openvino_version().buildNumber; }

  private:
    // One input and one output, the input of the type stated in deploy.yaml.
    static void check_ends(const ov::Model& model, const GraphSpec& graph) {
        if (model.inputs().size() != 1 || model.outputs().size() != 1) {
            throw UserError(graph.model.string() + ": the graph has " + std::to_string(model.inputs().size()) +
                            " inputs and " + std::to_string(model.outputs().size()) +
                            " outputs; one of each is expected");
        }
        const bool takes_bytes = graph.input == GraphInput::kUint8;
        const auto wanted = takes_bytes ? ov::element::u8 : ov::element::f32;
        if (model.input().get_element_type() != wanted) {
            throw UserError(graph.model.string() + ": the graph takes " +
                            model.input().get_element_type().get_type_name() +
                            " numbers, but deploy.yaml says 'input: " + (takes_bytes ? "uint8" : "float32") + "'");
        }
    }

    // As in paddleseg/deploy/engines/openvino_runtime.py: a graph for any size is compiled for the first size, which
    // makes it faster, and once more, without a size, for the others.
    ov::InferRequest& request_for(const ov::Shape& shape) {
        if (!for_any_ && !for_first_) {
            const std::shared_ptr<ov::Model> model = model_->clone();
            model->reshape(ov::PartialShape(shape));
            for_first_ = compile(model);
            first_shape_ = shape;
        }
        if (for_first_ && first_shape_ == shape) {
            return *for_first_;
        }
        if (!for_any_) {
            for_any_ = compile(model_);
        }
        return *for_any_;
    }

    ov::InferRequest compile(const std::shared_ptr<ov::Model>& model) {
        return core_.compile_model(model, kDevice, settings_).create_infer_request();
    }

    ov::Core core_;
    std::shared_ptr<ov::Model> model_;
    ov::AnyMap settings_;
    ov::Shape first_shape_;
    std::optional<ov::InferRequest> for_first_;
    std::optional<ov::InferRequest> for_any_;
    ov::element::Type input_type_;
    Output::Type output_type_;
};

}  // namespace

std::string engine_name() {
    return "OpenVINO";
}

bool can_run(const GraphSpec& graph) {
    const std::string suffix = graph.model.extension().string();
    // OpenVINO 2026.4.1 loses 4 % of the classes with an int8 graph quantised by ONNX Runtime, and without AVX512 the
    // process ends by a segmentation fault.
    return suffix == ".xml" || (graph.precision != "int8" && (suffix == ".onnx" || suffix == ".pdmodel"));
}

std::unique_ptr<Engine> make_engine(const GraphSpec& graph, const std::string& precision, int threads) {
    try {
        return std::make_unique<OpenVinoEngine>(graph, precision, threads);
    } catch (const ov::Exception& error) {
        throw UserError(graph.model.string() + ": " + engine_name() + " cannot load the graph (" +
                        one_line(error.what()) + ")");
    }
}

}  // namespace ddrnet
