"""Calls the learner's run() in the host, beside a locustfile of the judge's, and looks at what is left of it."""

import contextlib
import importlib
import json
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

#: How long a process that was ended may take to be gone, in seconds. Only what runs on is waited for so long.
GONE_PATIENCE = 2.0


def ready() -> None:
    """Nothing, for a host that is to be there."""


def attempt(locustfile: str, word: str, arguments: list[Any], grace: float | None = None, twice: bool = False) -> dict[str, Any]:
    """Runs ``run(*arguments)`` with ``locustfile`` as the workspace's; ``grace`` takes the place of GRACE_SECONDS, if it is there.

    With ``twice`` it is run once more when it has returned a path, and all but `again` is about the first time. By the clock both begin
    in the same second then, as runs of two threads of one process do.
    """
    module = importlib.import_module("app.loadtest.run")
    if grace is not None and hasattr(module, "GRACE_SECONDS"):
        module.GRACE_SECONDS = grace
    shutil.rmtree("__pycache__", ignore_errors=True)  # of the locustfile before, which may be of the same second and size
    Path("locustfile.py").write_text(locustfile.replace("@word@", word), encoding="utf-8")
    # What is put where temporary files go is removed with the judge's own.
    os.environ["TMPDIR"] = str(Path(word).parent)
    tempfile.tempdir = None
    home = Path.cwd()
    before, began = files(home), time.monotonic()
    done: dict[str, Any] = {"home": str(home)}
    second = int(time.time()) - 1 if twice else None
    try:
        with clock_at(second):
            done["path"] = returned(module.run(*arguments), home)
    except NotImplementedError:
        raise
    except (RuntimeError, TimeoutError) as error:
        done["raised"] = {"kinds": [kind.__name__ for kind in type(error).__mro__], "type": type(error).__name__, "message": str(error)[:4000]}
    finally:
        done["took"] = time.monotonic() - began
        said = [json.loads(line) for line in Path(word).read_text(encoding="utf-8").splitlines()] if Path(word).exists() else []
        done["running"] = still_running({each["pid"] for each in said})
        os.chdir(home)
    done["said"] = next((each for each in said if "users" in each), {})
    done["printed"] = any("printed" in each for each in said)
    done["stuck"] = any("stuck" in each for each in said)
    done["lasted"] = next((each["ended"] - began for each in said if "ended" in each), None)
    done["written"] = sorted(files(home) - before)
    if twice and done.get("path", {}).get("exists"):
        done["again"] = once_more(module, arguments, Path(done["path"]["file"]), home, second)
    return done


@contextlib.contextmanager
def clock_at(second: int | None) -> Iterator[None]:
    """Sets back the clock that `time` tells of to a little after the beginning of a ``second``; it goes on as it did."""
    if second is None:
        yield
        return
    real = {name: getattr(time, name) for name in ("time", "time_ns", "localtime", "gmtime", "strftime")}
    back = real["time_ns"]() - int((second + 0.1) * 1e9)
    time.time_ns = lambda: real["time_ns"]() - back
    time.time = lambda: time.time_ns() / 1e9
    time.localtime = lambda seconds=None: real["localtime"](time.time() if seconds is None else seconds)
    time.gmtime = lambda seconds=None: real["gmtime"](time.time() if seconds is None else seconds)
    time.strftime = lambda form, *when: real["strftime"](form, *(when or (time.localtime(),)))
    try:
        yield
    finally:
        vars(time).update(real)


def once_more(module: ModuleType, arguments: list[Any], first: Path, home: Path, second: int | None) -> dict[str, Any]:
    """What a second run returned, and what became of the first one's file."""
    before, path = first.read_bytes(), None
    try:
        with clock_at(second):
            path = returned(module.run(*arguments), home)
    except (RuntimeError, TimeoutError):
        pass  # the first run has shown what it does; this one is about its files
    finally:
        os.chdir(home)
    touched = "gone" if not first.is_file() else "another one" if first.read_bytes() != before else ""
    return {"path": path, "touched": touched}


def returned(path: Any, home: Path) -> dict[str, Any]:
    """What run() returned, and what lies there."""
    if not isinstance(path, str | os.PathLike):
        return {"type": type(path).__name__, "shown": f"{path!r:.80}"}
    file = Path(home, path)
    return {
        "type": "Path" if isinstance(path, Path) else type(path).__name__, "shown": str(path), "file": str(file.resolve()),
        "inside": home.resolve() in file.resolve().parents, "exists": file.is_file(),
        "beside": sorted(each.name for each in file.parent.iterdir())[:12] if file.parent.is_dir() else [],
    }


def files(home: Path) -> set[str]:
    """All files of the workspace but what Python itself keeps of imported modules."""
    return {str(each.relative_to(home)) for each in home.rglob("*") if each.is_file() and "__pycache__" not in each.parts}


def runs(pid: int) -> bool:
    """Whether there is such a process, and more of it than its exit status."""
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return not Path("/proc/self").exists()


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
