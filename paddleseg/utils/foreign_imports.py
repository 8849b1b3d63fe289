# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Names imported by code for PaddleSeg that are elsewhere here, or missing: what to import instead."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from paddleseg.utils.paddleseg_modules import DATASETS, LAYERS, MODELS

_NETWORKS = "the networks here are built of paddle.nn; see docs/own_parts.md for one of your own"
_METRICS = "take paddleseg.metrics.confusion.ConfusionMatrix, and the functions of paddleseg.metrics.scores"
_WEIGHTS = "take paddleseg.models.weights.load_weights or paddleseg.models.pretrained.load_pretrained"
_LOG = "the training log does it; a program of your own can take time.perf_counter"
_LISTS = "take paddleseg.datasets.Dataset with list files"
_AVERAGE = "take --use_ema, or paddleseg.training.ema"
_PROGRESS = "take tracked of paddleseg.utils.progress"
_INFORMATION = "export_model of paddleseg.export.folder writes deploy.yaml, which says what the model is"
_ENVIRONMENT = "there is no folder of PaddleSeg's here; downloads from a URL are kept automatically"
INSTEAD = {
    "paddleseg.models.losses": "the losses are in paddleseg.losses, e.g. from paddleseg.losses import CrossEntropyLoss",
    "paddleseg.models.backbones": _NETWORKS,
    "paddleseg.models.param_init": "take paddle.nn.initializer",
    "paddleseg.cvlibs.param_init": "take paddle.nn.initializer",
    "paddleseg.cvlibs.Builder": "take paddleseg.cvlibs.SegBuilder",
    "paddleseg.cvlibs.config_checker": "take paddleseg.config.schema.check_config",
    "paddleseg.cvlibs.manager.ComponentManager": "the registries are of paddleseg.registry.Registry",
    "paddleseg.cvlibs.callbacks": "take paddleseg.training.hooks.Hook, see docs/own_parts.md",
    "paddleseg.core.analyse": "evaluate of paddleseg.core gives the figures of every class",
    "paddleseg.core.export": "take paddleseg.export.folder.export_model",
    "paddleseg.core.train": "write from paddleseg.core import train",
    "paddleseg.core.predict": "write from paddleseg.core import predict",
    "paddleseg.core.infer": "take paddleseg.core.predict, or paddleseg.inference.label_maps.predict_label_maps",
    "paddleseg.core.val": "take paddleseg.core.evaluate",
    "paddleseg.deploy.infer": "take paddleseg.deploy.deploy_config.read_deploy_config",
    "paddleseg.deploy.export": "take paddleseg.export.folder.export_model",
    "paddleseg.dataset": "write from paddleseg.datasets import Dataset",
    "paddleseg.optimizers.custom_optimizers": "take custom_cfg of the optimizers, see docs/config.md",
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
    "paddleseg.utils.ema": _AVERAGE,
    "paddleseg.utils.EMA": _AVERAGE,
    "paddleseg.utils.init_ema_params": _AVERAGE,
    "paddleseg.utils.update_ema_model": _AVERAGE,
    "paddleseg.utils.progbar": _PROGRESS,
    "paddleseg.utils.worker_init_fn": "every sample has a random generator of its own, whatever reads it",
    "paddleseg.utils.op_flops_funs": "take tools/analyze_model.py",
    "paddleseg.utils.save_info": _INFORMATION,
    "paddleseg.utils.save_model_info": _INFORMATION,
    "paddleseg.utils.update_train_results": _INFORMATION,
    "paddleseg.utils.download_pretrained_model": _WEIGHTS,
    "paddleseg.utils.download.download_file_and_uncompress": "take urllib.request.urlretrieve and "
    "shutil.unpack_archive",
    "paddleseg.utils.download.download_pretrained_model": _WEIGHTS,
    "paddleseg.utils.logger.setup_logger": "take paddleseg.utils.logging.get_logger",
    "paddleseg.utils.visualize.get_color_map_list": "take paddleseg.utils.visualize.make_palette",
    "paddleseg.utils.visualize.get_pseudo_color_map": "take paddleseg.utils.visualize.palette_image",
    "paddleseg.utils.visualize.visualize": "take paddleseg.utils.visualize.overlay",
}
"""A module, or a name that is imported from a package or module, and what to do."""

_OTHER_NETWORKS = f"{_NETWORKS}, and DDRNet_23_slim, DDRNet_23 and DDRNet_39 for those that are here"
FAMILIES = {
    "paddleseg.models": (MODELS, _OTHER_NETWORKS),
    "paddleseg.models.layers": (LAYERS, _OTHER_NETWORKS),
    "paddleseg.datasets": (DATASETS, _LISTS),
}
"""Packages, the names in them of which PaddleSeg has many, and what to do."""


def advice_on(name: str) -> str | None:
    """The message for a name of PaddleSeg's that is not here; None for all other names.

    Args:
        name: Dotted name of a module or of something in one.
    """
    if name in INSTEAD:
        return f"{name} is PaddleSeg's and not here: {INSTEAD[name]}"
    package, _, last = name.rpartition(".")
    names, advice = FAMILIES.get(package, ((), ""))
    return f"{name} is PaddleSeg's and not here: {advice}" if last in names else None


def foreign_names(module: str) -> Callable[[str], Any]:
    """A ``__getattr__`` for a module whose names PaddleSeg's users import: an AttributeError, maybe with advice.

    The module gets a path, if an empty one. So Python asks the module finders for what ``from module import name`` does
    not find, and the one below raises the advice; Python would drop the text of an AttributeError.
    """
    sys.modules[module].__path__ = []

    def missing(name: str) -> Any:
        message = advice_on(f"{module}.{name}") or f"module {module!r} has no attribute {name!r}"
        raise AttributeError(message, name=name, obj=sys.modules.get(module))  # Python adds the nearest own name

    return missing


class _Advice:
    """A module finder that finds nothing: Python asks it after all others."""

    @staticmethod
    def find_spec(name: str, path: object = None, target: object = None) -> None:
        """Fail with advice on PaddleSeg's names; for all others Python reports that they are missing."""
        advice = advice_on(name)
        if advice is not None:
            # Not a ModuleNotFoundError, whose text Python would drop in `from package import name`.
            raise ImportError(advice, name=name)


def advise_on_foreign_imports() -> None:
    """Make imports of these names fail with advice; once is enough."""
    if _Advice not in sys.meta_path:
        sys.meta_path.append(_Advice)
