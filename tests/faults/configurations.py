# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Complete configurations with every part of the toolkit and its arguments, and ways to corrupt them."""

import copy
import datetime
import json

from hypothesis import strategies as st

TRANSFORMS = [
    {"type": "Resize", "target_size": [56, 40], "keep_ratio": True, "size_divisor": 8, "interp": "AREA"},
    {"type": "ResizeByShort", "short_size": [40, 48], "max_size": 90},
    {"type": "ResizeByLong", "long_size": 60},
    {"type": "LimitShort", "max_short": 60, "min_short": 30},
    {"type": "LimitLong", "max_long": 100, "min_long": 30},
    {"type": "Padding", "target_size": [200, 200], "im_padding_value": 127.5, "label_padding_value": 255},
    {"type": "PaddingByAspectRatio", "aspect_ratio": 1.5, "im_padding_value": 0, "label_padding_value": 255},
    {"type": "ScalePadding", "target_size": [48, 48], "im_padding_value": [1, 2, 3], "label_padding_value": 255},
    {"type": "ResizeStepScaling", "min_scale_factor": 0.5, "max_scale_factor": 2.0, "scale_step_size": 0.25},
    {"type": "ResizeRangeScaling", "min_value": 40, "max_value": 60},
    {"type": "RandomPaddingCrop", "crop_size": [64, 64], "im_padding_value": 127.5, "label_padding_value": 255,
     "category_max_ratio": 0.75, "ignore_index": 255, "loop_times": 3},
    {"type": "RandomCenterCrop", "retain_ratio": [0.5, 0.5]},
    {"type": "RandomScaleAspect", "min_scale": 0.5, "aspect_ratio": 0.33},
    {"type": "RandomRotation", "max_rotation": 15, "im_padding_value": 127.5, "label_padding_value": 255},
    {"type": "RandomAffine", "size": [64, 48], "translation_offset": 3, "max_rotation": 15, "min_scale_factor": 0.75,
     "max_scale_factor": 1.25, "im_padding_value": 128, "label_padding_value": 255},
    {"type": "RandomHorizontalFlip", "prob": 0.5},
    {"type": "RandomVerticalFlip", "prob": 1},
    {"type": "RandomDistort", "brightness_range": 0.5, "brightness_prob": 1, "contrast_range": 0.5, "contrast_prob": 1,
     "saturation_range": 0.5, "saturation_prob": 1, "hue_range": 18, "hue_prob": 1, "sharpness_range": 0.5,
     "sharpness_prob": 1},
    {"type": "RandomBlur", "prob": 1, "blur_type": "random"},
    {"type": "RandomNoise", "prob": 1, "max_sigma": 10.0},
]  # fmt: skip
"""In an order in which each can follow the others."""

LOSSES = [
    {"type": "CrossEntropyLoss", "weight": [1, 2, 0.5, 0], "avg_non_ignore": False, "top_k_percent_pixels": 0.5},
    {"type": "OhemCrossEntropyLoss", "thresh": 0.9, "min_kept": 100, "weight": [1, 1, 1, 2], "ignore_index": 255},
    {"type": "BootstrappedCrossEntropyLoss", "min_K": 50, "loss_th": 0.3},
    {"type": "MultiClassFocalLoss", "alpha": [1, 2, 3, 4], "gamma": 2},
    {"type": "DiceLoss", "weight": [1, 1, 1, 2], "smooth": 1.0},
    {"type": "LovaszSoftmaxLoss", "classes": "present"},
    {"type": "BoundaryLoss", "theta0": 3, "theta": 5},
    {"type": "MixedLoss", "losses": [{"type": "CrossEntropyLoss"}, {"type": "DiceLoss"}], "coef": [0.8, 0.2]},
]
_CUSTOM = [{"name": "head", "lr_mult": 10, "weight_decay_mult": 0}]
OPTIMIZERS = [
    {"type": "SGD", "momentum": 0.9, "nesterov": True, "weight_decay": 0.0005, "no_decay_on_norm_and_bias": True},
    {"type": "Adam", "beta1": 0.9, "beta2": 0.99, "epsilon": 1e-8, "weight_decay": 0.1, "custom_cfg": _CUSTOM},
    {"type": "AdamW", "weight_decay": 0.01, "custom_cfg": _CUSTOM,
     "grad_clip_cfg": {"name": "ClipGradByGlobalNorm", "clip_norm": 5.0}},
    {"type": "RMSProp", "rho": 0.9, "epsilon": 1e-6, "momentum": 0.5, "centered": True,
     "grad_clip_cfg": {"name": "ClipGradByValue", "max": 1.0, "min": -1.0}},
]  # fmt: skip
_WARM_UP = {"learning_rate": 0.01, "warmup_iters": 3, "warmup_start_lr": 0.001}
SCHEDULES = [
    {"type": "PolynomialDecay", **_WARM_UP, "power": 0.9, "end_lr": 0, "decay_steps": 20},
    {"type": "CosineAnnealingDecay", **_WARM_UP, "eta_min": 0.0001, "T_max": 20},
    {"type": "StepDecay", **_WARM_UP, "step_size": 4, "gamma": 0.5},
    {"type": "MultiStepDecay", **_WARM_UP, "milestones": [3, 6], "gamma": 0.5},
    {"type": "OneCycleLR", "learning_rate": 0.01, "divide_factor": 25, "end_learning_rate": 0, "phase_pct": 0.3,
     "anneal_strategy": "linear", "three_phase": True},
    {"type": "ReduceOnPlateau", **_WARM_UP, "metric": "loss", "factor": 0.5, "patience": 2, "threshold": 0.01,
     "threshold_mode": "abs", "cooldown": 1, "min_lr": 0.0001, "epsilon": 0, "mode": "min"},
]  # fmt: skip
_NORMALIZE = {"type": "Normalize", "mean": [0.5, 0.5, 0.4], "std": [0.5, 0.5, 0.2]}


def _data_set(root, mode, transforms) -> dict:
    return {
        "type": "Dataset",
        "mode": mode,
        "dataset_root": str(root),
        f"{mode}_path": f"{root}/{mode}.txt",
        "num_classes": 4,
        "separator": " ",
        "ignore_index": 255,
        "img_channels": 3,
        "edge": False,
        "class_names": ["road", "car", "sky", "wall"],
        "palette": [[0, 0, 0], [1, 2, 3], [4, 5, 6], [255, 255, 255]],
        "transforms": [*transforms, _NORMALIZE],
    }


def complete(root, number=0) -> dict:
    """A configuration that is right, with other parts for each ``number``."""
    chosen = [TRANSFORMS[(number + step) % len(TRANSFORMS)] for step in (0, 7, 13)]
    chosen.sort(key=TRANSFORMS.index)
    has_auxiliary_output = number % 2 == 0
    configuration = {
        "batch_size": 2,
        "iters": 12,
        "grad_accum_steps": 2,
        "ema_decay": 0.99,
        "check_labels": "full",
        "max_skipped_steps": 1,
        "seed": 7,
        "to_static_training": False,
        "model": {
            "type": "DDRNet_23_slim",
            "in_channels": 3,
            "num_classes": 4,
            "enable_auxiliary_loss": has_auxiliary_output,
            "padding_mode": "official",
            "data_format": "NCHW",
        },
        "train_dataset": {**_data_set(root, "train", chosen), "shuffle": False},
        "val_dataset": _data_set(root, "val", [{"type": "Resize", "target_size": [48, 40]}]),
        "optimizer": OPTIMIZERS[number % len(OPTIMIZERS)],
        "lr_scheduler": SCHEDULES[number % len(SCHEDULES)],
        "loss": {"types": [LOSSES[number % len(LOSSES)]], "coef": [1, 0.4] if has_auxiliary_output else [1]},
        "test_config": {
            "is_slide": True,
            "crop_size": [40, 32],
            "stride": [20, 16],
            "aug_eval": True,
            "scales": [0.75, 1],
            "flip_horizontal": True,
            "flip_vertical": False,
        },
        "export": {"transforms": [{"type": "ResizeByLong", "long_size": 48}, _NORMALIZE]},
    }
    if number % 5 == 4:
        drawn = {"type": "RoadScenes", "num_samples": 3, "size": [64, 32], "seed": 1, "cache": "none"}
        configuration["train_dataset"] = {**drawn, "mode": "train", "transforms": [*chosen, _NORMALIZE]}
        configuration["val_dataset"] = {**drawn, "mode": "val", "transforms": [_NORMALIZE]}
        configuration["model"].pop("num_classes")
        # Its 19 classes have no list of weights here.
        configuration["loss"]["types"] = [{"type": "OhemCrossEntropyLoss", "min_kept": 10}]
    return json.loads(json.dumps(configuration))  # no two places share an object


_TEXTS = (
    "", " ", "x", "None", "true", "0", "1e400", ".", "..", "/", "/dev/null", "a\nb: [", "ключ", "\u202e", "\U0001f6a6",
    "\x1b[2J", "a.b", "*", "&a", "Normalize", "SGD", "DDRNet_39", "DiceLoss", "Dataset", "train", "test", "RANDOM",
    "nowhere.pdparams", "x" * 3000, "\x85", "{0}", "%s", "all", "disk", "ram", "head",
)  # fmt: skip
# No side of a picture between 2000 and 65536 is among them: it would be allowed, and slow.
_NUMBERS = (
    0, 1, 2, 3, 4, 7, 8, 15, 64, 127, 255, 256, 1000, 10**6, 2**31 - 1, 2**31, 2**32, 10**9, 10**12, 2**63, 10**30,
    10**400, -1, -2, -(10**30), 0.0, -0.0, 0.5, 1.0, 1.5, -0.5, 0.999999, 1e-8, 5e-324, 1e-300, 1e300, 1.7e308, -1e300,
    float("inf"), -float("inf"), float("nan"),
)  # fmt: skip
_PARTS = [*TRANSFORMS, *LOSSES, *OPTIMIZERS, *SCHEDULES, _NORMALIZE]
_plain = st.one_of(
    st.sampled_from(_NUMBERS),
    st.sampled_from(_TEXTS),
    st.sampled_from([None, True, False, b"\xff\x00", datetime.date(2026, 1, 1)]),
    st.integers(-1000, 1000),
    st.floats(),
    st.text(max_size=8),
)
VALUES = st.one_of(
    _plain,
    st.sampled_from(_NUMBERS),
    st.lists(_plain, max_size=4),
    st.lists(st.sampled_from(_NUMBERS), min_size=1, max_size=4),
    st.dictionaries(st.one_of(st.sampled_from(["type", "name", "0", "_inherited_"]), _plain), _plain, max_size=3),
    st.sampled_from(_PARTS),
    st.lists(st.sampled_from(_PARTS), max_size=3),
    st.recursive(_plain, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner)),
)
KEYS = st.one_of(
    st.sampled_from(["type", "transforms", "losses", "coef", "weight", "backbone", "pretrained", "cache", "cache_dir"]),
    st.sampled_from(
        ["_base_", "_inherited_", "epochs", "distill_loss", "warmup_iters", "<<", "custom_imports", "mode"]
    ),
    _plain,
)


def nearby(value):
    """Values of the same kind, which a check of types alone lets through."""
    if isinstance(value, bool):
        return st.just(not value)
    if isinstance(value, (int, float)):
        numbers = [number for number in _NUMBERS if isinstance(number, type(value))]
        return st.sampled_from(numbers) | st.sampled_from([0, 1, 2, -value, value + 1, 2 * value, value // 2])
    if isinstance(value, str):
        return st.sampled_from(_TEXTS)
    if isinstance(value, list) and value:
        items = st.sampled_from(value) | nearby(value[0])
        return st.lists(items, max_size=len(value) + 1) | st.lists(items, min_size=len(value), max_size=len(value))
    if isinstance(value, dict) and "type" in value:
        return st.sampled_from([part for part in _PARTS if part["type"] != value["type"]])
    return VALUES


def places(tree, path=()) -> list:
    """The path of everything inside mappings and lists."""
    items = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    found = []
    for key, value in items:
        found += [(*path, key), *places(value, (*path, key))]
    return found


def at(tree, path):
    for key in path:
        tree = tree[key]
    return tree


@st.composite
def spoilt(draw, root):
    """(configuration, paths at which it was changed)."""
    tree = complete(root, draw(st.integers(0, 39)))
    changed = []
    for _ in range(draw(st.integers(1, 2))):
        # A section first, so that long ones do not take all.
        section = draw(st.sampled_from(sorted(key for key in tree if isinstance(key, str))))
        path = draw(st.sampled_from([(section,), *places(tree[section], (section,))][:80]))
        change = draw(st.sampled_from(["nearby"] * 5 + ["replace", "remove", "add", "swap"]))
        parent = at(tree, path[:-1])
        if change == "replace":
            parent[path[-1]] = copy.deepcopy(draw(VALUES))
        elif change == "nearby":
            parent[path[-1]] = copy.deepcopy(draw(nearby(parent[path[-1]])))
        elif change == "remove":
            del parent[path[-1]]
        elif change == "add" and isinstance(at(tree, path), dict):
            key = draw(KEYS)
            at(tree, path)[key] = copy.deepcopy(draw(VALUES))
            path = (*path, key)
        elif change == "add" and isinstance(at(tree, path), list):
            at(tree, path).append(copy.deepcopy(draw(VALUES)))
        else:
            other = draw(st.sampled_from(sorted(key for key in tree if isinstance(key, str))))
            parent[path[-1]], tree[other] = copy.deepcopy(tree[other]), copy.deepcopy(at(tree, path))
            changed.append((other,))
        changed.append(path)
    return tree, changed
