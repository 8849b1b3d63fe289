# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The messages of a configuration's check."""

from paddleseg.config.load import load_config
from paddleseg.config.schema import check_config
from paddleseg.utils.errors import ConfigError


def message_of(path, *opts, **options) -> str:
    """What is wrong with the configuration, or the empty string."""
    try:
        check_config(load_config(path, opts=opts), **options)
    except ConfigError as error:
        return str(error)
    return ""
