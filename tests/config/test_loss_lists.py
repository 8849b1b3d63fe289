# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The section ``loss`` of a configuration: losses inside losses, and arguments that depend on one another."""

import pytest

from paddleseg.config.build import build_losses
from paddleseg.config.load import load_config
from paddleseg.config.schema import check_config
from paddleseg.losses import CrossEntropyLoss, LovaszSoftmaxLoss, MixedLoss, OhemCrossEntropyLoss
from tests.config.messages import message_of

MIXED = "{type: MixedLoss, losses: [{type: CrossEntropyLoss}, %s], coef: [0.8, 0.2]}"


@pytest.fixture
def mixed_yaml(write_yaml, training_yaml):
    """PaddleSeg's way to train two outputs with two losses each; the data's ignored label is 7."""
    return write_yaml(
        """
        _base_: training.yml
        train_dataset: {ignore_index: 7}
        val_dataset: {ignore_index: 7}
        loss:
          types:
            - type: MixedLoss
              losses:
                - type: OhemCrossEntropyLoss
                  min_kept: 500
                - type: LovaszSoftmaxLoss
              coef: [0.8, 0.2]
            - type: MixedLoss
              losses:
                - type: MixedLoss
                  losses: [{type: CrossEntropyLoss}]
                  coef: [2]
              coef: [0.5]
          coef: [1, 0.4]
        """
    )


def test_losses_inside_losses_are_built_with_what_the_data_states(mixed_yaml):
    config = load_config(mixed_yaml)
    check_config(config)
    [(main, main_weight), (auxiliary, auxiliary_weight)] = build_losses(config)
    assert (main_weight, auxiliary_weight) == (1, 0.4)
    ohem, lovasz = main.losses
    assert isinstance(ohem, OhemCrossEntropyLoss) and isinstance(lovasz, LovaszSoftmaxLoss)
    assert (ohem.min_kept, ohem.ignore_index, lovasz.ignore_index, main.coef) == (500, 7, 7, [0.8, 0.2])
    [inner] = auxiliary.losses
    assert isinstance(inner, MixedLoss) and isinstance(inner.losses[0], CrossEntropyLoss)
    assert inner.losses[0].ignore_index == 7


def test_building_and_checking_leave_the_configuration_as_it_is(mixed_yaml):
    config = load_config(mixed_yaml)
    check_config(config)
    build_losses(config)
    assert config == load_config(mixed_yaml)


def test_a_fault_inside_names_its_line_and_key(mixed_yaml):
    with open(mixed_yaml, encoding="utf-8") as file:
        text = file.read()
    with open(mixed_yaml, "w", encoding="utf-8") as file:
        file.write(text.replace("LovaszSoftmaxLoss", "LovaszSoftmax"))
    assert message_of(mixed_yaml).startswith(
        f"{mixed_yaml}:11: loss.types.0.losses.1.type: no loss 'LovaszSoftmax'. Did you mean 'LovaszSoftmaxLoss'?"
    )


@pytest.mark.parametrize(
    ("inner", "message"),
    [
        ("CrossEntropyLoss", "loss.types.0.losses.1: found 'CrossEntropyLoss'; it must be a mapping that begins with"),
        ("{type: CrossEntropyLoss, wait: 1}", "loss.types.0.losses.1.wait: CrossEntropyLoss has no such argument"),
        ("{type: DiceLoss, weight: [1, 2]}", "loss.types.0.losses.1.weight: 2 entries for 4 classes"),
        (
            "{type: DiceLoss, ignore_index: 3}",
            "loss.types.0.losses.1.ignore_index: 3 here, but train_dataset.ignore_index is 255",
        ),
        ("{type: DiceLoss, smooth: -1}", "loss.types.0.losses.1.smooth: found -1; it must be 0 or more"),
        ("{type: BoundaryLoss, theta: 4}", "loss.types.0.losses.1.theta: found 4; it must be an odd number"),
        ("{type: FocalLoss}", "loss.types.0.losses.1.type: FocalLoss is for 2 classes, and there are 4; use Multi"),
        (
            "{type: MixedLoss, losses: [{type: DiceLos}], coef: [1]}",
            "loss.types.0.losses.1.losses.0.type: no loss 'DiceLos'. Did you mean 'DiceLoss'?",
        ),
    ],
)
def test_faults_of_inner_losses_are_found(training_yaml, inner, message):
    assert f"--opts: {message}" in message_of(training_yaml, f"loss.types=[{MIXED % inner}]")


@pytest.mark.parametrize(
    ("loss", "message"),
    [
        ("{type: MixedLoss, coef: [1]}", "loss.types.0.losses: missing; MixedLoss needs it"),
        ("{type: MixedLoss, losses: 3, coef: [1]}", "loss.types.0.losses: found 3; it must be a list of losses"),
        ("{type: MixedLoss, losses: [], coef: []}", "loss.types.0.losses: found []; it must be a list of losses"),
        ("{type: MixedLoss, losses: [{type: DiceLoss}]}", "loss.types.0.coef: missing; MixedLoss needs it"),
        (
            "{type: MixedLoss, losses: [{type: DiceLoss}], coef: [1, 2]}",
            "loss.types.0.coef: found [1, 2]; it must have one number per loss, which are 1",
        ),
        ("{type: MixedLoss, losses: [{type: DiceLoss}], coef: [-1]}", "loss.types.0.coef: found [-1]; it must be 0 or"),
        ("{type: DiceLoss, losses: [{type: DiceLoss}]}", "loss.types.0.losses: DiceLoss has no such argument"),
        ("{type: LovaszSoftmaxLoss, classes: some}", "loss.types.0.classes: found 'some'; it must be one of present"),
        ("{type: LovaszSoftmaxLoss, classes: [1, 4]}", "loss.types.0.classes: found [1, 4]; each must be from 0 to 3"),
        ("{type: BootstrappedCrossEntropyLoss, loss_th: 0.3}", "loss.types.0.min_K: missing; Bootstrapped"),
        ("{type: BootstrappedCrossEntropyLoss, loss_th: 1, min_K: 0}", "loss.types.0.min_K: found 0; it must be 1 or"),
        ("{type: MultiClassFocalLoss, alpha: [1, 2]}", "loss.types.0.alpha: 2 entries for 4 classes; give one per"),
        ("{type: MultiClassFocalLoss, gamma: -2}", "loss.types.0.gamma: found -2; it must be 0 or more"),
    ],
)
def test_arguments_that_do_not_fit_are_found_before_anything_is_built(training_yaml, loss, message):
    assert message_of(training_yaml, f"loss.types=[{loss}]").startswith(f"--opts: {message}")


def test_gamma_may_be_above_1_in_a_loss_and_not_in_a_schedule(training_yaml):
    assert message_of(training_yaml, "loss.types=[{type: MultiClassFocalLoss, gamma: 2}]") == ""
    schedule = "lr_scheduler={_inherited_: False, type: StepDecay, learning_rate: 0.1, step_size: 3, gamma: 2}"
    assert "lr_scheduler.gamma: found 2; it must be above 0, at most 1" in message_of(training_yaml, schedule)


def test_the_sigmoid_focal_loss_fits_two_classes(training_yaml):
    two = ["train_dataset.num_classes=2", "val_dataset.num_classes=2"]
    assert message_of(training_yaml, "loss.types=[{type: FocalLoss}]", *two) == ""


def test_an_inner_value_can_be_overridden(mixed_yaml):
    config = load_config(mixed_yaml, opts=["loss.types.0.losses.0.min_kept=9", "loss.types.0.coef=1,3"])
    check_config(config)
    [(main, _), _] = build_losses(config)
    assert (main.losses[0].min_kept, main.coef) == (9, [1, 3])
