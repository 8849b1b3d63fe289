# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Names that code written for PaddleSeg imports and that are elsewhere here, or nowhere: what to import instead."""

from __future__ import annotations

import sys

_NETWORKS = "the networks here are built of paddle.nn; see docs/own_parts.md for one of your own"
_METRICS = "take paddleseg.metrics.confusion.ConfusionMatrix, and the functions of paddleseg.metrics.scores"
_WEIGHTS = "take paddleseg.models.weights.load_weights or paddleseg.models.pretrained.load_pretrained"
_LOG = "the training log does it; a program of your own can take time.perf_counter"
_ENVIRONMENT = "there is no folder of PaddleSeg's here; what is downloaded from a URL is kept by itself"
INSTEAD = {
    "paddleseg.models.losses": "the losses are in paddleseg.losses, e.g. from paddleseg.losses import CrossEntropyLoss",
    "paddleseg.models.backbones": _NETWORKS,
    "paddleseg.models.param_init": "take paddle.nn.initializer",
    "paddleseg.cvlibs.param_init": "take paddle.nn.initializer",
    "paddleseg.cvlibs.callbacks": "take paddleseg.training.hooks.Hook, see docs/own_parts.md",
    "paddleseg.core.infer": "take paddleseg.core.predict, or paddleseg.inference.label_maps.predict_label_maps",
    "paddleseg.core.val": "take paddleseg.core.evaluate",
    "paddleseg.deploy.infer": "take paddleseg.deploy.deploy_config.read_deploy_config",
    "paddleseg.deploy.export": "take paddleseg.export.folder.export_model",
    "paddleseg.datasets.voc": "take paddleseg.datasets.Dataset with list files",
    "paddleseg.datasets.ade": "take paddleseg.datasets.Dataset with list files",
    "paddleseg.utils.metrics": _METRICS,
    "paddleseg.utils.utils": _WEIGHTS,
    "paddleseg.utils.load_entire_model": _WEIGHTS,
    "paddleseg.utils.load_pretrained_model": _WEIGHTS,
    "paddleseg.utils.resume": "train.py --resume_model and train(resume_model=...) go on from a checkpoint",
    "paddleseg.utils.get_sys_env": "the log of a training begins with it",
    "paddleseg.utils.get_image_list": "take paddleseg.utils.picture_files.list_images",
    "paddleseg.utils.config_check": "take paddleseg.config.schema.check_config",
    "paddleseg.utils.env": _ENVIRONMENT,
    "paddleseg.utils.seg_env": _ENVIRONMENT,
    "paddleseg.utils.timer": _LOG,
    "paddleseg.utils.TimeAverager": _LOG,
    "paddleseg.utils.calculate_eta": _LOG,
    "paddleseg.utils.train_profiler": "take --profiler_options, see docs/config.md",
    "paddleseg.utils.ema": "take --use_ema, or paddleseg.training.ema",
    "paddleseg.utils.EMA": "take --use_ema, or paddleseg.training.ema",
}
"""A module, or a name that is imported from a package, and what to do."""


class _Advice:
    """A finder of modules that finds none: Python asks it after all others."""

    @staticmethod
    def find_spec(name: str, path: object = None, target: object = None) -> None:
        if name in INSTEAD:
            # No ModuleNotFoundError: of `from package import name` Python would drop the words.
            raise ImportError(f"{name} is PaddleSeg's and not here: {INSTEAD[name]}", name=name)


def advise_on_foreign_imports() -> None:
    """Make imports of these names fail with advice; once is enough."""
    if _Advice not in sys.meta_path:
        sys.meta_path.append(_Advice)
