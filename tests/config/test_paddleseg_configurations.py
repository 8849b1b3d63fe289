# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Configuration files of PaddleSeg: each trains unchanged, or is refused with advice and trains once it is followed."""

import numpy as np
import pytest
from PIL import Image

from paddleseg.config import build
from paddleseg.config.load import load_config
from paddleseg.config.schema import check_config
from paddleseg.utils.yaml_text import to_yaml
from tests.config.messages import message_of
from tests.config.one_step import train_one_step
from tests.config.paddleseg_files import FILES
from tests.datasets.published_folders import LAYOUTS, write_folder

# Layouts of published data sets, in the folders that the files name.
PUBLISHED = ("Cityscapes", "ADE20K", "PascalVOC", "PascalContext", "CocoStuff", "AutoNUE", "OpticDiscSeg")
# Folder below data/ -> number of classes, and what the lists are called where not train.txt and val.txt.
LISTED = {
    "camvid": (11, ()),
    "MiniDeepGlobeRoadExtraction": (2, ()),
    "Potsdam": (6, ()),
    "DRIVE": (2, ()),
    "UWMGI": (3, ()),
    "EG1800": (2, ()),
    "mini_supervisely": (2, ()),
    "portrait14k": (2, ()),
    "slices": (3, ()),
}


@pytest.fixture(scope="module")
def working_folder(tmp_path_factory):
    """A folder with small data sets where the files look for them, each with the labels that it has."""
    folder = tmp_path_factory.mktemp("paddleseg")
    random = np.random.default_rng(0)

    def write_pair(picture, label, num_classes):
        for path in (picture, label):
            path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(random.integers(0, 256, (48, 64, 3), dtype=np.uint8)).save(picture)
        # Rectangles of the first classes and of the last one, of which every crop has several.
        ids = np.arange(48)[:, None] // 8 + np.arange(64) // 8
        Image.fromarray(np.where(ids % 5 == 4, num_classes - 1, ids % min(num_classes, 8)).astype(np.uint8)).save(label)

    for name in PUBLISHED:
        write_folder(folder / "data" / LAYOUTS[name].root, LAYOUTS[name], size_wh=(64, 48), block=8)
    for part in ("train", "val"):
        for root, (num_classes, lists) in LISTED.items():
            name = f"{part}_0"
            write_pair(folder / "data" / root / f"{name}.jpg", folder / "data" / root / f"{name}.png", num_classes)
            separator = "|" if root.startswith("Mini") else " "
            for listed in {f"{part}.txt", *(one for one in lists if one.startswith(part))}:
                (folder / "data" / root / listed).write_text(f"{name}.jpg{separator}{name}.png\n")
    return folder


def written(file, folder):
    """The file, its base, and one that heeds the advice: the paths of the first and the last."""
    network = {"_inherited_": False, "type": "DDRNet_23_slim", "enable_auxiliary_loss": file.outputs == 2}
    own = {"_base_": "base.yml", "model": network, **file.own}
    (folder / "base.yml").write_text(to_yaml(file.base))
    (folder / "own.yml").write_text(to_yaml(own))
    (folder / "mended.yml").write_text(to_yaml({"_base_": "own.yml", **(file.mended or {})}))
    return folder / "own.yml", folder / "mended.yml"


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.version}:{file.path}")
def test_a_file_of_paddleseg_trains_or_is_refused_with_what_to_do(file, working_folder, tmp_path, monkeypatch):
    monkeypatch.chdir(working_folder)
    path, mended = written(file, tmp_path)
    do_eval = "val_dataset" in {**file.base, **file.own}
    message = message_of(path, do_eval=do_eval)
    lines = [line for line in message.splitlines() if not line.endswith(" problems:")]
    for part in file.refused:
        assert any(part in line for line in lines), message
    assert len(lines) == len(file.refused), message
    config = load_config(mended if file.refused else path)
    check_config(config, do_eval=do_eval)
    train_one_step(config)
    schedule = build.build_lr_schedule(config, config.data["iters"])
    for step, rate in file.rates.items():
        schedule.step(step)
        assert schedule() == pytest.approx(rate, rel=1e-6, abs=1e-12), step


def test_thirty_files_of_every_kind_are_among_them():
    assert len({file.path for file in FILES}) >= 30
    for kind in ("ddrnet", "bisenet", "pp_liteseg", "ocrnet", "ade20k", "voc12", "camvid", "coco", "road", "unet",
                 "optic_disc", "portrait", "MedicalSeg"):  # fmt: skip
        assert any(kind in file.path for file in FILES), kind
    assert {file.version for file in FILES} >= {"v2.0.0", "d7975e7c"}
