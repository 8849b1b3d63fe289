# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The service under hundreds of hostile requests, under load, and against its own OpenAPI document."""

import json
import random
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.deploy.serve.service import running_service
from tests.soak.conftest import SECONDS

_HOSTILE = 500
_MOST_GROWTH_MIB = 24  # pages that malloc keeps; a leak of one picture a request would be hundreds


def test_500_hostile_requests_each_get_a_reason_and_the_service_lives(exported, png):
    import httpx

    from tests.deploy.serve.hostile import hostile_requests

    choice, counts = random.Random(0), {}
    with running_service(exported, "--cpu_threads", 1) as service:
        sent = 0
        while sent < _HOSTILE:
            round_of_them = [
                one for one in hostile_requests() if "Content-Length" not in one.request.get("headers", {})
            ]
            choice.shuffle(round_of_them)
            # Making a round takes as long as the service keeps an idle connection: each round has a new one.
            with httpx.Client(base_url=service.url, timeout=60) as client:
                for hostile in round_of_them[: _HOSTILE - sent]:
                    answer = client.request(hostile.method, hostile.path, **hostile.request)
                    assert (hostile.name, answer.status_code) == (hostile.name, hostile.status)
                    assert len(answer.json()["reason"]) > 10
                    counts[hostile.status] = counts.get(hostile.status, 0) + 1
                    sent += 1
        answer = httpx.post(f"{service.url}/predict?output=labels", content=png, timeout=60)
        assert answer.status_code == 200
        assert "a bug" not in service.text
    print(f"\n{sent} hostile requests: {dict(sorted(counts.items()))}")


def test_load_leaves_the_memory_flat(exported, png, tmp_path):
    (tmp_path / "picture.png").write_bytes(png)
    with running_service(exported, "--cpu_threads", 1) as service:
        command = [sys.executable, "benchmark/serving.py", "--url", service.url, "--picture", tmp_path / "picture.png",
                   "--pid", service.process.pid, "--connections", 32]  # fmt: skip
        for seconds, name in ((SECONDS / 4, "warm"), (SECONDS, "load")):
            report = tmp_path / f"{name}.json"
            subprocess.run(
                [*map(str, command), "--seconds", str(seconds), "--json", str(report)], check=True, cwd=REPOSITORY
            )
        found = json.loads(report.read_text())
        assert found["statuses"].keys() <= {"200", "503"}
        assert found["statuses"]["200"] > 20
        assert found["memory_mib"][1] - found["memory_mib"][0] < _MOST_GROWTH_MIB


def test_requests_made_of_the_openapi_document_find_no_answer_that_it_does_not_name(exported, tmp_path):
    pytest.importorskip("schemathesis", reason="needs schemathesis")
    document = tmp_path / "openapi.json"
    document.write_text((files("paddleseg.deploy.serve") / "openapi.json").read_text())
    with running_service(exported, "--cpu_threads", 1) as service:
        done = subprocess.run(
            [Path(sys.executable).with_name("schemathesis"), "run", document, "--url", service.url,
             "--max-examples", "40", "--seed", "1", "--checks",
             "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"],
            cwd=tmp_path, capture_output=True, text=True, timeout=900,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout[-4000:]
        assert "a bug" not in service.text
