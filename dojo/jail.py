"""Walls around code that nobody trusts: bubblewrap, else Landlock and seccomp, else limits alone.

There are two of them. The *outer* one stands around the judge, which is trusted: it takes away every network but the loopback
interface, gives it a /tmp of its own that is gone with it, and ends all that is in it when it ends; and the judge itself writes nowhere
else and signals nobody else, since it does some things where a learner's code has told it to. The *inner* one stands around
each process in which a learner's code may run (the process that forks hosts; Locust): it sees the interpreter, the dojo's
own modules and one folder, and neither the judge nor its files. Every host adds a third for itself (`confine`), to see no other host's folder.

=============  ===========================================================================================
`bubblewrap`   namespaces for files, processes, IPC and network, and in them all of the next level
`landlock`     Linux' own rules for a process: files, signals, system calls; the network as far as can be
`limits`       limits of time, memory, processes and file sizes, and nothing that hides anything
=============  ===========================================================================================

Run as ``python -m dojo.jail``, it is the program that stands between the wall and what is behind it.
"""

import contextlib
import ctypes
import functools
import json
import os
import platform
import shutil
import socket
import struct
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from dojo import warden
from dojo.workspace import ROOT

#: The strongest first.
LEVELS = ("bubblewrap", "landlock", "limits")

#: Who judges when root grades: somebody whom every system knows, as PostgreSQL asks for a name, and who owns nothing.
USER = 65534

#: What a process of the learner's may use. Sizes in bytes, times in seconds.
MEMORY, CPU, FILE_SIZE, TASKS, FILES = 8 << 30, 600, 128 << 20, 2048, 8192
#: Room in the folders of a judge run, in bytes; and more files there than any judging needs.
ROOM, MANY = 1 << 30, 1 << 17

#: The judge finds here which wall to build; hosts never see it.
VARIABLE = "DOJO_JAIL"

#: The folder that hosts share with the judge, in a tmpfs of its own.
_OPEN = "/var/tmp/open"

#: The folder in it for what katas give to hosts, and get from them: pytest's own for temporary files.
GIVEN = "given"

#: The one in which hosts make temporary files of their own: the judge reads what they name to it.
TEMPORARY = "temporary"

#: Connections are allowed to ports from here on, where the network can't be taken away: the judge's services are there.
FIRST_PORT = 32768


@dataclass(frozen=True)
class Jail:
    """Which walls there are. ``network``: what the learner's code reaches. ``weaker``: why it is no stronger."""

    level: str
    landlock: int = 0
    seccomp: bool = False
    network: str = "everything"
    weaker: str = ""
    #: The folder that judge and hosts share; the only one that hosts may write to.
    open: str = ""

    def as_data(self) -> dict[str, Any]:
        """What stands in a result."""
        return {key: value for key, value in asdict(self).items() if key != "open"}

    def at_least(self, level: str) -> bool:
        """Whether it is as strong as ``level`` or stronger."""
        return LEVELS.index(self.level) <= LEVELS.index(level)


@functools.cache
def strongest() -> Jail:
    """The strongest jail that holds here; each is tried, not guessed."""
    landlock, seccomp = _landlock_version(), _seccomp_works()
    reason = "there is no program bwrap: install bubblewrap (apt-get install bubblewrap)"
    if shutil.which("bwrap"):
        weaker = "" if landlock else "the kernel has no Landlock: hosts of one submission see each other"
        jail = Jail("bubblewrap", landlock, seccomp, "loopback", weaker)
        options = {"work": "/tmp/work", "open": _OPEN, "cache": None, "user": USER if os.geteuid() == 0 else None}
        command = _outer_bubble([*_self("judge"), "{}", json.dumps(options), *_bubble([], ["true"])])
        tried = subprocess.run(command, capture_output=True, text=True, check=False, env={"PATH": os.defpath})
        if not tried.returncode:
            return jail
        reason = f"bubblewrap can't be used here: {' '.join(tried.stderr.split())[-200:]}"
    if landlock and seccomp:
        network = "loopback" if _network_can_be_left() else f"TCP ports from {FIRST_PORT} on"
        return Jail("landlock", landlock, True, network, reason)
    return Jail("limits", weaker=f"{reason}; the kernel has no Landlock")


def named(level: str) -> Jail:
    """The jail of that level, though a stronger one may hold; raises ``ValueError`` when it doesn't hold here."""
    best = strongest()
    if not best.at_least(level):
        raise ValueError(f"the jail {level} doesn't hold here, {best.level} does: {best.weaker}")
    if level == best.level:
        return best
    if level == "limits":
        return Jail("limits", weaker="it was asked for")
    landlock = _landlock_version()
    if not landlock or not _seccomp_works():
        raise ValueError("the jail landlock doesn't hold here: the kernel has no Landlock, or this is no machine whose system calls are known")
    network = "loopback" if _network_can_be_left() else f"TCP ports from {FIRST_PORT} on"
    return Jail("landlock", landlock, True, network, "it was asked for")


# -- the outer wall: around the judge


def around_the_judge(jail: Jail, command: Sequence[str], scratch: Path, submission: Path, cache: Path | None = None, *,
                     keeps: bool = False) -> list[str]:
    """The command that runs the judge behind the outer wall.

    ``{submission}`` and ``{open}`` in its arguments become where the judge finds the submission, and the folder that hosts see as well.
    ``scratch`` is an empty folder that will be removed after it. What is in ``cache`` the judge reads; with ``keeps``, when there is no
    learner's code to be judged, it may write there too: what outlives one submission decides about the next.
    """
    namespaces = jail.level == "bubblewrap"
    options = {"work": "/tmp/work" if namespaces else str(scratch / "work"), "open": _OPEN if namespaces else str(scratch / "open"),
               "cache": ("/tmp/cache" if namespaces else str(cache)) if cache else None, "keeps": keeps,
               "user": USER if namespaces and os.geteuid() == 0 else None, "network": not namespaces and jail.network == "loopback"}
    places = {"{submission}": "/tmp/submission" if namespaces else str(submission), "{open}": str(options["open"])}
    for sign, place in places.items():
        command = [argument.replace(sign, place) for argument in command]
    inside = [*_self("judge"), json.dumps({**asdict(jail), "open": options["open"]}), json.dumps(options), *command]
    if not namespaces:
        return inside
    mounts = ["--ro-bind", str(submission), "/tmp/submission"]
    return _outer_bubble(inside, [*mounts, *(["--bind" if keeps else "--ro-bind", str(cache), "/tmp/cache"] if cache else [])])


def prepared_cache(folder: Path, level: str) -> Path:
    """A folder in which the judge at ``level``, whoever it runs as there, may keep what takes long to make."""
    folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    if os.geteuid() == 0 and level == "bubblewrap":  # elsewhere it stays root, and nobody could read what that keeps
        own = folder / "as-nobody"
        own.mkdir(mode=0o700, exist_ok=True)
        os.chown(own, USER, USER)
        return own
    return folder


def _self(do: str) -> list[str]:
    return [sys.executable, "-P", "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r}); from dojo.jail import main; main()", do]


def _outer_bubble(command: Sequence[str], mounts: Sequence[str] = ()) -> list[str]:
    root = os.geteuid() == 0
    own = tuple(dict.fromkeys(path.resolve() for path in (ROOT, Path(sys.prefix), Path(sys.base_prefix))))  # .nox may be a link
    # For root what it may enter and whom it judges as may not; for others their home, of which the judge needs nothing: a message could
    # say what stands in it, if a host found a way to have the judge read it.
    home = Path.home().resolve()
    private = map(_closed, own) if root else [home if home.is_dir() and home != Path("/") else None]
    covered = sorted({str(folder) for folder in private if folder is not None})
    again = []
    for path in own:
        if top := next((each for each in (*covered, "/tmp", "/var/tmp") if path.is_relative_to(each)), None):
            again += [*_parents(path, top), "--ro-bind", str(path), str(path)]

    def memory(path: str, mode: str = "1777") -> list[str]:
        return ["--perms", mode, "--size", str(ROOM), "--tmpfs", path]

    return [
        "bwrap", "--die-with-parent", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try",
        *(["--cap-add", "ALL"] if root else []),
        "--ro-bind", "/", "/", *(option for top in covered for option in memory(top, "0755")), "--dev", "/dev", *memory("/dev/shm"),
        *([] if root else ["--proc", "/proc"]), *memory("/tmp"), *memory("/var/tmp"), *again, *mounts, "--chdir", str(ROOT), "--", *command,
    ]


def _parents(path: str | Path, top: str = "/") -> list[str]:
    """Makes the folders above ``path``, below ``top``, for everybody to enter; of its own accord bubblewrap makes them for root alone."""
    above = [folder for folder in reversed(Path(path).parents) if folder.is_relative_to(top) and folder != Path(top)]
    return [option for folder in above for option in ("--perms", "0755", "--dir", str(folder))]


def _closed(path: Path) -> Path | None:
    """The topmost folder above ``path`` that others may not enter."""
    for folder in reversed((path, *path.parents)):
        if folder.is_dir() and not folder.stat().st_mode & 0o001:
            return folder
    return None


def _judge(jail: str, options: dict[str, Any], command: list[str]) -> None:
    """Behind the outer wall: leaves the network and root, makes the folders, and becomes the judge."""
    _end_with_parent()
    if options.get("user") is not None:  # bubblewrap's own, for root, has parts covered, and behind the inner wall there could be no other
        _checked(_libc().mount(b"proc", b"/proc", b"proc", 0b1110, None), "/proc")
    if options.get("network"):
        leave_the_network()
    for folder in (options["work"], options["open"], os.path.join(options["open"], TEMPORARY)):
        os.makedirs(folder, mode=0o700, exist_ok=True)
        if options["user"] is not None:
            os.chown(folder, options["user"], options["user"])
    if options["user"] is not None:
        os.setgroups([])
        os.setgid(options["user"])
        os.setuid(options["user"])
    os.environ |= {VARIABLE: jail, "TMPDIR": options["work"], "HOME": options["work"]}
    if options["cache"]:
        os.environ["XDG_CACHE_HOME"] = options["cache"]
    if (told := json.loads(jail)).get("level") == "landlock":
        _confine_the_judge(Jail(**told), options)
    os.execvp(command[0], command)


def _confine_the_judge(jail: Jail, options: dict[str, Any]) -> None:
    """What namespaces do elsewhere: a link that a host has put where the judge is about to write or read leads nowhere.

    Only at this level: who is restricted may make no mounts any more, and the inner wall of the one above is made of them.
    """
    _checked(_libc().prctl(38, 1, 0, 0, 0), "no new privileges")
    cache = [options["cache"]] if options["cache"] else []
    writable = [options["work"], options["open"], *(cache if options.get("keeps") else [])]
    if os.geteuid() == 0:  # whoever serves the database then has to be able to enter its folder
        writable.append("/tmp")
    readable = [str(ROOT), *cache, str(Path(options["open"]).parent), "/etc/passwd", "/etc/group", "/etc/services", "/etc/host.conf",
                "/etc/resolv.conf", "/etc/gai.conf", "/etc/ssl", "/sys"]
    _restrict(replace(jail, network="loopback"), writable, readable)  # connecting is the hosts' affair


def _end_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, 9, 0, 0, 0)  # PR_SET_PDEATHSIG


def leave_the_network() -> None:
    """Goes where there is nothing but a loopback interface; raises ``OSError`` where that can't be."""
    user, group = os.geteuid(), os.getegid()
    new_user, new_network = 0x10000000, 0x40000000
    if _libc().unshare(new_network) != 0:
        _checked(_libc().unshare(new_user | new_network), "unshare")
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    import fcntl

    up, running, set_flags = 0x1, 0x40, 0x8914
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        fcntl.ioctl(line, set_flags, struct.pack("16sh", b"lo", up | running))


@functools.cache
def _network_can_be_left() -> bool:
    script = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from dojo.jail import leave_the_network; leave_the_network()"
    return subprocess.run([sys.executable, "-P", "-c", script], capture_output=True, check=False).returncode == 0


# -- the inner wall: around a learner's code


@functools.cache
def current() -> Jail | None:
    """The jail that this judge builds; None for a judge that trusts whom it judges."""
    told = os.environ.get(VARIABLE)
    return Jail(**json.loads(told)) if told else None


def hide_the_judge() -> None:
    """Lets nobody else of this user look into this process, if there is a jail at all."""
    if current() is not None and sys.platform == "linux":
        _libc().prctl(4, 0, 0, 0, 0)  # PR_SET_DUMPABLE


def shared_folder() -> str | None:
    """Where folders are made that the learner's code sees as well; None for wherever they usually are."""
    jail = current()
    return jail.open if jail else None


def given() -> list[str]:
    """The folders for what passes between katas and hosts; none when there is no jail."""
    jail = current()
    return [os.path.join(jail.open, name) for name in (GIVEN, TEMPORARY)] if jail else []


def filled() -> str:
    """What hosts have written, when that is so much that it leaves the judge without room: ``"800 MB of files"``; else, and without a jail, empty.

    In a file system of its own, all that it has given away counts: a file that was removed and is still open is nowhere to be found.
    """
    jail = current()
    if jail is None:
        return ""
    if jail.level == "bubblewrap":
        disk = os.statvfs(jail.open)
        size, count = (disk.f_blocks - disk.f_bfree) * disk.f_frsize, disk.f_files - disk.f_ffree
    else:
        size, count = warden.used(jail.open)
    return f"{size >> 20} MB of files" if size > ROOM >> 2 else f"{count} files" if count > MANY else ""


def around_the_learner(command: Sequence[str], *writable: str | Path) -> list[str]:
    """``command`` behind the inner wall, where it sees and may write the folders ``writable``; itself when there is no jail."""
    jail = current()
    if jail is None:
        return list(command)
    folders = [str(Path(folder).resolve()) for folder in writable]
    enter = [*_self("enter"), json.dumps({**asdict(jail), "open": ""}), json.dumps(folders), *command]
    return _bubble(folders, enter) if jail.level == "bubblewrap" else enter


def around_the_host(root: str) -> dict[str, Any] | None:
    """What a host has to confine itself to (`confine`): its own folder, and those that pytest makes for a kata's files."""
    jail = current()
    if jail is None or not jail.landlock:
        return None
    return {"jail": asdict(jail), "folders": [root, *given()]}


def environment(given: dict[str, str]) -> dict[str, str]:
    """The environment for a process behind the inner wall; ``given`` when there is no jail."""
    jail = current()
    if jail is None:
        return given
    home = os.path.join(jail.open, TEMPORARY)
    kept = {key: value for key, value in given.items() if key == "DOJO_LOAD" or not key.startswith(("DOJO_", "KATA_", "PYTEST_", "XDG_"))}
    return {**kept, "TMPDIR": home, "HOME": home}


def _bubble(folders: Sequence[str], command: Sequence[str]) -> list[str]:
    links, mounts = [], []
    for name in ("lib", "lib64", "lib32", "bin", "sbin"):
        if os.path.islink(f"/{name}"):
            links += ["--symlink", os.readlink(f"/{name}"), f"/{name}"]
        elif os.path.isdir(f"/{name}"):
            mounts += ["--ro-bind", f"/{name}", f"/{name}"]
    for path in _readable():
        mounts += ["--ro-bind-try", path, path]
    for folder in folders:
        mounts += ["--bind", folder, folder]
    return [
        "bwrap", "--die-with-parent", "--new-session", "--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts",
        "--unshare-cgroup-try", *links, "--perms", "1777", "--size", str(ROOM >> 2), "--tmpfs", "/tmp", *mounts,
        "--dev", "/dev", "--perms", "1777", "--size", str(ROOM >> 2), "--tmpfs", "/dev/shm", "--remount-ro", "/dev",
        "--proc", "/proc", "--remount-ro", "/", "--", *command,
    ]


def _readable() -> list[str]:
    """What a learner's code may read: the system's programs and libraries, the interpreter, what hosts run of this repository."""
    own = [str(ROOT / name) for name in ("dojo", "katas")]
    system = ["/usr", "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/localtime", "/etc/hosts", "/etc/nsswitch.conf",
              "/etc/mime.types", "/etc/ssl/openssl.cnf", "/etc/alternatives"]
    return [*system, *sorted({sys.base_prefix, sys.exec_prefix, sys.prefix}), *own]


def _enter(jail: Jail, folders: list[str], command: list[str]) -> None:
    """Behind the inner wall: limits, then the rules that can't be taken back, then the learner's process."""
    import resource

    limits = {"CPU": CPU, "FSIZE": FILE_SIZE, "NOFILE": FILES, "CORE": 0, "AS": MEMORY}
    # In a namespace its own processes count; elsewhere all of the user's.
    limits["NPROC"] = TASKS + (0 if jail.level == "bubblewrap" else _tasks_of_this_user())
    for name, limit in limits.items():
        number = getattr(resource, f"RLIMIT_{name}")
        hard = resource.getrlimit(number)[1]
        limit = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(number, (limit, limit))
    os.umask(0o077)
    if jail.level != "bubblewrap":
        _end_with_parent()
    if jail.landlock or jail.seccomp:
        _drop_capabilities()
        _checked(_libc().prctl(38, 1, 0, 0, 0), "no new privileges")
    if jail.landlock:
        _restrict(jail, folders)
    if jail.seccomp:
        _filter_system_calls(local=jail.level == "bubblewrap")
    os.execvp(command[0], command)


def _tasks_of_this_user() -> int:
    """How many threads this user runs now, by what /proc tells."""
    count = 0
    for name in os.listdir("/proc") if os.path.isdir("/proc") else ():
        with contextlib.suppress(OSError):
            if name.isdigit() and os.stat(f"/proc/{name}").st_uid == os.getuid():
                count += len(os.listdir(f"/proc/{name}/task"))
    return count


def confine(jail: dict[str, Any], folders: Sequence[str]) -> None:
    """From now on this process, and all that it starts, sees no more of the judge run than ``folders``."""
    _restrict(Jail(**jail), folders)


# -- Landlock

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR, _REMOVE_FILE, _MAKE_REG = 1, 2, 4, 8, 1 << 5, 1 << 8
_TRUNCATE, _IOCTL = 1 << 14, 1 << 15
_OF_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL
_CREATE, _ADD, _SELF = 444, 445, 446


@functools.cache
def _landlock_version() -> int:
    if sys.platform != "linux":
        return 0
    return max(0, int(_libc().syscall(_CREATE, None, 0, 1)))


def _restrict(jail: Jail, folders: Sequence[str], readable: Sequence[str] = ()) -> None:
    version = jail.landlock
    files = (1 << 13) - 1 | (1 << 13 if version >= 2 else 0) | (_TRUNCATE if version >= 3 else 0) | (_IOCTL if version >= 5 else 0)
    ports = version >= 4 and jail.network != "loopback"
    net, scope = (1 << 1 if ports else 0), (3 if version >= 6 else 0)
    attributes = struct.pack("QQQ", files, net, scope)[:8 if version < 4 else 16 if version < 6 else 24]
    rules = _checked(_libc().syscall(_CREATE, attributes, ctypes.c_size_t(len(attributes)), 0), "Landlock's rules")

    def allow(path: str, access: int) -> None:
        try:
            file = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except OSError:
            return
        try:
            if not os.path.isdir(path):
                access &= _OF_FILES
            _checked(_libc().syscall(_ADD, rules, 1, struct.pack("=Qi", access & files, file), 0), f"Landlock's rule for {path}")
        finally:
            os.close(file)

    for path in (*_readable(), *readable, "/lib", "/lib64", "/lib32", "/bin", "/sbin"):
        allow(path, _EXECUTE | _READ_FILE | _READ_DIR)
    allow(str(ROOT), _READ_DIR)  # names alone: without them Python finds no module in it
    for path in ("/proc", "/sys/fs/cgroup", "/sys/devices/system/cpu"):
        allow(path, _READ_FILE | _READ_DIR)
    for path in ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty"):
        allow(path, _READ_FILE | _WRITE_FILE | _IOCTL)
    allow("/dev/shm", _READ_FILE | _WRITE_FILE | _MAKE_REG | _REMOVE_FILE | _TRUNCATE)  # semaphores; not to be listed
    for folder in folders:
        allow(folder, files)
    if jail.level == "bubblewrap":  # its own
        allow("/tmp", files)
    if ports:
        for port in range(FIRST_PORT, 65536):
            _libc().syscall(_ADD, rules, 2, struct.pack("=QQ", net, port), 0)
    _checked(_libc().syscall(_SELF, rules, 0), "Landlock")
    os.close(rules)


# -- seccomp

#: Numbers of system calls; a machine whose numbers aren't known has no filter.
_CALLS = {
    "x86_64": (0xC000003E, {
        "ptrace": 101, "process_vm_readv": 310, "process_vm_writev": 311, "unshare": 272, "setns": 308, "mount": 165, "umount2": 166,
        "pivot_root": 155, "chroot": 161, "bpf": 321, "perf_event_open": 298, "userfaultfd": 323, "io_uring_setup": 425,
        "io_uring_enter": 426, "io_uring_register": 427, "add_key": 248, "request_key": 249, "keyctl": 250, "init_module": 175,
        "finit_module": 313, "delete_module": 176, "kexec_load": 246, "kexec_file_load": 320, "pidfd_getfd": 438, "open_by_handle_at": 304,
        "kcmp": 312, "process_madvise": 440, "mount_setattr": 442, "move_mount": 429, "fsopen": 430, "open_tree": 428, "reboot": 169,
        "swapon": 167, "settimeofday": 164, "clock_settime": 227, "quotactl": 179, "acct": 163, "syslog": 103, "clone": 56, "clone3": 435,
        "socket": 41, "sched_setscheduler": 144, "sendto": 44, "sendmsg": 46, "sendmmsg": 307}),
    "aarch64": (0xC00000B7, {
        "ptrace": 117, "process_vm_readv": 270, "process_vm_writev": 271, "unshare": 97, "setns": 268, "mount": 40, "umount2": 39,
        "pivot_root": 41, "chroot": 51, "bpf": 280, "perf_event_open": 241, "userfaultfd": 282, "io_uring_setup": 425,
        "io_uring_enter": 426, "io_uring_register": 427, "add_key": 217, "request_key": 218, "keyctl": 219, "init_module": 105,
        "finit_module": 273, "delete_module": 106, "kexec_load": 104, "kexec_file_load": 294, "pidfd_getfd": 438, "open_by_handle_at": 265,
        "kcmp": 272, "process_madvise": 440, "mount_setattr": 442, "move_mount": 429, "fsopen": 430, "open_tree": 428, "reboot": 142,
        "swapon": 224, "settimeofday": 170, "clock_settime": 112, "quotactl": 60, "acct": 89, "syslog": 116, "clone": 220, "clone3": 435,
        "socket": 198, "sched_setscheduler": 119, "sendto": 206, "sendmsg": 211, "sendmmsg": 269}),
}
_ALLOW, _KILL, _ERROR = 0x7FFF0000, 0x80000000, 0x00050000
_EPERM, _ENOSYS = 1, 38
#: clone's flags for namespaces.
_NAMESPACES = 0x7E020000
_AF_UNIX, _AF_INET, _AF_INET6, _SOCK_STREAM, _IPPROTO_TCP = 1, 2, 10, 1, 6
#: Connects by sending, which Landlock doesn't know for a connection; and which argument of a call it is among.
_FAST_OPEN, _FLAGS_OF = 0x20000000, {"sendto": 3, "sendmsg": 2, "sendmmsg": 3}


def _seccomp_works() -> bool:
    return sys.platform == "linux" and platform.machine() in _CALLS and sys.maxsize > 2**32


def _filter_system_calls(local: bool) -> None:
    """Takes away what no service needs: other processes' memory, namespaces, the kernel's own machinery, all sockets but TCP's.

    ``local``: sockets of the file system are no danger, as none can be seen.
    """
    machine, calls = _CALLS[platform.machine()]
    load, equal, set_, at_least, give = 0x20, 0x15, 0x45, 0x35, 0x06

    def step(code: int, k: int, true: int = 0, false: int = 0) -> bytes:
        return struct.pack("=HBBI", code, true, false, k)

    def arguments(number: int) -> int:
        return 16 + 8 * number  # its lower half, on these machines

    program = [step(load, 4), step(equal, machine, 1, 0), step(give, _KILL), step(load, 0)]
    if platform.machine() == "x86_64":  # the other numbers for the same calls
        program += [step(at_least, 0x40000000, 0, 1), step(give, _KILL)]
    for name, number in calls.items():
        if name == "clone3":  # its flags can't be looked at: the C library then takes clone
            program += [step(equal, number, 0, 1), step(give, _ERROR | _ENOSYS)]
        elif name == "clone":
            program += [step(equal, number, 0, 4), step(load, arguments(0)), step(set_, _NAMESPACES, 0, 1), step(give, _ERROR | _EPERM),
                        step(give, _ALLOW)]
        elif name == "socket":
            program += [
                step(equal, number, 0, 12), step(load, arguments(0)), step(equal, _AF_UNIX if local else 0xFFFF, 8, 0), step(equal, _AF_INET, 1, 0),
                step(equal, _AF_INET6, 0, 7), step(load, arguments(1)), step(0x54, 0xF), step(equal, _SOCK_STREAM, 0, 4),
                # Multipath TCP is one of them, whose connections Landlock lets through.
                step(load, arguments(2)), step(equal, 0, 1, 0), step(equal, _IPPROTO_TCP, 0, 1), step(give, _ALLOW), step(give, _ERROR | _EPERM)]
        elif name in _FLAGS_OF:
            program += [step(equal, number, 0, 4), step(load, arguments(_FLAGS_OF[name])), step(set_, _FAST_OPEN, 0, 1),
                        step(give, _ERROR | _EPERM), step(give, _ALLOW)]
        else:
            program += [step(equal, number, 0, 1), step(give, _ERROR | _EPERM)]
    program.append(step(give, _ALLOW))
    code = ctypes.create_string_buffer(b"".join(program))
    filter_ = struct.pack("HxxxxxxQ", len(program), ctypes.addressof(code))
    _checked(_libc().prctl(22, 2, ctypes.create_string_buffer(filter_), 0, 0), "seccomp")


def _drop_capabilities() -> None:
    """For root without a namespace of its own: it keeps its name, and none of its powers."""
    for capability in range(64):
        _libc().prctl(24, capability, 0, 0, 0)  # never to be had again
    header, nothing = struct.pack("Ii", 0x20080522, 0), bytes(24)
    _libc().capset(header, nothing)
    _libc().prctl(47, 4, 0, 0, 0)  # nor to be kept over exec
    _libc().prctl(28, 0b101111 & ~0b10, 0, 0, 0)  # root's name gives none: SECBIT_NOROOT and the like, where they may be set


@functools.cache
def _libc() -> Any:
    return ctypes.CDLL(None, use_errno=True)


def _checked(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def main() -> None:
    """``judge JAIL OPTIONS COMMAND…`` or ``enter JAIL FOLDERS COMMAND…``."""
    do, jail, options, *command = sys.argv[1:]
    if do == "judge":
        _judge(jail, json.loads(options), command)
    else:
        _enter(Jail(**json.loads(jail)), json.loads(options), command)
