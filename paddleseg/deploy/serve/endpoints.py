# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The addresses of the service."""

from __future__ import annotations

import time
from functools import cached_property
from importlib.resources import files
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from paddleseg import __version__
from paddleseg.deploy.predictor import ClassPredictor, SegmentationPredictor
from paddleseg.deploy.serve.answers import JSON, Answer, Classes, class_facts, encode_segmentation
from paddleseg.deploy.serve.body import picture_in, receive_body
from paddleseg.deploy.serve.desk import Desk, Gone
from paddleseg.deploy.serve.metrics import CONTENT_TYPE, Metrics
from paddleseg.deploy.serve.refusals import NO_PICTURE, Refusal
from paddleseg.deploy.serve.settings import SMALLEST_SIDE, Settings
from paddleseg.deploy.serve.wishes import Wishes, read_wishes
from paddleseg.utils.errors import DataError

_PAGE_FILES = {
    "/": ("index.html", "text/html"),
    "/page.css": ("page.css", "text/css"),
    "/page.js": ("page.js", "text/javascript"),
    "/view.js": ("view.js", "text/javascript"),
    "/label_png.js": ("label_png.js", "text/javascript"),
    "/icon.svg": ("icon.svg", "image/svg+xml"),
}
_HUNG_UP = 499  # nginx's status for it; only the log uses it


class Endpoints:
    """The addresses of the service of one network.

    Args:
        predictor: The network.
        settings: How the service runs.
        desk: The places of requests.
        metrics: Counts predictions.
    """

    def __init__(
        self, predictor: SegmentationPredictor | ClassPredictor, settings: Settings, desk: Desk, metrics: Metrics
    ) -> None:
        self._predictor, self._settings, self._desk, self._metrics = predictor, settings, desk, metrics
        self._is_classifier = isinstance(predictor, ClassPredictor)
        self._gives_margins = not self._is_classifier and predictor.gives_margins
        self._classes = Classes.of(predictor.classes, predictor.palette)

    def routes(self) -> list[Route]:
        """All routes. Files are read now and sent from memory: a request's path never becomes one on disk."""
        page = files("paddleseg.deploy.serve") / "page"
        return [
            Route("/predict", self._predict, methods=["POST"]),
            Route("/model", self._model),
            Route("/health", self._health),
            Route("/metrics", self._figures),
            *(_file_route(path, (page / name).read_bytes(), kind) for path, (name, kind) in _PAGE_FILES.items()),
            _file_route("/openapi.json", (files("paddleseg.deploy.serve") / "openapi.json").read_bytes(), JSON),
        ]

    async def _predict(self, request: Request) -> Response:
        wishes = read_wishes(
            request.query_params,
            request.headers,
            is_classifier=self._is_classifier,
            gives_margins=self._gives_margins,
        )
        try:
            async with self._desk.place():
                body = await receive_body(request, self._settings.max_bytes, self._settings.receive_seconds)
                answer = await self._desk.work(
                    self._answer, wishes, body, request.headers.get("content-type", ""), is_gone=request.is_disconnected
                )
        except (ClientDisconnect, Gone):
            return Response(status_code=_HUNG_UP)
        self._metrics.count_picture(answer.pixels, answer.seconds)
        timing = ", ".join(f"{stage};dur={1e3 * value:.1f}" for stage, value in answer.seconds.items())
        headers = {"Server-Timing": timing, "Vary": "Accept"}
        return Response(answer.body(request.state.request_id), 200, headers, answer.media_type)

    def _answer(self, wishes: Wishes, body: bytes, content_type: str) -> Answer:
        """In a thread: from the bytes of the body to those of the answer."""
        start = time.perf_counter()
        try:
            image = self._predictor.read(picture_in(body, content_type), max_pixels=self._settings.max_pixels)
            height, width = image.shape[:2]
            if min(height, width) < SMALLEST_SIDE:
                raise Refusal(
                    NO_PICTURE, f"the picture has {width}x{height} pixels; both sides must be {SMALLEST_SIDE} or more"
                )
            seconds = {"decode": time.perf_counter() - start}
            content, media_type = self._found_in(image, wishes, seconds)
        except DataError as error:
            raise Refusal.of(error) from None
        return Answer(content, media_type, height * width, seconds)

    def _found_in(self, image: Any, wishes: Wishes, seconds: dict[str, float]) -> tuple[Any, str]:
        start = time.perf_counter()
        if self._is_classifier:
            found = self._predictor.predict(image)
            seconds["network"] = time.perf_counter() - start
            return class_facts(found, image), JSON
        segmentation = self._predictor.predict(image, margins=wishes.output == "margins")
        seconds.update(segmentation.seconds)
        start = time.perf_counter()
        encoded = encode_segmentation(wishes, image, segmentation, self._classes)
        seconds["encode"] = time.perf_counter() - start
        return encoded

    async def _model(self, request: Request) -> Response:
        return JSONResponse(self._facts)

    @cached_property
    def _facts(self) -> dict[str, Any]:
        settings, predictor = self._settings, self._predictor
        return {
            "task": "classification" if self._is_classifier else "segmentation",
            "classes": [self._classes.describe(class_id) for class_id in range(len(self._classes.names))],
            "margins": self._gives_margins,
            "apply_exif": predictor.read_options.apply_exif,
            "max_bytes": settings.max_bytes,
            "max_pixels": settings.max_pixels,
            "max_network_pixels": settings.max_network_pixels,
            "smallest_side": SMALLEST_SIDE,
            "version": __version__,
        }

    async def _health(self, request: Request) -> Response:
        return JSONResponse({"status": "ok", "requests_in_hand": self._desk.taken, "queue": self._settings.queue})

    async def _figures(self, request: Request) -> Response:
        return Response(self._metrics.text(), headers={"Content-Type": CONTENT_TYPE})


def _file_route(path: str, content: bytes, kind: str) -> Route:
    async def send(request: Request) -> Response:
        return Response(content, headers={"Cache-Control": "no-cache"}, media_type=kind)

    return Route(path, send)
