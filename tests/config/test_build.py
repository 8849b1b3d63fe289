# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from paddleseg.config import build
from paddleseg.config.load import Config, load_config
from paddleseg.config.schema import check_config
from paddleseg.registry import (
    BACKBONES,
    DATASETS,
    LOSSES,
    LR_SCHEDULERS,
    MODELS,
    OPTIMIZERS,
    TRANSFORMS,
    Registry,
)
from paddleseg.utils.errors import ConfigError, DataError


class Recorder:
    """A component that keeps what it was built with."""

    def __init__(self, **arguments):
        self.arguments = arguments


class FakeModel(Recorder):
    def __init__(self, num_classes, in_channels=3, pretrained=None):
        super().__init__(num_classes=num_classes, in_channels=in_channels, pretrained=pretrained)


class FakeNet(Recorder):
    def __init__(self, backbone):
        super().__init__(backbone=backbone)


class FakeBackbone(Recorder):
    def __init__(self, pretrained=None):
        super().__init__(pretrained=pretrained)


class FakeData(Recorder):
    def __init__(self, mode, transforms, num_classes, img_channels=3, ignore_index=255, class_names=None):
        super().__init__(
            mode=mode,
            transforms=transforms,
            num_classes=num_classes,
            img_channels=img_channels,
            ignore_index=ignore_index,
            class_names=class_names,
        )

    def use_for(self, purpose):
        self.purpose = purpose


class FixedData(Recorder):
    num_classes, img_channels = 7, 1

    def __init__(self, transforms=(), mode="train"):
        super().__init__(mode=mode)

    def use_for(self, purpose):
        self.purpose = purpose


class FakeTransform(Recorder):
    def __init__(self, size=1):
        super().__init__(size=size)


class FakeLoss(Recorder):
    def __init__(self, ignore_index=255, factor=1):
        super().__init__(ignore_index=ignore_index, factor=factor)


class FakeOptimizer(Recorder):
    def __init__(self, parameters, learning_rate, momentum=0.0):
        super().__init__(parameters=parameters, learning_rate=learning_rate, momentum=momentum)


class FakeSchedule(Recorder):
    def __init__(self, learning_rate, total_steps):
        super().__init__(learning_rate=learning_rate, total_steps=total_steps)


class Refusing:
    def __init__(self, error="value"):
        raise {"value": ValueError, "data": DataError, "bug": TypeError}[error]("no good")


@pytest.fixture(autouse=True)
def fake_components(monkeypatch):
    """Fakes beside the real components, for the time of a test."""
    fakes: dict[int, tuple[Registry, list]] = {
        id(registry): (registry, list(classes))
        for registry, *classes in (
            (MODELS, FakeModel, FakeNet, Refusing),
            (BACKBONES, FakeBackbone),
            (DATASETS, FakeData, FixedData),
            (TRANSFORMS, FakeTransform),
            (LOSSES, FakeLoss),
            (OPTIMIZERS, FakeOptimizer),
            (LR_SCHEDULERS, FakeSchedule),
        )
    }
    build.import_components()
    for registry, classes in fakes.values():
        monkeypatch.setattr(registry, "_components", dict(registry._components))
        monkeypatch.setattr(registry, "kind", None)
        for component in classes:
            registry.add_component(component)


def config_of(**data) -> Config:
    return Config("c.yml", data, {"model": "c.yml:3"})


def test_the_number_of_classes_and_channels_go_from_the_data_to_the_model():
    data = {"type": "FakeData", "num_classes": 4, "img_channels": 1, "transforms": []}
    model = build.build_model(config_of(model={"type": "FakeModel"}, train_dataset=data))
    assert model.arguments == {"num_classes": 4, "in_channels": 1, "pretrained": None}


def test_a_data_set_of_fixed_classes_states_them_without_being_built():
    model = build.build_model(config_of(model={"type": "FakeModel"}, val_dataset={"type": "FixedData"}))
    assert (model.arguments["num_classes"], model.arguments["in_channels"]) == (7, 1)


def test_what_the_model_states_goes_to_the_data():
    config = config_of(model={"type": "FakeModel", "num_classes": 5}, val_dataset={"type": "FakeData"})
    assert build.build_dataset(config, "val").arguments["num_classes"] == 5


def test_pretrained_weights_can_be_left_out():
    config = config_of(model={"type": "FakeModel", "num_classes": 5, "pretrained": "w"})
    assert build.build_model(config).arguments["pretrained"] == "w"
    assert build.build_model(config, use_pretrained=False).arguments["pretrained"] is None


def test_pretrained_weights_of_a_backbone_can_be_left_out():
    config = config_of(model={"type": "FakeNet", "backbone": {"type": "FakeBackbone", "pretrained": "w"}})
    assert build.build_model(config).arguments["backbone"].arguments == {"pretrained": "w"}
    assert build.build_model(config, use_pretrained=False).arguments["backbone"].arguments == {"pretrained": None}
    assert config.data["model"]["backbone"]["pretrained"] == "w"


class OrderedModel(Recorder):
    def __init__(self, num_classes, data_format="NCHW"):
        super().__init__(num_classes=num_classes, data_format=data_format)


def test_a_default_order_of_the_axes_is_for_networks_of_the_toolkit_that_leave_it_open():
    MODELS.add_component(OrderedModel)
    last = {"default_data_format": "NHWC"}

    def order(**model):
        built = build.build_model(config_of(model={"num_classes": 5, **model}), **last)
        return built.arguments["data_format"] if isinstance(built, Recorder) else built.data_format

    assert order(type="OrderedModel") == "NCHW"  # a user's own may mean something else
    plain = build.build_model(config_of(model={"type": "FakeModel", "num_classes": 5}), **last)
    assert "data_format" not in plain.arguments
    assert order(type="DDRNet_23_slim") == order(type="DDRNet_23_slim", data_format=None) == "NHWC"
    assert order(type="DDRNet_23_slim", data_format="NCHW") == "NCHW"


def test_data_sets_get_their_mode_their_transforms_and_what_the_other_one_states():
    train = {
        "type": "FakeData",
        "num_classes": 2,
        "ignore_index": 9,
        "class_names": ["a", "b"],
        "shuffle": False,
    }
    val = {"type": "FakeData", "transforms": [{"type": "FakeTransform", "size": 3}]}
    config = config_of(train_dataset=train, val_dataset=val)
    built = build.build_dataset(config, "val").arguments
    assert [transform.arguments for transform in built.pop("transforms")] == [{"size": 3}]
    assert built == {
        "mode": "val",
        "num_classes": 2,
        "img_channels": 3,
        "ignore_index": 9,
        "class_names": ["a", "b"],
    }
    assert build.build_dataset(config, "train").arguments["mode"] == "train"
    assert build.shuffles_training_set(config) is False
    assert build.shuffles_training_set(config_of(train_dataset={})) is True


def test_the_mode_in_yaml_says_what_is_read_and_the_section_what_for():
    config = config_of(
        train_dataset={"type": "FixedData", "mode": "val"}, val_dataset={"type": "FixedData", "mode": "test"}
    )
    train, val = build.build_dataset(config, "train"), build.build_dataset(config, "val")
    assert (train.arguments["mode"], train.purpose) == ("val", "train")
    assert (val.arguments["mode"], val.purpose) == ("test", "val")


def test_labels_move_in_the_training_section_and_stay_in_the_other_whatever_the_mode(tiny_config):
    resize = "transforms=[{type: Resize, target_size: [32, 16]}]"
    swapped = ["train_dataset.mode=val", "train_dataset.val_path=val.txt"]
    swapped += ["val_dataset.mode=train", "val_dataset.train_path=train.txt"]
    config = load_config(tiny_config, opts=[*swapped, f"train_dataset.{resize}", f"val_dataset.{resize}"])
    train, val = build.build_dataset(config, "train"), build.build_dataset(config, "val")
    assert (len(train), len(val)) == (3, 8)
    rng = np.random.default_rng(0)
    moved, kept = train.sample(0, rng), val.sample(0, rng)
    assert moved["img"].shape[:2] == moved["label"].shape == (16, 32)
    assert kept["img"].shape[:2] == (16, 32)
    np.testing.assert_array_equal(kept["label"], val.read(0)["label"])


def test_a_training_section_on_other_data_still_refuses_padding_that_the_loss_cannot_use(tiny_config):
    crop = "train_dataset.transforms=[{type: RandomPaddingCrop, label_padding_value: 9}]"
    config = load_config(tiny_config, opts=["train_dataset.mode=val", "train_dataset.val_path=val.txt", crop])
    with pytest.raises(ConfigError, match=r"tiny\.yml:\d+: train_dataset: RandomPaddingCrop\.label_padding_value: 9"):
        build.build_dataset(config, "train")


def test_training_on_pictures_without_labels_is_refused(tiny_config, tiny_dataset):
    (tiny_dataset / "test.txt").write_text("images/val_0.png\n")
    for section in ("train", "val"):
        option = [f"{section}_dataset.mode=test", f"{section}_dataset.test_path=test.txt"]
        config = load_config(tiny_config, opts=option)
        if section == "val":
            assert len(build.build_dataset(config, section)) == 1
            continue
        with pytest.raises(DataError, match=r"val_0\.png: has no label \(mode test\); training needs one"):
            build.build_dataset(config, section)


def test_transforms_that_count_pixels_ignore_the_label_that_the_data_ignores(tiny_config):
    config = load_config(tiny_config, opts=["train_dataset.transforms=[{type: RandomPaddingCrop}]"])
    for section in ("train_dataset", "val_dataset"):
        config.data[section]["ignore_index"] = 9
    assert build.build_transforms(config, "train_dataset")[0].ignore_index == 9


def test_the_auxiliary_head_can_be_left_out(tiny_config):
    config = load_config(tiny_config)
    assert hasattr(build.build_model(config), "aux_head")
    assert not hasattr(build.build_model(config, use_auxiliary_head=False), "aux_head")
    # A model that has no such option is built as well.
    fake = config_of(model={"type": "FakeModel", "num_classes": 5})
    assert build.build_model(fake, use_auxiliary_head=False).arguments["num_classes"] == 5


def test_prediction_and_export_take_the_transforms_of_export_then_of_val_dataset():
    normalize = {"transforms": [{"type": "Normalize"}]}
    val, export = {"type": "FakeData", **normalize}, dict(normalize)
    assert build.section_with_transforms(config_of(val_dataset=val, export=export)) == "export"
    assert build.section_with_transforms(config_of(val_dataset=val, export={})) == "val_dataset"
    for val in ({}, {"type": "FakeData"}):
        with pytest.raises(ConfigError, match=r"^c\.yml: neither export\.transforms nor val_dataset\.transforms"):
            build.section_with_transforms(config_of(train_dataset={"type": "FakeData", **normalize}, val_dataset=val))


def test_one_loss_serves_all_outputs():
    config = config_of(
        loss={"types": [{"type": "FakeLoss"}], "coef": [1, 0.4]},
        train_dataset={"type": "FakeData", "ignore_index": 9},
    )
    (main, main_weight), (aux, aux_weight) = build.build_losses(config)
    assert main is aux
    assert (main_weight, aux_weight) == (1.0, 0.4)
    assert main.arguments["ignore_index"] == 9


def test_losses_and_weights_go_in_pairs():
    loss = {"types": [{"type": "FakeLoss", "factor": 2}, {"type": "FakeLoss", "factor": 3}], "coef": [0.5, 4]}
    pairs = build.build_losses(config_of(loss=loss))
    assert [(part.arguments["factor"], weight) for part, weight in pairs] == [(2, 0.5), (3, 4.0)]


def test_schedule_and_optimizer_get_what_only_the_trainer_knows():
    config = config_of(
        lr_scheduler={"type": "FakeSchedule", "learning_rate": 0.1},
        optimizer={"type": "FakeOptimizer", "momentum": 0.9},
    )
    schedule = build.build_lr_schedule(config, 50)
    assert schedule.arguments == {"learning_rate": 0.1, "total_steps": 50}
    model = object()
    optimizer = build.build_optimizer(config, model, schedule)
    assert optimizer.arguments == {"parameters": model, "learning_rate": schedule, "momentum": 0.9}


def test_the_length_is_in_iterations_whatever_its_unit():
    assert build.total_iters(config_of(iters=120), 7) == 120
    assert build.total_iters(config_of(epochs=3, grad_accum_steps=1), 7) == 21
    assert build.total_iters(config_of(epochs=3, grad_accum_steps=2), 7) == 11


def test_building_leaves_the_configuration_as_it_was():
    data = {"type": "FakeData", "num_classes": 4, "shuffle": True, "transforms": [{"type": "FakeTransform"}]}
    config = config_of(model={"type": "FakeModel"}, train_dataset=data)
    build.build_model(config)
    build.build_dataset(config, "train")
    assert config.data == {"model": {"type": "FakeModel"}, "train_dataset": data}
    assert "transforms" in data and data["transforms"] == [{"type": "FakeTransform"}]


def test_a_constructor_that_refuses_is_told_with_file_and_key():
    with pytest.raises(ConfigError, match=r"^c\.yml:3: model: no good$"):
        build.build_model(config_of(model={"type": "Refusing"}))
    with pytest.raises(DataError, match="^no good$"):
        build.build_model(config_of(model={"type": "Refusing", "error": "data"}))
    with pytest.raises(ConfigError, match=rf"^c\.yml:3: model: TypeError: no good \({__file__}, line \d+\)$"):
        build.build_model(config_of(model={"type": "Refusing", "error": "bug"}))


def test_a_refused_optimizer_setting_keeps_its_key(training_yaml):
    import paddle

    config = load_config(training_yaml, opts=["optimizer.grad_clip_cfg={name: ClipGradByNorm}"])
    with pytest.raises(ConfigError, match=r": optimizer\.grad_clip_cfg\.clip_norm: missing"):
        build.build_optimizer(config, paddle.nn.Linear(1, 1), 0.1)


@pytest.mark.parametrize("name", ["nesterov", "use_nesterov"])
def test_both_spellings_of_nesterov_reach_the_optimizer(name, training_yaml):
    import paddle

    config = load_config(training_yaml, opts=[f"optimizer.{name}=True"])
    check_config(config)
    assert "momentum 0.9 (Nesterov)" in build.describe_optimizer(config)
    layer = paddle.nn.Linear(1, 1, bias_attr=False)
    layer.weight.set_value(paddle.to_tensor([[0.0]]))
    optimizer = build.build_optimizer(config, layer, 0.1)
    layer(paddle.to_tensor([[1.0]])).backward()  # the gradient is 1
    optimizer.step()
    # Nesterov's first step is lr * (gradient + momentum * velocity) = 0.1 * (1 + 0.9); the plain one is 0.1.
    assert layer.weight.item() == pytest.approx(-0.19)


def test_plain_sgd_and_momentum_are_told_apart_in_one_line(training_yaml):
    assert build.describe_optimizer(load_config(training_yaml)) == (
        "SGD, momentum 0.9, no weight decay; learning rate 0.01, PolynomialDecay (end_lr 0, power 0.9)"
    )
    config = load_config(training_yaml)
    del config.data["optimizer"]["momentum"]
    config.data["lr_scheduler"].update(end_lr=0, power=0.9, warmup_iters=5)
    assert build.describe_optimizer(config) == (
        "SGD, no momentum (plain SGD), no weight decay; "
        "learning rate 0.01, PolynomialDecay (end_lr 0, power 0.9, warmup_iters 5, warmup_start_lr 0)"
    )
