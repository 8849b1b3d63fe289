# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Optimisers, under PaddleSeg's names and with its arguments.

Each function takes the model rather than a list of parameters, because ``custom_cfg`` goes by their names.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

import paddle
from paddle.optimizer.lr import LRScheduler
from paddle.regularizer import L2Decay

from paddleseg.optimizers.gradient_clip import clip_faults, gradient_clip
from paddleseg.optimizers.parameter_groups import entry_faults, parameter_multipliers, trainable_parameters
from paddleseg.registry import OPTIMIZERS
from paddleseg.utils.arguments import Fault, checks_arguments
from paddleseg.utils.type_hints import BelowOne, NonNegativeFloat, PositiveFloat

__all__ = ["SGD", "Adam", "AdamW", "Momentum", "RMSProp"]

Network = Annotated[paddle.nn.Layer, "the network, not its parameters"]
"""The argument that Paddle's optimisers, too, call ``parameters``; theirs is a list."""


def _faults(
    momentum: float = 0.0,
    nesterov: bool = False,
    custom_cfg: Sequence[Any] | None = None,
    grad_clip_cfg: Mapping[str, Any] | None = None,
    **_: Any,
) -> Iterator[Fault]:
    """What does not go together, see :mod:`paddleseg.utils.arguments`."""
    if nesterov and momentum == 0:
        yield "nesterov", "found True, but momentum is 0; set momentum, such as 0.9"
    yield from entry_faults(custom_cfg)
    yield from clip_faults(grad_clip_cfg)


def _faults_of_adamw(custom_cfg: Sequence[Any] | None = None, **others: Any) -> Iterator[Fault]:
    found = list(_faults(custom_cfg=custom_cfg, **others))
    yield from found
    if found:
        return
    for index, entry in enumerate(custom_cfg or ()):
        decay = entry.get("weight_decay_mult", 1)
        if decay not in (0, 1):
            yield f"custom_cfg.{index}.weight_decay_mult", f"found {decay}; it must be 0 or 1 with AdamW"


@OPTIMIZERS.add_component
@checks_arguments(faults=_faults)
def SGD(
    parameters: Network,
    learning_rate: PositiveFloat | LRScheduler,
    *,
    momentum: BelowOne = 0.0,
    nesterov: bool = False,
    weight_decay: NonNegativeFloat | None = None,
    custom_cfg: Sequence[Any] | None = None,
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
        custom_cfg: Multipliers for parts of the model, each ``{name: .., lr_mult: .., weight_decay_mult: ..}``; the
            first whose ``name`` is part of a parameter's name holds for it.
        grad_clip_cfg: ``{name: ClipGradByNorm | ClipGradByGlobalNorm, clip_norm: ..}`` or
            ``{name: ClipGradByValue, max: .., min: ..}`` (``min`` defaults to ``-max``).
        no_decay_on_norm_and_bias: No weight decay on normalisation layers and biases.

    Raises:
        ConfigError: A value is out of its range or an entry of ``custom_cfg`` matches nothing.
    """
    settings = {
        "learning_rate": learning_rate,
        "parameters": _with_l2_decay("SGD", parameters, weight_decay, custom_cfg, no_decay_on_norm_and_bias),
        "grad_clip": gradient_clip(grad_clip_cfg),
    }
    if momentum == 0:
        return paddle.optimizer.SGD(**settings)
    return paddle.optimizer.Momentum(momentum=momentum, use_nesterov=nesterov, **settings)


@OPTIMIZERS.add_component
@checks_arguments(faults=_faults)
def Momentum(
    parameters: Network,
    learning_rate: PositiveFloat | LRScheduler,
    *,
    momentum: BelowOne = 0.9,
    nesterov: bool = False,
    weight_decay: NonNegativeFloat | None = None,
    custom_cfg: Sequence[Any] | None = None,
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
@checks_arguments(faults=_faults)
def Adam(
    parameters: Network,
    learning_rate: PositiveFloat | LRScheduler,
    *,
    beta1: BelowOne = 0.9,
    beta2: BelowOne = 0.999,
    epsilon: PositiveFloat = 1e-8,
    weight_decay: NonNegativeFloat | None = None,
    custom_cfg: Sequence[Any] | None = None,
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
    return paddle.optimizer.Adam(
        learning_rate=learning_rate,
        beta1=beta1,
        beta2=beta2,
        epsilon=epsilon,
        parameters=_with_l2_decay("Adam", parameters, weight_decay, custom_cfg, no_decay_on_norm_and_bias),
        grad_clip=gradient_clip(grad_clip_cfg),
    )


@OPTIMIZERS.add_component
@checks_arguments(faults=_faults_of_adamw)
def AdamW(
    parameters: Network,
    learning_rate: PositiveFloat | LRScheduler,
    *,
    beta1: BelowOne = 0.9,
    beta2: BelowOne = 0.999,
    epsilon: PositiveFloat = 1e-8,
    weight_decay: NonNegativeFloat = 0.01,
    custom_cfg: Sequence[Any] | None = None,
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
    named = trainable_parameters(parameters)
    multipliers = _multipliers("AdamW", named, custom_cfg, no_decay_on_norm_and_bias)
    decayed = set()
    for name, parameter in named.items():
        decay = multipliers[name].weight_decay
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
        grad_clip=gradient_clip(grad_clip_cfg),
    )


@OPTIMIZERS.add_component
@checks_arguments(faults=_faults)
def RMSProp(
    parameters: Network,
    learning_rate: PositiveFloat | LRScheduler,
    *,
    rho: BelowOne = 0.95,
    epsilon: PositiveFloat = 1e-6,
    momentum: BelowOne = 0.0,
    centered: bool = False,
    weight_decay: NonNegativeFloat | None = None,
    custom_cfg: Sequence[Any] | None = None,
    grad_clip_cfg: dict[str, Any] | None = None,
    no_decay_on_norm_and_bias: bool = False,
) -> paddle.optimizer.Optimizer:
    """RMSProp (Tieleman and Hinton, Coursera lecture 6.5, 2012), with weight decay as an L2 term in the gradients.

    The square root is taken of ``mean of squares + epsilon``; PyTorch adds its epsilon after the root. ``momentum``
    sums up steps, each with the learning rate of its time.

    Args:
        parameters: The model whose trainable parameters are optimised.
        learning_rate: A number or a schedule.
        rho: Decay rate of the mean of the squared gradients.
        epsilon: Added under the square root.
        momentum: Factor of the running sum of the steps, 0 to below 1; 0 keeps none.
        centered: Divide by the standard deviation of the gradients instead, that is, subtract their squared mean.
        weight_decay: See `SGD`.
        custom_cfg: See `SGD`.
        grad_clip_cfg: See `SGD`.
        no_decay_on_norm_and_bias: See `SGD`.

    Raises:
        ConfigError: A value is out of its range or an entry of ``custom_cfg`` matches nothing.
    """
    return paddle.optimizer.RMSProp(
        learning_rate=learning_rate,
        rho=rho,
        epsilon=epsilon,
        momentum=momentum,
        centered=centered,
        parameters=_with_l2_decay("RMSProp", parameters, weight_decay, custom_cfg, no_decay_on_norm_and_bias),
        grad_clip=gradient_clip(grad_clip_cfg),
    )


def _with_l2_decay(
    kind: str,
    model: paddle.nn.Layer,
    weight_decay: float | None,
    custom_cfg: Sequence[dict[str, Any]] | None,
    no_decay_on_norm_and_bias: bool,
) -> list[paddle.Tensor]:
    """Note the rate's multiplier and the L2 term on each trainable parameter; return the parameters."""
    weight_decay = weight_decay or 0.0
    named = trainable_parameters(model)
    multipliers = _multipliers(kind, named, custom_cfg, no_decay_on_norm_and_bias)
    for name, parameter in named.items():
        decay = weight_decay * multipliers[name].weight_decay
        _annotate(
            parameter,
            learning_rate_multiplier=multipliers[name].learning_rate,
            regularizer=L2Decay(decay) if decay else None,
        )
    return list(named.values())


def _multipliers(kind, named, custom_cfg, no_decay_on_norm_and_bias):
    shapes = {name: parameter.shape for name, parameter in named.items()}
    return parameter_multipliers(kind, shapes, custom_cfg, no_decay_on_norm_and_bias=no_decay_on_norm_and_bias)


def _annotate(parameter: paddle.Tensor, *, learning_rate_multiplier: float, regularizer: L2Decay | None) -> None:
    # Both are always set, so that no values of an earlier optimiser for the same model remain.
    parameter.optimize_attr = {"learning_rate": learning_rate_multiplier}
    parameter.regularizer = regularizer
