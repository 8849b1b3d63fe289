# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""A page in one file that opens without a network: text, tables and small pictures, light or dark, without scripts."""

from __future__ import annotations

import base64
import html
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from paddleseg.utils.atomic_file import write_atomically
from paddleseg.utils.errors import ConfigError

_MARK = '<meta name="generator" content="DDRNet toolkit">'
_JPEG_QUALITY = 80
_STYLE = """
:root { color-scheme: light dark; --text: #1c2024; --soft: #60646c; --back: #fff; --box: #f4f5f7; --line: #d9dce1;
  --error: #b42318; --warning: #945b00; --info: #175cd3; }
@media (prefers-color-scheme: dark) { :root { --text: #e8eaed; --soft: #a2a7b0; --back: #16181c; --box: #20242a;
  --line: #363b44; --error: #ff8a80; --warning: #f5c26b; --info: #8ab8ff; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 76rem; padding: 1.5rem 1rem 4rem; background: var(--back); color: var(--text);
  font: 16px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6rem; margin: 0 0 .5rem; } h2 { font-size: 1.2rem; margin: 0; } p { margin: .5rem 0; }
section { border: 1px solid var(--line); border-radius: 8px; padding: 1rem; margin: 1rem 0; }
.soft { color: var(--soft); } .error { color: var(--error); } .warning { color: var(--warning); }
.info { color: var(--info); }
.tag { font-size: .8rem; font-weight: 600; text-transform: uppercase; letter-spacing: .04em; }
pre { background: var(--box); border-radius: 6px; padding: .7rem; overflow-x: auto; font-size: .85rem;
  margin: .5rem 0; }
.pictures { display: grid; gap: .8rem; margin: .6rem 0; justify-content: start; align-items: end; }
figure { margin: 0; } figure img { max-width: 100%; height: auto; display: block;
  border-radius: 4px; }
figcaption { font-size: .8rem; color: var(--soft); overflow-wrap: anywhere; }
details { margin: .5rem 0; } summary { cursor: pointer; } li { overflow-wrap: anywhere; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; } th, td { padding: .25rem .7rem; text-align: left;
  border-bottom: 1px solid var(--line); }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
"""


def escape(text: object) -> str:
    """Text of any kind as it is shown on the page; names of files that are not UTF-8 have an escape in place of it."""
    return html.escape(str(text).encode("utf-8", "backslashreplace").decode())


def paragraph(text: str, css_class: str = "") -> str:
    """A paragraph."""
    return f'<p class="{css_class}">{escape(text)}</p>' if css_class else f"<p>{escape(text)}</p>"


def code(text: str) -> str:
    """Lines to copy."""
    return f"<pre>{escape(text)}</pre>"


def figure(picture: np.ndarray, caption: str, width: int = 352) -> str:
    """A picture, embedded as JPEG and not larger than it is shown.

    Args:
        picture: (H, W, 3) uint8 RGB.
        caption: What stands below it.
        width: Most pixels across.
    """
    import cv2  # commands check where their page goes before they say that a package is missing

    height = max(1, round(picture.shape[0] * width / picture.shape[1]))
    if picture.shape[1] > width:
        picture = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
    _, data = cv2.imencode(".jpg", picture[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    source = base64.b64encode(data.tobytes()).decode()
    return (
        f'<figure><img src="data:image/jpeg;base64,{source}" width="{picture.shape[1]}" height="{picture.shape[0]}" '
        f'alt="{escape(caption)}"><figcaption>{escape(caption)}</figcaption></figure>'
    )


def pictures(figures: Iterable[str], columns: int = 2) -> str:
    """Figures in rows of so many."""
    style = f"grid-template-columns: repeat({columns}, fit-content({100 // columns}%))"
    return f'<div class="pictures" style="{style}">{"".join(figures)}</div>'


def folded_list(summary: str, items: Sequence[str], most: int) -> str:
    """A list that is opened by a click, of at most so many items."""
    entries = "".join(f"<li>{escape(item)}</li>" for item in items[:most])
    more = f"<p>and {len(items) - most} more</p>" if len(items) > most else ""
    return f"<details><summary>{escape(summary)}</summary><ul>{entries}</ul>{more}</details>"


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table; cells that are numbers stand on the right."""

    def cell(value: object, tag: str = "td") -> str:
        is_number = isinstance(value, (int, float))
        return f"<{tag}{' class=number' * is_number}>{escape(value)}</{tag}>"

    head = "".join(cell(name, "th") for name in header)
    body = "".join(f"<tr>{''.join(map(cell, row))}</tr>" for row in rows)
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def make_page(title: str, parts: Iterable[str]) -> str:
    """The whole page.

    Args:
        title: Its name and heading.
        parts: What stands on it, as made by the other functions.
    """
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8">{_MARK}'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>\n"
        f"<body><h1>{escape(title)}</h1>\n" + "\n".join(parts) + "\n</body></html>\n"
    )


def check_page_file(flag: str, file: str | None) -> None:
    """Refuse a place for a page that cannot be written to, or holds something else, before anything is computed.

    Args:
        flag: Its flag, for messages.
        file: What was given; None: nothing was.

    Raises:
        ConfigError: It does not end in .html, its folder is missing or not writable, or what is there is no page of
            this toolkit.
    """
    if file is None:
        return
    path = Path(file)
    if path.suffix.lower() not in (".html", ".htm"):
        raise ConfigError(f"{flag} {file}: give the name of a page, such as data.html")
    if not path.parent.is_dir():
        raise ConfigError(f"{flag} {file}: there is no folder {path.parent}; make it first")
    if path.is_dir() or not os.access(path.parent, os.W_OK):
        raise ConfigError(f"{flag} {file}: cannot be written; give a file in a folder that can be written to")
    if path.exists() and _MARK.encode() not in path.read_bytes()[:2000]:
        raise ConfigError(f"{flag} {file}: is there already and is no page of this toolkit; give another name")


def write_page(file: str, page: str) -> None:
    """Write a page, whole or not at all.

    Raises:
        UserError: The file cannot be written.
    """
    write_atomically(file, page.encode())
