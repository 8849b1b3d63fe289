# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""test_train_inference_python.sh with a program instead of Python: its commands, and its handling of results."""

import re
from pathlib import Path

import pytest

OURS = "test_tipc/configs/ddrnet23_slim/train_infer_python.txt"
FIXTURES = Path(__file__).resolve().parents[1] / "fixtures" / "tipc"
OUT = "./test_tipc/output/ddrnet23_slim/lite_train_lite_infer"
CONFIG = "test_tipc/configs/ddrnet23_slim/ddrnet23_slim_cityscapes_1024x1024_120k"
LIST = "test_tipc/data/cityscapes/cityscapes_val_5.list"
CPU_STEPS = 4


def statuses(done) -> list:
    """``successfully`` or ``failed`` of each step, in order."""
    return re.findall(r"\033\[33m Run (\w+) with command - ", done.stdout)


def summary(done) -> dict:
    """Step to its line in the table at the end."""
    lines = done.stdout[done.stdout.rindex("\nstep ") :].splitlines()
    return {line.split()[0]: line for line in lines if re.match(r"\S+ +(passed|failed|skipped) ", line)}


def test_a_chain_on_the_cpu_runs_the_commands_of_the_contract(checkout):
    checkout.write_list()
    done = checkout.run_chain(OURS)
    assert done.returncode == 0, done.stdout + done.stderr
    trained = f"{OUT}/norm_train_gpus_-1_autocast_null"
    infer = [
        f"deploy/python/infer.py --print_detail False --device=cpu --enable_mkldnn={onednn} --cpu_threads=2 "
        f"--config={trained}/deploy.yaml --batch_size=1 --image_path={LIST} --benchmark=True --precision=fp32 "
        f"--save_dir={OUT}/python_infer_cpu_usemkldnn_{onednn}_threads_2_precision_fp32_batchsize_1_results "
        "--model_name=ddrnet23_slim"
        for onednn in (True, False)
    ]
    assert checkout.commands() == [
        f"train.py --config {CONFIG}_lite.yml --do_eval --save_interval 500 --seed 100 --device=cpu "
        f"--save_dir={trained} --iters=20 --batch_size=2",
        f"export.py --config {CONFIG}_lite.yml --model_path={trained}/best_model/model.pdparams --save_dir={trained}",
        *infer,
    ]
    assert statuses(done) == ["successfully"] * CPU_STEPS
    log = (checkout.output() / "results_python.log").read_text()
    assert log.startswith("------------------------ lite_train_lite_infer ------------------------\n")
    first = f"\033[33m Run successfully with command - ddrnet23_slim - '{checkout.python}' {checkout.commands()[0]} - "
    assert f"{first}{trained}_nodes_1.log  \033[0m\n" in log
    assert (checkout.folder / f"{trained}_nodes_1_export.log").read_text() == "output of export.py\n"
    assert log.endswith(f"{CPU_STEPS} passed, 0 failed, 3 skipped\n")


def test_lines_for_cards_are_skipped_with_the_reason_where_there_is_none(checkout):
    checkout.write_list()
    for cards, reason in (("-1", "this Paddle is built for the CPU"), ("0", "Paddle finds 0 on this machine")):
        done = checkout.run_chain(OURS, FAKE_CARDS=cards)
        assert done.returncode == 0
        skipped = [line for line in summary(done).values() if " skipped " in line]
        assert len(skipped) == 3
        assert all(reason in line for line in skipped)
        assert " Skipped - ddrnet23_slim - norm_train_gpus_0_autocast_null_train - needs" in done.stdout
        assert not any("--device=gpu" in command for command in checkout.commands())


def test_each_card_line_takes_the_device_at_its_position(checkout):
    checkout.write_list()
    done = checkout.run_chain(OURS, FAKE_CARDS="2")
    assert done.returncode == 0, done.stdout
    train = [call for call in checkout.calls() if "train.py" in call["words"]]
    assert [next(word for word in call["words"] if "--device=" in word) for call in train] == [
        "--device=cpu", "--device=gpu", "--device=gpu",
    ]  # fmt: skip
    assert [call["visible"] for call in train] == [None, "0", None]
    assert " ".join(train[2]["words"]).startswith("-m paddle.distributed.launch --devices=0,1 train.py --config ")
    on_cards = [call for call in checkout.calls() if "--use_trt=False" in call["words"]]
    assert [call["visible"] for call in on_cards] == [None, "0", "0"]
    # Upstream forgets --save_dir here.
    folder = f"--save_dir={OUT}/python_infer_gpu_usetrt_False_precision_fp32_batchsize_1_results"
    assert all(folder in call["words"] for call in on_cards)
    assert "python_infer_gpu_gpu_0,1_usetrt_False_precision_fp32_batchsize_1" in summary(done)
    assert statuses(done) == ["successfully"] * 15


def test_the_log_of_several_processes_has_the_output_of_the_first(checkout):
    checkout.write_list()
    file = checkout.chain_file(_3="gpu_list:0,1", _4="--device:gpu")
    log = checkout.output() / "norm_train_gpus_0,1_autocast_null_nodes_1.log"
    assert checkout.run_chain(file, FAKE_CARDS="2").returncode == 0
    assert log.read_text().startswith("output of train.py\n")
    assert log.read_text().endswith("output of the first process")
    # What an earlier launch has left is none of a launch that fails.
    assert checkout.run_chain(file, FAKE_CARDS="2", FAKE_FAIL="train.py").returncode == 1
    assert "output of the first process" not in log.read_text()


def test_two_processes_on_the_cpu_are_launched_without_cards(checkout):
    checkout.write_list()
    done = checkout.run_chain(
        "test_tipc/configs/ddrnet23_slim/train_linux_gpu_fleet_normal_infer_python_linux_gpu_cpu.txt"
    )
    assert done.returncode == 0, done.stdout
    assert checkout.commands()[0].startswith(
        f"-m paddle.distributed.launch --nproc_per_node=2 train.py --config {CONFIG}_lite.yml --do_eval"
    )
    assert f"--device=cpu --save_dir={OUT}/norm_train_gpus_-1,-1_autocast_null" in checkout.commands()[0]
    # Whatever the machine has: the launcher wants a number for each process, and Paddle is told of gloo.
    assert [(call["visible"], call["backend"]) for call in checkout.calls()[:2]] == [("-1,-1", "gloo"), (None, None)]
    log = checkout.output() / "norm_train_gpus_-1,-1_autocast_null_nodes_1.log"
    assert log.read_text().endswith("output of the first process")
    assert "needs a GPU" in summary(done)["norm_train_gpus_0,1_autocast_null_train"]


def test_a_training_of_several_machines_is_for_those_alone(checkout):
    checkout.write_list()
    file = checkout.chain_file(_3="gpu_list:203.0.113.7,203.0.113.8;0,1", _4="--device:gpu")
    done = checkout.run_chain(file, FAKE_CARDS="2")
    assert done.returncode == 1
    reason = "is for the machines 203.0.113.7,203.0.113.8, and this is none of them"
    assert reason in summary(done)["norm_train_gpus_0,1_autocast_null_train"]
    file = checkout.chain_file(_3="gpu_list:127.0.0.1,203.0.113.8;0,1", _4="--device:gpu")
    done = checkout.run_chain(file, FAKE_CARDS="2")
    assert done.returncode == 0, done.stdout
    launcher = "-m paddle.distributed.launch --ips=127.0.0.1,203.0.113.8 --devices=0,1 train.py"
    assert checkout.commands()[0].startswith(launcher)
    assert (checkout.output() / "norm_train_gpus_0,1_autocast_null_nodes_2/deploy.yaml").is_file()
    assert (checkout.output() / "norm_train_gpus_0,1_autocast_null_nodes_2.log").is_file()


def test_the_first_of_several_machines_has_the_weights_and_exports_them(checkout):
    checkout.write_list()
    file = checkout.chain_file(_3="gpu_list:203.0.113.7,127.0.0.1;0,1", _4="--device:gpu", _23="eval:val.py --config x")
    done = checkout.run_chain(file, FAKE_CARDS="2", FAKE_IDLE="train.py")
    assert done.returncode == 0, done.stdout
    assert len(checkout.commands()) == 1
    skipped = [line for line in summary(done).values() if " skipped " in line]
    assert len(skipped) == 5 and all("its weights are on 203.0.113.7" in line for line in skipped)
    assert checkout.run_chain(file, FAKE_CARDS="2", FAKE_FAIL="train.py").returncode == 1


def test_a_classifier_gives_classes_and_no_label_maps(checkout):
    checkout.write_list("test_tipc/data/class_crops/class_crops_val_5.list", pictures=3)
    file = "test_tipc/configs/ddrnet23_slim_cls/train_infer_python.txt"
    done = checkout.run_chain(file)
    assert done.returncode == 0, done.stdout
    assert [command.split()[0] for command in checkout.commands()][:3] == ["train.py", "val.py", "export.py"]
    checkout.python.write_text(checkout.python.read_text().replace(".join(names))", ".join(names[:2]))"))
    done = checkout.run_chain(file)
    assert done.returncode == 1
    assert "classes of 2 pictures in " in done.stdout and " for 3 of test_tipc/data/class_crops/" in done.stdout


def test_quantised_models_go_to_their_own_script(checkout):
    checkout.write_list()
    done = checkout.run_chain("test_tipc/configs/ddrnet23_slim/train_ptq_infer_python.txt", "klquant_whole_infer")
    assert done.returncode == 0, done.stdout
    assert [command.split()[0] for command in checkout.commands()] == [
        "deploy/slim/quant/ptq.py", "deploy/python/infer.py", "deploy/python/infer.py",
    ]  # fmt: skip


def test_one_card_is_not_two(checkout):
    checkout.write_list()
    done = checkout.run_chain(OURS, FAKE_CARDS="1")
    assert done.returncode == 0
    assert "skipped" in summary(done)["norm_train_gpus_0,1_autocast_null_train"]
    assert "needs GPU 1, and Paddle finds 1" in done.stdout
    assert "passed" in summary(done)["norm_train_gpus_0_autocast_null_train"]


def test_a_chain_without_any_training_has_failed(checkout):
    checkout.write_list()
    done = checkout.run_chain(checkout.chain_file(_3="gpu_list:0", _4="--device:gpu"))
    assert done.returncode == 1
    assert "The chain has failed: no training step has passed." in done.stdout
    assert checkout.calls_file.read_text().count("\n") == 1  # the question for the cards


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("train.py", ["failed"]),
        ("export.py", ["successfully", "failed"]),
        ("deploy/python/infer.py", ["successfully", "successfully", "failed", "failed"]),
    ],
)
@pytest.mark.parametrize("kind", ["FAKE_FAIL", "FAKE_IDLE"])
def test_a_step_that_fails_or_writes_nothing_fails_the_chain_and_stops_what_needs_it(checkout, kind, script, expected):
    checkout.write_list()
    assert checkout.run_chain(OURS).returncode == 0  # its leftovers are not results of the next run
    done = checkout.run_chain(OURS, **{kind: script})
    assert done.returncode == 1
    assert statuses(done) == expected
    states = [line.split()[1] for line in summary(done).values()]
    assert states[: len(expected)] == ["passed" if word == "successfully" else "failed" for word in expected]
    assert set(states[len(expected) :]) == {"skipped"}
    if script != "deploy/python/infer.py":
        assert f"its {'training' if script == 'train.py' else 'export'} failed" in done.stdout
    reason = "(exit status 3)" if kind == "FAKE_FAIL" else {
        "train.py": "none of these weights was written: ",
        "export.py": "deploy.yaml was not written",
        "deploy/python/infer.py": "0 label maps in ",
    }[script]  # fmt: skip
    failed = next(line for line in summary(done).values() if " failed " in line)
    assert reason in failed


def test_a_graph_is_part_of_an_export(checkout):
    checkout.write_list()
    text = checkout.python.read_text().replace('"model.pdmodel", ', "")
    checkout.python.write_text(text)
    done = checkout.run_chain(OURS)
    assert done.returncode == 1
    assert "no graph was written in" in summary(done)["norm_train_gpus_-1_autocast_null_export"]
    checkout.python.write_text(text.replace('"model.pdiparams"', '"model.pdiparams", "model.json"'))
    assert checkout.run_chain(OURS).returncode == 0


def test_a_picture_without_a_label_map_is_seen(checkout):
    checkout.write_list(pictures=3)
    checkout.python.write_text(checkout.python.read_text().replace("if line.strip()]", "if line.strip()][:2]"))
    done = checkout.run_chain(OURS)
    assert done.returncode == 1
    assert "2 label maps in " in done.stdout and " for 3 pictures of " in done.stdout


def test_without_evaluation_the_last_checkpoint_is_exported(checkout):
    checkout.write_list()
    done = checkout.run_chain(checkout.chain_file(_15=f"norm_train:train.py --config {CONFIG}.yml"))
    assert done.returncode == 0, done.stdout
    assert f"--model_path={OUT}/norm_train_gpus_-1_autocast_null/iter_20/model.pdparams" in checkout.commands()[1]


def test_the_spare_flag_of_the_training_is_passed_on(checkout):
    checkout.write_list()
    done = checkout.run_chain(checkout.chain_file(_9="--resume_model:my run", _12="--num_workers:0"))
    assert done.returncode == 0, done.stdout
    assert checkout.calls()[0]["words"][-4:] == ["--iters=20", "--resume_model=my run", "--batch_size=2",
                                                 "--num_workers=0"]  # fmt: skip


def test_an_evaluation_is_run_where_the_file_has_one(checkout):
    checkout.write_list()
    done = checkout.run_chain(checkout.chain_file(_23=f"eval:val.py --config {CONFIG}.yml", _24="--num_workers:0"))
    assert done.returncode == 0, done.stdout
    assert checkout.commands()[1] == (
        f"val.py --config {CONFIG}_lite.yml --model_path={OUT}/norm_train_gpus_-1_autocast_null/best_model/"
        "model.pdparams --device=cpu --num_workers=0"
    )
    done = checkout.run_chain(checkout.chain_file(_23="eval:val.py"), FAKE_FAIL="val.py")
    assert done.returncode == 1


def test_blanks_in_paths_survive(checkout):
    checkout.write_list("my data/my list.list")
    config = checkout.folder / "my config.yml"
    config.write_text("a: 1")
    file = checkout.chain_file(
        _1="model_name:my model",
        _11="train_infer_img_dir:my data/my list.list",
        _15="norm_train:train.py --config 'my config.yml' --do_eval --opts \"a=b c\"",
    )
    done = checkout.run_chain(file)
    assert done.returncode == 0, done.stdout
    words = checkout.calls()[0]["words"]
    assert words[:6] == ["train.py", "--config", "my config.yml", "--do_eval", "--opts", "a=b c"]
    assert "--image_path=my data/my list.list" in checkout.calls()[-1]["words"]
    assert (checkout.output(model="my model") / "results_python.log").is_file()


def test_whole_modes_take_the_whole_configuration_and_their_own_numbers(checkout):
    checkout.write_list()
    done = checkout.run_chain(OURS, "whole_train_whole_infer")
    assert done.returncode == 0, done.stdout
    train = checkout.commands()[0]
    assert f"--config {CONFIG}.yml" in train
    assert "--iters=1000 --batch_size=3" in train
    assert "/whole_train_whole_infer/norm_train_gpus_-1_autocast_null" in train


def test_whole_inference_exports_the_weights_that_are_there(checkout):
    checkout.write_list()
    weights = checkout.folder / "test_tipc/output/ddrnet23_slim/model.pdparams"
    weights.parent.mkdir(parents=True)
    weights.write_text("mine")
    done = checkout.run_chain(OURS, "whole_infer", "1", FAKE_CARDS="2")
    assert done.returncode == 0, done.stdout
    model = "./test_tipc/output/ddrnet23_slim"
    commands = checkout.commands()
    assert commands[0] == f"export.py --config {CONFIG}.yml --model_path={model}/model.pdparams --save_dir={model}"
    assert [call["visible"] for call in checkout.calls()] == ["1"] * 4
    assert all(f"--config={model}/deploy.yaml" in command for command in commands[1:])
    assert f"--image_path=./{LIST}" in commands[1]
    assert weights.read_text() == "mine"
    done = checkout.run_chain(OURS, "whole_infer", FAKE_FAIL="export.py")
    assert done.returncode == 1
    assert "no inference step has passed" in done.stdout


def test_an_export_of_an_earlier_run_is_none_of_this_one(checkout):
    checkout.write_list()
    assert checkout.run_chain(OURS, "whole_infer").returncode == 0
    done = checkout.run_chain(OURS, "whole_infer", FAKE_IDLE="export.py")
    assert done.returncode == 1
    assert "deploy.yaml was not written" in summary(done)["export_0"]


def test_whole_inference_takes_an_exported_folder_as_it_is(checkout):
    checkout.write_list()
    done = checkout.run_chain(checkout.chain_file(_36="infer_model:my export", _37="infer_export:null"), "whole_infer")
    assert done.returncode == 0, done.stdout
    assert len(checkout.calls()) == 2
    assert all("--config=my export/deploy.yaml" in call["words"] for call in checkout.calls())


def test_the_file_of_ddrnet_paddle_drives_the_chain(checkout, tmp_path):
    checkout.write_list("test_tipc/data/cityscapes/val.list")
    # Its Python 3.7 is not on the machine, its second line names no card, and its keys for devices are not flags.
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "python").symlink_to(checkout.python)
    done = checkout.run_chain(FIXTURES / "ddrnet_paddle.txt", python="", PATH=f"{programs}:/usr/bin:/bin")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "There is no python3.7, which the chain file names; taking python." in done.stdout
    out = "./test_tipc/output/ddrnet/lite_train_lite_infer/norm_gpus_null_autocast_null"
    config = "test_tipc/configs/ddrnet/ddrnet23_cityscapes_1024x1024_120k_lite.yml"
    assert checkout.commands() == [
        f"train.py --config {config} --do_eval --save_interval 500 --seed 100 --save_dir={out} --iters=50 "
        "--batch_size=2",
        f"export.py --config {config} --model_path={out}/best_model/model.pdparams --save_dir={out}",
    ]
    assert {step: line.split()[1] for step, line in summary(done).items()} == {
        "norm_gpus_0_autocast_null_train": "skipped",
        "norm_gpus_null_autocast_null_train": "passed",
        "norm_gpus_null_autocast_null_export": "passed",
        "python_infer_gpu_gpu_null_usetrt_False_precision_fp32_batchsize_1": "skipped",
    }


def test_the_file_of_paddleseg_drives_the_chain_on_two_cards(checkout):
    checkout.write_list()
    done = checkout.run_chain(FIXTURES / "paddleseg.txt", FAKE_CARDS="2")
    assert done.returncode == 0, done.stdout
    trainings = [command for command in checkout.commands() if "train.py" in command]
    assert [command.split(" --config")[0] for command in trainings] == [
        "tools/train.py", "-m paddle.distributed.launch --devices=0,1 tools/train.py",
    ]  # fmt: skip
    # Its second card line has no device of its own; the command has one.
    assert ["--device=gpu" in command for command in trainings] == [True, False]
    assert statuses(done) == ["successfully"] * 8


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ({"_14": "trainer:pact_train"}, "trainer pact_train has no command"),
        ({"_14": "trainer:nobody"}, "trainer nobody has no command"),
        (
            {"_14": "trainer:to_static_train", "_52": "=====other====="},
            "needs the section to_static_train_benchmark_params",
        ),
        (
            {"_14": "trainer:to_static_train", "_53": "=====other====="},
            "after to_static_train_benchmark_params must be to_static_train and flags, found: =====other=====",
        ),
        ({"_38": "infer_quant:True"}, "quantised models have a chain of their own, test_ptq_inference_python.sh"),
        ({"_6": "--iters:whole_train_whole_infer=5"}, "no number of iterations for lite_train_lite_infer"),
        ({"_15": "norm_train:train.py 'a"}, "a quote is not closed"),
    ],
)
def test_what_the_basic_chain_cannot_do_is_refused(checkout, lines, message):
    done = checkout.run_chain(checkout.chain_file(**lines))
    assert done.returncode == 2
    assert message in done.stderr
    assert not any("train.py" in command for command in checkout.commands())


def test_unknown_modes_are_refused_by_both_scripts(checkout):
    for script in ("prepare.sh", "test_train_inference_python.sh"):
        done = checkout.run(f"test_tipc/{script}", OURS, "lite_infer")
        assert done.returncode == 2
        assert "no mode 'lite_infer' in this chain; known: lite_train_lite_infer lite_train" in done.stderr


def test_static_training_adds_the_words_of_its_section(checkout):
    checkout.write_list()
    done = checkout.run_chain(checkout.chain_file(_14="trainer:to_static_train"))
    assert done.returncode == 0, done.stdout
    assert "--seed 100 --opts to_static_training=True --device=cpu" in checkout.commands()[0]


def test_half_precision_is_for_cards(checkout):
    checkout.write_list()
    file = checkout.chain_file(_5="Global.auto_cast:null|amp", _45="--precision:fp32|fp16|int8")
    done = checkout.run_chain(file)
    assert done.returncode == 0, done.stdout
    assert "trains in fp16, which needs a GPU" in summary(done)["norm_train_gpus_-1_autocast_fp16_train"]
    assert "fp16 needs a GPU" in done.stdout and "int8 needs a quantised model" in done.stdout
    done = checkout.run_chain(file, FAKE_CARDS="1")
    fp16 = [command for command in checkout.commands() if "train.py" in command and "--precision=fp16" in command]
    assert len(fp16) == 1 and "--device=gpu" in fp16[0]
    assert "fp16 needs TensorRT" in done.stdout
