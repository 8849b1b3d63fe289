# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Faults of a teacher are reported in one line before the first step."""

import shutil
from pathlib import Path

import pytest
import yaml

from paddleseg.config.load import load_config
from paddleseg.config.schema import check_config
from paddleseg.config.teacher import find_teacher, load_teacher
from paddleseg.models.weights import read_weights, write_weights
from paddleseg.tasks.distillation import TEACHER
from paddleseg.training.run_folder import check_same_run
from paddleseg.utils.errors import ConfigError, WeightsError
from paddleseg.utils.tensors import to_arrays
from tests.distillation.conftest import FEATURES, LOGITS
from tests.distillation.small_networks import SmallStudent

NAMES = ["road", "car", "tree", "sky"]


def refused(distil, message, *arguments, error=ConfigError, **settings):
    with pytest.raises(error, match=message) as raised:
        distil("--iters", 1, *arguments, **settings)
    assert len(str(raised.value).splitlines()) == 1


def rewrite(folder, *replaced):
    """Change words of the teacher's configuration."""
    path = folder / "config.yml"
    text = path.read_text()
    for old, new in replaced:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text)


@pytest.mark.parametrize(
    ("replaced", "message"),
    [
        (
            ("num_classes: 4", "num_classes: 5"),
            r"distillation\.teacher: num_classes of .*config\.yml is 5, here it is 4",
        ),
        (("num_classes: 4", "num_classes: 4\n  img_channels: 4"), "in_channels of .* is 4, here it is 3"),
        (("num_classes: 4", "num_classes: 4\n  value_range: [0, 4095]"), r"value_range of .* is \[0, 4095\], here"),
        (("type: Normalize", "type: Normalize, std: [0.2]"), r"normalised by mean \[0.5\] and std \[0.2\] in .*config"),
        (("- {type: Normalize}", "- {type: RandomVerticalFlip}"), "RandomVerticalFlip with these arguments is random"),
    ],
    ids=["classes", "channels", "value range", "normalisation", "wrong in itself"],
)
def test_a_teacher_of_other_pictures_or_classes(replaced, message, distil, teacher_folder):
    rewrite(teacher_folder, replaced)
    refused(distil, message)


def test_all_that_differs_is_said_at_once(distil, teacher_folder):
    rewrite(
        teacher_folder, ("num_classes: 4", "num_classes: 5\n  img_channels: 4"), ("Normalize", "Normalize, std: [1]")
    )
    with pytest.raises(ConfigError, match="has 3 problems") as raised:
        distil("--iters", 1)
    assert len(str(raised.value).splitlines()) == 4


def test_the_same_classes_in_another_order(distil, teacher_folder, tiny_config):
    other = f"num_classes: 4\n  class_names: [{', '.join(reversed(NAMES))}]"
    rewrite(teacher_folder, ("num_classes: 4", other))
    text = tiny_config.read_text()
    here = {"train_dataset.class_names": f"[{','.join(NAMES)}]"}
    refused(distil, "class 0 of the teacher is 'sky', here it is 'road'", **here)
    # Also where the weights alone say it.
    rewrite(teacher_folder, (other, "num_classes: 4"))
    weights, _ = read_weights(teacher_folder / "model.pdparams")
    write_weights(teacher_folder / "model.pdparams", weights, {"classes": [*NAMES[:3], "water"]})
    tiny_config.write_text(text)
    refused(distil, "class 3 of the teacher is 'water', here it is 'sky'", **here)


def test_a_teacher_that_learns_something_else(distil, teacher_folder):
    rewrite(teacher_folder, ("SmallTeacher", "DDRNet_23_slim_cls"), ("type: Dataset", "type: ImageFolder"))
    text = (teacher_folder / "config.yml").read_text()
    lines = [
        line
        for line in text.splitlines()
        if not line.startswith(("loss", "  types", "  coef", "  train_path", "  val_path"))
    ]
    (teacher_folder / "config.yml").write_text("\n".join(lines))
    refused(distil, r"config\.yml learns ClassificationTask; a teacher gives label maps")


def test_a_student_that_learns_something_else(write_yaml):
    config = load_config(
        write_yaml(f"""
            model: {{type: DDRNet_23_slim_cls}}
            train_dataset: {{type: ImageFolder, dataset_root: here, num_classes: 5}}
            distillation: {{teacher: there, losses: [{LOGITS}]}}
        """)
    )
    with pytest.raises(
        ConfigError, match="distillation: it compares label maps .*, but ClassificationTask learns none"
    ):
        check_config(config, command="export")


def test_a_folder_without_weights_or_without_a_configuration(distil, teacher_folder, tmp_path):
    shutil.copytree(teacher_folder, tmp_path / "weightless")
    (tmp_path / "weightless/model.pdparams").unlink()
    refused(
        distil, r"weightless has no weights: neither model\.pdparams nor checkpoints", teacher=tmp_path / "weightless"
    )
    (teacher_folder / "config.yml").unlink()
    refused(distil, r"teacher has no config\.yml; give the configuration of the teacher here")


def test_what_is_no_teacher_at_all(distil, teacher_folder, tmp_path):
    refused(distil, "there is no 'nowhere'; give the folder of a run", teacher="nowhere")
    weights = teacher_folder / "model.pdparams"
    refused(distil, r"model\.pdparams is not a configuration; give the folder of the run", teacher=weights)
    config = teacher_folder / "config.yml"
    refused(distil, r"config\.yml names no weights; give teacher_weights", teacher=config)
    refused(distil, "there is no 'lost.pdparams'", teacher=config, more="  teacher_weights: lost.pdparams\n")
    refused(distil, "teacher_weights: a folder has its own", more=f"  teacher_weights: {weights}\n")
    rewrite(teacher_folder, ("SmallTeacher}", "SmallTeacher, pretrained: lost.pdparams}"))
    refused(distil, "names weights that do not exist: 'lost.pdparams'", teacher=config)


def test_weights_of_another_network(distil, teacher_folder):
    rewrite(teacher_folder, ("SmallTeacher", "DDRNet_23_slim"))
    refused(distil, "does not fit DDRNet_23_slim with 4 classes; these are weights of SmallT", error=WeightsError)


def test_teachers_that_lead_back_to_the_student(distil, tiny_config, teacher_folder, tmp_path):
    # Weights that are named make a teacher of the student's own configuration, and of any chain.
    weights = tmp_path / "former.pdparams"
    write_weights(weights, to_arrays(SmallStudent(4, enable_auxiliary_loss=True).state_dict()), None)
    log = distil("--iters", 1, teacher=tiny_config, more=f"  teacher_weights: {weights}\n")
    assert "teacher: SmallStudent with 4 classes" in log
    refused(distil, r"form a cycle: tiny\.yml -> tiny\.yml", teacher=tiny_config)
    config = teacher_folder / "config.yml"
    config.write_text(f"{config.read_text()}distillation: {{teacher: {tiny_config}, losses: [{LOGITS}]}}\n")
    refused(distil, r"form a cycle: tiny\.yml -> config\.yml -> tiny\.yml")
    # One that was distilled itself is a teacher like others, also where its own teacher is gone.
    config.write_text(config.read_text().replace(str(tiny_config), str(tmp_path / "gone")))
    assert "teacher_logits" in distil("--iters", 1)


def test_the_run_itself_is_no_teacher(distil, teacher_folder, tmp_path):
    best = shutil.copytree(teacher_folder, tmp_path / "run/best_model")
    for teacher in (best, tmp_path / "run"):
        refused(distil, "is a checkpoint in the folder of this run; give another --save_dir", teacher=teacher)
    config = teacher_folder / "config.yml"
    for named in (f"{best}/model.pdparams", f"{{url: [lost, {best}]}}"):
        more = f"  teacher_weights: {named}\n"
        refused(distil, "is a checkpoint in the folder of this run", teacher=config, more=more)
    rewrite(teacher_folder, ("SmallTeacher}", f"SmallTeacher, pretrained: {best}}}"))
    refused(distil, "is a checkpoint in the folder of this run", teacher=config)


def test_a_teacher_may_be_in_a_folder_of_the_runs(distil, teacher_folder, tmp_path):
    assert teacher_folder.parent == tmp_path
    assert "teacher_logits" in distil("--iters", 1, losses=[LOGITS], save_dir=".")


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ("{}", r"distillation\.teacher: missing"),
        (f"{{teachers: a, teacher: a, losses: [{LOGITS}]}}", r"distillation\.teachers: there is no such key\. Did you"),
        ("{teacher: a, losses: []}", r"distillation\.losses: found \[\]; give a list of losses"),
        ("{teacher: a, losses: [3]}", r"distillation\.losses\.0: found 3; it must be a mapping"),
        ("{teacher: a, losses: [{type: KLLoss, weight: 3}]}", r"losses\.0\.type: no distillation loss 'KLLoss'\. Use"),
        ("{teacher: a, losses: [{type: ChannelWiseKLLoss}]}", r"losses\.0\.weight: missing; .* 3 on logits and 50"),
        ("{teacher: a, losses: [{type: ChannelWiseKLLoss, weight: -1}]}", r"losses\.0\.weight: found -1; it must be"),
        (f"{{teacher: a, losses: [{LOGITS[:-1]}, temprature: 2}}]}}", "temprature: .* Did you mean 'temperature'"),
        (f"{{teacher: a, losses: [{LOGITS[:-1]}, teacher_features: spp}}]}}", "has no effect without features"),
        (f"{{teacher: a, teacher_weights: {{url: 3}}, losses: [{LOGITS}]}}", r"teacher_weights\.url: found 3; give an"),
        (f"{{teacher: a, losses: [{FEATURES}]}}\nto_static_training: True", "a static graph does not show them"),
    ],
)  # fmt: skip
def test_a_section_that_is_wrong_in_itself(section, message, tiny_config):
    tiny_config.write_text(f"{tiny_config.read_text()}distillation: {section}\n")
    with pytest.raises(ConfigError, match=message):
        check_config(load_config(tiny_config))


def test_a_layer_that_is_not_there_is_named_with_the_nearest_before_data_are_read(distil, monkeypatch):
    monkeypatch.setattr("paddleseg.config.build.build_dataset", None)
    losses = [LOGITS, FEATURES.replace("layer5_", "layer55_")]
    words = "the student SmallStudent with 4 classes has no layer 'layer55_'"
    refused(distil, rf"^[^;]*distillation\.losses\.1\.features: {words}\. Did .* The network has conv1,", losses=losses)
    losses = [FEATURES.replace("layer5_", "layer5_, teacher_features: layer5_.7.relu")]
    words = r"teacher SmallTeacher with 4 classes has no layer 'layer5_\.7\.relu'\. layer5_ has layer5_\.0, layer5_\.1$"
    refused(distil, rf"losses\.0\.teacher_features: the {words}", losses=losses)


def test_what_another_teacher_or_section_would_change_is_not_resumed(distil, teacher_folder):
    distil("--iters", 1)
    again = ("--resume_model", "auto")
    with pytest.raises(WeightsError, match=r"has teacher_layer5_\.weight, the run has none\. Resume with the section"):
        distil("--iters", 2, *again, losses=[LOGITS])
    weights, meta = read_weights(teacher_folder / "model.pdparams")
    weights["head.bias"] = weights["head.bias"] + 1
    write_weights(teacher_folder / "model.pdparams", weights, meta)
    refused(distil, r"cannot be resumed.*teacher \(checksum\)", *again)


def test_a_run_is_not_resumed_with_a_first_teacher_nor_with_none(distil, train_here, student_config):
    text, again = student_config.read_text(), ("--iters", 2, "--resume_model", "auto")
    train_here("--iters", 1, save_dir="alone")
    distil("--iters", 1, losses=[LOGITS], save_dir="taught")
    with pytest.raises(ConfigError, match=r"teacher \(checksum\) was none, now it is [0-9a-f]{12}\."):
        distil(*again, losses=[LOGITS], save_dir="alone")
    student_config.write_text(text)
    with pytest.raises(ConfigError, match=r"teacher \(checksum\) was [0-9a-f]{12}, now it is none\."):
        train_here(*again, save_dir="taught")


def test_a_run_of_an_older_version_without_a_teacher_had_none():
    check_same_run(Path("output/iter_1"), {"seed": 1}, {"seed": 1, TEACHER: "none"})
    with pytest.raises(ConfigError, match=r"teacher \(checksum\) was none"):
        check_same_run(Path("output/iter_1"), {"seed": 1}, {"seed": 1, TEACHER: "0123456789ab"})


@pytest.fixture
def zoo(tmp_path, monkeypatch):
    """A list with one name, whose address nobody has."""
    monkeypatch.setenv("PADDLESEG_ZOO", str(tmp_path / "zoo.yml"))
    entry = {"model": "DDRNet_23_slim", "trained_on": "streets", "kit": "PaddleSeg", "result": "none"}
    entry.update(url=["http://127.0.0.1:1/model.pdparams"], classes=NAMES[::-1])
    (tmp_path / "zoo.yml").write_text(yaml.safe_dump({"street": entry}))
    return {"more": "  teacher_weights: zoo:street\n"}


def test_a_teacher_of_the_zoo_is_compared_by_its_classes_and_its_network_before_it_is_downloaded(
    distil, teacher_folder, zoo
):
    here = {"train_dataset.class_names": f"[{','.join(NAMES)}]", "teacher": teacher_folder / "config.yml", **zoo}
    rewrite(teacher_folder, ("SmallTeacher", "DDRNet_23_slim"))
    refused(distil, "class 0 of the teacher is 'sky', here it is 'road'", **here)
    rewrite(teacher_folder, ("DDRNet_23_slim", "DDRNet_39"))
    refused(distil, "zoo:street is of DDRNet_23_slim, the network is DDRNet_39", **here)


@pytest.mark.parametrize(
    "meta",
    [
        {"metric": 0.5, "classes": 5},
        {"metric": [1], "classes": "road"},
        {"metric": {"mIoU": "0.7", "Acc": True}, "classes": {"road": 0}},
        {"metric": None, "classes": [1, 2, 3, 4]},
        {"metric": {"mIoU": 10**400}, "classes": ["sky"]},
        {"metric": {"\x1b[2J": 0.5, "mIoU": 0.77}, "classes": ["Road", "CAR", "tree", "sky"]},
    ],
)
def test_what_a_teachers_file_says_of_itself_is_taken_where_it_is_names_and_figures(
    meta, distil, teacher_folder, student_config, log
):
    weights, _ = read_weights(teacher_folder / "model.pdparams")
    write_weights(teacher_folder / "model.pdparams", weights, meta)
    student_config.write_text(f"{student_config.read_text()}distillation: {{teacher: {teacher_folder}}}\n")
    config = load_config(student_config)
    assert load_teacher(find_teacher(config, "run"), config, NAMES, None).num_classes == 4
    assert ("(?[2J 0.5000, mIoU 0.7700)" in log.text) == ("Road" in str(meta["classes"])) and "\x1b" not in log.text


def test_other_commands_need_no_teacher(tiny_config):
    tiny_config.write_text(f"{tiny_config.read_text()}distillation: {{teacher: gone, losses: [{LOGITS}]}}\n")
    for command in ("val", "predict", "export"):
        check_config(load_config(tiny_config), command=command)


@pytest.mark.parametrize("place", ["run", "iter_2"])
def test_a_runs_folder_means_its_best_model_and_a_checkpoint_itself(place, distil, teacher_folder, tmp_path):
    run = tmp_path / "former"
    for name in ("iter_1", "iter_2", "best_model"):
        shutil.copytree(teacher_folder, run / name)
    shutil.copy(teacher_folder / "config.yml", run)
    log = distil("--iters", 1, losses=[LOGITS], teacher=run if place == "run" else run / place)
    wanted = "best_model" if place == "run" else place
    assert f"former/{wanted}/model.pdparams" in log.split("teacher: ")[1].splitlines()[0]


def test_a_configuration_with_weights_of_its_own_or_beside_it(distil, teacher_folder):
    config, weights = teacher_folder / "config.yml", teacher_folder / "model.pdparams"
    log = distil("--iters", 1, losses=[LOGITS], teacher=config, more=f"  teacher_weights: {weights}\n")
    rewrite(teacher_folder, ("SmallTeacher}", f"SmallTeacher, pretrained: {weights}}}"))
    assert "teacher: SmallTeacher" in log
    assert "teacher: SmallTeacher" in distil("--iters", 1, losses=[LOGITS], teacher=config)


def test_opts_name_another_teacher(tiny_config):
    tiny_config.write_text(f"{tiny_config.read_text()}distillation: {{teacher: gone, losses: [{LOGITS}]}}\n")
    opts = [
        "distillation.teacher=mine.yml",
        "distillation.teacher_weights=a.pdparams",
        "distillation.losses.0.weight=5",
    ]
    config = load_config(tiny_config, opts=opts)
    check_config(config)
    assert config.section("distillation")["teacher_weights"] == "a.pdparams"
