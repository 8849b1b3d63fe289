# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
import pytest

from paddleseg.config.load import load_config
from paddleseg.config.overrides import parse_value
from paddleseg.utils.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "old", "value"),
    [
        ("4", 2, 4),
        ("1e-3", 0.1, 0.001),
        ("1", 0.5, 1.0),
        ("0", 1, 0),
        ("False", True, False),
        ("None", "a.pdparams", None),
        ("null", None, None),
        ("2024", "data", "2024"),
        ("True", "data", "True"),
        ("a=b", "x", "a=b"),
        ("", "x", ""),
        (" ", ",", " "),
        (",", " ", ","),
        ("{", " ", "{"),
        ("C:/x", "y", "C:/x"),
        ("'quoted'", "x", "quoted"),
        ("[320, 256]", [1, 1], [320, 256]),
        ("0.75,1.0,1.25", None, [0.75, 1.0, 1.25]),
        ("a,b", None, "a,b"),
        ("{name: head, lr_mult: 10}", None, {"name": "head", "lr_mult": 10}),
    ],
)
def test_values_are_read_with_the_type_of_the_old_one(text, old, value):
    parsed = parse_value(text, old)
    assert parsed == value and type(parsed) is type(value)


def load(write_yaml, *opts):
    text = """
        a: {b: 1, c: text}
        items:
          - {type: A, x: 0.5}
          - {type: B}
    """
    return load_config(write_yaml(text), opts=opts)


def test_dotted_keys_reach_into_mappings_and_lists(write_yaml):
    data = load(write_yaml, "a.b=2", "items.0.x=1", "items.1.type=C", "items.1.new=[1]").data
    assert data["a"] == {"b": 2, "c": "text"}
    assert data["items"] == [{"type": "A", "x": 1.0}, {"type": "C", "new": [1]}]


def test_the_first_equals_sign_splits(write_yaml):
    assert load(write_yaml, "a.c=x=y=z").data["a"]["c"] == "x=y=z"


def test_absent_mappings_are_made(write_yaml):
    assert load(write_yaml, "new.inner.key=3").data["new"] == {"inner": {"key": 3}}


def test_sources_of_overridden_values_are_the_command_line(write_yaml):
    config = load(write_yaml, "a=5", "items.0.x=1")
    assert config.sources["a"] == config.sources["items.0.x"] == "--opts"
    assert "a.b" not in config.sources
    assert config.sources["items.0.type"].endswith(":4")


@pytest.mark.parametrize(
    ("opt", "message"),
    [
        ("a.b", r"--opts: found 'a\.b'; write key=value"),
        ("=3", r"--opts: found '=3'"),
        ("a..b=3", r"--opts: found 'a\.\.b=3'"),
        ("a.b.c=3", r"a\.b is the plain value 1; it has no 'c' inside"),
        ("items.2.x=3", r"items is a list of 2; '2' is not an index of it \(0 to 1\)"),
        ("items.x=3", r"items is a list of 2; 'x' is not an index of it"),
        ("items.-1=3", r"items is a list of 2; '-1' is not an index of it"),
        (f"items.{'9' * 5000}.x=3", r"9' is not an index of it \(0 to 1\)"),
        ("items.\u0661=3", r"items is a list of 2; '\u0661' is not an index of it"),
        (f"a{'.b' * 50}=1", r"--opts: found .*; a key has at most 50 parts"),
    ],
)
def test_overrides_without_a_place_are_errors(write_yaml, opt, message):
    with pytest.raises(ConfigError, match=message) as caught:
        load(write_yaml, opt)
    assert "\n" not in str(caught.value)


def test_all_wrong_overrides_are_told_at_once(write_yaml):
    with pytest.raises(ConfigError, match="has 2 problems:") as caught:
        load(write_yaml, "a.b.c=3", "a.b=2", "items.7=1")
    assert "a.b.c" in str(caught.value) and "items.7" in str(caught.value)
