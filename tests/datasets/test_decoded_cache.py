# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The decoded cache of either kind: samples equal those without it, whatever happens to files and processes."""

import os

import numpy as np
import pytest
from PIL import Image

from paddleseg.config.build import build_dataset
from paddleseg.config.load import load_config
from paddleseg.config.schema import check_config
from paddleseg.datasets import Dataset, RoadScenes, SegmentationDataset
from paddleseg.datasets.loader import eval_batches
from paddleseg.utils.errors import ConfigError, DataError
from tests.datasets.cached import KINDS, ON_LINUX, SIZES, assert_equal_samples, count_reads, in_processes, make, samples
from tests.messages import naming


@KINDS
@pytest.mark.parametrize("mode", ["train", "val"])
def test_cached_samples_equal_uncached_ones_while_and_after_the_cache_is_filled(root, kind, mode):
    cached = make(root, kind, mode=mode)
    assert_equal_samples(samples(cached, 3), samples(make(root, "none", mode=mode), 3))


@KINDS
def test_each_picture_is_decoded_once(root, kind, monkeypatch, tmp_path):
    dataset = make(root, kind)
    dataset.open_cache()
    reads = count_reads(monkeypatch, tmp_path)
    samples(dataset, 3)
    assert reads() == [0, 1, 2, 3, 4]


@KINDS
@pytest.mark.parametrize("same_size", [True, False])
def test_a_changed_picture_is_noticed_by_its_size_or_time(root, kind, same_size):
    path = root / "images/1.png"
    image = np.array(Image.open(path))
    Image.fromarray(image).save(path, compress_level=0)  # the size does not depend on the content
    dataset = make(root, kind)
    samples(dataset)
    before = path.stat()
    if same_size:
        Image.fromarray(255 - image).save(path, compress_level=0)
        assert path.stat().st_size == before.st_size
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns + 1))
    else:
        Image.fromarray(np.zeros_like(image)).save(path)
        assert path.stat().st_size != before.st_size
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    for _ in range(2):
        assert_equal_samples(samples(dataset), samples(make(root, "none")))


@KINDS
def test_a_changed_label_is_noticed_too(root, kind):
    dataset = make(root, kind)
    samples(dataset)
    Image.fromarray(np.full((30, 40), 3, np.uint8)).save(root / "labels/1.png")
    assert_equal_samples(samples(dataset), samples(make(root, "none")))


@KINDS
def test_writing_to_a_sample_changes_no_later_one(root, kind):
    dataset = make(root, kind, mode="val")
    expected = samples(make(root, "none", mode="val"))
    for _ in range(2):
        for sample in samples(dataset):
            sample["img"][...] = 0
            sample["label"][...] = 0
    assert_equal_samples(samples(dataset), expected)


@ON_LINUX
@KINDS
def test_two_processes_filling_one_cache_give_right_samples(root, kind):
    expected = samples(make(root, "none"))
    dataset = make(root, kind)
    dataset.open_cache()

    def fill():
        for _ in range(20):
            assert_equal_samples(samples(dataset), expected)
            if kind == "disk":
                for entry in (root / ".decoded_cache").glob("*.decoded"):
                    entry.unlink(missing_ok=True)

    assert in_processes(fill, fill) == [0, 0]
    assert_equal_samples(samples(dataset), expected)
    assert not list((root / ".decoded_cache").glob(".*.tmp"))


def test_labels_are_held_to_the_classes_of_this_run(root):
    for index, (width, height) in enumerate(SIZES):  # 3 only where opening the cache does not look
        label = np.full((height, width), 3 if index == 1 else 2, np.uint8)
        Image.fromarray(label).save(root / f"labels/{index}.png")
    samples(make(root, "disk"))
    with pytest.raises(DataError, match=r"labels/1.png: the label has the values 3 \(1200 pixels\)"):
        samples(make(root, "disk", num_classes=3))


def test_a_missing_file_is_named_though_its_picture_is_cached(root):
    dataset = make(root, "disk")
    samples(dataset)
    (root / "labels/2.png").unlink()
    with pytest.raises(DataError, match="labels/2.png: the label does not exist"):
        samples(dataset)


@KINDS
def test_drawn_scenes_and_other_types_than_8_bits_are_cached(kind, tmp_path, monkeypatch):
    folder = {"cache_dir": str(tmp_path / "cache")} if kind == "disk" else {}
    scenes = RoadScenes([], num_samples=2, size=(64, 32), cache=kind, **folder)
    other = RoadScenes([], num_samples=2, size=(64, 32), seed=1, cache=kind, **folder)
    for dataset in (scenes, other):
        plain = RoadScenes([], num_samples=2, size=(64, 32), seed=dataset.seed)
        dataset.open_cache()
        assert_equal_samples(samples(dataset, 2), samples(plain, 2))
    read = RoadScenes.read
    monkeypatch.setattr(
        RoadScenes, "read", lambda self, i: {**read(self, i), "img": read(self, i)["img"].astype(np.uint16)}
    )
    third = RoadScenes([], num_samples=2, size=(64, 32), seed=2, cache=kind, **folder)
    assert [sample["img"].dtype for sample in samples(third, 2)] == [np.uint16] * 4


def test_samples_with_more_than_picture_and_label_are_refused(root, monkeypatch):
    read = Dataset.read
    monkeypatch.setattr(SegmentationDataset, "read", lambda self, i: {**read(self, i), "depth": 1})
    with pytest.raises(ConfigError, match=naming("cache: Dataset", "depth", "img and label")):
        samples(make(root, "disk"))


class Remapped(Dataset):
    """A data set that changes what it reads."""

    shift = 1

    def read(self, index):
        sample = super().read(index)
        return {**sample, "label": sample["label"] // 2 + self.shift}


class NamedRemapped(Remapped):
    """The same, and it says what its samples depend on."""

    def sample_state(self, index):
        name, state = super().sample_state(index)
        return f"{name} shift {self.shift}", state


@KINDS
def test_a_read_of_its_own_is_cached_only_where_the_state_is_its_own_too(root, kind):
    options = {"num_classes": 200, "train_path": "train.txt", "cache": kind}
    with pytest.raises(ConfigError, match=naming("cache: Remapped", "read", "sample_state")):
        Remapped("train", str(root), [], **options)
    Remapped("train", str(root), [], **{**options, "cache": "none"})
    for shift in (1, 2, 1):
        dataset = NamedRemapped("train", str(root), [], **options)
        dataset.shift = shift
        assert_equal_samples([dataset.sample(0, np.random.default_rng(0)) for _ in range(2)], [dataset.read(0)] * 2)


@KINDS
def test_labels_of_other_types_are_refused_and_not_cut_short(root, kind, monkeypatch):
    read = SegmentationDataset.read
    monkeypatch.setattr(
        SegmentationDataset, "read", lambda self, i: {**read(self, i), "label": read(self, i)["label"].astype(int)}
    )
    with pytest.raises(ConfigError, match=naming("cache: Dataset", "int64", "uint8")):
        samples(make(root, kind))


@KINDS
def test_evaluation_batches_with_workers_are_the_same(root, kind):
    plain = list(eval_batches(make(root, "none", mode="val"), 2, 0))
    dataset = make(root, kind, mode="val")
    for _ in range(2):
        batches = list(eval_batches(dataset, 2, 2))
        assert [batch["paths"] for batch in batches] == [batch["paths"] for batch in plain]
        for one, other in zip(batches, plain):
            np.testing.assert_array_equal(one["img"].numpy(), other["img"].numpy())
            np.testing.assert_array_equal(one["label"].numpy(), other["label"].numpy())


def test_wrong_options_name_the_key(root):
    (root / "file").touch()
    for options, message in (
        ({"cache": "yes"}, naming("cache", "'yes'", "none, disk, ram")),
        ({"cache": "ram", "cache_dir": "x"}, "cache_dir: cache: ram writes no files"),
        ({"cache": "disk", "cache_dir": str(root / "file")}, "cache_dir: .*file is a file; give a folder"),
        ({"cache": "disk", "cache_dir": "a\0b"}, naming("cache_dir", r"'a\x00b'")),
    ):
        with pytest.raises(ConfigError, match=message):
            make(root, **options)
    with pytest.raises(ConfigError, match=naming("cache_dir", "cache: disk")):
        RoadScenes([], cache="disk")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("disc", naming("train_dataset.cache", "'disc'", "none, disk, ram")),
        ("yes", naming("train_dataset.cache", "True", "none, disk, ram")),
    ],
)
def test_a_wrong_kind_is_a_problem_of_the_configuration(tiny_config, value, message):
    config = load_config(str(tiny_config), opts=[f"train_dataset.cache={value}"])
    with pytest.raises(ConfigError, match=message):
        check_config(config)


def test_a_folder_without_a_cache_is_a_problem_of_the_configuration(tiny_config):
    opts = ["train_dataset.cache_dir=mine"]
    with pytest.raises(ConfigError, match=naming("train_dataset.cache_dir", "cache: disk")):
        check_config(load_config(str(tiny_config), opts=opts))
    check_config(load_config(str(tiny_config), opts=[*opts, "train_dataset.cache=none"]))


def test_a_configuration_sets_the_cache_and_wrong_pairs_name_file_and_key(tiny_config, tmp_path):
    opts = ["train_dataset.cache=disk", f"train_dataset.cache_dir={tmp_path / 'mine'}"]
    dataset = build_dataset(load_config(str(tiny_config), opts=opts), "train")
    dataset.sample(0, np.random.default_rng(0))
    assert len(list((tmp_path / "mine").glob("*.decoded"))) == 1
    config = load_config(str(tiny_config), opts=["train_dataset.cache=ram", "train_dataset.cache_dir=x"])
    with pytest.raises(ConfigError, match="--opts: train_dataset.cache_dir: cache: ram writes no files"):
        check_config(config)
