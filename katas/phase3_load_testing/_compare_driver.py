"""Calls the learner's compare() in the host, with a stand-in for Locust or with the real one, and says what came of it."""

import dataclasses
import importlib
import json
import os
import shutil
import signal
import sys
import time
from pathlib import Path
from typing import Any

from dojo.stack import Learner

#: Where the learner's files lie. A compare() that goes somewhere else is called there the next time.
HOME = Path.cwd()
learner = Learner(HOME)
#: How long a process that has ended may take to be gone, in seconds.
GONE_PATIENCE = 2.0


def attempt(arguments: list[Any], folder: str | None, drawing: str, fake: dict[str, str] | None) -> dict[str, Any]:
    """Runs ``compare(*arguments)``, with ``folder`` if there is one; ``fake`` holds the stand-in's source, its plan and its log.

    For the class that it calls ``late``, `run` raises the exception for a Locust that doesn't come to its end, without the wait.
    """
    os.environ["MPLCONFIGDIR"] = drawing  # where matplotlib keeps what it knows of the fonts, which takes it long to find out
    running = importlib.import_module("app.loadtest.run")
    analysis = importlib.import_module("app.loadtest.analysis")
    if not hasattr(running, "noted"):
        running.noted, running.paths = running.run, []  # type: ignore[attr-defined]

        def run(*given: Any, **named: Any) -> Any:
            if running.late and running.late in (*given, *named.values()):
                raise TimeoutError(f"Locust had not ended {running.GRACE_SECONDS:g} s after its load")
            path = running.noted(*given, **named)
            running.paths.append(str(path))
            return path

        running.run = run  # type: ignore[attr-defined]
    running.paths.clear()
    running.late = fake["late"] if fake else ""  # type: ignore[attr-defined]
    if fake is not None:
        stand_in(fake)
    compare = importlib.import_module("app.loadtest.compare").compare
    before = files(HOME)
    done: dict[str, Any] = {"moved": "" if Path.cwd() == HOME else Path.cwd().name}
    try:
        value = compare(*arguments, folder=Path(folder)) if folder else compare(*arguments)
        done["value"] = [told(each, analysis.LoadSummary) for each in value] if isinstance(value, list) else told(value, ())
    except NotImplementedError:
        raise
    except Exception as error:
        done["raised"], done["kinds"], done["told"] = learner.error(error), [kind.__name__ for kind in type(error).__mro__], all_of(error)
    notes = [json.loads(line) for line in Path(fake["log"]).read_text(encoding="utf-8").splitlines()] if fake and Path(fake["log"]).exists() else []
    return {**done, "paths": list(running.paths), "runs": notes, "left": still_running({note["pid"] for note in notes}),
            "written": sorted(files(HOME) - before)}


def all_of(error: BaseException | None) -> str:
    """What an exception says, with its notes and with what Python says of where it came from."""
    texts = []
    while error is not None and len(texts) < 20:
        texts.append("\n".join([str(error), *map(str, getattr(error, "__notes__", ()))]))
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "\n".join(texts)


def told(value: Any, cls: Any) -> Any:
    """The fields of a ``cls``; anything else as what it is."""
    if isinstance(value, cls):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(cls)}
    return {"type": type(value).__name__, "shown": f"{value!r:.80}"}


def stand_in(fake: dict[str, str]) -> None:
    """Lays the stand-in where `python -m locust` and the command `locust` find it before the real one."""
    package, commands = HOME / "locust", HOME / "commands"
    for each in (package, commands):
        each.mkdir(exist_ok=True)
    # What Python has compiled of the one before would be taken for this one's, as both are of one second and one size.
    shutil.rmtree(package / "__pycache__", ignore_errors=True)
    (package / "__init__.py").write_text("", encoding="utf-8")
    (package / "__main__.py").write_text(fake["source"].replace("@plan@", fake["plan"]).replace("@log@", fake["log"]), encoding="utf-8")
    command = commands / "locust"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{package.resolve() / "__main__.py"}" "$@"\n', encoding="utf-8")
    command.chmod(0o755)
    os.environ["PYTHONPATH"] = str(HOME)
    if str(commands.resolve()) not in os.environ.get("PATH", ""):
        os.environ["PATH"] = f"{commands.resolve()}{os.pathsep}{os.environ.get('PATH', '')}"


def files(home: Path) -> set[str]:
    """All files below ``home`` but what Python itself keeps of imported modules."""
    return {str(each.relative_to(home)) for each in home.rglob("*") if each.is_file() and "__pycache__" not in each.parts}


def runs(pid: int) -> bool:
    """Whether there is such a process, and more of it than its exit status."""
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def still_running(pids: set[int]) -> int:
    """How many of these run on after a while; they don't after this."""
    if os.name != "posix":
        return 0
    until = time.monotonic() + GONE_PATIENCE
    while any(map(runs, pids)) and time.monotonic() < until:
        time.sleep(0.02)
    left = [pid for pid in pids if runs(pid)]
    for pid in left:
        os.kill(pid, signal.SIGKILL)
    return len(left)
