# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The toolkit itself, and PaddleSeg's package of the same name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from paddleseg import __version__
from paddleseg.environment.finding import Finding, note, ok, wrong
from paddleseg.environment.machine import Machine
from paddleseg.utils.revision import checkout_revision


def check_toolkit(machine: Machine) -> Iterator[Finding]:
    """Version, revision, and what other programs import as ``paddleseg``."""
    folder = machine.toolkit
    revision = checkout_revision(folder)
    found = f"{__version__} in {folder}, {'no checkout' if revision is None else f'revision {revision}'}"
    yield ok("this toolkit", found)
    install = f"pip install --force-reinstall --no-deps -e {folder}"
    foreign = [f"{one['version']} in {one['folder']}" for one in machine.distributions("paddleseg")]
    imported = machine.survey["paddleseg"]
    elsewhere = imported is not None and Path(imported).resolve().parent != folder / "paddleseg"
    if any(one["is_overwritten"] for one in machine.distributions("ddrnet-toolkit")):
        yield wrong(
            "import paddleseg", f"{imported}: other files were installed over this toolkit's",
            f"pip uninstall -y paddleseg ddrnet-toolkit; {install}",
        )  # fmt: skip
    elif foreign and elsewhere:
        yield wrong(
            "import paddleseg", f"PyPI's paddleseg {', '.join(foreign)} hides this toolkit, which has its name",
            f"pip uninstall -y paddleseg; {install}",
        )  # fmt: skip
    elif foreign:
        yield note(
            "import paddleseg", f"gives this toolkit; PyPI's paddleseg {', '.join(foreign)} lies beside it",
            f"pip uninstall -y paddleseg; {install}",
        )  # fmt: skip
    elif elsewhere:
        yield note("import paddleseg", f"gives {imported}, not this folder, outside of its scripts", install)
    elif imported is None:
        yield ok("import paddleseg", f"works in the scripts of this folder; elsewhere after pip install -e {folder}")
    else:
        yield ok("import paddleseg", "gives this toolkit everywhere")
