"""4.4 · What a worker costs in memory: measured by fair shares, and made small by a memory map."""

import asyncio
import hashlib
import json
import random
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dojo import memory
from dojo.evidence import raised
from dojo.kata import Functions, Inconclusive, Red, beside, exercise, keep_picture
from dojo.plugin import RUN
from dojo.reading import named_file
from dojo.server import Port, serving, uvicorn
from dojo.workspace import ROOT
from katas.phase4_tuning.virtual import OPTIONS

pytestmark = exercise("4.4", edit=("app/benchmark.py", "app/weights.py"))

MEASURED, LOADED = beside(__file__, "_memory_driver.py", "measured"), beside(__file__, "_memory_driver.py", "loaded")
APPLICATION = "katas.phase4_tuning._weights_app:serve"

MB = 1 << 20
#: How far a figure may be from what was seen before and after: some pages come and go, and a library that others use as well is shared by more.
CLOSE = 5 * MB

#: The model of the live part, and the workers; how much of it a worker that is added may cost.
MODEL, WORKERS, MARGINAL = 64 * MB, 3, 0.35
#: Limits that only end a hang, in seconds.
CALL_PATIENCE, LOAD_PATIENCE = 60.0, 60.0

WHY = {
    "rss": "That is RSS, in which every page that is shared is counted for each process anew. PSS stands in the line `Pss:`.",
    "kB": "It looks as if sizes had been taken for bytes: what Linux tells are kB, and its kB are 1024 bytes.",
    "1000": "It looks as if a kB had been taken for 1000 bytes. Those of Linux are 1024.",
    "root": "That is the first process alone.",
}


# -- memory()


def tree(**more: Any) -> dict[str, Any]:
    """A tree of processes: a shared part, which nobody could guess, and an own one for each child."""
    return {"shared": random.randint(48, 64) * MB, "own": random.randint(20, 28) * MB, "children": 3, **more}


def told(asked: dict[str, Any]) -> str:
    """It in words."""
    if not asked["children"]:
        none = "whose only child is multiprocessing's resource tracker" if asked.get("tracker") else "without children"
        return f"A process {none}, which has {asked['shared'] // MB} MB and its own interpreter"
    parts = [f"A first process and {asked['children']} children", f"{asked['shared'] // MB} MB that all of them share",
             f"{asked['own'] // MB} MB that each child has for itself"]
    more = {"below": "a child of a child, with as much, and one of that one",
            "pool": f"a pool of {asked.get('pool')} processes that the first child has started, each with as much",
            "thread": "the last child started by a thread",
            "zombie": "a child that has ended, and whose parent hasn't asked",
            "ends": "a child that ends, and is gone, while it is looked at",
            "tracker": "multiprocessing's resource tracker"}
    parts += [text for key, text in more.items() if asked.get(key)]
    if asked.get("passed"):
        parts.append(f"{asked['passed'] // MB} MB that the first one had, and has given back")
    return "; ".join(parts)


def size(count: float) -> str:
    """``123.4 MB``; MB of 1024 × 1024 bytes."""
    return f"{count / MB:.1f} MB"


async def check(learner: Functions, trees: Sequence[dict[str, Any]]) -> None:
    """Checks what memory() says of each tree."""
    if not memory.known():
        raise Inconclusive("this system tells nobody what a process's fair share of the memory is (PSS, in /proc/<pid>/smaps_rollup). Linux does, "
                           "and a Linux in a container or a virtual machine does as well.")
    try:
        results: list[dict[str, Any]] = await learner.call(MEASURED, trees, patience=CALL_PATIENCE)
    except Red as red:
        raise Red(str(red).replace("measured()", "memory()")) from None
    for asked, result in zip(trees, results, strict=True):
        head = f"{told(asked)}.\n"
        if "failed" in result:
            raise Inconclusive("the processes that were to be measured could not be started: is there too little memory?")
        if "raised" in result:
            raise Red(f"{head}memory(pid) raised {raised(result['raised'])}")
        value = result["value"]
        if "shown" in value:
            raise Red(f"{head}memory(pid) returned {value['shown']}. Expected a MemoryUse.")
        for name in ("rss_bytes", "pss_bytes", "workers"):
            if isinstance(value[name], dict):
                raise Red(f"{head}memory(pid) returned a MemoryUse whose {name} is {value[name]['shown']}. Expected a number.")
        if asked.get("ends"):
            continue  # how much of it was still there is the measure's own affair; that there is one is what counts
        compare(head, value, *result["seen"])
        if value["workers"] != max(asked["children"], 1):
            raise Red(f"{head}memory(pid).workers is {value['workers']}. Expected {max(asked['children'], 1)}: the children of the first process "
                      "that serve, or itself when there are none.")


def compare(head: str, value: dict[str, Any], before: dict[str, int], after: dict[str, int], close: float = CLOSE) -> None:
    """Compares figures with what was seen."""
    for name, key in (("rss_bytes", "rss"), ("pss_bytes", "pss")):
        low, high = sorted((before[key], after[key]))
        if not low - close <= value[name] <= high + close:
            raise Red(f"{head}memory(pid).{name} is {value[name]:_} bytes, {size(value[name])}. All of it together has {size(high)}.\n"
                      f"{why(name, value, after)}".rstrip())


def why(name: str, value: dict[str, Any], seen: dict[str, int]) -> str:
    """What the wrong figure may be; empty when it looks like nothing."""
    if name == "pss_bytes" and abs(value[name] - seen["rss"]) <= CLOSE:
        return WHY["rss"]
    right = seen["rss" if name == "rss_bytes" else "pss"]
    if 0.9 < value[name] / (right / 1024) < 1.1:
        return WHY["kB"]
    if 0.97 < value[name] / (right / 1.024) < 1.01:
        return WHY["1000"]
    return ""


async def test_a_process_without_children_is_measured(learner: Functions) -> None:
    """Of a server that is a single process, it is what that process has; it serves by itself, so it is one worker."""
    await check(learner, [tree(children=0)])


async def test_all_processes_are_measured(learner: Functions) -> None:
    """Of a server with workers, it is what all of its processes have together: the sum of what is there, and that of the fair shares."""
    await check(learner, [tree(), tree(children=2), tree(children=2, thread=True)])


async def test_children_of_children_are_measured(learner: Functions) -> None:
    """A worker may have processes of its own, such as a pool. They need memory too."""
    await check(learner, [tree(below=2), tree(children=2, pool=3)])


async def test_it_is_the_memory_of_now(learner: Functions) -> None:
    """What a process had once and has given back is not counted."""
    await check(learner, [tree(passed=160 * MB)])


async def test_the_resource_tracker_is_no_worker(learner: Functions) -> None:
    """uvicorn's first process has another child, which tidies up for multiprocessing. It has its memory, and serves nobody."""
    await check(learner, [tree(tracker=True), tree(children=0, tracker=True)])


async def test_a_process_that_has_ended_counts_for_nothing(learner: Functions) -> None:
    """A child that has ended is listed until its parent asks for its status. It has no memory, and is no worker."""
    await check(learner, [tree(zombie=True)])


async def test_a_process_may_end_while_it_is_looked_at(learner: Functions) -> None:
    """Between the list of all processes and the look at one of them, or between two looks, that one may end. It counts for nothing then."""
    await check(learner, [tree(children=2, ends=look) for look in (1, 2, 3, 4, 5)])


# -- load_weights()


def save(file: Path, array: np.ndarray) -> dict[str, Any]:
    """Saves weights, and says what has to come back."""
    np.save(file, array)
    return {"shape": list(array.shape), "dtype": array.dtype.str, "digest": hashlib.sha256(np.ascontiguousarray(array)).hexdigest()}


async def loaded(request: pytest.FixtureRequest, file: Path) -> dict[str, Any]:
    """What load_weights() gives with this file in the settings, as plain data; raises `Red` when it is no array."""
    functions: Functions = await request.config.stash[RUN].functions("4.4", {"weights_path": file})
    try:
        result: dict[str, Any] = await functions.call(LOADED)
    except Red as red:
        raise Red(str(red).replace("loaded()", "load_weights()")) from None
    finally:
        await functions.close()
    if "raised" in result:
        raise Red(f"load_weights() raised {raised(result['raised'])}")
    value: dict[str, Any] = result["value"]
    if "shown" in value:
        raise Red(f"load_weights() returned {value['shown']}, a {value['type']}. Expected an array of numpy's.")
    return value


async def test_the_weights_are_those_of_the_file(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """`load_weights()` gives the array that is in the file of the settings: its shape, its type, its numbers."""
    generator = np.random.default_rng()
    for number, array in enumerate((generator.random((30, 70), dtype=np.float32), generator.random(1000), generator.integers(-9, 9, (2, 3, 4)),
                                     np.asfortranarray(generator.random((9, 5))))):
        file = tmp_path / f"weights-{number}.npy"
        expected = save(file, array)
        value = await loaded(request, file)

        for name in ("shape", "dtype", "digest"):
            what = {"shape": "shape", "dtype": "type", "digest": "SHA-256 of its numbers"}[name]
            assert expected[name] == value[name], (
                f"The file has an array whose {what} is {expected[name]}. Of the one that load_weights() returned it is {value[name]}."
            )


async def test_nobody_can_write_to_the_weights(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """Writing to the array raises an exception, and the file stays as it is: it is the model of all workers."""
    file = tmp_path / "weights.npy"
    save(file, np.arange(2.0, 102.0))
    content = file.read_bytes()

    value = await loaded(request, file)

    assert file.read_bytes() == content, "Somebody wrote to the array, and the file has changed with it, for all workers and for ever."
    assert not value["written"], (
        "Somebody wrote to the array, and nothing held them up. A page that is written to is no longer shared, or changes the model of the others."
    )


# -- live


@pytest.mark.live
@pytest.mark.timeout(300)  # several servers are started, which only a busy machine takes long for
async def test_a_worker_more_costs_no_model_more(request: pytest.FixtureRequest, tmp_path: Path, note: Callable[[str], None]) -> None:
    """Of three workers that load a model of 64 MB and use all of it, each one after the first adds less than 0.35 of the model to the PSS."""
    if not memory.known():
        raise Inconclusive("this system tells nobody what a process's fair share of the memory is (PSS)")
    file = tmp_path / "weights.npy"
    array = np.random.default_rng().random((MODEL // 4096, 1024), dtype=np.float32)
    np.save(file, array)
    expected = float(np.sum(array, dtype=np.float64))
    del array

    notes = await all_loaded(request.config.stash[RUN].launcher.root, tmp_path, file)

    for each in notes:
        assert each["sum"] == pytest.approx(expected, rel=1e-9), "The weights of a worker are not those of the file."
    costs = [(each["after"]["pss"] - each["before"]["pss"]) / MODEL for each in notes]
    rss = [(each["after"]["rss"] - each["before"]["rss"]) / MODEL for each in notes]
    keep_picture("workers", f"A server of {WORKERS} workers, so many of which have loaded a model of {MODEL // MB} MB", rows=[
        {"workers": number, "rss_bytes": each["after"]["rss"], "pss_bytes": each["after"]["pss"]} for number, each in enumerate(notes, 1)
    ])
    seen = "\n".join(f"    worker {number}: {cost * MODEL / MB:6.1f} MB more by PSS, {more * MODEL / MB:6.1f} MB more by RSS"
                     for number, (cost, more) in enumerate(zip(costs, rss, strict=True), 1))
    head = f"{WORKERS} workers loaded a model of {MODEL // MB} MB, one after the other, and used all of it. What the server had:\n{seen}\n"
    assert max(costs[1:]) <= MARGINAL, (
        f"{head}Each worker has a model of its own, or a large part of one. Is the file mapped, and is the map itself what is returned?"
    )
    last = notes[-1]
    compare(f"A uvicorn with {WORKERS} workers.\n", last["learner"], last["before"], last["after"], CLOSE + 0.05 * last["after"]["rss"])
    assert last["learner"]["workers"] == WORKERS, f"A uvicorn with {WORKERS} workers: memory(pid).workers is {last['learner']['workers']}."
    note(f"a model of {MODEL // MB} MB in {WORKERS} workers: the first costs {costs[0] * MODEL / MB:.0f} MB (PSS), each one more "
         f"{max(costs[1:]) * MODEL / MB:.0f} MB; RSS says {sum(rss) * MODEL / MB:.0f} MB for all")


async def all_loaded(root: Path, folder: Path, file: Path) -> list[dict[str, Any]]:
    """What each worker said when it had loaded the model, in their order."""
    notes, port = folder / "notes", Port()
    notes.mkdir()
    env = {"PYTHONPATH": str(ROOT), "WEIGHTS_PATH": str(file), "WEIGHTS_NOTES": str(notes)}
    command = uvicorn(APPLICATION, port.number, WORKERS, *OPTIONS)
    found: dict[str, dict[str, Any]] = {}
    requests: list[asyncio.Task[Any]] = []
    try:
        async with serving(root, command, port, env=env, shared=[folder]) as server:
            while len(found) < WORKERS:
                requests.append(asyncio.create_task(server.get("/", 4 * LOAD_PATIENCE)))
                until = time.monotonic() + LOAD_PATIENCE
                while len(new := list(notes.glob("loaded-*[0-9]"))) <= len(found):
                    if time.monotonic() > until or requests[-1].done():
                        raise Inconclusive(f"after {len(found)} of {WORKERS} workers had loaded the model, no other one came to it.{server.told()}")
                    await asyncio.sleep(0.01)
                for each in new:
                    found.setdefault(each.name, json.loads(named_file(each)))
            (notes / "go").touch()
            await asyncio.gather(*requests, return_exceptions=True)  # all that they were sent for has been noted
    finally:
        for request in requests:
            request.cancel()
        await asyncio.gather(*requests, return_exceptions=True)
        port.close()
    for said in found.values():
        if "failed" in said:
            raise Red(f"A worker could not load the model: {said['failed']}")
        if "memory_raised" in said:
            raise Red(f"A uvicorn with {WORKERS} workers: memory(pid) raised {said['memory_raised']}")
    return list(found.values())
