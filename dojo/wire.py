"""What judge and host say to each other: one JSON object a line, plain data only.

Nothing that crosses is ever executed or unpickled, so a learner's code can't reach the judge
through it. Floats keep NaN and the infinities, in the notation of Python's ``json``.
"""

import dataclasses
import json
import threading
from collections.abc import Iterable, Mapping
from typing import Any, BinaryIO

#: The key of a mapping that stands for a call of a class: ``{NEW: "module:Name", "fields": {…}}``.
NEW = "$new"

#: No message of a host's is longer than this, in bytes.
LONGEST_LINE = 1 << 24


def new(path: str, **fields: Any) -> dict[str, Any]:
    """Plain data from which the host builds the object ``path`` (``"module:Name"``) with ``fields``."""
    return {NEW: path, "fields": fields}


def plain(value: Any) -> Any:
    """``value`` as plain data: None, bool, int, float, str, list, and dict with text keys.

    Dataclasses, named tuples and pydantic models become mappings of their fields, other
    iterables lists, numbers of other libraries Python's own. Raises ``TypeError`` for the rest.
    """
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if hasattr(value, "model_dump"):
        return plain(value.model_dump())
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return plain(value._asdict())
    if isinstance(value, Mapping):
        # A text is what it holds: a member of `class Name(str, Enum)` would be called after its class.
        return {str.__str__(key) if isinstance(key, str) else str(key): plain(each) for key, each in value.items()}
    if hasattr(value, "tolist"):  # numpy's arrays and scalars
        return plain(value.tolist())
    if isinstance(value, Iterable) and not isinstance(value, bytes | bytearray):
        return [plain(each) for each in value]
    raise TypeError(f"{type(value).__name__} is no plain data: {value!r:.80}")


def scalar(value: Any) -> Any:
    """What is a number of numpy's as one of Python's own; anything else as it is."""
    return value.item() if hasattr(value, "item") else value


def encode(message: Mapping[str, Any]) -> bytes:
    """One line for ``message``."""
    return json.dumps(message).encode() + b"\n"


def decode(line: bytes) -> dict[str, Any] | None:
    """The message of one line, or None when the line is damaged (its writer died in the middle, or it is none of the host's)."""
    try:
        message = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return message if isinstance(message, dict) else None


class Line:
    """The host's end of the line: blocking, and safe to write to from several threads."""

    def __init__(self, incoming: BinaryIO, outgoing: BinaryIO) -> None:
        self._incoming = incoming
        self._outgoing = outgoing
        self._lock = threading.Lock()
        #: Goes with each message when it isn't empty.
        self.seal = ""

    def send(self, **message: Any) -> None:
        """Writes one message; in the place of a reply that is too long one that says so."""
        seal = {"seal": self.seal} if self.seal else {}
        line = encode(message | seal)
        if len(line) > LONGEST_LINE:
            line = encode({"event": message["event"], "id": message.get("id"), "too_long": True} | seal)
        with self._lock:
            self._outgoing.write(line)
            self._outgoing.flush()

    def receive(self) -> dict[str, Any] | None:
        """The next message, or None when the judge has hung up."""
        line = self._incoming.readline()
        return (decode(line) or {}) if line else None

