# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""rule_network.py: the same weights everywhere, and labels that are the float64 network's own map."""

from pathlib import Path

import cv2
import numpy as np
import paddle
import pytest

from paddleseg.config.build import build_model
from paddleseg.config.load import load_config
from paddleseg.models.weights import load_weights, read_weights
from paddleseg.utils.errors import UserError
from paddleseg.utils.image_io import read_label
from paddleseg.utils.label_map import label_map
from tests.scripts import load_script

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
CONFIG = ROOT / "test_tipc/configs/ddrnet23_slim/ddrnet23_slim_cityscapes_1024x1024_120k.yml"
rule_network = load_script(ROOT / "test_tipc" / "rule_network.py")
MEAN, STD = (np.array(values)[:, None, None] for values in ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]))


@pytest.fixture
def pictures(tmp_path) -> Path:
    """Two noisy pictures, one for training and one for validation."""
    random = np.random.default_rng(3)
    for mode in ("train", "val"):
        coarse = random.integers(0, 256, (4, 8, 3)).astype("uint8")
        path = tmp_path / "scenes" / "leftImg8bit" / mode / "ulm" / "ulm_0_leftImg8bit.png"
        path.parent.mkdir(parents=True)
        cv2.imwrite(str(path), cv2.resize(coarse, (128, 64), interpolation=cv2.INTER_LINEAR))
    return tmp_path / "scenes"


def make(pictures: Path, folder: Path, config: Path = CONFIG) -> Path:
    words = ["--config", str(config), "--pictures", str(pictures), "--save_dir", str(folder)]
    rule_network.main(rule_network.make_parser().parse_args(words))
    return folder


def test_labels_are_what_the_saved_weights_see(pictures, tmp_path):
    folder = make(pictures, tmp_path / "by rule" / "slim")
    model = build_model(load_config(CONFIG), use_pretrained=False, use_auxiliary_head=False)
    load_weights(model, folder / "model.pdparams")
    model.eval()
    classes = set()
    for mode in ("train", "val"):
        picture = cv2.imread(str(folder / "leftImg8bit" / mode / "ulm" / "ulm_0_leftImg8bit.png"))
        image = (picture[:, :, ::-1].transpose(2, 0, 1) / 255 - MEAN) / STD
        logits = model.forward_stride8(paddle.to_tensor(image[None].astype("float32")))[0].numpy()
        label = read_label(folder / "gtFine" / mode / "ulm" / "ulm_0_gtFine_labelTrainIds.png")
        assert label.shape == (64, 128)
        # Float32 and float64 part where two classes are as good as equal.
        assert np.mean(label_map(logits, (64, 128))[0] != label) < 1e-3
        classes |= set(np.unique(label))
    assert len(classes) >= 15  # balanced: of 19


def test_the_same_weights_come_out_each_time(pictures, tmp_path):
    first, second = (read_weights(make(pictures, tmp_path / name) / "model.pdparams") for name in "ab")
    assert first[1] == second[1] == {
        "arch": "DDRNet_23_slim", "padding_mode": "official", "num_classes": 19, "in_channels": 3,
    }  # fmt: skip
    assert first[0].keys() == second[0].keys()
    for name, values in first[0].items():
        assert np.array_equal(values, second[0][name])
    # By hand: what the rule says of one layer.
    drawn = rule_network.drawn("conv1.0._conv.weight", (32, 3, 3, 3)) / np.sqrt(27)
    assert np.array_equal(first[0]["conv1.0._conv.weight"], drawn.astype("float32"))


def test_what_cannot_be_made_leaves_nothing_behind(pictures, tmp_path):
    with pytest.raises(UserError, match="there are no leftImg8bit"):
        make(tmp_path, tmp_path / "a")
    classifier = ROOT / "test_tipc/configs/ddrnet23_slim_cls/ddrnet23_slim_cls_class_crops_lite.yml"
    with pytest.raises(UserError, match="classifiers have no label maps"):
        make(pictures, tmp_path / "a", classifier)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "file").touch()
    with pytest.raises(UserError, match="is not empty"):
        make(pictures, tmp_path / "mine")
    assert not (tmp_path / "a").exists()
