# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Messages by what they name; ``test_wording.py`` has their exact wording."""

import re


def naming(*parts) -> str:
    """A pattern of the places, names and figures of a message in their order, whatever words are between them.

    A number is found as a whole, not within another one.
    """
    return "(?s)" + ".*".join(map(_pattern, parts))


def _pattern(part) -> str:
    return re.escape(part) if isinstance(part, str) else rf"(?<![\d.]){re.escape(str(part))}(?!\d)"


def assert_names(message, *parts):
    """The message names these places, names and figures in this order."""
    assert re.search(naming(*parts), message), message
