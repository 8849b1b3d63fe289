# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The program that imports one module and says what it is; prints one line of JSON."""

import importlib
import json
import sys


def facts_of_paddle(paddle):
    """The cards it is built for, and those it sees."""
    has_cuda = paddle.is_compiled_with_cuda()
    return {
        "cuda": paddle.version.cuda() if has_cuda else None,
        "cards": paddle.device.cuda.device_count() if has_cuda else 0,
    }


def facts_of_onednn(onednn):
    """Why fast convolutions on the CPU are missing."""
    return {"unavailable": onednn.why_unavailable()}


FACTS = {"paddle": facts_of_paddle, "paddleseg.onednn": facts_of_onednn}

name, *folders = sys.argv[1:]
sys.path[:0] = folders
# OpenVINO and NNCF report usage to their makers with it, and work without it.
sys.modules["openvino_telemetry"] = None
module = importlib.import_module(name)
facts = FACTS[name](module) if name in FACTS else {}
print("\nRESULT " + json.dumps({"version": str(getattr(module, "__version__", "")), **facts}), flush=True)
