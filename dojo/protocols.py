"""How much of PostgreSQL's and Redis' protocols a gate has to know: where a question ends, and where its answer.

A `Protocol` reads one connection, both ways. It is fed bytes as they come, in pieces of any size.
"""

import re
from dataclasses import dataclass
from typing import Protocol as Interface


@dataclass(frozen=True)
class Question:
    """A whole question: its text and the values bound to it."""

    text: str
    values: tuple[bytes | None, ...] = ()


class Protocol(Interface):
    """One connection's dialect."""

    def sent(self, data: bytes) -> list[Question]:
        """The questions that ``data``, from the client, completes."""

    def answered(self, data: bytes) -> list[tuple[bytes, bool]]:
        """Pieces of what the server sent, each with whether it is the answer to the oldest open question.

        A piece that answers nothing (a login, a notification) goes on at once.
        """


class Plain:
    """No dialect: whatever is sent without an answer in between is one question, and the next bytes are its answer."""

    def __init__(self) -> None:
        self._open = False

    def sent(self, data: bytes) -> list[Question]:
        """See `Protocol`."""
        if self._open:
            return []
        self._open = True
        return [Question(data[:80].decode(errors="replace"))]

    def answered(self, data: bytes) -> list[tuple[bytes, bool]]:
        """See `Protocol`."""
        was_open, self._open = self._open, False
        return [(data, was_open)]


class PostgreSQL:
    """Frontend/backend protocol 3: a question ends with Query or Sync, its answer with ReadyForQuery.

    Source: PostgreSQL's manual, "Frontend/Backend Protocol", "Message Formats".
    """

    def __init__(self) -> None:
        self._in = b""
        self._out = b""
        self._started = False
        self._ready = False
        self._statements: dict[bytes, str] = {}
        self._text = ""
        self._values: tuple[bytes | None, ...] = ()

    def sent(self, data: bytes) -> list[Question]:
        """See `Protocol`."""
        self._in += data
        questions = []
        while message := self._message():
            kind, body = message
            if kind == b"Q":
                questions.append(Question(body.rstrip(b"\0").decode(errors="replace")))
            elif kind == b"P":
                name, text = body.split(b"\0")[:2]
                self._statements[name] = self._text = text.decode(errors="replace")
            elif kind == b"B":
                _, name, rest = body.split(b"\0", 2)
                self._text = self._statements.get(name, self._text)
                self._values = _bound(rest)
            elif kind == b"S":
                questions.append(Question(self._text, self._values))
                self._text, self._values = "", ()
        return questions

    def _message(self) -> tuple[bytes, bytes] | None:
        """The next whole message of the client's; the start-up has no type."""
        head = 1 if self._started else 0
        if len(self._in) < head + 4:
            return None
        length = int.from_bytes(self._in[head:head + 4], "big")
        if len(self._in) < head + length:
            return None
        kind, body = self._in[:head], self._in[head + 4:head + length]
        self._in = self._in[head + length:]
        self._started = True
        return kind or b"startup", body

    def answered(self, data: bytes) -> list[tuple[bytes, bool]]:
        """See `Protocol`."""
        self._out += data
        pieces = []
        start = position = 0
        while len(self._out) >= position + 5:
            end = position + 1 + int.from_bytes(self._out[position + 1:position + 5], "big")
            if len(self._out) < end:
                break
            kind = self._out[position:position + 1]
            position = end
            if not self._ready or kind == b"Z":  # the login isn't an answer, nor is what it ends with
                pieces.append((self._out[start:end], self._ready))
                self._ready = self._ready or kind == b"Z"
                start = end
        self._out = self._out[start:]
        return pieces


def _bound(body: bytes) -> tuple[bytes | None, ...]:
    """The parameters of a Bind message, from behind its two names."""
    formats = int.from_bytes(body[:2], "big")
    position = 2 + 2 * formats
    count = int.from_bytes(body[position:position + 2], "big")
    position += 2
    values: list[bytes | None] = []
    for _ in range(count):
        length = int.from_bytes(body[position:position + 4], "big", signed=True)
        position += 4
        values.append(None if length < 0 else body[position:position + length])
        position += max(length, 0)
    return tuple(values)


class Redis:
    """RESP: a question is an array of texts, its answer one value of any type.

    Source: Redis' manual, "Redis serialization protocol specification".
    """

    def __init__(self) -> None:
        self._in = b""
        self._out = b""

    def sent(self, data: bytes) -> list[Question]:
        """See `Protocol`."""
        self._in += data
        questions = []
        while (end := _value(self._in, 0)) is not None:
            words = [word for word in re.split(rb"(?:^|\r\n)(?:[*$]\d+\r\n)+|\r\n$", self._in[:end]) if word]
            questions.append(Question(" ".join(word.decode(errors="replace") for word in words)))
            self._in = self._in[end:]
        return questions

    def answered(self, data: bytes) -> list[tuple[bytes, bool]]:
        """See `Protocol`."""
        self._out += data
        pieces = []
        while (end := _value(self._out, 0)) is not None:
            pieces.append((self._out[:end], not self._out.startswith(b">")))
            self._out = self._out[end:]
        return pieces


def _value(data: bytes, start: int) -> int | None:
    """Where the RESP value that begins at ``start`` ends; None when it isn't all there."""
    line_end = data.find(b"\r\n", start)
    if line_end < 0:
        return None
    kind, rest, end = data[start:start + 1], data[start + 1:line_end], line_end + 2
    if kind in b"$=!":
        end += max(int(rest) + 2, 0) if int(rest) >= 0 else 0
        return end if len(data) >= end else None
    if kind in b"*~>%|":
        count = max(int(rest), 0) * (2 if kind in b"%|" else 1) + (1 if kind == b"|" else 0)
        for _ in range(count):
            inner = _value(data, end)
            if inner is None:
                return None
            end = inner
    return end
