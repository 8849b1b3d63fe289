# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""ShellCheck has no complaints about the shell scripts of the repository."""

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_shellcheck_is_content_with_every_script():
    program = shutil.which("shellcheck", path=str(Path(sys.executable).parent)) or shutil.which("shellcheck")
    assert program, "ShellCheck is not installed: pip install -r requirements-dev.txt"
    scripts = [ROOT / ".ci" / "run"]
    for folder in ("test_tipc", "tools", "deploy", "benchmark"):
        scripts += sorted(path for path in (ROOT / folder).rglob("*.sh") if "output" not in path.parts)
    assert len(scripts) >= 6
    done = subprocess.run([program, "--external-sources", *scripts], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
