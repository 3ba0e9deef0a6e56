"""What an engine is sent to build an image from: a workspace, the given files beside it, and what has no place in an image."""

import re
import secrets
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from dojo.dockerfile import without_syntax
from dojo.workspace import ROOT

#: What stands beside ``app/`` in the repository and may be needed to build the image.
GIVEN = ("pyproject.toml", "constraints.txt", "README.md", "LICENSE")
#: Versions that the constraints of a judged build ask for in the place of the newest ones: who doesn't look there gets others.
OLDER = {"idna": "3.10", "certifi": "2025.1.31"}

#: What of a machine's settings for pip a build may need, to reach an index.
_PIP = ("index-url", "extra-index-url", "trusted-host", "cert", "proxy")


def context(workspace: Path, target: Path, *, older: bool = True, files: Mapping[str, str] | None = None) -> Path:
    """Makes the folder ``target`` what an engine is sent: the ``workspace``, the given files, and ``files`` by their paths.

    ``older``: the constraints ask for versions that are not the newest, so that it shows who follows them.
    """
    shutil.copytree(workspace, target, dirs_exist_ok=True)
    for name in GIVEN:
        if (ROOT / name).is_file():
            shutil.copy2(ROOT / name, target / name)
    if older:
        pins = (target / "constraints.txt").read_text(encoding="utf-8")
        for name, version in OLDER.items():
            pins = re.sub(rf"^{name}==.*$", f"{name}=={version}", pins, flags=re.M)
        (target / "constraints.txt").write_text(pins, encoding="utf-8")
    for path, text in (files or {}).items():
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        (target / path).write_text(text, encoding="utf-8")
    for each in target.rglob("*"):  # as git would have them for anybody: a umask must not decide who may write in the image
        each.chmod(0o755 if each.is_dir() or each.stat().st_mode & 0o100 else 0o644)
    dockerfile = target / "Dockerfile"
    if dockerfile.is_file():  # an engine without a registry can't fetch the reader that a syntax line names
        dockerfile.write_text(without_syntax(dockerfile.read_text(encoding="utf-8", errors="replace")), encoding="utf-8")
    return target


class Trap:
    """What lies in a context and has no place in an image: secrets, history, caches, tests."""

    def __init__(self) -> None:
        #: A password that is drawn anew for each run, so that it can be looked for.
        self.secret = secrets.token_hex(16)
        #: A folder of the code that nobody could have known by its name; one of a few, so that the engine's cache knows it.
        word = secrets.choice(("audit", "batch", "pricing", "search"))
        #: What has to stay out, under the names by which a learner knows it; each with a file of it.
        self.places = {
            ".git": ".git/config", ".env": ".env", ".venv": ".venv/pyvenv.cfg", ".nox": ".nox/katas/pyvenv.cfg",
            "__pycache__": "__pycache__/noxfile.cpython-311.pyc", "app/__pycache__": "app/__pycache__/main.cpython-311.pyc",
            "app/routers/__pycache__": "app/routers/__pycache__/predict.cpython-311.pyc",
            f"app/{word}/__pycache__": f"app/{word}/__pycache__/one.cpython-311.pyc",
            ".pytest_cache": ".pytest_cache/README.md", ".mypy_cache": ".mypy_cache/CACHEDIR.TAG", ".ruff_cache": ".ruff_cache/CACHEDIR.TAG",
            "tests": "tests/test_service.py",
        }
        texts = {".env": f"DATABASE_URL=postgresql://katas:{self.secret}@db:5432/katas\n",
                 ".git/config": f"[remote \"origin\"]\n\turl = https://katas:{self.secret}@example.com/katas.git\n"}
        self.files = {path: texts.get(path, "left over\n") for path in self.places.values()}


def _pip_config() -> str:
    """What `pip config list` says, by the first pip that there is: an environment that uv made has none of its own."""
    for python in (sys.executable, getattr(sys, "_base_executable", None), shutil.which("python3")):
        if python:
            done = subprocess.run([python, "-m", "pip", "config", "list"], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
            if done.returncode == 0:
                return done.stdout
    return ""


def pip_settings() -> str:
    """This machine's settings for pip that a build needs to reach an index, as a pip.conf; empty when there are none.

    They may hold a password, so they are handed over as a secret of the build.
    """
    found: dict[str, str] = {}
    for line in _pip_config().splitlines():
        name, _, value = line.partition("=")
        option, value = name.rpartition(".")[2], value.strip("'\"")
        # An index in a folder of this machine's, and a file of certificates, are not there in a container.
        if option in _PIP and "file:" not in value and not value.startswith("/"):
            found[option] = value.replace("\\n", "\n    ")
    return "[global]\n" + "".join(f"{name} = {value}\n" for name, value in found.items()) if found else ""
