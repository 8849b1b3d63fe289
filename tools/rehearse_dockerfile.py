# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Executes docker/Dockerfile without an engine: in a folder, with this machine's Python as the base image's.

RUN lines are run unchanged, in the order of the file, with three differences. Folders of the image are below the given
folder. System packages are requested with `apt-get install --simulate`, and no user is added. Files are copied as by
`docker build -f docker/Dockerfile .`, respecting .dockerignore.

It cannot check whether the base image has what the steps need, nor whether an engine accepts the file. Then the
resulting environment exports a network, predicts a picture and serves it.
"""

import argparse
import fnmatch
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
# Folders of the image that its steps write to; others, such as /bin, are this machine's.
_IMAGE_FOLDERS = re.compile(r"(?<![\w./-])/(?=(?:opt|home|root|usr/local|var/lib)\b)")
_START_SECONDS = 180

_STAND_INS = {
    "apt-get": 'case "$1" in install) exec {real} "$@" --simulate ;; update) exit 0 ;; *) exit 1 ;; esac',
    "useradd": "exit 0",
}


def read_instructions(text: str) -> list[tuple[str, str]]:
    """Instructions of a Dockerfile, as (name, rest of the line) with continued lines joined and comments left out."""
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    return [(name.upper(), rest) for name, rest in (line.split(None, 1) for line in joined.splitlines())]


def is_ignored(path: str, patterns: list[str]) -> bool:
    """Whether a file is left out of a context: the last pattern that matches it, or a folder above it, decides."""
    parts = path.split("/")
    aboves = ["/".join(parts[:count]) for count in range(1, len(parts) + 1)]
    ignored = False
    for pattern in patterns:
        bare = pattern.lstrip("!")
        if bare.startswith("**/"):
            fits = any(fnmatch.fnmatchcase(part, bare[3:]) for part in parts)
        else:
            fits = any(above.count("/") == bare.count("/") and fnmatch.fnmatchcase(above, bare) for above in aboves)
        if fits:
            ignored = not pattern.startswith("!")
    return ignored


def read_ignored(context: Path) -> list[str]:
    """The patterns of its .dockerignore."""
    lines = (context / ".dockerignore").read_text(encoding="utf-8").splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


def list_context(context: Path) -> list[str]:
    """Files of a context that git tracks and .dockerignore does not exclude, relative to it."""
    listed = subprocess.run(["git", "ls-files"], cwd=context, capture_output=True, text=True, check=True).stdout
    patterns = read_ignored(context)
    return [path for path in listed.splitlines() if not is_ignored(path, patterns)]


class Rehearsal:
    """One image, as a folder.

    Args:
        root: The folder that stands for the image's "/".
        context: The build context.
    """

    def __init__(self, root: Path, context: Path):
        self.root, self.context = root, context
        self.folder = root
        stand_ins = self._write_stand_ins(root / "stand-ins")
        base = str(Path(sys.base_prefix) / "bin")
        self.environment = {
            "PATH": os.pathsep.join([str(stand_ins), base, os.environ["PATH"]]),
            "HOME": os.environ.get("HOME", "/"),
            **{name: value for name, value in os.environ.items() if name.startswith(("PIP_", "SSL_", "http"))},
        }

    def _write_stand_ins(self, folder: Path) -> Path:
        folder.mkdir(parents=True)
        for name, body in _STAND_INS.items():
            real = shutil.which(name) or f"/usr/bin/{name}"
            (folder / name).write_text(f"#!/bin/sh\n{body.format(real=real)}\n", encoding="utf-8")
            (folder / name).chmod(0o755)
        return folder

    def here(self, text: str) -> str:
        """The text with the image's folders moved below the rehearsal's."""
        return _IMAGE_FOLDERS.sub(f"{self.root}/", text)

    def do(self, name: str, rest: str) -> None:
        """Carry out one instruction."""
        if name == "RUN":
            command = self.here(re.sub(r"^(--\S+\s+)+", "", rest))
            print(f"RUN {command}", flush=True)
            (self.root / "opt").mkdir(exist_ok=True)
            for needed in ("home", "usr/local/bin", "var/lib"):
                (self.root / needed).mkdir(parents=True, exist_ok=True)
            subprocess.run(["sh", "-ec", command], cwd=self.folder, env=self.environment, check=True)
        elif name == "ENV":
            for word in shlex.split(self.here(rest)):
                key, value = word.split("=", 1)
                self.environment[key] = value.replace("$PATH", self.environment["PATH"])
        elif name == "WORKDIR":
            self.folder = Path(self.here(rest))
            self.folder.mkdir(parents=True, exist_ok=True)
        elif name == "COPY" and "--from=" not in rest:  # stages share the folder
            self._copy(rest.split()[:-1])
        elif name not in ("COPY", "FROM", "USER", "EXPOSE", "CMD"):
            raise SystemExit(f"error: {name} {rest}: the rehearsal does not know this instruction")

    def _copy(self, sources: list[str]) -> None:
        files = list_context(self.context)
        if sources != ["."]:
            missing = set(sources) - set(files)
            if missing:
                raise SystemExit(f"error: COPY {' '.join(sorted(missing))}: not in the context {self.context}")
            files = sources
        for file in files:
            target = self.folder / file
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(self.context / file, target)

    def run(self, *command: str) -> None:
        """Run a command as `docker run` would; its failure is ours."""
        print("$", *command, flush=True)
        subprocess.run(command, cwd=self.folder, env=self.environment, check=True)

    def try_service(self, model: Path, picture: Path) -> None:
        """Serve an exported folder, request a picture's label map, and stop it."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        command = [f"{self.root}/usr/local/bin/ddrnet-serve", "--model", str(model), "--host", "0.0.0.0"]
        process = subprocess.Popen([*command, "--port", str(port)], cwd=self.folder, env=self.environment)
        try:
            self._wait_for(f"http://127.0.0.1:{port}/health", process)
            request = urllib.request.Request(
                f"http://127.0.0.1:{port}/predict?output=labels", data=picture.read_bytes(), method="POST"
            )
            with urllib.request.urlopen(request, timeout=60) as answer:
                if not answer.read(8) == b"\x89PNG\r\n\x1a\n":
                    raise SystemExit("error: the service's label map is not a PNG file")
        finally:
            process.terminate()
            status = process.wait(60)
        if status != 0:
            raise SystemExit(f"error: the service ended with status {status}")

    def _wait_for(self, url: str, process: subprocess.Popen) -> None:
        end = time.monotonic() + _START_SECONDS
        while time.monotonic() < end and process.poll() is None:
            try:
                urllib.request.urlopen(url, timeout=5).close()
            except OSError:
                time.sleep(0.5)
            else:
                return
        raise SystemExit(f"error: the service did not answer at {url}")


def try_environment(rehearsal: Rehearsal) -> None:
    """Import, export an untrained network, predict a picture and serve it."""
    output = rehearsal.folder / "output"
    picture, model = output / "street.png", output / "inference_model"
    rehearsal.run("python", "-c", "import paddleseg, paddle, cv2; print(paddle.__version__, cv2.__version__)")
    drawing = "import sys, cv2, numpy; cv2.imwrite(sys.argv[1], numpy.arange(98304).reshape(128, 256, 3) % 251)"
    rehearsal.run("python", "-c", drawing, str(picture))
    config = "configs/quick_start/ddrnet23_slim_roadscenes.yml"
    rehearsal.run("python", "export.py", "--config", config, "--save_dir", str(model), "--no_verify")
    rehearsal.run(
        "python", "deploy/python/infer.py", "--config", str(model / "deploy.yaml"), "--image_path", str(picture),
        "--save_dir", str(output / "labels"), "--device", "cpu",
    )  # fmt: skip
    if not (output / "labels" / "street.png").is_file():
        raise SystemExit("error: infer.py wrote no label map")
    rehearsal.try_service(model, picture)


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="new folder for what the image would have (2 GB)")
    return parser


def main(arguments: argparse.Namespace) -> None:
    root = arguments.folder.resolve()
    if root.exists():
        raise SystemExit(f"error: {arguments.folder} already exists; name a new folder")
    rehearsal = Rehearsal(root, REPOSITORY)
    for name, rest in read_instructions((REPOSITORY / "docker" / "Dockerfile").read_text(encoding="utf-8")):
        rehearsal.do(name, rest)
    try_environment(rehearsal)
    print("docker/Dockerfile: all steps done; export, prediction and service work")


if __name__ == "__main__":
    main(make_parser().parse_args())
