# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Optimisers against updates worked out in numpy."""

import numpy as np
import paddle
import pytest

from paddleseg.optimizers import SGD, Adam, AdamW, Momentum, PolynomialDecay, RMSProp, describe
from paddleseg.utils.errors import ConfigError


class TinyNet(paddle.nn.Layer):
    """One convolution, one batch norm and a head, with names like those of a segmentation network."""

    def __init__(self):
        super().__init__()
        self.stem = paddle.nn.Conv2D(2, 3, 1)
        self.norm = paddle.nn.BatchNorm2D(3)
        self.head = paddle.nn.Conv2D(3, 2, 1, bias_attr=False)

    def forward(self, image):
        return self.head(self.norm(self.stem(image)))


@pytest.fixture
def model():
    paddle.seed(3)
    return TinyNet()


def gradients(step):
    """Made-up gradients of each trainable parameter, so that the update alone is tested."""
    rng = np.random.default_rng(step)
    shapes = {
        "stem.weight": (3, 2, 1, 1),
        "stem.bias": (3,),
        "norm.weight": (3,),
        "norm.bias": (3,),
        "head.weight": (2, 3, 1, 1),
    }
    return {name: rng.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}


def run(model, optimizer, num_steps=3):
    """Take ``num_steps`` with the made-up gradients; return the parameters after them."""
    named = dict(model.named_parameters())
    for step in range(num_steps):
        # The loss sum(w * g) has the gradient g.
        loss = sum((named[name] * paddle.to_tensor(value)).sum() for name, value in gradients(step).items())
        loss.backward()
        optimizer.step()
        optimizer.clear_grad()
    return {name: named[name].numpy() for name in gradients(0)}


def expected(model, rule, num_steps=3, clip=lambda gradients: gradients):
    """Apply ``rule(name, value, gradient, state, step) -> value`` in float64."""
    named = dict(model.named_parameters())
    values = {name: named[name].numpy().astype(np.float64) for name in gradients(0)}
    states = {name: {} for name in values}
    for step in range(num_steps):
        for name, gradient in clip(gradients(step)).items():
            values[name] = rule(name, values[name], gradient.astype(np.float64), states[name], step)
    return values


def momentum_rule(*, lr, momentum=0.0, decay=0.0, nesterov=False, lr_mult=lambda n: 1.0, decay_mult=lambda n: 1.0):
    def rule(name, value, gradient, state, step):
        gradient = gradient + decay * decay_mult(name) * value
        velocity = state["v"] = momentum * state.get("v", 0.0) + gradient
        update = gradient + momentum * velocity if nesterov else velocity
        return value - lr * lr_mult(name) * update

    return rule


def assert_same(actual, wanted):
    assert actual.keys() == wanted.keys()
    for name in wanted:
        np.testing.assert_allclose(actual[name], wanted[name], rtol=2e-5, atol=1e-6, err_msg=name)


@pytest.mark.parametrize("settings", [{}, {"momentum": 0.0}])
def test_sgd_without_momentum_is_plain_descent(model, settings):
    wanted = expected(model, momentum_rule(lr=0.1, decay=0.05))
    optimizer = SGD(model, 0.1, weight_decay=0.05, **settings)
    assert_same(run(model, optimizer), wanted)
    assert isinstance(optimizer, paddle.optimizer.SGD)  # which keeps no velocities


@pytest.mark.parametrize("nesterov", [False, True])
def test_sgd_with_momentum_keeps_a_running_sum(model, nesterov):
    wanted = expected(model, momentum_rule(lr=0.1, momentum=0.9, decay=0.05, nesterov=nesterov))
    optimizer = SGD(model, 0.1, momentum=0.9, nesterov=nesterov, weight_decay=0.05)
    assert_same(run(model, optimizer), wanted)


def test_momentum_defaults_to_nine_tenths(model):
    wanted = expected(model, momentum_rule(lr=0.1, momentum=0.9))
    assert_same(run(model, Momentum(model, 0.1)), wanted)


@pytest.mark.parametrize("make", [SGD, Momentum])
def test_custom_cfg_scales_rate_and_decay_of_the_first_entry_that_matches(model, make):
    custom_cfg = [
        {"name": "head", "lr_mult": 10.0},
        {"name": "stem.w", "lr_mult": 0.5, "weight_decay_mult": 0.0},
        {"name": "e", "weight_decay_mult": 3.0},
    ]
    rate = {"head.weight": 10.0, "stem.weight": 0.5}
    decay = {"head.weight": 1.0, "stem.weight": 0.0, "stem.bias": 3.0, "norm.weight": 3.0, "norm.bias": 1.0}
    wanted = expected(
        model,
        momentum_rule(
            lr=0.01,
            momentum=0.9 if make is Momentum else 0.0,
            decay=0.05,
            lr_mult=lambda name: rate.get(name, 1.0),
            decay_mult=decay.__getitem__,
        ),
    )
    assert_same(run(model, make(model, 0.01, weight_decay=0.05, custom_cfg=custom_cfg)), wanted)


@pytest.mark.parametrize("make", [SGD, Momentum])
def test_norm_and_bias_can_be_left_without_decay(model, make):
    momentum = 0.9 if make is Momentum else 0.0
    rule = momentum_rule(
        lr=0.1,
        momentum=momentum,
        decay=0.5,
        decay_mult=lambda name: float(name[-6:] == "weight" and "norm" not in name),
    )
    wanted = expected(model, rule)
    assert_same(run(model, make(model, 0.1, weight_decay=0.5, no_decay_on_norm_and_bias=True)), wanted)


def adam_rule(*, lr, decay_l2=0.0, decay_decoupled=lambda name: 0.0, lr_mult=lambda name: 1.0):
    def rule(name, value, gradient, state, step):
        rate = lr * lr_mult(name)
        gradient = gradient + decay_l2 * value
        value = value * (1 - rate * decay_decoupled(name))
        mean = state["m"] = 0.9 * state.get("m", 0.0) + 0.1 * gradient
        square = state["v"] = 0.99 * state.get("v", 0.0) + 0.01 * gradient**2
        mean, square = mean / (1 - 0.9 ** (step + 1)), square / (1 - 0.99 ** (step + 1))
        return value - rate * mean / (np.sqrt(square) + 1e-8)

    return rule


def test_adam_puts_the_decay_into_the_gradient(model):
    wanted = expected(model, adam_rule(lr=0.01, decay_l2=0.3))
    assert_same(run(model, Adam(model, 0.01, beta2=0.99, weight_decay=0.3)), wanted)


def test_adamw_decays_apart_from_the_gradient(model):
    wanted = expected(model, adam_rule(lr=0.01, decay_decoupled=lambda name: 0.3))
    assert_same(run(model, AdamW(model, 0.01, beta2=0.99, weight_decay=0.3)), wanted)


def test_adamw_follows_multipliers_and_leaves_norm_and_bias_alone(model):
    custom_cfg = [{"name": "head", "lr_mult": 10.0, "weight_decay_mult": 0.0}]
    wanted = expected(
        model,
        adam_rule(
            lr=0.01,
            decay_decoupled=lambda name: 0.3 if name == "stem.weight" else 0.0,
            lr_mult=lambda name: 10.0 if name == "head.weight" else 1.0,
        ),
    )
    optimizer = AdamW(model, 0.01, beta2=0.99, weight_decay=0.3, custom_cfg=custom_cfg, no_decay_on_norm_and_bias=True)
    assert_same(run(model, optimizer), wanted)


def rmsprop_rule(*, lr, momentum=0.0, centered=False, decay=0.0, lr_mult=lambda name: 1.0):
    def rule(name, value, gradient, state, step):
        gradient = gradient + decay * value
        square = state["s"] = 0.9 * state.get("s", 0.0) + 0.1 * gradient**2
        if centered:
            mean = state["g"] = 0.9 * state.get("g", 0.0) + 0.1 * gradient
            square = square - mean**2
        velocity = lr * lr_mult(name) * gradient / np.sqrt(square + 1e-3)
        velocity = state["v"] = momentum * state.get("v", 0.0) + velocity
        return value - velocity

    return rule


@pytest.mark.parametrize("settings", [{}, {"momentum": 0.8}, {"centered": True}, {"momentum": 0.8, "centered": True}])
def test_rmsprop_divides_by_the_running_root_mean_square(model, settings):
    wanted = expected(model, rmsprop_rule(lr=0.01, decay=0.3, **settings), num_steps=4)
    assert_same(run(model, RMSProp(model, 0.01, rho=0.9, epsilon=1e-3, weight_decay=0.3, **settings), 4), wanted)


def test_rmsprop_follows_custom_cfg_and_clips(model):
    wanted = expected(
        model,
        rmsprop_rule(lr=0.01, lr_mult=lambda name: 10.0 if "head" in name else 1.0),
        clip=lambda values: {name: np.clip(value, -0.3, 0.3) for name, value in values.items()},
    )
    custom_cfg, clip_cfg = [{"name": "head", "lr_mult": 10.0}], {"name": "ClipGradByValue", "max": 0.3}
    optimizer = RMSProp(model, 0.01, rho=0.9, epsilon=1e-3, custom_cfg=custom_cfg, grad_clip_cfg=clip_cfg)
    assert_same(run(model, optimizer), wanted)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"rho": 1.0}, "rho: found 1.0"),
        ({"momentum": 1.0}, "momentum: found 1.0"),
        ({"epsilon": 0.0}, "epsilon: found 0.0"),
    ],
)
def test_rmsprop_refuses_values_out_of_range(model, settings, message):
    with pytest.raises(ConfigError, match=f"RMSProp: {message}"):
        RMSProp(model, 0.01, **settings)


def test_global_norm_clipping_takes_all_parameters_together_also_with_custom_cfg(model):
    def clip(values):
        norm = np.sqrt(sum(np.sum(value.astype(np.float64) ** 2) for value in values.values()))
        assert norm > 0.5
        return {name: value * (0.5 / norm) for name, value in values.items()}

    rule = momentum_rule(lr=0.1, momentum=0.9, decay=0.05, lr_mult=lambda name: 2.0 if "head" in name else 1.0)
    wanted = expected(model, rule, clip=clip)
    optimizer = Momentum(
        model,
        0.1,
        weight_decay=0.05,
        custom_cfg=[{"name": "head", "lr_mult": 2.0}],
        grad_clip_cfg={"name": "ClipGradByGlobalNorm", "clip_norm": 0.5},
    )
    assert_same(run(model, optimizer), wanted)


def test_norm_clipping_takes_each_parameter_alone(model):
    def clip(values):
        norms = {name: np.sqrt(np.sum(value.astype(np.float64) ** 2)) for name, value in values.items()}
        return {name: value * min(1.0, 1.5 / norms[name]) for name, value in values.items()}

    wanted = expected(model, momentum_rule(lr=0.1), clip=clip)
    optimizer = SGD(model, 0.1, grad_clip_cfg={"name": "ClipGradByNorm", "clip_norm": 1.5})
    assert_same(run(model, optimizer), wanted)


@pytest.mark.parametrize(("limits", "low"), [({"max": 0.3}, -0.3), ({"max": 0.3, "min": -0.1}, -0.1)])
def test_value_clipping_limits_each_number(model, limits, low):
    wanted = expected(
        model,
        momentum_rule(lr=0.1),
        clip=lambda values: {name: np.clip(value, low, 0.3) for name, value in values.items()},
    )
    assert_same(run(model, SGD(model, 0.1, grad_clip_cfg={"name": "ClipGradByValue", **limits})), wanted)


def test_batch_norm_statistics_are_not_optimised(model):
    before = model.norm._mean.numpy()
    optimizer = SGD(model, 0.1, weight_decay=0.5)
    assert len(optimizer._parameter_list) == 5
    run(model, optimizer)
    np.testing.assert_array_equal(model.norm._mean.numpy(), before)


def test_a_second_optimiser_is_free_of_the_settings_of_the_first(model):
    SGD(model, 0.1, weight_decay=0.5, custom_cfg=[{"name": "head", "lr_mult": 7.0}])
    wanted = expected(model, momentum_rule(lr=0.1))
    assert_same(run(model, SGD(model, 0.1)), wanted)


def test_the_schedule_sets_the_rate_of_each_step(model):
    schedule = PolynomialDecay(0.4, 4, end_lr=0.0, power=1.0)
    before = model.head.weight.numpy()
    optimizer = SGD(model, schedule)
    change = np.zeros_like(before)
    for step, rate in enumerate([0.4, 0.3, 0.2, 0.1]):
        (model.head.weight * paddle.to_tensor(gradients(step)["head.weight"])).sum().backward()
        optimizer.step()
        optimizer.clear_grad()
        schedule.step()
        change -= rate * gradients(step)["head.weight"]
    np.testing.assert_allclose(model.head.weight.numpy(), before + change, rtol=1e-5, atol=1e-6)


def test_a_pattern_without_a_parameter_names_near_ones(model):
    with pytest.raises(
        ConfigError, match=r"SGD: custom_cfg.1.name: 'heads' matches no parameter. Did you mean 'head'\?"
    ):
        SGD(model, 0.1, custom_cfg=[{"name": "stem"}, {"name": "heads", "lr_mult": 10.0}])
    with pytest.raises(ConfigError, match="'backbone' matches no parameter. The names begin with stem, norm, head"):
        SGD(model, 0.1, custom_cfg=[{"name": "backbone"}])


def test_an_entry_hidden_by_earlier_ones_is_refused(model):
    with pytest.raises(ConfigError, match=r"custom_cfg.1.name: 'head' has no effect: earlier entries"):
        SGD(model, 0.1, custom_cfg=[{"name": "weight"}, {"name": "head"}])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"momentum": 1.0}, "SGD: momentum: found 1.0"),
        ({"nesterov": True}, "nesterov: found True, but momentum is 0"),
        ({"weight_decay": -1.0}, "weight_decay: found -1.0"),
        (
            {"custom_cfg": [{"name": "head", "lr_multi": 2.0}]},
            "custom_cfg.0.lr_multi: there is no such key. Did you mean 'lr_mult'",
        ),
        ({"custom_cfg": [{"lr_mult": 2.0}]}, "custom_cfg.0.name: found None"),
        ({"custom_cfg": ["head"]}, "must be a mapping"),
        (
            {"custom_cfg": [{"name": "head", "lr_mult": "2x"}]},
            "custom_cfg.0.lr_mult: found '2x'; it must be a number",
        ),
        (
            {"grad_clip_cfg": {"name": "ClipGrad", "clip_norm": 1.0}},
            "grad_clip_cfg.name: found 'ClipGrad'; .* ClipGradByNorm",
        ),
        ({"grad_clip_cfg": {"name": "ClipGradByNorm"}}, "grad_clip_cfg.clip_norm: missing"),
        (
            {"grad_clip_cfg": paddle.nn.ClipGradByNorm(1.0)},
            "SGD: grad_clip_cfg: found .*; it must be a mapping of keys to values",
        ),
        (
            {"grad_clip_cfg": {"name": "ClipGradByNorm", "max": 1.0}},
            "grad_clip_cfg.max: ClipGradByNorm has no such argument. Known: clip_norm",
        ),
        (
            {"grad_clip_cfg": {"name": "ClipGradByNorm", "clip_norm": 0}},
            "clip_norm: found 0; it must be a number above 0",
        ),
        (
            {"grad_clip_cfg": {"name": "ClipGradByValue", "max": 1.0, "min": 2.0}},
            "min: found 2.0; it must be below max, 1.0",
        ),
    ],
)
def test_wrong_settings_are_refused_with_their_key(model, settings, message):
    with pytest.raises(ConfigError, match=message):
        SGD(model, 0.1, **settings)


@pytest.mark.parametrize("rate", ["abc", None])
@pytest.mark.parametrize("optimizer", [SGD, Momentum, Adam, AdamW, RMSProp])
def test_the_learning_rate_is_a_number_or_a_schedule(model, optimizer, rate):
    name = optimizer.__name__
    with pytest.raises(ConfigError, match=f"^{name}: learning_rate: found {rate!r}; it must be a number or LRSched"):
        optimizer(model, rate)
    with pytest.raises(ConfigError, match=f"^{name}: learning_rate: found -0.1; it must be above 0"):
        optimizer(model, -0.1)


@pytest.mark.parametrize("optimizer", [SGD, Momentum, Adam, AdamW, RMSProp])
def test_parameters_in_the_place_of_the_network_are_refused(model, optimizer):
    with pytest.raises(ConfigError, match="parameters: found a list of .*; it must be the network, not its parameters"):
        optimizer(model.parameters(), 0.1)
    with pytest.raises(ConfigError, match="parameters: found None; it must be the network, not its parameters"):
        optimizer(None, 0.1)


def test_numbers_of_numpy_do_as_plain_ones_within_mappings_too(model):
    clip = {"name": "ClipGradByValue", "max": np.float32(0.25), "min": -np.inf}
    settings = {"custom_cfg": [{"name": "head", "lr_mult": np.float32(2.0)}], "grad_clip_cfg": clip}
    wanted = expected(
        model,
        momentum_rule(lr=0.5, lr_mult=lambda name: 2.0 if "head" in name else 1.0),
        clip=lambda values: {name: np.minimum(value, 0.25) for name, value in values.items()},
    )
    assert_same(run(model, SGD(model, np.float32(0.5), **settings)), wanted)


def test_adamw_refuses_fractional_decay_multipliers(model):
    with pytest.raises(ConfigError, match="custom_cfg.0.weight_decay_mult: found 0.5; it must be 0 or 1 with AdamW"):
        AdamW(model, 0.1, custom_cfg=[{"name": "head", "weight_decay_mult": 0.5}])


@pytest.mark.parametrize(
    ("config", "text"),
    [
        ({"type": "SGD", "weight_decay": 5e-4}, "SGD, no momentum (plain SGD), L2 weight decay 0.0005"),
        (
            {"type": "SGD", "momentum": 0.9, "nesterov": True},
            "SGD, momentum 0.9 (Nesterov), no weight decay",
        ),
        ({"type": "Momentum"}, "Momentum, momentum 0.9, no weight decay"),
        ({"type": "RMSProp"}, "RMSProp, rho 0.95, no momentum, no weight decay"),
        (
            {"type": "RMSProp", "momentum": 0.9, "centered": True, "weight_decay": 1e-4},
            "RMSProp, rho 0.95, momentum 0.9, centered, L2 weight decay 0.0001",
        ),
        (
            {
                "type": "AdamW",
                "beta1": 0.8,
                "no_decay_on_norm_and_bias": True,
                "custom_cfg": [{"name": "head", "lr_mult": 10.0}],
                "grad_clip_cfg": {"name": "ClipGradByGlobalNorm", "clip_norm": 5.0},
            },
            "AdamW, betas 0.8 and 0.999, decoupled weight decay 0.01 (not on normalisation and biases), "
            "parameters with 'head': lr_mult 10, ClipGradByGlobalNorm with clip_norm 5",
        ),
    ],
)
def test_the_description_says_what_is_on_and_what_is_off(config, text):
    assert describe(config) == text
