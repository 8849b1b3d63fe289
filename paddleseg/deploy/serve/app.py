# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The ASGI application."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp

from paddleseg.deploy.exported_predictor import engine_options, open_exported
from paddleseg.deploy.predictor import ClassPredictor, SegmentationPredictor
from paddleseg.deploy.serve.desk import Desk
from paddleseg.deploy.serve.endpoints import Endpoints
from paddleseg.deploy.serve.frame import Frame
from paddleseg.deploy.serve.metrics import Metrics
from paddleseg.deploy.serve.refusals import Refusal, refusal_response
from paddleseg.deploy.serve.settings import SMALLEST_SIDE, Settings
from paddleseg.utils.cpus import usable_cpus
from paddleseg.utils.errors import UserError, printable_line
from paddleseg.utils.logging import get_logger


def create_app(settings: Settings, predictor: SegmentationPredictor | ClassPredictor | None = None) -> ASGIApp:
    """The application of one network.

    Args:
        settings: How it runs.
        predictor: The network; None: that of ``settings.model``, see ``open_model``.

    Raises:
        UserError: The network cannot be loaded, or does not run on this device.
    """
    predictor = open_model(settings) if predictor is None else predictor
    metrics = Metrics()
    desk = Desk(settings.queue, settings.wait_seconds, metrics.set_in_hand)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        yield
        desk.close()
        metrics.forget_this_process()

    routes = Endpoints(predictor, settings, desk, metrics).routes()
    handlers = {Refusal: _refuse, HTTPException: _refuse_address, UserError: _blame_export, Exception: _own_up}
    app = Starlette(routes=routes, lifespan=lifespan, exception_handlers=handlers)
    app.router.redirect_slashes = False  # a redirect would contain the host given by the caller
    return Frame(app, metrics, [route.path for route in routes])


def open_model(settings: Settings) -> SegmentationPredictor | ClassPredictor:
    """The network of the settings, loaded and run once, so that the first request does not wait for that.

    Raises:
        UserError: The network cannot be loaded, does not run on this device, or no picture fits it.
    """
    wishes = {name: getattr(settings, name) for name in ("backend", "precision", "cpu_threads", "device")}
    options = engine_options(settings.model, **wishes)
    threads = options.cpu_threads or max(1, usable_cpus() // settings.workers)
    options = dataclasses.replace(options, cpu_threads=threads, max_pixels=settings.max_network_pixels)
    predictor = open_exported(settings.model, options)
    predictor.warm_up(SMALLEST_SIDE)
    return predictor


async def _refuse(request: Request, refusal: Refusal) -> Response:
    return refusal_response(refusal, request.state.request_id)


async def _refuse_address(request: Request, error: HTTPException) -> Response:
    reasons = {404: "there is nothing at this address", 405: f"{request.method} is not possible at this address"}
    refusal = Refusal(error.status_code, reasons.get(error.status_code, error.detail), error.headers)
    return refusal_response(refusal, request.state.request_id)


async def _blame_export(request: Request, error: UserError) -> Response:
    """Only faults of the export get here; those of pictures are refusals. The reason names files of this machine."""
    get_logger().error("request %s: %s", request.state.request_id, printable_line(str(error)))
    reason = "the exported network, or its deploy.yaml, is at fault; the service's log has the reason under this id"
    return refusal_response(Refusal(500, reason), request.state.request_id)


async def _own_up(request: Request, error: Exception) -> Response:
    refusal = Refusal(500, "this is a bug of the service; its log has more under this id")
    return refusal_response(refusal, request.state.request_id)
