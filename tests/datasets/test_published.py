# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Published data sets in their own folders: the files found, the labels, and messages on wrong folders."""

import fnmatch
import re

import numpy as np
import pytest
from PIL import Image

from paddleseg.datasets import (
    ADE20K,
    BDD100K,
    KITTI,
    AutoNUE,
    Cityscapes,
    CocoStuff,
    CocoStuff10k,
    CocoStuff164k,
    MapillaryVistas,
    OpticDiscSeg,
    PascalContext,
    PascalContext59,
    PascalVOC,
    PublishedDataset,
)
from paddleseg.datasets.data_check import examine
from paddleseg.registry import DATASETS
from paddleseg.utils.errors import ConfigError, DataError, UserError
from tests.datasets.published_folders import LAYOUTS, write_folder

KINDS = [kind for name in DATASETS if issubclass(kind := DATASETS[name], PublishedDataset)]


@pytest.fixture
def folder(tmp_path):
    """Write the folder of a layout by name; gives its path."""
    return lambda name: write_folder(tmp_path / LAYOUTS[name].root, LAYOUTS[name])


@pytest.mark.parametrize("name", LAYOUTS)
def test_every_part_is_found_and_its_labels_become_class_ids(name, folder):
    layout = LAYOUTS[name]
    root = folder(name)
    for mode in layout.pictures:
        dataset = DATASETS[layout.kind]([], str(root), mode=mode)
        assert len(dataset) == layout.lengths.get(mode, 2) and dataset.labels_move == mode.startswith("train")
        sample = dataset.read(len(dataset) - 1)
        assert sample["img"].shape == (6, 18, 3)
        if mode in layout.labels:
            assert sample["label"][0, ::2].tolist()[: len(layout.read)] == list(layout.read)
            assert dataset.read_label(len(dataset) - 1).tolist() == sample["label"].tolist()
        else:
            assert "label" not in sample


def test_every_registered_kind_has_a_folder_here():
    assert {kind.__name__ for kind in KINDS} == {layout.kind for layout in LAYOUTS.values()}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_class_has_a_name_and_a_colour_of_its_own(kind):
    assert len(set(kind.class_names)) == len(kind.palette) == kind.num_classes <= 171
    # ADE20K's authors gave the road and the skyscraper one colour.
    assert len(set(kind.palette)) == kind.num_classes - (kind is ADE20K)
    assert all(0 <= value <= 255 for colour in kind.palette for value in colour)


# Number of the classes, and some of the names and colours, by the data sets' own pages and development kits.
FACTS = [
    (ADE20K, 150, {0: "wall", 12: "person", 149: "flag"}, {0: (120, 120, 120), 149: (92, 0, 255)}),
    (PascalVOC, 21, {0: "background", 15: "person", 20: "tvmonitor"}, {0: (0, 0, 0), 15: (192, 128, 128)}),
    (PascalContext, 60, {0: "background", 15: "cat", 55: "tvmonitor", 58: "window", 59: "wood"}, {0: (0, 0, 0)}),
    (PascalContext59, 59, {0: "aeroplane", 54: "tvmonitor", 58: "wood"}, {}),
    (CocoStuff164k, 171, {0: "person", 11: "stop sign", 79: "toothbrush", 80: "banner", 170: "wood"}, {}),
    (AutoNUE, 26, {0: "road", 8: "autorickshaw", 25: "sky"}, {8: (255, 204, 54)}),
    (BDD100K, 19, {0: "road", 18: "bicycle"}, {0: (128, 64, 128), 18: (119, 11, 32)}),
    (OpticDiscSeg, 2, {0: "background", 1: "optic disc"}, {}),
]


@pytest.mark.parametrize(
    ("kind", "number", "names", "colours"), FACTS, ids=lambda value: getattr(value, "__name__", "")
)
def test_names_and_colours_are_those_of_the_data_set(kind, number, names, colours):
    assert kind.num_classes == number
    assert {class_id: kind.class_names[class_id] for class_id in names} == names
    assert {class_id: kind.palette[class_id] for class_id in colours} == colours


def test_trainaug_takes_the_labels_of_the_additional_pictures_from_their_own_folder(folder):
    root = folder("PascalVOC")
    names = [label.rpartition("VOC2012/")[2] for _, label in PascalVOC([], str(root), mode="trainaug").file_list]
    assert names == [
        *(f"SegmentationClass/train_{name}.png" for name in ("one", "two")),
        *(f"SegmentationClassAug/trainaug_{name}.png" for name in ("one", "two")),
    ]
    (root / "VOC2012/ImageSets/Segmentation/aug.txt").unlink()
    with pytest.raises(DataError, match=r"PascalVOC \(mode trainaug\) finds no list VOC2012/ImageSets/Segm.*/aug.txt"):
        PascalVOC([], str(root), mode="trainaug")


def test_a_palette_label_of_pascal_voc_is_read_by_its_numbers(folder):
    root = folder("PascalVOC")
    path = root / "VOC2012/SegmentationClass/train_one.png"
    label = Image.open(path).convert("L")
    label.putpalette([value for colour in PascalVOC.palette for value in colour])
    label.save(path)
    assert Image.open(path).mode == "P"
    assert PascalVOC([], str(root)).read(0)["label"][0, ::2].tolist()[:4] == [0, 15, 20, 255]


def test_kittis_modes_are_parts_of_its_200_pictures(folder):
    root = folder("KITTI")
    names = {mode: [path[-13:-7] for path, _ in KITTI([], str(root), mode=mode).file_list] for mode in KITTI.parts}
    assert names["train"] == ["000000", "000199"] and names["val"] == ["000001", "000198"]
    assert names["trainval"] == ["000000", "000001", "000198", "000199"]
    [part] = KITTI.parts["val"]
    assert len(part.only) == 21 and set(part.only) == set(KITTI.parts["train"][0].without)


def test_labels_of_the_first_release_of_mapillary_vistas_are_found(folder):
    root = folder("MapillaryVistas")
    for part in ("training", "validation"):
        (root / part / "v1.2/labels").rename(root / part / "labels")
    assert MapillaryVistas([], str(root)).read(0)["label"][0, 4] == 0


def test_annotations_that_paddleseg_converted_beside_those_of_the_download_are_preferred(folder):
    root = folder("CocoStuff164k")
    path = root / "convert_annotations/train2017"
    path.mkdir(parents=True)
    for name in ("train_one", "train_two"):
        Image.fromarray(np.full((6, 18), 170, np.uint8)).save(path / f"{name}.png")
    assert CocoStuff([], str(root)).read(0)["label"].max() == 170


# --- labels of another kind ---


def test_labels_of_the_download_and_converted_ones_are_told_apart(folder):
    root = folder("CocoStuff164k")
    with pytest.raises(DataError, match=r"values 181 .*; labels as they are in the download .* type: CocoStuff164k"):
        CocoStuff([], str(root)).read(0)
    write_folder(root, LAYOUTS["CocoStuff"])
    with pytest.raises(
        DataError, match=r"train_one.png: the label has the values 11 \(\d+ pixels\), which CocoStuff164k"
    ):
        CocoStuff164k([], str(root)).read(0)


@pytest.mark.parametrize(
    ("name", "label", "value", "words"),
    [
        ("ADE20K", "annotations/training/ADE_train_one.png", 151, "values 151 .* which ADE20K does not use"),
        ("MapillaryVistas", "training/v1.2/labels/train_one.png", 90, "does not use; version 1.2 has 0 to 65"),
        ("KITTI", "training/semantic/000000_10.png", 34, "values 34 .* which KITTI does not use"),
        ("PascalVOC", "VOC2012/SegmentationClass/train_one.png", 21, "allowed with num_classes 21 are 0..20 and 255"),
    ],
)  # fmt: skip
def test_a_number_that_a_data_set_does_not_use_is_refused_with_the_file(name, label, value, words, folder):
    root = folder(name)
    Image.fromarray(np.full((6, 18), value, np.uint8)).save(root / label)
    dataset = DATASETS[LAYOUTS[name].kind]([], str(root))
    with pytest.raises(DataError, match=rf"{label}: the label has the {words}|{label}: .*{words}"):
        dataset.read(0)
    statistics = examine(dataset).statistics[0]
    assert len(statistics.unusable) + len(statistics.bad_labels) == 1


# --- wrong folders ---


@pytest.mark.parametrize("name", LAYOUTS)
def test_an_empty_folder_is_told_what_is_missing_with_the_tree(name, tmp_path):
    layout = LAYOUTS[name]
    with pytest.raises(DataError) as caught:
        DATASETS[layout.kind]([], str(tmp_path))
    first, where, *tree = str(caught.value).splitlines()
    assert re.match(rf"{tmp_path}: {layout.kind} \(mode train\) finds no (pictures|list) ", first)
    assert where.strip() == f"expected below {tmp_path}:" and all(line.endswith("  nothing") for line in tree)
    patterns = [line.split()[0] for line in tree]
    for path in (layout.pictures["train"], layout.labels["train"], *filter(None, [layout.lists.get("train")])):
        assert any(fnmatch.fnmatch(path.format("x"), pattern) for pattern in patterns), path


def test_a_folder_without_its_labels_shows_what_is_there(folder, tmp_path):
    root = folder("ADE20K")
    (root / "annotations").rename(tmp_path / "elsewhere")
    with pytest.raises(DataError, match=r"ADE20K \(mode train\) finds no labels annotations/training/\*.png") as caught:
        ADE20K([], str(root))
    assert [line.split() for line in str(caught.value).splitlines()[2:]] == [
        ["images/training/*.jpg", "2", "files"],
        ["annotations/training/*.png", "nothing"],
    ]


def test_a_list_that_names_nothing_is_called_empty(folder):
    root = folder("PascalVOC")
    path = root / "VOC2012/ImageSets/Segmentation/train.txt"
    path.write_text("\n")
    with pytest.raises(DataError, match=rf"^{path}: the list is empty; PascalVOC \(mode train\) reads"):
        PascalVOC([], str(root))


@pytest.mark.parametrize(("given", "right"), [("..", "VOCdevkit"), ("VOC2012", "")])
def test_a_folder_above_or_below_the_right_one_is_told_so(given, right, folder):
    root = folder("PascalVOC")
    with pytest.raises(DataError) as caught:
        PascalVOC([], str((root / given).resolve()))
    place = root.resolve() if right else root
    assert f"; such files are in {place}, give that as dataset_root" in str(caught.value).splitlines()[0]


def test_pictures_and_labels_that_lack_each_other_are_named(folder):
    root = folder("ADE20K")
    (root / "annotations/training/ADE_train_two.png").unlink()
    with pytest.raises(DataError, match=r"ADE_train_two.jpg: no label annotations.* \(1 of 2 files lack one\)"):
        ADE20K([], str(root))
    (root / "images/validation/ADE_val_one.jpg").unlink()
    with pytest.raises(DataError, match=r"ADE_val_one.png: no picture images/validation/\*.jpg in .* \(1 of 2 files"):
        ADE20K([], str(root), mode="val")


def test_a_name_in_a_list_without_a_picture_is_named_with_its_line(folder):
    root = folder("PascalVOC")
    (root / "VOC2012/ImageSets/Segmentation/train.txt").write_text("train_one\n\ngone\n")
    with pytest.raises(DataError, match=r"train.txt, line 3: .*JPEGImages/gone.jpg does not exist"):
        PascalVOC([], str(root))


def test_a_picture_that_is_there_twice_is_named(folder):
    root = folder("AutoNUE")
    path = root / "leftImg8bit/train/ulm/train_one_leftImg8bit.png"
    path.with_suffix(".jpg").write_bytes(b"")
    with pytest.raises(DataError, match=r"train_one_leftImg8bit.jpg: has the name of .*bit.png; keep one"):
        AutoNUE([], str(root))


def test_hidden_files_and_folders_are_no_pictures(folder):
    root = folder("Cityscapes")
    pictures = root / "leftImg8bit/train"
    (pictures / "ulm/._train_one_leftImg8bit.png").write_bytes(b"of macOS")
    (pictures / ".ipynb_checkpoints").mkdir()
    (pictures / ".ipynb_checkpoints/train_one_leftImg8bit.png").write_bytes(b"of a notebook server")
    assert len(Cityscapes([], str(root))) == 2


def test_an_unknown_mode_and_edge_labels_are_refused_by_the_name_of_the_data_set(folder):
    root = str(folder("PascalVOC"))
    with pytest.raises(ConfigError, match="mode: 'aug' is unknown; known: train, trainval, trainaug, val, test"):
        PascalVOC([], root, mode="aug")
    with pytest.raises(ConfigError, match="PascalVOC: edge: found True; no loss here uses edge labels"):
        PascalVOC([], root, edge=True)
    with pytest.raises(DataError, match="dataset_root: nowhere is not a folder"):
        PascalVOC([], "nowhere")


def test_a_cached_sample_depends_on_how_its_label_is_read(folder):
    root = folder("CocoStuff164k")
    path, state = CocoStuff164k([], str(root)).sample_state(0)
    plain = CocoStuff([], str(root)).sample_state(0)
    assert path.splitlines()[:3] == plain[0].splitlines() and state == plain[1]
    assert len(path.splitlines()) == 4


# --- MATLAB files ---


def _write_mat(path, **content):
    from scipy.io import savemat

    path.parent.mkdir(parents=True, exist_ok=True)
    savemat(path, content)


@pytest.mark.extras("scipy")
def test_the_matlab_labels_of_coco_stuff_10k_are_read_as_they_are_downloaded(tmp_path):
    # cocostuff-labels.txt: 1 person, 11 fire hydrant, 13 stop sign, 182 wood, 0 unlabeled.
    label = np.array([[0, 1, 11], [13, 182, 0]], np.float64)
    for split in ("train", "test"):
        name = f"COCO_train2014_{split}"
        (tmp_path / "images").mkdir(exist_ok=True)
        Image.fromarray(np.zeros((2, 3, 3), np.uint8)).save(tmp_path / f"images/{name}.jpg")
        _write_mat(tmp_path / f"annotations/{name}.mat", S=label, names=np.zeros((3, 3)))
        (tmp_path / "imageLists").mkdir(exist_ok=True)
        (tmp_path / f"imageLists/{split}.txt").write_text(f"{name}\n")
    for mode in ("train", "val"):
        read = CocoStuff10k([], str(tmp_path), mode=mode).read(0)["label"]
        assert read.dtype == np.uint8 and read.tolist() == [[255, 0, 10], [11, 170, 255]]
    path = tmp_path / "annotations/COCO_train2014_train.mat"
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(DataError, match="COCO_train2014_train.mat: the label is damaged"):
        CocoStuff10k([], str(tmp_path)).read(0)
    _write_mat(path, other=label)
    with pytest.raises(DataError, match="COCO_train2014_train.mat: the label has no S"):
        CocoStuff10k([], str(tmp_path)).read(0)
    _write_mat(path, S=label + 0.5)
    with pytest.raises(DataError, match="COCO_train2014_train.mat: S is not a map of whole numbers from 0 to 511"):
        CocoStuff10k([], str(tmp_path)).read(0)


@pytest.mark.extras("scipy")
def test_the_matlab_labels_of_pascal_context_are_read_as_they_are_downloaded(tmp_path):
    # labels.txt: 2 aeroplane, 258 motorbike, 427 tvmonitor, 458 wood; 1 is the accordion, which is none of the 59.
    label = np.array([[0, 1, 2], [258, 427, 458]], np.uint16)
    (tmp_path / "JPEGImages").mkdir()
    (tmp_path / "ImageSets/Main").mkdir(parents=True)
    Image.fromarray(np.zeros((2, 3, 3), np.uint8)).save(tmp_path / "JPEGImages/2008_000002.jpg")
    _write_mat(tmp_path / "trainval/2008_000002.mat", LabelMap=label)
    for mode in ("train", "trainval", "val"):
        (tmp_path / f"ImageSets/Main/{mode}.txt").write_text("2008_000002\n")
        for kind, classes in ((PascalContext, [0, 0, 1, 34, 55, 59]), (PascalContext59, [255, 255, 0, 33, 54, 58])):
            read = kind([], str(tmp_path), mode=mode).read(0)["label"]
            assert read.dtype == np.uint8 and read.ravel().tolist() == classes


def test_without_scipy_a_matlab_label_says_what_to_install(tmp_path, monkeypatch):
    from paddleseg.datasets.mat_labels import read_mat_label

    monkeypatch.setitem(__import__("sys").modules, "scipy.io", None)
    with pytest.raises(UserError, match=r"a.mat: MATLAB files need scipy \(.*\): pip install -e '\.\[mat\]'"):
        read_mat_label(tmp_path / "a.mat", "S")


def test_the_parts_of_cityscapes_and_their_forms_stand_in_one_table():
    assert [form.pattern.rpartition("_")[2] for form in Cityscapes.parts["train"][0].labels] == [
        "labelTrainIds.png",
        "labelIds.png",
        "polygons.json",
    ]
