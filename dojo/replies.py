"""A service's answers as the judge takes them: of any length and any form, and yet nothing that holds up the judge or ends it.

httpx keeps whatever comes, and unpacks whatever says that it is packed: six hundred bytes, packed twice, are three hundred megabytes.
And a body that is no JSON is the learner's mistake, where a test that reads it would have made one.
"""

import zlib
from collections.abc import AsyncIterator
from typing import Any

import httpx

#: The longest body, packed and unpacked, in bytes.
LONGEST_REPLY = 1 << 24
#: The ways of packing that are asked for; each unpacks in steps.
CODINGS = ("gzip", "deflate")

_STEP = 1 << 20


class Red(AssertionError):
    """The exercise is not solved; the text says what was seen."""


class NoJson(Red, ValueError):
    """A body that has to be JSON is none; a `Red`, for whoever doesn't expect it."""


class Reply(httpx.Response):
    """An answer whose reading can't fail but with a `Red`."""

    @property
    def text(self) -> str:
        """The body as text; in UTF-8 when it can't be read in the way that it says."""
        try:
            return super().text
        except Exception:  # whatever else than text a codec that Python knows may make of it
            return self.content.decode(errors="replace")

    def json(self, **options: Any) -> Any:
        """The body as plain data; raises `NoJson`."""
        try:
            return super().json(**options)
        except (ValueError, RecursionError) as error:
            why = "nested too deeply" if isinstance(error, RecursionError) else error
            raise NoJson(f"{self.request.method} {self.request.url.path} answered {self.status_code} with a body that is no JSON ({why}):\n"
                         f"    {self.text[:300]}") from None


class Measure:
    """Counts a body that comes in parts, and what it unpacks to; raises ``httpx.DecodingError`` when that is more than anybody needs."""

    def __init__(self, headers: httpx.Headers) -> None:
        codings = [coding.strip().lower() for coding in headers.get("content-encoding", "").split(",")]
        codings = [coding for coding in codings if coding not in ("", "identity")]
        if len(codings) > 1 or set(codings) - set(CODINGS):
            raise httpx.DecodingError(f"its Content-Encoding is {', '.join(codings)[:100]}, and {' or '.join(CODINGS)} was asked for")
        self._packed = self._unpacked = 0
        self._unpacking = zlib.decompressobj(zlib.MAX_WBITS | (16 if codings == ["gzip"] else 0)) if codings else None
        self._bare = codings == ["deflate"]  # it may come with a head or without; which of them, the first part shows

    def add(self, part: bytes) -> None:
        """Counts the next part."""
        self._packed += len(part)
        while part and self._unpacking is not None and self._unpacked <= LONGEST_REPLY:
            try:
                self._unpacked += len(self._unpacking.decompress(part, _STEP))
                part = self._unpacking.unconsumed_tail
            except zlib.error:  # httpx will say so
                self._unpacking = zlib.decompressobj(-zlib.MAX_WBITS) if self._bare else None
            self._bare = False
        if max(self._packed, self._unpacked) > LONGEST_REPLY:
            raise httpx.DecodingError(f"its body is longer than {LONGEST_REPLY >> 20} MB")


class _Measured(httpx.AsyncByteStream):
    """A body that ends with an error when it is too long."""

    def __init__(self, stream: httpx.AsyncByteStream, headers: httpx.Headers) -> None:
        self._stream = stream
        self._measure = Measure(headers)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self._stream:
            self._measure.add(part)
            yield part

    async def aclose(self) -> None:
        await self._stream.aclose()


class Transport(httpx.AsyncHTTPTransport):
    """httpx's own, whose responses are each a `Reply`."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """One exchange."""
        response = await super().handle_async_request(request)
        assert isinstance(response.stream, httpx.AsyncByteStream)
        try:
            body = _Measured(response.stream, response.headers)
        except httpx.DecodingError:
            await response.aclose()
            raise
        return Reply(response.status_code, headers=response.headers, stream=body, extensions=response.extensions)


def client(limits: httpx.Limits | None = None, kind: type[httpx.AsyncClient] = httpx.AsyncClient, **options: Any) -> httpx.AsyncClient:
    """httpx's own, or one of another ``kind``, which no answer can make the judge fail; ``options`` are those of ``httpx.AsyncClient``.

    A user's proxies would change what is seen. Certificates are not needed on the loopback interface, and take longer to load
    than a host to start.
    """
    transport = Transport(verify=False, trust_env=False, limits=limits or httpx.Limits(max_connections=100, max_keepalive_connections=20))
    return kind(trust_env=False, transport=transport, headers={"accept-encoding": ", ".join(CODINGS)}, **options)


def whole(status: int, headers: list[tuple[bytes, bytes]], body: bytes, request: httpx.Request) -> Reply:
    """An answer that was read by hand; raises ``httpx.DecodingError``."""
    Measure(httpx.Headers(headers)).add(body)
    return Reply(status, headers=headers, content=body, request=request)
