"""The gate in front of given functions: what a stand-in says, and what it is told."""

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from dojo.handed import MEET, Meeting, overlay


@pytest_asyncio.fixture
async def gate() -> AsyncIterator[Meeting]:
    async with asyncio.timeout(20):
        gate = await Meeting("the function").start()
        yield gate
        await gate.stop()


async def run(gate: Meeting, folder: Path, code: str) -> "asyncio.subprocess.Process":
    """A process of its own in which ``meet`` can be imported."""
    (folder / "dojo_meet.py").write_text(MEET, encoding="utf-8")
    environment = {"DOJO_MEET": gate.env["dojo_meet"], "PYTHONPATH": str(folder)}
    return await asyncio.create_subprocess_exec(
        sys.executable, "-c", f"from dojo_meet import meet\n{code}", env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )


async def test_a_stand_in_says_where_it_runs_and_waits(gate: Meeting, tmp_path: Path) -> None:
    """A held call says its name, its arguments, process and thread; it goes on when the gate is opened."""
    gate.close()
    process = await run(gate, tmp_path, "meet('hash', 'a text', 7); print('went on')")
    await gate.arrived(1, 10)

    (call,) = gate.held
    assert ("hash", ("a text", "7"), process.pid, False) == (call.text, call.values, call.details["process"], call.details["on_loop"])
    assert "MainThread" == call.details["thread_name"]
    gate.open()
    assert b"went on\n" == (await process.communicate())[0]
    assert call.answered is not None


async def test_it_is_seen_when_it_runs_on_an_event_loop(gate: Meeting, tmp_path: Path) -> None:
    """``on_loop`` is true for a call on the thread of a running loop, and false for one on another thread."""
    code = """
import asyncio
async def main():
    meet('here')
    await asyncio.to_thread(meet, 'there')
asyncio.run(main())
"""
    await (await run(gate, tmp_path, code)).communicate()

    assert [("here", True), ("there", False)] == [(call.text, call.details["on_loop"]) for call in gate.calls]


@pytest.mark.parametrize("word", ["raise", "crash"])
async def test_a_call_can_be_made_to_fail(gate: Meeting, tmp_path: Path, word: str) -> None:
    """``raise`` raises in the stand-in, ``crash`` ends its process; a function of the call decides for each."""
    gate.word = lambda call: word if call.values == ("bad",) else "go"

    process = await run(gate, tmp_path, "meet('hash', 'good'); print('good', flush=True); meet('hash', 'bad'); print('never')")
    output, errors = await process.communicate()

    assert (b"good\n", 1) == (output, process.returncode)
    assert (b"RuntimeError" in errors) == (word == "raise")


async def test_a_process_that_ends_while_it_is_held_is_lost(gate: Meeting, tmp_path: Path) -> None:
    """Its call is held no longer, and never answered."""
    gate.close()
    process = await run(gate, tmp_path, "meet('hash')")
    await gate.arrived(1, 10)
    (call,) = gate.held

    process.kill()
    await process.communicate()
    while gate.held:
        await asyncio.sleep(0.002)

    assert ("its process ended", None) == (call.lost, call.answered)


async def test_stopping_the_gate_lets_everybody_go(gate: Meeting, tmp_path: Path) -> None:
    """Who is held goes on, and so does who has connected and says nothing."""
    gate.close()
    process = await run(gate, tmp_path, "meet('hash'); print('went on')")
    await gate.arrived(1, 10)
    reader, writer = await asyncio.open_connection("127.0.0.1", gate.port)

    await gate.stop()

    assert b"went on\n" == (await process.communicate())[0]
    assert b"" == await reader.read()
    writer.close()


async def test_without_a_judge_nobody_waits(tmp_path: Path) -> None:
    """A stand-in that finds no gate does what it does without it."""
    (tmp_path / "dojo_meet.py").write_text(MEET, encoding="utf-8")
    code = "from dojo_meet import meet; meet('hash')"
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", code, env={"PYTHONPATH": str(tmp_path)})

    assert 0 == await process.wait()


def test_an_overlay_brings_what_the_stand_in_imports(tmp_path: Path) -> None:
    """It holds the stand-in for its place, and ``dojo_meet.py`` beside app/."""
    stand_in = tmp_path / "_work.py"
    stand_in.write_text("from dojo_meet import meet\n", encoding="utf-8")

    assert {"app/work.py": "from dojo_meet import meet\n", "dojo_meet.py": MEET} == overlay(stand_in, "app/work.py")
