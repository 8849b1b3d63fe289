# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The program that a Python runs to describe itself; prints one line of JSON. It imports no package."""

import base64
import hashlib
import importlib.metadata
import importlib.util
import json
import locale
import sys

TOOLKIT = "ddrnet-toolkit"


def look_at(distribution):
    """Name, version, place and requirements of an installed package; None if its metadata is broken."""
    try:
        name = distribution.metadata["Name"]
        version = distribution.version
    except Exception:  # damaged files raise nearly anything
        return None
    if not name or not version:
        return None
    facts = {"name": name, "version": version, "folder": str(distribution.locate_file(""))}
    if name.lower() == TOOLKIT:
        facts.update(requires=distribution.requires or [], is_overwritten=is_overwritten(distribution))
    return facts


def is_overwritten(distribution):
    """Whether the first file of our package differs from the one installed."""
    for file in distribution.files or ():
        if file.as_posix() == "paddleseg/__init__.py" and file.hash is not None:
            digest = hashlib.new(file.hash.mode, file.locate().read_bytes()).digest()
            return base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != file.hash.value
    return False


def place_of_paddleseg():
    """The file that any program would import as paddleseg."""
    try:
        spec = importlib.util.find_spec("paddleseg")
    except (ImportError, ValueError):
        return None
    return None if spec is None else spec.origin


found = [look_at(distribution) for distribution in importlib.metadata.distributions()]
survey = {
    "python": list(sys.version_info[:3]),
    "is_64_bit": sys.maxsize > 2**32,
    "platform": sys.platform,
    "prefix": sys.prefix,
    "encoding": locale.getpreferredencoding(False),
    "paddleseg": place_of_paddleseg(),
    "distributions": [facts for facts in found if facts is not None],
}
print("RESULT " + json.dumps(survey))
