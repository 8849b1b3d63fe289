# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The page of an evaluation: scores of the classes, confusions, sizes of regions and the worst pictures."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path, PurePath

import numpy as np
from PIL import Image

from paddleseg.metrics.boundary_iou import DISTANCE_SHARE
from paddleseg.metrics.region_sizes import EDGES, mean_by_size
from paddleseg.metrics.result import EvaluationResult
from paddleseg.metrics.scores import mean_of_present
from paddleseg.reports.canvas import PngCanvas
from paddleseg.reports.confusion_picture import MOST_NAMED, ConfusionPicture, row_shares
from paddleseg.reports.evaluation import EvaluationDetails, KeptPicture
from paddleseg.reports.pictures import make_views, with_ignored
from paddleseg.utils import html_page as html
from paddleseg.utils.html_page import Cell
from paddleseg.utils.visualize import Palette, encode_image, palette_image

_FILES = Path(__file__).resolve().parent / "page"
_WIDTH = 480
_MOST_CONFUSIONS = 15
_DEEP, _DEEP_IN_THE_DARK = 0.82, 0.65

ReadPicture = Callable[[int], np.ndarray]
"""From the place of a picture in the data set to its (H, W, C) array, at the size of its label."""


def evaluation_page(
    result: EvaluationResult,
    details: EvaluationDetails,
    *,
    facts: Sequence[tuple[str, object]],
    palette: Palette,
    read_picture: ReadPicture,
) -> str:
    """The whole page.

    Args:
        result: The counts of all pictures.
        details: The other collected data.
        facts: (name, value) pairs on what was evaluated and how.
        palette: Colours of the classes.
        read_picture: Reads the displayed pictures.

    Raises:
        DataError: A picture can no longer be read.
    """
    body = [
        html.section("Result", _tiles(result, details) + html.facts(facts)),
        html.section("Classes", _class_table(result, details, palette), note=_ABOUT_CLASSES, name="classes"),
        '<div class="columns">',
        html.section("Confusion matrix", _matrix(result), note=_ABOUT_MATRIX, name="confusion"),
        html.section("Most frequent confusions", _confusions(result), name="confusions"),
        "</div>",
        html.section("Size of regions", _sizes(result, details), note=_ABOUT_SIZES, name="sizes"),
    ]
    if details.worst:
        heading = f"The {len(details.worst)} pictures with the lowest IoU"
        body.append(html.section(heading, _gallery(result, details, palette, read_picture), name="worst"))
    style, script = (_FILES.joinpath(f"evaluation.{suffix}").read_text(encoding="utf-8") for suffix in ("css", "js"))
    return html.make_page("Evaluation report", "\n".join(body), style=style, script=script)


_ABOUT_CLASSES = (
    "In per cent. Boundary IoU compares the pixels of the two maps that lie near an outline of the class, "
    f"{100 * DISTANCE_SHARE:g} % of the picture's diagonal (Cheng et al., CVPR 2021): it shows errors at edges that "
    "the inside of large regions hides. It depends on the size of pictures and regions: a region nowhere wider than "
    "twice that distance has its plain IoU. Click a heading to sort."
)
_ABOUT_MATRIX = (
    "Rows are labels, columns predictions; a cell is the share of the label's pixels in per cent, and the diagonal is "
    "the recall. Rest the pointer on a cell for the number of pixels."
)
_ABOUT_SIZES = (
    "Mean IoU in per cent of the connected regions of the labels, by the side of the square of equal area, in pixels; "
    "the small number counts regions. A predicted pixel belongs to the nearest region of its class that its own "
    "connected part touches; what touches none is a false alarm and counted nowhere here."
)


def _per_cent(value: float, digits: int = 2) -> str:
    return "-" if math.isnan(value) else f"{100 * value:.{digits}f} %"


def _tiles(result: EvaluationResult, details: EvaluationDetails) -> str:
    return html.tiles(
        [
            ("mean IoU", _per_cent(result.mean_iou)),
            ("mean boundary IoU", _per_cent(mean_of_present(_boundary_iou(result, details)))),
            ("pixel accuracy", _per_cent(result.pixel_accuracy)),
            ("mean Dice", _per_cent(result.mean_dice)),
            ("Kappa", "-" if math.isnan(result.kappa) else f"{result.kappa:.4f}"),
            ("pictures", str(result.num_images)),
        ]
    )


def _boundary_iou(result: EvaluationResult, details: EvaluationDetails) -> np.ndarray:
    """(K,) float64; NaN for absent classes and the ignored one."""
    return np.where(np.isnan(result.class_iou), np.nan, details.boundary.class_iou)


def _class_table(result: EvaluationResult, details: EvaluationDetails, palette: Palette) -> str:
    columns = [result.class_iou, _boundary_iou(result, details), result.class_precision, result.class_recall]
    shares = result.matrix.sum(axis=1) / max(int(result.matrix.sum()), 1)
    rows = []
    for class_id in result.counted_classes:
        name = _class_words(class_id, result, palette)
        cells = [_bar_cell(values[class_id]) for values in columns]
        share = Cell(f"{100 * shares[class_id]:.2f}", f"{shares[class_id]:.8f}")
        rows.append([name, *cells, share, _taken_for(result, class_id)])
    heads = ["class", "IoU", "boundary IoU", "precision", "recall", "share of labels", "most often taken for"]
    return html.table(heads, rows)


def _class_words(class_id: int, result: EvaluationResult, palette: Palette) -> Cell:
    red, green, blue = palette[class_id]
    swatch = f'<span class="swatch" style="background:rgb({red} {green} {blue})"></span>'
    return Cell(f"{swatch}{html.text(result.names[class_id])}", result.names[class_id], hint=f"class {class_id}")


def _bar_cell(value: float) -> Cell:
    return Cell("absent", "") if math.isnan(value) else Cell(html.bar(value), f"{value:.6f}")


def _taken_for(result: EvaluationResult, class_id: int) -> Cell:
    others = result.matrix[class_id].copy()
    others[class_id] = 0
    if not others.any():
        return Cell("", "", kind="words")
    other = int(others.argmax())
    share = others[other] / result.matrix[class_id].sum()
    return Cell(f"{html.text(result.names[other])} ({100 * share:.1f} %)", f"{share:.6f}", kind="words")


def _matrix(result: EvaluationResult) -> str:
    if len(result.matrix) > MOST_NAMED:
        drawing = ConfusionPicture(result.matrix, result.names, "Confusion matrix")
        canvas = PngCanvas(*drawing.size)
        drawing.draw(canvas)
        return html.picture(canvas.encode(), alt="confusion matrix", suffix="png")
    shares = row_shares(result.matrix)
    rows = [
        [Cell(html.text(name)), *(_matrix_cell(result, shares, row, column) for column in range(len(shares)))]
        for row, name in enumerate(result.names)
    ]
    return html.table(["label \\ prediction", *result.names], rows, kind="matrix")


def _matrix_cell(result: EvaluationResult, shares: np.ndarray, row: int, column: int) -> Cell:
    share, pixels = shares[row, column], int(result.matrix[row, column])
    hint = f"label {result.names[row]}, predicted {result.names[column]}: {pixels:,} pixels"
    if math.isnan(share) or not pixels:
        return Cell("", hint=hint)
    kind = _kind("right" if row == column else "wrong", share)
    content = f"{100 * share:.0f}" if share >= 0.005 else ""
    return Cell(content, style=f"--share:{share:.3f}", kind=kind, hint=f"{hint}, {_per_cent(share)}")


def _kind(colour: str, share: float) -> str:
    """The CSS class of a shaded cell; deep shades invert the text's colour, in the dark scheme earlier."""
    return colour + (" strong" if share > _DEEP_IN_THE_DARK else "") + (" stronger" if share > _DEEP else "")


def _confusions(result: EvaluationResult) -> str:
    wrong = result.matrix - np.diag(np.diag(result.matrix))
    total = max(int(result.matrix.sum()), 1)
    rows = []
    for cell in np.argsort(wrong, axis=None, kind="stable")[::-1][:_MOST_CONFUSIONS]:
        row, column = np.unravel_index(int(cell), wrong.shape)
        pixels = int(wrong[row, column])
        if not pixels:
            break
        of_label, of_all = pixels / result.matrix[row].sum(), pixels / total
        names = (Cell(html.text(result.names[place]), kind="words") for place in (row, column))
        figures = (pixels, f"{pixels:,}"), (of_all, f"{100 * of_all:.2f}"), (of_label, f"{100 * of_label:.1f}")
        rows.append([*names, *(Cell(words, f"{value:.8f}") for value, words in figures)])
    return html.table(["label", "predicted", "pixels", "% of all pixels", "% of the label's"], rows)


def _sizes(result: EvaluationResult, details: EvaluationDetails) -> str:
    regions = details.regions
    means, counts = mean_by_size(regions, len(result.matrix))
    rows = [
        [Cell(html.text(result.names[class_id])), *_size_cells(means[class_id], counts[class_id])]
        for class_id in result.counted_classes
        if counts[class_id].any()
    ]
    totals = counts.sum(axis=0)
    sums = np.nansum(means * counts, axis=0)
    all_means = np.where(totals > 0, sums / np.maximum(totals, 1), np.nan)
    rows.append([Cell("all regions", kind="total"), *_size_cells(all_means, totals)])
    heads = [f"{low} to {high}" for low, high in zip(EDGES, EDGES[1:])] + [f"{EDGES[-1]} or more"]
    return html.table(["class", *heads], rows, kind="matrix sizes")


def _size_cells(means: np.ndarray, counts: np.ndarray) -> list[Cell]:
    cells = []
    for mean, count in zip(means, counts):
        if not count:
            cells.append(Cell(""))
            continue
        content = f"{100 * mean:.0f}<small>{count:,}</small>"
        cells.append(Cell(content, style=f"--share:{mean:.3f}", kind=_kind("right", mean)))
    return cells


def _gallery(result: EvaluationResult, details: EvaluationDetails, palette: Palette, read_picture: ReadPicture) -> str:
    colours = with_ignored(palette, details.ignore_index)
    shown = sorted({int(class_id) for kept in details.worst for class_id in np.unique(kept.prediction)})
    legend = "".join(f"<li>{_class_words(class_id, result, palette).content}</li>" for class_id in shown)
    names = _short_names([kept.scores.path for kept in details.worst])
    items = "\n".join(
        _item(kept, name, details, result, colours, read_picture) for kept, name in zip(details.worst, names)
    )
    buttons = "".join(
        f'<button type="button" data-key="{key}">{words}</button>'
        for key, words in (
            ("iou", "lowest IoU"),
            ("boundary", "lowest boundary IoU"),
            ("accuracy", "lowest accuracy"),
            ("path", "name"),
        )
    )
    return (
        f'<div class="tools"><span class="quiet">sort by</span><span class="sorting">{buttons}</span>'
        '<label>colours <input id="opacity" type="range" min="0" max="100" value="70"></label></div>'
        f'<ul class="legend">{legend}</ul><div class="gallery">{items}</div>'
    )


def _short_names(paths: Sequence[str]) -> list[str]:
    """The paths relative to their deepest common folder."""
    parts = [PurePath(path).parts for path in paths]
    shared = 0
    while all(len(one) > shared + 1 and one[shared] == parts[0][shared] for one in parts):
        shared += 1
    return [str(PurePath(*one[shared:])) if one else path for one, path in zip(parts, paths)]


def _item(
    kept: KeptPicture,
    name: str,
    details: EvaluationDetails,
    result: EvaluationResult,
    colours: Palette,
    read_picture: ReadPicture,
) -> str:
    one = kept.scores
    views = make_views(read_picture(one.index), kept.label, kept.prediction, details.ignore_index, _WIDTH)
    photo = html.photo(views.picture, alt="picture")
    maps = [
        (name, html.picture(_png(palette_image(label_map, colours)), alt=name, suffix="png"))
        for name, label_map in (("label", views.label), ("prediction", views.prediction))
    ]
    errors = html.picture(_png(Image.fromarray(views.errors).quantize(32)), alt="errors", suffix="png")
    figures = [f"<figure>{photo}<figcaption>picture</figcaption></figure>"]
    figures += [
        f'<figure><div class="over">{image}</div><figcaption>{name}</figcaption></figure>' for name, image in maps
    ]
    figures.append(f"<figure>{errors}<figcaption>errors</figcaption></figure>")
    values = {"iou": f"{one.iou:.6f}", "boundary": f"{one.boundary_iou:.6f}", "accuracy": f"{one.accuracy:.6f}"}
    data = "".join(f' data-{key}="{value}"' for key, value in values.items())
    mostly = (
        ""
        if one.confusion is None
        else ", most wrong pixels: {} taken for {}".format(
            *(html.text(result.names[class_id]) for class_id in one.confusion)
        )
    )
    return (
        f'<article{data} data-path="{html.text(one.path)}"><p><b title="{html.text(one.path)}">{html.text(name)}</b> '
        f'<span class="quiet">IoU {_per_cent(one.iou, 1)}, boundary IoU {_per_cent(one.boundary_iou, 1)}, accuracy '
        f'{_per_cent(one.accuracy, 1)}{mostly}</span></p><div class="views">{"".join(figures)}</div></article>'
    )


def _png(image: Image.Image) -> bytes:
    return encode_image(image, ".png")
