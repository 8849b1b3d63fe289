# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Optimisers, under PaddleSeg's names and with its arguments.

Each function takes the model rather than a list of parameters, because ``custom_cfg`` goes by their names.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

import paddle
from paddle.optimizer.lr import LRScheduler
from paddle.regularizer import L2Decay

from paddleseg.config.registry import OPTIMIZERS
from paddleseg.optimizers.checks import require
from paddleseg.optimizers.parameter_groups import parameter_multipliers, trainable_parameters
from paddleseg.utils.errors import ConfigError

__all__ = ["SGD", "Adam", "AdamW", "Momentum", "describe"]

_CLIP_ARGUMENTS = {
    "ClipGradByNorm": ("clip_norm",),
    "ClipGradByGlobalNorm": ("clip_norm",),
    "ClipGradByValue": ("max", "min"),
}


@OPTIMIZERS.add_component
def SGD(
    parameters: paddle.nn.Layer,
    learning_rate: float | LRScheduler,
    *,
    momentum: float = 0.0,
    nesterov: bool = False,
    weight_decay: float | None = None,
    custom_cfg: Sequence[dict[str, Any]] | None = None,
    grad_clip_cfg: dict[str, Any] | None = None,
    no_decay_on_norm_and_bias: bool = False,
) -> paddle.optimizer.Optimizer:
    """Stochastic gradient descent; without ``momentum`` it is plain, as in PaddleSeg.

    Args:
        parameters: The model whose trainable parameters are optimised.
        learning_rate: A number or a schedule.
        momentum: Factor of the running sum of gradients, 0 to below 1; 0 is plain descent.
        nesterov: Nesterov's form of momentum.
        weight_decay: Factor of the L2 term that is added to the gradients, after clipping.
        custom_cfg: Multipliers for parts of the model, see `parameter_multipliers`.
        grad_clip_cfg: ``{name: ClipGradByNorm | ClipGradByGlobalNorm, clip_norm: ..}`` or
            ``{name: ClipGradByValue, max: .., min: ..}`` (``min`` defaults to ``-max``).
        no_decay_on_norm_and_bias: No weight decay on normalisation layers and biases.

    Raises:
        ConfigError: A value is out of its range or an entry of ``custom_cfg`` matches nothing.
    """
    require(0 <= momentum < 1, "optimizer.momentum", momentum, "0 (plain SGD) to below 1, such as 0.9")
    if nesterov and momentum == 0:
        raise ConfigError("optimizer.nesterov is True, but momentum is 0; set momentum, such as 0.9")
    settings = {
        "learning_rate": learning_rate,
        "parameters": _with_l2_decay(parameters, weight_decay, custom_cfg, no_decay_on_norm_and_bias),
        "grad_clip": _gradient_clip(grad_clip_cfg),
    }
    if momentum == 0:
        return paddle.optimizer.SGD(**settings)
    return paddle.optimizer.Momentum(momentum=momentum, use_nesterov=nesterov, **settings)


@OPTIMIZERS.add_component
def Momentum(
    parameters: paddle.nn.Layer,
    learning_rate: float | LRScheduler,
    *,
    momentum: float = 0.9,
    nesterov: bool = False,
    weight_decay: float | None = None,
    custom_cfg: Sequence[dict[str, Any]] | None = None,
    grad_clip_cfg: dict[str, Any] | None = None,
    no_decay_on_norm_and_bias: bool = False,
) -> paddle.optimizer.Optimizer:
    """`SGD` whose momentum is 0.9 when it is not given; arguments and errors are the same."""
    return SGD(
        parameters,
        learning_rate,
        momentum=momentum,
        nesterov=nesterov,
        weight_decay=weight_decay,
        custom_cfg=custom_cfg,
        grad_clip_cfg=grad_clip_cfg,
        no_decay_on_norm_and_bias=no_decay_on_norm_and_bias,
    )


@OPTIMIZERS.add_component
def Adam(
    parameters: paddle.nn.Layer,
    learning_rate: float | LRScheduler,
    *,
    beta1: float = 0.9,
    beta2: float = 0.999,
    epsilon: float = 1e-8,
    weight_decay: float | None = None,
    custom_cfg: Sequence[dict[str, Any]] | None = None,
    grad_clip_cfg: dict[str, Any] | None = None,
    no_decay_on_norm_and_bias: bool = False,
) -> paddle.optimizer.Optimizer:
    """Adam, with weight decay as an L2 term in the gradients.

    Args:
        parameters: The model whose trainable parameters are optimised.
        learning_rate: A number or a schedule.
        beta1: Decay rate of the mean of the gradients.
        beta2: Decay rate of the mean of their squares.
        epsilon: Added to the denominator.
        weight_decay: See `SGD`.
        custom_cfg: See `SGD`.
        grad_clip_cfg: See `SGD`.
        no_decay_on_norm_and_bias: See `SGD`.

    Raises:
        ConfigError: A value is out of its range or an entry of ``custom_cfg`` matches nothing.
    """
    _check_betas(beta1, beta2)
    return paddle.optimizer.Adam(
        learning_rate=learning_rate,
        beta1=beta1,
        beta2=beta2,
        epsilon=epsilon,
        parameters=_with_l2_decay(parameters, weight_decay, custom_cfg, no_decay_on_norm_and_bias),
        grad_clip=_gradient_clip(grad_clip_cfg),
    )


@OPTIMIZERS.add_component
def AdamW(
    parameters: paddle.nn.Layer,
    learning_rate: float | LRScheduler,
    *,
    beta1: float = 0.9,
    beta2: float = 0.999,
    epsilon: float = 1e-8,
    weight_decay: float = 0.01,
    custom_cfg: Sequence[dict[str, Any]] | None = None,
    grad_clip_cfg: dict[str, Any] | None = None,
    no_decay_on_norm_and_bias: bool = False,
) -> paddle.optimizer.Optimizer:
    """Adam with decoupled weight decay (Loshchilov and Hutter, arXiv 1711.05101).

    Args:
        parameters: The model whose trainable parameters are optimised.
        learning_rate: A number or a schedule.
        beta1: Decay rate of the mean of the gradients.
        beta2: Decay rate of the mean of their squares.
        epsilon: Added to the denominator.
        weight_decay: A parameter shrinks by this times the learning rate in each step.
        custom_cfg: See `SGD`; here ``weight_decay_mult`` is 0 or 1, which is all that Paddle's AdamW can do
            without parameter groups.
        grad_clip_cfg: See `SGD`.
        no_decay_on_norm_and_bias: See `SGD`.

    Raises:
        ConfigError: A value is out of its range or an entry of ``custom_cfg`` matches nothing.
    """
    _check_betas(beta1, beta2)
    require(weight_decay >= 0, "optimizer.weight_decay", weight_decay, "0 or more")
    named = trainable_parameters(parameters)
    multipliers = _multipliers(named, custom_cfg, no_decay_on_norm_and_bias)
    decayed = set()
    for name, parameter in named.items():
        decay = multipliers[name].weight_decay
        require(decay in (0, 1), f"optimizer.custom_cfg: weight_decay_mult of {name}", decay, "0 or 1 with AdamW")
        if decay:
            decayed.add(parameter.name)
        _annotate(parameter, learning_rate_multiplier=multipliers[name].learning_rate, regularizer=None)
    return paddle.optimizer.AdamW(
        learning_rate=learning_rate,
        beta1=beta1,
        beta2=beta2,
        epsilon=epsilon,
        parameters=list(named.values()),
        weight_decay=weight_decay,
        apply_decay_param_fun=decayed.__contains__,
        grad_clip=_gradient_clip(grad_clip_cfg),
    )


def describe(optimizer_config: dict[str, Any]) -> str:
    """Say in one line what a valid ``optimizer`` section means, defaults included.

    Example:
        >>> describe({"type": "SGD", "weight_decay": 5e-4})
        'SGD, no momentum (plain SGD), L2 weight decay 0.0005'
    """
    kind = optimizer_config["type"]
    known = inspect.signature(OPTIMIZERS[kind]).parameters.values()
    settings = {item.name: item.default for item in known if item.kind is item.KEYWORD_ONLY}
    settings.update(optimizer_config)
    parts = [kind, _describe_averages(settings), _describe_decay(settings)]
    for entry in settings["custom_cfg"] or ():
        parts.append(f"parameters with {entry['name']!r}: {_numbers(entry)}")
    if settings["grad_clip_cfg"]:
        parts.append(f"{settings['grad_clip_cfg']['name']} with {_numbers(settings['grad_clip_cfg'])}")
    return ", ".join(parts)


def _describe_averages(settings: dict[str, Any]) -> str:
    if "beta1" in settings:
        return f"betas {settings['beta1']:g} and {settings['beta2']:g}"
    if settings["momentum"] == 0:
        return "no momentum (plain SGD)"
    return f"momentum {settings['momentum']:g}" + (" (Nesterov)" if settings["nesterov"] else "")


def _describe_decay(settings: dict[str, Any]) -> str:
    if not settings["weight_decay"]:
        return "no weight decay"
    form = "decoupled" if settings["type"] == "AdamW" else "L2"
    exempt = " (not on normalisation and biases)" if settings["no_decay_on_norm_and_bias"] else ""
    return f"{form} weight decay {settings['weight_decay']:g}{exempt}"


def _numbers(entry: dict[str, Any]) -> str:
    return ", ".join(f"{key} {value:g}" for key, value in entry.items() if key != "name")


def _with_l2_decay(
    model: paddle.nn.Layer,
    weight_decay: float | None,
    custom_cfg: Sequence[dict[str, Any]] | None,
    no_decay_on_norm_and_bias: bool,
) -> list[paddle.Tensor]:
    """Note the rate's multiplier and the L2 term on each trainable parameter; return the parameters."""
    weight_decay = weight_decay or 0.0
    require(weight_decay >= 0, "optimizer.weight_decay", weight_decay, "0 or more")
    named = trainable_parameters(model)
    multipliers = _multipliers(named, custom_cfg, no_decay_on_norm_and_bias)
    for name, parameter in named.items():
        decay = weight_decay * multipliers[name].weight_decay
        _annotate(
            parameter,
            learning_rate_multiplier=multipliers[name].learning_rate,
            regularizer=L2Decay(decay) if decay else None,
        )
    return list(named.values())


def _multipliers(named, custom_cfg, no_decay_on_norm_and_bias):
    shapes = {name: parameter.shape for name, parameter in named.items()}
    return parameter_multipliers(shapes, custom_cfg, no_decay_on_norm_and_bias=no_decay_on_norm_and_bias)


def _annotate(parameter: paddle.Tensor, *, learning_rate_multiplier: float, regularizer: L2Decay | None) -> None:
    # Both are always set, so that nothing of an optimiser built earlier for the same model remains.
    parameter.optimize_attr = {"learning_rate": learning_rate_multiplier}
    parameter.regularizer = regularizer


def _gradient_clip(grad_clip_cfg: dict[str, Any] | None) -> paddle.nn.clip.GradientClipBase | None:
    if grad_clip_cfg is None:
        return None
    arguments = dict(grad_clip_cfg)
    name = arguments.pop("name", None)
    require(name in _CLIP_ARGUMENTS, "optimizer.grad_clip_cfg.name", name, f"one of {', '.join(_CLIP_ARGUMENTS)}")
    allowed = _CLIP_ARGUMENTS[name]
    for key, value in arguments.items():
        require(
            key in allowed,
            "optimizer.grad_clip_cfg key",
            key,
            f"name or, for {name}, {' or '.join(allowed)}",
        )
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        is_valid = is_number and (value > 0 or key == "min")
        require(is_valid, f"optimizer.grad_clip_cfg.{key}", value, "a number above 0")
    if allowed[0] not in arguments:
        raise ConfigError(f"optimizer.grad_clip_cfg lacks {allowed[0]}, which {name} needs")
    if "min" in arguments:
        is_valid = arguments["min"] < arguments["max"]
        require(is_valid, "optimizer.grad_clip_cfg.min", arguments["min"], f"below max, {arguments['max']}")
    return getattr(paddle.nn, name)(**arguments)


def _check_betas(beta1: float, beta2: float) -> None:
    require(0 <= beta1 < 1, "optimizer.beta1", beta1, "0 to below 1")
    require(0 <= beta2 < 1, "optimizer.beta2", beta2, "0 to below 1")
