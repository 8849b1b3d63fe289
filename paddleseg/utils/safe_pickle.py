# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Reading .pdparams, .pdopt and .pdstates without running code.

These files are pickles, and a pickle may name any function to be called while it is read (paddle.load calls it).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from paddleseg.utils.errors import WeightsError
from paddleseg.utils.restricted_unpickler import ForbiddenName, NoNumbers, RestrictedUnpickler, finished

_MOST_LETTERS = 200  # of a file's own text in a message


def read_pickle(path: str | os.PathLike[str]) -> Any:
    """Read a pickle of plain values and numpy arrays.

    Args:
        path: The file.

    Returns:
        Its content: numbers, strings, lists, tuples, sets, dicts (ordered ones too; keys are plain values) and
        numpy arrays of numbers.

    Raises:
        WeightsError: The file is missing, damaged, or names anything besides arrays of numbers; then none of its code
            has been run.
    """
    with one_line_for_damage(path, "weight file"), open(path, "rb") as file:
        return finished(RestrictedUnpickler(file, os.fstat(file.fileno()).st_size).load())


@contextmanager
def one_line_for_damage(
    path: str | os.PathLike[str], kind: str, advice: str = "Do not trust where it came from"
) -> Iterator[None]:
    """Turn any exception of a reader of ``path`` into one line that names the file.

    Args:
        path: The file.
        kind: The expected kind of file, such as ``weight file``.
        advice: What to do if it names something that is not read.

    Raises:
        WeightsError: In place of any other exception.
    """
    try:
        yield
    except WeightsError:
        raise
    except FileNotFoundError:
        raise WeightsError(f"{path}: no such file") from None
    except IsADirectoryError:
        raise WeightsError(f"{path} is a folder, not a weight file") from None
    except ForbiddenName as forbidden:
        raise WeightsError(
            f"{path}: refused, because reading it would call {one_line(forbidden)}; a weight file holds only arrays. "
            f"{advice}"
        ) from None
    except NoNumbers as kind_of_array:
        raise WeightsError(
            f"{path}: refused, because it holds an array of {one_line(kind_of_array)}; a weight file holds only arrays "
            "of numbers"
        ) from None
    except OSError as error:
        raise WeightsError(f"{path}: cannot be read ({error.strerror or error})") from None
    except MemoryError:
        raise WeightsError(f"{path}: there is too little memory to read it") from None
    # A damaged file can raise nearly any type of exception, as its content is trusted until it does not fit.
    except Exception as error:
        reason = f"{type(error).__name__}: {one_line(error)}"
        raise WeightsError(f"{path}: damaged or not a {kind} ({reason}); download or save it again") from None


def one_line(words: object) -> str:
    """A file's own text, fit for a terminal: no line breaks or invisible characters, not too long."""
    text = " ".join(str(words).split())
    text = "".join(letter if letter.isprintable() else "?" for letter in text)
    return text if len(text) <= _MOST_LETTERS else text[:_MOST_LETTERS] + "..."
