# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""PaddleSeg's names: alternative names, and parts that this toolkit lacks, each with what to do instead.

The toolkit's parts do not depend on this. Refused names and values are listed here with the advice that the check of a
configuration gives. Imports nothing heavy: the commands' parsers read it.
"""

from __future__ import annotations

from typing import Any

# --- alternative names ---

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
    "distill_loss": "the teacher stands in the configuration here, in one section with the losses; write distillation: "
    "{teacher: TEACHER, losses: [{type: ChannelWiseKLLoss, weight: 3}]} instead, TEACHER being the file that "
    "--teather_config has there or the folder of a run; coef is for KLLoss, which is another distance, and does not "
    "carry over, see docs/distillation.md",
    "uniform_output_enabled": "a run and an export always write the same file names here; remove it",
    "use_multilabel": _ONE_CLASS_PER_PIXEL,
    "print_mem_info": "the log says once how much memory the first step took; remove it, and look with nvidia-smi",
    "log_ranks": "rank 0 logs, and paddle.distributed.launch keeps what each rank prints in log/workerlog.N; remove it",
    "learning_rate": "this is lr_scheduler.learning_rate here, e.g. lr_scheduler: {type: PolynomialDecay, "
    "learning_rate: 0.01, end_lr: 0, power: 0.9}",
    "data_root": "the folder of the data is dataset_root under train_dataset and val_dataset; move it there",
    "test_dataset": "there are two data sets here; remove it, and evaluate other pictures with val.py --opts "
    "val_dataset.val_path=LIST (of Cityscapes and the like val_dataset.mode=test); predict.py takes any",
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
_WIDTHS = (
    "the sizes of the networks have names here: DDRNet_23_slim (planes 32, head_planes 64), DDRNet_23 (planes 64, "
    "head_planes 128), DDRNet_39 (block_layers [3, 4, 6, 3], head_planes 256); remove it, and set model.type"
)
_SIZES_OF_DDRNET = {
    "backbone": "DDRNet is its own backbone; remove it (`_inherited_: False` under model leaves out what a base file "
    "gives), and give weights to begin with as model.pretrained",
    **dict.fromkeys(("block_layers", "planes", "spp_planes", "head_planes"), _WIDTHS),
    "align_corners": "DDRNet always resizes with align_corners: False, as in PaddleSeg; remove it",
}
_REFUSED_ARGUMENTS = {
    **dict.fromkeys(("DDRNet_23_slim", "DDRNet_23", "DDRNet_39"), _SIZES_OF_DDRNET),
    "CrossEntropyLoss": {"data_format": "losses take what the network gives, whatever its data_format is; remove it"},
    "FocalLoss": {"edge_label": "no loss here needs edge labels; remove it"},
    "MultiClassFocalLoss": {"num_class": "the number of classes is that of the data set or the model; remove it"},
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


# --- types that are not built in ---

_TWO_CLASSES = "Each class has an output of its own here: give num_classes: 2, the rest being class 0, and use"
_MIXED = "beside a cross entropy in a MixedLoss"
_EDGES = f"It needs a network that predicts edges. Use BoundaryLoss {_MIXED}"
_OWN_OUTPUTS = "It is for the outputs of another network. Use CrossEntropyLoss or OhemCrossEntropyLoss"
_TEACHER = (
    "It compares with a teacher, which stands in the section distillation with losses of its own, see "
    "docs/distillation.md; for labels use CrossEntropyLoss"
)
_LAYER_BY_LAYER = (
    "A rate that falls from layer to layer is for transformer backbones; use AdamW, and give parts of the network "
    "their own rate with custom_cfg"
)
_ONE_FAMILY = (
    "This toolkit has DDRNet alone, of PaddleSeg's networks. Use {}, with `_inherited_: False` under model where a "
    "base file gives arguments of the other network, such as backbone"
)
_SMALL = _ONE_FAMILY.format("DDRNet_23_slim, which is made for speed too")
_LARGE = _ONE_FAMILY.format("DDRNet_23, or DDRNet_39 where accuracy counts more than speed")
_SMALL_NETWORKS = """
    BiSeNetV2 BiseNetV1 ENet ESPNetV1 ESPNetV2 EfficientFormerSeg FastSCNN HarDNet LPSNet LRASPP MobileSeg PIDNet
    PPHumanSegLite PPLiteSeg PPMobileSeg PortraitNet RTFormer SFNet SINet STDCSeg SeaFormerSeg SegFormer_B0
    ShuffleNetV2 TopFormer
"""
_LARGE_NETWORKS = """
    ANN AttentionUNet CCNet DANet DMNet DNLNet DecoupledSegNet DeepLabV3 DeepLabV3P EMANet ENCNet FCN FastFCN GCNet
    GINet GSCNN GloRe HRNetW48Contrast ISANet KNet LinearSegmenter MLATransformer MaskFormer MaskSegmenter
    MaskTransformer MscaleOCRNet OCRNet PFPNNet PSA PSPNet PointRend SETR_MLA SETR_Naive SETR_PUP SegFormer SegFormer_B1
    SegFormer_B2 SegFormer_B3 SegFormer_B4 SegFormer_B5 SegNeXt SegNet SegmentationTransformer U2Net U2Netp UHRNet UNet
    UNet3Plus UNetPlusPlus UPerNet UPerNetCAE UPerNetViTAdapter
"""
_OWN_LISTS = (
    "Use Dataset with dataset_root, num_classes: {}, and train_path and val_path, lists with a line `picture label` "
    "for each pair"
)
_ONE_LIST_OF_TRANSFORMS = "Its common_transforms and transforms2, one after the other, are transforms here"
_MASKS = f"{_OWN_LISTS}; labels are class ids, so masks of 0 and 255 have to be 0 and 1"
_VOLUMES = "Volumes are not segmented here. Cut them into slices, write these as pictures, and use Dataset with lists"
_NETWORKS_OF_VOLUMES = f"{_VOLUMES} of these pictures. {_LARGE}"
_OF_VOLUMES = (
    "It changes volumes, and pictures are segmented here: use the transform for pictures that comes nearest, such as "
    "Resize, RandomRotation, RandomHorizontalFlip, RandomPaddingCrop or RandomDistort"
)
_TRANSFORMS_OF_VOLUMES = """
    BrightnessMultiplicativeTransform ContrastAugmentationTransform GammaTransform GaussianBlurTransform
    GaussianNoiseTransform MirrorTransform RandomCrop4D RandomFlip3D RandomFlip4D RandomQuarterTurn3D
    RandomResizedCrop3D RandomRotation3D RandomRotation4D Resize3D SimulateLowResolutionTransform
"""
_NO_FUNCTIONS = "YAML has no functions; register a schedule of your own"

LEFT_OUT = {
    "model": {
        **dict.fromkeys(_SMALL_NETWORKS.split(), _SMALL),
        **dict.fromkeys(_LARGE_NETWORKS.split(), _LARGE),
        **dict.fromkeys(
            ("UNETR", "VNet", "VNetDeepSup", "SwinUNet", "TransUNet", "nnFormer", "NNUNet"), _NETWORKS_OF_VOLUMES
        ),
        "STFPM": "It finds what is unlike the training pictures, and networks here learn from labels. Use "
        "DDRNet_23_slim with label maps of the defects",
    },
    "dataset": {
        "MaskedADE20K": "Use ADE20K with the same dataset_root; networks here learn from the label map",
        "MiniDeepGlobeRoadExtraction": f"{_OWN_LISTS.format(2)}; its train.txt and val.txt are such lists, with "
        "separator: '|'",
        **dict.fromkeys(("EG1800", "SUPERVISELY"), f"{_MASKS.format(2)}. {_ONE_LIST_OF_TRANSFORMS}"),
        "PPHumanSeg14K": _MASKS.format(2),
        "STARE": _MASKS.format(2),
        "DRIVE": _MASKS.format(2),
        "HRF": _MASKS.format(2),
        "CHASEDB1": _MASKS.format(2),
        "MVTec_AD": "It has no labels to learn from. Use Dataset with label maps of the defects, and num_classes: 2",
        **dict.fromkeys(
            ("ACDC", "Abdomen", "LungCoronavirus", "MRISpineSeg", "MSDDataset", "msd_brain_dataset"), _VOLUMES
        ),
        "PSSLDataset": "It is ImageNet with pseudo labels, to train a trunk on. Begin with weights of such a trunk: "
        "model.pretrained",
    },
    "loss": {
        "BCELoss": f"{_TWO_CLASSES} CrossEntropyLoss; where one class is rare, FocalLoss",
        "LovaszHingeLoss": f"{_TWO_CLASSES} LovaszSoftmaxLoss {_MIXED}",
        "RMILoss": f"Use LovaszSoftmaxLoss {_MIXED}, which considers whole regions",
        "SemanticConnectivityLoss": f"Use DiceLoss {_MIXED}, which considers whole regions",
        "PixelContrastCrossEntropyLoss": "It needs a network that gives embeddings too. Use OhemCrossEntropyLoss",
        "DetailAggregateLoss": _EDGES,
        "DualTaskLoss": _EDGES,
        "EdgeAttentionLoss": _EDGES,
        "OhemEdgeAttentionLoss": _EDGES,
        "RelaxBoundaryLoss": _EDGES,
        "MaskFormerLoss": _OWN_OUTPUTS,
        "PointCrossEntropyLoss": _OWN_OUTPUTS,
        "SECrossEntropyLoss": _OWN_OUTPUTS,
        "DC_and_CE_loss": "Use a MixedLoss of DiceLoss and CrossEntropyLoss",
        "MultipleLoss": "Give a loss to each output of the network, in types and coef of loss itself",
        "DistillCrossEntropyLoss": _TEACHER,
        "DistillationLoss": _TEACHER,
        "KLLoss": _TEACHER,
        "L1Loss": _TEACHER,
        "MSELoss": _TEACHER,
    },
    "distillation loss": dict.fromkeys(
        ("DistillCrossEntropyLoss", "DistillationLoss", "KLLoss", "L1Loss", "MSELoss"),
        "Use ChannelWiseKLLoss, on the logits or, with features, on the maps of a layer",
    ),
    "transform": {
        "AddEdgeLabel": "No loss here needs edge labels: remove it; BoundaryLoss finds the edges of the labels itself",
        "GenerateInstanceTargets": "It makes the targets of MaskFormer: remove it; networks here learn from the label "
        "map",
        **dict.fromkeys(_TRANSFORMS_OF_VOLUMES.split(), _OF_VOLUMES),
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
    """What to use instead of a type of PaddleSeg's that this toolkit lacks; None for all others."""
    return LEFT_OUT.get(role, {}).get(kind) if isinstance(kind, str) else None
