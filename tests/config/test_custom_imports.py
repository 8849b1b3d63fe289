# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""custom_imports: a user's file is found, imported once, and its mistakes are reported with file and line."""

import sys

import pytest

from paddleseg.config import custom_imports
from paddleseg.config.components import import_components
from paddleseg.config.custom_imports import import_custom_modules
from paddleseg.config.load import load_config
from paddleseg.config.schema import check_config
from paddleseg.cvlibs import manager
from paddleseg.registry import BACKBONES, LOSSES, MODELS, Registry
from paddleseg.utils.errors import ConfigError


@pytest.fixture(autouse=True)
def clean_interpreter(monkeypatch):
    """Modules, paths and losses that a test adds are gone after it."""
    import_components()
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(LOSSES, "_components", dict(LOSSES._components))
    modules = set(sys.modules)
    yield
    for name in set(sys.modules) - modules:
        if name.startswith("custom_"):
            del sys.modules[name]


def write(folder, name, text):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def test_a_file_is_found_beside_the_yaml_that_names_it_also_through_a_base(tmp_path):
    write(
        tmp_path / "base",
        "custom_one.py",
        "from custom_neighbour import NAME\nfrom paddleseg.cvlibs import manager\n"
        "def f(logits, label): ...\nf.__name__ = NAME\nmanager.LOSSES.add_component(f)\n",
    )
    write(tmp_path / "base", "custom_neighbour.py", "NAME = 'CustomOne'\n")
    write(tmp_path / "base", "base.yml", "custom_imports: [custom_one.py]\n")
    config = load_config(write(tmp_path, "mine.yml", "_base_: base/base.yml\nbatch_size: 2\n"))
    import_custom_modules(config)
    assert "CustomOne" in LOSSES
    import_custom_modules(config)  # a second time registers nothing twice


def test_the_resolved_configuration_finds_the_file_from_another_folder(tmp_path):
    write(tmp_path, "custom_two.py", "LOADED = True\n")
    config = load_config(write(tmp_path, "mine.yml", "custom_imports: [custom_two.py]\n"))
    run = tmp_path / "run"
    run.mkdir()
    config.dump(run / "config.yml")
    import_custom_modules(load_config(run / "config.yml"))
    assert sys.modules["custom_two"].LOADED


def test_a_file_of_the_command_line_is_relative_to_the_current_folder_and_found_again_from_the_run(
    tmp_path, monkeypatch
):
    write(tmp_path / "work", "custom_three.py", "LOADED = True\n")
    monkeypatch.chdir(tmp_path / "work")
    config = load_config(write(tmp_path, "mine.yml", "seed: 1\n"), opts=["custom_imports=[custom_three.py]"])
    config.dump(tmp_path / "config.yml")
    monkeypatch.chdir(tmp_path)
    import_custom_modules(load_config(tmp_path / "config.yml"))
    assert sys.modules["custom_three"].LOADED


def test_a_users_folder_may_be_called_almost_like_the_toolkit(tmp_path, monkeypatch):
    monkeypatch.setattr(custom_imports, "__file__", str(tmp_path / "paddleseg" / "config" / "custom_imports.py"))
    write(tmp_path / "paddleseg_mine", "custom_four.py", "x = 1\nundefined\n")
    config = load_config(write(tmp_path, "mine.yml", "custom_imports: [paddleseg_mine/custom_four.py]\n"))
    with pytest.raises(ConfigError, match=r"custom_four\.py, line 2"):
        import_custom_modules(config)


def test_a_module_is_found_by_name_in_the_current_folder(tmp_path, monkeypatch):
    write(tmp_path / "custom_package", "parts.py", "LOADED = True\n")
    monkeypatch.chdir(tmp_path)
    import_custom_modules(
        load_config(write(tmp_path / "configs", "mine.yml", "custom_imports: [custom_package.parts]\n"))
    )
    assert sys.modules["custom_package.parts"].LOADED


@pytest.mark.parametrize(
    ("name", "content", "entry", "parts"),
    [
        ("custom_a.py", "x = 1\n", "custom_b.py", ["there is no file", "custom_b.py"]),
        ("custom_c.py", "x = \n", "custom_c.py", ["SyntaxError", "custom_c.py, line 1"]),
        ("custom_d.py", "x = 1\nundefined\n", "custom_d.py", ["NameError", "undefined", "custom_d.py, line 2"]),
        ("custom_e.py", "import custom_nowhere\n", "custom_e.py", ["ModuleNotFoundError", "custom_nowhere", "line 1"]),
        ("custom_f.py", "", "custom_nothing", ["ModuleNotFoundError", "custom_nothing"]),
        ("json.py", "", "json.py", ["another module 'json'", "rename"]),
        ("custom-g.py", "", "custom-g.py", ["letters, digits"]),
        ("custom_h.py", "", "3", ["found 3"]),
        (
            "custom_i.py",
            "from paddleseg.cvlibs import manager\nmanager.LOSSES.add_component(type('CrossEntropyLoss', (), {}))\n",
            "custom_i.py",
            ["there is a loss 'CrossEntropyLoss' already", "custom_i.py, line 2"],
        ),
    ],
)
def test_each_mistake_is_one_line_with_key_and_place(tmp_path, name, content, entry, parts):
    write(tmp_path, name, content)
    config = load_config(write(tmp_path, "mine.yml", f"custom_imports: [{entry}]\n"))
    with pytest.raises(ConfigError) as caught:
        check_config(config)
    message = str(caught.value)
    assert "\n" not in message
    for part in ["mine.yml:1: custom_imports.0", *parts]:
        assert part in message


@pytest.mark.parametrize("parameters", ["backbone: nn.Layer", "**arguments"])
def test_a_networks_own_backbone_is_a_section_where_it_takes_a_layer(tmp_path, monkeypatch, parameters):
    for registry in (MODELS, BACKBONES):
        monkeypatch.setattr(registry, "_components", dict(registry._components))
    write(
        tmp_path,
        "custom_backbone.py",
        "from paddle import nn\nfrom paddleseg.cvlibs import manager\n"
        "@manager.BACKBONES.add_component\nclass Trunk(nn.Layer):\n    def __init__(self, depth: int): ...\n"
        "@manager.MODELS.add_component\nclass Net(nn.Layer):\n"
        f"    def __init__(self, num_classes: int, {parameters}): ...\n",
    )
    text = (
        "custom_imports: [custom_backbone.py]\nmodel: {type: Net, num_classes: 2, backbone: {type: Trunk, depth: 2}}\n"
    )
    check_config(load_config(write(tmp_path, "mine.yml", text)), command="export")
    for wrong, message in (
        ("type: Trunk, depth: a", "model.backbone.depth: found 'a'"),
        ("type: Trunk, width: 1", "model.backbone.width: Trunk"),
        ("type: Nope", "model.backbone.type: no backbone 'Nope'"),
    ):
        with pytest.raises(ConfigError, match=message):
            config = load_config(
                write(
                    tmp_path,
                    "wrong.yml",
                    text.replace("type: Trunk, depth: 2" if wrong.startswith("type") else "depth: 2", wrong),
                )
            )
            check_config(config, command="export")
    if "backbone" not in parameters:
        return
    with pytest.raises(ConfigError, match="model.backbone: found 'Trunk'; it must be Layer"):
        check_config(load_config(tmp_path / "mine.yml", opts=["model.backbone=Trunk"]), command="export")


def test_a_plain_text_instead_of_a_list_is_refused(tmp_path):
    config = load_config(write(tmp_path, "mine.yml", "custom_imports: parts.py\n"))
    with pytest.raises(ConfigError, match=r"custom_imports: found 'parts.py'; give a list"):
        check_config(config)


def test_the_manager_holds_the_registries_themselves_and_takes_lists():
    assert manager.LOSSES is LOSSES
    registry = Registry("part", "")

    class A: ...

    def b(): ...

    assert registry.add_component([A, b]) == [A, b]
    assert list(registry) == ["A", "b"]
    with pytest.raises(KeyError, match="already"):
        registry.add_component(A)
