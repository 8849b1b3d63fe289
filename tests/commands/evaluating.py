# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""val.py in this process, and its expected figures, counted in plain steps."""

import numpy as np
import paddle
from PIL import Image

import val


def run_here(*arguments) -> None:
    """The command in this process, for errors as exceptions."""
    val.main(val.make_parser().parse_args([*map(str, arguments), "--device", "cpu"]))


@paddle.no_grad()
def count_plainly(model, weights, dataset, scores=None) -> np.ndarray:
    """The confusion matrix by the network's full-size output or other scores of it, one picture at a time."""
    scores = scores or (lambda x: model(x)[0].numpy())
    model.set_state_dict(paddle.load(str(weights)))
    model.eval()
    matrix = np.zeros((4, 4), np.int64)
    for line in (dataset / "val.txt").read_text().splitlines():
        picture, label = (np.asarray(Image.open(dataset / name)) for name in line.split())
        x = paddle.to_tensor((picture.astype("float32") / 255 - 0.5) / 0.5).transpose([2, 0, 1])
        prediction = np.argmax(scores(x.unsqueeze(0)), axis=1)[0]
        counted = label != 255
        np.add.at(matrix, (label[counted], prediction[counted]), 1)
    return matrix
