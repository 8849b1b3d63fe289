# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
import math
from unittest.mock import Mock

import pytest

from paddleseg.utils.errors import ConfigError
from paddleseg.utils.yaml_text import parse_yaml, read_yaml, to_yaml
from tests.messages import naming


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 0.001),
        ("5E-4", 0.0005),
        ("-2e3", -2000.0),
        ("1e5", 100000.0),
        (".5e1", 5.0),
        ("1.e2", 100.0),
        ("1.0e-3", 0.001),
        ("0.5", 0.5),
        (".inf", math.inf),
    ],
)
def test_floats_are_read_as_in_yaml_1_2(text, value):
    data, _ = parse_yaml(f"x: {text}", "c.yml")
    assert data["x"] == value and isinstance(data["x"], float)


@pytest.mark.parametrize("text", ["e3", "1e", "0x1e3z", "1e-3.pdparams", "'1e-3'"])
def test_text_that_only_resembles_a_float_stays_text(text):
    data, _ = parse_yaml(f"x: {text}", "c.yml")
    assert data["x"] == text.strip("'")


def test_a_key_written_twice_is_an_error_with_both_lines():
    with pytest.raises(ConfigError, match=naming("c.yml:4: model.type", 2)):
        parse_yaml("model:\n  type: A\n  x: 1\n  type: B\n", "c.yml")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a: &x [*x]", r"c\.yml:1: a\.0"),
        ("b: 1\na: &x\n  c: {d: *x}", r"c\.yml:3: a\.c\.d"),
        ("a: &x {<<: *x}", r"c\.yml:1: a\.<<"),
    ],
)
def test_an_anchor_that_contains_itself_is_an_error(text, place):
    with pytest.raises(ConfigError, match=f"^{place}: this alias stands inside its own anchor"):
        parse_yaml(text, "c.yml")


def test_an_anchor_may_be_used_often():
    data, _ = parse_yaml("a: &x {b: &y [1]}\nc: [*x, *x, *y]\nd: {<<: *x}\n", "c.yml")
    assert data["c"] == [{"b": [1]}, {"b": [1]}, [1]] and data["d"] == {"b": [1]}


def test_too_many_brackets_are_an_error():
    with pytest.raises(ConfigError, match=r"^c\.yml: lists and mappings are nested too deeply"):
        parse_yaml("a: " + "[" * 5000 + "]" * 5000, "c.yml")


def test_depth_is_counted_with_aliases_written_out():
    lines = ["a0: &a0 [1]", *(f"a{n}: &a{n} [*a{n - 1}]" for n in range(1, 60))]
    with pytest.raises(ConfigError, match=r"^c\.yml:\d+: lists and mappings are nested too deeply"):
        parse_yaml("\n".join(lines), "c.yml")
    assert parse_yaml("\n".join(lines[:40]), "c.yml")[0]["a1"] == [[1]]


@pytest.mark.parametrize("form", ["[{}]", "{{<<: [{}]}}"])
def test_aliases_of_aliases_that_stand_for_billions_of_entries_are_refused_at_once(form):
    lines = ["a0: &a0 {x: 1}"]
    for n in range(1, 12):
        lines.append(f"a{n}: &a{n} " + form.format(", ".join([f"*a{n - 1}"] * 9)))
    with pytest.raises(ConfigError, match=naming("c.yml", 100000)):
        parse_yaml("\n".join(lines), "c.yml")


def test_integers_have_64_bits():
    assert parse_yaml(f"[{2**63 - 1}, {-(2**63)}]", "c.yml")[0] == [2**63 - 1, -(2**63)]
    for text in (str(2**63), str(-(2**63) - 1), "0x" + "f" * 5000, "9" * 400):
        with pytest.raises(ConfigError, match=naming("c.yml:2", "64 bits")):
            parse_yaml(f"a: 1\nb: {text}", "c.yml")


def test_the_same_key_in_two_mappings_is_no_error():
    data, _ = parse_yaml("- {type: A}\n- {type: B}\n", "c.yml")
    assert data == [{"type": "A"}, {"type": "B"}]


def test_places_are_lines_by_dotted_key():
    _, places = parse_yaml("a: 1\nb:\n  c:\n    - {d: 2}\n    - e\n", "c.yml")
    expected = {"a": 1, "b": 2, "b.c": 3, "b.c.0": 4, "b.c.0.d": 4, "b.c.1": 5}
    assert places == {key: f"c.yml:{line}" for key, line in expected.items()}


def test_written_yaml_reads_back_to_the_same_data():
    shared = [1, 2]
    data = {
        "a": "1e-3",
        "b": 1e-3,
        "c": 1e-05,
        "d": None,
        "e": [shared, shared],
        "f": {"g": "yes", "h": True},
        "ä": "",
    }
    text = to_yaml(data)
    assert parse_yaml(text, "c.yml")[0] == data
    assert "&" not in text and "*" not in text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [1, 2\nb: 3", r"c\.yml:2: this is not valid YAML"),
        ("a:\n\t- 1", r"c\.yml:2: this is not valid YAML"),
        ("a: 2026-13-45", r"c\.yml: this is not valid YAML: month must be in 1\.\.12"),
        ("a: !!python/object:os.system {}", r"c\.yml:1: this is not valid YAML"),
        ("a: \x00", r"c\.yml: this is not valid YAML"),
        ("a: !!timestamp x", r"c\.yml: this is not valid YAML"),
        ("a: !!bool x", r"c\.yml: this is not valid YAML"),
        ("a: !!int ''", r"c\.yml: this is not valid YAML"),
        ("a: " + "9" * 5000, r"c\.yml: this is not valid YAML"),
    ],
)
def test_broken_yaml_is_one_line_that_names_the_file(text, message):
    with pytest.raises(ConfigError, match=message) as caught:
        parse_yaml(text, "c.yml")
    assert "\n" not in str(caught.value)


def test_files_that_are_no_configuration_are_refused(tmp_path, write_yaml):
    with pytest.raises(ConfigError, match=r"missing\.yml: there is no such configuration file"):
        read_yaml(str(tmp_path / "missing.yml"))
    with pytest.raises(ConfigError, match=r"ends in \.yml or \.yaml"):
        read_yaml(write_yaml("a: 1", "config.json"))
    with pytest.raises(ConfigError, match="it is empty"):
        read_yaml(write_yaml("# nothing\n"))
    with pytest.raises(ConfigError, match="its top level is a list"):
        read_yaml(write_yaml("- a\n"))
    latin = tmp_path / "latin.yml"
    latin.write_bytes(b"a: \xe4\n")
    with pytest.raises(ConfigError, match="not UTF-8"):
        read_yaml(str(latin))


def test_a_configuration_that_may_not_be_read_is_named(write_yaml, monkeypatch):
    path = write_yaml("a: 1\n")
    monkeypatch.setattr("builtins.open", Mock(side_effect=PermissionError(13, "Permission denied")))
    with pytest.raises(ConfigError, match=naming("config.yml", "Permission denied")):
        read_yaml(path)
