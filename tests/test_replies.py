"""Answers as the judge takes them: whatever a service sends, reading it ends soon, and never with a mistake of the judge's."""

import asyncio
import contextlib
import gzip
import zlib
from collections.abc import AsyncIterator

import httpx
import pytest

from dojo.replies import LONGEST_REPLY, Red, Transport, whole
from katas.exam.crowd import ask

LONG = bytes(LONGEST_REPLY + 1)


@contextlib.asynccontextmanager
async def saying(head: str, body: bytes) -> AsyncIterator[str]:
    """A service that says one thing; its URL."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(f"HTTP/1.1 200 OK\r\nConnection: close\r\n{head}\r\n".encode() + body)
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def asked(url: str) -> httpx.Response:
    """The answer to one request."""
    async with httpx.AsyncClient(base_url=url, transport=Transport()) as client:
        return await client.get("/x")


@pytest.mark.parametrize(("coding", "packed"), [
    ("identity", b'{"a": 1}'), ("gzip", gzip.compress(b'{"a": 1}')), ("deflate", zlib.compress(b'{"a": 1}')),
    ("deflate", zlib.compress(b'{"a": 1}')[2:-4]), ("GZIP ", gzip.compress(b'{"a": 1}')),
])
async def test_what_is_packed_in_a_way_that_was_asked_for_is_unpacked(coding: str, packed: bytes) -> None:
    """As httpx does it, with what the answer said left as it is."""
    async with saying(f"Content-Encoding: {coding}\r\n", packed) as url:
        answer = await asked(url)
    assert ({"a": 1}, coding.strip()) == (answer.json(), answer.headers["content-encoding"])
    assert {"a": 1} == whole(200, [(b"content-encoding", coding.encode())], packed, httpx.Request("GET", url)).json()


@pytest.mark.parametrize(("coding", "packed"), [
    ("identity", LONG), ("gzip", gzip.compress(LONG)), ("deflate", zlib.compress(LONG)), ("gzip, gzip", gzip.compress(gzip.compress(LONG))),
    ("br", b""), ("gzip, br", b""),
])
async def test_what_would_fill_the_memory_is_no_valid_answer(coding: str, packed: bytes) -> None:
    """Neither does it get there."""
    async with saying(f"Content-Encoding: {coding}\r\n", packed) as url:
        with pytest.raises(httpx.DecodingError, match=r"longer than 16 MB|was asked for"):
            await asked(url)
    with pytest.raises(httpx.DecodingError):
        whole(200, [(b"content-encoding", coding.encode())], packed, httpx.Request("GET", url))


@pytest.mark.parametrize("body", [b"", b"hi", b"[" * 100_000, b"1" * 5000, b"\xff"])
async def test_what_is_no_json_is_red(body: bytes) -> None:
    """It says what came; whoever looks for a ``ValueError`` finds one."""
    async with saying("", body) as url:
        answer = await asked(url)
    with pytest.raises(Red, match=r"GET /x answered 200 with a body that is no JSON") as told:
        answer.json()
    assert isinstance(told.value, ValueError)


@pytest.mark.parametrize("charset", ["undefined", "hex", "zlib", "rot13", "idna", "punycode", "nothing", "utf-7", "\x00"])
async def test_there_is_always_a_text(charset: str) -> None:
    """Python knows codecs that make something else, or nothing."""
    async with saying(f"Content-Type: text/plain; charset={charset}\r\n".replace("\0", ""), b"hi \xff") as url:
        assert isinstance((await asked(url)).text, str)


@pytest.mark.parametrize("chunks", [
    b"-2\r\n" * 300_000, b"0x5\r\nhello\r\n0\r\n\r\n", b"+5\r\nhello\r\n0\r\n\r\n", b"5\r\nhello\r\n", b"", b"\r\n" * 300_000,
])
async def test_chunks_that_are_none_are_passed_over_by_the_exam(chunks: bytes) -> None:
    """A size below zero would lead back, and keep all that is left once more each time."""
    async with saying("Transfer-Encoding: chunked\r\n", chunks) as url:
        assert b"" == (await ask(url, "GET", "/x")).body


async def test_chunks_are_put_together_by_the_exam() -> None:
    """With extensions, in either case of the digits."""
    async with saying("Transfer-Encoding: chunked\r\n", b"5;x=y\r\nhello\r\nA\r\n, you\r\nall\r\n0\r\n\r\n") as url:
        assert b"hello, you\r\nall" == (await ask(url, "GET", "/x")).body
