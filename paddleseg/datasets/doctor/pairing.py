# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Labels not aligned with their pictures: shifted, turned, or of another picture; and mixed-up lists."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from paddleseg.datasets.doctor import alignment, cures, exhibits
from paddleseg.datasets.doctor.alignment import TURNS, Fit, Verdict
from paddleseg.datasets.doctor.finding import Finding, first_of, share_of
from paddleseg.datasets.doctor.survey import PairFacts, Survey, find_edges, iterate_counts
from paddleseg.utils.spread import spread

# All against all: 200 pairs take 20,000 comparisons, two minutes.
_MOST_COMPARED = 200
# Few evaluate on more pictures than they train on, and hardly anybody on twice as many.
_MUCH_MORE = 2
_LAGS = (-3, -2, -1, 1, 2, 3)
_NEXT = (-1, 1)
_LAG_SAMPLE = 48
_FLIPS = {1: "--flip horizontal", 2: "--flip vertical", 3: "--flip both"}
_PARTS = {"train": ("train", "training"), "val": ("val", "valid", "validation")}


def find_misplaced(survey: Survey) -> list[Finding]:
    """Compare the borders of all labels with their pictures."""
    fits = [fact.fit for fact in survey.facts]
    verdict = alignment.judge(fits, survey.chance, survey.scale)
    lag = _shared_lag(survey)
    if lag is not None:
        return [lag]
    if verdict.shared_turn or verdict.shared_shift_xy is not None:
        return [_say_all(survey, verdict)]
    findings = [_say_turned(survey, verdict, how) for how in (1, 2, 3)]
    findings.append(_say_shifted(survey, verdict))
    findings.append(_find_exchanged(survey, verdict))
    return [finding for finding in findings if finding is not None]


def _how_sure(survey: Survey, threshold: float) -> str:
    chance = survey.chance
    measured = f"{chance.num_pairs} wrong pairs" if chance.num_pairs else "wrong pairs of CamVid"
    rate = f"once in {1 / alignment.ERROR_RATE:.0f} data sets"
    return f"limit {threshold:.1f}, which chance exceeds {rate}, as measured on {measured}"


def _say_all(survey: Survey, verdict: Verdict) -> Finding:
    rated = [fact for fact in survey.facts if fact.fit is not None]
    # Including those whose position cannot be judged: they follow the others.
    files = [survey.label(fact) for fact, _ in iterate_counts(survey)]
    if verdict.shared_turn:
        count = sum(fact.fit.turn == verdict.shared_turn for fact in rated)
        message = f"{share_of(count, len(rated), 'labels')} fit their pictures best {TURNS[verdict.shared_turn]}"
        kind, flags = "mirrored", _FLIPS[verdict.shared_turn]
    else:
        right, down = (round(length) for length in verdict.shared_shift_xy)
        message = (
            f"the labels lie {_direction(right, down)} of where their pictures have the borders, in the median of "
            f"{len(rated)}"
        )
        kind, flags = "shifted", _shift_flags(right, down)
    show = functools.partial(exhibits.show_fits, survey, [fact.index for fact in rated], verdict)
    return Finding(
        kind, "error", survey.section, f"{message}; {first_of(files)}", cures.mend(survey, files, flags), files, show
    )


def _say_turned(survey: Survey, verdict: Verdict, how: int) -> Finding | None:
    facts = [survey.facts[index] for index in verdict.elsewhere if survey.facts[index].fit.turn == how]
    if not facts:
        return None
    files = [survey.label(fact) for fact in facts]
    message = (
        f"{share_of(len(facts), len(survey.facts), 'labels')} fit their pictures {TURNS[how]} ({_heights(facts)}; "
        f"{_how_sure(survey, verdict.threshold)}); {first_of(files)}"
    )
    show = functools.partial(exhibits.show_fits, survey, [fact.index for fact in facts])
    return Finding("mirrored", "error", survey.section, message, cures.mend(survey, files, _FLIPS[how]), files, show)


def _say_shifted(survey: Survey, verdict: Verdict) -> Finding | None:
    facts = [survey.facts[index] for index in verdict.elsewhere if survey.facts[index].fit.turn == 0]
    if not facts:
        return None
    files = [survey.label(fact) for fact in facts]
    shifts = [tuple(round(length) for length in fact.fit.shift_xy) for fact in facts]
    message = (
        f"{share_of(len(facts), len(survey.facts), 'labels')} are shifted against their pictures, the first "
        f"{_direction(*shifts[0])} of its place ({_heights(facts)}; {_how_sure(survey, verdict.threshold)}); "
        f"{first_of(files)}"
    )
    cure = "\n".join(
        cures.mend(survey, [file], _shift_flags(*shift)).splitlines()[0] for file, shift in zip(files, shifts)
    )
    show = functools.partial(exhibits.show_fits, survey, [fact.index for fact in facts])
    return Finding("shifted", "error", survey.section, message, cure, files, show)


def _heights(facts: Sequence[PairFacts]) -> str:
    best, own = (np.median([getattr(fact.fit, name) for fact in facts]) for name in ("best", "own"))
    return f"the borders stand out by {best:.1f} standard deviations there and by {own:.1f} where they are"


def _direction(right: int, down: int) -> str:
    parts = [f"{abs(right)} pixels to the {'right' if right > 0 else 'left'}"] if right else []
    parts += [f"{abs(down)} pixels {'below' if down > 0 else 'above'}"] if down else []
    return " and ".join(parts)


def _shift_flags(right: int, down: int) -> str:
    return f"--shift {-right} {-down}"


def _shared_lag(survey: Survey) -> Finding | None:
    """Lists of pictures and labels that are out of step, for instance after a file that only one of them has."""
    facts, count = survey.facts, len(survey.facts)
    sample = [index for index in spread(count, _LAG_SAMPLE) if facts[index].fit is not None]
    if len(sample) < 8:
        return None
    unclear = sum(facts[index].fit.own <= survey.chance.threshold(1) for index in sample)
    # Labels of a film's next picture fit, too, just not as well: if most labels fit, these are compared first.
    if unclear * 4 < len(sample) and not any(_fits_at_lags(survey, sample, _NEXT)):
        return None
    found = {lag: heights for lag, heights in zip(_LAGS, _fits_at_lags(survey, sample, _LAGS)) if heights}
    if not found:
        return None
    lag = max(found, key=lambda lag: np.mean(found[lag]))
    message = (
        f"labels and pictures are out of step: in {len(found[lag])} of {len(sample)} pairs that were compared the "
        f"label fits that is {abs(lag)} line{'s' * (abs(lag) > 1)} further {'down' if lag > 0 else 'up'}; "
        f"{first_of([survey.picture(fact) for fact in facts])}"
    )
    moved = [(index, index + lag) for index in range(count) if 0 <= index + lag < count]
    show = functools.partial(exhibits.show_other_labels, survey, moved)
    files = [survey.label(fact) for fact in facts]
    return Finding("swapped", "error", survey.section, message, cures.move_labels(lag), files, show)


def _fits_at_lags(survey: Survey, sample: Sequence[int], lags: Sequence[int]) -> list[list[float]]:
    """For each lag the heights of labels that fit better than the listed ones; none without a majority."""
    threshold = survey.chance.threshold(len(lags) * len(sample))
    better: list[list[float]] = [[] for _ in lags]
    for index in sample:
        picture = find_edges(survey.dataset, index)
        for heights, lag in zip(better, lags):
            other = index + lag
            label = find_edges(survey.dataset, other) if 0 <= other < len(survey.facts) else None
            if label is not None:
                height = alignment.fit(picture, label, (0,)).own
                heights += [height] if height > max(survey.facts[index].fit.own, threshold) else []
    return [heights if alignment.is_majority(len(heights), len(sample)) else [] for heights in better]


def _find_exchanged(survey: Survey, verdict: Verdict) -> Finding | None:
    """Labels exchanged with those of another picture that is known: neither fits in its place."""
    facts = [survey.facts[index] for index in verdict.unclear][:_MOST_COMPARED]
    edges = {fact.index: find_edges(survey.dataset, fact.index) for fact in facts}
    owners: dict[int, tuple[float, int]] = {}
    threshold = survey.chance.threshold(len(facts) * (len(facts) - 1))
    for fact in facts:
        for other in facts:
            if other.index != fact.index and edges[fact.index] and edges[other.index]:
                found: Fit = alignment.fit(edges[fact.index], edges[other.index], (0,))
                if found.own > max(threshold, owners.get(fact.index, (0.0, 0))[0]):
                    owners[fact.index] = found.own, other.index
    if not owners:
        return None
    moved = [survey.facts[index] for index in owners]
    labels = [survey.label(survey.facts[other]) for _, other in owners.values()]
    files = [survey.label(fact) for fact in moved]
    message = (
        f"{share_of(len(moved), len(survey.facts), 'labels')} belong to other pictures of the list: that of "
        f"{survey.picture(moved[0])} is {labels[0]} ({_how_sure(survey, threshold)}); {first_of(files)}"
    )
    cure = cures.new_lines(survey, list(zip(map(survey.picture, moved), labels)))
    show = functools.partial(exhibits.show_other_labels, survey, [(i, other) for i, (_, other) in owners.items()])
    return Finding("swapped", "error", survey.section, message, cure, files, show)


def find_swapped_columns(survey: Survey) -> list[Finding]:
    """Lines of a list whose first column is the label and whose second is the picture."""
    facts = [
        fact
        for fact in survey.facts
        if fact.picture_is_label and fact.counts is not None and (fact.is_compressed or fact.counts.is_like_photo)
    ]
    if not facts:
        return []
    message = (
        f"{share_of(len(facts), len(survey.facts), 'lines')} of the list name the label first and the picture second; "
        f"{first_of([survey.picture(fact) for fact in facts])}"
    )
    if len(facts) == len(survey.facts):
        cure = "awk '{print $2, $1}' LIST > NEW_LIST"
    else:
        cure = cures.new_lines(survey, [(survey.label(fact), survey.picture(fact)) for fact in facts])
    show = functools.partial(exhibits.show_files, [survey.picture(facts[0]), survey.label(facts[0])])
    files = [survey.picture(fact) for fact in facts]
    return [Finding("swapped", "error", survey.section, message, cure, files, show)]


def find_swapped_parts(train: Survey, val: Survey) -> list[Finding]:
    """Lists of training and validation that are swapped, or name pictures in the other's folder."""
    findings = []
    in_other = {
        survey.section: [
            fact
            for fact in survey.facts
            if survey.has_files and _part_of(survey.picture(fact)) not in (None, survey.section.partition("_")[0])
        ]
        for survey in (train, val)
    }
    if all(len(in_other[survey.section]) * 2 > len(survey.facts) for survey in (train, val)):
        message = (
            f"train_dataset reads pictures from folders called val, and val_dataset from folders called "
            f"train: {len(train.facts)} pictures to train on, {len(val.facts)} to evaluate"
        )
        cure = "# give each section the other's list (train_path, val_path) or mode"
        files = [survey.picture(fact) for survey in (train, val) for fact in in_other[survey.section]]
        return [Finding("swapped", "error", "train_dataset", message, cure, files)]
    for survey in (train, val):
        facts = in_other[survey.section]
        if facts and len(facts) * 2 < len(survey.facts):
            files = [survey.picture(fact) for fact in facts]
            message = (
                f"{share_of(len(facts), len(survey.facts), 'pictures')} come from folders named after the "
                f"other part; {first_of(files)}"
            )
            show = functools.partial(exhibits.show_files, files)
            cure = cures.leave_out(survey, files)
            findings.append(Finding("swapped", "warning", survey.section, message, cure, files, show))
    if not findings and len(val.facts) > _MUCH_MORE * len(train.facts):
        message = (
            f"val_dataset has {len(val.facts)} pictures and train_dataset {len(train.facts)}: are they the wrong way "
            "round?"
        )
        cure = "# give each section the other's list (train_path, val_path), if they are"
        findings.append(Finding("swapped", "warning", "train_dataset", message, cure))
    return findings


def _part_of(path: str) -> str | None:
    """The part of the data named by the folders of a path, the innermost first."""
    for folder in reversed(Path(path).parts[:-1]):
        for part, names in _PARTS.items():
            if folder.lower() in names:
                return part
    return None
