# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The functions of test_tipc/common_func.sh, one by one."""

import os
import subprocess
from pathlib import Path

import pytest

from paddleseg.utils.picture_files import list_images

SCRIPT = Path(__file__).resolve().parents[2] / "test_tipc" / "common_func.sh"
BASIC = SCRIPT.parent / "configs" / "ddrnet" / "train_infer_python.txt"
RATES = "--iters:lite_train_lite_infer=20|whole_train_whole_infer=1000"


@pytest.fixture
def bash(tmp_path):
    """Run lines of shell after the functions have been sourced."""

    def run(code, *arguments, **environment):
        return subprocess.run(
            ["bash", "-uc", f'source "$0"; {code}', SCRIPT, *map(str, arguments)],
            cwd=tmp_path,
            env={**os.environ, "PYTHON": "", **environment},
            capture_output=True,
            text=True,
            timeout=30,
        )

    return run


@pytest.mark.parametrize(
    ("line", "key", "value"),
    [
        ("model_name:ddrnet", "model_name", "ddrnet"),
        ("--save_dir:", "--save_dir", ""),
        ("##", "##", ""),
        (" python : python3 ", "python", "python3"),
        ("flags:a:b", "flags", "a:b"),
        ("norm_train:train.py --config 'my file.yml'", "norm_train", "train.py --config 'my file.yml'"),
    ],
)
def test_a_line_is_a_key_and_a_value(bash, line, key, value):
    done = bash('func_parser_key "$1"; printf "|"; func_parser_value "$1"', line)
    assert done.stdout == f"{key}|{value}"


@pytest.mark.parametrize(
    ("line", "mode", "value"),
    [
        (RATES, "lite_train_lite_infer", "20"),
        (RATES, "whole_train_whole_infer", "1000"),
        (RATES, "whole_infer", ""),
        ("--iters:7", "whole_infer", "7"),
        ("--iters:null", "lite_train_lite_infer", "null"),
    ],
)
def test_a_value_can_depend_on_the_mode(bash, line, mode, value):
    assert bash('func_parser_params "$1"', line, MODE=mode).stdout == value


@pytest.mark.parametrize(
    ("value", "entries"), [("-1|0|0,1", ["-1", "0", "0,1"]), ("null", ["null"]), ("", [""]), ("a b|c", ["a b", "c"])]
)
def test_a_list_is_split_at_its_bars(bash, value, entries):
    done = bash('split_list found "$1"; printf "<%s>" "${found[@]}"', value)
    assert done.stdout == "".join(f"<{entry}>" for entry in entries)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("train.py --config a.yml", ["train.py", "--config", "a.yml"]),
        ("""train.py --config 'my file.yml' --opts "a=b c" d\\ e""", ["train.py", "--config", "my file.yml",
                                                                     "--opts", "a=b c", "d e"]),
        ("echo $HOME `id` $(id) * ; rm -r x", ["echo", "$HOME", "`id`", "$(id)", "*", ";", "rm", "-r", "x"]),
        ("", []),
    ],
)  # fmt: skip
def test_words_are_split_as_a_shell_does_but_nothing_is_expanded(bash, text, words):
    done = bash('split_words found "$1"; for word in "${found[@]}"; do printf "<%s>" "$word"; done', text)
    assert done.stdout == "".join(f"<{word}>" for word in words)


def test_an_open_quote_is_an_error(bash):
    done = bash('split_words found "$1"; echo reached', "train.py 'a")
    assert done.returncode == 2
    assert "a quote is not closed in: train.py 'a" in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("key", "value", "flags"),
    [
        ("--save_dir", "my folder", "<a><--save_dir=my folder>"),
        ("--precision", "null", "<a>"),
        ("null", "null", "<a>"),
        ("null", "3", "<a>"),
        ("--iters", "", "<a>"),
    ],
)
def test_a_flag_without_a_value_is_left_out(bash, key, value, flags):
    done = bash('command=(a); add_flag command "$1" "$2"; printf "<%s>" "${command[@]}"', key, value)
    assert done.stdout == flags


def test_empty_lines_do_not_count(bash, tmp_path):
    lines = BASIC.read_text().splitlines()
    (tmp_path / "a.txt").write_text("\n \n".join(lines))
    done = bash('read_chain_file a.txt; echo "$chain_kind ${#lines[@]} ${lines[50]} ${lines[51]}|"')
    assert done.stdout == f"train_params {len(lines)} --save_dir: --model_name:ddrnet|\n"
    assert "there is no chain file b.txt" in bash("read_chain_file b.txt").stderr


@pytest.mark.parametrize("file", sorted(BASIC.parent.glob("*.txt")), ids=lambda file: file.stem)
def test_a_missing_line_is_named(bash, tmp_path, file):
    lines = file.read_text().splitlines()
    checked = {int(index): key for index, key in (entry.split(":") for entry in keys_of(bash, file))}
    for index in {0, 1, list(checked)[len(checked) // 2], max(checked)}:
        (tmp_path / "a.txt").write_text("\n".join(lines[:index] + lines[index + 1 :]) + "\n")
        done = bash("read_chain_file a.txt; echo reached")
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith("error: a.txt: ") and done.stderr.count("\n") == 1
        key = checked.get(index, "").replace("*", "a flag")
        assert ("no chain begins with" if index == 0 else f"must be {key}, found: ") in done.stderr


def keys_of(bash, file) -> list:
    """The positions and keys that are looked for in a file of this kind."""
    return bash('read_chain_file "$1"; echo "${CHAIN_KEYS[$chain_kind]}"', file).stdout.split()


def test_lines_that_end_as_on_windows_are_named(bash, tmp_path):
    (tmp_path / "a.txt").write_bytes(BASIC.read_bytes().replace(b"\n", b"\r\n"))
    done = bash("read_chain_file a.txt; echo reached")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "error: a.txt, line 1 ends with CRLF; end it with LF: sed -i 's/\\r$//' FILE\n"


def test_chains_that_are_not_built_are_refused_by_their_heading(bash, tmp_path):
    (tmp_path / "a.txt").write_text("=====lite_params=====\nmodel_name:a\n")
    done = bash("read_chain_file a.txt")
    assert done.returncode == 2
    assert "no chain begins with '=====lite_params====='; known headings: " in done.stderr


def test_python_is_that_of_the_environment_then_that_of_the_file_then_what_there_is(bash, tmp_path):
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("python3.99", "mine", "python"):
        (folder / name).write_text("#!/bin/sh\n")
        (folder / name).chmod(0o755)
    path = f"{folder}:{os.environ['PATH']}"
    choose = 'choose_python "$1"; echo "$python"'
    assert bash(choose, "python3.99", PATH=path).stdout == "python3.99\n"
    assert bash(choose, "python3.99", PATH=path, PYTHON="mine").stdout == "mine\n"
    note, chosen = bash(choose, "python3.98", PATH=path).stdout.splitlines()
    assert "There is no python3.98" in note and "taking python" in note
    assert chosen == "python"
    done = bash(choose, "python3.99", PATH=path, PYTHON="nowhere/python")
    assert (done.returncode, done.stderr) == (1, "error: PYTHON=nowhere/python: there is no such program\n")


@pytest.mark.parametrize(
    ("mode", "given", "taken"),
    [
        ("lite_train_lite_infer", "x.py --config a.yml", "x.py --config a_lite.yml"),
        ("lite_train_whole_infer", "x.py --config=a.yml --do_eval", "x.py --config=a_lite.yml --do_eval"),
        ("lite_train_lite_infer", "x.py --config b.yml a.yml", "x.py --config b.yml a.yml"),
        ("whole_train_whole_infer", "x.py --config a.yml", "x.py --config a.yml"),
        ("whole_infer", "x.py --config a.yml", "x.py --config a.yml"),
    ],
)
def test_lite_modes_take_the_lite_configuration_where_there_is_one(bash, tmp_path, mode, given, taken):
    (tmp_path / "a_lite.yml").touch()
    done = bash('words=($1); take_lite_config words; echo "${words[*]}"', given, MODE=mode)
    assert done.stdout == f"{taken}\n"


def test_a_logged_command_can_be_run_again(bash):
    done = bash('quote_words "$@"', "a b", "c'd", "--x=1,2", "")
    again = bash(f'printf "<%s>" {done.stdout}')
    assert again.stdout == "<a b><c'd><--x=1,2><>"
    assert done.stdout.split()[-2] == "--x=1,2"


def test_a_logged_command_has_no_separator_of_the_tools_that_read_it(bash):
    done = bash('quote_words "$@"', "my - folder/a b", "it's - here")
    assert " - " not in done.stdout
    assert bash(f'printf "<%s>" {done.stdout}').stdout == "<my - folder/a b><it's - here>"


def test_only_folders_of_a_chain_are_emptied(bash, tmp_path):
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "a").write_text("kept")
    assert bash("fresh_folder mine").returncode == 0
    assert [path.name for path in mine.iterdir()] == [".made_by_tipc"]
    [aside] = tmp_path.glob("mine.kept_*")
    assert (aside / "a").read_text() == "kept"
    (mine / "b").touch()
    assert bash("fresh_folder mine").returncode == 0
    assert [path.name for path in mine.iterdir()] == [".made_by_tipc"]
    assert len(list(tmp_path.glob("mine*"))) == 2


def test_pictures_are_counted_as_inference_finds_them(bash, tmp_path):
    (tmp_path / "a.list").write_text("x/1.png y\nx/2.png y\n\nx/1.png z")
    (tmp_path / "folder" / "sub").mkdir(parents=True)
    (tmp_path / "folder" / ".ipynb_checkpoints").mkdir()
    for name in ("1.png", "2.JPG", "sub/3.png", "notes.md", ".hidden.png", ".ipynb_checkpoints/1-checkpoint.png"):
        (tmp_path / "folder" / name).touch()
    (tmp_path / "folder" / "linked.png").symlink_to("1.png")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "4.png").touch()
    (tmp_path / "folder" / "linked").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "folder" / "circle").symlink_to("../folder")
    (tmp_path / "whole").symlink_to("folder")
    counts = {
        "a.list": 2,
        "folder": 5,
        "whole": 5,
        "folder/1.png": 1,
        "folder/notes.md": 1,
        "folder/*.png": 2,
        "folder/*": 3,
    }
    for path, count in counts.items():
        assert bash('count_pictures "$1"', path).stdout == f"{count}\n"
        if path != "a.list":
            assert len(list_images(tmp_path / path)[0]) == count
    assert bash('count_pictures "$1"', "nowhere.list").stdout == "0\n"
    assert (
        bash('set -euo pipefail; found=$(count_pictures "$1"); echo "$found pictures"', "*.png").stdout
        == "0 pictures\n"
    )


@pytest.mark.parametrize(("code", "word"), [(0, "successfully"), (3, "failed")])
def test_the_status_line_has_the_form_that_tools_look_for(bash, tmp_path, code, word):
    done = bash('status_check "$1" "python x.py" log.txt ddrnet x.log', code)
    expected = f"\033[33m Run {word} with command - ddrnet - python x.py - x.log  \033[0m\n"
    assert done.stdout == expected
    assert (tmp_path / "log.txt").read_text() == expected
