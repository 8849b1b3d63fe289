# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The tools that create, split and show data sets, as a user runs them."""

import json
import re
import shutil

import numpy as np
import pytest
from PIL import Image

from paddleseg.datasets.dataset import read_file_list
from paddleseg.utils.errors import ConfigError, DataError
from tests.conftest import REPOSITORY
from tests.datasets.conversion.annotated import picture, write_json
from tests.messages import naming
from tests.scripts import load_script


def run(script, *words):
    """Run a tool's ``main`` in this process; errors come as exceptions."""
    tool = load_script(REPOSITORY / "tools" / script)
    tool.main(tool.make_parser().parse_args([str(word) for word in words]))


@pytest.fixture
def source(tmp_path):
    """Six pictures of two videos with labelme files."""
    for name in ("x_1", "x_2", "x_3", "y_1", "y_2", "y_3"):
        picture(tmp_path / f"source/{name}.png", (64, 48))
        shape = {"label": "car", "shape_type": "rectangle", "points": [[4, 4], [30, 40]]}
        content = {"shapes": [shape], "imagePath": f"{name}.png", "imageWidth": 64, "imageHeight": 48}
        write_json(tmp_path / f"source/{name}.json", content)
    return tmp_path / "source"


@pytest.fixture
def data(source, tmp_path, capsys):
    """The data set that they become."""
    run("convert_dataset.py", "labelme", source, tmp_path / "data")
    capsys.readouterr()
    return tmp_path / "data"


def lines(path):
    return path.read_text().splitlines()


def test_annotations_become_a_data_set_that_check_dataset_finds_nothing_wrong_with(source, tmp_path, capsys):
    run("convert_dataset.py", "labelme", source, tmp_path / "data", "--seed", 1)
    out = capsys.readouterr().out
    assert "6 in all.txt, 5 in train.txt, 1 in val.txt" in out and "0 _background_, 1 car" in out
    run("check_dataset.py", "--config", tmp_path / "data/dataset.yml", "--num_workers", 0)
    assert "training can use all of it" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (("labelm", "source", "out"), ("FORMAT labelm", "'labelme'")),
        (("labelme", "no", "out"), ("SRC no",)),
        (("voc", "source/x_1.png", "out"), ("SRC source/x_1.png", "folder")),
        (("labelme", "source", "source/x_1.png"), ("DST source/x_1.png", "a file")),
        (("labelme", "source", "out", "--images", "no"), ("--images no",)),
        (("labelme", "source", "out", "--val", "1"), ("--val 1",)),
        (("labelme", "source", "out", "--line_width", "0"), ("--line_width 0",)),
        (("labelme", "source", "out", "--tolerance", "1"), ("--tolerance 1", "to_labelme")),
        (("labelme", "source", "out", "--classes", "no.txt"), ("--classes no.txt",)),
        (("labelme", "source", "out", "--classes", "cat"), ("x_1.json", "'car'", "'cat'")),
        (("labelme", "source", "out", "--separator", "_"), ("x_1.png", "'_'", "--separator")),
        (("labelme", "source", "out", "--seed", "-1"), ("--seed -1",)),
        (("coco", "source", "out"), ("source/x_1.json", "'categories'")),
        (("coco_panoptic", ".", "out"), ("no COCO file",)),
        (("cvat", "source", "out"), ("annotations.xml", "labelmap.txt")),
        (("supervisely", "source", "out"), ("no folder ann",)),
        (("to_labelme", "source", "out"), ("class_names.txt",)),
    ],
)
def test_what_cannot_work_is_named_and_nothing_is_written(words, parts, source, monkeypatch):
    monkeypatch.chdir(source.parent)
    if words[0] == "coco":
        for file in source.glob("[xy]_[23].json"):
            file.unlink()
        for file in source.glob("y_1.json"):
            file.unlink()
    with pytest.raises((ConfigError, DataError), match=naming(*parts)):
        run("convert_dataset.py", *words)
    assert not (source.parent / "out").exists()


def test_labels_come_back_as_labelme_files(data, tmp_path, capsys):
    run("convert_dataset.py", "to_labelme", data, tmp_path / "back")
    run("convert_dataset.py", "labelme", tmp_path / "back", tmp_path / "again")
    assert "6 labelme files" in capsys.readouterr().out
    for label in (data / "annotations").iterdir():
        assert label.read_bytes() == (tmp_path / "again/annotations" / label.name).read_bytes()


def test_a_split_replaces_its_own_lists_and_no_others(data, capsys):
    run("split_dataset.py", data, "--ratio", 2, 1, 1, "--seed", 5)
    parts = [set(lines(data / f"{mode}.txt")) for mode in ("train", "val", "test")]
    assert [len(part) for part in parts] == [3, 2, 1] or [len(part) for part in parts] == [3, 1, 2]
    assert set.union(*parts) == set(lines(data / "all.txt"))
    run("split_dataset.py", data, "--group", "sequence", "--stratify", "--ratio", 0.5, 0.5)
    out = capsys.readouterr().out
    assert "2 groups kept together" in out and "test.txt: removed" in out and not (data / "test.txt").exists()
    assert {line[len("images/")] for line in lines(data / "train.txt")} in ({"x"}, {"y"})
    (data / "val.txt").write_text("mine\n")
    with pytest.raises(DataError, match=naming("val.txt", "would be replaced")):
        run("split_dataset.py", data)
    assert (data / "val.txt").read_text() == "mine\n"


def test_a_split_of_names_with_blanks_can_be_read_as_the_list_can(tmp_path):
    for number in range(3):
        picture(tmp_path / f"my picture {number}.png")
        picture(tmp_path / f"its label {number}.png")
    pairs = [f"my picture {number}.png\tits label {number}.png\n" for number in range(3)]
    (tmp_path / "all.txt").write_text("".join(pairs))
    run("split_dataset.py", tmp_path, "--ratio", 1, 1)
    read = [read_file_list(f"{mode}.txt", str(tmp_path)) for mode in ("train", "val")]
    assert sorted(read[0] + read[1]) == read_file_list("all.txt", str(tmp_path))


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (("data", "--group", "folder"), (6, "pictures", "1 group", "train, val")),
        (("data", "--ratio", "1"), ("--ratio", 1)),
        (("data", "--ratio", "1", "-1"), ("val -1",)),
        (("data", "--seed", "-1"), ("--seed -1",)),
        (("source",), ("SRC source", "all.txt")),
        (("no",), ("SRC no",)),
    ],
)
def test_splits_that_cannot_be_are_named(words, parts, data, monkeypatch):
    monkeypatch.chdir(data.parent)
    with pytest.raises((ConfigError, DataError), match=naming(*parts)):
        run("split_dataset.py", *words)


def test_figures_are_printed_written_and_drawn(data, tmp_path, capsys):
    files = "--json", tmp_path / "stats.json", "--png", tmp_path / "stats.png"
    run("dataset_stats.py", "--config", data / "dataset.yml", *files, "--num_workers", 0)
    assert "car" in capsys.readouterr().out
    figures = json.loads((tmp_path / "stats.json").read_text())
    assert figures["classes"][1]["share"] == pytest.approx(27 * 37 / (64 * 48))
    assert Image.open(tmp_path / "stats.png").size[0] > 400
    text = (data / "dataset.yml").read_text()
    train_only = tmp_path / "train_only.yml"
    train_only.write_text(text[: text.index("\nval_dataset:")] + text[text.index("\nloss:") :])
    with pytest.raises(ConfigError, match="val_dataset: there is no such section"):
        run("dataset_stats.py", "--config", train_only, "--section", "val")


def test_samples_are_drawn_into_a_file_that_is_nobody_elses(data, tmp_path, capsys):
    command = ("browse_dataset.py", "--config", data / "dataset.yml", "--png", tmp_path / "samples.png")
    run(*command, "--pictures", 1, "--epochs", 1, "--cell_width", 64)
    assert "1 of 5 pictures of train_dataset" in capsys.readouterr().out
    run(*command, "--indices", 0, 4, "--section", "train")
    with pytest.raises(ConfigError, match=naming("--indices 5", 0, 4)):
        run(*command, "--indices", 5)
    Image.new("RGB", (2, 2)).save(tmp_path / "samples.png")
    with pytest.raises(ConfigError, match="samples.png"):
        run(*command)


def test_labelme2seg_copies_pictures_into_paddlesegs_folders(source, tmp_path):
    run("data/labelme2seg.py", source, tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "all.txt", "annotations", "class_names.txt", "dataset.yml", "images", "train.txt", "val.txt",
        "written_files.jsonl",
    ]  # fmt: skip
    assert lines(tmp_path / "out/class_names.txt") == ["_background_", "car"]
    assert (tmp_path / "out/images/x_1.png").is_file() and not (tmp_path / "out/images/x_1.png").is_symlink()


def test_lists_of_two_folders_pair_by_name(data, tmp_path):
    root = shutil.copytree(data, tmp_path / "copied", ignore=lambda *_: {"train.txt", "val.txt", "written_files.jsonl"})
    for label in (root / "annotations").iterdir():
        label.rename(label.with_name(f"{label.stem}_mask.png"))
    words = (root, "images", "annotations", "--split", 0.5, 0.5, 0, "--format", "png", "png", "--postfix", "", "_mask")
    run("data/split_dataset_list.py", *words)
    found = lines(root / "train.txt") + lines(root / "val.txt")
    assert sorted(found) == [f"images/{n}_{i}.png annotations/{n}_{i}_mask.png" for n in "xy" for i in (1, 2, 3)]
    run("data/split_dataset_list.py", *words[:4], 0.5, 0.3, 0.2, *words[7:])
    assert len(lines(root / "test.txt")) == 1
    run("data/split_dataset_list.py", *words)
    assert not (root / "test.txt").exists()  # its picture is in another list now
    (root / "annotations/x_2_mask.png").unlink()
    with pytest.raises(DataError, match=naming("images/x_2.png", "no label", "*_mask.png", 1, 6)):
        run("data/split_dataset_list.py", *words)
    with pytest.raises(ConfigError, match=naming("--split 0.5 0.2 0")):
        run("data/split_dataset_list.py", root, "images", "annotations", "--split", 0.5, 0.2, 0)
    with pytest.raises(DataError, match=naming("images", "*.jpg", ".png", "--format")):
        run("data/split_dataset_list.py", root, "images", "annotations")


def test_folders_that_are_split_already_become_lists(tmp_path, capsys):
    for name in ("images/train/ulm/a.jpg", "images/val/b.jpg", "images/test/c.jpg"):
        picture(tmp_path / "data" / name)
    for name in ("annotations/train/ulm/a.png", "annotations/val/b.png"):
        picture(tmp_path / "data" / name)
    run("data/create_dataset_list.py", tmp_path / "data", "--second_folder", "train", "val", "test", "more")
    assert "more.txt" in capsys.readouterr().out
    texts = [(tmp_path / f"data/{name}.txt").read_text() for name in ("train", "val", "test")]
    assert texts == [
        "images/train/ulm/a.jpg annotations/train/ulm/a.png\n", "images/val/b.jpg annotations/val/b.png\n",
        "images/test/c.jpg\n",
    ]  # fmt: skip


def test_lists_of_cityscapes_are_those_of_its_names(tmp_path):
    picture(tmp_path / "leftImg8bit/val/ulm/a_leftImg8bit.png")
    picture(tmp_path / "gtFine/val/ulm/a_gtFine_labelTrainIds.png")
    run("data/create_dataset_list.py", tmp_path, "--type", "cityscapes")
    assert lines(tmp_path / "val.txt") == [
        "leftImg8bit/val/ulm/a_leftImg8bit.png gtFine/val/ulm/a_gtFine_labelTrainIds.png"
    ]
    with pytest.raises(ConfigError, match=naming("--type voc", "custom")):
        run("data/create_dataset_list.py", tmp_path, "--type", "voc")


def test_labels_get_a_palette_and_keep_their_values(data, tmp_path):
    for number, words in enumerate(
        ((data / "annotations",), (data / "val.txt", "--dataset_dir", data, "--file_separator", " "))
    ):
        target = tmp_path / f"colour{number}"
        run("data/gray2pseudo_color.py", words[0], target, *words[1:])
        found = sorted(target.rglob("*.png"))
        assert len(found) == (6, 1)[number]
        with Image.open(found[0]) as image:
            assert image.mode == "P" and image.getpalette()[:3] == [128, 0, 0]
            assert set(np.unique(np.asarray(image)).tolist()) == {0, 1}
    with pytest.raises(DataError, match="would be replaced"):
        run("data/gray2pseudo_color.py", data / "annotations", data / "annotations")
    with pytest.raises(ConfigError, match="--dataset_dir"):
        run("data/gray2pseudo_color.py", data / "val.txt", tmp_path / "more")


def test_labels_of_cityscapes_get_train_ids_by_paddlesegs_flags(tmp_path, capsys):
    folder = tmp_path / "gtFine/val/ulm"
    folder.mkdir(parents=True)
    Image.fromarray(np.array([[7, 26, 4]], np.uint8)).save(folder / "a_gtFine_labelIds.png")
    run("data/convert_cityscapes.py", "--cityscapes_path", tmp_path, "--num_workers", 1)
    assert "1 labels" in capsys.readouterr().out
    with Image.open(folder / "a_gtFine_labelTrainIds.png") as label:
        assert np.asarray(label).tolist() == [[0, 13, 255]]
    with pytest.raises(ConfigError, match="--num_workers 0"):
        run("data/convert_cityscapes.py", "--cityscapes_path", tmp_path, "--num_workers", 0)


def test_the_commands_of_the_page_on_converting_labels_work_one_after_the_other(source, tmp_path, monkeypatch):
    source.rename(tmp_path / "my_pictures")
    monkeypatch.chdir(tmp_path)
    page = (REPOSITORY / "docs/convert_labels.md").read_text(encoding="utf-8")
    commands = [
        line.split() for block in re.findall(r"```bash\n(.*?)```", page, re.DOTALL) for line in block.splitlines()
    ]
    for _, script, *words in commands:
        if script != "train.py":
            run(script.removeprefix("tools/"), *words)
    for label in (tmp_path / "data/mine/annotations").iterdir():
        assert label.read_bytes() == (tmp_path / "data/corrected/annotations" / label.name).read_bytes()


@pytest.mark.parametrize(
    "name", ["labelme2seg", "split_dataset_list", "create_dataset_list", "convert_cityscapes", "gray2pseudo_color"]
)
@pytest.mark.slow
def test_paddlesegs_tools_are_where_its_older_versions_have_them_too(name, run_command):
    for place in ("tools", "tools/data"):
        result = run_command(f"{place}/{name}.py", "--help")
        assert result.returncode == 0 and "PaddleSeg" in result.stdout, result.stderr


def test_a_conversion_on_the_command_line_ends_in_one_line_when_it_fails(run_command, source, tmp_path):
    (source / "x_1.json").write_text("{")
    result = run_command("tools/convert_dataset.py", "labelme", source, tmp_path / "out")
    assert result.returncode == 1 and result.stdout == ""
    assert result.stderr.startswith("convert_dataset.py: error: ") and result.stderr.count("\n") == 1
