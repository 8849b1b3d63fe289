# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Labels whose values are not the class ids: counted from 1, masks of 0 and 255, colours, smoothed edges."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from paddleseg.datasets.doctor import cures, exhibits
from paddleseg.datasets.doctor.colours import find_colours
from paddleseg.datasets.doctor.finding import Finding, first_of, share_of
from paddleseg.datasets.doctor.label_maps import Classes, Proposal, Values, propose
from paddleseg.datasets.doctor.raw_labels import ValueCounts
from paddleseg.datasets.doctor.survey import PairFacts, Survey, iterate_counts

# CamVid's and RoadScenes' labels have at most 0.12 of these, smoothed ones at least 0.3.
_SMOOTHED = 0.25
_LEAST_RAMPS = 50
# Of the three values of a smoothed edge the middle one lies between the others; compression produces any order.
_MONOTONE = 0.58
_MOST_VALUES = 8


class ValueFindings(NamedTuple):
    """The findings on the values of a data set's labels.

    Attributes:
        findings: What is wrong.
        proposal: The map that fixes what a map can fix; None: there is none, or none is needed.
    """

    findings: list[Finding]
    proposal: Proposal | None


def find_value_faults(surveys: Sequence[Survey]) -> list[Finding]:
    """Check the values of all labels of a training's data sets.

    A ``label_map`` in one section of a configuration applies to the other too, unless that has its own.
    """
    results = [_look_at_values(survey) for survey in surveys]
    findings = [found for result in results for found in result.findings]
    if len(surveys) == 2 and sum(result.proposal is not None for result in results) == 1:
        has_map = results[0].proposal is None
        proposal, other = results[has_map].proposal, surveys[not has_map]
        mended = _same_in_other(proposal, other)
        if mended is not None:
            return [*findings, mended]
        own = cures.own_map(other)
        findings = [
            replace(found, cure=f"{found.cure}\n{own}") if found in results[has_map].findings else found
            for found in findings
        ]
    return findings


def _same_in_other(proposal: Proposal, survey: Survey) -> Finding | None:
    """Labels counted from 1 like the other part's, but without the last class, which would reveal it."""
    facts = [fact for fact, _ in iterate_counts(survey) if not fact.is_coloured]
    pixels = sum_values(facts).pixels
    if proposal.kind != "off_by_one" or proposal.is_guess or pixels[0] or not pixels[1:].any():
        return None
    files = [survey.label(fact) for fact in facts]
    message = (
        f"0 never occurs in {share_of(len(facts), len(facts), 'labels')}, as in those of the other part, which count "
        f"from 1; {first_of(files)}"
    )
    cure = cures.label_map(survey, proposal)
    return Finding("off_by_one", "error", survey.section, message, cure, files, _show(survey, facts))


def _look_at_values(survey: Survey) -> ValueFindings:
    labels = [fact for fact, counts in iterate_counts(survey) if not counts.is_like_photo]
    plain = [fact for fact in labels if not fact.is_coloured]
    findings = find_colours(survey, [fact for fact in labels if fact.is_coloured])
    smoothed = [fact for fact in labels if is_smoothed(fact.counts)]
    proposal = None
    if plain:
        wrong_ids, proposal = _find_wrong_ids(survey, plain)
        # Values created by smoothing are not a finding of their own.
        if smoothed and (proposal is None or proposal.is_guess):
            names = {survey.label(fact) for fact in smoothed}
            wrong_ids = [found for found in wrong_ids if not names.issuperset(found.files)]
        findings += wrong_ids
    if smoothed:
        findings.append(_say_smoothed(survey, smoothed, len(labels), proposal))
    return ValueFindings(findings, proposal)


def classes_of(survey: Survey) -> Classes:
    """The classes of a data set, and the current renumbering of its labels."""
    dataset = survey.dataset
    return Classes(dataset.num_classes, dataset.ignore_index, dataset.palette, dataset.value_table)


def is_smoothed(counts: ValueCounts) -> bool:
    """Whether the values of a label run gradually over its borders."""
    return counts.ramps >= _LEAST_RAMPS and counts.ramps > _SMOOTHED * counts.borders


def sum_values(facts: Sequence[PairFacts]) -> Values:
    """The values of several labels of class ids together."""
    pixels, interior = np.zeros(256, np.int64), np.zeros(256, np.int64)
    for fact in facts:
        pixels[fact.counts.values] += fact.counts.pixels
        interior[fact.counts.values] += fact.counts.interior
    return Values(pixels, interior, sum(is_smoothed(fact.counts) for fact in facts) * 2 > len(facts))


def _find_wrong_ids(survey: Survey, facts: list[PairFacts]) -> tuple[list[Finding], Proposal | None]:
    """Wrong values in all labels, or in some, which a ``label_map`` of the whole set cannot fix."""
    classes = classes_of(survey)
    wrong = [fact for fact in facts if not all(classes.allows(value) for value in fact.counts.values.tolist())]
    proposal = propose(sum_values(facts), classes)
    if proposal is None and not wrong:
        return [], None
    some = propose(sum_values(wrong), classes) if wrong else None
    if some is not None and not some.is_guess and (proposal is None or proposal.is_guess) and len(wrong) < len(facts):
        return [_say_some(survey, facts, wrong, some)], None
    named = wrong if wrong else facts
    return [_say_all(survey, facts, named, proposal)], proposal


def _say_all(survey: Survey, facts: list[PairFacts], wrong: list[PairFacts], proposal: Proposal | None) -> Finding:
    files = [survey.label(fact) for fact in wrong]
    message = f"{share_of(len(wrong), len(facts), 'labels')} hold {_name_values(survey, wrong)}"
    if proposal is None:
        kind, cure = "other_values", cures.map_to_fill_in(survey, _wrong_values(survey, wrong))
    else:
        kind, cure = proposal.kind, cures.label_map(survey, proposal)
        message += f": {proposal.why}"
    return Finding(kind, "error", survey.section, f"{message}; {first_of(files)}", cure, files, _show(survey, wrong))


def _say_some(survey: Survey, facts: list[PairFacts], wrong: list[PairFacts], proposal: Proposal) -> Finding:
    files = [survey.label(fact) for fact in wrong]
    message = (
        f"{share_of(len(wrong), len(facts), 'labels')} hold {_name_values(survey, wrong)}, unlike the others: "
        f"{proposal.why} in them; {first_of(files)}"
    )
    pairs = ", ".join(f"{value}: {class_id}" for value, class_id in sorted(proposal.label_map.items()))
    cure = cures.mend(survey, files, f'--label_map "{{{pairs}}}"')
    return Finding(proposal.kind, "error", survey.section, message, cure, files, _show(survey, wrong))


def _say_smoothed(survey: Survey, smoothed: list[PairFacts], num_labels: int, proposal: Proposal | None) -> Finding:
    files = [survey.label(fact) for fact in smoothed]
    ramps = sum(fact.counts.ramps for fact in smoothed)
    monotone = sum(fact.counts.monotone for fact in smoothed) / ramps
    borders = sum(fact.counts.borders for fact in smoothed)
    if any(fact.is_compressed for fact in smoothed):
        why = "they were compressed as JPEG files, which changes values"
    elif monotone >= _MONOTONE:
        why = "they were resized or drawn with smooth edges, which makes other classes from two"
    else:
        why = "they were compressed, or resized as colours"
    message = (
        f"{share_of(len(smoothed), num_labels, 'labels')} have values along their borders that neither side has "
        f"({ramps / borders:.0%} of the border pixels, where up to 12% are usual): {why}; {first_of(files)}"
    )
    cure = cures.EXPORT_AGAIN
    if proposal is not None and not proposal.is_guess:  # two classes: split in the middle
        cure += f"\n# until then, so that training can begin:\n{cures.label_map(survey, proposal)}"
    return Finding("antialiased", "error", survey.section, message, cure, files, _show(survey, smoothed))


def _wrong_values(survey: Survey, facts: Sequence[PairFacts]) -> list[int]:
    classes, pixels = classes_of(survey), sum_values(facts).pixels
    return [value for value in np.flatnonzero(pixels).tolist() if not classes.allows(value)]


def _name_values(survey: Survey, facts: Sequence[PairFacts]) -> str:
    pixels, wrong = sum_values(facts).pixels, _wrong_values(survey, facts)
    if not wrong:
        return f"nothing but {' and '.join(str(value) for value in np.flatnonzero(pixels).tolist())}"
    shown = ", ".join(f"{value} ({pixels[value] / pixels.sum():.2%})" for value in wrong[:_MOST_VALUES])
    more = f" and {len(wrong) - _MOST_VALUES} more" if len(wrong) > _MOST_VALUES else ""
    return f"values that are not classes: {shown}{more}"


def _show(survey: Survey, facts: Sequence[PairFacts]):
    return functools.partial(exhibits.show_labels, survey, [fact.index for fact in facts])
