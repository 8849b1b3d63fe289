# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The chains of int8, ONNX, serving, C++, static graphs and benchmarks, with a program instead of Python."""

import json

import pytest

CONFIGS = "test_tipc/configs/ddrnet23_slim"
CONFIG = f"{CONFIGS}/ddrnet23_slim_cityscapes_1024x1024_120k.yml"
BASIC = f"{CONFIGS}/train_infer_python.txt"
PTQ = f"{CONFIGS}/train_ptq_infer_python.txt"
ONNX = f"{CONFIGS}/ddrnet23_slim_model_linux_gpu_normal_normal_paddle2onnx_python_linux_cpu.txt"
SERVING = f"{CONFIGS}/model_linux_gpu_normal_normal_serving_python_linux_gpu_cpu.txt"
CPP = f"{CONFIGS}/ddrnet23_slim_model_linux_gpu_normal_normal_infer_cpp_linux_gpu_cpu.txt"
WEIGHTS = "--model_path=test_tipc/data/by_rule/ddrnet23_slim/model.pdparams"
LIST = "./test_tipc/data/cityscapes/cityscapes_val_5.list"
OUT = "./test_tipc/output/ddrnet23_slim"


def chain(checkout, script, file, mode, *arguments, **environment):
    return checkout.run(f"test_tipc/{script}", file, mode, *arguments, BENCHMARK_LOG_DIR="", **environment)


def ptq(checkout, file=PTQ, **environment):
    return chain(checkout, "test_ptq_inference_python.sh", file, "whole_infer", **environment)


def serve(checkout, file=SERVING, *arguments, **environment):
    return chain(checkout, "test_serving_infer_python.sh", file, "serving_infer", *arguments, **environment)


def benchmark(checkout, file=BASIC, *arguments, **environment):
    return chain(checkout, "benchmark_train.sh", file, "benchmark_train", *arguments, **environment)


def test_int8_is_made_and_run_with_each_engine(checkout):
    checkout.write_list()
    done = ptq(checkout)
    assert done.returncode == 0, done.stdout
    folder = f"{OUT}_KL/whole_infer"
    infer = [
        f"deploy/python/infer.py --cpu_threads 2 --device=cpu --config={OUT}_KL/quant_model/deploy.yaml --batch_size=1 "
        f"--image_path={LIST} --benchmark=True --backend={engine} --precision=int8 "
        f"--save_dir={folder}/python_infer_cpu_{engine}_precision_int8_batchsize_1_results"
        for engine in ("openvino", "onnxruntime")
    ]
    assert checkout.commands() == [
        f"deploy/slim/quant/ptq.py --max_drop 40 {WEIGHTS} --save_dir={OUT}_KL/quant_model --config={CONFIG} "
        "--batch_num=15 --batch_size=1",
        *infer,
    ]


def test_the_form_of_paddleseg_quantises_an_exported_folder_and_skips_cards(checkout):
    checkout.write_list()
    file = checkout.chain_file(
        PTQ, _4="--model_dir:mine", _5="##", _15="--device:cpu|gpu", _17="--config:q/deploy.yaml"
    )
    file.write_text("\n".join(file.read_text().splitlines()[:20]))
    checkout.python.write_text(
        checkout.python.read_text().replace('flags["--save_dir"], name', 'flags.get("--save_dir", "q"), name')
    )
    done = ptq(checkout, file, FAKE_CARDS="2")
    assert done.returncode == 0, done.stdout
    assert "--model_dir=mine --config=" in checkout.commands()[0] and "--save_dir" not in checkout.commands()[0]
    assert "are for CPUs, with OpenVINO and onnxruntime" in done.stdout
    assert len(checkout.commands()) == 2


def test_onnx_models_are_written_from_the_network(checkout):
    checkout.write_list()
    done = chain(checkout, "test_paddle2onnx.sh", ONNX, "paddle2onnx_infer")
    assert done.returncode == 0, done.stdout
    folder = f"{OUT}/paddle2onnx_infer"
    assert checkout.commands() == [
        f"export.py --config {CONFIG} --format onnx {WEIGHTS} --save_dir={folder}/onnx_model --opset=17",
        "deploy/python/infer.py --backend onnxruntime --device cpu --cpu_threads 2 --benchmark True "
        f"--config={folder}/onnx_model/deploy.yaml --image_path={LIST} "
        f"--save_dir={folder}/paddle2onnx_infer_cpu_precision_fp32_batchsize_1_results --model_name=ddrnet23_slim",
    ]


@pytest.mark.parametrize("lines", [{"_3": "2onnx: paddle2onnx"}, {"_4": "--model_dir:./inference_model/"}])
def test_paddle2onnx_on_an_exported_folder_is_refused_with_advice(checkout, lines):
    done = chain(checkout, "test_paddle2onnx.sh", checkout.chain_file(ONNX, **lines), "paddle2onnx_infer")
    assert done.returncode == 2
    assert "2onnx:export.py --config CONFIG --format onnx, and --model_path:WEIGHTS" in done.stderr
    assert done.stderr.count("\n") == 1
    assert checkout.commands() == []


def test_the_service_is_asked_where_it_says_it_is_and_then_ended(checkout):
    checkout.write_list()
    done = serve(checkout, SERVING, "1", FAKE_CARDS="2")
    assert done.returncode == 0, done.stdout
    commands = checkout.commands()
    assert commands[0] == f"export.py --config {CONFIG} {WEIGHTS} --save_dir={OUT}/serving_infer/inference_model"
    model = f"--model={OUT}/serving_infer/inference_model"
    assert commands[1::2] == [
        f"-m paddleseg.deploy.serve --port 0 --device={device} {model}" for device in ("gpu", "cpu")
    ]
    assert all("--url=http://127.0.0.1:1 --img_path=" in command for command in commands[2::2])
    assert [call["visible"] for call in checkout.calls()] == ["1"] * 5
    assert (checkout.output("serving_infer") / "python_server_cpu.log").read_text().startswith("output of serve")


@pytest.mark.parametrize(
    "lines",
    [
        {"_3": "trans_model:-m paddle_serving_client.convert"},
        {"_10": "web_service:./web_service.py --config=config.yml"},
        {"_9": "serving_dir:./test_tipc/serving_python"},
    ],
)
def test_paddle_serving_is_refused_with_advice(checkout, lines):
    done = serve(checkout, checkout.chain_file(SERVING, **lines))
    assert done.returncode == 2
    assert "-m paddleseg.deploy.serve --port 0" in done.stderr or "serving_dir must be ." in done.stderr
    assert checkout.commands() == []


@pytest.mark.parametrize("second", [[], ["1"], ["cpp_infer"]])
def test_the_program_in_cpp_is_built_and_run(checkout, second):
    folder = checkout.folder / "test_tipc/data/cityscapes/leftImg8bit/val/ulm"
    folder.mkdir(parents=True)
    (folder / "a.png").write_text("picture")
    done = checkout.run("test_tipc/test_inference_cpp.sh", CPP, *second)
    assert done.returncode == 0, done.stdout
    name = "cpp_infer_cpu_usemkldnn_1_threads_2_precision_fp32_batchsize_1"
    assert [(call["program"], call["words"][0]) for call in checkout.calls()] == [
        ("cmake", "-S"), ("cmake", "--build"), ("segment", f"--config={OUT}/cpp_model/deploy.yaml"),
    ]  # fmt: skip
    assert f"-DPython3_EXECUTABLE={checkout.python}" in checkout.calls()[0]["words"]
    assert f"--save_dir={OUT}/cpp_infer/{name}_results" in checkout.calls()[2]["words"]
    assert (checkout.output("cpp_infer") / "results_infer_cpp.log").is_file()


def test_the_program_in_cpp_has_no_engine_for_cards(checkout):
    done = checkout.run("test_tipc/test_inference_cpp.sh", checkout.chain_file(CPP, _2="use_gpu 1"), "1")
    assert done.returncode == 1
    assert "OpenVINO, which the program runs, is for CPUs" in done.stdout
    for line in ({"_7": "use_tensorrt 1"}, {"_8": "use_fp16 1"}, {"_13": "is_resize 1"}):
        done = checkout.run("test_tipc/test_inference_cpp.sh", checkout.chain_file(CPP, **line), "1")
        assert done.returncode == 2
        assert f"{next(iter(line.values()))}: must be 0" in done.stderr


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        ("test_ptq_inference_python.sh", "ptq_params"),
        ("test_paddle2onnx.sh", "paddle2onnx_params"),
        ("test_serving_infer_python.sh", "serving_params"),
        ("test_inference_cpp.sh", "cpp_params"),
    ],
)
def test_a_script_refuses_files_of_other_chains(checkout, script, kind):
    done = chain(checkout, script, BASIC, "whole_infer")
    assert done.returncode == 2
    assert f"begins with train_params; this script runs files of {kind}" in done.stderr


def test_any_training_can_be_compared_with_its_static_graph(checkout):
    checkout.write_list()
    done = checkout.run("test_tipc/test_train_dy2static_python.sh", BASIC)
    assert done.returncode == 0, done.stdout
    trainings = [command for command in checkout.commands() if command.startswith("train.py")]
    assert ["to_static_training=True" in command for command in trainings] == [False, True]
    assert (checkout.output() / "dy2static_gpus_-1_autocast_null_dygraph_loss.txt").read_text() == "2.5\n" * 6
    assert done.stdout.endswith("2 passed, 0 failed, 0 skipped\n")


def test_benchmarks_have_the_names_and_keys_of_the_contract(checkout):
    done = benchmark(checkout, FAKE_CARDS="8")
    assert done.returncode == 0, done.stdout
    out = checkout.output("benchmark_train")
    for precision in ("fp32", "fp16"):
        for devices, ips in (("N1C1", 14.5), ("N1C8", 116.0)):
            name = f"my checkout_ddrnet23_slim_bs2_{precision}_DP_{devices}"
            assert (out / "train_log" / f"{name}_log").is_file()
            assert (out / "profiling_log" / f"{name}_profiling").is_file() == (devices == "N1C1")
            speed = json.loads((out / "index" / f"{name}_speed").read_text())
            assert speed["ips"] == ips  # the mean of 13 to 16, for each process
            assert speed["speed_unit"] == ("samples/s" if devices == "N1C1" else "images/s")
            assert (speed["fp_item"], speed["device_num"]) == (precision, devices)
            assert (speed["frame_version"], speed["convergence_value"]) == ("3.3.1", 2.5)
    trainings = [command for command in checkout.commands() if "train.py" in command]
    assert len(trainings) == 6
    assert all("--iters=30" in command and "--log_iters 5 --repeats 500" in command for command in trainings)
    assert not any("--do_eval" in command for command in trainings)
    assert sum("--precision=fp16" in command and "--amp_level O2" in command for command in trainings) == 3
    assert sum("--profiler_options=batch_range=[10,20]" in command for command in trainings) == 2
    results = (out / "benchmark_log" / "results.log").read_text()
    assert results.count("Run successfully with command - ddrnet23_slim - ") == 10
    assert not list(checkout.folder.rglob("train_log/*.log"))


def test_a_request_takes_the_place_of_the_lists(checkout, tmp_path):
    done = benchmark(checkout, BASIC, "dynamic_bs3_null_DP_N1C1", FAKE_CARDS="1")
    assert done.returncode == 0, done.stdout
    assert "--batch_size=3" in checkout.commands()[0]
    done = benchmark(checkout, BASIC, "dynamicTostatic", FAKE_CARDS="-1")
    assert done.returncode == 0, done.stdout
    name = "my checkout_ddrnet23_slim_bs2_fp32_DP_N1C1_d2sT_speed"
    assert (checkout.output("benchmark_train") / "index" / name).is_file()
    assert "--opts to_static_training=True" in checkout.commands()[-2]
    assert "trains in fp16, which needs a GPU" in done.stdout


def test_the_analysis_of_paddlepaddle_is_used_where_it_is(checkout, tmp_path):
    script = tmp_path / "root" / "scripts" / "analysis.py"
    script.parent.mkdir(parents=True)
    script.touch()
    done = benchmark(checkout, BASIC, "dynamic_bs2_fp32_DP_N1C1", BENCHMARK_ROOT=str(tmp_path / "root"))
    assert done.returncode == 1  # the fake Python writes no speed for it
    words = checkout.calls()[-1]["words"]
    assert words[0] == str(script)
    assert words[words.index("--keyword") :] == [
        "--keyword", "ips:", "--skip_steps", "2", "--device_num", "N1C1", "--speed_unit", "samples/s",
        "--convergence_key", "loss:",
    ]  # fmt: skip


def test_first_lines_of_epochs_are_left_out_of_the_speed(checkout):
    file = checkout.chain_file(BASIC, _60="log_iters:1;skip_iters:2")
    for status, broken in ((0, ""), (1, "raise SystemExit(3)")):
        (checkout.folder / "test_tipc" / "filter_log.py").open("a").write(f"\n{broken}\n")
        done = benchmark(checkout, file, "dynamic_bs2_fp32_DP_N1C1")
        assert done.returncode == status, done.stdout
    index = checkout.output("benchmark_train") / "index"
    speed = json.loads((index / "my checkout_ddrnet23_slim_bs2_fp32_DP_N1C1_speed").read_text())
    assert speed["ips"] == 15.5  # the mean of 15 and 16, for two more lines do not count


@pytest.mark.parametrize(
    ("lines", "request_", "message"),
    [
        ({"_54": "=====other====="}, "", "has no section train_benchmark_params"),
        ({"_57": "iters:3"}, "", "line 3 of train_benchmark_params must be epoch, found: iters:3"),
        ({"_59": "flags:no name=1"}, "", "flags: must be NAME=VALUE;NAME=VALUE"),
        ({"_60": "task:mat"}, "", "no such setting of train_benchmark_params; known: log_iters, repeats, skip_iters"),
        ({}, "N1C1", "must be dynamicTostatic, or as dynamic_bs2_fp32_DP_N1C1"),
        ({}, "dynamic_bs2_fp32_DP_N4C32", "N4C32: benchmarks of several machines are started by hand"),
    ],
)
def test_benchmarks_that_cannot_be_run_are_refused(checkout, lines, request_, message):
    done = benchmark(checkout, checkout.chain_file(**lines), request_)
    assert done.returncode == 2
    assert message in done.stderr
    assert checkout.commands() == []
