# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Package description; the lists of packages live in the requirements files.

Paddle and OpenCV come in several packages that overwrite each other (CPU, GPU, headless). They are extras, so
that installing the toolkit never puts a second one over the one that is there.
"""

import re
import runpy
from pathlib import Path

from setuptools import find_packages, setup

ROOT = Path(__file__).resolve().parent
CHOSEN_BY_THE_USER = ("paddlepaddle", "opencv-python")


def read_requirements(name):
    """Lines of a requirements file without comments."""
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


def is_chosen_by_the_user(requirement):
    return requirement.startswith(CHOSEN_BY_THE_USER)


cpu, gpu = read_requirements("requirements.txt"), read_requirements("requirements-gpu.txt")
version_line = r'^__version__ = "(.+)"$'
init_text = (ROOT / "paddleseg" / "__init__.py").read_text(encoding="utf-8")
# The doctor reads them there, and setup imports nothing from the package, which would need the packages to install.
EXTRAS = runpy.run_path(str(ROOT / "paddleseg" / "environment" / "extras.py"))["EXTRAS"]
opencv = next(line for line in cpu if line.startswith("opencv-python"))

setup(
    name="ddrnet-toolkit",
    version=re.search(version_line, init_text, re.MULTILINE)[1],
    description="Real-time semantic segmentation with DDRNet in PaddlePaddle, from training to deployment",
    long_description=(ROOT / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    author="The DDRNet Toolkit Authors",
    python_requires=">=3.10",
    packages=find_packages(include=["paddleseg", "paddleseg.*"]),
    package_data={
        "paddleseg.models": ["zoo.yml"],
        "paddleseg.datasets": ["tables/*.json"],
        "paddleseg.deploy.serve": ["openapi.json", "page/*"],
        "paddleseg.reports": ["page/*"],
        "paddleseg.utils": ["page/*"],
    },
    entry_points={
        "console_scripts": [
            "ddrnet = paddleseg.__main__:run",
            "ddrnet-serve = paddleseg.deploy.serve.__main__:run",
        ]
    },
    install_requires=[line for line in cpu if not is_chosen_by_the_user(line)],
    extras_require={
        "cpu": [line for line in cpu if is_chosen_by_the_user(line)],
        "gpu": [line for line in gpu if line not in cpu or is_chosen_by_the_user(line)],
        **EXTRAS,
        "serving": read_requirements("requirements-serving.txt"),
        "headless": [opencv.replace("opencv-python", "opencv-python-headless")],
    },
)
