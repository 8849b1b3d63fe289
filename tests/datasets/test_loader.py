# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The loader: equal batches for any number of workers, and errors that arrive instead of hanging."""

import os
import shutil
import signal
import time

import cv2
import numpy as np
import pytest

from paddleseg import transforms as T
from paddleseg.datasets import Dataset
from paddleseg.datasets.loader import eval_batches, train_batches
from paddleseg.datasets.sampler import EpochBatchSampler
from paddleseg.utils.errors import ConfigError, DataError
from tests.messages import naming

WORKERS = pytest.mark.parametrize("num_workers", [0, 2])


def make(root, transforms, *, mode="train"):
    return Dataset(mode, str(root), transforms, 4, train_path="train.txt", val_path="train.txt")


def training(root, num_workers, *, seed=3, dataset=None, **options):
    transforms = [
        T.ResizeStepScaling(0.5, 2.0),
        T.RandomPaddingCrop([16, 16]),
        T.RandomDistort(),
        T.Normalize(),
    ]
    dataset = dataset or make(root, transforms)
    sampler = EpochBatchSampler(len(dataset), 2, seed, **{"total_steps": 6, **options})
    return list(train_batches(dataset, sampler, seed=seed, num_workers=num_workers))


@pytest.fixture
def root(tmp_path, pairs):
    pairs(tmp_path, [(32, 24)] * 5)
    return tmp_path


def assert_equal_batches(first, second):
    assert len(first) == len(second)
    for one, other in zip(first, second):
        assert one.keys() == other.keys()
        for key in one:
            if key in ("img", "label"):
                np.testing.assert_array_equal(one[key].numpy(), other[key].numpy())
            else:
                assert one[key] == other[key]


@WORKERS
def test_batches_of_16_bit_pictures_hold_their_values(root, num_workers):
    for index in range(5):
        wide = np.random.default_rng(index).integers(0, 65536, (24, 32, 4)).astype(np.uint16)
        cv2.imwrite(str(root / f"images/{index}.png"), wide)
    dataset = Dataset("val", str(root), [], 4, val_path="train.txt", img_channels=4)
    for batch in eval_batches(dataset, 2, num_workers):
        for index, image in zip(batch["index"], batch["img"].numpy()):
            np.testing.assert_array_equal(image, dataset.read(index)["img"])


@WORKERS
def test_a_batch_holds_8_bit_tensors_and_what_is_known_of_its_samples(root, num_workers):
    batch = training(root, num_workers)[0]
    assert tuple(batch["img"].shape) == (2, 16, 16, 3) and tuple(batch["label"].shape) == (2, 16, 16)
    assert batch["img"].numpy().dtype == batch["label"].numpy().dtype == np.uint8
    assert batch["paths"] == [str(root / f"images/{index}.png") for index in batch["index"]]
    assert batch["trans_info"] == [[], []]


def test_batches_are_bit_equal_with_and_without_workers(root):
    assert_equal_batches(training(root, 0), training(root, 2))


@WORKERS
def test_a_resumed_run_gets_the_batches_of_the_uninterrupted_one(root, num_workers):
    assert_equal_batches(training(root, num_workers, start_step=3), training(root, 0)[3:])


def test_epochs_repeats_and_seeds_change_the_random_transforms(root):
    repeated = training(root, 0, repeats=4, total_steps=10)
    seen = {}
    for batch in repeated:
        for index, image in zip(batch["index"], batch["img"].numpy()):
            seen.setdefault(index, []).append(image.tobytes())
    assert all(len(set(images)) == len(images) == 4 for images in seen.values())
    assert not np.array_equal(training(root, 0)[0]["img"].numpy(), training(root, 0, seed=4)[0]["img"].numpy())


def test_ranks_together_see_what_one_process_sees(root):
    one = training(root, 0, total_steps=2)
    ranks = [training(root, 0, rank=rank, world_size=2, total_steps=1)[0] for rank in range(2)]
    np.testing.assert_array_equal(one[0]["img"].numpy(), ranks[0]["img"].numpy())
    np.testing.assert_array_equal(one[1]["img"].numpy(), ranks[1]["img"].numpy())


def _spoil(root):
    label = root / "labels/3.png"
    label.write_bytes(label.read_bytes()[:60])


@WORKERS
def test_a_damaged_file_ends_training_with_its_message(root, num_workers):
    _spoil(root)
    with pytest.raises(DataError, match="labels/3.png: the label is truncated"):
        training(root, num_workers)


@WORKERS
def test_a_damaged_file_ends_evaluation_with_its_message(root, num_workers):
    _spoil(root)
    with pytest.raises(DataError, match="labels/3.png: the label is truncated"):
        list(eval_batches(make(root, [], mode="val"), 2, num_workers))


@WORKERS
def test_a_file_that_vanishes_during_training_is_named(root, num_workers):
    dataset = make(root, [])
    (root / "images/4.png").unlink()
    with pytest.raises(DataError, match="images/4.png: the picture does not exist"):
        training(root, num_workers, dataset=dataset, total_steps=20)


@WORKERS
def test_training_samples_of_different_sizes_are_explained(tmp_path, pairs, num_workers):
    pairs(tmp_path, [(32, 24), (30, 24)])
    with pytest.raises(DataError, match=naming("30x24", "32x24", "fixed size")):
        training(tmp_path, num_workers, dataset=make(tmp_path, []))


class Broken(Dataset):
    """Raises what is given when sample 3 is read."""

    def __init__(self, root, action):
        super().__init__("train", str(root), [], 4, train_path="train.txt")
        self.action = action

    def read(self, index):
        if index == 3:
            self.action()
        return super().read(index)


def _raise_config_error():
    raise ConfigError("some.key: wrong")


def _divide_by_zero():
    return 1 // 0


@WORKERS
def test_other_user_errors_keep_their_class(root, num_workers):
    with pytest.raises(ConfigError, match="^some.key: wrong$"):
        training(root, num_workers, dataset=Broken(root, _raise_config_error))


@WORKERS
def test_a_bug_arrives_with_its_traceback(root, num_workers):
    with pytest.raises(RuntimeError, match="(?s)reading a sample failed:.*_divide_by_zero.*ZeroDivisionError"):
        training(root, num_workers, dataset=Broken(root, _divide_by_zero))


@pytest.mark.slow
def test_a_killed_worker_is_noticed_where_the_next_batch_is_asked_for(root):
    main_process = os.getpid()

    def die():
        assert os.getpid() != main_process
        os.kill(os.getpid(), signal.SIGKILL)

    sampler = EpochBatchSampler(5, 2, 0, total_steps=100, shuffle=False)
    batches = train_batches(Broken(root, die), sampler, seed=0, num_workers=2)
    assert next(batches)["index"] == [0, 1]
    time.sleep(1)  # a worker dies meanwhile, reading sample 3
    with pytest.raises(DataError, match="one of 2 data loading processes has died"):
        next(batches)


@WORKERS
def test_evaluation_batches_neighbours_of_one_size_and_keeps_the_order(tmp_path, pairs, num_workers):
    pairs(tmp_path, [(32, 24), (32, 24), (20, 24), (32, 24), (32, 24), (32, 24), (32, 24)])
    dataset = make(tmp_path, [T.Normalize()], mode="val")
    batches = list(eval_batches(dataset, 4, num_workers))
    assert [batch["index"] for batch in batches] == [[0, 1], [2], [3], [4, 5, 6]]
    assert tuple(batches[1]["img"].shape) == (1, 24, 20, 3)
    np.testing.assert_array_equal(batches[3]["label"].numpy()[1], dataset.read(5)["label"])


@WORKERS
def test_evaluation_counts_each_picture_once_over_all_ranks(root, num_workers):
    dataset = make(root, [T.ResizeByShort(12), T.Padding([20, 20])], mode="val")
    seen = []
    for rank in range(3):
        for batch in eval_batches(dataset, 2, num_workers, rank, 3):
            seen += batch["index"]
            assert batch["trans_info"] == [[("resize", (24, 32)), ("padding", (12, 16))]] * len(batch["index"])
            assert tuple(batch["label"].shape[1:]) == (24, 32)
    assert sorted(seen) == [0, 1, 2, 3, 4]


@WORKERS
def test_pictures_without_labels_have_no_label_in_the_batch(root, num_workers):
    (root / "test.txt").write_text("images/0.png\nimages/1.png\n")
    dataset = Dataset("test", str(root), [], 4, test_path="test.txt")
    (batch,) = eval_batches(dataset, 2, num_workers)
    assert "label" not in batch and tuple(batch["img"].shape) == (2, 24, 32, 3)


@WORKERS
def test_stopping_early_ends_the_workers_quickly(root, num_workers):
    dataset = make(root, [])
    sampler = EpochBatchSampler(5, 2, 0, total_steps=10**6)
    batches = train_batches(dataset, sampler, seed=0, num_workers=num_workers)
    next(batches)
    started = time.perf_counter()
    batches.close()
    del batches
    assert time.perf_counter() - started < 4


@pytest.mark.skipif(not os.path.isdir("/dev/shm"), reason="needs /dev/shm, the shared memory of Linux")
def test_shared_memory_that_is_too_small_for_the_workers_is_reported_once(root, monkeypatch, log):
    usage = shutil.disk_usage("/dev/shm")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(total=4095, free=1024))
    training(root, 2)  # batches of 2 x 16 x 16 x 4 bytes, two of them for each of two workers: 8192 bytes
    assert log.text.count("2 workers may need") == 1
    assert "/dev/shm has 0 MB, 0 MB of them free" in log.text
    log.clear()
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(total=8192, free=8192))
    training(root, 2)
    assert "may need" not in log.text
