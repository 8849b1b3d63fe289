# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""``tools/convert_weights.py`` as a user runs it, and the network that takes its file."""

import numpy as np
import paddle

from paddleseg.models import DDRNet_23_slim
from paddleseg.models.weights import load_weights, write_weights


def test_a_checkpoint_becomes_a_file_that_the_network_loads_and_nothing_is_overwritten(run_command, tmp_path):
    paddle.seed(1)
    model = DDRNet_23_slim(num_classes=4)
    state = {name: value.numpy() for name, value in model.state_dict().items()}
    (tmp_path / "best_model").mkdir()
    meta = {"arch": "DDRNet_23_slim", "padding_mode": "official", "step": 7}
    write_weights(tmp_path / "best_model/model.pdparams", state, meta)
    target = tmp_path / "ddrnet.safetensors"
    command = ("tools/convert_weights.py", "--model_path", tmp_path / "best_model", "--save_path", target)
    result = run_command(*command)
    assert result.returncode == 0, result.stderr
    assert f"{len(state)} arrays" in result.stdout
    other = DDRNet_23_slim(num_classes=4)
    assert load_weights(other, target) == meta
    assert all(np.array_equal(value.numpy(), state[name]) for name, value in other.state_dict().items())
    before = target.read_bytes()
    again = run_command(*command)
    assert again.returncode == 1 and "is there already" in again.stderr and "Traceback" not in again.stderr
    assert target.read_bytes() == before
