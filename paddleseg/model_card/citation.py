# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""``CITATION.cff`` of a trained network, by version 1.2.0 of the Citation File Format."""

from __future__ import annotations

from typing import Any

from paddleseg import __version__
from paddleseg.model_card.facts import CardFacts
from paddleseg.model_card.markdown import title_of
from paddleseg.utils.yaml_text import to_yaml

PAPER: dict[str, Any] = {
    "type": "article",
    "title": "Deep Dual-resolution Networks for Real-time and Accurate Semantic Segmentation of Road Scenes",
    "authors": [
        {"family-names": "Hong", "given-names": "Yuanduo"},
        {"family-names": "Pan", "given-names": "Huihui"},
        {"family-names": "Sun", "given-names": "Weichao"},
        {"family-names": "Jia", "given-names": "Yisong"},
    ],
    "year": 2021,
    "url": "https://arxiv.org/abs/2101.06085",
    "identifiers": [{"type": "other", "value": "arXiv:2101.06085"}],
}
"""Where the networks were published first."""
TOOLKIT: dict[str, Any] = {
    "title": "DDRNet toolkit for PaddlePaddle",
    "authors": [{"name": "The DDRNet Toolkit Authors"}],
    "version": __version__,
    "license": "Apache-2.0",
}
"""How to cite the code."""


def citation_text(facts: CardFacts) -> str:
    """The file of a trained network; the names of its authors are left to be filled in."""
    content = {
        "cff-version": "1.2.0",
        "message": "If you use these weights, please cite them and the references below.",
        "type": "software",
        "title": title_of(facts),
        "authors": [{"name": "FILL IN: who trained the network"}],
        "identifiers": [{"type": "other", "value": f"sha256:{facts.sha256}", "description": facts.weights.name}],
        "references": [PAPER, {"type": "software", **TOOLKIT}],
    }
    return f"# FILL IN the authors, and add license: and date-released: when these are known.\n{to_yaml(content)}"
