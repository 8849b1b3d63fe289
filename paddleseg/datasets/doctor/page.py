# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The label doctor's page, and its lines for the terminal."""

from __future__ import annotations

from collections.abc import Iterator

from paddleseg.datasets.doctor import Diagnosis
from paddleseg.datasets.doctor.finding import KINDS, MISPLACED, Finding
from paddleseg.utils import html_page
from paddleseg.utils.errors import count_of

_MOST_FILES = 200


def describe(diagnosis: Diagnosis) -> Iterator[str]:
    """Lines for the terminal: each finding, followed by the lines that fix it."""
    for found in diagnosis.findings:
        yield f"{found.severity}: {found.section}: {found.message}"
        yield from (f"    {line}" for line in found.cure.splitlines())
    pairs = sum(len(survey.facts) for survey in diagnosis.surveys)
    yield f"label doctor: {count_of(len(diagnosis.findings), 'finding')} in {pairs} pairs, {diagnosis.seconds:.1f} s"


def make_page(diagnosis: Diagnosis, config: str) -> str:
    """The page as HTML.

    Args:
        diagnosis: The result; pictures are read again for it.
        config: Name of the configuration.
    """
    sizes = ", ".join(f"{len(survey.facts)} pairs of {survey.section}" for survey in diagnosis.surveys)
    parts = [html_page.paragraph(f"{config}: {sizes}, {diagnosis.seconds:.1f} s", "quiet")]
    if not diagnosis.findings:
        parts.append(html_page.paragraph("Nothing was found."))
    parts += [_section(found) for found in diagnosis.findings]
    parts += _unclear(diagnosis)
    return html_page.make_page("Label doctor", "\n".join(parts))


def _section(found: Finding) -> str:
    content = [
        html_page.paragraph(found.message),
        html_page.pictures(html_page.figure(picture, caption) for caption, picture in found.show()),
        html_page.paragraph("What mends it:", "quiet"),
        html_page.code(found.cure),
    ]
    if found.files:
        content.append(html_page.folded_list(count_of(len(found.files), "file"), found.files, _MOST_FILES))
    return html_page.section(
        KINDS[found.kind][0].upper() + KINDS[found.kind][1:],
        "\n".join(content),
        note=found.section,
        tag=found.severity,
        kind=found.severity,
    )


def _unclear(diagnosis: Diagnosis) -> Iterator[str]:
    """Pairs that could not be judged, lest silence look like health. Those placed elsewhere by a finding are judged."""
    for survey in diagnosis.surveys:
        single = survey.chance.threshold(1)
        judged = {
            file
            for found in diagnosis.findings
            if found.section == survey.section and found.kind in MISPLACED
            for file in found.files
        }
        unclear = [
            survey.picture(fact)
            for fact in survey.facts
            if (fact.fit is None or fact.fit.own <= single) and survey.label(fact) not in judged
        ]
        if unclear:
            yield html_page.folded_list(
                f"{survey.section}: {len(unclear)} of {len(survey.facts)} pairs that cannot be judged, "
                "because the label has few borders or the picture shows none there",
                unclear,
                _MOST_FILES,
            )
