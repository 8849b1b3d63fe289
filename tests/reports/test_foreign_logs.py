# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Logs of other kits: lines in their formats, with figures made up for these tests."""

import json
import math

import pytest

from paddleseg.reports.foreign_logs import read_log
from paddleseg.training.hooks.log import format_train_line


def series(*lines):
    return read_log(lines, "").series


def test_lines_of_paddleseg_are_read_and_an_evaluation_is_of_the_step_before_it():
    found = series(
        "2022-01-02 03:04:05 [INFO]\t[TRAIN] epoch: 1, iter: 100/500, loss: 2.5000, lr: 0.009657, batch_cost: 0.5000, "
        "reader_cost: 0.07000, ips: 3.7425 samples/sec | ETA 00:04:16",
        "2022-01-02 03:05:05 [INFO]\tStart evaluating (total_samples: 20, total_iters: 20)...",
        "20/20 [==============================] - 6s 30ms/step - batch_cost: 0.0290 - reader cost: 8.5e-05",
        "2022-01-02 03:06:05 [INFO]\t[EVAL] #Images: 20 mIoU: 0.5000 Acc: 0.9000 Kappa: nan Dice: 0.6000",
        "2022-01-02 03:06:05 [INFO]\t[EVAL] Class IoU: ",
        "[1. 0.]",
        "2022-01-02 03:06:05 [INFO]\t[EVAL] The model with the best validation mIoU (0.5000) was saved at iter 100.",
        "2022-01-02 03:07:05 [INFO]\t[TRAIN] epoch: 2, iter: 200/500, loss: nan, lr: 0.0, batch_cost: 0.5, ips: 4",
    )
    assert found["Train/lr"] == {100: 0.009657, 200: 0.0} and found["Train/ips"] == {100: 3.7425, 200: 4.0}
    assert found["Train/loss"][100] == 2.5 and math.isnan(found["Train/loss"][200])
    assert found["Evaluate/mIoU"] == {100: 0.5} and found["Evaluate/Dice"] == {100: 0.6}
    assert "Evaluate/Images" not in found and "Train/epoch" not in found and "Train/ETA" not in found


def test_the_old_lines_of_paddleseg_are_read():
    found = series(
        "2021-01-19 07:02:41 [INFO]\t[TRAIN] epoch=1, iter=5/100, loss=2.87, lr=0.0096, batch_cost=0.9, "
        "reader_cost=0.25 | ETA 00:01:24",
        "2021-01-19 07:02:51 [INFO]\t[EVAL] #Images=10 mIoU=0.25 Acc=0.5 Kappa=0.1 ",
    )
    assert found["Train/loss"] == {5: 2.87} and found["Train/reader_cost"] == {5: 0.25}
    assert found["Evaluate/mIoU"] == {5: 0.25}


def test_the_second_evaluation_of_a_step_is_of_the_moving_average():
    line = "[TRAIN] epoch: 1, iter: {}/500, loss: 2, lr: 0.1, batch_cost: 1, ips: 1"
    evaluated = "[EVAL] #Images: 20 mIoU: {} Acc: 0.9"
    found = series(
        line.format(10), evaluated.format(0.3), evaluated.format(0.4), line.format(20), evaluated.format(0.5)
    )
    assert found["Evaluate/mIoU"] == {10: 0.3, 20: 0.5} and found["Evaluate/EMA_mIoU"] == {10: 0.4}


def test_our_own_line_is_read_to_the_last_digit():
    line = format_train_line(
        epoch=3, step=120, total_steps=4000, loss=1.2345, learning_rate=0.004321, batch_cost=0.3456,
        reader_cost=0.00123, ips=23.1481, grad_norm=12340.0,
    )  # fmt: skip
    found = series(f"[2026/01/31 12:00:00] INFO: {line}")
    assert {tag: values[120] for tag, values in found.items()} == {
        "Train/loss": 1.2345, "Train/lr": 0.004321, "Train/batch_cost": 0.3456, "Train/reader_cost": 0.00123,
        "Train/ips": 23.1481, "Train/grad_norm": 12340.0,
    }  # fmt: skip


def test_text_of_mmsegmentation_0_is_read():
    found = series(
        "2022-09-17 18:42:59,625 - mmseg - INFO - workflow: [('train', 1)], max: 80000 iters",
        "2022-09-17 18:43:26,898 - mmseg - INFO - Iter [50/80000]\tlr: 9.995e-03, eta: 12:00:06, time: 0.540, "
        "data_time: 0.115, memory: 2431, decode.loss_ce: 0.7234, decode.acc_seg: 85.1, loss: 1.0103",
        "2022-09-17 18:44:26,898 - mmseg - INFO - Iter(val) [20]\taAcc: 0.9512, mIoU: 0.7423, mAcc: 0.8312",
    )
    assert found["Train/lr"] == {50: 9.995e-3} and found["Train/batch_cost"] == {50: 0.54}
    assert found["Train/loss"] == {50: 1.0103} and found["Train/decode.loss_ce"] == {50: 0.7234}
    assert found["Evaluate/mIoU"] == {50: 0.7423} and "Train/memory" not in found and "Train/eta" not in found


def test_json_of_mmsegmentation_0_is_read_and_its_number_of_pictures_is_no_step():
    records = [
        {"env_info": "Python: 3.8", "seed": 0, "exp_name": "mine.py"},
        {
            "mode": "train",
            "epoch": 1,
            "iter": 50,
            "lr": 0.01,
            "memory": 2431,
            "data_time": 0.1,
            "loss": 1.5,
            "time": 0.5,
        },
        {"mode": "val", "epoch": 1, "iter": 20, "lr": 0.01, "aAcc": 0.95, "mIoU": 0.7, "mAcc": 0.8, "IoU.road": 0.97},
    ]
    found = series(*map(json.dumps, records))
    assert found["Train/loss"] == {50: 1.5} and found["Train/reader_cost"] == {50: 0.1}
    assert found["Evaluate/mIoU"] == {50: 0.7} and found["Evaluate/IoU.road"] == {50: 0.97}


@pytest.mark.parametrize("kind", ["text", "json"])
def test_logs_of_mmsegmentation_1_have_shares_of_100(kind):
    lines = {
        "text": [
            "2023/11/27 07:47:56 - mmengine - INFO - Iter(train) [  500/120000]  base_lr: 1.9999e-04 lr: 1.9999e-05  "
            "eta: 3 days, 8:49:05  time: 2.4347  data_time: 0.0873  memory: 21519  loss: 2.2154",
            "2023/11/27 07:50:56 - mmengine - INFO - Iter(val) [ 50/500]    eta: 0:00:17  time: 0.0401  memory: 1063",
            "2023/11/27 07:57:56 - mmengine - INFO - Iter(val) [500/500]    aAcc: 95.9500  mIoU: 77.8000  "
            "mAcc: 85.1000  data_time: 0.0100  time: 0.0400",
        ],
        "json": map(json.dumps, [
            {"base_lr": 2e-4, "lr": 1.9999e-5, "data_time": 0.0873, "loss": 2.2154, "time": 2.4347, "iter": 500,
             "memory": 21519, "step": 500},
            {"aAcc": 95.95, "mIoU": 77.8, "mAcc": 85.1, "data_time": 0.01, "time": 0.04, "step": 500},
        ]),
    }[kind]  # fmt: skip
    found = series(*lines)
    assert found["Train/lr"] == {500: 1.9999e-5} and found["Train/loss"] == {500: 2.2154}
    assert found["Evaluate/mIoU"][500] == pytest.approx(0.778) and "Evaluate/time" not in found


def test_other_text_has_no_figures():
    assert series("loss: 3", "", "{", "[1, 2]", "Iter", "[TRAIN]", "[TRAIN] epoch: 1", '{"mode": "val"}') == {}
