# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The documentation agrees with the code."""

import re
import shlex
from pathlib import Path

import pytest

from paddleseg.commands.table import find
from paddleseg.config.load import load_config
from paddleseg.config.schema import check_config
from paddleseg.models import DDRNet_23_slim
from tests.scripts import load_script

ROOT = Path(__file__).resolve().parents[2]
PAGES = [
    "README.md", "README_cn.md", "deploy/README.md", "deploy/slim/README.md", "deploy/web/README.md",
    "test_tipc/README.md", "docker/README.md", "CONTRIBUTING.md", "CHANGELOG.md",
    *sorted(f"docs/{page.name}" for page in (ROOT / "docs").glob("*.md")),
]  # fmt: skip
# The YAML of docs/export.md is that of deploy.yaml; the parts of one's own in the others have tests of their own.
OTHER_YAML = ("docs/export.md", "docs/own_parts.md", "docs/trackers.md")
# Where the flags stand that benchmarks without a parser of their own have.
SHARED_FLAGS = ("benchmark/common.py", "paddleseg/utils/json_report.py")


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


@pytest.mark.parametrize(("page", "text"), [block for block in blocks("yaml") if block[0] not in OTHER_YAML])
def test_each_configuration_of_the_documentation_is_valid(page, text, tmp_path):
    file = tmp_path / "mine.yml"
    file.write_text(text.replace("_base_: configs/", f"_base_: {ROOT}/configs/"), encoding="utf-8")
    check_config(load_config(file), do_eval=True, check_files=False)


@pytest.mark.parametrize(("script", "arguments"), list(commands()))
def test_each_command_of_the_documentation_parses(script, arguments):
    module = load_script(ROOT / script)
    if not hasattr(module, "make_parser"):  # benchmarks, most of whose flags are in a parser that they share
        sources = [(ROOT / path).read_text(encoding="utf-8") for path in (script, *SHARED_FLAGS)]
        assert [word for word in arguments if word.startswith("--") and f'"{word}"' not in "".join(sources)] == []
        return
    config = getattr(module.make_parser().parse_args(arguments), "config", "CONFIG")
    is_made = config.startswith(("data/", "mine", "output/"))  # by a command before it, or by the reader
    if config != "CONFIG" and not is_made and config.endswith(".yml"):
        assert (ROOT / config).is_file()


# Of other programs.
OTHER_FLAGS = {"--gpus", "--nproc_per_node", "--logdir"}


def test_the_flags_that_other_kits_are_translated_to_are_ours():
    scripts = ("train.py", "val.py", "predict.py", "export.py", "deploy/python/infer.py", "deploy/python/evaluate.py",
               "tools/analyze_model.py")  # fmt: skip
    parsers = [load_script(ROOT / script).make_parser() for script in scripts]
    ours = {flag for parser in parsers for action in parser._actions for flag in action.option_strings}
    text = (ROOT / "docs/other_kits.md").read_text(encoding="utf-8")
    text = re.sub(r"\n## Flags\n.*?\n## ", "\n## ", text, flags=re.DOTALL)  # each of its cells has flags of both sides
    cells = [line.split("|")[2] for line in text.splitlines() if line.startswith("| ")]
    assert {flag for cell in cells for flag in re.findall(r"--\w+", cell)} - ours - OTHER_FLAGS == set()


def test_the_page_on_fine_tuning_names_every_part_that_can_be_frozen():
    text = (ROOT / "docs" / "finetune.md").read_text(encoding="utf-8")
    parts = [name for name, _ in DDRNet_23_slim(2, enable_auxiliary_loss=True).named_children()]
    assert [name for name in parts if f"`{name}`" not in text] == []


@pytest.mark.parametrize(
    "page", [str(page.relative_to(ROOT)) for page in (*ROOT.glob("*.md"), *ROOT.glob("[a-z]*/*.md"))]
)
def test_links_between_the_pages_lead_somewhere(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    for target, place in re.findall(r"\]\(([^)#:]*)(?:#([^)]+))?\)", text):
        file = (ROOT / page).parent / target if target else ROOT / page
        assert file.exists(), target
        if place and file.suffix == ".md":
            assert place in anchors(file), f"{target}#{place}"


def test_the_index_has_each_page_once():
    text = (ROOT / "docs/README.md").read_text(encoding="utf-8")
    listed = re.findall(r"\]\(([\w/]+\.md)\)", text)
    assert sorted(listed) == sorted(page.name for page in (ROOT / "docs").glob("*.md") if page.name != "README.md")


def bash_lines(page):
    """The commands of a page without comments, each as one line."""
    blocks = re.findall(r"```bash\n(.*?)```", (ROOT / page).read_text(encoding="utf-8"), flags=re.DOTALL)
    lines = (line.partition("#")[0] for block in blocks for line in block.replace("\\\n", " ").splitlines())
    return {" ".join(line.split()) for line in lines} - {""}


def test_the_commands_of_the_chinese_pages_are_those_of_the_english_ones():
    english = {line for page in PAGES if not page.endswith("_cn.md") for line in bash_lines(page)}
    for page in ("README_cn.md", "docs/quick_start_cn.md"):
        assert bash_lines(page) - english == set()
    assert bash_lines("docs/quick_start_cn.md") == bash_lines("docs/quick_start.md")


def test_the_quick_start_is_what_make_quickstart_does(monkeypatch, tmp_path):
    quickstart, said = load_script(ROOT / "tools" / "quickstart.py"), []

    def run_step(title, *arguments):
        said.append(f"python {' '.join(map(str, arguments))}")
        (tmp_path / "output/quickstart/run/scores.json").write_text('{"mean_iou": 1, "pixel_accuracy": 1}')

    monkeypatch.setattr(quickstart, "run_step", run_step)
    monkeypatch.setattr(quickstart, "ROOT", tmp_path)
    monkeypatch.setattr("sys.argv", ["quickstart.py"])
    quickstart.main()
    assert set(said) == {line for line in bash_lines("docs/quick_start.md") if line.startswith("python ")}


def anchors(page):
    """What GitHub calls the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize(
    "page", ["README.md", "CONTRIBUTING.md", *(f"docs/{page.name}" for page in (ROOT / "docs").glob("*.md"))]
)
def test_modules_that_a_page_names_are_there(page):
    names = re.findall(r"`([\w.]+(?:/[\w.]+)+\.py)`", (ROOT / page).read_text(encoding="utf-8"))
    places = (ROOT, ROOT / "paddleseg")
    assert [name for name in names if not any((place / name).is_file() for place in places)] == []
