# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Each hostile request gets an error with a reason, and the service keeps running."""

import threading
import time

import numpy as np
import pytest

import paddleseg
from paddleseg.deploy.serve.regions import TooManyVerticesError, polygons
from tests.commands.exported.running import with_deploy_yaml
from tests.deploy.serve.hostile import hostile_requests
from tests.messages import assert_names

ALL = list(hostile_requests())


@pytest.mark.parametrize("hostile", ALL, ids=[one.name for one in ALL])
def test_each_hostile_request_gets_a_reason_and_the_next_one_a_picture(client, hostile, png):
    start = time.monotonic()
    answer = client.request(hostile.method, hostile.path, **hostile.request)
    assert time.monotonic() - start < 5
    assert answer.status_code == hostile.status, answer.text
    refusal = answer.json()
    assert refusal["status"] == hostile.status
    assert len(refusal["reason"]) > 10
    assert refusal["request_id"] == answer.headers["x-request-id"]
    assert "content-security-policy" in answer.headers
    assert client.post("/predict?output=labels", content=png).status_code == 200
    assert client.get("/health").json()["requests_in_hand"] == 0


def test_a_reason_names_what_was_found_and_what_is_allowed(make_client, png):
    client = make_client(max_megapixels=1)
    from tests.deploy.serve.hostile import png_of_zeros

    assert_names(client.post("/predict", content=png_of_zeros(2000, 1000)).json()["reason"], "2000x1000", 1000000)
    assert_names(client.post("/predict?outptu=json", content=png).json()["reason"], "outptu", "output")
    assert_names(client.post("/predict", files={"pic": ("a", png)}).json()["reason"], "'pic'", "'picture'")


@pytest.mark.parametrize("given", ["", "a b", "x" * 65, "é", "../x", "a\tb"])
def test_a_request_id_of_no_decent_form_is_replaced(client, given):
    answer = client.get("/health", headers={"X-Request-ID": given.encode()})
    assert len(answer.headers["x-request-id"]) == 32


def test_the_log_has_one_line_for_a_request_whatever_its_path_is(client, log):
    answer = client.get("/a%0A[2026/01/01 00:00:00] INFO: forged" + "x" * 5000)
    [line] = [record.getMessage() for record in log.records if "request " in record.getMessage()]
    assert "\n" not in line
    assert answer.headers["x-request-id"] in line
    assert len(line) < 500


def test_a_bug_is_owned_up_to_in_json_and_logged_under_the_id(make_client, predictor, png, log, monkeypatch):
    monkeypatch.setattr(predictor, "_segment", lambda *_, **__: 1 / 0)
    answer = make_client().post("/predict", content=png)
    assert answer.status_code == 500
    assert "ZeroDivisionError" not in answer.text
    assert f"request {answer.json()['request_id']}: a bug" in log.text
    assert "ZeroDivisionError" in log.text


def test_a_fault_of_the_export_is_named_in_the_log_and_is_no_bug(make_client, exported, png, log, tmp_path):
    ids_of_two = {"graphs": None, "num_classes": 2, "class_names": None, "palette": None}
    folder = with_deploy_yaml(exported, tmp_path / "ids", **ids_of_two)
    answer = make_client(paddleseg.load(folder, device="cpu", cpu_threads=1)).post("/predict", content=png)
    assert answer.status_code == 500
    assert_names(answer.json()["reason"], "deploy.yaml")
    assert "a bug" not in answer.text + log.text and str(folder) not in answer.text
    [line] = [record.getMessage() for record in log.records if record.levelname == "ERROR"]
    assert_names(line, f"request {answer.json()['request_id']}", str(folder), 2, "num_classes")


class _Slow:
    """A predictor that goes on when it is told."""

    def __init__(self, predictor):
        self._predictor, self.started, self.may_go_on = predictor, threading.Semaphore(0), threading.Event()

    def __getattr__(self, name):
        return getattr(self._predictor, name)

    def predict(self, image, **options):
        self.started.release()
        assert self.may_go_on.wait(30)
        return self._predictor.predict(image, **options)


def test_a_full_queue_is_told_at_once_and_when_to_come_back(make_client, predictor, png):
    slow = _Slow(predictor)
    with make_client(slow, queue=3) as client:
        answers = []
        senders = [
            threading.Thread(target=lambda: answers.append(client.post("/predict", content=png))) for _ in range(3)
        ]
        for sender in senders:
            sender.start()
        for _ in range(2):  # two threads predict, the third request waits
            assert slow.started.acquire(timeout=30)
        while client.get("/health").json()["requests_in_hand"] < 3:
            time.sleep(0.01)
        refused = client.post("/predict", content=png)
        assert refused.status_code == 503
        assert int(refused.headers["retry-after"]) >= 1
        assert_names(refused.json()["reason"], 3)
        slow.may_go_on.set()
        for sender in senders:
            sender.join(30)
        assert [answer.status_code for answer in answers] == [200, 200, 200]
        assert client.post("/predict", content=png).status_code == 200


def test_who_waits_too_long_for_a_turn_is_told_so(make_client, predictor, png):
    slow = _Slow(predictor)
    with make_client(slow, wait_seconds=0.2) as client:
        senders = [threading.Thread(target=client.post, args=["/predict"], kwargs={"content": png}) for _ in range(2)]
        for sender in senders:
            sender.start()
        for _ in senders:
            assert slow.started.acquire(timeout=30)
        refused = client.post("/predict", content=png)
        slow.may_go_on.set()
        for sender in senders:
            sender.join(30)
    assert refused.status_code == 503
    assert_names(refused.json()["reason"], "0.2 seconds")


def test_polygons_of_noise_are_refused_before_they_take_the_memory(client):
    noise = np.random.default_rng(0).integers(0, 4, (1200, 1200), "uint8")
    start = time.monotonic()
    with pytest.raises(TooManyVerticesError, match="200000"):
        polygons(noise, 0, 1)
    assert time.monotonic() - start < 20


def test_a_region_in_a_hole_is_a_region_of_its_own():
    labels = np.zeros((40, 40), np.uint8)
    labels[5:35, 5:35] = 1
    labels[10:30, 10:30] = 0
    labels[15:25, 15:25] = 1
    found = polygons(labels, 0, 1)
    assert [(one["class_id"], one["pixels"], len(one["holes"])) for one in found] == [
        (0, 700, 1), (1, 500, 1), (0, 300, 1), (1, 100, 0),
    ]  # fmt: skip
    assert sorted(found[3]["exterior"]) == [[15, 15], [15, 24], [24, 15], [24, 24]]
