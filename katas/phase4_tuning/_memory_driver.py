"""Calls the learner's memory() and load_weights() in the host: on trees of processes that it starts, and on files that are there.

It says what was returned or raised and what there was, as plain data, and decides nothing: all that is expected stays in the judge.
"""

import contextlib
import hashlib
import importlib
import json
import mmap
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from dojo import memory
from dojo.stack import Learner
from dojo.wire import scalar

learner = Learner(Path.cwd())


def _told(call: Callable[[], Any]) -> dict[str, Any]:
    """What ``call`` gives, or what it raises."""
    try:
        return {"value": call()}
    except NotImplementedError:
        raise
    except Exception as error:
        return {"raised": learner.error(error), "kinds": [kind.__name__ for kind in type(error).__mro__]}


def _named(module: str, *names: str) -> Any:
    found = importlib.import_module(module)
    for name in names:
        if not hasattr(found, name):
            raise AttributeError(f"{module.replace('.', '/')}.py has no `{name}`")
    return found


# -- memory()


def measured(trees: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What memory() says of each tree, and what it has, as it was seen before and after."""
    benchmark = _named("app.benchmark", "MemoryUse", "memory")
    return [_measured(benchmark, tree) for tree in trees]


def _measured(benchmark: Any, tree: dict[str, Any]) -> dict[str, Any]:
    command = [sys.executable, "-I", "-S", str(Path(__file__).with_name("_memory_tree.py")), json.dumps(tree)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as root:
        assert root.stdin is not None
        assert root.stdout is not None
        try:
            if not root.stdout.readline():
                return {"failed": True}
            before = memory.together(root.pid)
            if tree.get("ends"):
                _ends_when_looked_at(_last_child(root.pid), tree["ends"])
            told = _told(lambda: fields(benchmark.memory(root.pid), benchmark.MemoryUse))
            after = memory.together(root.pid)
        finally:
            root.stdin.close()
            root.kill()
    return {**told, "seen": [asdict(before), asdict(after)]}


#: Which process ends when one of its files is opened, and after how many of them.
_ending = {"pid": 0, "looks": 0}


def _ends_when_looked_at(pid: int, looks: int) -> None:
    """From now on the process ``pid`` ends, and is gone, just before the file in /proc is opened that is the ``looks``-th of its own."""
    if not _ending["pid"]:
        sys.addaudithook(_opened)  # which stays for ever
    _ending.update(pid=pid, looks=looks)


def _opened(event: str, arguments: tuple[Any, ...]) -> None:
    if event != "open" or not f"{arguments[0]}".startswith(f"/proc/{_ending['pid']}/"):
        return
    _ending["looks"] -= 1
    if _ending["looks"] == 0:
        os.kill(_ending["pid"], signal.SIGKILL)
        while os.path.exists(f"/proc/{_ending['pid']}"):
            time.sleep(0.001)


def _last_child(pid: int) -> int:
    return int(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[-1])


def fields(use: Any, cls: type[Any]) -> dict[str, Any]:
    """The fields of a `MemoryUse`; anything else as what it is."""
    if not isinstance(use, cls):
        return {"type": type(use).__name__, "shown": f"{use!r:.80}"}
    return {name: _number(getattr(use, name)) for name in ("rss_bytes", "pss_bytes", "workers")}


def _number(value: Any) -> Any:
    value = scalar(value)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else {"shown": f"{value!r:.80}"}


# -- load_weights()


def loaded() -> dict[str, Any]:
    """What load_weights() gives, and what happens when somebody writes to it."""
    weights = _named("app.weights", "load_weights")
    return _told(lambda: _array(weights.load_weights()))


def _array(array: Any) -> dict[str, Any]:
    import numpy as np

    if not isinstance(array, np.ndarray):
        return {"type": type(array).__name__, "shown": f"{array!r:.80}"}
    told = {"shape": list(array.shape), "dtype": array.dtype.str, "digest": hashlib.sha256(np.ascontiguousarray(array)).hexdigest()}
    base: Any = array
    while isinstance(base, np.ndarray) and base.base is not None:
        base = base.base
    if isinstance(base, mmap.mmap):
        with contextlib.suppress(ValueError):
            array.flags.writeable = True  # a map that only says that it can't be written to
    try:
        array.flat[0] = 1
    except (ValueError, TypeError):
        return {**told, "written": False}
    return {**told, "written": True}
