# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""NVIDIA's cards, their driver, and the Paddle that uses them.

Other accelerators have plug-ins of their own, which ``--device NAME`` tries.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from paddleseg.environment.finding import Finding, note, ok, wrong
from paddleseg.environment.machine import Machine
from paddleseg.environment.requirements import numbers_of

_CPU_PADDLE = "pip uninstall -y paddlepaddle-gpu; pip install paddlepaddle==3.3.1"
_GPU_PADDLE = "pip uninstall -y paddlepaddle; see the table under Installation in README.md for the card's Paddle"
_OWN_WHEEL = "Paddle's own 3.x GPU wheel: README.md, Installation"
# The oldest driver (Linux) for each generation of CUDA: "CUDA Compatibility", table of minor version compatibility,
# https://docs.nvidia.com/deploy/cuda-compatibility/
_DRIVERS = {11: "450.80.02", 12: "525.60.13", 13: "580.65.06"}
# The newest that paddlepaddle-gpu 2.6.2 of PyPI has kernels for.
_LAST_OF_26 = (8, 6)


@dataclass(frozen=True)
class Card:
    """What ``nvidia-smi`` reports for one card."""

    name: str
    capability: tuple[int, ...]
    driver: str


def find_cards(machine: Machine) -> list[Card]:
    """The cards that this process may see."""
    fields = "--query-gpu=name,compute_cap,driver_version"
    text = machine.output_of("nvidia-smi", fields, "--format=csv,noheader") or ""
    rows = [[word.strip() for word in line.split(",")] for line in text.splitlines()]
    return [Card(row[0], numbers_of(row[1]), row[2]) for row in rows if len(row) == 3]


def check_cards(machine: Machine) -> Iterator[Finding]:
    """Whether card, driver and Paddle fit."""
    cards = find_cards(machine)
    paddle = machine.imported("paddle")
    cuda = paddle.facts.get("cuda")
    names = ", ".join(card.name for card in cards)
    if cards:
        yield from _check_driver(cards, cuda)
    if paddle.fault is not None:
        yield ok("cards", f"{names or 'none'}; Paddle does not load, see above")
    elif not cards:
        yield _without_card(machine, cuda)
    elif cuda is None:
        yield note("cards", f"{names}, but this Paddle is built for the CPU, and trains there", _GPU_PADDLE)
    elif not paddle.facts["cards"]:
        yield _unseen(machine, names)
    else:
        yield from _check_kernels(cards, names, paddle.facts)


def _without_card(machine: Machine, cuda: str | None) -> Finding:
    if cuda is None:
        return ok("cards", "none, and Paddle is built for the CPU")
    found = f"Paddle is built for CUDA {cuda}, but this process sees no card"
    if (machine.root / "proc/driver/nvidia/version").exists():  # in a container, too, /proc is the machine's
        return wrong("cards", f"{found}, though the machine has NVIDIA's driver", "docker run --gpus all ...")
    return note("cards", f"{found}: it computes on the CPU", _CPU_PADDLE)


def _unseen(machine: Machine, names: str) -> Finding:
    variable = "CUDA_VISIBLE_DEVICES"
    if variable in machine.variables:
        hidden = f"{variable}={machine.variables[variable]} hides them"
        return wrong("cards", f"{names}, but Paddle sees none: {hidden}", f"unset {variable}")
    return wrong(
        "cards", f"{names}, but Paddle sees none", "python -c 'import paddle; paddle.utils.run_check()' says why"
    )


def _check_driver(cards: list[Card], cuda: str | None) -> Iterator[Finding]:
    driver = cards[0].driver
    needed = _DRIVERS.get(numbers_of(cuda or "0")[0])
    if needed is None:
        yield ok("driver", driver)
    elif numbers_of(driver) < numbers_of(needed):
        found = f"{driver} is too old for CUDA {cuda}, for which Paddle is built: {needed} or newer is"
        yield wrong("driver", found, f"install NVIDIA's driver {needed} or newer, or a Paddle for an older CUDA")
    else:
        yield ok("driver", f"{driver}, new enough for CUDA {cuda}")


def _check_kernels(cards: list[Card], names: str, paddle: dict) -> Iterator[Finding]:
    newest = max(card.capability for card in cards)
    if re.match(r"2\.6\.", paddle["version"]) and newest > _LAST_OF_26:
        found = f"{names}: compute capability {'.'.join(map(str, newest))}; Paddle {paddle['version']} ends at 8.6"
        yield wrong("cards", found, _OWN_WHEEL)
    else:
        yield ok("cards", f"{names}; Paddle sees {paddle['cards']}")
