# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The hooks of the page on trackers, word by word: one with a stand-in for its package, one against a real service."""

import json
import re
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import SimpleNamespace

import pytest

PAGE = Path(__file__).resolve().parents[2] / "docs" / "trackers.md"


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)


@pytest.fixture
def use(tiny_config, tmp_path):
    """Put a hook of the page, by its number, and its YAML into the tiny configuration."""

    def put(number, **replaced):
        name = re.match(r'"""(\w+\.py):', blocks("python")[number])[1]
        (tmp_path / name).write_text(blocks("python")[number])
        text = blocks("yaml")[number]
        for old, new in replaced.values():
            text = text.replace(old, new)
        tiny_config.write_text(f"{tiny_config.read_text()}{text}")

    return put


def recorded(folder):
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


@pytest.mark.slow
def test_weights_and_biases_gets_figures_samples_settings_and_the_same_run_after_a_resume(
    use, train_here, tmp_path, monkeypatch
):
    started, logged = [], []
    stand_in = SimpleNamespace(
        init=lambda **options: started.append(options) or SimpleNamespace(id="run-7"),
        log=lambda values, step: logged.append((step, values)),
        Image=lambda picture: picture.shape,
        finish=lambda: logged.append("finished"),
    )
    monkeypatch.setitem(sys.modules, "wandb", stand_in)
    use(0)
    train_here("--do_eval", "--save_interval", 2, "--iters", 2)
    train_here("--do_eval", "--save_interval", 2, "--iters", 4, "--resume_model", "auto")
    assert [options["id"] for options in started] == [None, "run-7"]
    assert started[0]["project"] == "street" and started[0]["config"]["lr_scheduler.learning_rate"] == 0.05
    figures = [
        {"iter": step, **values}
        for step, values in (one for one in logged if one != "finished")
        if "Train/loss" in values
    ]
    assert figures == [record for record in recorded(tmp_path / "run") if "Train/loss" in record]
    assert (2, {f"{number + 1}_val_{number}.png": (48, 200, 3) for number in range(3)}) in logged
    assert logged[-1] == "finished"


@pytest.mark.slow
def test_a_service_gets_each_set_of_figures(use, train_here, tmp_path):
    received = []

    class Service(BaseHTTPRequestHandler):
        def do_POST(self):
            received.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *arguments):
            pass

    server = HTTPServer(("127.0.0.1", 0), Service)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    use(1, port=(":8000", f":{server.server_port}"))
    train_here("--do_eval", "--save_interval", 2)
    server.shutdown()
    server.server_close()
    expected = [
        {"step" if name == "iter" else name: value for name, value in line.items()}
        for line in recorded(tmp_path / "run")
    ]
    assert received == expected
