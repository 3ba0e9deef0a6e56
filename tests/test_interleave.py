"""Two calls that meet at every instruction: what a lost update is, what a lock is, and what is neither."""

import _thread
import textwrap
import threading
import time
from collections.abc import Callable
from types import CodeType
from typing import Any

import pytest

from dojo import interleave
from dojo.interleave import Met, meetings

FILE = "/a/learner's/file.py"
SOURCE = textwrap.dedent("""\
    import collections
    import threading
    import time

    class Counter:
        def __init__(self):
            self.count = 0
            self.counts = collections.Counter()
            self.lock = threading.Lock()
            self.again = threading.RLock()
            self.slots = threading.BoundedSemaphore()
            self.news = threading.Condition()

        def bare(self):
            self.count += 1

        def locked(self):
            with self.lock:
                self.count += 1

        def twice(self):
            with self.again:
                with self.again:
                    self.count += 1

        def slot(self):
            with self.slots:
                self.count += 1

        def told(self):
            with self.news:
                self.count += 1

        def polls(self):
            while not self.lock.acquire(blocking=False):
                pass
            self.count += 1
            self.lock.release()

        def impatient(self):
            got = self.lock.acquire(timeout=60)
            self.count += 1
            if got:
                self.lock.release()

        def impatient_slot(self):
            got = self.slots.acquire(timeout=60)
            self.count += 1
            if got:
                self.slots.release()

        def tries(self):
            for _ in range(100):
                if got := self.lock.acquire(blocking=False):
                    break
                time.sleep(60)
            self.count += 1
            if got:
                self.lock.release()

        def polls_slowly(self):
            while not self.slots.acquire(blocking=False):
                time.sleep(0.001)
            self.count += 1
            self.slots.release()

        def drains(self):
            try:
                while True:
                    self.counts.popitem()
            except KeyError:
                pass

        def counts_elsewhere(self):
            self.counts.update(some=1)
            self.count = self.counts["some"]

        def never_released(self):
            self.lock.acquire()
            self.count += 1
    """)


@pytest.fixture
def counter(monkeypatch: pytest.MonkeyPatch) -> Callable[[], Any]:
    """Makes counters whose locks tell."""
    for module, names in ((threading, ("Lock", "RLock", "_allocate_lock", "Semaphore", "BoundedSemaphore")), (time, ("sleep",)),
                          (_thread, ("allocate_lock", "allocate", "RLock"))):
        for name in names:
            monkeypatch.setattr(module, name, getattr(module, name))  # so that it is put back afterwards
    monkeypatch.setattr(interleave, "END_PATIENCE", 0.2)
    monkeypatch.setattr(interleave, "PATIENCE", 5.0)  # whoever waits for it is seen by the time that the test takes
    interleave.tell_locks()
    names: dict[str, Any] = {}
    exec(compile(SOURCE, FILE, "exec"), names)
    made: Callable[[], Any] = names["Counter"]
    return made


def owns(code: CodeType) -> bool:
    """Whether it is the learner's."""
    return code.co_filename == FILE


def counts(make: Callable[[], Any], method: str) -> tuple[list[Met], set[int]]:
    """All meetings of a method with itself, and what was counted."""
    counters = []

    def scene() -> tuple[Callable[[], Any], Callable[[], Any]]:
        counter = make()
        counters.append(counter)
        return getattr(counter, method), getattr(counter, method)

    met = list(meetings(scene, owns))
    return met, {counter.count for counter in counters[:len(met)]}


def test_a_lost_update_is_found_every_time(counter: Callable[[], Any]) -> None:
    """Between reading and writing the second call is lost; before and after, it is not. And the line is named."""
    for _ in range(5):
        met, counted = counts(counter, "bare")

        assert {1, 2} == counted
        assert {(FILE, 15)} == {each.frame for each in met}
        assert not any(each.stuck for each in met)


@pytest.mark.parametrize("method", ["locked", "twice", "slot", "told", "polls", "polls_slowly"])
def test_a_second_call_that_waits_for_a_lock_is_let_be(counter: Callable[[], Any], method: str) -> None:
    """Whichever lock it is, the first call goes on at once, and both are counted."""
    met, counted = counts(counter, method)

    assert {2} == counted
    assert len(met) > 10
    assert not any(each.stuck for each in met)


def test_what_the_standard_library_does_for_it_is_met_in_too(counter: Callable[[], Any]) -> None:
    """A method that is written in Python takes many steps, between which an update is lost; the line named is the one that calls it."""
    met, counted = counts(counter, "counts_elsewhere")

    assert {1, 2} == counted
    assert {(FILE, 75), (FILE, 76)} == {each.frame for each in met}


def test_an_instruction_without_a_line_has_the_one_before_it(counter: Callable[[], Any]) -> None:
    """The compiler adds some at the end of an `except` block, and a message has to name a line for all that."""
    met, _ = counts(counter, "drains")

    assert set(range(68, 73)) >= {each.frame[1] for each in met} >= {70, 71}


@pytest.mark.timeout(20)
@pytest.mark.parametrize("method", ["impatient", "impatient_slot", "tries"])
def test_who_waits_only_so_long_for_a_lock_goes_on_without_it(counter: Callable[[], Any], method: str) -> None:
    """A first call that stands still does so for longer than anybody waits, or goes on trying, and it takes no time to see that."""
    _, counted = counts(counter, method)

    assert {1, 2} == counted


@pytest.mark.timeout(20)
def test_a_call_that_never_comes_back_is_said(counter: Callable[[], Any]) -> None:
    """A lock that is never given back keeps the second call waiting after the end of the first."""
    def scene() -> tuple[Callable[[], Any], Callable[[], Any]]:
        made = counter()
        return made.never_released, made.locked

    assert any(each.stuck for each in meetings(scene, owns))


def test_what_both_return_is_kept() -> None:
    """Each meeting holds the results of both calls, and code that isn't the learner's is not met in."""
    def call() -> str:
        return "first"

    met = list(meetings(lambda: (call, lambda: "second"), lambda code: code is call.__code__))

    assert {("first", "second")} == {(each.first, each.second) for each in met}
    assert [] == list(meetings(lambda: (call, call), lambda code: False))
