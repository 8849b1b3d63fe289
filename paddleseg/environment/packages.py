# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Python, and the packages required everywhere."""

from __future__ import annotations

from collections.abc import Iterator

from paddleseg.environment.finding import Finding, note, ok, wrong
from paddleseg.environment.machine import Imported, Machine
from paddleseg.environment.requirements import Requirement, base_requirements, numbers_of

_PYTHONS = ((3, 10), (3, 13))
_TESTED = ("2.6.2", "3.3.1")
_INSTALL_PADDLE = "pip install paddlepaddle==3.3.1   (for an NVIDIA card see Installation in README.md)"
_PADDLES = ("paddlepaddle", "paddlepaddle-gpu", "paddlepaddle-xpu", "paddlepaddle-npu")
_OPENCVS = (
    "opencv-python", "opencv-python-headless", "opencv-contrib-python", "opencv-contrib-python-headless",
)  # fmt: skip
_OLDEST_OPENCV = Requirement("opencv-python", "4.6")
# Where the name on PyPI differs from that of the module.
_MODULES = {
    "pyyaml": "yaml",
    "pillow": "PIL",
    "python-multipart": "multipart",
    "prometheus-client": "prometheus_client",
}


def check_python(machine: Machine) -> Iterator[Finding]:
    """Its version and kind."""
    version = tuple(machine.survey["python"])
    found = f"{'.'.join(map(str, version))} in {machine.survey['prefix']}"
    first, last = _PYTHONS
    if not machine.survey["is_64_bit"]:
        yield wrong(
            "Python", f"{found} is a 32-bit build, for which there is no Paddle", "install a 64-bit Python 3.11"
        )
    elif version[:2] < first:
        yield wrong("Python", f"{found} is too old: 3.10 to 3.13 work", "python3.11 -m venv .venv")
    elif version[:2] > last:
        yield wrong("Python", f"{found}: Paddle has packages for 3.10 to 3.13", "python3.11 -m venv .venv")
    else:
        yield ok("Python", found)


def check_paddle(machine: Machine) -> Iterator[Finding]:
    """Which Paddle is installed, whether it loads, and what its version means."""
    installed = [f"{one['name']} {one['version']}" for one in machine.distributions(*_PADDLES)]
    if len(installed) > 1:
        yield wrong(
            "Paddle", f"{' and '.join(installed)} are installed over each other",
            "pip uninstall -y " + " ".join(one.split()[0] for one in installed) + f"; {_INSTALL_PADDLE}",
        )  # fmt: skip
        return
    imported = machine.imported("paddle")
    if imported.fault is not None:
        yield _does_not_load("Paddle", installed, imported, _INSTALL_PADDLE)
        return
    version = imported.facts["version"]
    found = f"{installed[0] if installed else f'paddle {version}'}, {_build(imported)}"
    numbers = numbers_of(version)
    if numbers < (2, 6) and any(numbers):
        yield wrong("Paddle", f"{found} is too old", _INSTALL_PADDLE)
    elif numbers[:2] == (2, 6):
        has_cuda = imported.facts["cuda"] is not None
        newer = (
            "Paddle's own 3.x GPU wheel (README.md, Installation)" if has_cuda else "pip install paddlepaddle==3.3.1"
        )
        words = "exports .pdmodel graphs alone, and import paddleseg before paddle in programs of your own"
        yield note("Paddle", f"{found} works; it {words}", f"nothing has to be done; for more: {newer}")
    elif version not in _TESTED:
        yield note("Paddle", f"{found}; tested are {' and '.join(_TESTED)}", _INSTALL_PADDLE)
    else:
        yield ok("Paddle", found)


def check_numpy(machine: Machine) -> Iterator[Finding]:
    """Its version, and whether it loads."""
    yield check_package(machine, next(one for one in base_requirements(machine) if one.name == "numpy"))


def check_opencv(machine: Machine) -> Iterator[Finding]:
    """Whether there is exactly one, and whether it loads."""
    installed = machine.distributions(*_OPENCVS)
    names = [f"{one['name']} {one['version']}" for one in installed]
    if len(installed) > 1:
        all_names = " ".join(one["name"] for one in installed)
        yield wrong(
            "OpenCV", f"{' and '.join(names)} write the same folder cv2, each over the other",
            f"pip uninstall -y {all_names}; pip install opencv-python   (or opencv-python-headless on a server)",
        )  # fmt: skip
        return
    imported = machine.imported("cv2")
    if imported.fault is not None:
        yield _does_not_load("OpenCV", names, imported, _mend_of_opencv(imported.fault))
    elif not _OLDEST_OPENCV.is_met_by(imported.facts["version"]):
        mend = "pip install --upgrade opencv-python"
        yield wrong("OpenCV", f"{imported.facts['version']} is older than {_OLDEST_OPENCV.least}", mend)
    else:
        yield ok("OpenCV", names[0] if names else f"cv2 {imported.facts['version']}, not by pip")


def check_others(machine: Machine) -> Iterator[Finding]:
    """The toolkit's other requirements."""
    findings = [check_package(machine, one) for one in base_requirements(machine) if one.name != "numpy"]
    yield from (one for one in findings if one.status != "ok")
    good = [f"{one.subject} {one.found}" for one in findings if one.status == "ok"]
    if good:
        yield ok("other packages", ", ".join(good))


def check_package(machine: Machine, required: Requirement) -> Finding:
    """Whether a package is there, new enough, and loads."""
    name, version = required.name, machine.version_of(required.name)
    mend = f"pip install --upgrade '{name}{f'>={required.least}' if required.least else ''}'"
    if version is not None and not required.is_met_by(version):
        return wrong(name, f"{version} is older than {required.least}", mend)
    imported = machine.imported(_MODULES.get(name.lower(), name))
    if imported.fault is None:
        return ok(name, version or f"{imported.facts['version']}, not by pip")
    return _does_not_load(name, [] if version is None else [version], imported, mend)


def _does_not_load(subject: str, installed: list[str], imported: Imported, mend: str) -> Finding:
    if not installed and "No module named" in imported.fault:
        return wrong(subject, "is not installed", mend)
    mend = mend.replace("pip install", "pip install --force-reinstall", 1) if installed else mend
    return wrong(subject, f"{' and '.join(installed)} does not load: {imported.fault}".strip(), mend)


def _mend_of_opencv(fault: str) -> str:
    if "numpy" in fault or "_ARRAY_API" in fault:
        return "pip install --upgrade opencv-python numpy"
    if ".so" in fault:  # libGL, libxcb, libgthread: for the window functions, which nothing here calls
        return "pip uninstall -y opencv-python opencv-contrib-python; pip install opencv-python-headless"
    return "pip install opencv-python"


def _build(paddle: Imported) -> str:
    cuda = paddle.facts["cuda"]
    return "built for the CPU" if cuda is None else f"built for CUDA {cuda}"
