# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Pages of one HTML file that open without a network: style, scripts and pictures are in it.

They are light or dark like the reader's system, or by the switch at their top. Headings of tables with the class
``sortable`` sort by their column; cells give their sort key in ``data-value``. A policy in the page forbids all outside
content, so that names of classes or files cannot load anything either.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

import numpy as np

from paddleseg.utils.atomic_file import write_atomically
from paddleseg.utils.errors import printable
from paddleseg.utils.output_file import check_output_file
from paddleseg.utils.visualize import encode_image

_MARK = '<meta name="generator" content="DDRNet toolkit">'
_JPEG_QUALITY = 85
_FILES = Path(__file__).resolve().parent / "page"
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'"


def make_page(title: str, body: str, *, style: str = "", script: str = "") -> str:
    """A whole page.

    Args:
        title: For the tab and the heading; plain text.
        body: HTML below the heading.
        style: CSS in addition to that of all pages.
        script: JavaScript in addition to that of all pages.
    """
    css, javascript = (_FILES.joinpath(name).read_text(encoding="utf-8") for name in ("page.css", "page.js"))
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
{_MARK}
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<title>{text(title)}</title>
<style>
{css}{style}</style>
</head>
<body>
<header>
<h1>{text(title)}</h1>
<div class="switch" role="group" aria-label="colour scheme">
<button type="button" data-scheme="">system</button>
<button type="button" data-scheme="light">light</button>
<button type="button" data-scheme="dark">dark</button>
</div>
</header>
<main>
{body}
</main>
<script>
{javascript}{script}</script>
</body>
</html>
"""


def text(content: object) -> str:
    """Plain text for HTML, also within an attribute in double quotes.

    Control characters, and bytes of file names that are not UTF-8, become visible.
    """
    return escape(printable(str(content)), quote=True)


def section(heading: str, content: str, *, note: str = "", name: str = "", tag: str = "", kind: str = "") -> str:
    """A part of a page with its heading.

    Args:
        heading: Plain text.
        content: HTML.
        note: Plain text below the heading.
        name: Target of links and styles.
        tag: A word or two above the heading, plain text.
        kind: The tag's class in CSS: ``error``, ``warning`` or ``info``.
    """
    above = f'<p class="tag {text(kind)}">{text(tag)}</p>\n' if tag else ""
    about = paragraph(note, "quiet") if note else ""
    anchor = f' id="{text(name)}"' if name else ""
    return f"<section{anchor}>\n{above}<h2>{text(heading)}</h2>{about}\n{content}\n</section>"


def paragraph(content: str, kind: str = "") -> str:
    """Plain text as a paragraph; ``kind`` is its class in CSS."""
    return f'<p class="{text(kind)}">{text(content)}</p>' if kind else f"<p>{text(content)}</p>"


def code(content: str) -> str:
    """Lines to copy, plain text."""
    return f"<pre>{chr(10).join(map(text, content.splitlines()))}</pre>"


def folded_list(summary: str, items: Sequence[str], most: int) -> str:
    """A list of plain texts that opens on a click, with at most ``most`` items."""
    entries = "".join(f"<li>{text(item)}</li>" for item in items[:most])
    more = paragraph(f"and {len(items) - most} more") if len(items) > most else ""
    return f"<details><summary>{text(summary)}</summary><ul>{entries}</ul>{more}</details>"


def tiles(figures: Iterable[tuple[str, str]]) -> str:
    """A row of (name, value) in large letters."""
    items = "".join(f"<div><dt>{text(name)}</dt><dd>{text(value)}</dd></div>" for name, value in figures)
    return f'<dl class="tiles">{items}</dl>'


def facts(pairs: Iterable[tuple[str, object]]) -> str:
    """A list of (name, value) in small letters."""
    items = "".join(f"<dt>{text(name)}</dt><dd>{text(value)}</dd>" for name, value in pairs)
    return f'<dl class="facts">{items}</dl>'


@dataclass(frozen=True)
class Cell:
    """A cell of a table.

    Attributes:
        content: HTML.
        value: Its sort key; None: its text.
        style: CSS.
        kind: Its class in CSS.
        hint: Plain text shown when the pointer rests on it.
    """

    content: str
    value: float | str | None = None
    style: str = ""
    kind: str = ""
    hint: str = ""

    def html(self) -> str:
        """The element."""
        given = {"class": self.kind, "style": self.style, "title": self.hint, "data-value": self.value}
        attributes = "".join(f' {name}="{text(value)}"' for name, value in given.items() if value not in ("", None))
        return f"<td{attributes}>{self.content}</td>"


def table(columns: Sequence[str], rows: Iterable[Sequence[Cell]], *, kind: str = "sortable") -> str:
    """A table; the first cell of each row is its heading.

    Args:
        columns: Headings, plain text.
        rows: The cells.
        kind: Classes of CSS; ``sortable`` lets headings sort.
    """
    rows = [list(row) for row in rows]
    kinds = [cell.kind for cell in rows[0]] if rows else [""] * len(columns)
    # The heading of a column of words is aligned with them.
    aligned = [' class="words"' if cell_kind == "words" else "" for cell_kind in kinds]
    head = "".join(f'<th scope="col"{place}>{text(name)}</th>' for name, place in zip(columns, aligned))
    lines = []
    for first, *others in rows:
        heading = first.html().replace("<td", '<th scope="row"', 1).removesuffix("</td>") + "</th>"
        lines.append(f"<tr>{heading}{''.join(cell.html() for cell in others)}</tr>")
    parts = f"<thead><tr>{head}</tr></thead><tbody>\n{chr(10).join(lines)}\n</tbody>"
    return f'<div class="scroll"><table class="{text(kind)}">{parts}</table></div>'


def bar(share: float) -> str:
    """A share from 0 to 1 in per cent, with a bar behind it."""
    return f'<span class="bar" style="--share:{share:.4f}">{100 * share:.1f}</span>'


def picture(content: bytes, *, alt: str, suffix: str) -> str:
    """An element with a picture in it.

    Args:
        content: Bytes of a picture file.
        alt: Its description, plain text.
        suffix: Its format: ``png`` or ``jpeg``.
    """
    data = base64.b64encode(content).decode("ascii")
    return f'<img alt="{text(alt)}" src="data:image/{suffix};base64,{data}">'


def photo(image: np.ndarray, *, alt: str) -> str:
    """An element with a picture, (H, W, 3) uint8 RGB, in it, as JPEG."""
    return picture(encode_image(image, ".jpg", quality=_JPEG_QUALITY), alt=alt, suffix="jpeg")


def figure(image: np.ndarray, caption: str) -> str:
    """A picture, (H, W, 3) uint8 RGB, with plain text below it."""
    return f"<figure>{photo(image, alt=caption)}<figcaption>{text(caption)}</figcaption></figure>"


def pictures(figures: Iterable[str], columns: int = 2) -> str:
    """Figures in rows of ``columns``."""
    style = f"grid-template-columns: repeat({columns}, fit-content({100 // columns}%))"
    return f'<div class="pictures" style="{style}">{"".join(figures)}</div>'


def check_page_file(flag: str, file: str | None) -> None:
    """Refuse a file for a page that cannot be written, or is something else, before anything is computed.

    Raises:
        ConfigError: See ``check_output_file``.
    """
    check_output_file(file, flag=flag, suffixes=(".html", ".htm"), kind="page of this toolkit", is_own=_is_page)


def write_page(file: str | Path, page: str) -> None:
    """Write a page, whole or not at all.

    Raises:
        UserError: The file cannot be written.
    """
    write_atomically(file, page.encode("utf-8"))


def _is_page(path: Path) -> bool:
    with open(path, "rb") as file:
        return _MARK.encode() in file.read(1000)
