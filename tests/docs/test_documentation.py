# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""What the documentation says is what the code takes."""

import inspect
import re
import shlex
from pathlib import Path

import pytest

from paddleseg import registry
from paddleseg.commands.table import COMMANDS, find
from paddleseg.config.components import import_components
from paddleseg.config.load import load_config
from paddleseg.config.schema import TOP_LEVEL, check_config
from paddleseg.models import DDRNet_23_slim
from tests.scripts import load_script

ROOT = Path(__file__).resolve().parents[2]
PAGES = [
    "README.md", "docs/commands.md", "docs/config.md", "docs/own_data_in_15_minutes.md", "docs/train_own_data.md",
    "docs/convert_labels.md", "docs/datasets.md",
    "docs/finetune.md", "docs/imagenet.md", "docs/recipes.md", "docs/large_pictures.md", "docs/export.md",
    "docs/run_exported.md", "docs/verification.md", "docs/serving.md", "deploy/README.md", "deploy/slim/README.md",
    "deploy/web/README.md", "test_tipc/README.md", "docker/README.md", "CONTRIBUTING.md",
    "docs/label_doctor.md", "docs/reports.md", "CHANGELOG.md",
]  # fmt: skip
# Filled in by the builder, never written in YAML.
SUPPLIED = {"parameters", "total_steps", "transforms"}


def blocks(language):
    """All code blocks of a language, as (page, text)."""
    for page in PAGES:
        text = (ROOT / page).read_text(encoding="utf-8")
        for block in re.findall(rf"```{language}\n(.*?)```", text, flags=re.DOTALL):
            yield page, block


def commands():
    """All commands of the pages that run one of our scripts or ``ddrnet``, as (script, arguments)."""
    for _, block in blocks("bash"):
        for line in block.replace("\\\n", " ").splitlines():
            words = shlex.split(line, comments=True)
            scripts = [index for index, word in enumerate(words) if word.endswith(".py")]
            if scripts:
                yield words[scripts[0]], words[scripts[0] + 1 :]
            elif words[:1] == ["ddrnet"]:
                yield find(words[1]).file, words[2:]


# The YAML of docs/export.md is that of deploy.yaml.
@pytest.mark.parametrize(("page", "text"), [block for block in blocks("yaml") if block[0] != "docs/export.md"])
def test_each_configuration_of_the_documentation_is_valid(page, text, tmp_path):
    file = tmp_path / "mine.yml"
    file.write_text(text.replace("_base_: configs/", f"_base_: {ROOT}/configs/"), encoding="utf-8")
    check_config(load_config(file), do_eval=True, check_files=False)


@pytest.mark.parametrize(("script", "arguments"), list(commands()))
def test_each_command_of_the_documentation_parses(script, arguments):
    parsed = load_script(ROOT / script).make_parser().parse_args(arguments)
    config = getattr(parsed, "config", "CONFIG")
    is_made = config.startswith("data/")  # by a command before it
    if config not in ("CONFIG", "mine.yml") and not is_made and config.endswith(".yml"):
        assert (ROOT / config).is_file()


def test_the_page_of_the_commands_is_their_table():
    text = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    rows = [row.split("|") for row in text.splitlines() if row.startswith("| `")][: len(COMMANDS)]
    expected = [(command.name, command.file or "ddrnet-serve") for command in COMMANDS.values()]
    assert [(row[1].strip(" `"), row[2].strip(" `")) for row in rows] == expected


def test_the_reference_names_every_key_component_and_argument():
    import_components()
    words = set(re.findall(r"\w+", (ROOT / "docs" / "config.md").read_text(encoding="utf-8")))
    missing = set(TOP_LEVEL) - words
    for role in ("MODELS", "LOSSES", "DISTILLATION_LOSSES", "TRANSFORMS", "DATASETS", "OPTIMIZERS", "LR_SCHEDULERS"):
        components = getattr(registry, role)
        for name in components:
            missing |= {name, *inspect.signature(components[name]).parameters} - words
    assert missing - SUPPLIED == set()


def test_the_page_on_fine_tuning_names_every_part_that_can_be_frozen():
    text = (ROOT / "docs" / "finetune.md").read_text(encoding="utf-8")
    parts = [name for name, _ in DDRNet_23_slim(2, enable_auxiliary_loss=True).named_children()]
    assert [name for name in parts if f"`{name}`" not in text] == []


@pytest.mark.parametrize(
    "page", [str(page.relative_to(ROOT)) for page in (*ROOT.glob("*.md"), *ROOT.glob("[a-z]*/*.md"))]
)
def test_links_between_the_pages_lead_somewhere(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#:]+)\)", text):
        assert (ROOT / page).parent.joinpath(target).exists(), target


@pytest.mark.parametrize(
    "page", ["README.md", "CONTRIBUTING.md", *(f"docs/{page.name}" for page in (ROOT / "docs").glob("*.md"))]
)
def test_modules_that_a_page_names_are_there(page):
    names = re.findall(r"`([\w.]+(?:/[\w.]+)+\.py)`", (ROOT / page).read_text(encoding="utf-8"))
    places = (ROOT, ROOT / "paddleseg")
    assert [name for name in names if not any((place / name).is_file() for place in places)] == []
