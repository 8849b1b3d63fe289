# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Refusals of requests: an HTTP status and a reason, as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping

from starlette.responses import Response

from paddleseg.utils.errors import DataError, TooLargeError, UnknownFormatError, printable_line

BAD_REQUEST, NOT_ACCEPTABLE, TIMEOUT = 400, 406, 408
TOO_LARGE, WRONG_TYPE, NO_PICTURE, LONG_HEADER, BUSY = 413, 415, 422, 431, 503


class Refusal(Exception):
    """A request is answered with an error.

    Attributes:
        status: The HTTP status.
        reason: A sentence for the caller.
        headers: Further headers.
    """

    def __init__(self, status: int, reason: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(reason)
        self.status, self.reason, self.headers = status, reason, dict(headers or {})

    @classmethod
    def of(cls, error: DataError) -> Refusal:
        """The answer to a picture that cannot be read."""
        kinds = {TooLargeError: TOO_LARGE, UnknownFormatError: WRONG_TYPE}
        return cls(kinds.get(type(error), NO_PICTURE), str(error))


def refusal_body(status: int, reason: str, request_id: str) -> bytes:
    """The JSON text of an error."""
    content = {"status": status, "reason": printable_line(reason), "request_id": request_id}
    return json.dumps(content).encode() + b"\n"


def refusal_response(refusal: Refusal, request_id: str) -> Response:
    """The answer itself."""
    body = refusal_body(refusal.status, refusal.reason, request_id)
    return Response(body, refusal.status, refusal.headers, "application/json")
