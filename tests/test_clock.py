"""The call clock: whose line took the thread's time, and how much of it."""

import asyncio
import importlib.util
import threading
import time
from pathlib import Path
from types import ModuleType

import pytest

from dojo.clock import OWN_LIMIT, Call, CallClock, RunQueue
from dojo.stack import Learner

CODE = '''\
import asyncio
import time


def sleeps():
    time.sleep(0.2)


def computes():
    end = time.thread_time() + 0.12
    while time.thread_time() < end:
        pass


def helper():
    sleeps()


async def awaits():
    await asyncio.sleep(0.2)


def raises():
    try:
        int("x" + str(time.sleep(0.2)))
    except ValueError:
        pass


def quick():
    for _ in range(1000):
        len("x")
'''


@pytest.fixture
def code(tmp_path: Path) -> ModuleType:
    """The learner's module."""
    file = tmp_path / "code.py"
    file.write_text(CODE)
    spec = importlib.util.spec_from_file_location("learners_code", file)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def timed(code: ModuleType, *names: str) -> list[Call]:
    """The slow calls while functions of ``code`` ran on an armed thread of their own."""
    clock = CallClock(Learner(Path(str(code.__file__)).parent))

    def run() -> None:
        clock.arm()
        for name in names:
            value = getattr(code, name)()
            if asyncio.iscoroutine(value):
                asyncio.run(value)
        clock.disarm()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return clock.slow_calls()


def line(part: str) -> int:
    """The number of the line of `CODE` that holds ``part``."""
    return next(number for number, text in enumerate(CODE.splitlines(), 1) if part in text)


def test_a_sleep_is_charged_to_its_line(code: ModuleType) -> None:
    """The innermost call that explains the time is named, with what it called."""
    (call,) = timed(code, "helper")

    assert ("code.py", line("time.sleep(0.2)")) == (call.place["file"], call.place["line"])
    assert "sleep" in call.callee
    assert call.wall >= 0.2
    assert call.cpu < OWN_LIMIT


def test_statements_of_a_function_are_charged_to_it(code: ModuleType) -> None:
    """Computing in the function's own statements has no callee, and CPU time."""
    (call,) = timed(code, "computes")

    assert ("computes", "") == (call.place["function"], call.callee)
    assert call.cpu >= 0.1


def test_an_awaited_wait_costs_nothing(code: ModuleType) -> None:
    """A suspended coroutine doesn't hold the thread."""
    assert [] == timed(code, "awaits")


def test_a_call_that_raises_is_timed_too(code: ModuleType) -> None:
    """The record is right when calls end with an exception."""
    (call,) = timed(code, "raises", "quick")

    assert "raises" == call.place["function"]


def test_each_time_is_noted(code: ModuleType) -> None:
    """Two slow calls of one line are two: what rests on a clock alone has to be seen twice."""
    assert 2 == len(timed(code, "sleeps", "quick", "sleeps"))


def test_time_without_a_cpu_is_not_a_calls_own() -> None:
    """The run-queue delay is taken off."""
    call = Call({"file": "a.py", "line": 1}, "f", start=0.0, wall=0.3, cpu=0.01, queued=0.25, depth=0)

    assert pytest.approx(0.05) == call.own
    assert not call.slow


def test_the_run_queue_delay_only_grows() -> None:
    """It is read in seconds, and is 0 where the platform can't tell."""
    queue = RunQueue()
    before = queue.seconds()
    time.sleep(0.01)

    assert 0 <= before <= queue.seconds() < 3600
