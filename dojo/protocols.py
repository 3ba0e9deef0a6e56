"""How much of PostgreSQL's and Redis' protocols a gate has to know: where a question ends, and where its answer.

A `Protocol` reads one connection, both ways. It is fed bytes as they come, in pieces of any size.
"""

from collections import deque
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
    """Frontend/backend protocol 3: what is asked with Query or Execute, and where the answer to it ends.

    Executes may be sent together, each with an answer of its own, before the Sync that closes them;
    when one fails, the server skips those up to the Sync. A Parse that is sent alone is a question
    too. Source: PostgreSQL's manual, "Frontend/Backend Protocol", "Message Flow" and "Message Formats".
    """

    def __init__(self) -> None:
        self._in = bytearray()
        self._out = bytearray()
        self._read = 0  # how much of _out is known already: whole messages of an answer that isn't
        self._started = False
        self._ready = False
        self._statements: dict[bytes, str] = {}
        self._portals: dict[bytes, Question] = {}
        self._parsed: str | None = None
        self._executes = False
        self._expected: deque[str] = deque()

    def sent(self, data: bytes) -> list[Question]:
        """See `Protocol`."""
        self._in += data
        questions = []
        while message := self._message():
            kind, body = message
            if kind == b"P":
                name, text = body.split(b"\0")[:2]
                self._statements[name] = self._parsed = text.decode(errors="replace")
            elif kind == b"B":
                portal, name, rest = body.split(b"\0", 2)
                self._portals[portal] = Question(self._statements.get(name, ""), _bound(rest))
            elif kind == b"E":
                questions.append(self._portals.get(body.split(b"\0")[0], Question("")))
                self._expected.append("execute")
                self._executes = True
            elif kind in (b"Q", b"F"):
                questions.append(Question(body.rstrip(b"\0").decode(errors="replace") if kind == b"Q" else "a function call"))
                self._expected.append("query")
            elif kind == b"S":
                if self._parsed is not None and not self._executes:
                    questions.append(Question(self._parsed))
                    self._expected.append("query")
                else:
                    self._expected.append("sync")
                self._parsed, self._executes = None, False
        return questions

    def _message(self) -> tuple[bytes, bytes] | None:
        """The next whole message of the client's; the start-up has no type."""
        head = 1 if self._started else 0
        end = _end(self._in, head)
        if end is None:
            return None
        kind, body = bytes(self._in[:head]), bytes(self._in[head + 4:end])
        del self._in[:end]
        self._started = True
        return kind or b"startup", body

    def answered(self, data: bytes) -> list[tuple[bytes, bool]]:
        """See `Protocol`."""
        self._out += data
        pieces: list[tuple[bytes, bool]] = []
        while (end := _end(self._out, self._read + 1)) is not None:
            kind = bytes(self._out[self._read:self._read + 1])
            self._read = end
            if (ends := self._ends(kind)) is not None:
                *skipped, is_answer = ends
                pieces += [(b"", True) for _ in skipped]
                pieces.append((bytes(self._out[:end]), is_answer))
                del self._out[:end]
                self._read = 0
        return pieces

    def _ends(self, kind: bytes) -> list[bool] | None:
        """Whether the server's message ends a piece, and that piece is an answer; before it those that never come, which were skipped."""
        if not self._ready:  # the login isn't an answer, nor is what it ends with
            self._ready = kind == b"Z"
            return [False]
        if not self._expected or kind in (b"G", b"W"):  # a notice; an answer to Flush; "send me what I shall copy"
            return [False]
        if self._expected[0] == "execute" and kind in (b"C", b"I", b"s", b"E"):
            self._expected.popleft()
            return [True]
        if kind != b"Z":
            return None
        skipped = []
        while self._expected and (what := self._expected.popleft()) == "execute":
            skipped.append(True)
        return [*skipped, what == "query"]


def _end(data: bytearray, start: int) -> int | None:
    """Where a message ends whose length stands at ``start``; None when it isn't all there."""
    if len(data) < start + 4:
        return None
    length = int.from_bytes(data[start:start + 4], "big")
    if length < 4:
        raise ValueError("no message of PostgreSQL's is that short")
    return start + length if len(data) >= start + length else None


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
    """RESP: a question is an array of texts or a line, its answer one value of any type.

    Source: Redis' manual, "Redis serialization protocol specification".
    """

    def __init__(self) -> None:
        self._in = _Values()
        self._out = _Values()

    def sent(self, data: bytes) -> list[Question]:
        """See `Protocol`."""
        words = [_words(value) for value in self._in.complete(data)]
        return [Question(" ".join(word[:1000].decode(errors="replace") for word in each)) for each in words
                if each and each[0].upper() not in _SUBSCRIBING]

    def answered(self, data: bytes) -> list[tuple[bytes, bool]]:
        """See `Protocol`."""
        return [(value, not value.startswith(b">")) for value in self._out.complete(data)]


#: What they are answered with is pushed, once for each channel.
_SUBSCRIBING = {prefix + word for prefix in (b"", b"P", b"S") for word in (b"SUBSCRIBE", b"UNSUBSCRIBE")}


class _Values:
    """Cuts bytes, as they come, into RESP values."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._read = 0
        self._left = 1  # so many values end the outermost one

    def complete(self, data: bytes) -> list[bytes]:
        """The values that ``data`` completes."""
        self._data += data
        values = []
        while (line := self._data.find(b"\r\n", self._read)) >= 0:
            kind, rest, end = bytes(self._data[self._read:self._read + 1]), self._data[self._read + 1:line], line + 2
            if kind in (b"$", b"=", b"!") and int(rest) >= 0:
                end += int(rest) + 2
                if len(self._data) < end:
                    break
            self._left -= 1
            if kind in (b"*", b"~", b">"):
                self._left += max(int(rest), 0)
            elif kind in (b"%", b"|"):
                self._left += 2 * int(rest) + (kind == b"|")  # attributes stand before the value that they belong to
            self._read = end
            if self._left == 0:
                values.append(bytes(self._data[:end]))
                del self._data[:end]
                self._read, self._left = 0, 1
        return values


def _words(command: bytes) -> list[bytes]:
    """The words of a command: an array of bulk strings, or a line."""
    if not command.startswith(b"*"):
        return command.split()
    words, position = [], command.index(b"\r\n") + 2
    while position < len(command):
        line = command.index(b"\r\n", position)
        start, end = line + 2, line + 2 + int(command[position + 1:line])
        words.append(command[start:end])
        position = end + 2
    return words
