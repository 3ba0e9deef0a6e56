"""hadolint, the linter for Dockerfiles, and what it finds."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from dojo.evidence import last_lines
from dojo.subject import Inconclusive


@dataclass(frozen=True)
class Finding:
    """What hadolint says of a line."""

    code: str
    level: str
    line: int
    message: str


def hadolint(dockerfile: Path) -> list[Finding] | None:
    """What hadolint finds in a Dockerfile; None when it isn't installed."""
    beside = Path(sys.executable).with_name("hadolint")
    program = str(beside) if beside.is_file() else shutil.which("hadolint")
    if program is None:
        return None
    # What it would read from the folder or from the user's home is none of the verdict's.
    done = subprocess.run([program, "--config", os.devnull, "--format", "json", "--no-fail", "--disable-ignore-pragma", str(dockerfile)],
                          capture_output=True, text=True, timeout=60, check=False, stdin=subprocess.DEVNULL)
    found = None
    with contextlib.suppress(ValueError):
        found = json.loads(done.stdout)
    if not isinstance(found, list):
        raise Inconclusive(f"hadolint failed:\n{last_lines(done.stderr)}")
    return [Finding(each["code"], each["level"], int(each["line"]), each["message"]) for each in found]
