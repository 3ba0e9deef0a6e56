# Wrong answer to 4.4: a first process whose only child is the resource tracker has 0 workers, though it serves by itself.
# Rejected by: test_the_resource_tracker_is_no_worker
# Because: whose only child is multiprocessing's resource tracker.*memory\(pid\)\.workers is 0\. Expected 1

"""Measurements of a running server: what it answers in a second, and what it has in memory."""

import asyncio
import math
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

#: For how long a service is loaded before anything counts, in seconds.
WARM_UP_SECONDS = 2.0
#: A request that has no answer after so many seconds has failed.
_REQUEST_SECONDS = 30.0


@dataclass(frozen=True)
class Result:
    """What a service did under a load.

    ``throughput_rps``: answers with status 200 in a second. ``p50_s`` and ``p95_s``: percentiles of how long these took, to their last
    byte, in seconds; NaN where there were none. ``errors``: how many requests were answered in another way, or not at all.
    """

    throughput_rps: float
    p50_s: float
    p95_s: float
    errors: int


def measure(url: str, seconds: float, concurrency: int) -> Result:
    """Loads ``url`` by GET, ``concurrency`` requests in flight, and says what came of it in ``seconds``, after `WARM_UP_SECONDS` that don't count.

    A request that is answered is followed by the next one at once. All workers of the service get their share of them. That requests
    fail, or that nobody listens, is a result like any other.
    """
    return asyncio.run(_measure(url, seconds, concurrency))


def speedup(one: Result, many: Result) -> float:
    """How many times the throughput of ``one`` that of ``many`` is. Raises ValueError when ``one`` has none."""
    if not one.throughput_rps:
        raise ValueError("nothing was answered before, so nothing can be so many times as fast")
    return many.throughput_rps / one.throughput_rps


async def _measure(url: str, seconds: float, concurrency: int) -> Result:
    begin = time.perf_counter() + WARM_UP_SECONDS
    end = begin + seconds
    latencies: list[float] = []
    errors = 0

    async def user() -> None:
        nonlocal errors
        while (sent := time.perf_counter()) < end:
            status = await _ask(url)
            answered = time.perf_counter()
            # What was answered in the time that counts, whenever it was sent: as many are open at its end as were at its beginning.
            if begin <= answered < end:
                if status == 200:
                    latencies.append(answered - sent)
                else:
                    errors += 1

    # Not batch after batch, in which all would wait for the slowest of them.
    await asyncio.gather(*(user() for _ in range(concurrency)))
    latencies.sort()
    return Result(len(latencies) / seconds, _percentile(latencies, 50), _percentile(latencies, 95), errors)


async def _ask(url: str) -> int:
    """The status of the answer to GET ``url``; 0 when there is none.

    Each request has a connection of its own. One that is kept would stay with the worker that accepted it, and of those that are opened at
    once all may have gone to the same. Plain streams cost a twentieth of what an HTTP client does, and the service shares this machine.
    """
    parts = urlsplit(url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    request = f"GET {target} HTTP/1.1\r\nHost: {parts.netloc}\r\nConnection: close\r\n\r\n"
    try:
        async with asyncio.timeout(_REQUEST_SECONDS):
            reader, writer = await asyncio.open_connection(parts.hostname, parts.port or 80)
            try:
                writer.write(request.encode())
                answer = await reader.read()  # to the last byte
            finally:
                writer.close()
    except OSError:  # nobody listens, hung up, too late
        await asyncio.sleep(0.01)  # where nobody listens, this loop would do nothing else any more
        return 0
    words = answer.split(None, 2)
    return int(words[1]) if len(words) > 1 else 0


def _percentile(ordered: list[float], percent: int) -> float:
    """The percentile of sorted numbers, by nearest rank; NaN of none."""
    return ordered[max(0, math.ceil(percent * len(ordered) / 100) - 1)] if ordered else math.nan


@dataclass(frozen=True)
class MemoryUse:
    """What a server has in memory: its first process and all processes below it together, in bytes.

    ``rss_bytes``: the sum of what is there for each of them, in which a page that n of them share is counted n times. ``pss_bytes``: the sum of
    their fair shares, in which each has 1/n of such a page. ``workers``: how many of them serve: the children of the first process but for
    multiprocessing's resource tracker, which only tidies up; 1 when it has none, as it serves by itself.
    """

    rss_bytes: int
    pss_bytes: int
    workers: int


def memory(pid: int) -> MemoryUse:
    """What the server whose first process is ``pid`` has in memory. It needs Linux: no other system tells PSS.

    A process that has ended, or ends while it is looked at, counts for nothing.
    """
    parents = _parents()
    tree = [pid]
    for each in tree:  # grows meanwhile: children, their children, and so on
        tree += [child for child, parent in parents.items() if parent == each]
    sizes = {each: found for each in tree if (found := _sizes(each))}
    children = [each for each in sizes if parents.get(each) == pid]
    serving = [each for each in children if "resource_tracker" not in _command(each)] if children else [pid]
    return MemoryUse(
        rss_bytes=sum(found["Rss"] for found in sizes.values()),
        pss_bytes=sum(found["Pss"] for found in sizes.values()),
        workers=len(serving),
    )


def _parents() -> dict[int, int]:
    """The parent of each process of this machine."""
    parents = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            # The name, in parentheses, may hold blanks and parentheses of its own.
            parents[int(folder.name)] = int((folder / "stat").read_text(errors="replace").rpartition(")")[2].split()[1])
        except OSError:  # it has ended since it was listed
            pass
    return parents


def _sizes(pid: int) -> dict[str, int]:
    """The sizes that Linux tells of a process, in bytes; nothing of one that has ended, also if nobody has asked for its status yet."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    except OSError:
        return {}
    return {name: int(size.split()[0]) * 1024 for name, _, size in (line.partition(":") for line in lines)}


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text(errors="replace")
    except OSError:
        return ""
