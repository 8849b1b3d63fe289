# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The text of a model card."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from paddleseg.config.task_sections import prediction_of
from paddleseg.model_card.facts import CardFacts
from paddleseg.training.run_start import OWN_OF_A_PROCESS

FILL_IN = "**FILL IN**"
"""Marks what no folder says and its reader has to know."""
_FEW_PIXELS, _LOW_IOU = 0.001, 0.3
_PAPER = "[Deep Dual-resolution Networks](https://arxiv.org/abs/2101.06085)"


def card_text(facts: CardFacts) -> str:
    """The whole page."""
    parts = [
        _front_matter(facts), _what_it_is(facts), _use(facts), _data(facts), _recipe(facts), _scores(facts),
        _limits(facts), _licences(), _origin(facts),
    ]  # fmt: skip
    return "\n\n".join(parts) + "\n"


def title_of(facts: CardFacts) -> str:
    """Network and data, such as ``DDRNet_23_slim, trained on Cityscapes``; for list files the folder's name."""
    section = facts.config.section("train_dataset")
    kind = section.get("type", "unknown data")
    root = _place(section.get("dataset_root") or "")
    return f"{_network(facts)}, trained on {root if kind == 'Dataset' and root else kind}"


def _network(facts: CardFacts) -> str:
    return str(facts.meta.get("arch", facts.config.section("model")["type"]))


def _front_matter(facts: CardFacts) -> str:
    kind = "image-classification" if prediction_of(facts.config) == "class" else "image-segmentation"
    return (
        f"---\nlibrary_name: paddlepaddle\npipeline_tag: {kind}\ntags: [ddrnet, real-time]\n"
        f"license: other  # FILL IN\n---\n\n# {title_of(facts)}"
    )


def _what_it_is(facts: CardFacts) -> str:
    rows = [
        ("network", f"{_network(facts)} ({_PAPER}), {len(facts.classes)} classes"),
        ("parameters", f"{facts.cost['parameters'] / 1e6:.2f} M, without the auxiliary head"),
        *((f"GMACs at {size}", f"{gmacs:.1f}") for size, gmacs in facts.cost["gmacs"].items()),
        ("weights", f"`{facts.weights.name}`, {facts.weights.stat().st_size / 1e6:.1f} MB"),
        (
            "pictures",
            f"{facts.meta.get('in_channels', 3)} channels, {facts.smallest_side} pixels and more at each side",
        ),
        ("intended use", f"{FILL_IN}: for what it was made, and for what not"),
    ]
    return "## What it is\n\n" + table(("", ""), rows)


def _use(facts: CardFacts) -> str:
    folder = facts.weights.parent
    return (
        "## How to use it\n\n"
        f'```python\nimport paddleseg\n\nlabels = paddleseg.load("{folder.name}")("street.png")\n```\n\n'
        f"```bash\npython predict.py --config {folder.name}/config.yml --model_path {folder.name} --image_path "
        f"street.png --save_dir result\npython export.py --config {folder.name}/config.yml --model_path {folder.name} "
        "--save_dir inference_model\n```"
    )


def _data(facts: CardFacts) -> str:
    section = facts.config.section("train_dataset")
    identity = (facts.start or {}).get("identity", {})
    known = {"num_classes", "transforms", "mode", "type", "class_names", *OWN_OF_A_PROCESS}
    rows = [
        ("data set", str(section.get("type"))),
        ("pictures trained on", _known(identity.get("number of training pictures"))),
        *((name, f"`{value}`") for name, value in section.items() if name not in known),
        ("checksum of samples", f"`{facts.start['data (checksum)'][:12]}`" if facts.start else _known(None)),
        ("origin", f"{FILL_IN}: who took the pictures where and when, and who labelled them"),
    ]
    names = [(number, name) for number, name in enumerate(facts.classes)]
    return f"## Data\n\n{table(('', ''), rows)}\n\n{table(('class', 'name'), names)}"


def _recipe(facts: CardFacts) -> str:
    settings = (facts.start or {}).get("settings", {})
    identity = (facts.start or {}).get("identity", {})
    data = facts.config.data
    processes, batches = identity.get("number of processes", 1), data.get("grad_accum_steps", 1)
    loss = facts.config.section("loss")
    types = [one["type"] for one in loss.get("types", [])]
    pretrained = facts.config.section("model").get("pretrained")
    transforms = facts.config.section("train_dataset").get("transforms", [])
    rows = [
        ("steps", f"{facts.manifest['step']} of {settings.get('iters', data.get('iters', '?'))}"),
        ("batch", f"{data.get('batch_size')} pictures x {processes} processes x {batches} accumulated"),
        ("optimiser", facts.optimizer),
        ("losses", f"{', '.join(types)}; weights {', '.join(map(str, loss.get('coef', [])))}" if types else "-"),
        ("transforms", ", ".join(map(_transform, transforms)) or "none"),
        ("began with", f"`{_place(pretrained)}`" if pretrained else "random weights"),
        ("precision", settings.get("precision", _known(None))),
        ("moving average", "yes" if facts.weights.name.startswith("ema") else "no"),
        ("seed", _known(data.get("seed"))),
    ]
    return "## Recipe\n\n" + table(("", ""), rows)


def _scores(facts: CardFacts) -> str:
    metric = facts.manifest.get("metric") or {}
    settings = (facts.start or {}).get("settings", {})
    # Weights of O2 are evaluated in half precision during the run; val.py computes in fp32.
    in_half = facts.scores is None and settings.get("amp_level") == "O2"
    precision = settings.get("precision", "fp32") if in_half else "fp32"
    how = f"Evaluated after {facts.manifest['step']} steps, in Paddle with {precision} (pictures: {facts.views})."
    if facts.scores is None:
        figures = ", ".join(f"{name} {value:.4f}" for name, value in metric.items()) or "none"
        return f"## Scores\n\n{figures}. {how} No figures of classes: `val.py --json scores.json` has them."
    pictures = facts.scores.get("num_images")
    names = {"mean_iou": "mIoU", "pixel_accuracy": "pixel accuracy", "kappa": "Kappa", "mean_dice": "mean Dice"}
    means = [(title, _share(facts.scores[name])) for name, title in names.items() if name in facts.scores]
    scores = ("iou", "precision", "recall", "dice")
    rows = [(one["name"], *(_share(one.get(score)) for score in scores)) for one in facts.scores["classes"]]
    return (
        f"## Scores\n\n{how} {'' if pictures is None else f'{pictures} pictures of val_dataset. '}A class that occurs "
        f"neither in labels nor in predictions has no score and counts in no mean.\n\n{table(('', ''), means)}\n\n"
        f"{table(('class', 'IoU', 'precision', 'recall', 'Dice'), rows)}"
    )


def _limits(facts: CardFacts) -> str:
    lines = [
        "It knows the classes above and no other: every pixel gets one of them, whatever it shows.",
        "It was scored on the validation pictures alone, which also chose the checkpoint; other places, cameras, "
        "seasons and light were not evaluated.",
        *_weak_classes(facts.scores),
        f"{FILL_IN}: what else is known of where it fails, and whether people can be harmed by it",
    ]
    return "## Limits\n\n" + "\n".join(f"* {line}" for line in lines)


def _weak_classes(scores: Mapping[str, Any] | None) -> Iterable[str]:
    if scores is None:
        return
    classes = scores["classes"]
    total = sum(one.get("label_pixels", 0) for one in classes)
    weak = [one["name"] for one in classes if one["iou"] is not None and one["iou"] < _LOW_IOU]
    rare = [one["name"] for one in classes if total and one.get("label_pixels", total) < _FEW_PIXELS * total]
    if weak:
        yield f"Below {_LOW_IOU:.0%} IoU: {', '.join(weak)}."
    if rare:
        yield f"Scores of few pixels (below {_FEW_PIXELS:.1%} of the labels): {', '.join(rare)}."


def _licences() -> str:
    return (
        "## Licences\n\n"
        f"* Weights: {FILL_IN}. That of the data often limits it.\n* Data: {FILL_IN}.\n"
        "* Code that made them: Apache-2.0."
    )


def _origin(facts: CardFacts) -> str:
    versions = (facts.start or {}).get("versions", facts.manifest.get("versions", {}))
    rows = [(name, f"`{value}`") for name, value in versions.items() if value is not None]
    rows.append((f"SHA-256 of `{facts.weights.name}`", f"`{facts.sha256}`"))
    return f"## Origin\n\n{table(('', ''), rows)}\n\nHow to cite it: `CITATION.cff` beside this page."


def table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A Markdown table."""
    lines = [head, ["-"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |" for line in lines)


def _transform(section: Mapping[str, Any]) -> str:
    arguments = ", ".join(f"{name} {value}" for name, value in section.items() if name != "type")
    return f"{section['type']} ({arguments})" if arguments else section["type"]


def _place(pretrained: Any) -> str:
    """The source of the weights, without folders of the training machine."""
    address = str(pretrained.get("url") if isinstance(pretrained, dict) else pretrained)
    return address if "://" in address else address.rstrip("/").rpartition("/")[2]


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"


def _known(value: Any) -> str:
    return "not recorded" if value is None else str(value)
