# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Staged environments: a Python of stubs with package metadata, and a system of a few files."""

import venv
from pathlib import Path

from paddleseg.environment.machine import Machine
from paddleseg.environment.requirements import base_requirements, extra_requirements

PADDLE = """
import types
__version__ = {version!r}
def is_compiled_with_cuda(): return {cuda!r} is not None
version = types.SimpleNamespace(cuda=lambda: {cuda!r} or "False")
device = types.SimpleNamespace(cuda=types.SimpleNamespace(device_count=lambda: {cards}))
"""
MODULES = {"pyyaml": "yaml", "pillow": "PIL", "opencv-python": "cv2", "opencv-python-headless": "cv2"}
CPUINFO = "processor : 0\nmodel name : A CPU\nflags : fpu avx avx2 avx512f amx_bf16\n"
GB = 2**30


class Stage:
    """A clean environment, to be spoilt."""

    def __init__(self, folder):
        self.folder, self.root, self.toolkit = folder, folder / "root", folder / "toolkit"
        venv.create(folder / "python", symlinks=True)
        self.python = folder / "python" / "bin" / "python"
        self.site = next((folder / "python").glob("lib/python*/site-packages"))
        home = folder / "home"
        home.mkdir()
        self.variables = {"PATH": str(folder / "bin"), "HOME": str(home), "TMPDIR": str(home), "LC_ALL": "C.UTF-8"}
        self.cores, self.seconds, self.write_fault = 4, 30, lambda folder: None
        self.shared, self.disk = (16 * GB, 16 * GB), (100 * GB, 50 * GB)
        self.write("proc/cpuinfo", CPUINFO)
        self.write("proc/meminfo", "MemTotal: 32000000 kB\nMemFree: 1 kB\n")
        (self.root / "dev" / "shm").mkdir(parents=True)
        onednn = self.toolkit / "paddleseg" / "onednn"
        onednn.mkdir(parents=True)
        (onednn.parent / "__init__.py").write_text("")
        (onednn / "__init__.py").write_text("def why_unavailable(): return None\n")
        self.install_all()

    def install_all(self):
        """Everything that the toolkit asks for, in the oldest version that works."""
        machine = Machine()  # of the requirements' own files
        self.install_paddle("3.3.1")
        self.install("opencv-python", "4.10.0")
        for one in base_requirements(machine):
            self.install(one.name, one.least)
        for one in (one for extra in extra_requirements(machine).values() for one in extra):
            self.install(one.name, one.least)

    def install(self, name, version, text="", module=None):
        """A stub that can be imported, and its description."""
        module = module or MODULES.get(name) or {"python-multipart": "multipart"}.get(name) or name.replace("-", "_")
        package = self.site / module
        package.mkdir(exist_ok=True)
        (package / "__init__.py").write_text(text or f"__version__ = {version!r}\n")
        self.describe(name, version)

    def describe(self, name, version, record=""):
        """What pip leaves beside a package."""
        self.uninstall(name)
        description = self.site / f"{name.replace('-', '_')}-{version}.dist-info"
        description.mkdir()
        (description / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        (description / "RECORD").write_text(record)

    def uninstall(self, name):
        """Its description goes; what can be imported stays, as when another package had written it."""
        for description in self.site.glob(f"{name.replace('-', '_')}-*.dist-info"):
            for file in description.iterdir():
                file.unlink()
            description.rmdir()

    def install_paddle(self, version, *, cuda=None, cards=0):
        name = "paddlepaddle" if cuda is None else "paddlepaddle-gpu"
        self.uninstall("paddlepaddle")
        self.install(name, version, PADDLE.format(version=version, cuda=cuda, cards=cards), "paddle")

    def install_card(self, name, capability, driver):
        """What ``nvidia-smi`` prints."""
        program = self.folder / "bin" / "nvidia-smi"
        program.parent.mkdir(exist_ok=True)
        program.write_text(f"#!/bin/sh\necho '{name}, {capability}, {driver}'\n")
        program.chmod(0o755)

    def write(self, path, text):
        """A file of the system."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def machine(self):
        def space(folder: Path):
            return self.shared if "shm" in str(folder) else self.disk

        toolkit = self.toolkit
        for name in ("requirements.txt", "requirements-serving.txt"):
            (toolkit / name).write_text((Path(__file__).resolve().parents[2] / name).read_text())
        return Machine(
            str(self.python), self.variables, self.root, self.cores, self.seconds, space, self.write_fault, toolkit
        )
