# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""PaddleSeg's world: its second names, and what it has and this toolkit has not, each with what to do instead.

The parts know nothing of it. A name or a value that is refused stands here with its advice, which the check of a
configuration and the commands give. Imports nothing heavy: the commands' parsers read it.
"""

from __future__ import annotations

from typing import Any

# --- second names ---

KEY_ALIASES = {
    ("model", "augment"): "enable_auxiliary_loss",  # DDRNet_paddle and the official code
    ("optimizer", "use_nesterov"): "nesterov",  # PaddleSeg and Paddle
    ("lr_scheduler", "max_learning_rate"): "learning_rate",  # Paddle's OneCycleLR
}
"""Section and key there -> the one name that the rest of the toolkit knows."""

OPTIMIZER_SPELLINGS: dict[str, dict[str, Any]] = {"sgd": {"type": "SGD", "momentum": 0.9}, "adam": {"type": "Adam"}}
"""``optimizer.type`` in its first spelling -> the type, and the defaults that went with it."""

SCHEDULE_DEFAULTS: dict[str, dict[str, Any]] = {"PolynomialDecay": {"power": 0.9, "end_lr": 0}}
"""``lr_scheduler.type`` -> what PaddleSeg's configuration sets where a file does not; Paddle's class has others."""

# --- keys that have no meaning here ---

_ONE_CLASS_PER_PIXEL = "each pixel has exactly one class here; remove it, and give labels of class ids"

REFUSED_KEYS = {
    "distill_loss": "there is no distillation here; remove it, and give the losses of the labels under loss",
    "uniform_output_enabled": "a run and an export always write the same file names here; remove it",
    "use_multilabel": _ONE_CLASS_PER_PIXEL,
    "print_mem_info": "the log says once how much memory the first step took; remove it, and look with nvidia-smi",
    "log_ranks": "rank 0 logs, and paddle.distributed.launch keeps what each rank prints in log/workerlog.N; remove it",
    "learning_rate": "this is lr_scheduler.learning_rate here, e.g. lr_scheduler: {type: PolynomialDecay, "
    "learning_rate: 0.01, end_lr: 0, power: 0.9}",
}
"""At the top level."""

REFUSED_IN_TEST_CONFIG = {
    "auc_roc": "the area under the ROC curve is not computed here: it needs the scores of all pixels in memory; "
    "remove it, and use IoU, precision, recall and Dice of the classes, which every evaluation gives",
    "use_multilabel": _ONE_CLASS_PER_PIXEL,
}

_OWN_RISE = (
    "OneCycleLR begins with a rise of its own; remove it (`_inherited_: False` under lr_scheduler leaves out what a "
    "base file gives), and set phase_pct and divide_factor"
)
_REFUSED_ARGUMENTS = {
    "optimizer": {
        "parameters": "the parameters are the model's; remove it",
        "learning_rate": "the learning rate belongs under lr_scheduler; move it there",
        "layerwise_decay": "a rate that falls from layer to layer is for transformer backbones; remove it, and give "
        "parts of the network their own rate with custom_cfg, e.g. [{name: layer1, lr_mult: 0.5}]",
        "lazy_mode": "it is for sparse gradients, which no layer here has; remove it",
    },
    "learning-rate schedule": {
        "total_steps": "the length of the training is iters or epochs at the top level; remove it",
        "last_epoch": "train.py --resume_model goes on where a run ended; remove it",
        "verbose": "the learning rate stands in each line of the training log; remove it",
    },
    "OneCycleLR": {"warmup_iters": _OWN_RISE, "warmup_start_lr": _OWN_RISE},
}


def refused_arguments(role: str, kind: str) -> dict[str, str]:
    """Arguments that no component of a registry's role, or none of the type ``kind``, takes, with their advice."""
    return {**_REFUSED_ARGUMENTS.get(role, {}), **_REFUSED_ARGUMENTS.get(kind, {})}


# --- flags of the commands ---

REFUSED_FLAGS = {
    "train.py": {
        "use_multilabel": "each pixel has exactly one class here; leave it out, and give labels of class ids",
        "output_op": "training exports nothing; give it to export.py",
        "input_shape": "training exports nothing; give it to export.py",
        "for_fd": "an export always has what deploy/python/infer.py needs; leave it out",
    },
    "val.py": REFUSED_IN_TEST_CONFIG,
    "predict.py": {"use_multilabel": _ONE_CLASS_PER_PIXEL},
    "export.py": {"for_fd": "FastDeploy is not supported; leave it out and use deploy/python/infer.py"},
}

# --- types that are not built in ---

_TWO_CLASSES = "Each class has an output of its own here: give num_classes: 2, the rest being class 0, and use"
_MIXED = "beside a cross entropy in a MixedLoss"
_EDGES = f"It needs a network that predicts edges. Use BoundaryLoss {_MIXED}"
_OWN_OUTPUTS = "It is for the outputs of another network. Use CrossEntropyLoss or OhemCrossEntropyLoss"
_TEACHER = "It compares with a teacher or with numbers, and there is no distillation here. Use CrossEntropyLoss"
_LAYER_BY_LAYER = (
    "A rate that falls from layer to layer is for transformer backbones; use AdamW, and give parts of the network "
    "their own rate with custom_cfg"
)
_NO_FUNCTIONS = "YAML has no functions; register a schedule of your own"

LEFT_OUT = {
    "loss": {
        "BCELoss": f"{_TWO_CLASSES} CrossEntropyLoss; where one class is rare, FocalLoss",
        "LovaszHingeLoss": f"{_TWO_CLASSES} LovaszSoftmaxLoss {_MIXED}",
        "RMILoss": f"Use LovaszSoftmaxLoss {_MIXED}, which looks at whole regions too",
        "SemanticConnectivityLoss": f"Use DiceLoss {_MIXED}, which looks at whole regions too",
        "PixelContrastCrossEntropyLoss": "It needs a network that gives embeddings too. Use OhemCrossEntropyLoss",
        "DetailAggregateLoss": _EDGES,
        "DualTaskLoss": _EDGES,
        "EdgeAttentionLoss": _EDGES,
        "OhemEdgeAttentionLoss": _EDGES,
        "RelaxBoundaryLoss": _EDGES,
        "MaskFormerLoss": _OWN_OUTPUTS,
        "PointCrossEntropyLoss": _OWN_OUTPUTS,
        "SECrossEntropyLoss": _OWN_OUTPUTS,
        "DistillCrossEntropyLoss": _TEACHER,
        "DistillationLoss": _TEACHER,
        "KLLoss": _TEACHER,
        "L1Loss": _TEACHER,
        "MSELoss": _TEACHER,
    },
    "transform": {
        "AddEdgeLabel": "No loss here needs edge labels: remove it; BoundaryLoss finds the edges of the labels itself",
        "GenerateInstanceTargets": "It makes the targets of MaskFormer: remove it; networks here learn from the label "
        "map",
        "AddMultiLabelAuxiliaryCategory": "Each pixel has exactly one class here: remove it, and give labels of class "
        "ids",
    },
    "optimizer": {"AdamWDL": _LAYER_BY_LAYER, "AdamWDL_CAE": _LAYER_BY_LAYER},
    # The other schedules of Paddle, which PaddleSeg takes by their names.
    "learning-rate schedule": {
        "LinearWarmup": "Give the schedule that follows it, with warmup_iters and warmup_start_lr",
        "PiecewiseDecay": "Use MultiStepDecay with the boundaries as milestones, and the ratio of two values as gamma",
        "ExponentialDecay": "Use StepDecay with step_size: 1 and the same gamma",
        "NaturalExpDecay": "Use StepDecay with step_size: 1 and exp(-gamma) as gamma",
        "InverseTimeDecay": "Use PolynomialDecay, or StepDecay",
        "NoamDecay": "It is for transformers; use PolynomialDecay with warmup_iters",
        "LinearLR": "Use PolynomialDecay with power: 1, and warmup_iters for a rise",
        "CyclicLR": "Use OneCycleLR, which is one cycle over the whole run",
        "CosineAnnealingWarmRestarts": "Use CosineAnnealingDecay, which does not restart",
        "LambdaDecay": _NO_FUNCTIONS,
        "MultiplicativeDecay": _NO_FUNCTIONS,
    },
}
"""By the role of the registry."""


def advice_for(role: str, kind: object) -> str | None:
    """What to use instead of a type that PaddleSeg has and this toolkit has not; None for all others."""
    return LEFT_OUT.get(role, {}).get(kind) if isinstance(kind, str) else None
