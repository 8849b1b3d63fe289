# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Corrupted configurations: refused with lines that name file and key, or they can be built and run."""

import json
import os
import re

import numpy as np
import paddle
import pytest
import yaml
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from paddleseg.config import build
from paddleseg.config.load import load_config
from paddleseg.config.schema import check_config
from paddleseg.inference.views import ViewOptions
from paddleseg.training.batches import TrainingBatches
from paddleseg.training.run_settings import RunSettings
from paddleseg.utils.errors import UserError
from paddleseg.utils.yaml_text import parse_yaml
from tests.conftest import make_dataset
from tests.faults.configurations import VALUES, complete, places, spoilt
from tests.faults.limits import CASES, SEED, no_hang

pytestmark = pytest.mark.usefixtures("narrow")

COMMANDS = ("train", "val", "predict", "export")
# The shares of the tests in the cases of this file.
TREES, TEXTS, OPTIONS = (int(CASES * share) for share in (0.7, 0.15, 0.15))


def fuzz(examples):
    """The same cases in every run, unless FUZZ_SEED asks for others; time is what ``no_hang`` allows."""
    options = settings(
        max_examples=max(examples, 1), deadline=None, database=None, derandomize=SEED == 0, print_blob=False,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    return options if SEED == 0 else lambda test: seed(SEED)(options(test))


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A folder with pictures; the working directory is beside it, for relative names that the fuzz makes up."""
    folder = tmp_path_factory.mktemp("fuzz")
    (folder / "working").mkdir()
    before = os.getcwd()
    os.chdir(folder / "working")
    yield make_dataset(folder / "data", train=3, val=2)
    os.chdir(before)


_models = {}


def build_model(config):
    """The network; the same one for the same section, for building takes most of the time."""
    model = json.dumps(config.section("model"), sort_keys=True, default=str)
    key = model, *(build.shared_value(config, name) for name in ("num_classes", "in_channels"))
    if key not in _models:
        if len(_models) > 20:
            _models.clear()
        _models[key] = build.build_model(config)
    return _models[key]


def build_all(config, command) -> None:
    """Build what a command builds, and run each part once."""
    random = np.random.default_rng(0)
    ViewOptions.from_test_config(config.section("test_config"))
    if command in ("predict", "export"):
        for transform in build.build_transforms(config, build.section_with_transforms(config)):
            sample = {"img": np.zeros((40, 48, 3), np.uint8), "path": "picture.png", "trans_info": []}
            transform(sample, random)
        return
    dataset = build.build_dataset(config, command)
    sample = dataset.sample(0, random)
    assert sample["img"].ndim == 3 and sample["label"].ndim == 2 and sample["label"].dtype == np.uint8
    if command == "val":
        return
    assert sample["img"].shape[:2] == sample["label"].shape
    assert parse_yaml(config.to_text(), "text")[0].keys() == config.data.keys()
    settings = RunSettings(batch_size=config.data["batch_size"], seed=config.data.get("seed", 0), num_workers=0)
    batches = TrainingBatches(dataset, settings)
    total_steps = build.total_iters(config, batches.per_epoch)
    assert len(next(iter(batches.sampler(0, total_steps)))) == config.data["batch_size"]
    paddle.seed(config.data.get("seed", 0))
    model = build_model(config)
    schedule = build.build_lr_schedule(config, total_steps)
    for _ in range(8):
        assert np.isfinite(schedule())
        schedule.step()
    build.build_optimizer(config, model, schedule)
    build.describe_optimizer(config)
    logits = paddle.to_tensor(random.standard_normal((2, dataset.num_classes, 12, 16)).astype("float32"))
    logits.stop_gradient = False
    label = paddle.to_tensor(random.integers(0, dataset.num_classes, (2, 12, 16)))
    for loss, weight in build.build_losses(config):
        (loss(logits, label) * weight).backward()


def refusals(path, opts=(), commands=COMMANDS) -> list:
    """The message of each command that refuses the configuration; everything that passes is built."""
    try:
        config = load_config(path, opts=opts)
    except UserError as error:
        return [str(error)]
    messages = []
    for command in commands:
        try:
            check_config(config, command=command, do_eval=command == "train")
            build_all(config, command)
        except UserError as error:
            messages.append(str(error))
    return messages


def check_message(message, path, changed) -> None:
    """Each line names a place, a file or a flag, or the key; a second line comes after a headline."""
    lines = message.split("\n")
    if len(lines) > 1:
        assert re.fullmatch(r".* has \d+ problems:", lines[0]), message
        lines = [line.strip() for line in lines[1:]]
    for line in lines:
        assert line.isprintable(), repr(line)
        assert len(line) < 2000, line
        assert path.parent.name in line or "--opts" in line or any(str(key[-1]) in line for key in changed), line
    is_about_files = "this is not valid YAML" in message or ".txt, line " in message
    names = [str(key[0]) for key in changed] + [key[-1] for key in changed if isinstance(key[-1], str)]
    assert is_about_files or any(name in message for name in names), (message, changed)


@pytest.mark.slow
@fuzz(TREES)
@given(data=st.data())
def test_a_spoilt_configuration_is_refused_by_file_and_key_or_works(data, root):
    tree, changed = data.draw(spoilt(root))
    path = root.parent / "fuzz.yml"
    path.write_text(yaml.safe_dump(tree, allow_unicode=True, sort_keys=False), encoding="utf-8")
    with no_hang():
        for message in refusals(path, commands=("train", data.draw(st.sampled_from(COMMANDS[1:])))):
            check_message(message, path, changed)


@pytest.mark.parametrize("number", range(40))
def test_what_the_fuzz_begins_with_is_right(number, root):
    path = root.parent / "right.yml"
    path.write_text(yaml.safe_dump(complete(root, number)))
    assert refusals(path) == []


# What may break a reader of YAML, beside bytes.
PIECES = (
    "&a [*a]", "*a", "&a ", "<<: *a", "<<: 3", "!!python/object/apply:os.system [true]", "!!timestamp x", "!!bool x",
    "!!int ''", "!!float ''", "!!binary x", "!!set {a}", "!!omap [a: 1]", "!!pairs [a: 1]", "? [a]\n: b\n", "? \n",
    "? {a: b}\n", "%YAML 9.9\n---\n", "---\n", "...\n", "\t", "\0", "\x85", "\u2028", "\ud7ff", ": ", "- ", "{", "}",
    "[", "]", "|\n", ">-\n", "'", '"', "#", "0x" + "f" * 5000, "9" * 5000, "1:60:60", "2026-13-45", "null: 1\n",
    "1: 2\n", "_base_: x.yml\n", "[" * 60, "[" * 3000, "{a: " * 3000, "\ufeff", "a: a: a", "~", "yes",
)  # fmt: skip


@pytest.mark.slow
@fuzz(TEXTS)
@given(data=st.data())
def test_a_text_with_broken_places_is_refused_by_name_or_works(data, root):
    text = yaml.safe_dump(complete(root, data.draw(st.integers(0, 39))), sort_keys=False)
    path = root.parent / "text.yml"
    for _ in range(data.draw(st.integers(1, 3))):
        place, length = data.draw(st.integers(0, len(text))), data.draw(st.sampled_from([0, 0, 1, 5, 200, 10**6]))
        text = text[:place] + data.draw(st.sampled_from(PIECES) | st.text(max_size=5)) + text[place + length :]
    content = text.encode("utf-8", "surrogatepass")
    if data.draw(st.integers(0, 4)) == 0:
        place = data.draw(st.integers(0, len(content)))
        content = content[:place] + data.draw(st.binary(max_size=4)) + content[place:]
    path.write_bytes(content)
    with no_hang():
        for message in refusals(path):
            check_message(message, path, [("",)])


ENDINGS = ("", "", "", "", ".x", ".0", ".9", ".-1", "." + "9" * 5000, ".x" * 3000, ".", "..", "\u0663")


@pytest.mark.slow
@fuzz(OPTIONS)
@given(data=st.data())
def test_options_are_refused_by_key_or_work(data, root):
    tree = complete(root, data.draw(st.integers(0, 39)))
    path = root.parent / "options.yml"
    path.write_text(yaml.safe_dump(tree, sort_keys=False))
    options = []
    for _ in range(data.draw(st.integers(1, 2))):
        key = ".".join(map(str, data.draw(st.sampled_from(places(tree)))))
        key += data.draw(
            st.sampled_from(["", "", "", ".x", ".0", ".9", ".-1", "." + "9" * 5000, ".x" * 3000, ".", "..", "\u0663"])
        )
        value = data.draw(VALUES)
        text = data.draw(st.sampled_from([str, flow_text, yaml_text]))(value)
        options.append(data.draw(st.sampled_from([f"{key}={text}"] * 6 + [key, f"={text}", f"{key} = {text}", text])))
    with no_hang():
        for message in refusals(path, options):
            check_message(message, path, [("",)])


def flow_text(value) -> str:
    return yaml.safe_dump(value, default_flow_style=True, width=10**6).strip()


def yaml_text(value) -> str:
    return yaml.safe_dump(value).removesuffix("\n...\n").strip("\n")


BASES = (
    "missing.yml", ".", "..", "/", "/dev/null", "/dev/zero", "fuzz_base.yml", "data/train.txt", "data", "", "\0", "~",
    "x" * 300, 3, True, False, 0, {}, {"a": "b"}, [3], [None], ["."], ["data", "missing.yml"], [["fuzz_base.yml"]], 1.5,
)  # fmt: skip


@pytest.mark.parametrize("base", BASES, ids=ascii)
def test_a_base_that_is_none_is_refused_by_name(base, root):
    path = root.parent / "fuzz_base.yml"
    path.write_text(yaml.safe_dump({"_base_": base, **complete(root)}))
    with no_hang():
        [message] = refusals(path)
    is_named = "fuzz_base.yml" in message and "_base_" in message
    assert (is_named or f"{base}: a configuration file ends in .yml" in message) and message.isprintable()
