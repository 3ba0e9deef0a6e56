"""The TCP gate: it passes on, holds answers, counts, delays and breaks, in front of small servers and of the real ones."""

import asyncio
import contextlib
import socket
import struct
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import psycopg
import pytest
import pytest_asyncio
import redis.asyncio as redis
from psycopg_pool import AsyncConnectionPool

from dojo import services
from dojo.protocols import PostgreSQL, Redis
from dojo.relay import Relay
from dojo.workspace import ROOT

Lines = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

#: Only to end a hang, in seconds.
PATIENCE = 20.0


class Small:
    """A server that speaks enough of Redis' protocol: it answers each command with ``:<number>``, at once."""

    def __init__(self) -> None:
        self.got: list[bytes] = []
        self.lines: list[asyncio.StreamWriter] = []
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection; QUIT hangs up behind its answer, VANISH without one."""
        self.lines.append(writer)
        with contextlib.suppress(OSError):
            while line := await reader.readline():
                self.got.append(line)
                if line == b"VANISH\r\n":
                    break
                writer.write(b":%d\r\n" % len(self.got))
                if line == b"QUIT\r\n":
                    break
        writer.close()


@pytest_asyncio.fixture
async def small() -> AsyncIterator[Small]:
    """A small server."""
    server = Small()
    listener = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    server.port = listener.sockets[0].getsockname()[1]
    yield server
    listener.close()
    for line in server.lines:
        line.close()
    await asyncio.sleep(0)


@pytest_asyncio.fixture
async def gate(small: Small) -> AsyncIterator[Relay]:
    """A gate in front of it."""
    relay = await Relay("the server", "127.0.0.1", small.port, Redis).start()
    yield relay
    await relay.stop()


@pytest_asyncio.fixture
async def connect(gate: Relay) -> AsyncIterator[Callable[[], Awaitable[Lines]]]:
    """Connects to the gate."""
    writers = []

    async def open_one() -> Lines:
        reader, writer = await asyncio.open_connection("127.0.0.1", gate.port)
        writers.append(writer)
        return reader, writer

    yield open_one
    for writer in writers:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def until(seen: Callable[[], bool]) -> None:
    """Waits for something that must come."""
    async with asyncio.timeout(PATIENCE):
        while not seen():
            await asyncio.sleep(0.001)


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    """Whether nothing comes, though the loop and the sockets have had every chance: another connection's round trips go through."""
    for _ in range(30):
        await asyncio.sleep(0.001)
    return not reader._buffer  # type: ignore[attr-defined]  # what has come and wasn't read


Connect = Callable[[], Awaitable[Lines]]


async def test_an_open_gate_passes_on_and_counts(gate: Relay, connect: Connect, small: Small) -> None:
    """What is asked reaches the server, what it answers the client, and both are noted."""
    reader, writer = await connect()

    for number in range(1, 4):
        writer.write(b"PING %d\r\n" % number)
        assert b":%d\r\n" % number == await reader.readline()

    assert ["PING 1", "PING 2", "PING 3"] == [call.text for call in gate.calls]
    assert all(call.answered is not None and call.answered >= call.sent and not call.lost for call in gate.calls)
    assert (1, 1, 0, []) == (gate.connections, gate.connected, gate.unanswered, gate.held)


async def test_what_follows_an_answer_is_not_late(gate: Relay, connect: Connect) -> None:
    """Nagle's algorithm, which would keep it back for 40 ms, is off towards both sides, also when the gate was down meanwhile."""
    for _ in range(2):
        reader, writer = await connect()
        writer.write(b"PING\r\n")
        await reader.readline()

        [link] = gate._links
        for side in (link._writer, link._server):
            assert side is not None
            assert side.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        await gate.stop()
        await gate.start()


async def test_a_closed_gate_holds_answers_and_not_questions(gate: Relay, connect: Connect, small: Small) -> None:
    """The server has done its work; the client waits until the gate lets go."""
    reader, writer = await connect()
    gate.close()
    writer.write(b"PING\r\n")
    await until(lambda: len(gate.held) == 1)

    assert [b"PING\r\n"] == small.got
    assert await silent(reader, writer)
    assert 1 == gate.unanswered

    assert 1 == gate.release()
    assert b":1\r\n" == await reader.readline()
    assert ([1], 1, 0) == (gate.rounds, gate.calls[0].round, gate.unanswered)


async def test_a_gate_that_is_opened_holds_nobody_any_more(gate: Relay, connect: Connect) -> None:
    """Who is held goes on, and who comes later too."""
    reader, writer = await connect()
    gate.close()
    writer.write(b"PING\r\n")
    await until(lambda: len(gate.held) == 1)

    assert 1 == gate.open()
    writer.write(b"PING\r\n")

    assert [b":1\r\n", b":2\r\n"] == [await reader.readline(), await reader.readline()]


async def test_only_what_is_meant_is_held(gate: Relay, connect: Connect) -> None:
    """Other calls pass; those that come on the same connection behind a held one wait for it, as answers keep their order."""
    (held, ask_held), (free, ask_free) = await connect(), await connect()
    gate.close(lambda call: call.text.startswith("GET"))
    ask_held.write(b"GET a\r\nPING\r\n")
    await until(lambda: len(gate.held) == 1)
    ask_free.write(b"PING\r\n")

    assert b":3\r\n" == await free.readline()
    assert await silent(held, ask_held)
    gate.open()
    assert [b":1\r\n", b":2\r\n"] == [await held.readline(), await held.readline()]


async def test_rounds_are_counted(gate: Relay, connect: Connect) -> None:
    """Three connections together and a fourth afterwards: rounds of three and one, and the oldest goes first."""
    lines = [await connect() for _ in range(4)]
    gate.close()
    for _, writer in lines[:3]:
        writer.write(b"PING\r\n")
    await until(lambda: len(gate.held) == 3)
    assert 3 == gate.release()
    lines[3][1].write(b"PING\r\n")
    await until(lambda: len(gate.held) == 1)
    assert 1 == gate.release(1)
    await until(lambda: gate.unanswered == 0)

    assert [3, 1] == gate.rounds
    assert [1, 1, 1, 2] == [call.round for call in gate.calls]
    assert 0 == gate.release()
    assert [3, 1] == gate.rounds


async def test_questions_of_one_connection_are_held_together(gate: Relay, connect: Connect) -> None:
    """Five commands that are sent without waiting are five held calls, not one; their answers come in order."""
    reader, writer = await connect()
    gate.close()
    writer.write(b"PING\r\n" * 5)
    await until(lambda: len(gate.held) == 5)

    assert 5 == gate.unanswered
    gate.release(2, only=lambda call: call.number > 1)
    assert await silent(reader, writer)
    gate.open()
    assert [b":%d\r\n" % number for number in range(1, 6)] == [await reader.readline() for _ in range(5)]


async def test_a_delay_is_added_once_to_what_is_asked_together(gate: Relay, connect: Connect) -> None:
    """It is like a longer way: five answers on the way at the same time are not late five times."""
    reader, writer = await connect()
    gate.delay = 0.2
    began = time.perf_counter()
    writer.write(b"PING\r\n" * 10)
    for _ in range(10):
        await reader.readline()

    calls = gate.calls
    assert all(call.answered is not None and call.answered - call.sent >= 0.2 for call in calls)
    latest_came, first_left = max(call.sent for call in calls), min(call.answered or 0.0 for call in calls)
    assert latest_came < first_left, "the last question came before the first answer left"
    assert time.perf_counter() - began < 0.2 * 10, "ten delays, one after the other"


async def test_a_gate_that_is_closed_anew_forgets_what_is_over(gate: Relay, connect: Connect) -> None:
    """Calls that are still open stay."""
    reader, writer = await connect()
    writer.write(b"PING\r\n")
    await reader.readline()
    gate.close()
    assert [] == gate.calls
    writer.write(b"GET\r\n")
    await until(lambda: len(gate.held) == 1)

    gate.close()

    assert ["GET"] == [call.text for call in gate.calls]
    assert await gate.arrived(1)
    assert not await gate.arrived(2, patience=0.02)
    gate.open()


async def test_who_hangs_up_is_held_no_longer(gate: Relay, connect: Connect) -> None:
    """A client that gives up leaves the gate; its call is lost, and no answer to the next one is taken for its own."""
    _, writer = await connect()
    gate.close()
    writer.write(b"PING\r\n")
    await until(lambda: len(gate.held) == 1)

    writer.close()
    await until(lambda: gate.connected == 0)

    assert [] == gate.held
    assert "the connection was closed" == gate.calls[0].lost
    assert (0, 0) == (gate.unanswered, gate.release())


async def test_a_held_call_is_broken_and_the_rest_goes_on(gate: Relay, connect: Connect) -> None:
    """Its client sees a reset; the other connection lives."""
    (broken, ask_broken), (whole, ask_whole) = await connect(), await connect()
    gate.close(lambda call: call.text == "GET")
    ask_broken.write(b"GET\r\n")
    await until(lambda: len(gate.held) == 1)

    assert 1 == gate.break_held()
    assert [] == gate.held, "it is held no longer, at once"
    with pytest.raises(ConnectionResetError):
        await broken.readline()
    ask_whole.write(b"PING\r\n")

    assert b":2\r\n" == await whole.readline()
    assert "the gate broke the connection" == gate.calls[0].lost
    assert 0 == gate.break_held()


async def test_a_gate_that_is_down_refuses_and_comes_back_on_its_port(gate: Relay, connect: Connect) -> None:
    """Open connections break, new ones are refused, nobody else gets the port; then all is as before."""
    reader, writer = await connect()
    writer.write(b"PING\r\n")
    await reader.readline()
    port = gate.port

    for _ in range(3):
        await gate.stop()
        await gate.stop()
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", port)
        with socket.socket() as other, pytest.raises(OSError, match="in use"):
            other.bind(("127.0.0.1", port))
        await gate.start()
    with pytest.raises(ConnectionResetError):
        await reader.readline()
    reader, writer = await connect()
    writer.write(b"PING\r\n")

    assert b":2\r\n" == await reader.readline()
    assert port == gate.port


async def test_nobody_slips_in_while_the_gate_goes_down(gate: Relay) -> None:
    """A connection that is accepted in that moment is broken too."""
    for _ in range(20):
        opening = [asyncio.create_task(asyncio.open_connection("127.0.0.1", gate.port)) for _ in range(5)]
        await asyncio.sleep(0)
        await gate.stop()
        for reader, writer in [line for line in await asyncio.gather(*opening, return_exceptions=True) if not isinstance(line, BaseException)]:
            with contextlib.suppress(ConnectionError):
                writer.write(b"PING\r\n")
                assert b"" == await asyncio.wait_for(reader.readline(), PATIENCE)
            writer.close()
        assert 0 == gate.connected
        await gate.start()


async def test_a_server_that_hangs_up_behind_its_answer_is_heard(gate: Relay, connect: Connect) -> None:
    """The answer is held, and delivered when the gate opens, though the server has gone; then the client sees the end."""
    reader, writer = await connect()
    gate.close()
    writer.write(b"QUIT\r\n")
    await until(lambda: len(gate.held) == 1)

    gate.open()

    assert b":1\r\n" == await reader.read()
    await until(lambda: gate.connected == 0)
    assert "" == gate.calls[0].lost


async def test_a_server_that_hangs_up_without_an_answer_loses_the_call(gate: Relay, connect: Connect) -> None:
    """The client sees the end."""
    reader, writer = await connect()
    writer.write(b"VANISH\r\n")

    assert b"" == await reader.read()
    await until(lambda: gate.connected == 0)
    assert "the connection was closed" == gate.calls[0].lost


async def test_a_server_that_is_not_there_is_a_reset(small: Small) -> None:
    """A client sees it as soon as it connects, and nothing is left."""
    gate = await Relay("the server", "127.0.0.1", 1, Redis).start()
    reader, writer = await asyncio.open_connection("127.0.0.1", gate.port)

    with contextlib.suppress(ConnectionResetError):
        assert b"" == await asyncio.wait_for(reader.read(), PATIENCE)

    await until(lambda: gate.connected == 0)
    writer.close()
    await gate.stop()


@pytest.mark.parametrize("nonsense", [b"*x\r\n", b"*1\r\n$x\r\n"])
async def test_who_speaks_another_language_is_cut_off(gate: Relay, connect: Connect, nonsense: bytes) -> None:
    """Nothing hangs, and others are served."""
    reader, writer = await connect()
    writer.write(nonsense)
    with contextlib.suppress(ConnectionResetError):
        assert b"" == await asyncio.wait_for(reader.read(), PATIENCE)
    reader, writer = await connect()
    writer.write(b"PING\r\n")

    assert b":1\r\n" == await reader.readline()


async def test_nothing_is_left_running(gate: Relay, connect: Connect) -> None:
    """Connections, held or not, leave no task behind."""
    before = asyncio.all_tasks()
    for _ in range(5):
        _, writer = await connect()
        writer.write(b"PING\r\n")
    gate.close()
    for _ in range(5):
        _, writer = await connect()
        writer.write(b"PING\r\n")
    await until(lambda: len(gate.held) == 5)

    await gate.stop()

    await until(lambda: not {task for task in asyncio.all_tasks() - before if not task.done()})


@pytest.mark.parametrize("cut", [[8], [3, 8], [8, 16], [16, 20], [1, 12, 30]])
async def test_a_request_for_encryption_is_refused_however_it_comes(cut: list[int]) -> None:
    """Split, or together with what follows: the server never sees it."""
    got = bytearray()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(100):
            got.extend(data)
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        gate = await Relay("the database", "127.0.0.1", server.sockets[0].getsockname()[1], PostgreSQL).start()
        ssl, gss = struct.pack(">ii", 8, 80877103), struct.pack(">ii", 8, 80877104)
        start = struct.pack(">ii", 18, 196608) + b"user\0me\0\0\0"
        reader, writer = await asyncio.open_connection("127.0.0.1", gate.port)
        whole = ssl + gss + start
        for first, last in zip([0, *cut], [*cut, len(whole)], strict=True):
            writer.write(whole[first:last])
            await writer.drain()
            await asyncio.sleep(0.005)

        assert b"NN" == await reader.readexactly(2)
        await until(lambda: len(got) == len(start))
        assert start == got
        writer.close()
        await until(lambda: gate.connected == 0)
        await gate.stop()


# -- the real ones


@pytest.fixture(scope="module")
def real() -> Iterator[services.Services]:
    """Real servers, for all tests of this file."""
    both = services.Services()
    yield both
    both.close()


@pytest_asyncio.fixture
async def database(real: services.Services) -> AsyncIterator[tuple[Relay, str]]:
    """A gate in front of PostgreSQL, and the URL that leads through it."""
    server = await real.postgres()
    relay = await Relay("the database", server.host, server.port, PostgreSQL).start()
    yield relay, server.at("127.0.0.1", relay.port)
    await relay.stop()


@pytest_asyncio.fixture
async def cache(real: services.Services) -> AsyncIterator[tuple[Relay, str]]:
    """A gate in front of Redis, and the URL that leads through it."""
    server = await real.redis()
    relay = await Relay("the cache", server.host, server.port, Redis).start()
    yield relay, server.at("127.0.0.1", relay.port)
    await relay.stop()


async def test_psycopg_is_held_and_sees_its_rows(database: tuple[Relay, str]) -> None:
    """Four connections of a pool wait together, with text and value apart."""
    gate, url = database
    async with AsyncConnectionPool(url, min_size=4, max_size=4, open=False) as pool:
        await pool.wait()

        async def name(number: int) -> object:
            async with pool.connection() as connection:
                found = await (await connection.execute("select user_id from users where user_id = %s", (number,))).fetchone()
                return found and found[0]

        gate.close(lambda call: "users" in call.text)
        asked = [asyncio.create_task(name(number)) for number in range(1, 5)]
        await until(lambda: len(gate.held) == 4)
        held = gate.held
        gate.open()

        assert [1, 2, 3, 4] == await asyncio.gather(*asked)
    assert {"select user_id from users where user_id = $1"} == {call.text for call in held}
    assert 4 == len({call.connection for call in held})
    assert {1, 2, 3, 4} == {int.from_bytes(call.values[0], "big") for call in held}


async def test_psycopg_with_everything_that_it_can_do(database: tuple[Relay, str]) -> None:
    """Errors, transactions, prepared statements, pipelines, both ways of COPY, server-side cursors, notices: nothing hangs, all is counted."""
    gate, url = database
    async with asyncio.timeout(PATIENCE), await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        with pytest.raises(psycopg.errors.SyntaxError):
            await connection.execute("selec")
        with pytest.raises(psycopg.errors.DivisionByZero):
            await connection.execute("select 1 / %s", (0,))
        for number in range(8):  # from the sixth time on it is prepared
            assert (number,) == await (await connection.execute("select %s::int", (number,))).fetchone()
        async with connection.pipeline():
            one, two = await connection.execute("select %s::int", (1,)), await connection.execute("select 2")
            assert ((1,), (2,)) == (await one.fetchone(), await two.fetchone())
        with pytest.raises(psycopg.errors.DivisionByZero):  # noqa: PT012  # it comes at the pipeline's end
            async with connection.pipeline():
                await connection.execute("select 1/0")
                await connection.execute("select 'skipped'")
        async with connection.transaction(), connection.cursor() as cursor:
            await cursor.execute("create temporary table t (n int) on commit drop")
            async with cursor.copy("copy t from stdin") as copy:
                for number in range(2000):
                    await copy.write_row((number,))
            async with cursor.copy("copy t to stdout") as copy:
                assert 2000 == len([row async for row in copy.rows()])
            async with connection.cursor("named") as named:
                named.itersize = 300
                await named.execute("select n from t")
                assert 2000 == len([row async for row in named])
            await cursor.execute("do $$ begin raise notice 'said'; end $$")
        await connection.execute("select repeat('x', 3000000)")

    assert 0 == gate.unanswered
    assert {"selec", "select 'skipped'", "copy t from stdin"} <= {call.text for call in gate.calls}


async def test_a_pipeline_is_held_call_by_call(database: tuple[Relay, str]) -> None:
    """Three queries that psycopg sends together are three held calls."""
    gate, url = database
    async with asyncio.timeout(PATIENCE), await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        gate.close()

        async def three() -> list[object]:
            async with connection.pipeline():
                cursors = [await connection.execute("select %s::int", (number,)) for number in range(3)]
                return [await cursor.fetchone() for cursor in cursors]

        asked = asyncio.create_task(three())
        await until(lambda: len(gate.held) == 3)
        gate.open()

        assert [(0,), (1,), (2,)] == await asked


async def test_a_question_is_canceled_through_the_gate(database: tuple[Relay, str]) -> None:
    """A cancel request is a connection of its own, and no question."""
    gate, url = database
    async with asyncio.timeout(PATIENCE), await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        asked = asyncio.create_task(connection.execute("select pg_sleep(60)"))
        await until(lambda: gate.unanswered == 1)
        await connection.cancel_safe()

        with pytest.raises(psycopg.errors.QueryCanceled):
            await asked
    assert 1 == len(gate.calls)


@pytest.mark.parametrize("protocol", [2, 3])
async def test_redis_with_everything_that_it_can_do(cache: tuple[Relay, str], protocol: int) -> None:
    """Pipelines, transactions, errors, big values, subscriptions, in both versions of the protocol: nothing hangs, all is counted."""
    gate, url = cache
    async with asyncio.timeout(PATIENCE), redis.Redis.from_url(url, protocol=protocol) as client:
        big = bytes(range(256)) * 10_000
        await client.set("big", big)
        assert big == await client.get("big")
        async with client.pipeline(transaction=True) as pipeline:
            assert [True, b"1", 1] == await pipeline.set("n", 1).get("n").delete("n").execute()
        async with client.pipeline(transaction=False) as pipeline:
            for number in range(200):
                pipeline.echo(str(number))
            assert 200 == len(await pipeline.execute())
        with pytest.raises(redis.ResponseError):
            await client.lpush("big", "x")
        assert [None, big] == await client.mget("none", "big")
        assert {"field": "value"} == {key.decode(): value.decode() for key, value in (await _hash(client)).items()}
        async with client.pubsub() as channel:
            await channel.subscribe("news", "more")
            await client.publish("news", "said")
            said = [await channel.get_message(timeout=5) for _ in range(3)]
            assert ["subscribe", "subscribe", "message"] == [each["type"] for each in said if each]
            await channel.unsubscribe()
        await client.delete("big", "hash")

    assert 0 == gate.unanswered
    assert not [call for call in gate.calls if "SUBSCRIBE" in call.text]


async def _hash(client: "redis.Redis") -> dict[bytes, bytes]:
    await client.hset("hash", "field", "value")
    return await client.hgetall("hash")


async def test_two_hundred_lookups_are_held_together(cache: tuple[Relay, str]) -> None:
    """As exercise E asks it: as many connections, all held, all answered."""
    gate, url = cache
    async with asyncio.timeout(PATIENCE), redis.Redis.from_url(url, max_connections=200) as client:
        gate.close(lambda call: call.text.startswith("GET "))
        asked = [asyncio.create_task(client.get(f"key{number}")) for number in range(200)]
        await until(lambda: len(gate.held) == 200)
        gate.open()

        assert {None} == set(await asyncio.gather(*asked))
    assert [200] == gate.rounds


def test_judge_and_hosts_may_open_a_file_for_each_connection() -> None:
    """Where the system allows 256, as macOS does, two hundred connections through a gate would be too many."""
    resource = pytest.importorskip("resource")
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    program = ("import resource\n"
               "resource.setrlimit(resource.RLIMIT_NOFILE, (256, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))\n"
               "from dojo.launch import FILES, ForkServer\n"
               "server = ForkServer()\n"
               "server.close()\n"
               "print(resource.getrlimit(resource.RLIMIT_NOFILE)[0], FILES)\n")

    allowed, wanted = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()

    assert int(allowed) == (int(wanted) if hard < 0 else min(int(wanted), hard))
