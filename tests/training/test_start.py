# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""What train.py checks before the first step, and what it logs about memory after it."""

import re

import numpy as np
import paddle
import pytest
from PIL import Image

from paddleseg.datasets.data_check import SAMPLE_SIZE
from paddleseg.datasets.road_scenes import RoadScenes
from paddleseg.inference import evaluation
from paddleseg.inference.evaluation import rehearse
from paddleseg.models import DDRNet_23_slim
from paddleseg.training.hooks import memory
from paddleseg.utils.errors import ConfigError, DataError


def spoil(label_path, value=9):
    label = np.array(Image.open(label_path))
    label[-1, -1] = value
    Image.fromarray(label).save(label_path)


def test_labels_out_of_range_in_both_sets_end_the_run_before_it_writes_anything(train_here, tiny_dataset, tmp_path):
    spoil(tiny_dataset / "labels/train_3.png")
    spoil(tiny_dataset / "labels/val_1.png", 200)
    with pytest.raises(DataError) as caught:
        train_here("--do_eval")
    message = str(caught.value)
    assert "2 problems" in message and "train_3.png" in message and "200 (1 pixel in 1 file)" in message
    assert not (tmp_path / "run").exists()


def test_without_do_eval_the_validation_set_is_not_looked_at(train_here, tiny_dataset):
    spoil(tiny_dataset / "labels/val_1.png")
    assert "val_dataset" not in train_here("--iters", 1)


@pytest.mark.parametrize("off", ["off", "False"])
def test_off_looks_at_nothing(train_here, tiny_dataset, off):
    spoil(tiny_dataset / "labels/val_1.png")
    log = train_here("--iters", 1, check_labels=off)
    assert "check_labels" not in log and "iter: 1/1" in log


def test_off_written_as_yaml_writes_it_is_no_truth_value(tiny_config):
    from paddleseg.config.load import load_config
    from paddleseg.config.schema import check_config

    for written in ("off", "'off'", "False"):
        tiny_config.write_text(re.sub(r"^check_labels.*\n", "", tiny_config.read_text(), flags=re.M))
        tiny_config.write_text(tiny_config.read_text() + f"check_labels: {written}\n")
        config = load_config(tiny_config)
        check_config(config)
        assert config.data["check_labels"] == "off"
    with pytest.raises(ConfigError, match="check_labels: found 'some'; it must be one of full, sample, off"):
        check_config(load_config(tiny_config, opts=["check_labels=some"]))


def test_a_sample_is_the_default_and_the_log_has_the_table(train_here):
    log = train_here("--iters", 1)
    assert re.search(r"check_labels: sample, 8 of 8 pictures of train_dataset, \d+\.\d s\n +class +train pixels", log)
    assert SAMPLE_SIZE == 64  # as docs/config.md says


def test_an_evaluation_that_cannot_work_ends_the_run_before_its_first_step(train_here, tmp_path, monkeypatch):
    def fail(*arguments, **named):
        raise ConfigError("no such evaluation")

    monkeypatch.setattr(evaluation, "predict_label_maps", fail)
    with pytest.raises(ConfigError, match="no such evaluation"):
        train_here("--do_eval")
    assert not (tmp_path / "run").exists()


def test_the_rehearsal_leaves_the_model_as_it_was():
    paddle.seed(0)
    model = DDRNet_23_slim(num_classes=19)
    before = {name: value.numpy().copy() for name, value in model.state_dict().items()}
    state = paddle.get_rng_state()
    wanted = paddle.rand([3]).tolist()
    paddle.set_rng_state(state)
    rehearse(model, RoadScenes([], mode="val", num_samples=1, size=(64, 32)))
    assert model.training
    assert all((value.numpy() == before[name]).all() for name, value in model.state_dict().items())
    assert paddle.rand([3]).tolist() == wanted


def test_memory_is_said_once_after_the_first_step(train_here):
    log = train_here("--iters", 2)
    assert len(re.findall(r"memory after the first step: \d+\.\d\d GB of \d+\.\d\d GB in this process", log)) == 1
    assert log.index("memory after") < log.index("iter: 2/2")


@pytest.mark.parametrize("error", [None, KeyError, OSError])
def test_what_there_is_is_what_a_container_allows_where_the_system_tells(error, monkeypatch):
    def allowed():
        if error is not None:
            raise error
        return 1_000_000_000, 3_000_000_000

    monkeypatch.setattr(memory, "memory_bytes", allowed)
    assert ("of 3.00 GB in this process" in memory.describe_memory()) == (error is None)


@pytest.mark.skipif(
    memory.resource is None, reason="needs a system that tells the peak of memory (Python's module resource)"
)
def test_the_peak_grows_with_what_is_used():
    before = memory.host_peak_bytes()
    block = np.ones(max(before // 4, 50_000_000), np.uint8)
    now = memory.host_peak_bytes()
    assert block.size // 2 < now < before + 2 * block.size
