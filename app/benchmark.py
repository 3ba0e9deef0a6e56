"""Measurements of a running server: what it answers in a second, and what it has in memory."""

from dataclasses import dataclass

#: For how long a service is loaded before anything counts, in seconds.
WARM_UP_SECONDS = 2.0


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
    # TODO 4.3: "twice as fast" was said of four workers, by somebody who had watched one of them start up, and had counted its errors.
    # Goal: the Result of a load like that of many users, as the service's own notes would have it.
    # Tool: httpx, or asyncio.open_connection, which leaves more of the machine to the service; a connection that is kept stays with one worker.
    raise NotImplementedError("4.3: measure() measures nothing yet")


def speedup(one: Result, many: Result) -> float:
    """How many times the throughput of ``one`` that of ``many`` is. Raises ValueError when ``one`` has none."""
    # TODO 4.3: a number that says whether it was worth it.
    # Goal and tool: a division, and what there is to say when nothing can be divided.
    raise NotImplementedError("4.3: speedup() compares nothing yet")


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
    # TODO 4.4: nobody knows how many workers fit into the container, and what `top` says of them adds up to more than there is.
    # Goal: the figures of all processes of the tree, whoever started them.
    # Tool: /proc/<pid>/smaps_rollup, whose kB are 1024 bytes; /proc/<pid>/stat says who started it.
    raise NotImplementedError("4.4: memory() measures nothing yet")
