"""Exercises judged side by side, which takes little more than half the time on two CPUs.

Each *lane* is a fork of the judge, made when the tests are collected: it takes the next exercise whenever it is done with one,
and tells its reports to the judge, which hands them to pytest in the exercises' order, as if it had made them itself. Only
phases whose verdicts rest on holds are judged so, as another judging beside them changes nothing there. Exercises that want the
machine for themselves (load, tuning, containers) come after them, in the judge.

pytest-xdist does the same with new interpreters, each of which would import and collect everything once more: about two of the
five seconds that lanes save in phase 1. Only on Linux: there the end of the judge is the end of its lanes, and a fork may do all
that its parent may.
"""

import contextlib
import itertools
import json
import os
import select
import signal
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from dojo import catalog
from dojo.launch import Launcher, end_with
from dojo.results import exercise_of

#: The phases whose exercises can be judged side by side, and the most lanes there are unless more are asked for.
PHASES, MOST = ("0", "1", "1.5", "2"), 4
#: Servers that a run has once: the exercises that need one share a lane.
SHARED = ("database", "cache")
#: How long a lane may take to end what it has started, in seconds; less than nox waits for the judge.
ENDING_PATIENCE = 8.0

_ENDS = (signal.SIGINT, signal.SIGTERM)


@dataclass
class _Unit:
    """Tests that one lane judges, in their order, and what came of them so far."""

    items: list[pytest.Item]
    #: Reports as data that weren't handed to pytest yet.
    told: list[dict[str, Any]] = field(default_factory=list)
    #: The tests that are over.
    over: set[str] = field(default_factory=set)

    @property
    def done(self) -> bool:
        """Whether the last test is over."""
        return self.items[-1].nodeid in self.over

    def tell(self, report: dict[str, Any]) -> None:
        """Keeps a report until it is handed on."""
        self.told.append(report)
        if report["when"] == "teardown":
            self.over.add(report["nodeid"])


@dataclass
class _Lane:
    """A fork of the judge, seen from the judge."""

    process: int
    reports: int
    #: Its number among the units; -1 before the first.
    unit: int = -1
    rest: bytes = b""
    trouble: str = ""
    #: Whether it ended early as pytest says, such as with -x.
    stopped: bool = False


def count(asked: int | None) -> int:
    """How many lanes there are: as many as were asked for, else as many as this process has CPUs; 1 where there can be none."""
    if sys.platform != "linux":
        return 1
    return asked or min(MOST, len(os.sched_getaffinity(0)))


def judge(session: pytest.Session, lanes: int, start: Callable[[], Launcher], become: Callable[[Launcher], Callable[[], None]]) -> bool:
    """Runs the tests of a session on so many lanes; False when there is nothing to run side by side, and nothing was done.

    ``start`` makes the launcher of a lane, and ``become``, called in the lane, lets the katas use it; what it returns ends what
    they have started.
    """
    units = _units(session)
    lanes = min(lanes, len(units))
    if lanes < 2:
        return False
    session.config._tmp_path_factory.getbasetemp()  # type: ignore[attr-defined]  # which each lane would make anew
    launchers: list[Launcher] = []
    try:
        while len(launchers) < lanes:
            launchers.append(start())
    except OSError:  # no room for more copies of the workspace
        for launcher in launchers:
            launcher.close()
        return False
    run = _Lanes(session, units)
    try:
        run.start(launchers, become)
        run.listen()
    finally:
        run.end()
    together = {item for unit in units if unit.done for item in unit.items}
    _run(session, [item for item in session.items if item not in together])
    return True


def _units(session: pytest.Session) -> list[_Unit]:
    """The tests that may run beside others, by exercise; those whose exercises share a server are one unit."""
    found: dict[str, list[pytest.Item]] = {}
    for item in session.items:
        if (exercise := exercise_of(item)) and catalog.exercise(exercise).phase in PHASES:
            found.setdefault(exercise, []).append(item)
    units: list[_Unit] = []
    by_server: dict[str, _Unit] = {}
    for items in found.values():
        if any(item.get_closest_marker("live") for item in items):
            continue
        servers = {name for item in items for name in getattr(item, "fixturenames", ()) if name in SHARED}
        unit = next((by_server[name] for name in servers if name in by_server), None)
        if unit is None:
            unit = _Unit([])
            units.append(unit)
        unit.items += items
        by_server |= dict.fromkeys(servers, unit)
    return units


def _run(session: pytest.Session, items: list[pytest.Item]) -> None:
    """What pytest's own loop does with its items."""
    _stop(session)
    for item, following in itertools.zip_longest(items, items[1:]):
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        _stop(session)


def _stop(session: pytest.Session) -> None:
    if session.shouldfail:
        raise session.Failed(session.shouldfail)
    if session.shouldstop:
        raise session.Interrupted(session.shouldstop)


class _Lanes:
    """The lanes of one run."""

    def __init__(self, session: pytest.Session, units: list[_Unit]) -> None:
        self._session = session
        self._hook = session.config.hook
        self._units = units
        #: The unit whose reports pytest gets as they come; those of later ones are kept until it is done.
        self._shown = 0
        self._running: list[_Lane] = []
        self._ending = False
        #: From here lanes take the number of their next unit, one byte each.
        self._queue, numbers = os.pipe()
        os.write(numbers, bytes(range(len(units))))
        os.close(numbers)

    def start(self, launchers: list[Launcher], become: Callable[[Launcher], Callable[[], None]]) -> None:
        """Forks a lane for each of ``launchers``."""
        judge = os.getpid()
        for stream in (sys.stdout, sys.stderr):
            stream.flush()  # or each lane would write it once more
        if signal.getsignal(signal.SIGCHLD) is signal.SIG_IGN:  # inherited: nobody could ask how a lane ended
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        # An interrupt between a fork and what follows would be lost in the judge, and make a second judge of the lane.
        signal.pthread_sigmask(signal.SIG_BLOCK, _ENDS)
        try:
            for launcher in launchers:
                reports, told = os.pipe()
                try:
                    process = os.fork()
                except OSError:  # too many processes: those that are there do it all
                    os.close(reports)
                    os.close(told)
                    break
                if process == 0:
                    try:
                        for other in launchers:
                            if other is not launcher:
                                other.leave()
                        for each in (reports, *(lane.reports for lane in self._running)):
                            os.close(each)
                        _Telling(self._session, self._units, self._queue, told).run(judge, lambda: become(launcher))  # noqa: B023
                    finally:
                        os._exit(1)
                os.close(told)
                self._running.append(_Lane(process, reports))
            for launcher in launchers:
                launcher.leave()
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDS)

    def listen(self) -> None:
        """Hands on what the lanes tell, until each has ended."""
        while self._running:
            ready = select.select([lane.reports for lane in self._running], [], [])[0]
            for lane in [lane for lane in self._running if lane.reports in ready]:
                data = os.read(lane.reports, 1 << 16)
                *lines, lane.rest = (lane.rest + data).split(b"\n")
                for line in lines:
                    self._take(lane, json.loads(line))
                if not data:
                    self._ended(lane)
                self._show()

    def end(self) -> None:
        """Ends the lanes that still run, and hands on what is known of the exercises that are done."""
        self._ending = True
        try:
            self._signal(signal.SIGTERM)
            until = time.monotonic() + ENDING_PATIENCE
            while any(os.waitid(os.P_PID, lane.process, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None for lane in self._running):
                if time.monotonic() > until:
                    break
                time.sleep(0.01)
        finally:  # also behind a second interrupt
            self._signal(signal.SIGKILL)
            for lane in self._running:
                os.waitpid(lane.process, 0)
                os.close(lane.reports)
            self._running.clear()
            os.close(self._queue)
        if self._session.shouldfail:  # what was begun behind the last failure isn't asked for
            return
        for unit in self._units[self._shown:]:
            if unit.done:
                self._hand_on(unit)

    def _signal(self, number: int) -> None:
        for lane in self._running:
            with contextlib.suppress(ProcessLookupError):
                os.kill(lane.process, number)

    def _take(self, lane: _Lane, told: dict[str, Any]) -> None:
        lane.unit, lane.trouble, lane.stopped = told["unit"], told.get("trouble", ""), "stopped" in told
        if "report" in told:
            self._units[lane.unit].tell(told["report"])

    def _ended(self, lane: _Lane) -> None:
        """A lane that ends in the middle of an exercise costs that exercise alone."""
        self._running.remove(lane)
        os.close(lane.reports)
        how = os.waitstatus_to_exitcode(os.waitpid(lane.process, 0)[1])
        unit = self._units[lane.unit] if lane.unit >= 0 else None
        if unit is None or unit.done or lane.stopped:
            return
        ended = lane.trouble or (f"It was ended by {signal.Signals(-how).name}." if how < 0 else f"It ended with status {how}.")
        for exercise, last in {exercise_of(item): item for item in unit.items}.items():
            if last.nodeid in unit.over:
                continue
            report = pytest.TestReport(last.nodeid, last.location, {}, "failed", f"The process that judged it failed. {ended}", "teardown",
                                       exercise=exercise)
            unit.tell(self._hook.pytest_report_to_serializable(config=self._session.config, report=report))

    def _show(self) -> None:
        """Hands on the reports whose turn it is."""
        while self._shown < len(self._units):
            unit = self._units[self._shown]
            self._hand_on(unit)
            if not unit.done:
                return
            self._shown += 1

    def _hand_on(self, unit: _Unit) -> None:
        while unit.told:
            data = unit.told.pop(0)
            report = self._hook.pytest_report_from_serializable(config=self._session.config, data=data)
            if isinstance(report.longrepr, list):  # of a skipped test, which pytest wants as it made it
                report.longrepr = tuple(report.longrepr)
            where = {"nodeid": report.nodeid, "location": report.location}
            if report.when == "setup":
                self._hook.pytest_runtest_logstart(**where)
            self._hook.pytest_runtest_logreport(report=report)
            if report.when == "teardown":
                self._hook.pytest_runtest_logfinish(**where)
                if not self._ending:
                    _stop(self._session)


class _Telling:
    """A lane, seen from itself: a pytest plugin that tells the reports of the tests that it runs."""

    def __init__(self, session: pytest.Session, units: list[_Unit], queue: int, line: int) -> None:
        self._session = session
        self._units = units
        self._queue = queue
        self._line = line
        #: The one that is judged; -1 before the first.
        self._unit = -1

    def run(self, judge: int, begin: Callable[[], Callable[[], None]]) -> None:
        """Runs units until there are no more, and ends the process."""
        status, finish = 1, None
        try:
            self._die_with(judge)
            config = self._session.config
            if (capture := config.pluginmanager.get_plugin("capturemanager")) is not None and capture.is_globally_capturing():
                capture.stop_global_capturing()  # its files are the judge's, and those of the other lanes
                capture.start_global_capturing()
            finish = begin()
            config.pluginmanager.register(self, "dojo-lane")
            self._run()
            status = 0
        except KeyboardInterrupt:
            pass
        except BaseException as error:
            with contextlib.suppress(Exception):
                self._tell(trouble=f"{type(error).__name__}: {error}")
        finally:
            try:
                if finish is not None:
                    finish()
                for stream in (sys.stdout, sys.stderr):
                    stream.flush()
            finally:
                os._exit(status)

    def _die_with(self, judge: int) -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal's reaches the judge as well, which ends its lanes
        signal.signal(signal.SIGTERM, _interrupt)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDS)
        end_with(judge)

    def _run(self) -> None:
        tests = self._tests()
        current = next(tests, None)
        while current is not None:
            following = next(tests, None)
            self._unit, item = current
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following[1] if following else None)
            if self._session.shouldfail or self._session.shouldstop:
                self._tell(stopped=True)
                return
            current = following

    def _tests(self) -> Iterator[tuple[int, pytest.Item]]:
        """The tests of the units that this lane takes, each with its unit's number."""
        while number := os.read(self._queue, 1):
            for item in self._units[number[0]].items:
                yield number[0], item

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Tells a report to the judge."""
        config = self._session.config
        self._tell(report=config.hook.pytest_report_to_serializable(config=config, report=report))

    def _tell(self, **what: Any) -> None:
        data = json.dumps({"unit": self._unit, **what}).encode() + b"\n"
        while data:
            data = data[os.write(self._line, data):]


def _interrupt(*_: object) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise KeyboardInterrupt
