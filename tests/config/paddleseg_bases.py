# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Values of PaddleSeg's configurations by data set, most of them those of its ``configs/_base_`` (d7975e7c)."""

IMAGENET = {"mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]}
NORMALIZE = {"type": "Normalize"}
FLIP = {"type": "RandomHorizontalFlip"}


def scaling(low=0.5, high=2.0, step=0.25):
    return dict(type="ResizeStepScaling", min_scale_factor=low, max_scale_factor=high, scale_step_size=step)


def distort(amount=0.4):
    return dict(type="RandomDistort", brightness_range=amount, contrast_range=amount, saturation_range=amount)


def augment(width, height, amount=0.4, scale=None, normalize=NORMALIZE, **crop):
    """Scale, crop, flip, colours: the training pictures of most of the files."""
    cut = dict(type="RandomPaddingCrop", crop_size=[width, height], **crop)
    return [scale or scaling(), cut, FLIP, distort(amount), normalize]


def resized(width, height, *between):
    return [dict(type="Resize", target_size=[width, height]), *between, NORMALIZE]


def own_kind(name, root, train, val=(NORMALIZE,), train_mode="train"):
    """A data set with a class of its own in PaddleSeg."""
    return dict(
        train_dataset=dict(type=name, dataset_root=root, mode=train_mode, transforms=train),
        val_dataset=dict(type=name, dataset_root=root, mode="val", transforms=list(val)),
    )


def of_lists(root, num_classes, train, val=(NORMALIZE,), lists=("train.txt", "val.txt")):
    """A ``Dataset``, whose lists are found from the working directory."""
    shared = dict(type="Dataset", dataset_root=root, num_classes=num_classes)
    return dict(
        train_dataset=dict(shared, mode="train", train_path=f"{root}/{lists[0]}", transforms=train),
        val_dataset=dict(shared, mode="val", val_path=f"{root}/{lists[1]}", transforms=list(val)),
    )


def poly(rate=0.01, **more):
    return dict(type="PolynomialDecay", learning_rate=rate, end_lr=0, power=0.9, **more)


def losses(*types, coef=(1,)):
    return dict(types=[dict(type=one) if isinstance(one, str) else one for one in types], coef=list(coef))


def mixed(*types, coef):
    made = losses(*types, coef=coef)
    return dict(type="MixedLoss", losses=made["types"], coef=made["coef"])


_SGD = dict(type="SGD", momentum=0.9, weight_decay=4e-5)
_USUAL = dict(optimizer=_SGD, lr_scheduler=poly(), loss=losses("CrossEntropyLoss"))

CITYSCAPES = dict(
    batch_size=2, iters=80000, **own_kind("Cityscapes", "data/cityscapes", augment(1024, 512)), **_USUAL
)  # fmt: skip
CITYSCAPES_1024 = {**CITYSCAPES, **own_kind("Cityscapes", "data/cityscapes", augment(1024, 1024))}
CITYSCAPES_769 = {
    **CITYSCAPES,
    **own_kind(
        "Cityscapes", "data/cityscapes", augment(769, 769), [dict(type="Padding", target_size=[2049, 1025]), NORMALIZE]
    ),
}
ADE20K = dict(
    batch_size=4, iters=80000, **own_kind("ADE20K", "data/ADEChallengeData2016/", augment(512, 512)), **_USUAL
)
VOC = dict(
    batch_size=4,
    iters=40000,
    **own_kind(
        "PascalVOC", "data/VOCdevkit/", augment(512, 512), [dict(type="Padding", target_size=[512, 512]), NORMALIZE]
    ),
    **_USUAL,
)
VOC_AUG = {**VOC, "train_dataset": {**VOC["train_dataset"], "mode": "trainaug"}}
COCO_STUFF = dict(batch_size=4, iters=80000, **own_kind("CocoStuff", "data/cocostuff/", augment(520, 520)), **_USUAL)
PASCAL_CONTEXT = dict(
    batch_size=4,
    iters=40000,
    **own_kind(
        "PascalContext", "data/VOC2010/", augment(520, 520), [dict(type="Padding", target_size=[520, 520]), NORMALIZE]
    ),
    **{**_USUAL, "lr_scheduler": poly(0.001)},
)
_IDD_SIZE = dict(type="Resize", target_size=[1920, 1080])
_IDD_NORMALIZE = dict(type="Normalize", **IMAGENET)
_IDD_COLOURS = {
    f"{what}_{which}": value
    for what, amount in (("brightness", 0.25), ("contrast", 0.25), ("saturation", 0.25), ("hue", 63))
    for which, value in (("range", amount), ("prob", 1))
}
AUTONUE = dict(
    **own_kind(
        "AutoNUE", "data/IDD_Segmentation",
        [_IDD_SIZE, scaling(), dict(type="RandomPaddingCrop", crop_size=[1024, 512]), FLIP,
         dict(type="RandomDistort", **_IDD_COLOURS), _IDD_NORMALIZE],
        [_IDD_SIZE, _IDD_NORMALIZE],
    ),
    optimizer={**_SGD, "weight_decay": 0.0001},
    lr_scheduler={**poly(0.005), "power": 2},
)  # fmt: skip

_VESSEL_PICTURES = augment(128, 128)
_VESSEL_PICTURES.insert(3, dict(type="RandomVerticalFlip"))
DRIVE = dict(
    batch_size=16,
    iters=40000,
    test_config={"auc_roc": True},
    **own_kind("DRIVE", "data/DRIVE", _VESSEL_PICTURES),
    **{**_USUAL, "loss": losses("DiceLoss")},
)
_ZERO = dict(type="Normalize", mean=[0.0] * 3, std=[1.0] * 3)
_RESIZE = dict(type="Resize", target_size=[256, 256])
UWMGI = dict(
    batch_size=8,
    iters=160000,
    **of_lists("data/UWMGI", 3, [_RESIZE, FLIP, dict(type="RandomVerticalFlip"), distort(), _ZERO], [_RESIZE, _ZERO]),
    optimizer=_SGD,
    lr_scheduler=poly(0.001),
    loss=losses(mixed("BCELoss", "LovaszHingeLoss", coef=[0.5, 0.5])),
)
CAMVID = dict(
    batch_size=6,
    iters=10000,
    **of_lists("data/camvid", 11, augment(960, 720, 0.5, scaling(0.5, 2.5))),
    optimizer={**_SGD, "weight_decay": 5e-4},
    lr_scheduler=poly(warmup_iters=200, warmup_start_lr=1e-5),
    loss=losses(*[dict(type="OhemCrossEntropyLoss", min_kept=250000)] * 3, coef=[1, 1, 1]),
)
_OPTIC_PICTURES = resized(512, 512, FLIP)
OPTIC_DISC = dict(
    batch_size=4, iters=1000, **own_kind("OpticDiscSeg", "data/optic_disc_seg", _OPTIC_PICTURES), **_USUAL
)
OPTIC_DISC_LISTS = {
    **OPTIC_DISC,
    **of_lists("data/optic_disc_seg", 2, augment(512, 512, 0.5), lists=("train_list.txt", "val_list.txt")),
}
_ROAD_PICTURES = [scaling(), dict(type="RandomPaddingCrop", crop_size=[768, 768]), FLIP, NORMALIZE]
ROAD = dict(
    batch_size=4,
    iters=15000,
    **own_kind("MiniDeepGlobeRoadExtraction", "data/MiniDeepGlobeRoadExtraction", _ROAD_PICTURES),
    optimizer=dict(type="SGD"),
    lr_scheduler=dict(type="PolynomialDecay", learning_rate=0.01, power=0.9),
)
POTSDAM = dict(
    batch_size=4,
    iters=80000,
    **of_lists("data/Potsdam", 6, augment(512, 512)),
    **{**_USUAL, "optimizer": dict(type="sgd", momentum=0.9, weight_decay=5e-4)},
)
_PERSON = [
    dict(type="ResizeStepScaling", scale_step_size=0), dict(type="RandomRotation"),
]  # fmt: skip
_CHANGES = [FLIP, dict(type="RandomDistort"), dict(type="RandomBlur", prob=0.3)]


def people(root, width, height, iters, rate, **more):
    """PP-HumanSeg: a crop of the size that pictures are resized to, and the same size for ``export``."""
    crop = dict(type="RandomPaddingCrop", crop_size=[width, height])
    return dict(
        batch_size=8,
        iters=iters,
        **of_lists(root, 2, resized(width, height, *_PERSON, crop, *_CHANGES), resized(width, height)),
        export={"transforms": resized(width, height)},
        optimizer=dict(type="sgd", momentum=0.9, weight_decay=5e-4),
        lr_scheduler=poly(rate),
        loss=losses(mixed("CrossEntropyLoss", "LovaszSoftmaxLoss", coef=[0.8, 0.2])),
        **more,
    )


# Version 2.0.0: the old form of a schedule.
CITYSCAPES_2_0 = {name: value for name, value in CITYSCAPES.items() if name != "lr_scheduler"}
CITYSCAPES_2_0 |= {
    "optimizer": dict(type="sgd", momentum=0.9, weight_decay=4e-5),
    "learning_rate": {"value": 0.01, "decay": {"type": "poly", "power": 0.9, "end_lr": 0.0}},
}
