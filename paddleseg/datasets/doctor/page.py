# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The label doctor's page, and its lines for the terminal."""

from __future__ import annotations

from collections.abc import Iterator

from paddleseg.datasets.doctor import Diagnosis
from paddleseg.datasets.doctor.finding import KINDS, Finding
from paddleseg.utils import html_page
from paddleseg.utils.errors import count_of

_MOST_FILES = 200


def describe(diagnosis: Diagnosis) -> Iterator[str]:
    """Lines for the terminal: each finding, and below it the lines that mend it."""
    for found in diagnosis.findings:
        yield f"{found.severity}: {found.section}: {found.message}"
        yield from (f"    {line}" for line in found.cure.splitlines())
    pairs = sum(len(survey.facts) for survey in diagnosis.surveys)
    yield f"label doctor: {count_of(len(diagnosis.findings), 'finding')} in {pairs} pairs, {diagnosis.seconds:.1f} s"


def make_page(diagnosis: Diagnosis, config: str) -> str:
    """The page as HTML.

    Args:
        diagnosis: What was found; pictures are read again for it.
        config: Name of the configuration.
    """
    sizes = ", ".join(f"{len(survey.facts)} pairs of {survey.section}" for survey in diagnosis.surveys)
    parts = [html_page.paragraph(f"{config}: {sizes}, {diagnosis.seconds:.1f} s", "soft")]
    if not diagnosis.findings:
        parts.append(html_page.paragraph("Nothing was found."))
    parts += [_section(found) for found in diagnosis.findings]
    parts.append(_footnote(diagnosis))
    return html_page.make_page("Label doctor", parts)


def _section(found: Finding) -> str:
    pictures = html_page.pictures(html_page.figure(picture, caption) for caption, picture in found.show())
    return (
        f'<section><span class="tag {found.severity}">{found.severity}</span> '
        f'<span class="soft">{html_page.escape(found.section)}</span>'
        f"<h2>{html_page.escape(KINDS[found.kind][0].upper() + KINDS[found.kind][1:])}</h2>"
        + html_page.paragraph(found.message)
        + pictures
        + html_page.paragraph("What mends it:", "soft")
        + html_page.code(found.cure)
        + (html_page.folded_list(count_of(len(found.files), "file"), found.files, _MOST_FILES) if found.files else "")
        + "</section>"
    )


def _footnote(diagnosis: Diagnosis) -> str:
    """What could not be judged: silence about it would look like health."""
    lines = []
    for survey in diagnosis.surveys:
        single = survey.chance.threshold(1)
        unclear = [survey.picture(fact) for fact in survey.facts if fact.fit is None or fact.fit.own <= single]
        if unclear:
            lines.append(
                html_page.folded_list(
                    f"{survey.section}: {len(unclear)} of {len(survey.facts)} pairs whose place cannot be "
                    "judged, because the label has few borders or the picture shows none there",
                    unclear,
                    _MOST_FILES,
                )
            )
    return "".join(lines)
