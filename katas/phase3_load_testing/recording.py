"""The recording service of phase 3: what simulated users sent, on which connection, when; and answers of every kind.

It is an `Upstream`, which notes each request with its connection and its times. Each answer has a number in a
header, by which ``load_watch.py`` says inside of Locust how that answer was counted.
"""

import itertools
import json
import random
import sys
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from dojo.kata import Answer, Call, Upstream
from dojo.load import TAG

#: How long an answer takes, in seconds: the same for all, so that no kind of request gets ahead of another.
DELAY = 0.01
#: Bodies of right answers; a prediction of 0.0 is one like any other.
PREDICTIONS = ({"prediction": 0.25, "model_version": "1.0"}, {"prediction": 0.0, "model_version": "1.0"},
               {"prediction": -1.5, "model_version": "2026-05"}, {"prediction": 1e-07, "model_version": "b"})


@dataclass(frozen=True)
class Kind:
    """A kind of answer: how messages call it, and the answer to a call.

    ``fails``: what has to be counted as failed, ``"body"``, ``"status"`` or ``"line"``; empty for a right answer.
    """

    told: str
    make: Callable[[Call], Answer]
    fails: str = ""


def user_of(call: Call) -> int:
    """The id that a GET /users/… asks for; 0 when it is no number."""
    text = call.text.rpartition("/")[2]
    return int(text) if text.isdecimal() else 0


def is_lookup(call: Call) -> bool:
    """Whether a call asks for a user."""
    return call.text.startswith("GET /users/")


def a_user(user_id: Any) -> dict[str, Any]:
    """What the service says of a user."""
    return {"user_id": user_id, "name": f"User {user_id}", "email": f"user{user_id}@example.org"}


def _body(told: str, body: Any) -> Kind:
    return Kind(f"a 200 with {told}", lambda call: Answer(body=body if isinstance(body, bytes) else json.dumps(body).encode()), "body")


ANY_BODY = (
    _body("a page of HTML", b"<html><body>Sorry!</body></html>"),
    _body("an empty body", b""),
    _body("the JSON null", b"null"),
    _body("a JSON list", [0.5, "1.0"]),
    _body("an error as JSON", {"detail": "model not loaded"}),
    _body("a bare number", 7),
)
WRONG_PREDICTIONS = (
    *ANY_BODY,
    _body("a prediction of null", {"prediction": None, "model_version": "1.0"}),
    _body("a text for a prediction", {"prediction": "high", "model_version": "1.0"}),
    _body("a model_version and no prediction", {"model_version": "1.0"}),
    _body("a prediction and no model_version", {"prediction": 0.5}),
    _body("a number for a model_version", {"prediction": 0.5, "model_version": 3}),
    _body("a right prediction inside of another object", {"result": PREDICTIONS[0]}),
    _body("a right prediction on a page of HTML", f"<pre>{json.dumps(PREDICTIONS[0])}</pre>".encode()),
)
WRONG_USERS = (
    *ANY_BODY,
    Kind("a 200 with another user", lambda call: Answer(json=a_user(user_of(call) % 100 + 1)), "body"),
    Kind("a 200 with another user, whose id begins as that one", lambda call: Answer(json=a_user(10 * user_of(call) + 7)), "body"),
    _body("a user_id of null", a_user(None)),
    _body("a user without a user_id", {"name": "User", "email": "user@example.org"}),
)


def _right(body: dict[str, Any]) -> Kind:
    return Kind(f"the right answer {json.dumps(body)}", lambda call: Answer(json=body))


RIGHT_PREDICTIONS = tuple(map(_right, PREDICTIONS))
RIGHT_USERS = (Kind("the right user", lambda call: Answer(json=a_user(user_of(call)))),)


def _status(status: int, right: Kind | None = None) -> Kind:
    told = f"a status {status}" + (" with the body of a right answer" if right else "")
    return Kind(told, lambda call: Answer(status=status, json=json.loads(right.make(call).content) if right else {"detail": "no"}), "status")


_LINE = Kind("a hang-up instead of an answer", lambda call: Answer(garbage=b""), "line")
# Locust itself takes 201 and 202 for successes: something was made, or a queue will answer later.
FAILED_PREDICTIONS = (_status(500), _status(503, RIGHT_PREDICTIONS[0]), _status(404), _status(429, RIGHT_PREDICTIONS[0]),
                      _status(201, RIGHT_PREDICTIONS[0]), _status(202, RIGHT_PREDICTIONS[0]), _LINE)
# Without the last one: a GET may be sent again by itself, so Locust's client does that when it finds its connection closed.
FAILED_USERS = (_status(500), _status(503, RIGHT_USERS[0]), _status(404), _status(202, RIGHT_USERS[0]))


def _a_right_one() -> Kind:
    """A right answer that nobody has seen before."""
    return _right({"prediction": random.uniform(-4, 4), "model_version": f"{random.getrandbits(32):x}"})


def _a_wrong_one() -> Kind:
    """A wrong body that nobody has seen before."""
    return _body("another error as JSON", {f"{random.getrandbits(32):x}": random.uniform(-4, 4)})


#: After these a connection is used again.
_LASTING = frozenset((*RIGHT_PREDICTIONS, *RIGHT_USERS))


class Recording(Upstream):
    """Answers the first ``right_first`` requests right, then each second one wrong, one kind of wrong answers after the other."""

    def __init__(self, right_first: int) -> None:
        super().__init__("the recording service", self._answer)
        self.given: dict[int, Kind] = {}
        self._right_first = right_first
        self._kinds = {
            False: (itertools.cycle((*RIGHT_PREDICTIONS, _a_right_one())),
                    itertools.cycle((*WRONG_PREDICTIONS, *FAILED_PREDICTIONS, _a_wrong_one()))),
            True: (itertools.cycle(RIGHT_USERS), itertools.cycle((*WRONG_USERS, *FAILED_USERS, _a_wrong_one()))),
        }
        self._turns = {False: 0, True: 0}
        #: The only connection that still gets answers, and how many calls had come by then.
        self._alone, self._before = 0, 0
        #: On how many connections requests waited at the same time, when no more answers were given; 0 before that.
        self.apart = 0
        self.close(only=lambda call: 0 != self._alone != call.connection)

    def _answer(self, call: Call) -> Answer:
        lookup = is_lookup(call)
        wrong = False
        if len(self.given) >= self._right_first:
            self._turns[lookup] += 1
            wrong = self._turns[lookup] % 2 == 1
        kind = self.given[call.number] = next(self._kinds[lookup][wrong])
        return replace(kind.make(call), headers={TAG: str(call.number)}, delay=DELAY)

    def was_given(self, kinds: tuple[Kind, ...], users: int) -> bool:
        """Whether each of ``kinds`` was given twice, with several requests of each of ``users`` after that."""
        counts = Counter(list(self.given.values())[:-3 * users])
        return all(counts[kind] >= 2 for kind in kinds)

    def answer_one(self) -> int:
        """From now on one connection alone gets answers, right ones, and the others wait; how many requests have come on it since.

        Many users without a pause keep Locust so busy that each waits for its turn as long as for a pause. One alone doesn't.
        """
        if not self._alone:
            lasting = [call.connection for call in self.calls[-100:] if call.answered is not None and self.given[call.number] in _LASTING]
            if lasting:
                self._alone, self._before, self._right_first = lasting[-1], len(self.calls), sys.maxsize
        return sum(call.connection == self._alone for call in self.calls[self._before:]) if self._alone else 0

    def answer_nobody(self) -> int:
        """From now on all wait, but for the one that alone gets answers, if there is such a one; on how many connections that is.

        So each of as many users as there are comes to wait on a connection of its own, however late it begins. Those that share connections don't.
        """
        self._alone = self._alone or -1
        self.apart = len({call.connection for call in self.held} | {self._alone} - {-1})
        return self.apart

    def by_connection(self) -> list[list[Call]]:
        """The calls of each connection, in their order."""
        connections: dict[int, list[Call]] = defaultdict(list)
        for call in self.calls:
            connections[call.connection].append(call)
        return list(connections.values())

    def read(self) -> list[Call]:
        """The calls whose answers were surely read: the same connection was used again after them."""
        read = [call for calls in self.by_connection() for call in calls[:-1]]
        return sorted(read, key=lambda call: call.number)


def payload(call: Call) -> Any:
    """The body of a request as JSON; raises ``ValueError`` where it is none."""
    def refuse(name: str) -> None:
        raise ValueError(f"{name} is no JSON")

    return json.loads(call.details["body"], parse_constant=refuse)
