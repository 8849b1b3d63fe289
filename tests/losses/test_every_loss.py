# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Properties of every registered loss of pixels: called by name as in YAML, and in one step of a real training."""

import contextlib
import re
from types import SimpleNamespace

import cv2
import numpy as np
import paddle
import pytest
import yaml

from paddleseg.config.build import build_losses, build_model
from paddleseg.config.components import import_components
from paddleseg.config.load import Config, load_config
from paddleseg.config.paddleseg_names import advice_for
from paddleseg.config.training import train_from_config
from paddleseg.losses import CrossEntropyLoss
from paddleseg.losses.soft_target_cross_entropy import takes_picture_classes
from paddleseg.models.weights import read_weights
from paddleseg.registry import LOSSES
from paddleseg.tasks import SegmentationTask
from paddleseg.training.run_settings import RunSettings
from paddleseg.training.trainer import Trainer
from paddleseg.transforms import Pipeline
from tests.training.small_trainer import InMemory

import_components()

# Arguments of the losses that need some.
ARGUMENTS = {
    "BootstrappedCrossEntropyLoss": {"min_K": 20, "loss_th": 0.5},
    "MixedLoss": {"losses": [{"type": "CrossEntropyLoss"}, {"type": "LovaszSoftmaxLoss"}], "coef": [0.8, 0.2]},
    "OhemCrossEntropyLoss": {"min_kept": 20},
}
NAMES = sorted(name for name in LOSSES if not takes_picture_classes(LOSSES[name]))


def section(name):
    return {"type": name, **ARGUMENTS.get(name, {})}


def num_classes(name):
    return 2 if name == "FocalLoss" else 4


def build(name):
    [(loss, _)] = build_losses(Config("c.yml", {"loss": {"types": [section(name)], "coef": [1]}}))
    return loss


@pytest.fixture(params=NAMES)
def name(request):
    return request.param


@pytest.fixture
def case(name):
    """Float32 logits (3, K, 9, 8) and an int64 label with regions and ignored pixels."""
    random = np.random.default_rng(7)
    logits = random.normal(0, 1.5, (3, num_classes(name), 9, 8)).astype("float32")
    label = np.kron(random.integers(0, num_classes(name), (3, 3, 2)), np.ones((1, 3, 4), int))
    label[0, 5:, 6:] = label[2, :2] = 255
    return logits, label


def run(loss, logits, label):
    tensor = paddle.to_tensor(logits, stop_gradient=False)
    value = loss(tensor, paddle.to_tensor(label))
    value.backward()
    assert list(value.shape) == [] and value.dtype == paddle.float32
    return float(value), tensor.grad.numpy()


def test_it_is_finite_and_every_picture_receives_a_gradient(name, case):
    value, gradient = run(build(name), *case)
    assert np.isfinite(value) and value > 0
    assert np.isfinite(gradient).all()
    assert (np.abs(gradient).max((1, 2, 3)) > 0).all()


def test_ignored_pixels_receive_no_gradient_and_their_logits_do_not_matter(name, case):
    logits, label = case
    value, gradient = run(build(name), logits, label)
    assert (gradient.transpose(0, 2, 3, 1)[label == 255] == 0).all()
    changed = logits.copy()
    changed.transpose(0, 2, 3, 1)[label == 255] = 3 - changed.transpose(0, 2, 3, 1)[label == 255]
    assert run(build(name), changed, label)[0] == pytest.approx(value, rel=1e-6)


def test_the_order_of_the_pictures_changes_nothing(name, case):
    logits, label = case
    value, gradient = run(build(name), logits, label)
    other_value, other_gradient = run(build(name), logits[[2, 0, 1]], label[[2, 0, 1]])
    assert other_value == pytest.approx(value, rel=1e-6)
    np.testing.assert_allclose(other_gradient, gradient[[2, 0, 1]], rtol=1e-4, atol=1e-7)


def test_neither_logits_nor_label_are_changed(name, case):
    logits, label = (paddle.to_tensor(array) for array in case)
    build(name)(logits, label)
    np.testing.assert_array_equal(logits.numpy(), case[0])
    np.testing.assert_array_equal(label.numpy(), case[1])


def test_all_pixels_ignored_gives_zero_loss_and_zero_gradients(name, case):
    value, gradient = run(build(name), case[0], np.full_like(case[1], 255))
    assert value == 0 and (gradient == 0).all()


def test_huge_logits_stay_finite(name, case):
    for factor in (1e4, -1e4):
        value, gradient = run(build(name), case[0] * np.float32(factor), case[1])
        assert np.isfinite(value) and np.isfinite(gradient).all()


def test_nothing_is_fetched_from_the_device(name, case, monkeypatch):
    loss, tensors = build(name), [paddle.to_tensor(array) for array in case]

    def fetch(*_):
        raise AssertionError("the loss waits for the device")

    for method in ("__bool__", "__int__", "__float__", "__index__", "item", "numpy", "tolist"):
        monkeypatch.setattr(paddle.Tensor, method, fetch)
    loss(*tensors)


def test_descending_the_gradient_lowers_it(name, case):
    logits, label = case
    before, gradient = run(build(name), logits, label)
    step = np.float32(0.1 / np.abs(gradient).max())
    assert run(build(name), logits - step * gradient, label)[0] < before


def test_one_step_of_training_with_it_changes_the_weights(name, tiny_config, tiny_dataset, tmp_path):
    if num_classes(name) == 2:
        for path in (tiny_dataset / "labels").iterdir():
            label = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
            cv2.imwrite(str(path), np.where(label == 255, 255, label % 2).astype("uint8"))
    data = yaml.safe_load(tiny_config.read_text())
    data["loss"]["types"] = [section(name)]
    for dataset in ("train_dataset", "val_dataset"):
        data[dataset]["num_classes"] = num_classes(name)
    tiny_config.write_text(yaml.safe_dump(data))
    config = load_config(tiny_config, flags={"iters": 1})
    config.data["seed"] = 3
    train_from_config(config, save_dir=str(tmp_path / "run"), device="cpu", num_workers=0, log_iters=1)
    trained, _ = read_weights(tmp_path / "run" / "iter_1" / "model.pdparams")
    paddle.seed(3)
    initial = {key: tensor.numpy() for key, tensor in build_model(config).state_dict().items()}
    for head in ("head", "aux_head"):
        assert np.isfinite(trained[f"{head}.conv.weight"]).all()
        assert (trained[f"{head}.conv.weight"] != initial[f"{head}.conv.weight"]).any()
    assert (trained["conv1.0._conv.bias"] != 0).any() and (initial["conv1.0._conv.bias"] == 0).all()


# PaddleSeg's other losses.
LEFT_OUT = """
BCELoss DetailAggregateLoss DistillCrossEntropyLoss DistillationLoss DualTaskLoss EdgeAttentionLoss KLLoss L1Loss
LovaszHingeLoss MSELoss MaskFormerLoss OhemEdgeAttentionLoss PixelContrastCrossEntropyLoss PointCrossEntropyLoss RMILoss
RelaxBoundaryLoss SECrossEntropyLoss SemanticConnectivityLoss
""".split()


@pytest.mark.parametrize("left_out", LEFT_OUT)
def test_a_loss_of_paddleseg_that_is_left_out_names_one_that_is_here(left_out):
    named = re.findall(r"\w+Loss", advice_for(LOSSES.role, left_out))
    assert named and set(named) <= set(LOSSES)


def test_the_trainer_leaves_mixed_precision_before_the_losses(monkeypatch):
    active = []

    @contextlib.contextmanager
    def auto_cast(**_):
        active.append("network")
        yield
        active.pop()

    def loss(logits, label):
        assert not active
        return CrossEntropyLoss()(logits, label)

    monkeypatch.setattr(paddle.amp, "auto_cast", auto_cast)
    network = paddle.nn.Conv2D(3, 2, 1)
    model = paddle.nn.LayerList([network])
    model.forward = lambda x: [network(x)] if active else pytest.fail("the network runs in full precision")
    schedule = paddle.optimizer.lr.PolynomialDecay(0.1, 1)
    batch = {"img": paddle.rand([1, 4, 4, 3]), "label": paddle.zeros([1, 4, 4], "uint8"), "paths": ["a.png"]}
    Trainer(
        model,
        SegmentationTask([(loss, 1.0)], SimpleNamespace(pipeline=Pipeline(), class_names=None)),
        paddle.optimizer.SGD(schedule, network.parameters()),
        InMemory(lambda step: iter([batch])),
        RunSettings(iters=1, batch_size=1, seed=0, precision="bf16"),
    ).train()


@pytest.mark.parametrize(
    ("kind", "plain", "given"),
    [
        ("LovaszSoftmaxLoss", {"classes": [0, 2]}, {"classes": np.array([0, 2])}),
        ("LovaszSoftmaxLoss", {"classes": [0, 2]}, {"classes": paddle.to_tensor([0, 2])}),
        ("BoundaryLoss", {"theta0": 3}, {"theta0": np.int64(3)}),
        ("MultiClassFocalLoss", {"alpha": 0.5}, {"alpha": np.float32(0.5)}),
        ("MultiClassFocalLoss", {"alpha": 0.5}, {"alpha": paddle.to_tensor(0.5)}),
        ("MultiClassFocalLoss", {"alpha": [0, 1, 2, 3]}, {"alpha": np.arange(4)}),
        ("CrossEntropyLoss", {"weight": [0.5, 1, 2, 3]}, {"weight": paddle.to_tensor([0.5, 1, 2, 3])}),
        ("DiceLoss", {"weight": [0.5, 1, 2, 3]}, {"weight": np.array([0.5, 1, 2, 3])}),
        (
            "MixedLoss",
            {"losses": [CrossEntropyLoss()], "coef": [0.5]},
            {"losses": [CrossEntropyLoss()], "coef": np.array([0.5])},
        ),
    ],
)
def test_numbers_and_arrays_of_numpy_and_paddle_do_as_plain_ones(kind, plain, given):
    random = np.random.default_rng(7)
    case = random.normal(0, 1.5, (2, 4, 5, 6)).astype("float32"), random.integers(0, 4, (2, 5, 6))
    value, gradient = run(LOSSES[kind](**plain), *case)
    other_value, other_gradient = run(LOSSES[kind](**given), *case)
    assert other_value == value
    np.testing.assert_array_equal(other_gradient, gradient)


@pytest.mark.parametrize("empty", [[], (), np.array([])], ids=repr)
@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("CrossEntropyLoss", "weight"),
        ("OhemCrossEntropyLoss", "weight"),
        ("BootstrappedCrossEntropyLoss", "weight"),
        ("DiceLoss", "weight"),
        ("MultiClassFocalLoss", "alpha"),
    ],
)
def test_a_list_for_the_classes_is_not_empty(kind, name, empty):
    needed = ARGUMENTS.get(kind, {})
    with pytest.raises(ValueError, match=f"{kind}: {name}: the list is empty; give one per class"):
        LOSSES[kind](**needed, **{name: empty})
