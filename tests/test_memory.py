"""What processes have in memory, of a tree that is known."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from dojo import memory
from dojo.memory import Use
from dojo.workspace import ROOT

MB = 1 << 20

pytestmark = pytest.mark.skipif(not memory.known(), reason="only Linux tells PSS")


@pytest.fixture
def tree() -> Iterator[Callable[..., int]]:
    """Starts a tree of processes, and gives the first one's number."""
    started = []

    def start(**asked: object) -> int:
        command = [sys.executable, "-I", "-S", str(ROOT / "katas/phase4_tuning/_memory_tree.py"), json.dumps(asked)]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline()
        return process.pid

    yield start
    for process in started:
        process.communicate()


def test_what_is_shared_is_counted_once(tree: Callable[..., int]) -> None:
    """PSS adds up to what is there, RSS counts a shared page for each process."""
    pid = tree(shared=40 * MB, own=10 * MB, children=3)

    use = memory.together(pid)

    assert 4 == len(memory.tree(pid))
    assert 70 * MB <= use.pss <= 110 * MB
    assert 190 * MB <= use.rss


def test_all_below_are_found_and_who_has_ended_has_nothing(tree: Callable[..., int]) -> None:
    """A child of a child, a tracker, and a child that has ended."""
    pid = tree(shared=MB, own=MB, children=2, below=1, zombie=True, tracker=True)

    processes = memory.tree(pid)

    assert 6 == len(processes)
    assert 1 == sum(memory.of(each) == Use() for each in processes)
    assert processes[0] == pid


def test_a_tree_ends_with_its_input(tree: Callable[..., int]) -> None:
    """Nothing is left when the first process is killed."""
    pid = tree(shared=MB, own=MB, children=3)
    children = memory.tree(pid)[1:]

    os.kill(pid, 9)

    assert 3 == len(children)
    for child in children:
        while memory.of(child) != Use():
            pass


def test_a_process_that_is_not_there_has_nothing() -> None:
    """No exception is raised for a number that nobody has."""
    assert Use() == memory.of(2**22 + 1)
