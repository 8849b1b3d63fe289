# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""DDRNets with half of their channels: the same layers by the same names, in half the time or less.

For tests that use a network; what the networks compute is tested with all their channels.
"""

import contextlib
import dataclasses

import pytest

from paddleseg import models

_SIZES = (
    (models.DDRNet_23_slim, models.DDRNet_23_slim_cls),
    (models.DDRNet_23, models.DDRNet_23_cls),
    (models.DDRNet_39, models.DDRNet_39_cls),
)


def _narrowed(variant):
    counts = {name: getattr(variant, name) // 2 for name in ("base_channels", "head_channels", "dappm_channels")}
    return dataclasses.replace(variant, **counts)


_NARROW = [(networks, _narrowed(networks[0].variant)) for networks in _SIZES]


@contextlib.contextmanager
def narrow_networks():
    """Within this context the networks are narrow: for fixtures that serve several tests. Tests take ``narrow``."""
    with pytest.MonkeyPatch.context() as patch:
        for networks, variant in _NARROW:
            for network in networks:
                patch.setattr(network, "variant", variant)
        yield
