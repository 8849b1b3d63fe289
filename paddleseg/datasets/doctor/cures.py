# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The lines that mend what the label doctor finds: for a configuration, a list, or the command line."""

from __future__ import annotations

import inspect
import os
import shlex
from collections.abc import Sequence

from paddleseg.datasets.doctor.label_maps import Proposal
from paddleseg.datasets.doctor.survey import PairFacts, Survey

_MOST_FILES = 20
_MENDED = "mended_labels"
EXPORT_AGAIN = (
    "# no table brings the ids back: export the labels again as PNG, resized by the nearest pixel alone\n"
    "# (interpolation=cv2.INTER_NEAREST, Image.NEAREST), without antialiasing, and not as JPEG"
)


def label_map(survey: Survey, proposal: Proposal) -> str:
    """The key of the data set's section, with what has to be known before it is pasted."""
    dataset = type(survey.dataset)
    lines = [f"{survey.section}:"]
    if "label_map" not in inspect.signature(dataset).parameters:
        lines.append(f"  type: Dataset  # in place of {dataset.__name__}, which takes no label_map")
    if survey.dataset.is_renumbered:
        lines.append("  # in place of the label_map or reduce_zero_label that is there")
    if proposal.is_guess:
        lines.append("  # a guess: look at the pictures first")
    return "\n".join([*lines, *(f"  {line}" for line in proposal.lines().splitlines())])


def map_to_fill_in(survey: Survey, values: Sequence[int]) -> str:
    """The key for values that nothing is known of: the ids are left to who knows them."""
    pairs = ", ".join(f"{value}: CLASS" for value in values[:_MOST_FILES])
    more = ", ..." if len(values) > _MOST_FILES else ""
    ignored = survey.dataset.ignore_index
    return (
        f"{survey.section}:\n  # write the class id, or {ignored} (ignored), in place of each CLASS\n"
        f"  label_map: {{{pairs}{more}}}"
    )


def mend(files: Sequence[str], flags: str) -> str:
    """The command that writes mended copies of labels beside which the old ones stay."""
    shown = " ".join(shlex.quote(file) for file in files[:_MOST_FILES])
    if len(files) > _MOST_FILES:
        folders = dict.fromkeys(os.path.dirname(file) for file in files)
        shown = " ".join(os.path.join(shlex.quote(folder), "*.png") for folder in folders)
        if len(folders) * 2 > len(files):
            shown = "FILES"
    return (
        f"python tools/mend_labels.py {flags} --save_dir {_MENDED} {shown}\n# then list the new files in place of these"
    )


def lines_of(survey: Survey, facts: Sequence[PairFacts], labels: Sequence[str]) -> str:
    """The lines of a list with other labels."""
    lines = [f"{survey.picture(fact)} {label}" for fact, label in zip(facts[:_MOST_FILES], labels)]
    more = [f"# and {len(facts) - _MOST_FILES} more"] if len(facts) > _MOST_FILES else []
    return "\n".join([f"# these lines in the list of {survey.section}, with paths as they stand there", *lines, *more])


def leave_out(survey: Survey, pictures: Sequence[str], why: str = "") -> str:
    """The lines that a list should lose."""
    more = [f"# and {len(pictures) - _MOST_FILES} more"] if len(pictures) > _MOST_FILES else []
    head = f"# remove these lines from the list of {survey.section}{why}:"
    return "\n".join([head, *pictures[:_MOST_FILES], *more])
