"""Endpoints that read the file at CONFIG_PATH, each in a way of its own: /on_a_thread/{way} and /on_the_loop/{way}."""

import asyncio
import codecs
import contextlib
import csv
import fileinput
import functools
import io
import linecache
import mmap
import os
import subprocess
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import anyio
from fastapi import FastAPI
from fastapi.responses import PlainTextResponse

PATH = os.environ["CONFIG_PATH"]
WAYS: dict[str, Callable[[], str]] = {}

app = FastAPI(default_response_class=PlainTextResponse)


@app.get("/health")
async def health() -> str:
    return "healthy"


def way(function: Callable[[], str]) -> Callable[[], str]:
    WAYS[function.__name__] = function
    return function


@way
def opened() -> str:
    with open(PATH, encoding="utf-8") as file:
        return file.read()


@way
def path_read_text() -> str:
    return Path(PATH).read_text(encoding="utf-8")


@way
def path_read_bytes() -> str:
    return Path(PATH).read_bytes().decode()


@way
def unbuffered() -> str:
    with open(PATH, "rb", buffering=0) as file:
        return file.read().decode()


@way
def by_lines() -> str:
    with Path(PATH).open(encoding="utf-8") as file:
        return "".join(line for line in file)


@way
def by_csv() -> str:
    with open(PATH, newline="", encoding="utf-8") as file:
        return "".join(",".join(row) + "\n" for row in csv.reader(file))


@way
def by_codecs() -> str:
    with codecs.open(PATH, encoding="utf-8") as file:
        return file.read()


@way
def by_fileinput() -> str:
    with fileinput.input(PATH, encoding="utf-8") as lines:
        return "".join(lines)


@way
def by_linecache() -> str:
    linecache.clearcache()
    return "".join(linecache.getlines(PATH))


@way
def by_file_io() -> str:
    with io.FileIO(PATH) as file:
        return file.readall().decode()


@way
def by_descriptor() -> str:
    descriptor = os.open(PATH, os.O_RDONLY)
    try:
        return os.read(descriptor, 1000).decode()
    finally:
        os.close(descriptor)


@way
def by_a_file_of_a_descriptor() -> str:
    with os.fdopen(os.open(PATH, os.O_RDONLY), encoding="utf-8") as file:
        return file.read()


@way
def by_another_name() -> str:
    with open(os.path.join(os.path.dirname(PATH), ".", os.path.basename(PATH)).encode(), "br") as file:
        return file.read().decode()


@way
def mapped() -> str:
    with open(PATH, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as memory:
        return memory[:].decode()


@way
def there_and_back() -> str:
    with open(PATH, encoding="utf-8") as file:
        end = file.seek(0, os.SEEK_END)
        file.seek(0)
        return file.read(end)


@way
def by_a_program() -> str:
    return subprocess.run(["cat", PATH], capture_output=True, text=True, check=True).stdout


@way
def by_a_shell() -> str:
    with os.popen(f"cat '{PATH}'") as shell:
        return shell.read()


@app.get("/on_a_thread/{way}")
def on_a_thread(way: str) -> str:
    return WAYS[way]()


@app.get("/on_the_loop/{way}")
async def on_the_loop(way: str) -> str:
    return WAYS[way]()


# -- ways of their own, whose opening waits elsewhere than their reading


@app.get("/executor")
async def executor() -> str:
    """A bare method of a library's, which carries no context."""
    return await asyncio.get_running_loop().run_in_executor(None, functools.partial(Path(PATH).read_text, "utf-8"))


@app.get("/anyio")
async def by_anyio() -> str:
    async with await anyio.open_file(PATH, encoding="utf-8") as file:
        return "".join([line async for line in file])


@app.get("/half")
async def half() -> str:
    """Opened on a thread, read on the loop."""
    with await asyncio.to_thread(open, PATH, encoding="utf-8") as file:
        return file.read()


@app.get("/half_a_descriptor")
async def half_a_descriptor() -> str:
    descriptor = await asyncio.to_thread(os.open, PATH, os.O_RDONLY)
    with contextlib.closing(os.fdopen(descriptor, "rb", buffering=0, closefd=True)):
        return os.read(descriptor, 1000).decode()


@app.get("/half_mapped")
async def half_mapped() -> str:
    with await asyncio.to_thread(open, PATH, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as memory:
        return memory[:].decode()


@app.get("/half_raw")
async def half_raw() -> str:
    """The opening of a raw file is seen, but its reading isn't."""
    with await asyncio.to_thread(io.FileIO, PATH) as file:
        return file.readall().decode()


@app.get("/awaited_program")
async def awaited_program() -> str:
    process = await asyncio.create_subprocess_exec("cat", PATH, stdout=asyncio.subprocess.PIPE)
    return (await process.communicate())[0].decode()


@app.get("/awaited_shell")
async def awaited_shell() -> str:
    return (await anyio.run_process(f"cat '{PATH}'")).stdout.decode()


@app.get("/process")
async def process() -> str:
    with ProcessPoolExecutor(1, mp_context=get_context("fork")) as pool:
        return await asyncio.get_running_loop().run_in_executor(pool, opened)


@app.get("/elsewhere")
async def elsewhere() -> str:
    """Another file of the same name, and a look at the one that is held."""
    assert os.path.exists(PATH) and os.path.isfile(PATH) and Path(PATH).stat().st_size  # noqa: PT018  # all of it is a look
    return (Path(PATH).parent / "other" / Path(PATH).name).read_text(encoding="utf-8")
