# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""A task of class labels, data set and loss included, from a user's own file: no label map, no mIoU, 1000 classes."""

import json
import pickle

import pytest

from paddleseg.models.weights import read_weights
from paddleseg.registry import DATASETS, LOSSES, TASKS
from paddleseg.utils.errors import ConfigError

pytestmark = pytest.mark.usefixtures("narrow")

OWN_TASK = """\
import numpy as np
import paddle
from paddle.nn import functional as F

from paddleseg.datasets import PictureDataset
from paddleseg.datasets.loader import eval_batches
from paddleseg.inference.preprocess import to_network_input
from paddleseg.registry import DATASETS, TASKS
from paddleseg.tasks import Scores, Task
from paddleseg.utils.evaluation_mode import evaluation_mode


@TASKS.add_component
class GreyLevelTask(Task):
    primary = "top1"

    def __init__(self, train_dataset=None, val_dataset=None):
        self.train_dataset, self.val_dataset = train_dataset, val_dataset

    @property
    def can_evaluate(self):
        return self.val_dataset is not None

    def loss_terms(self, network, batch):
        logits = network(to_network_input(batch["img"], self.train_dataset.pipeline.normalize))
        return {"loss": F.cross_entropy(logits, batch["label"].astype("int64"))}

    def evaluate(self, model, *, batch_size=1, num_workers=0, precision="fp32", should_stop=None):
        right = 0
        with evaluation_mode(model), paddle.no_grad():
            for batch in eval_batches(self.val_dataset, batch_size, num_workers):
                logits = model(to_network_input(batch["img"], self.val_dataset.pipeline.normalize))
                right += int((logits.argmax(axis=1) == batch["label"].astype("int64")).sum())
        share = right / len(self.val_dataset)
        details = {"top1": share, "num_images": len(self.val_dataset)}
        return Scores({"top1": share}, "top1", [f"[EVAL] top1: {share:.4f}"], details)


@DATASETS.add_component
class Greys(PictureDataset):
    \"\"\"Each picture has one grey value, and its class is that value, times 300.\"\"\"

    def __init__(self, transforms, mode, num_classes: int):
        super().__init__(transforms, mode=mode, num_classes=num_classes)

    def __len__(self):
        return 4

    def read(self, index):
        image = np.full((64, 64, 3), 80 * index, np.uint8)
        return {"img": image, "label": np.array(300 * index), "path": f"grey {index}", "trans_info": []}
"""

CONFIG = """\
custom_imports: [own_task.py]
batch_size: 4
iters: 12
model: {type: DDRNet_23_slim_cls}
task: {type: GreyLevelTask}
train_dataset: {type: Greys, num_classes: 1000, transforms: [{type: Normalize}]}
val_dataset: {type: Greys, num_classes: 1000, transforms: [{type: Normalize}]}
optimizer: {type: SGD, momentum: 0.9}
lr_scheduler: {type: ReduceOnPlateau, learning_rate: 0.05, metric: top1}
"""


@pytest.fixture
def own_task(tiny_config, tmp_path, monkeypatch):
    """The configuration; what its file registers is gone after the test."""
    for registry in (TASKS, DATASETS, LOSSES):
        monkeypatch.setattr(registry, "_components", dict(registry._components))
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "own_task.py").write_text(OWN_TASK)
    tiny_config.write_text(CONFIG)
    yield tiny_config
    import sys

    sys.modules.pop("own_task", None)


@pytest.mark.slow
def test_a_thousand_classes_are_trained_evaluated_and_kept_by_their_own_score(own_task, train_here, tmp_path):
    log = train_here("--do_eval", "--save_interval", 6, "--use_vdl")
    assert "[EVAL] The model with the best validation top1 (" in log and "mIoU" not in log
    meta = read_weights(tmp_path / "run/best_model/model.pdparams")[1]
    assert (meta["arch"], meta["num_classes"], set(meta["metric"])) == ("DDRNet_23_slim_cls", 1000, {"top1"})
    manifest = json.loads((tmp_path / "run/best_model/manifest.json").read_text())
    assert manifest["metric"] == meta["metric"]
    weights = pickle.loads((tmp_path / "run/iter_12/model.pdparams").read_bytes())
    assert weights["linear.weight"].shape[1] == 1000

    import val

    arguments = ("--config", own_task, "--model_path", tmp_path / "run/iter_12", "--json", tmp_path / "val.json")
    val.main(val.make_parser().parse_args([*map(str, arguments), "--num_workers", "0", "--device", "cpu"]))
    assert json.loads((tmp_path / "val.json").read_text())["num_images"] == 4


def test_what_the_task_does_not_know_is_refused_by_key(own_task, train_here):
    for text, wrong, message in (
        ("metric: top1", "metric: mIoU", r"lr_scheduler\.metric: found 'mIoU'; it must be one of loss, top1"),
        ("num_classes: 1000", "num_classes: 0", r"train_dataset\.num_classes: found 0; it must be 1 or more"),
        ("_slim_cls", "_slim_clss", r"model\.type: no model 'DDRNet_23_slim_clss'\. Did you mean 'DDRNet_23_slim_cls'"),
    ):
        own_task.write_text(CONFIG.replace(text, wrong))
        with pytest.raises(ConfigError, match=message):
            train_here("--do_eval")
