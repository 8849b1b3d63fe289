# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""``ddrnet NAME``: the commands of the repository under one name, also from an installed package."""

import importlib
import os
import stat
import subprocess
import sys

import pytest

import paddleseg.__main__ as console
from paddleseg.commands.table import COMMANDS, GROUPS, find
from tests.conftest import REPOSITORY
from tests.scripts import load_script

# What is started as a file alone, and why.
FILES_ALONE = {
    "eval.py": "another name of val.py",
    "deploy/python/infer_dataset.py": "PaddleSeg's name and flags of evaluate",
    "tools/data/convert_cityscapes.py": "PaddleSeg's name and flags of convert-cityscapes",
    "tools/data/labelme2seg.py": "PaddleSeg's name and flags of convert-dataset",
    "tools/data/create_dataset_list.py": "PaddleSeg's name; convert-dataset and split write lists",
    "tools/data/split_dataset_list.py": "PaddleSeg's name; split has more",
    "tools/data/gray2pseudo_color.py": "PaddleSeg's name",
    "tools/train_list.py": "trains the lists of the repository",
    "deploy/web/build.py": "needs the files beside it",
    "deploy/web/serve.py": "needs the files beside it",
}


def call(monkeypatch, *words):
    monkeypatch.setattr(sys, "argv", ["ddrnet", *words])
    console.run()


def test_each_command_is_the_file_of_the_repository_that_the_table_names():
    for command in COMMANDS.values():
        if command.file:
            assert load_script(REPOSITORY / command.file).main.__module__ == command.module


def test_each_file_that_is_a_command_has_a_name_or_a_reason_why_not():
    named = {command.file for command in COMMANDS.values()}
    folders = (
        ".",
        "tools",
        "tools/data",
        "tools/dataset_converters",
        "deploy/python",
        "deploy/slim/quant",
        "deploy/web",
    )
    files = {path for folder in folders for path in (REPOSITORY / folder).glob("*.py")}
    found = {str(path.relative_to(REPOSITORY)) for path in files if "run_command(" in path.read_text(encoding="utf-8")}
    assert found - named == set(FILES_ALONE)
    assert named - {""} <= found


def test_help_has_a_line_for_each_command(monkeypatch, capsys):
    call(monkeypatch, "--help")
    lines = capsys.readouterr().out.splitlines()
    for command in COMMANDS.values():
        assert [line.split()[0] for line in lines if line.endswith(f"  {command.about}")] == [command.name]
    assert len(COMMANDS) == sum(map(len, GROUPS.values()))  # no name twice
    assert max(map(len, lines)) <= 100


def test_help_is_answered_without_importing_what_is_heavy():
    program = (
        "import sys; sys.argv = ['ddrnet', '--help']; from paddleseg.__main__ import run; run(); "
        "assert not {'paddle', 'cv2', 'numpy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], cwd=REPOSITORY, check=True, stdout=subprocess.DEVNULL)


def test_names_of_files_are_known_too():
    assert find("check_dataset") is find("check-dataset") is find("check")
    assert find("convert_weights") is find("convert-weights")
    assert find("ptq") is find("quantize")
    assert find("") is find("--help") is find("paddleseg") is None


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["trian"], "ddrnet: error: there is no command 'trian'. Did you mean 'train'? ddrnet --help lists all"),
        (["xyz", "--help"], "ddrnet: error: there is no command 'xyz'. ddrnet --help lists all"),
        ([], "ddrnet: error: no command is given. ddrnet --help lists all"),
    ],
)
def test_a_name_that_is_none_is_one_line_with_the_nearest(words, line, monkeypatch, capsys):
    with pytest.raises(SystemExit) as caught:
        call(monkeypatch, *words)
    assert caught.value.code == 2
    assert capsys.readouterr() == ("", f"{line}\n")


@pytest.mark.parametrize("name", COMMANDS)
def test_a_flag_that_is_none_is_one_line(name, capsys):
    with pytest.raises(SystemExit) as caught:
        importlib.import_module(COMMANDS[name].module).make_parser().parse_args(["--flip_flop"])
    assert caught.value.code == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and error.endswith(" --help lists the flags\n")


def test_a_command_speaks_of_itself_by_its_own_name(monkeypatch, capsys):
    with pytest.raises(SystemExit):
        call(monkeypatch, "check", "--help")
    text = capsys.readouterr().out
    assert text.startswith("usage: ddrnet check ")
    assert "    ddrnet check --config my_config.yml\n" in text and "tools/" not in text
    with pytest.raises(SystemExit) as caught:
        call(monkeypatch, "zoo", "gte")
    assert caught.value.code == 2
    assert "ddrnet zoo: error: " in capsys.readouterr().err
    with pytest.raises(SystemExit) as caught:
        call(monkeypatch, "train", "--config", "missing.yml")
    assert caught.value.code == 1
    assert capsys.readouterr().err.startswith("ddrnet train: error: ")


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The console script as pip makes it, and the environment of somebody who has the package alone."""
    folder = tmp_path_factory.mktemp("installed")
    places = ("--build-base", folder / "base", "--build-lib", folder / "lib")
    command = [sys.executable, "setup.py", "-q", "build", *map(str, places)]
    subprocess.run(command, cwd=REPOSITORY, check=True, capture_output=True)
    script = folder / "ddrnet"
    script.write_text(
        f"#!{sys.executable}\nfrom paddleseg.__main__ import run\nif __name__ == '__main__':\n    run()\n"
    )
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    return script, {**os.environ, "PYTHONPATH": str(folder / "lib")}


@pytest.mark.slow
def test_an_installed_package_has_all_that_its_commands_need(installed, tmp_path):
    script, env = installed
    for name in COMMANDS:
        done = subprocess.run([script, name, "--help"], env=env, cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith(f"usage: ddrnet {name} ")
    listed = subprocess.run([script, "zoo", "list"], env=env, cwd=tmp_path, capture_output=True, text=True)
    assert "ddrnet23_slim_imagenet" in listed.stdout


@pytest.mark.slow
def test_two_processes_of_the_console_script_train_together_and_quietly(installed, tiny_config, tmp_path):
    script, env = installed
    run = tmp_path / "run"
    launch = [sys.executable, "-m", "paddle.distributed.launch", "--nproc_per_node", "2", "--log_dir", tmp_path / "log"]
    train = [script, "train", "--config", tiny_config, "--iters", "2", "--num_workers", "0", "--save_dir", run]
    subprocess.run([*launch, *train, "--device", "cpu", "--quiet"], env=env, cwd=tmp_path, check=True, timeout=300)
    assert (run / "iter_2" / "model.pdparams").is_file()
    logs = [(tmp_path / "log" / f"workerlog.{rank}").read_text() for rank in (0, 1)]
    outcome = f"INFO: trained to iter 2 of 2, in {run}\n"
    assert logs[0].count("INFO: ") == 1 and outcome in logs[0]
    assert "INFO: " not in logs[1] and "WARNING: " not in logs[0] + logs[1]
