# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Parts of PaddleSeg that this toolkit lacks: each is refused with advice, or understood."""

import pytest

from paddleseg.config.components import import_components
from paddleseg.config.load import load_config
from paddleseg.config.paddleseg_names import LEFT_OUT, advice_for
from paddleseg.config.schema import check_config
from paddleseg.registry import DATASETS, MODELS
from paddleseg.utils.errors import ConfigError
from tests.config.messages import message_of

# The data sets and networks of PaddleSeg's __init__.py files; the networks where their modules name them with *.
PADDLESEG_DATASETS = """
Dataset Cityscapes PascalVOC ADE20K OpticDiscSeg PascalContext MiniDeepGlobeRoadExtraction EG1800 SUPERVISELY CocoStuff
STARE DRIVE HRF CHASEDB1 PPHumanSeg14K PSSLDataset MaskedADE20K
""".split()
PADDLESEG_NETWORKS = """
ANN BiSeNetV2 DANet DeepLabV3P DeepLabV3 FastSCNN FCN GCNet OCRNet PSPNet GSCNN UNet HarDNet U2Net U2Netp AttentionUNet
EfficientFormerSeg LPSNet MaskSegmenter MscaleOCRNet PIDNet SINet SeaFormerSeg SegFormer_B0 SegFormer_B5 SegNeXt
UPerNetCAE UPerNetViTAdapter
UNetPlusPlus UNet3Plus DecoupledSegNet EMANet ISANet DNLNet SFNet PPHumanSegLite MLATransformer PortraitNet STDCSeg
SegFormer PointRend GINet SegNet ENCNet HRNetW48Contrast ESPNetV2 PPLiteSeg DMNet ESPNetV1 ENet BiseNetV1 FastFCN
PFPNNet GloRe DDRNet_23 CCNet MobileSeg PSA UPerNet
""".split()


@pytest.mark.parametrize("name", PADDLESEG_DATASETS)
def test_each_data_set_is_here_or_is_told_how_to_be_read(name, training_yaml):
    import_components()
    if name in DATASETS:
        return
    message = message_of(training_yaml, f"train_dataset={{type: {name}, dataset_root: data, mode: train}}")
    assert f"no dataset '{name}'" in message
    instead = {"PSSLDataset": "Begin with weights", "MaskedADE20K": "Use ADE20K with the same dataset_root"}
    assert instead.get(name, "Use Dataset with dataset_root, num_classes: ") in message


@pytest.mark.parametrize("name", PADDLESEG_NETWORKS)
def test_each_network_is_here_or_the_like_of_it_is_named(name, training_yaml):
    import_components()
    if name in MODELS:
        return
    message = message_of(training_yaml, f"model={{type: {name}, backbone: {{type: STDC1}}, num_classes: 4}}")
    assert f"no model '{name}'. This toolkit has DDRNet alone" in message
    assert "Use DDRNet_23" in message


def test_fast_networks_get_their_own_advice_and_nothing_that_is_here_is_advised_against():
    assert "Use DDRNet_23_slim" in advice_for(MODELS.role, "PPLiteSeg")
    assert not set(LEFT_OUT["model"]) & set(MODELS) and not set(LEFT_OUT["dataset"]) & set(DATASETS)


@pytest.mark.parametrize("argument", ["block_layers=[3, 4, 6, 3]", "planes=32", "spp_planes=128", "head_planes=64"])
def test_widths_of_the_network_are_told_the_name_that_has_them(argument, training_yaml):
    name = argument.partition("=")[0]
    message = message_of(training_yaml, f"model.{argument}")
    assert f"model.{name}: the sizes of the networks have names here: DDRNet_23_slim (planes 32" in message


def test_a_backbone_of_another_network_is_told_to_be_left_out_in_one_line(training_yaml):
    message = message_of(training_yaml, "model.backbone={type: STDC1, pretrained: weights.tar.gz}")
    assert "model.backbone: DDRNet is its own backbone; remove it" in message
    assert "\n" not in message
    message = message_of(training_yaml, "model={type: PPLiteSeg, backbone: {type: STDC1}, num_classes: 4}")
    assert "backbone 'STDC1'" not in message


def test_the_outputs_of_another_network_are_counted_in_the_same_round(training_yaml):
    model = "model={type: BiSeNetV2, num_classes: 4}"
    message = message_of(training_yaml, model, "loss.coef=[1, 1, 1, 1, 1]")
    assert "model.type: no model 'BiSeNetV2'" in message
    assert "loss.coef: 5 weights; DDRNet has 1 output, and 2 with model.enable_auxiliary_loss: True" in message
    assert "loss.coef" not in message_of(training_yaml, model, "loss.coef=[1]")


@pytest.mark.parametrize(
    ("loss", "advice"),
    [
        ("{type: CrossEntropyLoss, data_format: NHWC}", "data_format: losses take what the network gives"),
        ("{type: FocalLoss, edge_label: True}", "edge_label: no loss here needs edge labels; remove it"),
        ("{type: MultiClassFocalLoss, num_class: 4}", "num_class: the number of classes is that of the data set"),
        ("{type: DC_and_CE_loss}", "Use a MixedLoss of DiceLoss and CrossEntropyLoss"),
    ],
)
def test_arguments_of_losses_that_only_paddleseg_has_are_told_what_holds(loss, advice, training_yaml):
    assert advice in message_of(training_yaml, f"loss.types=[{loss}]")


@pytest.mark.parametrize("flag", ["save_interval", "log_iters", "save_dir", "num_workers", "precision", "device"])
def test_a_flag_that_is_written_as_a_key_is_called_one(flag, training_yaml):
    message = message_of(training_yaml, f"{flag}=1")
    assert f"{flag}: there is no such key. It is a flag of train.py: remove it, and give --{flag}" in message


def test_a_key_that_only_holds_an_anchor_is_told_where_that_belongs(training_yaml):
    with open(training_yaml, "a") as file:
        file.write("mean: &mean [0.1, 0.2, 0.3]\nexport: {transforms: [{type: Normalize, mean: *mean}]}\nzzz: [7]\n")
    message = message_of(training_yaml)
    assert "mean: there is no such key. Where it only holds an anchor of YAML (&name), put that at the first" in message
    assert "zzz: there is no such key. Known: " in message


def test_the_old_form_of_a_padding_value_is_one_number(training_yaml):
    crop = "train_dataset.transforms=[{type: RandomPaddingCrop, im_padding_value: %s}, {type: Normalize}]"
    config = load_config(training_yaml, opts=[crop % "[127.5, 127.5, 127.5]"])
    check_config(config)
    assert config.data["train_dataset"]["transforms"][0]["im_padding_value"] == 127.5
    message = message_of(training_yaml, crop % "[0, 1, 2]")
    assert "transforms.0.im_padding_value: found [0, 1, 2]; it must be a number" in message


def test_volumes_are_told_to_be_cut_into_slices(training_yaml):
    message = message_of(training_yaml, "train_dataset={type: LungCoronavirus, dataset_root: data, mode: train}")
    assert "no dataset 'LungCoronavirus'. Volumes are not segmented here. Cut them into slices" in message


def test_a_network_of_volumes_is_told_which_network_to_use(training_yaml):
    message = message_of(training_yaml, "model={type: UNETR, num_classes: 4}")
    assert "no model 'UNETR'. Volumes are not segmented here. Cut them into slices" in message
    assert "of PaddleSeg's networks. Use DDRNet_23, or DDRNet_39" in message


def test_align_corners_is_refused_with_what_holds(training_yaml):
    assert "align_corners: False, as in PaddleSeg; remove it" in message_of(training_yaml, "model.align_corners=False")


def test_a_test_data_set_is_no_misspelt_training_set(training_yaml):
    message = message_of(training_yaml, "test_dataset={type: Dataset}")
    assert "Did you mean" not in message
    assert "val_dataset.val_path=LIST" in message


OLD = {
    "{value: 0.02, decay: {type: poly, power: 0.9, end_lr: 0.0}}": dict(
        type="PolynomialDecay", learning_rate=0.02, power=0.9, end_lr=0.0
    ),
    "{value: 0.02, decay: {type: poly}}": dict(type="PolynomialDecay", learning_rate=0.02, power=1.0, end_lr=0),
    "{value: 0.02}": dict(type="PolynomialDecay", learning_rate=0.02, power=0.9, end_lr=0),
    "{value: 0.02, decay: {type: stepdecay, step_size: 4}}": dict(
        type="StepDecay", learning_rate=0.02, step_size=4, gamma=0.1
    ),
    "{value: [0.1, 0.01, 0.001], decay: {type: piecewise, boundaries: [3, 6]}}": dict(
        type="MultiStepDecay", learning_rate=0.1, milestones=[3, 6], gamma=0.1
    ),
}


def with_old_rate(path, text, keep_new=False):
    lines = open(path).read()
    if not keep_new:
        lines = lines.partition("lr_scheduler:")[0]
    with open(path, "w") as file:
        file.write(f"{lines}\nlearning_rate: {text}\n")
    return path


@pytest.mark.parametrize("text", OLD)
def test_the_old_form_of_a_schedule_is_understood_and_said(text, training_yaml, log):
    config = load_config(with_old_rate(training_yaml, text))
    check_config(config)
    assert config.data["lr_scheduler"] == OLD[text]
    assert "learning_rate" not in config.data
    assert "training.yml:" in log.text and "it is read as lr_scheduler: " in log.text


def test_flags_and_options_change_the_schedule_that_the_old_form_became(training_yaml):
    path = with_old_rate(training_yaml, "{value: 0.02}")
    flags = {"lr_scheduler.learning_rate": 0.5}
    config = load_config(path, opts=["lr_scheduler.power=0.8"], flags=flags)
    assert config.data["lr_scheduler"]["learning_rate"] == 0.5
    assert config.data["lr_scheduler"]["power"] == 0.8


def test_beside_a_schedule_the_old_form_is_left_out_and_said(training_yaml, log):
    config = load_config(with_old_rate(training_yaml, "{value: 0.02}", keep_new=True))
    assert config.data["lr_scheduler"]["learning_rate"] == 0.01
    assert "lr_scheduler is given too" in log.text


@pytest.mark.parametrize(
    "text",
    [
        "0.01",
        "{value: 0.01, decay: {type: cosine}}",
        "{value: 0.01, decay: 1}",
        "{value: 0.01, warmup: 3}",
        "{value: [0.1, 0.02, 0.001], decay: {type: piecewise, boundaries: [3, 6]}}",
        "{value: [0.1], decay: {type: piecewise, boundaries: []}}",
        "{value: [0, a], decay: {type: piecewise, boundaries: [3]}}",
    ],
)
def test_an_old_form_that_no_schedule_here_means_is_refused_with_advice(text, training_yaml):
    with pytest.raises(ConfigError, match="learning_rate: this is lr_scheduler.learning_rate here"):
        check_config(load_config(with_old_rate(training_yaml, text)))


@pytest.mark.parametrize(
    "rates",
    [
        "[1.0e-300, 1.0e+300]",  # their ratio is infinite
        "[1.0e+300, 1.0e-300]",  # and 0
        "[.inf, .inf]",  # and no number
        "[0.1, .nan]",
        "[.nan, 0.1, 0.01]",
        "[0.1, 0]",
        "[0, 0.1]",
        "[0.1, -0.01]",
        "[0.01, 0.1]",
    ],
)
def test_rates_of_the_old_form_that_no_schedule_can_have_name_the_key_and_what_is_allowed(rates, training_yaml):
    boundaries = [3, 6][: rates.count(",")]
    path = with_old_rate(training_yaml, f"{{value: {rates}, decay: {{type: piecewise, boundaries: {boundaries}}}}}")
    allowed = (
        r"a list must hold finite numbers above 0, each the same fraction \(above 0, at most 1\) of the one before"
    )
    with pytest.raises(ConfigError, match=rf"training\.yml:\d+: learning_rate\.value: found \[.*\]; {allowed}"):
        load_config(path)


@pytest.mark.parametrize(("key", "value"), [("gamma", ".nan"), ("gamma", "0"), ("gamma", ".inf"), ("step_size", "0")])
def test_numbers_of_the_old_forms_steps_are_checked_too(key, value, training_yaml):
    settings = {"step_size": "4", "gamma": "0.1", key: value}
    text = ", ".join(f"{name}: {item}" for name, item in settings.items())
    with pytest.raises(ConfigError, match=rf"training\.yml:\d+: lr_scheduler\.{key}: found .*; it must be"):
        check_config(load_config(with_old_rate(training_yaml, f"{{value: 0.1, decay: {{type: stepdecay, {text}}}}}")))


def test_values_of_the_old_form_are_checked_where_they_were_written(training_yaml):
    with pytest.raises(ConfigError, match=r"training\.yml:\d+: lr_scheduler\.learning_rate: found .high"):
        check_config(load_config(with_old_rate(training_yaml, "{value: high}")))
