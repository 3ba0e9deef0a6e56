"""3.2 · Users whose requests are valid and varied, and who notice a wrong answer."""

import asyncio
import math
import re
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from itertools import pairwise

import pytest
import pytest_asyncio

from dojo.evidence import raised
from dojo.kata import Call, Inconclusive, Load, LoadRun, Red, exercise, listed, plural
from dojo.load import Found
from dojo.subject import earlier_hole
from katas.phase3_load_testing.recording import (
    FAILED_PREDICTIONS,
    FAILED_USERS,
    WRONG_PREDICTIONS,
    WRONG_USERS,
    Kind,
    Recording,
    is_lookup,
    payload,
    user_of,
)

pytestmark = exercise("3.2", edit="locustfile.py")

#: The users with one endpoint, and their requests.
ENDPOINTS = {"SyncUser": "POST /predict/sync", "AsyncUser": "POST /predict/async", "BrokenUser": "POST /predict/broken"}
MIXED = "MixedUser"
FEATURES = ("feature_1", "feature_2")
#: The pause of MixedUser, in seconds.
SHORTEST, LONGEST = 0.05, 0.15
#: How far a pause may be below its least: the clocks of two processes agree better, but a timer may count from a moment before.
TOLERANCE = 0.01

#: A run ends when all has been seen, after one second or two. This only ends one that has hardly any requests. In seconds.
LONGEST_RUN = 12.0
COUNT, RIGHT_FIRST = 8, 24
MIXED_COUNT, MIXED_RIGHT_FIRST = 30, 260
#: The shares of MixedUser's requests are those of the first so many, a number that doesn't depend on what they are.
DRAWN = 500
#: So many requests of one MixedUser are seen while all others wait; and for how long that, and that all wait, is waited for at most, in seconds.
ALONE, LONGEST_ALONE = 5, 3.0
#: What is repeated after so many requests at most, by so many at least, is a sequence and no chance: that would be once in 10²⁰ runs.
LONGEST_CYCLE, ALIKE = 8, 100
#: How often a right answer may be rejected by chance.
FALSE_ALARM = 1e-10


@dataclass
class Seen:
    """One run: what the recording service saw of a class of users, and what Locust says of it."""

    name: str
    count: int
    service: Recording
    run: LoadRun

    @property
    def calls(self) -> list[Call]:
        """The requests, in the order of their coming; raises `Red` when there are none."""
        if self.service.calls:
            return self.service.calls
        if self.run.errors:
            error = self.run.errors[0]
            raise Red(f"{self.name} sent no request: its task raised an exception.\n{earlier_hole(error, '3.2') or raised(error)}")
        if self.run.generator is not None and (why := self.run.generator.strained()):
            raise Inconclusive(why)
        raise Red(f"{plural(self.count, self.name)} sent no request in {LONGEST_RUN:g} s. Locust said:\n{self.run.printed or '    nothing'}")

    def looked_at(self, *fails: str) -> list[tuple[Call, Kind, int, int]]:
        """The requests whose answers are of these kinds (`Kind.fails`), with these, and how often Locust counted each of them, and as failed.

        Their users have surely seen the answers: they have sent the next request on that connection, or Locust has counted this one; the last
        ones may have been under way when the run ended. Raises `Red` when there are none: what nobody has looked at is no pass.
        """
        read = {call.number for call in self.service.read()}
        settled = set(list(self.service.given)[:-3 * self.count])
        found = [(call, self.service.given[call.number], *self.run.judged.get(call.number, (0, 0))) for call in self.calls
                 if call.number in read or (call.number in self.run.judged and call.number in settled)]
        found = [each for each in found if each[1].fails in fails]
        if found:
            return found
        if why := strained(self):
            raise Inconclusive(why)
        given = sum(self.service.given[number].fails in fails for number in settled)
        told = f"{plural(self.count, self.name)} sent {plural(len(self.calls), 'request')}"
        if given:
            raise Red(f"{told}, and {given} of them were given {LOOKED_FOR[fails[0]]}. Locust counted none of these, neither as good nor as failed."
                      f"{because(self)}")
        raise Red(f"{told} in {LONGEST_RUN:g} s: too few to come upon {LOOKED_FOR[fails[0]]}.{because(self)}")


async def recorded(load: Load, name: str) -> Seen:
    """Runs the users of one class until all that matters has been seen."""
    mixed = name == MIXED
    users = MIXED_COUNT if mixed else COUNT
    service = await Recording(MIXED_RIGHT_FIRST if mixed else RIGHT_FIRST).start()
    kinds = (*WRONG_PREDICTIONS, *FAILED_PREDICTIONS, *((*WRONG_USERS, *FAILED_USERS) if mixed else ()))

    until = math.inf

    def enough() -> bool:
        nonlocal until
        count = len(service.given)
        if until == math.inf and not ((service.was_given(kinds, users) and (count > DRAWN or not mixed)) or count > 4 * DRAWN):
            return False
        until = min(until, time.perf_counter() + LONGEST_ALONE)
        if mixed and service.answer_one() < ALONE and time.perf_counter() < until:
            return False
        if service.answer_nobody() < users and time.perf_counter() < until:
            return False
        service.open()
        return True

    try:
        return Seen(name, users, service, await load.run(name, host=service.url, count=users, seconds=LONGEST_RUN, enough=enough))
    finally:
        await service.stop()


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def found(load: Load) -> AsyncIterator[Found]:
    """What Locust finds in the locustfile."""
    yield await load.found()


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def runs(load: Load) -> AsyncIterator[dict[str, Seen]]:
    """A run of each class, by its name; all tests look at the same ones."""
    done = await asyncio.gather(*(recorded(load, name) for name in (*ENDPOINTS, MIXED)))
    yield {seen.name: seen for seen in done}


@pytest.fixture
def single(runs: dict[str, Seen]) -> list[Seen]:
    """The runs of the users with one endpoint."""
    return [runs[name] for name in ENDPOINTS]


@pytest.fixture
def mixed(runs: dict[str, Seen]) -> Seen:
    """The run of MixedUser."""
    return runs[MIXED]


def example(call: Call) -> str:
    """A request as it was sent, in two lines at most."""
    body = call.details["body"].decode(errors="replace")
    return f"    {call.text}" + (f"\n    {body[:70]}" if body else "")


# -- what the file holds


async def test_there_are_four_users(found: Found) -> None:
    """The file has the classes SyncUser, AsyncUser, BrokenUser and MixedUser, each of them a FastHttpUser."""
    users = {user.name: user for user in found.users}
    missing = [name for name in (*ENDPOINTS, MIXED) if name not in users]

    assert not missing, f"Locust finds {listed(sorted(users)) or 'no users'} in locustfile.py, and not {listed(missing)}."
    slow = [name for name in (*ENDPOINTS, MIXED) if "FastHttpUser" not in users[name].kinds]
    assert not slow, (
        f"{listed(slow)} {'is' if len(slow) == 1 else 'are'} no FastHttpUser. A request of an HttpUser costs the load generator three to five "
        "times the processor time, so it is itself the bottleneck that much sooner."
    )


async def test_a_shape_that_nobody_asked_for_is_left_alone(found: Found) -> None:
    """Without LOAD_SHAPE=StepLoad in the environment Locust finds no load shape in the file."""
    assert not found.shapes, (
        f"Locust takes {found.shapes[0]} for every run: a LoadTestShape in the file decides how many users there are, whatever --users, "
        "--spawn-rate and --run-time say, unless its class attribute `abstract` is true. Set that as the given file does."
    )


async def test_the_pause_of_mixed_users_is_between_0_05_and_0_15_seconds(found: Found) -> None:
    """The `wait_time` of MixedUser gives different pauses between 0.05 and 0.15 seconds."""
    waits = next(user.waits for user in found.users if user.name == MIXED)
    if waits is None:  # the user pauses in a way of its own, or not at all, which a run shows
        return

    low, high = min(waits), max(waits)
    assert low < high, (
        f"The wait_time of MixedUser gave {low:g} s, {len(waits)} times out of {len(waits)}. People aren't that regular; users that "
        "all pause for as long come in waves."
    )
    assert SHORTEST - 1e-9 <= low, f"The wait_time of MixedUser gave {low:g} s. The pause is at least {SHORTEST:g} s."
    assert high <= LONGEST + 1e-9, (
        f"The wait_time of MixedUser gave {high:g} s. The pause is {LONGEST:g} s at most; "
        "Locust takes the numbers for seconds."
    )


# -- requests


@pytest.mark.live
async def test_each_user_asks_its_own_endpoint(single: list[Seen], mixed: Seen) -> None:
    """SyncUser, AsyncUser and BrokenUser ask one endpoint each; MixedUser asks for predictions and for users."""
    for seen in single:
        strange = [call for call in seen.calls if call.text != ENDPOINTS[seen.name]]
        assert not strange, f"{seen.name} sent\n{example(strange[0])}\nIt asks {ENDPOINTS[seen.name]}, and nothing else."
    strange = [call for call in mixed.calls if call.text != ENDPOINTS["AsyncUser"] and not re.fullmatch(r"GET /users/\d+", call.text)]
    assert not strange, f"{MIXED} sent\n{example(strange[0])}\nIt asks POST /predict/async and GET /users/<a number>, and nothing else."


@pytest.mark.live
async def test_payloads_are_valid(runs: dict[str, Seen]) -> None:
    """Each prediction is asked for with JSON: `feature_1` and `feature_2`, both numbers, and nothing else."""
    for seen in runs.values():
        for call in seen.calls:
            if not is_lookup(call):
                wrong = invalid(call)
                assert not wrong, f"{seen.name} sent\n{example(call)}\n{wrong} The service answers that with 422, and computes nothing."


def invalid(call: Call) -> str:
    """What is wrong with the payload of a request for a prediction; empty when it is valid."""
    kind = call.details["headers"].get("content-type", "")
    if not kind.lower().startswith("application/json"):
        return f"Its content type is {kind or 'missing'}, not application/json."
    try:
        body = payload(call)
    except ValueError as error:
        return f"The body isn't JSON: {error}."
    if not isinstance(body, dict) or set(body) != set(FEATURES):
        return "The body isn't an object with feature_1 and feature_2, and nothing else."
    wrong = [name for name in FEATURES if type(body[name]) not in (int, float)]
    return f"{listed(wrong)} isn't a number." if wrong else ""


@pytest.mark.live
async def test_payloads_vary(runs: dict[str, Seen]) -> None:
    """Both features differ from request to request, also among those of one user."""
    for seen in runs.values():
        predictions = [call for call in seen.calls if not is_lookup(call)]
        for name in FEATURES:
            values = {payload(call)[name] for call in predictions}
            # Twenty draws out of only three values miss one of them once in a thousand runs, and all but one of them once in 10⁹.
            assert len(values) > 2 or len(predictions) < 20, (
                f"In all {len(predictions)} requests of {plural(seen.count, seen.name)}, {name} was {listed([*map(str, sorted(values))])}.\n"
                "A service that keeps its last answers, or a processor its last branches, is measured at its best by that."
            )
        of_users = [[payload(call) for call in calls if not is_lookup(call)] for calls in seen.service.by_connection()]
        repeated = sum(len(payloads) - 1 for payloads in of_users if payloads)
        # Twenty draws that all repeat the one before them: once in 10⁹ runs, if there are only three values.
        kept = [name for name in FEATURES if all(len({each[name] for each in payloads}) < 2 for payloads in of_users)]
        what = "payload" if len(kept) > 1 else "".join(kept)
        assert repeated < 20 or not kept, (
            f"Each user of the class {seen.name} repeated its own {what}: in {plural(repeated, 'request')} it was what the service had been sent on "
            f"the same connection before, such as\n{example(predictions[0])}\nIt has to vary from request to request, not only from user to user."
        )


@pytest.mark.live
async def test_users_of_all_ids_are_asked_for(mixed: Seen) -> None:
    """MixedUser asks for users with ids from 1 to 100, of the whole range."""
    ids = [user_of(call) for call in mixed.calls if is_lookup(call)]
    if not ids:
        raise Red(f"In {len(mixed.calls)} requests {MIXED} asked for no user. It sends a GET /users/… for each three predictions.")
    strange = [each for each in ids if not 1 <= each <= 100]
    assert not strange, f"{MIXED} asked for the user {strange[0]}. The table holds the ids 1 to 100, so that is a 404."
    counts_up = all((b - a) % 100 == 1 for calls in mixed.service.by_connection() for a, b in pairwise([user_of(c) for c in calls if is_lookup(c)]))
    repeated = len(ids) >= 1.5 * len(set(ids))  # who goes through them in order repeats none before all were asked for
    high, low = max(ids), min(ids)
    # The chance that so many ids of the whole range all lie in this part of it.
    chance = ((high - low + 1) / 100) ** (len(ids) - 2) * len(ids) ** 2
    assert counts_up or not repeated or chance > FALSE_ALARM, (
        f"{MIXED} asked for {len(ids)} users, all of them with ids from {low} to {high}. The table holds the ids 1 to 100, and a few of them "
        "always come from the database's memory."
    )
    # Who goes through them in an order of its own asks for none again so soon; and one who always asks for the same is one of many who do.
    again = any(len(set(own)) < len(own) for calls in mixed.service.by_connection() if (own := [user_of(c) for c in calls if is_lookup(c)]))
    few = len(set(ids))
    chance = math.comb(100, few) * (few / 100) ** min(len(ids), mixed.count)
    assert counts_up or not again or chance > FALSE_ALARM, (
        f"{MIXED} asked for {len(ids)} users, and always for one of {few}: those with the ids {listed([*map(str, sorted(set(ids)))])}. The table "
        "holds the ids 1 to 100, and a few of them always come from the database's memory."
    )


# -- what counts as failed

#: What the answers are called of which nothing was seen.
LOOKED_FOR = {"": "right answers", "body": "wrong bodies", "status": "another status than 200"}


def told_of(seen: Seen, call: Call, kind: Kind) -> str:
    """An answer and the request that it was for."""
    return f"{seen.name} was given {kind.told}, for\n    {call.text}\n"


@pytest.mark.live
async def test_right_answers_count_as_successes(runs: dict[str, Seen]) -> None:
    """No right answer counts as failed, also a prediction of 0.0."""
    for seen in runs.values():
        for call, kind, _, failed in seen.looked_at(""):
            assert not failed, f"{told_of(seen, call, kind)}and counted it as failed. Locust's list of failures:\n{failures(seen)}"


@pytest.mark.live
@pytest.mark.parametrize("fails", ["body", "status"])
async def test_wrong_answers_count_as_failed(runs: dict[str, Seen], fails: str) -> None:
    """Each answer with a wrong body or a status other than 200 counts as failed, once."""
    for seen in runs.values():
        for call, kind, counted, failed in seen.looked_at(fails):
            assert counted, f"{told_of(seen, call, kind)}and Locust counted the request neither as good nor as failed.{because(seen)}"
            assert failed, f"{told_of(seen, call, kind)}and counted it as a success.{why_wrong(kind)}"


def why_wrong(kind: Kind) -> str:
    """Why an answer is wrong that was taken for a right one."""
    if kind.fails == "status":
        return ("\nOnly a status of 200 is a success, whatever the body says. Locust itself, and response.ok, take each below 400 for one, and "
                "response.success() overrides what Locust thinks of the others.")
    return ("\nA service that is overloaded, or started badly, answers like that at full speed: the fastest run of the day, with no failures.\n"
            "Locust looks at the status alone; the body is yours to look at.")


def because(seen: Seen) -> str:
    """The exception for which requests weren't counted."""
    if not seen.run.errors:
        return ""
    return (f"\nThe task raised an exception, and what is raised within the `with` block of a request takes the request out of the statistics:\n"
            f"{raised(seen.run.errors[0])}")


def failures(seen: Seen) -> str:
    """Locust's failures, each in a line."""
    return "\n".join(f"    {row['Occurrences']} × {row['Error']}"[:76] for row in seen.run.failures[:4])


@pytest.mark.live
async def test_a_request_that_nobody_answers_counts_as_failed(runs: dict[str, Seen]) -> None:
    """When the service hangs up instead of answering, the request counts as failed."""
    for seen in runs.values():
        # The last ones may have been under way when the run ended.
        settled = list(seen.service.given.values())[:-3 * seen.count]
        hung_up = sum(kind.fails == "line" for kind in settled)
        counted, failed = seen.run.unnumbered
        told = f"The service hung up {hung_up} times or more on a {seen.name} instead of answering,"
        assert counted >= hung_up, f"{told} and Locust counted {counted} of these requests.{because(seen)}"
        assert failed == counted, f"{told} and {counted - failed} of these requests count as successes."


@pytest.mark.live
async def test_each_request_is_counted_once(runs: dict[str, Seen]) -> None:
    """Locust's statistics have each request of a user once."""
    for seen in runs.values():
        for call, kind, counted, _ in seen.looked_at("", "body", "status"):
            assert counted, f"{told_of(seen, call, kind)}and Locust did not count the request.{because(seen)}"
            assert counted == 1, f"{told_of(seen, call, kind)}and Locust counted the request {counted} times."
        total, sent = int(seen.run.total["Request Count"]), len(seen.calls)
        assert total <= sent, (
            f"{seen.name}s sent {sent} requests, and Locust's statistics have {total}. Who fires the event `request` by hand counts "
            "a request that its client has counted already; response.failure() changes how the client counts it."
        )


@pytest.mark.live
async def test_requests_are_grouped_under_one_name(single: list[Seen], mixed: Seen) -> None:
    """Locust's statistics have one row for each endpoint: `/users/[user_id]` for all users."""
    for seen in single:
        names = rows(seen)
        assert len(names) == 1, f"{seen.name} asks one endpoint, and Locust's statistics have {len(names)} rows for it: {some(names)}."
    names = rows(mixed)
    others = [name for name in names if name != "/users/[user_id]"]
    grouped = len(others) <= 1 and others != names
    assert grouped, (
        f"The statistics of {MIXED} have {len(names)} rows: {some(names)}.\nOne is for predictions, and all users are in one named /users/[user_id]: "
        "each name has percentiles of its own, and those of three requests mean nothing."
    )


def rows(seen: Seen) -> list[str]:
    """The names in Locust's statistics."""
    return [row["Name"] for row in seen.run.stats if row["Name"] != "Aggregated"]


def some(names: list[str]) -> str:
    """A few of ``names``."""
    return listed(names[:4]) + (" …" if len(names) > 4 else "")


# -- how they behave


@pytest.mark.live
async def test_each_user_keeps_its_connection(runs: dict[str, Seen]) -> None:
    """Each user has one connection and keeps it: a new one is opened only after the service hung up."""
    for seen in runs.values():
        first = seen.calls[:MIXED_RIGHT_FIRST if seen.name == MIXED else RIGHT_FIRST]
        opened = len({call.connection for call in first})
        if len(first) < 2 * seen.count:
            continue  # hardly any request was sent, for which other tests have their reasons

        assert opened <= seen.count, (
            f"{plural(seen.count, seen.name)} opened {opened} connections for their first {len(first)} requests. A user keeps its connection, as a "
            "browser does; opening one costs more than a request, and it is the operating system that is measured then."
        )
        # At the end of the run nobody got an answer until each user had come to wait for one, or had had time enough for it.
        apart = seen.service.apart or len(seen.service.by_connection())
        assert apart >= seen.count or strained(seen), (
            f"{plural(seen.count, seen.name)} shared {apart} connections. Each user is another client, with a connection of its own."
        )


def strained(seen: Seen) -> str:
    """Why the load generator may have been too late for its users."""
    return seen.run.generator.strained() if seen.run.generator else "Locust said nothing of its own load"


@pytest.mark.live
async def test_mixed_users_ask_for_three_predictions_per_user(mixed: Seen, found: Found) -> None:
    """Of the requests of MixedUser three parts are predictions and one part is for users."""
    first = mixed.calls[:DRAWN]
    lookups = sum(map(is_lookup, first))
    least, most = borders(len(first), 0.25)

    assert least <= lookups <= most, (
        f"Of {len(first)} requests of {MIXED} {lookups} were for users and {len(first) - lookups} for predictions. With one in four for users "
        f"it would have been {least} to {most}, but for one run in a billion."
    )
    turn = cycle([[*map(is_lookup, calls)] for calls in mixed.service.by_connection()])
    assert not turn or 4 * sum(turn) == len(turn), (
        f"Each {MIXED} asks in the same turn, again and again: {', '.join('a user' if each else 'a prediction' for each in turn)}.\n"
        "It sends three predictions for each user."
    )
    shares = next(user.shares for user in found.users if user.name == MIXED)
    if len(shares) != 2 or math.isclose(min(shares.values()), 0.25):
        return
    # Nothing but chance decides which task is next, so its weights say more than any run. It is those of two tasks that send
    # one request each if what was seen fits them better than three to one.
    share = min(shares.values(), key=lambda each: abs(each - lookups / len(first)))
    told = " and ".join(f"{name} with {each:.0%}" for name, each in shares.items())
    assert likelihood(lookups, len(first), share) < likelihood(lookups, len(first), 0.25), (
        f"{MIXED} has the tasks {told}, and {lookups} of {len(first)} requests were for users. It sends three predictions for each user."
    )


def cycle(users: list[list[bool]]) -> list[bool]:
    """The turn that all ``users`` repeat, when it is the same from their first request on; empty when chance decides."""
    for length in range(1, LONGEST_CYCLE + 1):
        pairs = [pair for user in users for pair in zip(user, user[length:], strict=False)]
        if len(pairs) >= ALIKE and all(before == after for before, after in pairs):
            return max(users, key=len)[:length]
    return []


def likelihood(count: int, total: int, share: float) -> float:
    """The logarithm of how likely ``count`` of ``total`` are, but for a constant."""
    return count * math.log(share) + (total - count) * math.log(1 - share)


def borders(total: int, share: float) -> tuple[int, int]:
    """Between what counts a binomial draw of ``total`` with this ``share`` lies, but for `FALSE_ALARM` at either side."""
    ways = [math.lgamma(total + 1) - math.lgamma(k + 1) - math.lgamma(total - k + 1) for k in range(total + 1)]
    odds = [math.exp(way + likelihood(k, total, share)) for k, way in enumerate(ways)]
    low, high = 0, total
    while sum(odds[: low + 1]) < FALSE_ALARM:
        low += 1
    while sum(odds[high:]) < FALSE_ALARM:
        high -= 1
    return low, high


@pytest.mark.live
async def test_mixed_users_pause(mixed: Seen, note: Callable[[str], None]) -> None:
    """A MixedUser lets at least 0.05 seconds pass between the end of an answer and its next request."""
    pauses = [(after.sent - before.answered, before, after) for calls in mixed.service.by_connection()
              for before, after in pairwise(calls) if before.answered is not None]
    if not pauses:
        raise Red(f"No {MIXED} sent a second request on its connection in {LONGEST_RUN:g} s: its pause is much too long, or it ends after the first.")

    shortest, before, after = min(pauses, key=lambda pause: pause[0])
    # Both times are the service's own: the answer goes out after the first one, and the request has come before the second.
    # So nothing but a pause that was too short makes this too small; a busy machine makes it larger.
    assert shortest >= SHORTEST - TOLERANCE, (
        f"A {MIXED} sent {after.text} {max(shortest, 0) * 1000:.1f} ms after the answer to {before.text} had gone out. It pauses for {SHORTEST:g} to "
        f"{LONGEST:g} s.\nWithout a pause, {mixed.count} users are a load of {mixed.count} requests at any time, not of {mixed.count} people."
    )
    # For how long it asked to sleep, which no clock and no busy machine changes. Who waits in another way has said nothing.
    asked = mixed.run.pauses
    assert max(asked, default=0.0) <= LONGEST + 1e-6, (
        f"A {MIXED} slept for {max(asked):.3g} s between an answer and its next request. It pauses for {SHORTEST:g} to {LONGEST:g} s."
    )
    assert len(asked) < 20 or max(asked) - min(asked) > 1e-6, (
        f"A {MIXED} slept for {asked[0]:.3g} s between an answer and its next request, {len(asked)} times out of {len(asked)}. People aren't that "
        "regular; users that all pause for as long come in waves."
    )
    note(f"{MIXED}: {len(mixed.calls)} requests of {mixed.count} users, pauses from {shortest * 1000:.0f} ms, "
         f"{sum(map(is_lookup, mixed.calls[:DRAWN]))} of {len(mixed.calls[:DRAWN])} for users")


