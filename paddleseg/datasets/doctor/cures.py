# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The lines that fix the label doctor's findings: for a configuration, a list, or the command line."""

from __future__ import annotations

import inspect
import os
import re
import shlex
from collections.abc import Sequence

from paddleseg.datasets.doctor.label_maps import Proposal
from paddleseg.datasets.doctor.survey import Survey

_MOST_FILES = 20
EXPORT_AGAIN = (
    "# no table brings the ids back: export the labels again as PNG, resized by the nearest pixel alone\n"
    "# (interpolation=cv2.INTER_NEAREST, Image.NEAREST), without antialiasing, and not as JPEG"
)


def label_map(survey: Survey, proposal: Proposal) -> str:
    """The key for the data set's section, with notes to read before pasting it."""
    dataset = type(survey.dataset)
    lines = [f"{survey.section}:"]
    if "label_map" not in inspect.signature(dataset).parameters:
        lines.append(f"  type: Dataset  # in place of {dataset.__name__}, which takes no label_map")
    if survey.dataset.is_renumbered:
        lines.append("  # in place of the label_map or reduce_zero_label that is there")
    if proposal.is_guess:
        lines.append("  # a guess: look at the pictures first")
    return "\n".join([*lines, *(f"  {line}" for line in proposal.lines().splitlines())])


def own_map(survey: Survey) -> str:
    """The key for a data set that needs no map, but would inherit the other one's."""
    return f"{survey.section}:\n  label_map: {{}}  # its labels are right; without this the other map holds for it too"


def map_to_fill_in(survey: Survey, values: Sequence[int]) -> str:
    """The key for unknown values: the ids are left for the user to fill in."""
    pairs = ", ".join(f"{value}: CLASS" for value in values[:_MOST_FILES])
    more = ", ..." if len(values) > _MOST_FILES else ""
    ignored = survey.dataset.ignore_index
    return (
        f"{survey.section}:\n  # write the class id, or {ignored} (ignored), in place of each CLASS\n"
        f"  label_map: {{{pairs}{more}}}"
    )


def mend(survey: Survey, files: Sequence[str], flags: str) -> str:
    """The command that writes corrected copies of labels, and leaves the originals unchanged."""
    if len(files) > _MOST_FILES and len(files) == len(survey.facts):
        folders = dict.fromkeys((os.path.dirname(file), os.path.splitext(file)[1]) for file in files)
        named = " ".join(os.path.join(shlex.quote(folder), f"*{suffix}") for folder, suffix in folders)
    else:
        named = " ".join(map(shlex.quote, files))
    # A folder for each cure: copies of files from other folders may have the same names.
    place = "_".join(["mended", survey.section.partition("_")[0], *re.findall("[a-z]+", flags)])
    return (
        f"python tools/mend_labels.py {flags} --save_dir {place} {named}\n# then list the new files in place of these"
    )


def new_lines(survey: Survey, pairs: Sequence[tuple[str, str]]) -> str:
    """The lines that a list should have: (picture, label) instead of the present ones."""
    lines = [f"{picture} {label}" for picture, label in pairs[:_MOST_FILES]]
    more = [f"# and {len(pairs) - _MOST_FILES} more"] if len(pairs) > _MOST_FILES else []
    return "\n".join([f"# these lines in the list of {survey.section}, with paths as they stand there", *lines, *more])


def move_labels(lag: int) -> str:
    """The command that writes a list with labels from ``lag`` lines further down (or up, if negative)."""
    first, second = (f"head -n -{abs(lag)}", f"tail -n +{abs(lag) + 1}")[:: 1 if lag > 0 else -1]
    pictures, labels = f"<(cut -d' ' -f1 LIST | {first})", f"<(cut -d' ' -f2 LIST | {second})"
    return f"paste -d' ' {pictures} {labels} > NEW_LIST  # where columns are separated by a blank"


def leave_out(survey: Survey, pictures: Sequence[str], why: str = "") -> str:
    """The lines that a list should lose."""
    more = [f"# and {len(pictures) - _MOST_FILES} more"] if len(pictures) > _MOST_FILES else []
    head = f"# remove these lines from the list of {survey.section}{why}:"
    return "\n".join([head, *pictures[:_MOST_FILES], *more])
