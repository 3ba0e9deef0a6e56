"""Calls the learner's usable_cpus() in the host, on machines that are made up: an affinity, and a tree of a container's files.

It says what was returned or raised, as plain data, and decides nothing: all that is expected stays in the judge.
"""

import contextlib
import importlib
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from dojo.stack import Learner
from dojo.wire import scalar

learner = Learner(Path.cwd())

#: The machine of the current call: the CPUs that it has, and those on which the process may run.
machine: dict[str, Any] = {"cpus": 1, "affinity": [0]}


def _make_up() -> None:
    """Lets Python say what ``machine`` says; before the learner's module is imported, which may take copies of these functions."""
    for name, said in {
        "cpu_count": lambda: machine["cpus"],
        "process_cpu_count": lambda: len(machine["affinity"]),
        "sched_getaffinity": lambda _: set(machine["affinity"]),
    }.items():
        if name != "process_cpu_count" or hasattr(os, name):
            setattr(os, name, said)
    with contextlib.suppress(ImportError):
        import psutil  # which asks the system by itself

        psutil.cpu_count = lambda logical=True: machine["cpus"]
        psutil.Process.cpu_affinity = lambda process, cpus=None: sorted(machine["affinity"])


def counted(cases: list[dict[str, Any]], same: bool = False) -> list[dict[str, Any]]:
    """What usable_cpus() says of each machine: its ``cpus``, ``affinity``, ``files`` and ``links`` below the root, and the root's ``kind``.

    ``same``: whether all of them have the same root, one after the other.
    """
    _make_up()
    tuning = importlib.import_module("app.tuning")
    if not hasattr(tuning, "usable_cpus"):
        raise AttributeError("app/tuning.py has no `usable_cpus`")
    with tempfile.TemporaryDirectory() as folder:
        return [_called(tuning, case, f"{folder}/{0 if same else number}") for number, case in enumerate(cases)]


def _called(tuning: Any, case: dict[str, Any], folder: str) -> dict[str, Any]:
    machine.update(cpus=case["cpus"], affinity=case["affinity"])
    shutil.rmtree(folder, ignore_errors=True)  # the machine before
    Path(folder).mkdir()
    for name, text in case["files"].items():
        file = Path(folder, name)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="ascii")
    for name, target in case["links"].items():
        Path(folder, name).symlink_to(target, target_is_directory=True)
    try:
        value = tuning.usable_cpus(folder if case["kind"] == "str" else Path(folder))
    except NotImplementedError:
        raise
    except Exception as error:
        told = learner.error(error)
        return {"raised": {**told, "message": told["message"].replace(folder, "<root>")}}
    if isinstance(plain := scalar(value), int) and not isinstance(plain, bool):
        return {"value": plain}
    return {"type": type(value).__name__, "shown": f"{value!r:.80}"}


def here() -> dict[str, Any]:
    """What usable_cpus() says of this machine, as it is: for the process as it was started, and once it may run on a single CPU."""
    tuning = importlib.import_module("app.tuning")
    allowed = sorted(os.sched_getaffinity(0))
    free = tuning.usable_cpus()
    try:
        os.sched_setaffinity(0, allowed[-1:])
        pinned = tuning.usable_cpus()
    finally:
        os.sched_setaffinity(0, allowed)
    return {"free": repr(scalar(free)), "pinned": repr(scalar(pinned)), "allowed": len(allowed)}
