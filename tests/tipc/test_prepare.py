# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""prepare.sh: data for each mode, with the user's files untouched."""

import shutil
import sys
import tarfile
from pathlib import Path

import pytest
from PIL import Image

from paddleseg.datasets.cityscapes import Cityscapes

PREPARE = "test_tipc/prepare.sh"
OURS = "test_tipc/configs/ddrnet23_slim/train_infer_python.txt"
FIXTURES = Path(__file__).resolve().parents[1] / "fixtures" / "tipc"


def make_cityscapes(root: Path, train: int = 2, val: int = 7, city: str = "ulm") -> None:
    """Pictures of one colour, named as in Cityscapes."""
    for mode, count in (("train", train), ("val", val)):
        for kind, ending in (("leftImg8bit", "leftImg8bit"), ("gtFine", "gtFine_labelTrainIds")):
            folder = root / kind / mode / city
            folder.mkdir(parents=True)
            for i in range(count):
                Image.new("L", (16, 8), i).save(folder / f"{city}_{i:06d}_{ending}.png")


def snapshot(folder: Path) -> dict:
    return {str(path.relative_to(folder)): path.lstat().st_mtime_ns for path in sorted(folder.rglob("*"))}


def pictures_of(checkout, name: str) -> list:
    """First columns of a list of the prepared data; each pair is there."""
    root = checkout.folder / "test_tipc" / "data" / "cityscapes"
    pairs = [line.split() for line in (root / name).read_text().splitlines()]
    assert all((root / picture).is_file() and (root / label).is_file() for picture, label in pairs)
    return [picture for picture, _ in pairs]


@pytest.fixture
def whole(checkout) -> Path:
    """The user's Cityscapes."""
    make_cityscapes(checkout.folder / "data" / "cityscapes")
    return checkout.folder / "data" / "cityscapes"


def test_lite_data_are_drawn_in_the_layout_of_cityscapes(checkout):
    for _ in range(2):  # the second call finds them
        done = checkout.run(PREPARE, f"./{OURS}", "lite_train_lite_infer", python=sys.executable)
        assert done.returncode == 0, done.stderr
        assert "Ready for lite_train_lite_infer: 5 pictures for inference in test_tipc/data/" in done.stdout
    root = checkout.folder / "test_tipc" / "data" / "cityscapes"
    counts = [len(Cityscapes([], str(root), mode=mode)) for mode in ("train", "val")]
    assert counts == [15, 5]
    assert [len(pictures_of(checkout, f"{name}.list")) for name in ("train", "val", "cityscapes_val_5")] == [15, 5, 5]
    picture = Image.open(root / pictures_of(checkout, "val.list")[0])
    assert picture.size == (256, 128)


@pytest.mark.parametrize("mode", ["lite_train_whole_infer", "whole_train_whole_infer"])
def test_whole_modes_say_what_is_missing(checkout, mode):
    done = checkout.run(PREPARE, OURS, mode)
    assert done.returncode == 1
    assert f"error: {mode} runs on Cityscapes, and there are no data/cityscapes/leftImg8bit/" in done.stderr
    assert "--download" in done.stderr
    assert ("leftImg8bit/train/" in done.stderr) == (mode == "whole_train_whole_infer")
    assert checkout.commands() == []
    assert not (checkout.folder / "data").exists()


def test_whole_inference_says_that_weights_are_missing(checkout, whole):
    done = checkout.run(PREPARE, OURS, "whole_infer")
    assert done.returncode == 1
    assert "there is no ./test_tipc/output/ddrnet23_slim/model.pdparams" in done.stderr
    weights = checkout.folder / "test_tipc/output/ddrnet23_slim/model.pdparams"
    weights.parent.mkdir(parents=True)
    weights.write_text("mine")
    assert checkout.run(PREPARE, OURS, "whole_infer").returncode == 0
    assert weights.read_text() == "mine"
    assert len(pictures_of(checkout, "train.list")) == 2


def test_whole_inference_needs_no_pictures_to_train_on(checkout):
    make_cityscapes(checkout.folder / "data" / "cityscapes", train=0)
    weights = checkout.folder / "test_tipc/output/ddrnet23_slim/model.pdparams"
    weights.parent.mkdir(parents=True)
    weights.touch()
    done = checkout.run(PREPARE, OURS, "whole_infer")
    assert done.returncode == 0, done.stderr
    assert [len(pictures_of(checkout, f"{name}.list")) for name in ("train", "val")] == [0, 7]


def test_whole_data_are_the_users_own_and_stay_as_they_are(checkout, whole):
    before = snapshot(whole)
    done = checkout.run(PREPARE, OURS, "whole_train_whole_infer")
    assert done.returncode == 0, done.stderr
    five = pictures_of(checkout, "cityscapes_val_5.list")
    assert five == [f"leftImg8bit/val/ulm/ulm_{i:06d}_leftImg8bit.png" for i in range(5)]
    assert len(pictures_of(checkout, "val.list")) == 7
    linked = checkout.folder / "test_tipc" / "data" / "cityscapes" / "leftImg8bit"
    assert linked.resolve() == (whole / "leftImg8bit").resolve()
    # Back to lite data, which takes the links away again.
    assert checkout.run(PREPARE, OURS, "lite_train_lite_infer", python=sys.executable).returncode == 0
    assert linked.resolve() != (whole / "leftImg8bit").resolve()
    assert snapshot(whole) == before


def test_training_on_lite_data_can_be_followed_by_inference_on_whole_ones(checkout, whole):
    done = checkout.run(PREPARE, OURS, "lite_train_whole_infer", python=sys.executable)
    assert done.returncode == 0, done.stderr
    assert pictures_of(checkout, "train.list")[0].startswith("leftImg8bit/train/roadscenes/")
    assert pictures_of(checkout, "cityscapes_val_5.list")[0] == "whole/leftImg8bit/val/ulm/ulm_000000_leftImg8bit.png"
    root = checkout.folder / "test_tipc" / "data" / "cityscapes"
    assert len(Cityscapes([], str(root), mode="val")) == 5
    assert checkout.run(PREPARE, OURS, "lite_train_lite_infer").returncode == 0
    assert not (root / "whole").exists()


def test_data_that_the_user_put_there_are_used_as_they_are(checkout):
    root = checkout.folder / "test_tipc" / "data" / "cityscapes"
    make_cityscapes(root)
    before = snapshot(root)
    done = checkout.run(PREPARE, OURS, "lite_train_lite_infer")
    assert done.returncode == 1
    assert "test_tipc/data/cityscapes was not made by this script and is used as it is." in done.stdout
    assert "infers on test_tipc/data/cityscapes/cityscapes_val_5.list, which is not there" in done.stderr
    assert snapshot(root) == before
    (root / "cityscapes_val_5.list").write_text("leftImg8bit/val/ulm/ulm_000000_leftImg8bit.png x\n")
    assert checkout.run(PREPARE, OURS, "lite_train_lite_infer").returncode == 0
    assert snapshot(root).keys() == {*before, "cityscapes_val_5.list"}


def test_the_file_of_ddrnet_paddle_finds_its_list(checkout):
    done = checkout.run(PREPARE, FIXTURES / "ddrnet_paddle.txt", "lite_train_lite_infer", python=sys.executable)
    assert done.returncode == 0, done.stderr
    assert "5 pictures for inference in test_tipc/data/cityscapes/val.list" in done.stdout


def make_archive(folder: Path, name: str, val: int) -> Path:
    make_cityscapes(folder / name, val=val, city="bonn")
    with tarfile.open(folder / f"{name}.tar", "w") as archive:
        archive.add(folder / name, arcname=name)
    return folder / f"{name}.tar"


def test_a_download_is_asked_for_and_put_beside_what_is_there(checkout, tmp_path):
    broken = checkout.folder / "data" / "cityscapes"
    (broken / "leftImg8bit").mkdir(parents=True)
    (broken / "mine.txt").write_text("mine")
    archive = make_archive(tmp_path, "cityscapes", val=6)
    done = checkout.run(PREPARE, OURS, "whole_train_whole_infer", "--download", FAKE_DOWNLOAD=str(archive))
    assert done.returncode == 0, done.stderr
    assert checkout.commands() == ["- https://paddleseg.bj.bcebos.com/dataset/cityscapes.tar"]
    assert len(pictures_of(checkout, "val.list")) == 6
    [aside] = (checkout.folder / "data").glob("cityscapes.before_*")
    assert (aside / "mine.txt").read_text() == "mine"
    assert sorted(path.name for path in (checkout.folder / "data").iterdir()) == ["cityscapes", aside.name]
    # What is whole is not fetched again.
    assert checkout.run(PREPARE, OURS, "whole_train_whole_infer", "--download").returncode == 0
    assert len(checkout.commands()) == 1


def test_the_lite_download_takes_the_place_of_drawn_scenes(checkout, tmp_path):
    archive = make_archive(tmp_path, "cityscapes_20imgs", val=5)
    done = checkout.run(PREPARE, OURS, "lite_train_lite_infer", "--download", FAKE_DOWNLOAD=str(archive))
    assert done.returncode == 0, done.stderr
    assert checkout.commands() == ["- https://paddleseg.bj.bcebos.com/tipc/data/cityscapes_20imgs.tar"]
    assert pictures_of(checkout, "val.list")[0] == "leftImg8bit/val/bonn/bonn_000000_leftImg8bit.png"


def test_a_damaged_archive_replaces_nothing(checkout, tmp_path):
    mine = checkout.folder / "data" / "cityscapes" / "mine.txt"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")
    archive = make_archive(tmp_path, "cityscapes", val=6)
    archive.write_bytes(archive.read_bytes()[:-20000])
    done = checkout.run(PREPARE, OURS, "whole_train_whole_infer", "--download", FAKE_DOWNLOAD=str(archive))
    assert done.returncode == 1
    assert "cannot be unpacked" in done.stderr
    assert mine.read_text() == "mine"
    other = tmp_path / "other.tar"
    with tarfile.open(other, "w") as file:
        file.add(mine, arcname="other/mine.txt")
    done = checkout.run(PREPARE, OURS, "whole_train_whole_infer", "--download", FAKE_DOWNLOAD=str(other))
    assert done.returncode == 1
    assert "other.tar holds no Cityscapes; delete it to fetch it again" in done.stderr
    assert mine.read_text() == "mine"
    assert [path.name for path in (checkout.folder / "data").iterdir()] == ["cityscapes"]


def test_a_failed_download_ends_the_script(checkout):
    checkout.python.write_text("#!/bin/sh\necho error: no network >&2; exit 1\n")
    done = checkout.run(PREPARE, OURS, "lite_train_lite_infer", "--download")
    assert done.returncode == 1
    assert "error: no network" in done.stderr
    assert not (checkout.folder / "test_tipc/data/cityscapes").exists()


def test_unknown_arguments_are_refused(checkout):
    done = checkout.run(PREPARE, OURS, "lite_train_lite_infer", "download")
    assert (done.returncode, done.stderr) == (2, "error: unknown argument 'download'; there is --download only\n")


CONFIGS = "test_tipc/configs/ddrnet23_slim"
PTQ = f"{CONFIGS}/train_ptq_infer_python.txt"
CPP = f"{CONFIGS}/ddrnet23_slim_model_linux_gpu_normal_normal_infer_cpp_linux_gpu_cpu.txt"
ONNX = f"{CONFIGS}/ddrnet23_slim_model_linux_gpu_normal_normal_paddle2onnx_python_linux_cpu.txt"
SERVING = f"{CONFIGS}/model_linux_gpu_normal_normal_serving_python_linux_gpu_cpu.txt"


@pytest.mark.parametrize(
    ("file", "mode", "package", "extra"),
    [
        (PTQ, "whole_infer", "nncf", "quant"),
        (PTQ, "klquant_whole_infer", "onnxruntime", "quant"),
        (ONNX, "paddle2onnx_infer", "onnx", "onnx"),
        (SERVING, "serving_infer", "uvicorn", "serving"),
        (CPP, "cpp_infer", "openvino", "openvino"),
    ],
)
def test_a_missing_extra_is_named_and_not_installed(checkout, file, mode, package, extra):
    done = checkout.run(PREPARE, file, mode, FAKE_MISSING=package)
    assert done.returncode == 1
    message = f"error: {mode} needs packages that are missing ({package}): pip install -e '.[{extra}]' for "
    assert done.stderr == f"{message}{checkout.python}\n"
    assert checkout.commands() == []


def test_a_missing_compiler_is_named(checkout):
    (checkout.programs / "cmake").unlink()
    tools = checkout.folder.parent / "tools"
    tools.mkdir()
    for name in ("bash", "dirname", "realpath"):
        (tools / name).symlink_to(shutil.which(name))
    done = checkout.run(PREPARE, CPP, "cpp_infer", PATH=f"{checkout.programs}:{tools}")
    assert done.returncode == 1
    assert done.stderr.endswith("needs cmake, which is missing; deploy/cpp/README.md has the packages\n")


def test_chains_without_training_get_a_network_by_rule_and_its_labels(checkout):
    for _ in range(2):  # the second call finds them
        done = checkout.run(PREPARE, PTQ, "whole_infer")
        assert done.returncode == 0, done.stderr
        assert len(pictures_of(checkout, "val.list")) == 5
    config = f"{CONFIGS}/ddrnet23_slim_cityscapes_1024x1024_120k.yml"
    assert checkout.commands()[1:] == [
        f"test_tipc/rule_network.py --config {config} --pictures test_tipc/data/roadscenes "
        "--save_dir test_tipc/data/by_rule/ddrnet23_slim"
    ]
    data = checkout.folder / "test_tipc" / "data"
    assert (data / "cityscapes" / "gtFine").resolve() == data / "by_rule" / "ddrnet23_slim" / "gtFine"


def test_weights_that_the_file_names_are_not_made(checkout):
    lines = (checkout.folder / PTQ).read_text().replace("test_tipc/data/by_rule/ddrnet23_slim/model.pdparams", "mine")
    file = checkout.folder.parent / "ptq.txt"
    file.write_text(lines)
    done = checkout.run(PREPARE, file, "whole_infer")
    assert done.returncode == 1
    assert done.stderr == f"error: {file} starts from mine, which is not there\n"
    (checkout.folder / "mine").write_text("weights")
    assert checkout.run(PREPARE, file, "whole_infer").returncode == 0
    assert not any("rule_network.py" in command for command in checkout.commands())


def test_the_folder_for_the_program_in_cpp_is_exported_once(checkout):
    for _ in range(2):
        # PaddlePaddle's tools name their package of Paddle Inference.
        done = checkout.run(PREPARE, CPP, "cpp_infer", "https://paddle_inference.tgz")
        assert done.returncode == 0, done.stderr
        assert "https://paddle_inference.tgz is not used" in done.stdout
        assert "5 pictures for inference in test_tipc/data/cityscapes/leftImg8bit/val" in done.stdout
    assert [command for command in checkout.commands() if "export.py" in command] == [
        f"export.py --config {CONFIGS}/ddrnet23_slim_cityscapes_1024x1024_120k.yml "
        "--model_path test_tipc/data/by_rule/ddrnet23_slim/model.pdparams "
        "--save_dir ./test_tipc/output/ddrnet23_slim/cpp_model"
    ]


def test_a_classifier_gets_windows_of_drawn_scenes(checkout):
    file = "test_tipc/configs/ddrnet23_slim_cls/train_infer_python.txt"
    done = checkout.run(PREPARE, file, "lite_train_lite_infer", python=sys.executable)
    assert done.returncode == 0, done.stderr
    root = checkout.folder / "test_tipc" / "data" / "class_crops"
    assert len(list((root / "train").iterdir())) == 8
    pictures = (root / "class_crops_val_5.list").read_text().split()
    assert len(pictures) == 5 and all((root / picture).is_file() for picture in pictures)
    done = checkout.run(PREPARE, file, "whole_train_whole_infer")
    assert done.returncode == 1
    assert "chains of classifiers have lite data alone" in done.stderr


def test_benchmarks_take_the_lite_configuration_with_drawn_scenes_alone(checkout, tmp_path):
    archive = make_archive(tmp_path, "cityscapes_300imgs", val=1)
    for arguments, lite in ((), True), (("--download",), False):
        done = checkout.run(PREPARE, OURS, "benchmark_train", *arguments, FAKE_DOWNLOAD=str(archive))
        assert done.returncode == 0, done.stderr
        words = 'source test_tipc/common_func.sh; MODE=benchmark_train; words=(--config "$1"); take_lite_config words'
        config = f"{CONFIGS}/ddrnet23_slim_cityscapes_1024x1024_120k.yml"
        done = checkout.run("-c", f'{words}; echo "${{words[1]}}"', "bash", config)
        assert done.stdout.endswith("_lite.yml\n") == lite
