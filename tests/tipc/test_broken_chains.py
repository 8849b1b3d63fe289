# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Each chain with the real commands: it passes the rules, and with one step broken on purpose they detect it.

The checkout has a blank in its path, and each chain runs in it twice. If the system permits `unshare`, the chains have
no network and cannot write to the folder around the checkout; elsewhere proxies refuse their requests.
"""

import functools
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.scripts import load_script

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
run_chains = load_script(ROOT / "test_tipc" / "run_chains.py")
MODEL = "ddrnet23_slim"
CONFIG = f"test_tipc/configs/{MODEL}/{MODEL}_cityscapes_1024x1024_120k.yml"
OUTPUT = f"test_tipc/output/{MODEL}"
STRETCH = 10.0  # times are judged by `make tipc-all`
REFUSING_PROXY = "http://127.0.0.1:9"
# In namespaces of its own: the folder above the checkout is read-only, and of the network there is this machine alone.
ISOLATE = """
import ctypes, fcntl, os, socket, struct, sys
libc, here = ctypes.CDLL(None, use_errno=True), os.getcwd().encode()
above = os.path.dirname(here)
BIND, REMOUNT, READ_ONLY = 4096, 32, 1
for source, target, flags in ((above, above, BIND), (here, here, BIND), (None, above, BIND | REMOUNT | READ_ONLY)):
    if libc.mount(source, target, None, flags, None) != 0:
        sys.exit(f"mount: {os.strerror(ctypes.get_errno())}")
os.chdir(here)
fcntl.ioctl(socket.socket(), 0x8914, struct.pack("16sh", b"lo", 1))  # SIOCSIFFLAGS: IFF_UP
if len(sys.argv) > 1:
    os.execvp(sys.argv[1], sys.argv[1:])
"""
# Ends the service that it is to ask, and asks it.
KILL_SERVICE = """
import os, pathlib, signal, sys
for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
    if stat.read_text().rpartition(")")[2].split()[1] == str(os.getppid()):
        if b"paddleseg.deploy.serve" in stat.with_name("cmdline").read_bytes():
            os.kill(int(stat.parent.name), signal.SIGKILL)
client = "test_tipc/serving_python/pipeline_http_client.py"
os.execv(sys.executable, [sys.executable, client, *sys.argv[1:]])
"""
# For each chain other lines of its file, which make it shorter; what breaks it, with a damaged file of weights at
# `damaged.pdparams` and the script above at `kill_service.py`; and what the rules say of it.
SHORT = {
    "basic": {"_3": "gpu_list:-1", "_4": "--device:cpu", "_6": "--iters:2", "_41": "--enable_mkldnn:True"},
    "fleet": {"_6": "--iters:2", "_41": "--enable_mkldnn:True"},
    "dy2static": {"_3": "gpu_list:-1", "_4": "--device:cpu"},
    "benchmark": {
        "_55": "batch_size:1",
        "_56": "fp_items:fp32",
        "_57": "epoch:3",
        "_58": f"--profiler_options:batch_range=[1,2];profile_path={OUTPUT}/benchmark_train/model.profile",
        "_60": "log_iters:1;repeats:500",
    },
}
BREAK = {
    "basic": ({"_29": f"norm_export:export.py --config {CONFIG} --opts export.no_such_key=1"}, "export.py"),
    "fleet": ({"_12": "--resume_model:no_such_run"}, "train.py"),
    "ptq": ({"_4": "--model_path:damaged.pdparams"}, "ptq.py"),
    "paddle2onnx": ({"_11": "--config:no_such_folder/deploy.yaml"}, "infer.py"),
    "serving": ({"_13": "pipline:kill_service.py"}, "kill_service.py"),
    "cpp": ({"_5": "cpu_math_library_num_threads none"}, "segment"),
    "dy2static": (
        {"_53": "to_static_train:--learning_rate 0.0001 --opts to_static_training=True"},
        "compare_losses.py",
    ),
    "benchmark": ({"_57": "epoch:2"}, "analysis.py"),
}
EXTRAS = {
    "ptq": ["nncf", "openvino", "onnx", "onnxruntime"],
    "paddle2onnx": ["onnx", "onnxruntime"],
    "serving": ["starlette", "uvicorn", "python_multipart", "prometheus_client"],
    "cpp": ["openvino"],
}


@functools.cache
def isolation() -> tuple:
    """Words before a command that isolate it; none where the system does not allow it."""
    words = ("unshare", "--map-root-user", "--mount", "--net", sys.executable, "-c", ISOLATE)
    if shutil.which("unshare") is None:
        return ()
    return words if subprocess.run(words, cwd=ROOT, capture_output=True).returncode == 0 else ()


@pytest.fixture
def run(shared_checkout, monkeypatch):
    """Run a chain with other lines in its file, isolated, as ``run_chains.py`` does."""
    plain = run_chains._run
    monkeypatch.setattr(run_chains, "_run", lambda root, command, *more: plain(root, [*isolation(), *command], *more))

    def run(name, **lines):
        [file] = [path for path in run_chains.find_files(ROOT, name) if path.parent.name == MODEL]
        file = file.relative_to(ROOT)
        if lines:
            file = shared_checkout.chain_file(file, **lines)
            # Files for C++ name no network; the one beside them does.
            beside = shared_checkout.folder / "test_tipc/configs" / MODEL / f"short_{file.name}"
            file = shutil.move(file, beside)
        env = {"PYTHON": sys.executable, "CUDA_VISIBLE_DEVICES": "", "BENCHMARK_LOG_DIR": ""}
        if not isolation():
            env |= {"http_proxy": REFUSING_PROXY, "https_proxy": REFUSING_PROXY}
        return run_chains.run_chain(
            shared_checkout.folder, run_chains.CHAINS[name], shared_checkout.folder / file, stretch=STRETCH, env=env
        )

    return run


def test_the_isolation_is_one(shared_checkout):
    if not isolation():
        pytest.skip("needs unshare, and the right to use it")
    code = "import os, socket; print(socket.if_nameindex()); open(os.path.join('..', 'file'), 'w')"
    done = subprocess.run(
        [*isolation(), sys.executable, "-c", code], cwd=shared_checkout.folder, capture_output=True, text=True
    )
    assert done.stdout == "[(1, 'lo')]\n"
    assert "Read-only file system" in done.stderr


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.extras(*EXTRAS[name]) if name in EXTRAS else ()) for name in BREAK]
)
def test_a_chain_passes_and_with_a_broken_step_it_is_found(shared_checkout, run, name):
    if name == "cpp" and not all(map(shutil.which, ("cmake", "make", "c++"))):
        pytest.skip("needs cmake, make and c++ (packages of the system: see deploy/cpp/README.md)")
    assert run(name, **SHORT.get(name, {})).problems == []
    weights = shared_checkout.folder / f"test_tipc/data/by_rule/{MODEL}/model.pdparams"
    whole = weights.read_bytes() if weights.exists() else b"no weights"
    (shared_checkout.folder / "damaged.pdparams").write_bytes(whole[: len(whole) // 2])
    (shared_checkout.folder / "kill_service.py").write_text(KILL_SERVICE)
    lines, script = BREAK[name]
    outcome = run(name, **{**SHORT.get(name, {}), **lines})
    [found, *_] = [problem for problem in outcome.problems if script in problem and "failed, see" in problem]
    log = (shared_checkout.folder / found.rpartition("failed, see ")[2]).read_text()
    assert "Traceback (most recent call last):\n  File" not in log  # Paddle's launcher has one of C++
    assert outcome.problems[-1] == "exit status 1"
