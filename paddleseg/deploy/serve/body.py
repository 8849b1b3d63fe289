# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The picture in a request's body: received with bounds on bytes and time, extracted from forms, never on disk."""

from __future__ import annotations

import anyio
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import Request

from paddleseg.deploy.serve.refusals import BAD_REQUEST, TIMEOUT, TOO_LARGE, WRONG_TYPE, Refusal

FIELD = "picture"
"""Name of the picture in a form."""
_FORM = "multipart/form-data"
# Types accepted as bytes of a picture. The last one is curl's for any --data-binary.
_RAW = ("application/octet-stream", "application/x-www-form-urlencoded")
_MOST_PARTS = 16
_UNREAD_BODIES = 4  # times the bound: received and discarded, so that the caller reads the reason


async def receive_body(request: Request, max_bytes: int, seconds: float) -> bytes:
    """Receive the whole body.

    Args:
        request: A request whose body has not been read.
        max_bytes: Most bytes.
        seconds: Time for all of it.

    Raises:
        Refusal: It is longer, slower, empty, or not of a picture's type.
    """
    _check_type(request)
    stated = request.headers.get("content-length", "")
    chunks, received = [], 0
    is_too_long = stated.isdecimal() and int(stated) > max_bytes
    if is_too_long and (
        request.headers.get("expect", "").lower() == "100-continue" or int(stated) > _UNREAD_BODIES * max_bytes
    ):
        raise _too_long(stated, max_bytes)
    try:
        with anyio.fail_after(seconds):
            async for chunk in request.stream():
                received += len(chunk)
                if received > _UNREAD_BODIES * max_bytes:
                    break
                is_too_long = is_too_long or received > max_bytes
                if is_too_long:
                    chunks.clear()
                else:
                    chunks.append(chunk)
    except TimeoutError:
        raise Refusal(
            TIMEOUT,
            f"the body did not arrive within {seconds:g} seconds ({received} bytes did)",
            {"Connection": "close"},
        ) from None
    if is_too_long:
        raise _too_long(stated or f"{received} or more", max_bytes)
    if not received:
        raise Refusal(BAD_REQUEST, "the request has no body; send the bytes of a picture, or a form")
    return b"".join(chunks)


def picture_in(body: bytes, content_type: str) -> bytes:
    """The bytes of the picture in a body.

    Args:
        body: The whole body.
        content_type: The header; for a form it defines the boundary.

    Raises:
        Refusal: A form is malformed, or does not have exactly one picture.
    """
    kind, options = parse_options_header(content_type)
    if kind.decode("latin-1") != _FORM:
        return body
    if not options.get(b"boundary"):
        raise Refusal(BAD_REQUEST, f"the content type {_FORM} has no boundary")
    form = _Form()
    try:
        parser = MultipartParser(options[b"boundary"], form.callbacks)
        parser.write(body)
        parser.finalize()
    except FormParserError as error:
        raise Refusal(BAD_REQUEST, f"the form is malformed: {error}") from None
    pictures = [data for name, data in form.parts if name == FIELD]
    if len(pictures) != 1:
        names = ", ".join(repr(name) for name, _ in form.parts) or "nothing"
        raise Refusal(BAD_REQUEST, f"the form holds {names}; it must hold one part named {FIELD!r}")
    if not pictures[0]:
        raise Refusal(BAD_REQUEST, f"the part {FIELD!r} of the form is empty")
    return pictures[0]


def _check_type(request: Request) -> None:
    kind = parse_options_header(request.headers.get("content-type"))[0].decode("latin-1")
    if kind and kind != _FORM and kind not in _RAW and not kind.startswith("image/"):
        raise Refusal(
            WRONG_TYPE,
            f"the content type is {kind!r}; send image/png or another type of pictures, {_RAW[0]}, or {_FORM}",
        )
    encoding = request.headers.get("content-encoding", "identity")
    if encoding.lower() != "identity":
        raise Refusal(WRONG_TYPE, f"the content encoding is {encoding!r}; send the body as it is")


def _too_long(found: str, max_bytes: int) -> Refusal:
    return Refusal(TOO_LARGE, f"the body has {found} bytes; at most {max_bytes} are taken", {"Connection": "close"})


class _Form:
    """Collects the parts of a form in memory."""

    def __init__(self) -> None:
        self.parts: list[tuple[str, bytes]] = []
        self._data, self._header, self._value, self._name = bytearray(), b"", b"", ""
        self.callbacks = {
            "on_part_begin": self._begin,
            "on_part_data": lambda data, start, end: self._data.extend(data[start:end]),
            "on_part_end": lambda: self.parts.append((self._name, bytes(self._data))),
            "on_header_field": self._add_to_header,
            "on_header_value": self._add_to_value,
            "on_header_end": self._end_header,
        }

    def _begin(self) -> None:
        if len(self.parts) >= _MOST_PARTS:
            raise FormParserError(f"more than {_MOST_PARTS} parts")
        self._data, self._header, self._value, self._name = bytearray(), b"", b"", ""

    def _add_to_header(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _add_to_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _end_header(self) -> None:
        if self._header.lower() == b"content-disposition":
            self._name = parse_options_header(self._value)[1].get(b"name", b"").decode("utf-8", "replace")
        self._header = self._value = b""
