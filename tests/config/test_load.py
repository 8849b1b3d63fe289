# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
import pytest

from paddleseg.config.load import load_config
from paddleseg.config.merging import merge
from paddleseg.utils.errors import ConfigError


def test_the_child_wins_and_mappings_are_merged():
    base = {"a": 1, "b": {"c": 2, "d": 3}}
    assert merge(base, {"b": {"c": 9, "e": 4}}) == {"a": 1, "b": {"c": 9, "d": 3, "e": 4}}


def test_lists_and_values_of_another_kind_replace():
    base = {"a": [1, 2, 3], "b": {"c": 1}, "d": 5}
    assert merge(base, {"a": [9], "b": 7, "d": {"e": 1}}) == {"a": [9], "b": 7, "d": {"e": 1}}


def test_falsy_values_of_the_child_win():
    assert merge({"a": 1, "b": True, "c": "x"}, {"a": 0, "b": False, "c": ""}) == {
        "a": 0,
        "b": False,
        "c": "",
    }


def test_not_inherited_cuts_off_the_base_there_only(write_yaml):
    write_yaml("x: {a: 1, b: {c: 1}}\ny: {a: 1}\n", "base.yml")
    config = load_config(write_yaml("_base_: base.yml\nx: {_inherited_: False, d: 2}\ny: {b: 2}\n"))
    assert config.data["x"] == {"d": 2}
    assert config.data["y"] == {"a": 1, "b": 2}


SHA256 = "0" * 64


@pytest.mark.parametrize(
    ("own", "model"),
    [
        ("", {"type": "Q", "y": 2}),
        ("model: {_inherited_: False, type: Z}", {"type": "Z", "y": 2}),
        ("model: {z: 3}", {"type": "Q", "y": 2, "z": 3}),
    ],
)
def test_not_inherited_cuts_off_the_first_base_that_says_something_there(write_yaml, own, model):
    write_yaml("model: {type: P, x: 1}\n", "p.yml")
    write_yaml("_base_: p.yml\nmodel: {_inherited_: False, type: Q}\n", "q.yml")
    write_yaml("model: {type: R, y: 2}\n", "r.yml")
    write_yaml("iters: 1\n", "nothing.yml")
    config = load_config(write_yaml(f"_base_: [nothing.yml, q.yml, r.yml]\n{own}\n"))
    assert config.data["model"] == model
    assert config.sources["model.y"].endswith("r.yml:1")


def test_what_was_cut_off_and_comes_from_another_base_is_that_bases(write_yaml):
    write_yaml("model: {type: P, x: 1}\n", "p.yml")
    write_yaml("_base_: p.yml\nmodel: {_inherited_: False, type: Q}\n", "q.yml")
    write_yaml("model: {type: R, x: 2}\n", "r.yml")
    config = load_config(write_yaml("_base_: [q.yml, r.yml]\n"))
    assert config.data["model"] == {"type": "Q", "x": 2}
    assert config.sources["model.x"].endswith("r.yml:1")


OF_BASE = f"model: {{pretrained: {{url: a, sha256: '{SHA256}'}}}}\n"


@pytest.mark.parametrize(
    ("own", "opts", "source"),
    [
        ("{url: b}", [], {"url": "b"}),
        ("{url: [b, c]}", [], {"url": ["b", "c"]}),
        (f"{{url: b, sha256: '{'1' * 64}'}}", [], {"url": "b", "sha256": "1" * 64}),
        ("{url: a}", [], {"url": "a", "sha256": SHA256}),
        ("{url: [mirror, a]}", [], {"url": ["mirror", "a"], "sha256": SHA256}),
        ("{}", [], {"url": "a", "sha256": SHA256}),
        ("{}", ["model.pretrained.url=b"], {"url": "b"}),
        ("{}", ["model.pretrained.url=a"], {"url": "a", "sha256": SHA256}),
        ("{url: [a, b]}", ["model.pretrained.url.0=c"], {"url": ["c", "b"], "sha256": SHA256}),
        ("{url: [a, b]}", ["model.pretrained.url.0=c", "model.pretrained.url.1=d"], {"url": ["c", "d"]}),
        ("{}", [f"model.pretrained.sha256='{'1' * 64}'", "model.pretrained.url=b"], {"url": "b", "sha256": "1" * 64}),
        ("{}", ["model.pretrained={url: b}"], {"url": "b"}),
        ("{}", ["model.pretrained=b"], "b"),
    ],
)
def test_a_checksum_is_not_inherited_by_another_file(write_yaml, own, opts, source):
    write_yaml(OF_BASE, "base.yml")
    config = load_config(write_yaml(f"_base_: base.yml\nmodel: {{pretrained: {own}}}\n"), opts=opts)
    assert config.data["model"]["pretrained"] == source


def test_an_earlier_base_replaces_the_checksum_of_a_later_one_too(write_yaml):
    write_yaml(OF_BASE, "one.yml")
    write_yaml("model: {pretrained: {url: b}}\n", "two.yml")
    config = load_config(write_yaml("_base_: [two.yml, one.yml]\n"))
    assert config.data["model"]["pretrained"] == {"url": "b"}


def test_the_inherit_key_is_never_in_the_result(write_yaml):
    config = load_config(write_yaml("x: {_inherited_: False, y: {_inherited_: True, z: 1}}\n"))
    assert config.data["x"] == {"y": {"z": 1}}


def test_bases_form_a_chain_relative_to_each_file(write_yaml):
    write_yaml("a: 1\nb: 1\nc: 1\n", "common/root.yml")
    write_yaml("_base_: ./root.yml\nb: 2\nc: 2\n", "common/middle.yml")
    config = load_config(write_yaml("_base_: '../common/middle.yml'\nc: 3\n", "mine/top.yml"))
    assert [config.data[key] for key in "abc"] == [1, 2, 3]
    assert config.sources["a"].endswith("common/root.yml:1")
    assert config.sources["b"].endswith("common/middle.yml:2")
    assert config.sources["c"].endswith("mine/top.yml:2")
    assert ".." not in config.sources["a"].rpartition("mine")[2]


def test_of_several_bases_the_earlier_wins_as_in_paddleseg(write_yaml):
    write_yaml("a: 1\nb: 1\n", "one.yml")
    write_yaml("b: 2\n", "two.yml")
    config = load_config(write_yaml("_base_: [one.yml, two.yml]\n"))
    assert (config.data["a"], config.data["b"]) == (1, 1)
    assert config.sources["b"].endswith("one.yml:2")


def test_bases_in_a_circle_are_an_error(write_yaml):
    write_yaml("_base_: b.yml\n", "a.yml")
    path = write_yaml("_base_: a.yml\n", "b.yml")
    with pytest.raises(ConfigError, match=r"cycle: b\.yml -> a\.yml -> b\.yml"):
        load_config(path)


def test_one_base_may_be_reached_by_two_ways(write_yaml):
    write_yaml("a: 1\n", "root.yml")
    write_yaml("_base_: root.yml\nb: 1\n", "left.yml")
    write_yaml("_base_: root.yml\nc: 1\n", "right.yml")
    config = load_config(write_yaml("_base_: [left.yml, right.yml]\n"))
    assert [config.data[key] for key in "abc"] == [1, 1, 1]


def test_a_missing_base_names_both_files(write_yaml):
    with pytest.raises(ConfigError, match=r"config\.yml:2: _base_: there is no file .*nowhere\.yml"):
        load_config(write_yaml("a: 1\n_base_: nowhere.yml\n"))


def test_a_base_of_another_kind_is_an_error(write_yaml):
    with pytest.raises(ConfigError, match=r"_base_: found \{'a': 1\}"):
        load_config(write_yaml("_base_: {a: 1}\n"))


def test_loading_twice_gives_equal_and_independent_results(write_yaml):
    path = write_yaml("x: &x {a: [1]}\ny: *x\n")
    first, second = load_config(path), load_config(path)
    assert first.data == second.data
    first.data["x"]["a"].append(2)
    assert second.data["x"]["a"] == [1]
    assert first.data["y"]["a"] == [1], "two uses of one anchor must not stay one object"


def test_flags_replace_values_and_zero_is_a_value(write_yaml):
    path = write_yaml("iters: 10\nbatch_size: 2\nlr_scheduler: {type: A, learning_rate: 0.1}\n")
    config = load_config(path, flags={"iters": 0, "batch_size": 0, "lr_scheduler.learning_rate": 0.0})
    assert (config.data["iters"], config.data["batch_size"]) == (0, 0)
    assert config.data["lr_scheduler"] == {"type": "A", "learning_rate": 0.0}
    assert config.sources["iters"] == "--iters"
    assert config.sources["lr_scheduler.learning_rate"] == "--learning_rate"
    assert load_config(path).data["iters"] == 10


def test_the_nearer_file_decides_between_iterations_and_epochs(write_yaml):
    write_yaml("iters: 10\n", "base.yml")
    path = write_yaml("_base_: base.yml\nepochs: 3\n")
    assert "iters" not in load_config(path).data
    assert load_config(path).data["epochs"] == 3
    assert load_config(path, flags={"iters": 7}).data.get("epochs") is None
    assert load_config(path, opts=["iters=7"]).data["iters"] == 7


def test_iterations_and_epochs_in_one_file_are_an_error(write_yaml):
    with pytest.raises(ConfigError, match=r"config\.yml:2: epochs: this file has iters too"):
        load_config(write_yaml("iters: 10\nepochs: 3\n"))


def test_augment_is_another_name_of_the_auxiliary_loss(write_yaml):
    write_yaml("model: {type: M, enable_auxiliary_loss: True}\n", "base.yml")
    path = write_yaml("_base_: base.yml\nmodel: {augment: False}\n")
    assert load_config(path).data["model"] == {"type": "M", "enable_auxiliary_loss": False}
    assert load_config(path, opts=["model.augment=True"]).data["model"]["enable_auxiliary_loss"] is True
    assert load_config(path).sources["model.enable_auxiliary_loss"].endswith("config.yml:2")


def test_both_names_of_a_key_in_one_file_are_an_error(write_yaml):
    with pytest.raises(ConfigError, match="another name of enable_auxiliary_loss"):
        load_config(write_yaml("model: {augment: False, enable_auxiliary_loss: True}\n"))


@pytest.mark.parametrize(
    ("section", "resolved"),
    [
        ("{type: sgd}", {"type": "SGD", "momentum": 0.9}),
        ("{type: sgd, momentum: 0.5}", {"type": "SGD", "momentum": 0.5}),
        ("{type: SGD}", {"type": "SGD"}),
        ("{type: adam}", {"type": "Adam"}),
        (
            "{type: SGD, momentum: 0.9, nesterov: True}",
            {"type": "SGD", "momentum": 0.9, "nesterov": True},
        ),
        (
            "{type: SGD, momentum: 0.9, use_nesterov: True}",
            {"type": "SGD", "momentum": 0.9, "nesterov": True},
        ),
        ("{type: sgd, momentum: null}", {"type": "SGD", "momentum": 0.9}),
    ],
)
def test_optimizer_spellings(write_yaml, section, resolved):
    assert load_config(write_yaml(f"optimizer: {section}\n")).data["optimizer"] == resolved


def test_lower_case_sgd_keeps_an_inherited_momentum(write_yaml):
    write_yaml("optimizer: {type: sgd, momentum: 0.8}\n", "base.yml")
    config = load_config(write_yaml("_base_: base.yml\noptimizer: {type: sgd, weight_decay: 1e-4}\n"))
    assert config.data["optimizer"] == {"type": "SGD", "momentum": 0.8, "weight_decay": 0.0001}


def test_a_key_without_value_counts_as_absent(write_yaml):
    write_yaml("loss: {coef: [1]}\nseed: 3\n", "base.yml")
    config = load_config(write_yaml("_base_: base.yml\nloss:\nseed: null\n"))
    assert "loss" not in config.data and "seed" not in config.data


def test_an_argument_without_value_counts_as_absent_at_any_depth(write_yaml):
    write_yaml("model: {type: M, pretrained: w}\niters: 5\nd: {transforms: [{type: N, mean: [1]}]}\n", "base.yml")
    path = write_yaml(
        """
        _base_: base.yml
        model: {pretrained: null}
        epochs: null
        d:
          transforms: [{type: N, mean: null, std: [null]}]
        """
    )
    config = load_config(path)
    assert config.data["model"] == {"type": "M"}
    assert config.data["iters"] == 5
    assert config.data["d"] == {"transforms": [{"type": "N", "std": [None]}]}
    assert load_config(path, opts=["model.type=None", "iters=None"]).data["model"] == {}


def test_defaults_are_filled_in_without_hiding_what_is_given(write_yaml):
    config = load_config(write_yaml("ema_decay: 0\n"))
    assert (config.data["grad_accum_steps"], config.data["ema_decay"]) == (1, 0)


def test_the_dump_loads_to_the_same(write_yaml, tmp_path):
    write_yaml("model: {type: '1e-3', x: [1, {y: 2.5e-7}]}\nmore: text\n", "base.yml")
    config = load_config(write_yaml("_base_: base.yml\nmodel: {augment: no}\n"), opts=["a.b=0.1"], flags={"iters": 3})
    config.dump(tmp_path / "dump.yml")
    assert load_config(tmp_path / "dump.yml").data == config.data


def test_a_polynomial_decay_in_a_configuration_has_paddlesegs_defaults_and_the_run_says_them(training_yaml):
    section = load_config(training_yaml).section("lr_scheduler")
    assert (section["power"], section["end_lr"]) == (0.9, 0)
    named = load_config(training_yaml, opts=["lr_scheduler.end_lr=0.001"]).section("lr_scheduler")
    assert (named["power"], named["end_lr"]) == (0.9, 0.001)
    other = load_config(training_yaml, opts=["lr_scheduler={type: StepDecay, learning_rate: 0.1, step_size: 9}"])
    assert "power" not in other.section("lr_scheduler")
