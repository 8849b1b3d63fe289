# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""An HTTP service of an exported network: ``python -m paddleseg.deploy.serve --model DIR``, or ``ddrnet-serve``.

It needs the extra ``serving``. A request passes through these modules in their order here: ``protocol`` (slow and
malformed senders), ``frame`` (request id, log, figures, headers), ``endpoints``, ``body`` (bytes, bounded),
``desk`` (places, bounded; threads), ``answers`` (pictures and JSON). No part of a request is written to disk.
"""
