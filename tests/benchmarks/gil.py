"""Which work gains from a second thread: what the chapter on sync and async says of the GIL.

``python -m tests.benchmarks.gil``: for each kind of work the time of two calls in turn against that
of two calls in two threads, and in two processes; 2.0 means twice as fast, 1.0 no gain. Ratios of
one run, medians of several.
"""

import hashlib
import json
import os
import re
import statistics
import sys
import threading
import time
import zlib
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "solutions"))

#: One call of numpy's would use all CPUs by itself otherwise.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

DATA = bytes(range(256)) * 40_000
DOCUMENT = {f"feature_{number}": [number / 7] * 20 for number in range(3000)}


def python_loop() -> None:
    """Arithmetic in Python's own bytecode."""
    total = 0
    for number in range(1_500_000):
        total = (total * 31 + number) & 0xFFFFFFFF


def json_text() -> None:
    """``json.dumps`` and ``loads``: C code that keeps the GIL."""
    for _ in range(2):
        json.loads(json.dumps(DOCUMENT))


def regular_expression() -> None:
    """A pattern that backtracks: C code that keeps the GIL."""
    re.match(r"(a+)+$", "a" * 22 + "b")


def password_hash() -> None:
    """``hashlib.scrypt``: C code that releases the GIL."""
    hashlib.scrypt(b"password", salt=b"salt" * 4, n=2**14, r=8, p=2, maxmem=64 * 2**20)


def compression() -> None:
    """``zlib``: C code that releases the GIL."""
    for _ in range(4):
        zlib.compress(DATA, 6)


def matrix_product() -> None:
    """numpy: C code that releases the GIL."""
    import numpy

    matrix = numpy.ones((300, 300))
    for _ in range(20):
        matrix = matrix @ matrix * 1e-3


def inference_one_row() -> None:
    """The digits model of exercise F, a picture at a time."""
    from app import digits

    pixels = digits.preprocess(next((ROOT / "katas/phase1_5_sync_async/images").glob("*.png")).read_bytes())
    for _ in range(3000):
        digits.infer(pixels)


WORK: tuple[Callable[[], None], ...] = (
    python_loop, json_text, regular_expression, password_hash, compression, matrix_product, inference_one_row)


def took(call: Callable[[], object]) -> float:
    """The seconds that ``call`` takes."""
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def in_threads(work: Callable[[], None]) -> None:
    """Two calls of ``work``, in two threads."""
    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def main(repeats: int = 7) -> int:
    """Prints the table."""
    print(f"{'work':<20} {'one call':>10} {'two threads':>12} {'two processes':>14}")
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        for work in WORK:
            work()
            list(pool.map(_call, [work.__name__] * 4))
            rounds = []
            for _ in range(repeats):
                one = took(work) + took(work)
                rounds.append((one / 2, one / took(lambda: in_threads(work)),  # noqa: B023  # called at once
                               one / took(lambda: list(pool.map(_call, [work.__name__] * 2)))))  # noqa: B023
            alone, threads, processes = (statistics.median(column) for column in zip(*rounds, strict=True))
            print(f"{work.__name__:<20} {alone * 1000:>7.0f} ms {threads:>10.2f} x {processes:>12.2f} x", flush=True)
    return 0


def _call(name: str) -> None:
    globals()[name]()


if __name__ == "__main__":
    sys.exit(main())
