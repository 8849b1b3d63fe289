# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures that cannot be predicted: the others are predicted, and then the failed ones are listed."""

from __future__ import annotations

from collections.abc import Sequence

from paddleseg.utils.errors import DataError, printable_line
from paddleseg.utils.logging import get_logger


def note_failure(failures: list[DataError], error: DataError) -> None:
    """Log that a picture is skipped, and remember why."""
    failures.append(error)
    get_logger().error("%s; left out", printable_line(str(error)))


def raise_failures(failures: Sequence[DataError], num_pictures: int) -> None:
    """Raise one DataError that lists the skipped pictures, if there are any.

    Args:
        failures: The error of each skipped picture.
        num_pictures: How many pictures there were.
    """
    if len(failures) == num_pictures == 1:
        raise failures[0]
    if failures:
        headline = f"{len(failures)} of {num_pictures} pictures could not be predicted:"
        raise DataError("\n  ".join([headline, *(printable_line(str(error)) for error in failures)]))
