"""A · Lookups in a real PostgreSQL wait together, and the event loop stays free."""

import asyncio
import time

import httpx

from dojo.kata import Call, Inconclusive, Red, Request, Server, Service, ServiceStarter, exercise, held_loop, hold, plural
from dojo.seed import USERS
from katas.phase1_5_sync_async.the_loop import PATIENCE, SIGNS_OF_LIFE, must_stay_free, must_stay_free_for_a_second_try

pytestmark = exercise("A", edit="app/routers/users.py")

#: As many connections as psycopg's pools have when nothing else is said.
TOGETHER = 4
#: A time limit that a busy machine doesn't reach, and one that is reached soon.
TIMEOUT, SHORT = 2.0, 0.2
#: More than any pool lends, and than FastAPI's pool has threads; and a time limit within which none of them gives up.
MANY, LONG = 64, 30.0
#: So many lookups are too slow together; and so many connections are lost in the end if each of them loses one: more than a pool has
#: usually, and several times what it lends at once.
CROWD, LOST, TIMES = 24, 32, 4
#: As many are lost when no connection comes twice: on a busy machine a large pool grows slowly, and never lends at once what it could.
ALL = 96
#: Seconds after which a machine is too busy to lose them, or a service that spares its database for a while asks too seldom.
BUSY = 60.0
WHY_WAITING_BLOCKS = "To wait for a connection is to wait: it blocks like the query, and belongs where that belongs."


def of_users(call: Call) -> bool:
    """Whether a query reads the table: a login, a BEGIN or a pool's check is never held."""
    return "users" in call.text.lower()


def lookups(database: Server) -> list[Call]:
    """The queries on the table that have come so far."""
    return [call for call in database.gate.calls if of_users(call)]


async def start(service: ServiceStarter, database: Server, timeout: float = TIMEOUT) -> Service:
    """The service with its database behind the gate; one lookup has been made."""
    api = await service(database_url=database.url, upstream_timeout_seconds=timeout)
    await api.expect(200, await back_in_order(api))
    return api


async def back_in_order(api: Service, patience: float = 8.0) -> httpx.Response:
    """The answer to a lookup, asked again for some seconds: a busy machine may need longer than a short limit, and a pool to connect anew."""
    until = time.perf_counter() + patience
    while (answer := await api.get("/users/1")).status_code != 200 and time.perf_counter() < until:
        await asyncio.sleep(0.02)
    return answer


def must_show(number: int, answer: httpx.Response, when: str = "") -> None:
    """Raises unless ``answer`` shows the row of the user ``number``; ``when``: what else was going on, as a sentence."""
    name, email = USERS[number]
    assert {"user_id": number, "name": name, "email": email} == answer.json(), f"{when} GET /users/{number} answered {answer.text}".strip()


async def test_a_user_is_found(service: ServiceStarter, database: Server) -> None:
    """GET /users/{user_id} answers 200 with user_id, name and email, as they stand in the database."""
    api = await service(database_url=database.url, upstream_timeout_seconds=TIMEOUT)

    for number in (1, 2, 3, 5, 7, 11, 1000):
        answer = await api.get(f"/users/{number}")

        await api.expect(200, answer, why="The row is in the table `users`, which DATABASE_URL leads to.")
        must_show(number, answer)


async def test_an_unknown_user_is_not_found(service: ServiceStarter, database: Server) -> None:
    """An id that no row has is a 404, and what is no whole number is a 422."""
    api = await start(service, database)

    for number in (0, 1001, -5, 10**12):
        await api.expect(404, await api.get(f"/users/{number}"), why="404 tells the client that it asked for something that isn't there.")
    await api.expect(422, await api.get("/users/one"), why="FastAPI does this by itself when user_id is annotated as int.")


async def test_each_lookup_asks_the_database(service: ServiceStarter, database: Server) -> None:
    """Every request reads the row anew: what another process changed is seen."""
    api = await start(service, database)

    for number, found in ((42, "found"), (4242, "not found")):
        before = len(lookups(database))
        for _ in range(3):
            await api.get(f"/users/{number}")

        asked = len(lookups(database)) - before
        assert asked >= 3, (
            f"GET /users/{number} was sent 3 times, and the database got {asked} {'query' if asked == 1 else 'queries'}: the others were answered "
            f"from memory. That a user was {found} is an answer like any other: one that is kept goes stale, and each worker keeps its own."
        )


async def test_the_id_is_bound(service: ServiceStarter, database: Server) -> None:
    """The id travels beside the query, never inside its text."""
    api = await start(service, database)

    before = len(lookups(database))
    await api.get("/users/729")

    asked = lookups(database)[before:]
    last = asked[-1]
    assert "729" not in last.text, (
        f"The database was sent this query:\n    {' '.join(last.text.split())[:100]}\n"
        "The id is pasted into its text. This one is harmless, as FastAPI made an int of it; the same habit with a name "
        "lets a client write your queries. Give the driver query and values apart."
    )
    assert any(call.values for call in asked), (
        f"The database was sent this query:\n    {' '.join(last.text.split())[:100]}\n"
        "No id came with it: whoever picks one row out of all that the table has pays for each of them, every time."
    )


async def test_lookups_wait_together(service: ServiceStarter, database: Server) -> None:
    """Four lookups are at the database at the same time, and /health answers meanwhile."""
    api = await start(service, database, LONG)

    seen = await hold(api, database.gate, [Request("GET", f"/users/{number}") for number in range(1, TOGETHER + 1)], only=of_users)

    if not seen.together:
        raise Red(seen.why_not_together("query"))
    assert seen.health, f"/health did not answer while {TOGETHER} lookups waited for the database."
    for response in seen.wrong_answers:
        await api.expect(200, response)
    for number, request in enumerate(seen.requests, 1):
        if request.response is not None:
            must_show(number, request.response, f"{TOGETHER} lookups were at the database together, each for another user.")


async def test_who_waits_for_a_connection_holds_nobody_up(service: ServiceStarter, database: Server) -> None:
    """While more lookups come than there are connections, or none is left, /health answers; each gets its row when it can."""
    api = await service(database_url=database.url, upstream_timeout_seconds=LONG)
    await api.expect(200, await api.get("/users/1"))

    seen = await hold(api, database.gate, [Request("GET", f"/users/{number}") for number in range(1, MANY + 1)], expected=TOGETHER, only=of_users)

    if seen.blocks or not seen.health:
        stood = f"\n{held_loop(seen.blocks[0])}" if seen.blocks else ""
        raise Red(f"{MANY} lookups were sent, more than there are connections, and the database held its answers. /health did not answer "
                  f"meanwhile.{stood}\n{WHY_WAITING_BLOCKS}")
    for number, request in enumerate(seen.requests, 1):
        if request.response is not None and request.response.status_code != 503:  # a limit of its own for who waits
            await api.expect(200, request.response, why=f"{MANY} lookups were sent, more than there are connections. Who waits for one gets it.")
            must_show(number, request.response, f"{MANY} lookups were sent together, each for another user.")
    await database.gate.stop()
    await must_wait_beside_the_loop(api)
    await database.gate.start()


async def must_wait_beside_the_loop(api: Service) -> None:
    """Raises `Red` when lookups hold the event loop while they wait for a database that is down; those that fail at once wait for nothing."""
    await api.watch(False)
    # More than the connections that are left, each of which is broken and fails without a wait.
    asked = [asyncio.create_task(api.get(f"/users/{number}", patience=LONG)) for number in range(1, 2 * MANY + 1)]
    alive, done, until = 0, 0, time.perf_counter() + PATIENCE
    try:
        while alive < SIGNS_OF_LIFE and done < len(asked) and time.perf_counter() < until:
            pulse = await api.pulse()
            before, done = done, sum(each.done() for each in asked)
            alive = 0 if done != before or pulse["started"] < len(asked) else alive + bool(pulse["alive"])
            if pulse["stuck"]:
                await must_stay_free(api, "The database was down.")  # a pause is told of as a pause
                if blocks := [block for block in (await api.report())["blocks"] if block["proof"] == "stuck"]:
                    raise Red(f"The database was down, and {len(asked)} lookups were sent. Nobody else is answered meanwhile.\n"
                              f"{held_loop(blocks[0])}\n{WHY_WAITING_BLOCKS}")
            await asyncio.sleep(0.003)
    finally:
        for each in asked:
            each.cancel()
        await asyncio.gather(*asked, return_exceptions=True)


async def test_connections_are_reused(service: ServiceStarter, database: Server) -> None:
    """Forty lookups, one after the other, share a few connections."""
    api = await start(service, database)
    before = database.gate.connections

    for number in range(1, 41):
        await api.get(f"/users/{number}")

    opened = database.gate.connections - before
    assert opened <= 20, (
        f"40 lookups one after the other opened {opened} connections. A connection costs a process on the database's side and "
        "a login on yours; keep some open and lend them."
    )


async def test_connections_come_back_after_a_404(service: ServiceStarter, database: Server) -> None:
    """After 120 lookups of unknown users the next one still gets a connection."""
    api = await start(service, database)

    for number in range(120):
        answer = await api.get(f"/users/{5000 + number}")
        if answer.status_code != 404:
            raise Red(f"After {plural(number, 'lookup')} that found nothing, the next was answered {answer.status_code}: {answer.text[:100]}\n"
                      "Connections that were lent don't come back when the lookup ends with an exception, until there are none left.")
    await api.expect(200, await api.get("/users/1"))


async def test_connections_come_back_after_an_error(service: ServiceStarter, database: Server) -> None:
    """A connection that breaks in the middle of a query costs that request a 503, unless it asks once more, and no other request anything."""
    api = await start(service, database)

    for number in range(24):
        database.gate.close(of_users)
        lookup = asyncio.create_task(api.get(f"/users/{number + 1}"))
        while not database.gate.held and not lookup.done():
            await asyncio.sleep(0.002)
        database.gate.break_held()
        fail = database.gate.break_held if number < 2 else database.gate.release
        await must_stay_free_for_a_second_try(api, database.gate, lookup.done, "A query lost its connection before the answer came.", fail)
        answer = await lookup
        if answer.status_code == 200:  # who asks the database once more may well get the row
            must_show(number + 1, answer, "A query lost its connection before the answer came.")
        else:
            await api.expect(503, answer, why=f"Query {number + 1} lost its connection before the answer came. 503 says: not now, try again.")
    why = "24 connections broke, each in the middle of a query. The pool has to be whole again afterwards."
    await api.expect(200, await back_in_order(api, 2.0), why=why)
    await must_stay_free(api, "Connections to the database broke.")


async def test_connections_come_back_after_lookups_that_were_too_slow(service: ServiceStarter, database: Server) -> None:
    """When the database was slow, and lookups were given up, the next one still gets a connection."""
    api = await start(service, database, SHORT)

    lost, most, until = 0, 0, time.perf_counter() + BUSY
    connections: set[int] = set()
    # A connection that carries one lookup after the other has come back each time.
    while lost < (max(LOST, TIMES * most) if 3 * len(connections) <= lost else ALL):
        given_up = await given_up_together(api, database)
        if not given_up and (await back_in_order(api, 2.0)).status_code != 200:
            break  # none is left
        lost, most = lost + len(given_up), max(most, len(given_up))
        connections |= {call.connection for call in given_up}
        if time.perf_counter() > until:
            raise Inconclusive(f"the machine is too busy: of the lookups that were sent in {BUSY:g} s, only {lost} were given up at the database")

    await api.expect(200, await back_in_order(api), why=(
        f"Lookups were sent, {CROWD} at a time, and the database held its answers for longer than UPSTREAM_TIMEOUT_SECONDS, {SHORT}: {lost} queries. "
        "Then it answered again. A lookup that is given up has to give its connection back. asyncio's time limits end it by a CancelledError, which "
        "`except Exception` doesn't see; `finally` does, and so does `with`."))
    await must_stay_free(api, "The database was slow.")


async def given_up_together(api: Service, database: Server) -> list[Call]:
    """The queries of a crowd of lookups that stood at the database for longer than the lookups' time limit."""
    database.gate.close(of_users)
    asked = [asyncio.create_task(api.get(f"/users/{number}")) for number in range(1, CROWD + 1)]
    came: set[Call] = set()
    until = time.perf_counter() + PATIENCE
    while time.perf_counter() < until and not all(each.done() for each in asked):
        if not came and database.gate.held:  # whoever limits the whole lookup has given up the first ones by then
            until = time.perf_counter() + 2 * SHORT
        came |= set(database.gate.held)
        if came and not database.gate.held:
            break
        await asyncio.sleep(0.005)
    given_up = [call for call in came if call.lost or time.perf_counter() - call.sent >= SHORT]
    database.gate.open()
    await asyncio.gather(*asked)
    return given_up


async def test_a_database_that_is_down_is_a_503(service: ServiceStarter, database: Server) -> None:
    """While the database is down a lookup is a 503, soon; when it is back, lookups work again."""
    why = "503 tells load balancers and clients that this will pass; within UPSTREAM_TIMEOUT_SECONDS or so, as they don't wait for ever."
    api = await start(service, database, SHORT)
    await database.gate.stop()

    for answer in await asyncio.gather(*(api.get(f"/users/{number}") for number in range(1, 9))):
        await api.expect(503, answer, why=why)

    await database.gate.start()
    await api.expect(200, await back_in_order(api), why="The database has been back for some seconds. A pool finds its way back by itself.")
    await must_stay_free(api, "The database was down.")


async def test_the_service_starts_without_its_database(service: ServiceStarter, database: Server) -> None:
    """A service that is started while the database is down starts, and says 503."""
    await database.gate.stop()

    api = await service(database_url=database.url, upstream_timeout_seconds=SHORT)

    await api.expect(503, await api.get("/users/1"), why="It is the database that is down, not this service.")
    await must_stay_free(api, "The service was started while the database was down.")
    await database.gate.start()
