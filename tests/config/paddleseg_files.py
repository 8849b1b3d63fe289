# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Configuration files of PaddleSeg with their values, and their treatment here.

The network is replaced by DDRNet_23_slim if the file has another one; nothing else is replaced.
"""

from dataclasses import dataclass, field
from typing import Any

from tests.config import paddleseg_bases as base
from tests.config.paddleseg_bases import FLIP, IMAGENET, augment, losses, mixed, poly, scaling

DEVELOP = "d7975e7c"


@dataclass(frozen=True)
class File:
    """One file.

    Attributes:
        path: Where PaddleSeg has it.
        base: The values of its ``_base_`` files, which become a file of its own.
        own: Its own values.
        outputs: How many outputs the network has in training.
        refused: A part of each line of the refusal; without any, the file runs as it is.
        mended: What the advice says, over the values of the file; then it runs.
        rates: Learning rates by step that PaddleSeg has.
    """

    path: str
    base: dict[str, Any]
    own: dict[str, Any] = field(default_factory=dict)
    outputs: int = 1
    refused: tuple[str, ...] = ()
    mended: dict[str, Any] | None = None
    rates: dict[int, float] = field(default_factory=dict)
    version: str = DEVELOP


def lists(root, num_classes, **more):
    """Both data sets as a ``Dataset`` of lists, which takes the place of a class of PaddleSeg's."""
    return {
        section: dict(type="Dataset", num_classes=num_classes, mode=mode, **{f"{mode}_path": f"{root}/{name}"}, **more)
        for section, mode, name in (("train_dataset", "train", "train.txt"), ("val_dataset", "val", "val.txt"))
    }


def no_dataset(name, *words):
    return tuple(f"{section}_dataset.type: no dataset '{name}'. {' '.join(words)}" for section in ("train", "val"))


def weights(found, needed="1 model output; give 1, e.g. [1.0]"):
    return f"loss.coef: {found} weights for {needed}"


ONE_LOSS = {"loss": losses("CrossEntropyLoss")}
ONE_OHEM = {"loss": losses(dict(type="OhemCrossEntropyLoss", min_kept=130000))}
OHEM = "OhemCrossEntropyLoss"
SGD = {"optimizer": dict(type="SGD")}
ADAMW = dict(_inherited_=False, type="AdamW", beta1=0.9, beta2=0.999)
WINDOWS = dict(is_slide=True, crop_size=[1024, 1024], stride=[768, 768])
USE_LISTS = "Use Dataset with dataset_root, num_classes:"
PIDNET_MEAN, PIDNET_STD, PIDNET_WEIGHT = *IMAGENET.values(), [0.8373, 0.9180, 0.8660, 1.0345, 1.0166, 0.9969, 0.9754,
    1.0489, 0.8786, 1.0023, 0.9539, 0.9843, 1.1116, 0.9037, 1.0865, 1.0955, 1.0865, 1.1529, 1.0507]  # fmt: skip
PIDNET_NORMALIZE = dict(type="Normalize", **IMAGENET)
PIDNET_OHEM = dict(type=OHEM, weight=PIDNET_WEIGHT, min_kept=131072, thresh=0.9)
PIDNET_PICTURES = [scaling(0.5, 2.1, 0.1), dict(type="RandomPaddingCrop", crop_size=[1024, 1024]), FLIP,
                   PIDNET_NORMALIZE]  # fmt: skip
ANCHOR = "Where it only holds an anchor of YAML (&name), put that at the first use of the value, and remove the key"
NO_BCE = "no loss 'BCELoss'. Each class has an output of its own here"
NO_AREA = "test_config.auc_roc: the area under the ROC curve is not computed here"
EDGES = "It needs a network that predicts edges. Use BoundaryLoss"
RTFORMER_RESIZE = dict(type="Resize", target_size=[2048, 512], keep_ratio=True, size_divisor=32)
PORTRAIT = dict(type="Normalize", mean=[0.485, 0.458, 0.408], std=[0.23] * 3)
PORTRAIT_PICTURES = [
    dict(type="RandomAffine", max_rotation=45, min_scale_factor=0.5, max_scale_factor=1.5, size=[224, 224],
         translation_offset=56),
    FLIP,
]  # fmt: skip
PORTRAIT_CHANGES = [
    dict(type="RandomDistort", brightness_range=0.6, contrast_range=0.4, saturation_range=0.6, hue_prob=0.0,
         sharpness_range=0.2, sharpness_prob=0.5),
    dict(type="RandomBlur", prob=0.5, blur_type="random"),
    dict(type="RandomNoise"),
]  # fmt: skip
PORTRAIT_PADDING = dict(
    type="ScalePadding", target_size=[224, 224], im_padding_value=[127.5] * 3, label_padding_value=0
)

CITYSCAPES_FILES = [
    File("configs/ddrnet/ddrnet23_cityscapes_1024x1024_120k.yml", base.CITYSCAPES_1024,
         dict(batch_size=3, iters=120000, optimizer=dict(type="SGD", weight_decay=0.0005), loss=losses(OHEM),
              lr_scheduler=poly(), model=dict(type="DDRNet_23", enable_auxiliary_loss=False)),
         rates={0: 0.01, 60000: 0.01 * 0.5**0.9, 120000: 0.0}),
    File("configs/bisenet/bisenet_cityscapes_1024x1024_160k.yml", base.CITYSCAPES_1024,
         dict(batch_size=4, iters=160000, loss=losses(*["CrossEntropyLoss"] * 5, coef=[1] * 5), lr_scheduler=poly(0.05),
              optimizer=dict(type="SGD", weight_decay=0.0005)),
         refused=(weights(5),), mended=ONE_LOSS),
    File("configs/pp_liteseg/pp_liteseg_stdc1_cityscapes_1024x512_scale0.5_160k.yml", base.CITYSCAPES,
         dict(batch_size=4, iters=160000, optimizer=dict(weight_decay=5e-4),
              test_config=dict(aug_eval=True, scales=0.5),
              lr_scheduler=dict(warmup_iters=1000, warmup_start_lr=1e-5, learning_rate=0.005),
              loss=losses(*[dict(type=OHEM, min_kept=130000)] * 3, coef=[1, 1, 1]),
              train_dataset=dict(mode="train", transforms=augment(1024, 512, 0.5, scaling(0.125, 1.5, 0.125)))),
         refused=(weights(3),), mended=ONE_OHEM,
         rates={0: 1e-5, 500: 1e-5 + 0.00499 / 2, 1000: 0.005, 80500: 0.005 * 0.5**0.9, 160000: 0.0}),
    File("configs/ocrnet/ocrnet_hrnetw18_cityscapes_1024x512_160k.yml", base.CITYSCAPES,
         dict(batch_size=2, iters=160000, **SGD, loss=losses(*["CrossEntropyLoss"] * 2, coef=[1, 0.4])), outputs=2),
    File("configs/ocrnet/ocrnet_hrnetw18_cityscapes_1024x512_160k_lovasz_softmax.yml", base.CITYSCAPES,
         dict(iters=160000, **SGD, loss=losses(
             *[mixed("CrossEntropyLoss", "LovaszSoftmaxLoss", coef=[0.8, 0.2])] * 2, coef=[1, 0.4])), outputs=2),
    File("configs/ocrnet/ocrnet_hrnetw48_cityscapes_1024x512_40k_SCL.yml", base.CITYSCAPES,
         dict(iters=40000, **SGD, loss=losses(
             mixed("CrossEntropyLoss", "SemanticConnectivityLoss", coef=[1, 0.1]), "CrossEntropyLoss", coef=[1, 0.4])),
         outputs=2,
         refused=("0.losses.1.type: no loss 'SemanticConnectivityLoss'. Use DiceLoss beside a cross entropy",),
         mended={"loss": losses(
             mixed("CrossEntropyLoss", "DiceLoss", coef=[1, 0.1]), "CrossEntropyLoss", coef=[1, 0.4])}),
    File("configs/fcn/fcn_hrnetw18_cityscapes_1024x512_80k.yml", base.CITYSCAPES,
         dict(iters=80000, optimizer=dict(weight_decay=0.0005))),
    File("configs/deeplabv3p/deeplabv3p_resnet101_os8_cityscapes_769x769_80k.yml", base.CITYSCAPES_769,
         dict(batch_size=2, iters=80000)),
    File("configs/deeplabv3p/deeplabv3p_resnet50_os8_cityscapes_1024x512_80k_rmiloss.yml", base.CITYSCAPES,
         dict(loss=dict(types=[mixed("CrossEntropyLoss", "RMILoss", coef=[0.5, 0.5])])),
         refused=("no loss 'RMILoss'. Use LovaszSoftmaxLoss beside a cross entropy in a MixedLoss",),
         mended=dict(loss=dict(types=[mixed("CrossEntropyLoss", "LovaszSoftmaxLoss", coef=[0.5, 0.5])]))),
    File("configs/segformer/segformer_b0_cityscapes_1024x1024_160k.yml", base.CITYSCAPES_1024,
         dict(iters=160000, optimizer=dict(ADAMW, weight_decay=0.01), test_config=WINDOWS,
              lr_scheduler=dict(type="PolynomialDecay", learning_rate=0.00006, power=1)),
         rates={0: 6e-5, 80000: 3e-5}),
    File("configs/enet/enet_cityscapes_1024x512_80k.yml", base.CITYSCAPES,
         dict(batch_size=8, optimizer=dict(_inherited_=False, type="Adam", weight_decay=0.0002),
              lr_scheduler=poly(0.001),
              train_dataset=dict(transforms=augment(1024, 512)[1:2] + augment(1024, 512)[3:]))),
    File("configs/pidnet/pidnet_small_cityscapes_1024x1024_120k.yml", base.CITYSCAPES_1024,
         dict(batch_size=6, iters=120000, mean=PIDNET_MEAN, std=PIDNET_STD, weight=PIDNET_WEIGHT,
              optimizer=dict(weight_decay=0.0005), val_dataset=dict(transforms=[PIDNET_NORMALIZE]),
              train_dataset=dict(transforms=[dict(type="AddEdgeLabel"), *PIDNET_PICTURES]),
              loss=losses(dict(type="CrossEntropyLoss", weight=PIDNET_WEIGHT, avg_non_ignore=False), PIDNET_OHEM,
                          dict(type="BCELoss", weight="dynamic", edge_label=True), PIDNET_OHEM,
                          coef=[0.4, 1.0, 10.0, 1.0])),
         refused=(f"mean: there is no such key. {ANCHOR}", f"std: there is no such key. {ANCHOR}",
                  f"weight: there is no such key. {ANCHOR}", weights(4), f"loss.types.2.type: {NO_BCE}",
                  "no transform 'AddEdgeLabel'. No loss here needs edge labels: remove it"),
         mended=dict(mean=None, std=None, weight=None, loss=losses(PIDNET_OHEM),
                     train_dataset=dict(transforms=PIDNET_PICTURES))),
    File("configs/stdcseg/stdc1_seg_cityscapes_1024x512_80k.yml", base.CITYSCAPES,
         dict(batch_size=12, iters=80000, loss=losses(*[OHEM] * 3, "DetailAggregateLoss", coef=[1] * 4)),
         refused=(weights(4), f"loss.types.3.type: no loss 'DetailAggregateLoss'. {EDGES}"),
         mended={"loss": losses(mixed(OHEM, "BoundaryLoss", coef=[1, 1]))}),
    File("configs/deeplabv3p/deeplabv3p_resnet50_os8_cityscapes_1024x512_80k.yml", base.CITYSCAPES_2_0,
         dict(batch_size=2, iters=80000), version="v2.0.0", rates={0: 0.01, 40000: 0.01 * 0.5**0.9, 80000: 0.0}),
    File("configs/decoupled_segnet/decoupledsegnet_resnet50_os8_cityscapes_1024x512_80k.yml", base.CITYSCAPES_2_0,
         dict(train_dataset=dict(edge=True), loss=losses(
             OHEM, "RelaxBoundaryLoss", dict(type="BCELoss", weight="dynamic", edge_label=True),
             "OhemEdgeAttentionLoss", coef=[1, 1, 25, 1])),
         refused=(weights(4), f"no loss 'RelaxBoundaryLoss'. {EDGES}", NO_BCE,
                  f"no loss 'OhemEdgeAttentionLoss'. {EDGES}",
                  "train_dataset.edge: found True; no loss here uses edge labels, remove the key"),
         mended=dict(train_dataset=dict(edge=None), loss=losses(OHEM)), version="v2.0.0"),
]  # fmt: skip

OTHER_FILES = [
    File("configs/rtformer/rtformer_base_ade20k_512x512_160k.yml", base.ADE20K,
         dict(batch_size=4, iters=160000, optimizer=dict(ADAMW, weight_decay=0.05),
              train_dataset=dict(transforms=augment(512, 512, normalize=PIDNET_NORMALIZE)),
              val_dataset=dict(transforms=[RTFORMER_RESIZE, PIDNET_NORMALIZE]),
              lr_scheduler=dict(_inherited_=False, type="PolynomialDecay", learning_rate=1e-4, power=1.0, end_lr=1e-7,
                                warmup_iters=1500, warmup_start_lr=1e-6),
              loss=losses("CrossEntropyLoss", coef=[1, 0.4])),
         outputs=2, rates={0: 1e-6, 1500: 1e-4}),
    File("configs/ginet/ginet_resnet50_os8_ade20k_520x520_150k.yml", base.ADE20K,
         dict(iters=150000, lr_scheduler=poly(0.005), loss=losses(*["CrossEntropyLoss"] * 2, coef=[1, 0.4]),
              train_dataset=dict(transforms=augment(520, 520, im_padding_value=[0, 0, 0]))),
         outputs=2, version="v2.3.0"),
    File("configs/ocrnet/ocrnet_hrnetw18_voc12aug_512x512_40k.yml", base.VOC_AUG,
         dict(**SGD, loss=losses(*["CrossEntropyLoss"] * 2, coef=[1, 1])), outputs=2),
    File("configs/_base_/ade20k.yml", base.ADE20K),
    File("configs/_base_/pascal_voc12.yml", base.VOC),
    File("configs/_base_/pascal_voc12aug.yml", base.VOC_AUG),
    File("configs/_base_/coco_stuff.yml", base.COCO_STUFF),
    File("configs/_base_/pascal_context.yml", base.PASCAL_CONTEXT),
    # It has neither length nor losses, which PaddleSeg's only users of it, in contrib/AutoNUE, add.
    File("configs/_base_/autonue.yml", base.AUTONUE, dict(batch_size=2, iters=80000, loss=losses("CrossEntropyLoss"))),
    File("configs/pp_liteseg/pp_liteseg_stdc1_camvid_960x720_10k.yml", base.CAMVID,
         refused=(weights(3),), mended={"loss": losses(dict(type=OHEM, min_kept=250000))},
         rates={0: 1e-5, 200: 0.01, 5100: 0.01 * 0.5**0.9}),
    File("configs/ocrnet/ocrnet_hrnetw18_road_extraction_768x768_15k.yml", base.ROAD,
         dict(loss=losses(*["CrossEntropyLoss"] * 2, coef=[1, 0.4])), outputs=2,
         refused=no_dataset("MiniDeepGlobeRoadExtraction", USE_LISTS, "2"),
         mended=lists("data/MiniDeepGlobeRoadExtraction", 2, separator="|"), rates={7500: 0.01 * 0.5**0.9, 15000: 0.0},
         version="v2.5"),
    File("configs/ocrnet/ocrnet_hrnetw18_road_extraction_768x768_15k_lovasz_hinge.yml", base.ROAD,
         dict(loss=losses(*[mixed("CrossEntropyLoss", "LovaszHingeLoss", coef=[1, 0.01])] * 2, coef=[1, 0.4])),
         outputs=2,
         refused=(*no_dataset("MiniDeepGlobeRoadExtraction", USE_LISTS, "2"),
                  "loss.types.0.losses.1.type: no loss 'LovaszHingeLoss'. Each class has an output of its own here",
                  "loss.types.1.losses.1.type: no loss 'LovaszHingeLoss'. Each class has an output of its own here"),
         mended=dict(lists("data/MiniDeepGlobeRoadExtraction", 2, separator="|"), loss=losses(
             mixed("CrossEntropyLoss", "LovaszSoftmaxLoss", coef=[1, 0.01]), coef=[1, 0.4]))),
    File("contrib/RSSegBenchmark/configs/deeplabv3p/deeplabv3p_resnet50_vd_potsdam_512x512_80k.yml", base.POTSDAM),
    File("configs/unet/unet_drive_128x128_40k.yml", base.DRIVE, dict(batch_size=4, iters=40000),
         refused=(*no_dataset("DRIVE", USE_LISTS, "2"), NO_AREA),
         mended=dict(lists("data/DRIVE", 2), test_config={"auc_roc": None})),
    File("configs/multilabelseg/deeplabv3_resnet50_os8_uwmgi_256x256_160k.yml", base.UWMGI,
         refused=(NO_BCE, "no loss 'LovaszHingeLoss'. Each class has an output of its own here"),
         mended={"loss": losses(mixed("CrossEntropyLoss", "LovaszSoftmaxLoss", coef=[0.5, 0.5]))}),
    File("configs/quick_start/deeplabv3p_resnet18_os8_optic_disc_512x512_1k_student.yml", base.OPTIC_DISC,
         dict(distill_loss=losses("KLLoss", coef=[3]), val_dataset=dict(transforms=base.resized(512, 512))),
         refused=("distill_loss: the teacher stands in the configuration here",), mended=dict(distill_loss=None)),
    File("configs/quick_start/bisenet_optic_disc_512x512_1k.yml", base.OPTIC_DISC,
         dict(loss=losses("CrossEntropyLoss", coef=[1] * 5)),
         refused=(weights(5, "1 model output; give 1, e.g. [1.0]"),), mended=ONE_LOSS),
    File("configs/quick_start/pp_liteseg_optic_disc_512x512_1k.yml", base.OPTIC_DISC_LISTS,
         dict(loss=losses("CrossEntropyLoss", coef=[1, 1, 1])), refused=(weights(3),), mended=ONE_LOSS),
    File("configs/portraitnet/portraitnet_eg1800_224x224_46k.yml",
         dict(batch_size=64, iters=46000, **ONE_LOSS, optimizer=dict(type="Adam", weight_decay=5e-4),
              lr_scheduler=dict(type="StepDecay", learning_rate=0.001, step_size=460, gamma=0.95)),
         dict(train_dataset=dict(type="EG1800", dataset_root="data/EG1800", mode="train",
                                 common_transforms=PORTRAIT_PICTURES, transforms1=[PORTRAIT],
                                 transforms2=[*PORTRAIT_CHANGES, PORTRAIT]),
              val_dataset=dict(type="EG1800", dataset_root="data/EG1800", mode="val",
                               transforms1=None, transforms2=None, common_transforms=[PORTRAIT_PADDING, PORTRAIT])),
         refused=no_dataset("EG1800", USE_LISTS, "2"),
         mended=dict(
             train_dataset=dict(lists("data/EG1800", 2)["train_dataset"], dataset_root="data/EG1800", _inherited_=False,
                                transforms=[*PORTRAIT_PICTURES, *PORTRAIT_CHANGES, PORTRAIT]),
             val_dataset=dict(lists("data/EG1800", 2)["val_dataset"], dataset_root="data/EG1800", _inherited_=False,
                              transforms=[PORTRAIT_PADDING, PORTRAIT])),
         rates={459: 0.001, 460: 0.00095, 920: 0.0009025}),
    File("contrib/PP-HumanSeg/configs/human_pp_humansegv1_lite.yml",
         base.people("data/mini_supervisely", 192, 192, 1000, 0.0001)),
    File("contrib/PP-HumanSeg/configs/portrait_pp_humansegv2_lite.yml",
         base.people("data/portrait14k", 256, 144, 50000, 0.001, save_interval=1000),
         dict(loss=dict(coef=[1, 1, 1])),
         refused=("save_interval: there is no such key. It is a flag of train.py: remove it, and give --save_interval",
                  weights(3)),
         mended=dict(save_interval=None, loss=dict(coef=[1]))),
    File("contrib/MedicalSeg/configs/lung_coronavirus/vnet_lung_coronavirus_128_128_128_15k.yml",
         dict(data_root="data/"),
         dict(batch_size=6, iters=15000, optimizer=dict(type="sgd", momentum=0.9, weight_decay=1e-4),
              lr_scheduler=poly(0.001, decay_steps=15000),
              loss=losses(mixed(dict(type="CrossEntropyLoss", weight=None), "DiceLoss", coef=[1, 1])),
              train_dataset=dict(type="LungCoronavirus", dataset_root="lung_coronavirus/lung_coronavirus_phase0",
                                 mode="train", num_classes=3, transforms=[
                                     dict(type="RandomResizedCrop3D", size=128, scale=[0.8, 1.2]),
                                     dict(type="RandomRotation3D", degrees=90), dict(type="RandomFlip3D")])),
         refused=("data_root: the folder of the data is dataset_root",
                  "train_dataset.dataset_root: there is no folder 'lung_coronavirus/lung_coronavirus_phase0'",
                  "train_dataset.type: no dataset 'LungCoronavirus'. Volumes are not segmented here. Cut them into",
                  "train_dataset.transforms.0.type: no transform 'RandomResizedCrop3D'. It changes volumes",
                  "train_dataset.transforms.1.type: no transform 'RandomRotation3D'. It changes volumes",
                  "train_dataset.transforms.2.type: no transform 'RandomFlip3D'. It changes volumes"),
         mended=dict(data_root=None, train_dataset=dict(
             lists("data/slices", 3)["train_dataset"], dataset_root="data/slices", transforms=augment(128, 128)))),
]  # fmt: skip
FILES = CITYSCAPES_FILES + OTHER_FILES
