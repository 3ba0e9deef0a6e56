"""What a gate knows of PostgreSQL's and Redis' protocols: where a question ends and where its answer, however the bytes are cut."""

import struct
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dojo.protocols import Plain, PostgreSQL, Protocol, Question, Redis

# -- PostgreSQL's messages


def message(kind: bytes, body: bytes = b"") -> bytes:
    """A typed message."""
    return kind + struct.pack(">i", len(body) + 4) + body


def startup() -> bytes:
    """The first message of a client's, which has no type."""
    body = struct.pack(">i", 196608) + b"user\0katas\0\0"
    return struct.pack(">i", len(body) + 4) + body


def query(text: str) -> bytes:
    """A simple query."""
    return message(b"Q", text.encode() + b"\0")


def parse(text: str, name: bytes = b"") -> bytes:
    """Prepares a statement."""
    return message(b"P", name + b"\0" + text.encode() + b"\0\0\0")


def bind(*values: bytes | None, name: bytes = b"", portal: bytes = b"") -> bytes:
    """Binds values to a statement; all of them in the text format, which is said once."""
    told = b"".join(struct.pack(">i", -1) if value is None else struct.pack(">i", len(value)) + value for value in values)
    return message(b"B", portal + b"\0" + name + b"\0" + struct.pack(">hhh", 1, 0, len(values)) + told + struct.pack(">h", 0))


def execute(portal: bytes = b"") -> bytes:
    """Runs what is bound."""
    return message(b"E", portal + b"\0" + struct.pack(">i", 0))


def row(*values: bytes) -> bytes:
    """A row of a result."""
    return message(b"D", struct.pack(">h", len(values)) + b"".join(struct.pack(">i", len(value)) + value for value in values))


SYNC, FLUSH, DESCRIBE = message(b"S"), message(b"H"), message(b"D", b"P\0")
PARSED, BOUND, NO_DATA = message(b"1"), message(b"2"), message(b"n")
DONE, READY, ERROR = message(b"C", b"SELECT 1\0"), message(b"Z", b"I"), message(b"E", b"SERROR\0C42601\0Mno\0\0")
NOTICE, NOTIFIED, PARAMETER = message(b"N", b"SNOTICE\0\0"), message(b"A", b"\0\0\0\1a\0b\0"), message(b"S", b"TimeZone\0UTC\0")
LOGIN = message(b"R", struct.pack(">i", 0)) + PARAMETER + message(b"K", b"12345678") + READY


def logged_in() -> PostgreSQL:
    """A connection on which the login is over."""
    protocol = PostgreSQL()
    protocol.sent(startup() + message(b"p", b"password\0"))
    protocol.answered(LOGIN)
    return protocol


# -- Redis' values


def command(*words: bytes) -> bytes:
    """A command, as clients send it."""
    return b"*%d\r\n" % len(words) + b"".join(bulk(word) for word in words)


def bulk(text: bytes) -> bytes:
    """A text of any bytes."""
    return b"$%d\r\n%s\r\n" % (len(text), text)


# -- however it is cut


def told(protocol: Protocol, exchange: list[tuple[str, bytes]]) -> tuple[list[Question], list[tuple[bytes, bool]]]:
    """What a protocol says of an exchange: all questions, all pieces."""
    questions: list[Question] = []
    pieces: list[tuple[bytes, bool]] = []
    for side, data in exchange:
        if side == "client":
            questions += protocol.sent(data)
        else:
            pieces += protocol.answered(data)
    return questions, pieces


EXCHANGES: dict[str, tuple[Callable[[], Protocol], list[tuple[str, bytes]]]] = {
    "PostgreSQL": (PostgreSQL, [
        ("client", startup()), ("server", LOGIN),
        ("client", query("begin") + query("select 1; select 2")), ("server", DONE + READY + row(b"1") + DONE + NOTICE + row(b"2") + DONE + READY),
        ("client", parse("select $1", b"s") + SYNC), ("server", PARSED + READY),
        ("client", bind(b"7", None, name=b"s") + DESCRIBE + execute() + SYNC), ("server", BOUND + NO_DATA + row(b"7") + DONE + READY),
        ("server", NOTIFIED + PARAMETER),
        ("client", parse("a") + bind() + execute() + parse("b") + bind() + execute() + FLUSH), ("server", PARSED + BOUND + DONE + ERROR),
        ("client", parse("c") + bind() + execute() + SYNC), ("server", READY),
        ("client", query("copy t from stdin")), ("server", message(b"G", b"\0\0\1\0\0")),
        ("client", message(b"d", b"1\n") + message(b"c")), ("server", DONE + READY),
        ("client", message(b"X")),
    ]),
    "Redis": (Redis, [
        ("client", command(b"HELLO", b"3") + b"PING\r\n"), ("server", b"%1\r\n+server\r\n*2\r\n:1\r\n_\r\n" + b"+PONG\r\n"),
        ("client", command(b"GET", b"a\r\n$1\r\nb") + command(b"MGET", b"a", b"b")), ("server", bulk(b"x\r\n+OK\r\n") + b">2\r\n+message\r\n$-1\r\n"),
        ("server", b"*3\r\n*-1\r\n$-1\r\n*2\r\n,1.5\r\n#t\r\n"),
        ("client", command(b"DEBUG", b"")), ("server", b"|1\r\n+ttl\r\n:5\r\n~1\r\n(123\r\n"),
        ("client", command(b"SET", b"k", b"v" * 3000)), ("server", b"-ERR no\r\n"), ("client", command(b"GET", b"k")), ("server", bulk(b"v" * 3000)),
        ("client", command(b"GET", b"t")), ("server", b"=7\r\ntxt:abc\r\n"), ("client", b"\r\n"),
        ("client", command(b"GET", b"e")), ("server", b"!3\r\nERR\r\n"),
    ]),
}


def once(name: str) -> tuple[list[Question], list[tuple[bytes, bool]]]:
    """What is said of an exchange when each message comes whole."""
    make, exchange = EXCHANGES[name]
    return told(make(), exchange)


@pytest.mark.parametrize("name", EXCHANGES)
def test_byte_by_byte_it_is_the_same(name: str) -> None:
    """A message that comes in pieces of one byte is the message."""
    make, exchange = EXCHANGES[name]

    assert once(name) == told(make(), [(side, bytes([byte])) for side, data in exchange for byte in data])


@pytest.mark.parametrize("name", EXCHANGES)
@given(data=st.data())
@settings(deadline=None, database=None, derandomize=True, max_examples=60)
def test_however_it_is_cut_it_is_the_same(name: str, data: st.DataObject) -> None:
    """Any cuts of what one side sends give the same questions and the same pieces."""
    make, exchange = EXCHANGES[name]
    cut: list[tuple[str, bytes]] = []
    for side, whole in exchange:
        places = sorted(data.draw(st.sets(st.integers(1, len(whole)), max_size=6)) | {len(whole)})
        cut += [(side, whole[start:end]) for start, end in zip([0, *places], places, strict=False)]

    assert once(name) == told(make(), cut)


@pytest.mark.parametrize("name", EXCHANGES)
def test_nothing_that_the_server_sent_is_lost_or_changed(name: str) -> None:
    """All pieces together are what the server sent, and each question has an answer."""
    questions, pieces = once(name)

    assert b"".join(data for side, data in EXCHANGES[name][1] if side == "server") == b"".join(piece for piece, _ in pieces)
    assert len(questions) == sum(is_answer for _, is_answer in pieces)


# -- PostgreSQL


def test_a_login_is_no_question_and_passes_message_by_message() -> None:
    """Nobody waits for a login at a gate."""
    protocol = PostgreSQL()

    assert [] == protocol.sent(startup())
    assert [] == protocol.sent(message(b"p", b"SCRAM"))
    assert [(message(b"R", b"\0\0\0\x0a"), False)] == protocol.answered(message(b"R", b"\0\0\0\x0a"))
    assert {False} == {is_answer for _, is_answer in protocol.answered(LOGIN)}


def test_a_simple_query_is_one_question_however_many_statements_it_has() -> None:
    """Its answer ends where the server is ready again."""
    protocol = logged_in()

    assert [Question("select 1; select 2")] == protocol.sent(query("select 1; select 2"))
    assert [] == protocol.answered(row(b"1") + DONE + row(b"2") + DONE)
    assert [(row(b"1") + DONE + row(b"2") + DONE + READY, True)] == protocol.answered(READY)


def test_bound_values_stand_beside_the_text() -> None:
    """Text and values of an extended query are told apart; a null is None."""
    protocol = logged_in()

    asked = protocol.sent(parse("select $1, $2, $3") + bind(b"7", None, b"") + DESCRIBE + execute() + SYNC)

    assert [Question("select $1, $2, $3", (b"7", None, b""))] == asked


def test_a_prepared_statement_is_known_by_its_name() -> None:
    """A question that names a statement has its text."""
    protocol = logged_in()
    protocol.sent(parse("select a", b"one") + parse("select b", b"two") + SYNC)
    protocol.answered(PARSED + PARSED + READY)

    assert [Question("select a", (b"1",))] == protocol.sent(bind(b"1", name=b"one") + execute() + SYNC)
    assert [Question("select b")] == protocol.sent(bind(name=b"two", portal=b"p") + execute(b"p") + SYNC)


def test_preparing_is_a_question_of_its_own() -> None:
    """A round trip for a Parse alone counts; one for a Close alone, or a Sync, is no question."""
    protocol = logged_in()

    assert [Question("select 1")] == protocol.sent(parse("select 1", b"s") + SYNC)
    assert [(PARSED + READY, True)] == protocol.answered(PARSED + READY)
    assert [] == protocol.sent(message(b"C", b"Ss\0") + SYNC)
    assert [(message(b"3") + READY, False)] == protocol.answered(message(b"3") + READY)


def test_questions_that_are_sent_together_are_answered_one_by_one() -> None:
    """Two Executes before one Sync are two questions; what is ready after them is no answer."""
    protocol = logged_in()

    asked = protocol.sent(parse("a") + bind() + execute() + parse("b") + bind() + execute() + SYNC)

    assert ["a", "b"] == [question.text for question in asked]
    assert [(PARSED + BOUND + DONE, True), (PARSED + BOUND + DONE, True), (READY, False)] == protocol.answered((PARSED + BOUND + DONE) * 2 + READY)


def test_a_client_that_flushes_gets_its_answer_without_a_sync() -> None:
    """psycopg's pipelines wait for the result before they send the Sync."""
    protocol = logged_in()
    protocol.sent(parse("a") + bind() + execute() + FLUSH)

    assert [(PARSED + BOUND + row(b"1") + DONE, True)] == protocol.answered(PARSED + BOUND + row(b"1") + DONE)
    assert [] == protocol.sent(SYNC)
    assert [(READY, False)] == protocol.answered(READY)


def test_a_client_that_flushes_after_preparing_gets_the_description_at_once() -> None:
    """What answers no question isn't kept."""
    protocol = logged_in()
    protocol.sent(parse("a", b"s") + message(b"D", b"Ss\0") + FLUSH)

    assert [(PARSED, False), (NO_DATA, False)] == protocol.answered(PARSED + NO_DATA)


def test_an_error_is_an_answer() -> None:
    """Of a simple query with what follows, of an Execute at once."""
    protocol = logged_in()
    protocol.sent(query("selec"))
    assert [(ERROR + READY, True)] == protocol.answered(ERROR + READY)

    protocol.sent(parse("selec") + bind() + execute() + SYNC)
    assert [(ERROR, True), (READY, False)] == protocol.answered(ERROR + READY)


def test_what_is_skipped_after_an_error_is_answered_with_nothing() -> None:
    """The server skips the rest up to the Sync; the questions after it are in order again."""
    protocol = logged_in()
    protocol.sent(parse("a") + bind() + execute() + bind() + execute() + bind() + execute() + SYNC)
    protocol.sent(query("next"))

    assert [(ERROR, True), (b"", True), (b"", True), (READY, False)] == protocol.answered(ERROR + READY)
    assert [(DONE + READY, True)] == protocol.answered(DONE + READY)


def test_an_answer_in_parts_and_an_empty_one_are_answers() -> None:
    """A portal may be suspended, a query empty."""
    protocol = logged_in()
    protocol.sent(parse("a") + bind() + execute() + execute() + SYNC)
    suspended, empty = message(b"s"), message(b"I")

    answered = protocol.answered(PARSED + BOUND + row(b"1") + suspended + empty + READY)

    assert [(PARSED + BOUND + row(b"1") + suspended, True), (empty, True), (READY, False)] == answered


def test_notices_pass_while_nothing_is_asked() -> None:
    """Nobody asked for them, so they are no answer; within one they keep their place."""
    protocol = logged_in()

    assert [(NOTICE, False), (NOTIFIED, False)] == protocol.answered(NOTICE + NOTIFIED)
    protocol.sent(query("do"))
    assert [(NOTICE + DONE + READY, True)] == protocol.answered(NOTICE + DONE + READY)


@pytest.mark.parametrize(("asked", "go"), [(query("copy t from stdin"), DONE + READY), (parse("copy") + bind() + execute() + SYNC, DONE)])
def test_who_copies_in_is_told_to_begin(asked: bytes, go: bytes) -> None:
    """The server's "begin" passes at once, as the client waits for it; the question stays open."""
    protocol, begin = logged_in(), message(b"G", b"\0\0\1\0\0")
    protocol.sent(asked)

    assert [(begin, False)] == protocol.answered(begin)
    assert [] == protocol.sent(message(b"d", b"1\tQuery\n") + message(b"c"))
    assert [(go, True)] == protocol.answered(go)


def test_what_is_copied_out_is_one_answer() -> None:
    """All its data up to the end."""
    protocol = logged_in()
    protocol.sent(query("copy t to stdout"))
    out = message(b"H", b"\0\0\1\0\0") + message(b"d", b"1\n") * 3 + message(b"c") + DONE + READY

    assert [(out, True)] == protocol.answered(out)


@pytest.mark.parametrize("length", [0, 3])
def test_a_length_that_can_not_be_is_refused(length: int) -> None:
    """Whatever it is, it isn't PostgreSQL's; and nobody loops on it for ever."""
    with pytest.raises(ValueError, match="no message"):
        PostgreSQL().sent(struct.pack(">I", length) * 4)
    with pytest.raises(ValueError, match="no message"):
        PostgreSQL().answered(b"Z" + struct.pack(">I", length))


# -- Redis


@pytest.mark.parametrize(("sent", "text"), [
    (command(b"GET", b"a"), "GET a"), (command(b"SET", b"a", b""), "SET a "), (b"PING\r\n", "PING"), (b"GET  a\r\n", "GET a"),
    (command(b"GET", b"a\r\n$3\r\nb"), "GET a\r\n$3\r\nb"), (command(b"GET", b"\xff"), "GET �"),
    (command(b"GET", "naïve ☕".encode()), "GET naïve ☕"),
])
def test_a_command_is_its_words(sent: bytes, text: str) -> None:
    """Its text is its words with a space between, whatever is in them."""
    assert [Question(text)] == Redis().sent(sent)


def test_a_question_shows_the_beginning_of_what_is_long() -> None:
    """A value of ten million bytes is not copied into a message."""
    [asked] = Redis().sent(command(b"SET", b"key", b"x" * 10_000_000))

    assert asked.text.startswith("SET key xxx")
    assert 2000 > len(asked.text)


@pytest.mark.parametrize("value", [
    b"+OK\r\n", b"-ERR no\r\n", b":-1\r\n", b"$0\r\n\r\n", b"$-1\r\n", b"*-1\r\n", b"*0\r\n", b"_\r\n", b"#f\r\n", b",inf\r\n", b"(-1\r\n",
    bulk(b"\r\n"), bulk(b"x" * 200_000), b"*2\r\n*2\r\n:1\r\n*0\r\n%1\r\n+a\r\n~1\r\n$-1\r\n", b"|1\r\n+a\r\n*1\r\n:1\r\n*1\r\n+b\r\n",
    b"=5\r\ntxt:\n\r\n", b"!1\r\nE\r\n",
])
def test_any_value_is_one_answer(value: bytes) -> None:
    """Nulls, nested arrays, maps, sets, attributes, big texts: one value is one answer, and what follows another."""
    assert [(value, True), (b"+OK\r\n", True)] == Redis().answered(value + b"+OK\r\n")


def test_what_is_pushed_is_no_answer() -> None:
    """It may come before an answer, and it answers nobody."""
    push = b">2\r\n+invalidate\r\n*1\r\n+key\r\n"

    assert [(push, False), (b"+OK\r\n", True)] == Redis().answered(push + b"+OK\r\n")


def test_subscribing_is_no_question() -> None:
    """What confirms it is pushed, once a channel; it must not be taken for the answer to the next question."""
    assert [Question("GET a")] == Redis().sent(command(b"SUBSCRIBE", b"x", b"y") + command(b"punsubscribe") + command(b"GET", b"a"))


def test_deeply_nested_values_are_no_danger() -> None:
    """Ten thousand arrays in each other are one value."""
    value = b"*1\r\n" * 10_000 + b":1\r\n"

    assert [(value, True)] == Redis().answered(value)


@pytest.mark.parametrize("nonsense", [b"$x\r\n", b"*\r\n"])
def test_what_is_no_redis_is_refused(nonsense: bytes) -> None:
    """A length that is no number is a ValueError."""
    with pytest.raises(ValueError, match="invalid literal"):
        Redis().answered(nonsense)


# -- no dialect


def test_without_a_dialect_a_question_is_what_comes_between_answers() -> None:
    """The next bytes are its answer; more of them answer nothing."""
    protocol = Plain()

    assert [Question("GET /")] == protocol.sent(b"GET /")
    assert [] == protocol.sent(b" HTTP/1.1")
    assert [(b"HTTP/1.1 200", True)] == protocol.answered(b"HTTP/1.1 200")
    assert [(b"more", False)] == protocol.answered(b"more")
    assert [Question("next")] == protocol.sent(b"next")
