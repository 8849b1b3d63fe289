# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""All parts of the toolkit that a configuration can name, in their registries."""


def import_components() -> None:
    """Import the packages whose classes and functions register themselves.

    Not at the top of this module, so that code that only needs a configuration's keys does not import Paddle.
    """
    import paddleseg.datasets
    import paddleseg.losses
    import paddleseg.models
    import paddleseg.optimizers
    import paddleseg.tasks
    import paddleseg.training.hooks  # noqa: F401
    from paddleseg import transforms

    for name in transforms.__all__:  # it loads its modules on access to their members
        getattr(transforms, name)
