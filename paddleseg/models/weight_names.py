# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Names of DDRNet's weights in other kits, mapped to the names here by rules for the parts of the network.

The names here are PaddleSeg's. Those of the authors' PyTorch code (github.com/ydhongHIT/DDRNet), called official, are
the intermediate form for the others: mmsegmentation 1.2 (backbone DDRNet, decode head DDRHead) and super-gradients
(DDRNet23Slim, DDRNet23, DDRNet39). MindSpore's differ only in the words for batch normalisation.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

# The pattern for each {...} in a rule.
_PARTS = {
    "i": r"\d+",  # a block, or a place in a sequence
    "n": r"[123]",  # a convolution of a block and its batch normalisation
    "basic": r"layer[12]|layer[34](?:_[12])?_?",  # layers of basic blocks
    "deep": r"layer5_?",  # layers of bottlenecks
    "fuse": r"(?:compression|down)3(?:_[12])?|compression4|last_layer",  # one convolution and its normalisation
    "down": r"down[45]",  # two of them
    "pool": r"(?:scale|process)\d|compression|shortcut",
    "head": r"final_layer|seghead_extra",
}
_LEAVES = {"weight": "weight", "bias": "bias", "running_mean": "_mean", "running_var": "_variance"}
_LEAVES_OF_MINDSPORE = {
    "gamma": "weight", "beta": "bias", "moving_mean": "running_mean", "moving_variance": "running_var",
}  # fmt: skip


class NameRules:
    """Turns names of one kit into those of another.

    Args:
        rules: (name there, name here) of modules, in which {i} and the like stand for parts that both share.
    """

    def __init__(self, rules: Iterable[tuple[str, str]]) -> None:
        self._rules = [(_pattern(there), here) for there, here in rules]

    def translate(self, module: str) -> str | None:
        """The name here of a module there; None if no rule matches."""
        for pattern, here in self._rules:
            match = pattern.fullmatch(module)
            if match is not None:
                return here.format(**match.groupdict())
        return None


def _pattern(template: str) -> re.Pattern[str]:
    pieces = re.split(r"{(\w+)}", template)
    return re.compile(
        "".join(f"(?P<{piece}>{_PARTS[piece]})" if i % 2 else re.escape(piece) for i, piece in enumerate(pieces))
    )


def _official_rules() -> Iterator[tuple[str, str]]:
    """(official, here)."""
    yield "{basic}.{i}.conv1", "{basic}.{i}.conv_bn_relu._conv"
    yield "{basic}.{i}.bn1", "{basic}.{i}.conv_bn_relu._batch_norm"
    yield "{basic}.{i}.conv2", "{basic}.{i}.conv_bn._conv"
    yield "{basic}.{i}.bn2", "{basic}.{i}.conv_bn._batch_norm"
    for n in "12":
        yield f"{{deep}}.{{i}}.conv{n}", f"{{deep}}.{{i}}.conv_bn_relu{n}._conv"
        yield f"{{deep}}.{{i}}.bn{n}", f"{{deep}}.{{i}}.conv_bn_relu{n}._batch_norm"
    yield "{deep}.{i}.conv3", "{deep}.{i}.conv_bn._conv"
    yield "{deep}.{i}.bn3", "{deep}.{i}.conv_bn._batch_norm"
    for layer in ("{basic}", "{deep}"):
        for i in "01":
            yield f"{layer}.{{i}}.downsample.{i}", f"{layer}.{{i}}.downsample.{i}"
    yield "{fuse}.0", "{fuse}._conv"
    yield "{fuse}.1", "{fuse}._batch_norm"
    for part in ("conv1", "{down}"):
        # Convolution and batch normalisation at 0 and 1, and again at 3 and 4, behind a ReLU.
        for first, pair in ((0, 0), (3, 1)):
            yield f"{part}.{first}", f"{part}.{pair}._conv"
            yield f"{part}.{first + 1}", f"{part}.{pair}._batch_norm"
    yield "spp.{pool}.{i}", "spp.{pool}.{i}"
    yield "linear", "linear"
    for official, here in (("final_layer", "head"), ("seghead_extra", "aux_head")):
        yield f"{official}.bn1", f"{here}.bn1"
        yield f"{official}.conv1", f"{here}.conv_bn_relu._conv"
        yield f"{official}.bn2", f"{here}.conv_bn_relu._batch_norm"
        yield f"{official}.conv2", f"{here}.conv"


def _mmsegmentation_rules() -> Iterator[tuple[str, str]]:
    """(mmsegmentation, official); its class for a convolution with normalisation calls these conv and bn."""
    layers = {"stem.2": "layer1", "stem.4": "layer2"}
    for i in range(3):
        layers[f"context_branch_layers.{i}"] = f"layer{i + 3}"
        layers[f"spatial_branch_layers.{i}"] = f"layer{i + 3}_"
    for there, official in layers.items():
        yield f"{there}.{{i}}.conv{{n}}.conv", f"{official}.{{i}}.conv{{n}}"
        yield f"{there}.{{i}}.conv{{n}}.bn", f"{official}.{{i}}.bn{{n}}"
        for i in "01":
            yield f"{there}.{{i}}.downsample.{i}", f"{official}.{{i}}.downsample.{i}"
    pairs = {
        "stem.0": ("conv1.0", "conv1.1"),
        "stem.1": ("conv1.3", "conv1.4"),
        "compression_1": ("compression3.0", "compression3.1"),
        "compression_2": ("compression4.0", "compression4.1"),
        "down_1": ("down3.0", "down3.1"),
        "down_2.0": ("down4.0", "down4.1"),
        "down_2.1": ("down4.3", "down4.4"),
        "spp.scales.0": ("spp.scale0.2", "spp.scale0.0"),
        "spp.compression": ("spp.compression.2", "spp.compression.0"),
        "spp.shortcut": ("spp.shortcut.2", "spp.shortcut.0"),
        "head.0": ("final_layer.conv1", "final_layer.bn1"),
        "aux_head.0": ("seghead_extra.conv1", "seghead_extra.bn1"),
    }
    for i in range(1, 5):
        pairs[f"spp.scales.{i}.1"] = (f"spp.scale{i}.3", f"spp.scale{i}.1")
        pairs[f"spp.processes.{i - 1}"] = (f"spp.process{i}.2", f"spp.process{i}.0")
    for there, (conv, batch_norm) in pairs.items():
        yield f"{there}.conv", conv
        yield f"{there}.bn", batch_norm
    yield "head.1", "final_layer.bn2"
    yield "aux_head.1", "seghead_extra.bn2"
    yield "conv_seg", "final_layer.conv2"
    yield "aux_cls_seg", "seghead_extra.conv2"


def _super_gradients_rules(splits_layer3: bool) -> Iterator[tuple[str, str]]:
    """(super-gradients, official), with one layer3 or, as in 39, two with a fusion after each."""
    layers = {"_backbone.layer1": "layer1", "_backbone.layer2": "layer2", "_backbone.layer4": "layer4",
              "layer4_skip": "layer4_", "layer5": "layer5", "layer5_skip": "layer5_"}  # fmt: skip
    for repeat in range(2 if splits_layer3 else 1):
        suffix = f"_{repeat + 1}" if splits_layer3 else ""
        layers[f"_backbone.layer3.{repeat}"] = f"layer3{suffix}"
        layers[f"layer3_skip.{repeat}"] = f"layer3{suffix}_"
        for part in ("compression3", "down3"):
            yield f"{part}.{repeat}.{{i}}", f"{part}{suffix}.{{i}}"
    for there, official in layers.items():
        yield f"{there}.{{i}}.conv{{n}}", f"{official}.{{i}}.conv{{n}}"
        yield f"{there}.{{i}}.bn{{n}}", f"{official}.{{i}}.bn{{n}}"
        for i in "01":
            yield f"{there}.{{i}}.shortcut.{i}", f"{official}.{{i}}.downsample.{i}"
    for there, official in (("_backbone.stem", "conv1"), ("down4", "down4")):
        for pair, first in ((0, 0), (1, 3)):
            yield f"{there}.{pair}.0", f"{official}.{first}"
            yield f"{there}.{pair}.1", f"{official}.{first + 1}"
    yield "compression4.{i}", "compression4.{i}"
    for branch in range(5):
        for there, official in (("down_scale", "scale"), ("process", "process")):
            yield f"spp.branches.{branch}.{there}.{{i}}", f"spp.{official}{branch}.{{i}}"
    yield "spp.{pool}.{i}", "spp.{pool}.{i}"
    yield "{head}.bn{n}", "{head}.bn{n}"
    yield "{head}.conv{n}", "{head}.conv{n}"


_FROM_OFFICIAL = NameRules(_official_rules())
_TO_OFFICIAL = NameRules((here, official) for official, here in _official_rules())
_FROM_MMSEGMENTATION = NameRules(_mmsegmentation_rules())
_FROM_SUPER_GRADIENTS = {splits: NameRules(_super_gradients_rules(splits)) for splits in (False, True)}


def name_here(official: str) -> str | None:
    """The name here (PaddleSeg's) for an official one such as ``conv1.1.running_var``; None: there is none."""
    module, _, leaf = official.rpartition(".")
    translated = _FROM_OFFICIAL.translate(module)
    return None if translated is None or leaf not in _LEAVES else f"{translated}.{_LEAVES[leaf]}"


def official_name(name: str) -> str | None:
    """The official name for one here; None: there is none."""
    module, _, leaf = name.rpartition(".")
    translated = _TO_OFFICIAL.translate(module)
    leaves = {here: official for official, here in _LEAVES.items()}
    return None if translated is None or leaf not in leaves else f"{translated}.{leaves[leaf]}"


def official_of_mmsegmentation(name: str) -> str | None:
    """The official name for mmsegmentation's; a backbone alone, as from pre-training, has no ``backbone.``."""
    for prefix in ("backbone.", "decode_head."):
        if name.startswith(prefix):
            name = name[len(prefix) :]
            break
    return _with_module(_FROM_MMSEGMENTATION, name)


def official_of_super_gradients(name: str, splits_layer3: bool) -> str | None:
    """The official name for super-gradients'."""
    return _with_module(_FROM_SUPER_GRADIENTS[splits_layer3], name)


def official_of_mindspore(name: str) -> str:
    """The official name for MindSpore's."""
    module, _, leaf = name.rpartition(".")
    return f"{module}.{_LEAVES_OF_MINDSPORE.get(leaf, leaf)}"


def _with_module(rules: NameRules, name: str) -> str | None:
    module, _, leaf = name.rpartition(".")
    translated = rules.translate(module)
    return None if translated is None else f"{translated}.{leaf}"
