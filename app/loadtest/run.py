"""One load, without the web page: Locust in a process of its own, and the statistics that it wrote."""

from pathlib import Path

#: How long Locust may take beyond the load itself, to start and to end, in seconds. It imports much, on a busy machine for long.
GRACE_SECONDS = 20.0


def run(host: str, user_class: str, users: int, spawn_rate: float, seconds: float) -> Path:
    """Loads ``host`` for ``seconds`` with ``users`` of a class of ``locustfile.py``, ``spawn_rate`` more of them a second.

    Returns the path of the statistics that Locust wrote as CSV, in a new folder outside of this repository. Failed requests
    are a result like any other. Raises ``RuntimeError`` with what Locust said when it can't start, and ``TimeoutError`` when it
    hasn't ended `GRACE_SECONDS` after the load should have; whatever happens, it doesn't run on.
    """
    # TODO 3.3: a load has to be started by hand, and somebody has to sit beside it.
    # Goal: one call starts Locust in a process of its own, waits for it, and says where its statistics are.
    # Tool: subprocess, sys.executable -m locust, tempfile; locust --help says which option is for what.
    raise NotImplementedError("3.3: run() starts no load yet")
