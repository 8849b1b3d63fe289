# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Settings that a configuration leaves open: the resolved one names them, and a resumed run keeps them."""

import hashlib
import json
from pathlib import Path

import pytest

from paddleseg.models import DDRNet_23_slim
from paddleseg.models.weights import make_meta, read_weights, write_weights
from paddleseg.training.run_folder import READER, check_same_run
from paddleseg.utils.errors import ConfigError, WeightsError
from paddleseg.utils.yaml_text import read_yaml, to_yaml
from tests.training.test_training import rates

UNNAMED = "{type: PolynomialDecay, learning_rate: 0.04}"
OF_PADDLE = "{type: PolynomialDecay, learning_rate: 0.04, power: 1.0, end_lr: 0.0001}"


def settings_of(folder):
    return read_yaml(str(folder / "config.yml"))[0]


def forget(checkpoint, *keys):
    """Let a checkpoint be one of an older version, which did not write these settings; of none: no configuration."""
    settings = settings_of(checkpoint)
    for key in keys:
        section, _, name = key.partition(".")
        del settings[section][name]
    manifest = json.loads((checkpoint / "manifest.json").read_text())
    del manifest["files"]["config.yml"]
    if keys:
        data = to_yaml(settings).encode()
        (checkpoint / "config.yml").write_bytes(data)
        manifest["files"]["config.yml"] = {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    else:
        (checkpoint / "config.yml").unlink()
    (checkpoint / "manifest.json").write_text(json.dumps(manifest))


def test_a_run_that_began_with_paddles_defaults_goes_on_with_them(train_here, tmp_path):
    straight = train_here("--iters", 2, save_dir="run", lr_scheduler=OF_PADDLE)
    forget(tmp_path / "run/iter_2", "lr_scheduler.power", "lr_scheduler.end_lr")
    log = train_here("--iters", 4, "--resume_model", "auto", lr_scheduler=UNNAMED)
    assert (
        "kept from the start of the run, because the configuration does not say: lr_scheduler.power 1, "
        "lr_scheduler.end_lr 0.0001" in log
    )
    assert "lr_scheduler" not in log[log.index("settings differ from those of") :].partition("\n")[0]
    assert rates(straight) == [0.04, 0.02005]
    assert rates(log) == [0.02005, 0.010075]  # of four steps now
    assert settings_of(tmp_path / "run")["lr_scheduler"]["power"] == 1.0  # and says so from now on


def test_a_named_value_is_taken_on_resume_and_the_change_is_said(train_here, tmp_path):
    train_here("--iters", 1, lr_scheduler=OF_PADDLE)
    forget(tmp_path / "run/iter_1", "lr_scheduler.power", "lr_scheduler.end_lr")
    log = train_here("--iters", 2, "--resume_model", "auto")
    assert "lr_scheduler.power was 1.0, now it is 0.9" in log and "kept from the start of the run" not in log


@pytest.mark.parametrize(
    "unnamed",
    [
        "{type: PolynomialDecay, learning_rate: 0.04, power: null, end_lr: null}",
        "{type: PolynomialDecay, learning_rate: 0.04, end_lr: null}",
    ],
)
def test_a_null_is_no_name_for_a_value(train_here, tmp_path, unnamed):
    train_here("--iters", 1, lr_scheduler=OF_PADDLE)
    forget(tmp_path / "run/iter_1", "lr_scheduler.power", "lr_scheduler.end_lr")
    log = train_here("--iters", 2, "--resume_model", "auto", lr_scheduler=unnamed)
    assert "kept from the start of the run, because the configuration does not say: lr_scheduler.power 1, " in log


def test_a_null_in_the_file_is_no_name_either(tiny_config, train_here, tmp_path):
    tiny_config.write_text(tiny_config.read_text().replace("end_lr: 0, power: 0.9", "end_lr: 0, power: null"))
    train_here("--iters", 1, lr_scheduler=OF_PADDLE)
    forget(tmp_path / "run/iter_1", "lr_scheduler.power", "lr_scheduler.end_lr")
    log = train_here("--iters", 2, "--resume_model", "auto")
    assert "kept from the start of the run, because the configuration does not say: lr_scheduler.power 1\n" in log
    assert "lr_scheduler.end_lr was 0.0001, now it is 0" in log


def test_values_within_a_mapping_of_opts_are_named(train_here, tmp_path):
    train_here("--iters", 1, lr_scheduler=OF_PADDLE)
    forget(tmp_path / "run/iter_1", "lr_scheduler.power", "lr_scheduler.end_lr")
    named = "{type: PolynomialDecay, learning_rate: 0.04, power: 0.5, end_lr: 0.001}"
    log = train_here("--iters", 2, "--resume_model", "auto", lr_scheduler=named)
    assert "lr_scheduler.power was 1.0, now it is 0.5" in log and "kept from the start of the run" not in log


@pytest.fixture
def weights_of_paddleseg(narrow, tmp_path):
    """Weights that say that they were trained with PaddleSeg's paddings."""
    model = DDRNet_23_slim(num_classes=4, enable_auxiliary_loss=True, padding_mode="paddleseg")
    path = tmp_path / "trained.pdparams"
    write_weights(path, {n: t.numpy() for n, t in model.state_dict().items()}, json.loads(make_meta(model)))
    return path


def test_the_padding_mode_that_the_weights_brought_is_recorded_and_kept(weights_of_paddleseg, train_here, tmp_path):
    train_here("--iters", 1, **{"model.pretrained": weights_of_paddleseg})
    saved = tmp_path / "run/iter_1"
    assert settings_of(tmp_path / "run")["model"]["padding_mode"] == "paddleseg"
    assert read_weights(saved / "model.pdparams")[1]["padding_mode"] == "paddleseg"
    log = train_here("--iters", 2, "--resume_model", "auto")  # which no longer names those weights
    assert "model.padding_mode paddleseg" in log
    assert read_weights(tmp_path / "run/iter_2/model.pdparams")[1]["padding_mode"] == "paddleseg"
    with pytest.raises(WeightsError, match="iter_2 was trained with padding_mode paddleseg, the network has official"):
        train_here("--iters", 3, "--resume_model", "auto", **{"model.padding_mode": "official"})


def test_a_checkpoint_without_a_configuration_says_its_padding_mode_by_its_weights(
    weights_of_paddleseg, train_here, tmp_path
):
    train_here("--iters", 1, **{"model.pretrained": weights_of_paddleseg})
    forget(tmp_path / "run/iter_1")
    train_here("--iters", 2, "--resume_model", "auto")
    assert settings_of(tmp_path / "run")["model"]["padding_mode"] == "paddleseg"


@pytest.mark.parametrize("spoil", [lambda path: path.unlink(), lambda path: path.write_bytes(b"of another run")])
def test_a_resumed_run_neither_reads_nor_looks_for_the_weights_it_began_with(
    spoil, weights_of_paddleseg, train_here, tmp_path
):
    option = {"model.pretrained": weights_of_paddleseg}
    train_here("--iters", 1, "--resume_model", "auto", **option)
    spoil(weights_of_paddleseg)
    log = train_here("--iters", 2, "--resume_model", "auto", **option)
    assert f"model.pretrained is not read: the run continues with the weights of {tmp_path}/run/iter_1" in log
    train_here("--iters", 3, "--resume_model", tmp_path / "run/iter_2", save_dir="another", **option)
    assert (tmp_path / "another/iter_3/model.pdparams").is_file()


def test_the_best_model_of_the_run_itself_may_be_named_as_its_pretrained_weights(train_here, tmp_path):
    train_here("--iters", 1, "--do_eval")
    manifest = tmp_path / "run/best_model/manifest.json"
    manifest.write_text("{}")  # would be refused if it were read
    log = train_here("--iters", 2, "--resume_model", "auto", **{"model.pretrained": tmp_path / "run/best_model"})
    assert "resumed from" in log


@pytest.mark.parametrize("resume", [[], ["--resume_model", "auto"]])
def test_weights_that_are_not_there_end_a_run_that_begins_whatever_it_would_resume(resume, train_here, tmp_path):
    with pytest.raises(ConfigError, match="--opts: model.pretrained: there is no file 'nowhere.pdparams'"):
        train_here("--iters", 1, *resume, **{"model.pretrained": "nowhere.pdparams"})
    assert not (tmp_path / "run/config.yml").exists()


def test_a_run_of_an_older_version_goes_on_with_the_official_paddings(train_here, tmp_path):
    train_here("--iters", 1)
    assert settings_of(tmp_path / "run")["model"]["padding_mode"] == "official"
    forget(tmp_path / "run/iter_1", "model.padding_mode")
    log = train_here("--iters", 2, "--resume_model", "auto")
    assert "padding_mode was" not in log and settings_of(tmp_path / "run")["model"]["padding_mode"] == "official"


@pytest.mark.parametrize(
    ("key", "value", "change"),
    [("apply_exif", "False", "apply_exif was True, now it is False"), ("value_range", "[0, 4095]", "value_range was")],
)
def test_a_run_does_not_go_on_with_pictures_that_are_read_otherwise(key, value, change, train_here):
    train_here("--iters", 1)
    others = {f"{mode}_dataset.{key}": value for mode in ("train", "val")}
    with pytest.raises(ConfigError, match=rf"iter_1 cannot be resumed, because the samples.* {change}"):
        train_here("--iters", 2, "--resume_model", "auto", **others)


def test_a_run_of_an_older_version_is_told_that_its_pictures_were_read_otherwise(log):
    check_same_run(Path("output/iter_1"), {"seed": 1}, {"seed": 1, READER: 2, "apply_exif": True})
    assert log.text.count("output/iter_1 is from an older version, which ignored EXIF orientation") == 1
    with pytest.raises(ConfigError, match=f"{READER} was 1, now it is 2"):
        check_same_run(Path("output/iter_1"), {READER: 1}, {READER: 2})
