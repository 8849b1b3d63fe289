# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The decoded cache: samples equal those without it, whatever happens to files, processes and disk meanwhile."""

import multiprocessing
import os
import signal
import sys
import time

import numpy as np
import pytest
from PIL import Image

from paddleseg import transforms as T
from paddleseg.config.build import build_dataset
from paddleseg.config.load import load_config
from paddleseg.config.schema import check_config
from paddleseg.datasets import Dataset, RoadScenes, SegmentationDataset, decoded_cache, memory_cache
from paddleseg.datasets.loader import eval_batches, train_batches
from paddleseg.datasets.sampler import EpochBatchSampler
from paddleseg.utils.errors import ConfigError, DataError

KINDS = pytest.mark.parametrize("kind", ["disk", "ram"])
ON_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="forks processes, as workers do on Linux")
SIZES = [(32, 24), (40, 30), (20, 50), (64, 16), (32, 24)]


@pytest.fixture
def root(tmp_path, pairs):
    pairs(tmp_path, SIZES)
    return tmp_path


def make(root, cache, *, mode="train", **changes):
    transforms = [T.ResizeStepScaling(0.5, 2.0), T.RandomPaddingCrop([16, 16]), T.RandomDistort(), T.Normalize()]
    if mode == "val":
        transforms = []
    options = {"num_classes": 4, "train_path": "train.txt", "val_path": "train.txt", "cache": cache, **changes}
    return Dataset(mode, str(root), transforms, **options)


def samples(dataset, epochs=1):
    rngs = [np.random.default_rng(seed) for seed in range(epochs * len(dataset))]
    return [dataset.sample(seed % len(dataset), rng) for seed, rng in enumerate(rngs)]


def assert_equal_samples(found, expected):
    assert len(found) == len(expected)
    for one, other in zip(found, expected):
        assert one.keys() == other.keys()
        for key in ("img", "label"):
            assert one[key].dtype == other[key].dtype
            np.testing.assert_array_equal(one[key], other[key])
        assert (one["path"], one["trans_info"]) == (other["path"], other["trans_info"])


def count_reads(monkeypatch, tmp_path, kind=SegmentationDataset):
    """Note each decoding in a file, so that those of forked processes count too."""
    log, read = tmp_path / "reads", kind.read
    log.touch()

    def noted(self, index):
        with open(log, "a") as file:
            file.write(f"{index}\n")
        return read(self, index)

    monkeypatch.setattr(kind, "read", noted)
    return lambda: sorted(map(int, log.read_text().split()))


def in_processes(*functions):
    """Run functions in forked processes side by side; give their exit codes."""
    context = multiprocessing.get_context("fork")
    processes = [context.Process(target=function) for function in functions]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    return [process.exitcode for process in processes]


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


def test_a_cache_on_disk_serves_other_runs_and_the_validation_set(root, monkeypatch, tmp_path):
    samples(make(root, "disk"))
    others = make(root, "disk"), make(root, "disk", mode="val")
    expected = samples(make(root, "none")), samples(make(root, "none", mode="val"))
    for other in others:
        other.open_cache()
    reads = count_reads(monkeypatch, tmp_path)
    for other, wanted in zip(others, expected):
        assert_equal_samples(samples(other), wanted)
    assert reads() == []


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


@pytest.mark.parametrize("damage", ["truncated", "empty", "other version", "header"])
def test_a_damaged_entry_is_made_anew(root, damage, monkeypatch, tmp_path):
    samples(make(root, "disk"))
    for entry in (root / ".decoded_cache").glob("*.decoded"):
        data = entry.read_bytes()
        spoilt = {
            "truncated": data[:-1],
            "empty": b"",
            "other version": data[:5] + b"?" + data[6:],
            "header": data.replace(b"{", b"[", 1),
        }
        entry.write_bytes(spoilt[damage])
    dataset, expected = make(root, "disk"), samples(make(root, "none"))
    assert_equal_samples(samples(dataset), expected)
    reads = count_reads(monkeypatch, tmp_path)
    assert_equal_samples(samples(dataset), expected)
    # What does not begin as an entry could be the user's own file: it stays, and is no entry.
    assert reads() == ([] if damage in ("truncated", "header") else [0, 1, 2, 3, 4])


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


@ON_LINUX
def test_forked_processes_share_the_cache_in_memory(root, monkeypatch, tmp_path):
    dataset = make(root, "ram")
    dataset.open_cache()
    reads = count_reads(monkeypatch, tmp_path)
    assert in_processes(lambda: samples(dataset)) == [0]
    samples(dataset)
    assert reads() == [0, 1, 2, 3, 4]


def _die():
    os.kill(os.getpid(), signal.SIGKILL)


@ON_LINUX
def test_a_fill_on_disk_that_is_killed_leaves_right_samples_and_no_litter(root, monkeypatch):
    dataset = make(root, "disk")
    dataset.open_cache()
    with monkeypatch.context() as patch:
        patch.setattr(decoded_cache.os, "fsync", lambda file: _die())
        assert in_processes(lambda: samples(dataset)) == [-signal.SIGKILL]
    (left_over,) = (root / ".decoded_cache").glob(".*.tmp")
    assert_equal_samples(samples(dataset, 2), samples(make(root, "none"), 2))
    hours_ago = time.time() - 7200
    os.utime(left_over, (hours_ago, hours_ago))
    make(root, "disk").open_cache()
    assert not left_over.exists()


def test_a_left_over_that_vanishes_meanwhile_is_no_failure(root, monkeypatch, tmp_path):
    (root / ".decoded_cache").mkdir()
    (root / ".decoded_cache/.x.decoded.y.tmp").symlink_to("vanished")
    dataset = make(root, "disk")
    samples(dataset)
    reads = count_reads(monkeypatch, tmp_path)
    samples(dataset)
    assert reads() == []


@ON_LINUX
@pytest.mark.parametrize("writes_before", [0, 1, 2, 3])
def test_a_fill_in_memory_that_is_killed_leaves_right_samples(root, monkeypatch, writes_before):
    dataset = make(root, "ram")
    dataset.open_cache()
    writes = []

    def write_some(*arguments, pwrite=os.pwrite):
        if len(writes) == writes_before:
            _die()
        writes.append(1)
        return pwrite(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(memory_cache.os, "pwrite", write_some)
        assert in_processes(lambda: samples(dataset)) == [-signal.SIGKILL]
    assert_equal_samples(samples(dataset, 2), samples(make(root, "none"), 2))


@ON_LINUX
def test_a_full_disk_is_one_warning_for_all_workers_and_samples_stay_right(root, capfd):
    import resource

    def train():
        resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))  # a header fits, a picture does not
        dataset = make(root, "disk")
        sampler = EpochBatchSampler(5, 1, 0, total_steps=20)
        batches = list(train_batches(dataset, sampler, seed=1, num_workers=2))
        plain = list(train_batches(make(root, "none"), sampler, seed=1, num_workers=0))
        for one, other in zip(batches, plain):
            np.testing.assert_array_equal(one["img"].numpy(), other["img"].numpy())

    assert in_processes(train) == [0]
    output = capfd.readouterr().out
    assert output.count("nothing more is written to") == 1
    assert "File too large" in output and "read from its files each time" in output
    assert not list((root / ".decoded_cache").iterdir())


@ON_LINUX
def test_a_folder_that_cannot_be_written_is_one_warning(root, capfd):
    dataset = make(root, "disk", cache_dir="/proc/nowhere")
    assert_equal_samples(samples(dataset, 2), samples(make(root, "none"), 2))
    output = capfd.readouterr().out
    assert output.count("nothing more is written to /proc/nowhere") == 1


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_a_filled_folder_that_is_read_only_is_used(root, monkeypatch, tmp_path):
    samples(make(root, "disk"))
    (root / ".decoded_cache").chmod(0o500)
    dataset = make(root, "disk")
    dataset.open_cache()
    reads = count_reads(monkeypatch, tmp_path)
    samples(dataset)
    assert reads() == []


@ON_LINUX
def test_processes_that_fail_at_the_same_moment_warn_once(root, capfd):
    dataset = make(root, "disk")
    dataset.open_cache()
    meet = multiprocessing.get_context("fork").Barrier(2)

    def fail(*arguments):
        meet.wait(10)  # both are past the question whether the cache has stopped
        raise OSError(28, "No space left on device")

    dataset._cache._store = fail
    assert in_processes(lambda: dataset.sample(0, np.random.default_rng(0)), lambda: samples(dataset)) == [0, 0]
    assert capfd.readouterr().out.count("No space left on device") == 1


@ON_LINUX
def test_a_sample_in_use_stays_as_it_is_when_its_picture_changes(root):
    dataset = make(root, "ram", mode="val")
    samples(dataset)
    in_use = dataset.sample(1, np.random.default_rng(0))
    expected = make(root, "none", mode="val").read(1)
    Image.fromarray(np.zeros((30, 40, 3), np.uint8)).save(root / "images/1.png")
    assert not dataset.sample(1, np.random.default_rng(0))["img"].any()
    assert_equal_samples([in_use], [expected])


def test_without_workers_to_share_with_the_memory_of_the_process_serves(root, monkeypatch, tmp_path):
    monkeypatch.setattr("paddleseg.datasets.base.make_memory_cache", lambda _: memory_cache.ProcessMemoryCache())
    dataset = make(root, "ram", mode="val")
    dataset.open_cache()
    reads = count_reads(monkeypatch, tmp_path)
    for _ in range(2):
        for sample in samples(dataset):
            sample["img"][...] = 0
    assert reads() == [0, 1, 2, 3, 4]
    Image.fromarray(np.zeros((30, 40, 3), np.uint8)).save(root / "images/1.png")
    assert_equal_samples(samples(dataset), samples(make(root, "none", mode="val")))


@ON_LINUX
def test_full_memory_is_one_warning(root, monkeypatch, capfd):
    monkeypatch.setattr(memory_cache, "memory_bytes", lambda: (10**6, 10**8))
    dataset = make(root, "ram")
    assert_equal_samples(samples(dataset, 2), samples(make(root, "none"), 2))
    assert capfd.readouterr().out.count("nothing more is kept in memory") == 1


def test_available_memory_is_that_of_the_container_if_it_has_a_limit(monkeypatch, tmp_path):
    monkeypatch.setattr(memory_cache, "_CONTAINER", tmp_path)
    free, total = memory_cache.memory_bytes()
    assert 0 < free <= total
    (tmp_path / "memory.max").write_text("max\n")
    assert memory_cache.memory_bytes()[1] == total
    (tmp_path / "memory.max").write_text("50000000\n")
    (tmp_path / "memory.stat").write_text("anon 10000000\nfile 30000000\nshmem 5000000\n")
    assert memory_cache.memory_bytes() == (35000000, 50000000)


def test_a_users_file_is_never_overwritten(root, capfd):
    samples(make(root, "disk"))
    entries = sorted((root / ".decoded_cache").glob("*.decoded"))
    other = root / ".decoded_cache/notes.txt"
    for path in (*entries, other):
        path.write_text("mine")
    dataset = make(root, "disk")
    assert_equal_samples(samples(dataset, 2), samples(make(root, "none"), 2))
    assert all(path.read_text() == "mine" for path in (*entries, other))
    assert capfd.readouterr().out.count("is no file of a cache and is left alone") == 1


def test_the_size_is_logged_before_anything_is_written(root, capfd, monkeypatch):
    dataset = make(root, "disk")
    monkeypatch.setattr(decoded_cache.DiskCache, "_store", lambda *arguments: pytest.fail("written"))
    dataset.open_cache()
    dataset.open_cache()
    output = capfd.readouterr().out
    assert output.count("cache: 0.00 GB for 5 decoded pictures in ") == 1 and "GB are free" in output
    assert not list((root / ".decoded_cache").iterdir())


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


def test_scenes_of_another_size_are_other_entries(tmp_path):
    for size in ((64, 32), (128, 64), (64, 32)):
        scenes = RoadScenes([], num_samples=1, size=size, cache="disk", cache_dir=str(tmp_path))
        assert samples(scenes)[0]["img"].shape == (size[1], size[0], 3)


def test_samples_with_more_than_picture_and_label_are_refused(root, monkeypatch):
    read = Dataset.read
    monkeypatch.setattr(SegmentationDataset, "read", lambda self, i: {**read(self, i), "depth": 1})
    with pytest.raises(ConfigError, match="cache: Dataset gives samples with depth, but only img and label"):
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
    with pytest.raises(ConfigError, match="cache: Remapped has a read of its own, but no sample_state"):
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
    with pytest.raises(ConfigError, match="cache: Dataset gives labels of int64, but only labels of uint8"):
        samples(make(root, kind))


@ON_LINUX
def test_a_python_without_memfd_create_uses_that_of_the_c_library(root, monkeypatch, tmp_path):
    monkeypatch.delattr(os, "memfd_create")
    dataset, expected = make(root, "ram"), samples(make(root, "none"))
    assert_equal_samples(samples(dataset), expected)
    reads = count_reads(monkeypatch, tmp_path)
    assert in_processes(lambda: assert_equal_samples(samples(dataset), expected)) == [0]
    assert reads() == []


@ON_LINUX
def test_where_no_more_can_be_mapped_files_are_read_with_one_warning(root, monkeypatch, capfd):
    dataset, expected = make(root, "ram"), samples(make(root, "none"))
    samples(dataset)

    def full(*arguments, **options):
        raise OSError(12, "Cannot allocate memory")

    monkeypatch.setattr(memory_cache.mmap, "mmap", full)
    assert_equal_samples(samples(dataset), expected)
    assert capfd.readouterr().out.count("nothing more is kept in memory (Cannot allocate memory)") == 1


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
        ({"cache": "yes"}, "cache: 'yes' is unknown; known: none, disk, ram"),
        ({"cache": "ram", "cache_dir": "x"}, "cache_dir: cache: ram writes no files"),
        ({"cache": "disk", "cache_dir": str(root / "file")}, "cache_dir: .*file is a file; give a folder"),
    ):
        with pytest.raises(ConfigError, match=message):
            make(root, **options)
    with pytest.raises(ConfigError, match="cache_dir: missing; cache: disk needs a folder here"):
        RoadScenes([], cache="disk")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("disc", "train_dataset.cache: found 'disc'; it must be one of none, disk, ram"),
        ("yes", "train_dataset.cache: found True; it must be one of none, disk, ram"),
    ],
)
def test_a_wrong_kind_is_a_problem_of_the_configuration(tiny_config, value, message):
    config = load_config(str(tiny_config), opts=[f"train_dataset.cache={value}"])
    with pytest.raises(ConfigError, match=message):
        check_config(config)


def test_a_folder_without_a_cache_is_a_problem_of_the_configuration(tiny_config):
    opts = ["train_dataset.cache_dir=mine"]
    with pytest.raises(ConfigError, match="train_dataset.cache_dir: has no effect without cache; add cache: disk"):
        check_config(load_config(str(tiny_config), opts=opts))
    check_config(load_config(str(tiny_config), opts=[*opts, "train_dataset.cache=none"]))


def test_a_configuration_sets_the_cache_and_wrong_pairs_name_file_and_key(tiny_config, tmp_path):
    opts = ["train_dataset.cache=disk", f"train_dataset.cache_dir={tmp_path / 'mine'}"]
    dataset = build_dataset(load_config(str(tiny_config), opts=opts), "train")
    dataset.sample(0, np.random.default_rng(0))
    assert len(list((tmp_path / "mine").glob("*.decoded"))) == 1
    config = load_config(str(tiny_config), opts=["train_dataset.cache=ram", "train_dataset.cache_dir=x"])
    with pytest.raises(ConfigError, match="tiny.yml.*train_dataset: cache_dir: cache: ram writes no files"):
        build_dataset(config, "train")
