"""5.1 · The service as an image that answers from outside, isn't root, and holds no secret."""

import random
import re
import tarfile
from collections.abc import Callable
from pathlib import Path

from dojo.dockerfile import Dockerfile, expand
from dojo.engine import MARK
from dojo.hadolint import hadolint
from dojo.kata import Container, Functions, Image, Inconclusive, Red, exercise, listed, tier
from dojo.layers import Entry, Saved
from katas.phase1_foundation.predicting import predicted, same
from katas.phase5_containers.asking import asked

pytestmark = exercise("5.1", edit=("Dockerfile", ".dockerignore"))

#: Parts of a variable's name that say that its value is a secret.
SECRET = re.compile(r"(?:^|_)(?:[A-Z]*PASSWORDS?|PASSWD|PASSPHRASE|PWORD|SECRETS?|TOKENS?|CREDENTIALS?|(?:API|ACCESS|PRIVATE|SECRET)_?KEY)(?:$|_)|"
                    r"(?:^|_)PASS$|_PWD$", re.I)
#: Ends of a name that say that its value is where a secret will be found, how one is asked for or checked, or how many or how long.
PLACE, COUNT = re.compile(r"_(?:FILE|PATH|DIR|DIRECTORY)$", re.I), re.compile(r"TOKENS$|_(?:LENGTH|TTL|SECONDS|MINUTES|HOURS|DAYS)$", re.I)
HOW = re.compile(r"_(?:HEADER|ALGORITHM|ALG|TYPE|POLICY|HASHER|NAME|URL|URI|ENDPOINT|ISSUER|AUDIENCE)$", re.I)
#: A name that may be that of a key which opens something, and those of keys that open nothing.
KEY = re.compile(r"(?:^|_)[A-Z]*KEY$", re.I)
NO_KEY = re.compile(r"(?:^|_)(?:PUBLIC|PUB|GPG|PGP|PRIMARY|FOREIGN|PARTITION|SORT|CACHE|ROUTING)_?KEY$", re.I)
#: What is drawn, and isn't a word: letters and digits that change so often.
DRAWN, CHANGES = re.compile(r"[A-Za-z0-9]{16,}={0,2}"), 6
#: By which a public key is asked for, as package managers do.
NUMBER = re.compile(r"(?:0x)?[0-9A-F]{16}|[0-9A-F]{40}")
#: Tokens and keys that say by their form what they are, such as GitHub's, GitLab's, Stripe's, Slack's and those of AWS.
TOKEN = re.compile(r"(?<![\w-])(?:gh[pousr]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{15,}|[sr]k_(?:live|test)_\w{10,}|xox[abprs]-[\w-]{10,}|"
                   r"AKIA[A-Z0-9]{16}(?!\w)|-----BEGIN [A-Z ]*PRIVATE KEY)")
#: A line of the file .netrc, where programs look for passwords, with one that stands there.
NETRC = re.compile(r"\bmachine(?:\s|\\n)+\S+?(?:\s|\\n)+login(?:\s|\\n)+\S+?(?:\s|\\n)+password(?:\s|\\n)+[^\s\"'$\\]")
#: A variable that a line for a shell sets, with a value that stands there.
SETS = re.compile(r"""(?<![\w$.-])([A-Z][A-Z0-9_]*)=(?!=)(?:"([^"$`]+)"|'([^']+)'|([^\s"'$`;&|()<>]+))""")
#: An address with a password in it.
LOGIN = re.compile(r"[a-z][a-z0-9+.-]*://[^/\s:@\"']*:[^/\s@\"'$]+@", re.I)
#: A password as one of the settings in an address, or in what PostgreSQL's library calls a connection string.
PHRASE = re.compile(r"(?:^|[\s?&;])(?:password|passwd|pwd|sslpassword)=[^\s&;\"'$]+", re.I)
#: What Docker says of a container that it had to kill, and how long it waits before it does so here, in seconds.
KILLED, GRACE = 137, 60
SHELLS = ("sh", "bash", "dash", "ash", "zsh")
WHY_EXEC = ("What runs the line is a shell. It becomes process 1 and gets the signal to stop, which it doesn't hand on: the server hears of "
            "nothing, goes on, and is killed in the middle of its requests.")
EXEC = "A shell that starts the server as its child waits for it and hands nothing on: let it become the server, with exec. "
WHY_NUMBER = ("Whoever starts the container, such as Kubernetes with runAsNonRoot, has to see that this isn't root before it runs. A number says so; "
              "a name means what the image's own /etc/passwd says.")
WHY_ROOT = "Root in a container is root of the machine's kernel, with one wall less to climb for who breaks in."


# -- static


@tier("static")
async def test_there_is_something_to_build(dockerfile: Dockerfile) -> None:
    """The Dockerfile builds the service: its hole is filled."""
    assert dockerfile.stages


@tier("static")
async def test_the_base_image_is_pinned(dockerfile: Dockerfile) -> None:
    """The image begins with a version that is named, and not with whatever is newest."""
    for base, line in dockerfile.bases:
        if base == "scratch" or "@sha256:" in base:
            continue
        name, _, tag = base.rpartition("/")[2].partition(":")
        at = f"Dockerfile:{line} begins with {base}"
        why = "What is newest is decided anew on each build: the image that you test today isn't the one that is built tomorrow."
        assert tag, f"{at}, which names no version, and no tag means latest. {why}"
        assert not re.match(r"latest\b", tag), f"{at}. {why}"
        assert name != "python" or re.match(r"\d+\.\d+", tag), f"{at}, which is a Python of any version: it takes two numbers, such as 3.11. {why}"


@tier("static")
async def test_the_command_is_in_exec_form(dockerfile: Dockerfile) -> None:
    """What the container runs is a list of words, so that the server itself is process 1."""
    given = [each for each in (dockerfile.last("ENTRYPOINT"), dockerfile.last("CMD")) if each]
    assert given, ("Dockerfile has neither CMD nor ENTRYPOINT: the container runs the command of the base image, which for Python is a prompt that "
                   "ends at once.")
    for each in given:
        if each.words is None:
            raise Red(f"{each.where} is a line for a shell:\n    {each.text[:72]}\n"
                      + ("It looks like a list, and is none: JSON has double quotes. " if each.value.startswith("[") else "") + WHY_EXEC)
    if not any(each.words for each in given):  # ENTRYPOINT [] alone sets back that of the base image
        raise Red(f"{given[-1].where} is an empty list, and nothing else says what the container runs.")


@tier("static")
async def test_the_user_is_a_number_and_not_root(dockerfile: Dockerfile) -> None:
    """USER names a user by number, and it isn't root's."""
    user = dockerfile.last("USER")
    assert user, f"Dockerfile has no USER in what is shipped: all that runs in the container is root. {WHY_ROOT}"
    name = expand(user.value, dockerfile.known_at(user)).strip("\"'").partition(":")[0]
    if "$" in user.value and not name:  # a variable of which the file doesn't know the value
        return
    assert name not in ("0", "root"), f"{user.where} says USER {name}: the last USER is the one that runs. {WHY_ROOT}"
    assert name.isdigit(), f"{user.where} says USER {name}, a name, where a number has to stand. {WHY_NUMBER}"
    assert int(name), f"{user.where} says USER {name}, which is root's number. {WHY_ROOT}"


@tier("static")
async def test_no_secret_is_written_down(dockerfile: Dockerfile) -> None:
    """No password or token stands in the Dockerfile, nor is it asked for where everybody can read it."""
    for name, value in dockerfile.arguments.items():
        told = is_login(value) or is_secret(name, value)
        assert not told, (
            f"Before its first FROM, Dockerfile has a secret in ARG {name}. Arguments are part of the history of each image that is built with them, "
            "and the file itself is in the repository. What the build needs comes by RUN --mount=type=secret.")
    for each in dockerfile.everywhere:
        if each.keyword in ("ENV", "ARG"):
            names = each.variables or {each.value.strip(): ""}
            for name, value in names.items():
                told = is_login(value) or (is_secret(name, value) and (value or each.keyword == "ARG"))
                assert not told, (
                    f"{each.where} puts a secret into the image: {each.keyword} {name}\n"
                    "Variables and build arguments are part of an image's settings and its history, where `docker inspect` and `docker history` show "
                    "them to everybody who has it. What the service needs comes when the container starts; what the build needs, "
                    "by RUN --mount=type=secret.")
        else:
            values = ((match[1], match[2] or match[3] or match[4]) for match in SETS.finditer(each.value))
            what = next((f"a value for {name}" for name, value in values if is_secret(name, value)), "")
            what = what or ("an address with a password in it" if (is_login if each.keyword == "LABEL" else LOGIN.search)(each.value) else "")
            what = what or ("a password for the file .netrc" if NETRC.search(each.value) else "a token or a key" if TOKEN.search(each.value) else "")
            assert not what, (
                f"{each.where} has a secret in it: in what stands behind {each.keyword} there is {what}.\n"
                "Each line that makes an image is part of its history, which `docker history` shows to everybody who has it, and so are its labels; "
                "the file itself is in the repository. What a step needs comes by RUN --mount=type=secret.")
        if each.keyword in ("COPY", "ADD") and not each.flag("from"):
            for path in each.paths[:-1]:
                assert not re.fullmatch(r"\.env(\..+)?", path.rstrip("/").rpartition("/")[2]) or path.endswith(".example"), (
                    f"{each.where} copies {path} into the image:\n    {each.text[:72]}\n"
                    "Its passwords go to everybody who has the image. Give them to the container when it starts: docker run --env-file .env")


def is_login(value: str) -> bool:
    """Whether an address, or what else says where to connect to, has a password in it, or a token in its place."""
    return bool(LOGIN.search(value) or PHRASE.search(value) or TOKEN.search(value))


def is_secret(name: str, value: str) -> bool:
    """Whether a variable holds a secret by its name: not, where it says in which file one is, how it is asked for, or how long one may be."""
    if KEY.search(name) and not NO_KEY.search(name) and is_drawn(value):
        return True
    how = HOW.search(name) and " " not in value and not any(map(is_drawn, re.findall(r"\w+", value)))
    return bool(SECRET.search(name)) and not (PLACE.search(name) or (COUNT.search(name) and value.isdigit()) or how)


def is_drawn(value: str) -> bool:
    """Whether a text looks as if nobody had thought of it, and isn't the number of a public key."""
    return bool(DRAWN.fullmatch(value)) and len(re.findall(r"[A-Za-z]+|\d+", value)) >= CHANGES and not NUMBER.fullmatch(value)


@tier("static")
async def test_hadolint_finds_no_error(tree: Path, note: Callable[[str], None]) -> None:
    """hadolint, the linter for Dockerfiles, finds no error; what it only warns of is shown."""
    found = hadolint(tree / "Dockerfile")
    if found is None:
        note("hadolint isn't installed here, so it had no say: nox -s phase5 brings it along")
        return
    errors = [each for each in found if each.level == "error"]
    if errors:
        lines = "\n".join(f"    Dockerfile:{each.line} {each.code} {each.message[:50]}" for each in errors[:5])
        raise Red(f"hadolint finds what is an error anywhere:\n{lines}\nEach code has a page that says why: "
                  f"https://github.com/hadolint/hadolint/wiki/{errors[0].code}")
    for each in [each for each in found if each.level == "warning"][:3]:
        note(f"hadolint warns: Dockerfile:{each.line} {each.code} {each.message}")


@tier("static")
async def test_the_context_is_looked_after(tree: Path) -> None:
    """.dockerignore says what isn't sent to the engine."""
    file = tree / ".dockerignore"
    lines = file.read_text(encoding="utf-8", errors="replace").splitlines() if file.is_file() else []
    state = "has no pattern in it" if file.is_file() else "is not there"
    assert [line for line in lines if line.strip() and not line.lstrip().startswith("#")], (
        f".dockerignore {state}: the engine is sent all that lies in this folder, from .git to the "
        "passwords in .env, and one `COPY . .` puts it into the image.")


# -- image


@tier("image")
async def test_it_builds(image: Image) -> None:
    """`docker build` makes an image of it."""
    assert image.tag


@tier("image")
async def test_the_context_leaves_out_what_no_image_needs(image: Image) -> None:
    """History, environments, caches, tests and passwords are not even sent to the engine."""
    sent = await image.engine.sent(image.folder)
    there = [name for name, path in image.trap.places.items() if path in sent]
    assert not there, (
        f"In the folder that is built there were also {listed(list(image.trap.places))}. .dockerignore lets through {listed(there)}.\n"
        "What is sent slows down each build, makes the cache useless when it changes, and is in the image with one careless COPY. A pattern without "
        "**/ means the top folder only, and of all that fit a path the last one counts.")


@tier("image")
async def test_the_image_says_who_runs_and_what(image: Image) -> None:
    """The image's own settings have a user by number, and a command in exec form."""
    settings = (await image.saved()).settings
    user = str(settings.get("User") or "")
    name = user.partition(":")[0]
    assert name.isdigit(), f"The image's user is {user or 'not set, which means root'}. {WHY_NUMBER}"
    assert int(name), f"The image's user is {user}. {WHY_ROOT}"
    words = [*(settings.get("Entrypoint") or []), *(settings.get("Cmd") or [])]
    assert words, "The image has no command to run."


@tier("image")
async def test_no_secret_is_in_any_layer(image: Image) -> None:
    """Neither the settings nor the history nor any file of any layer holds a password."""
    saved, secret = await image.saved(), image.trap.secret.encode()
    for name, value in saved.variables.items():
        ours = any(name in each.variables for each in image.dockerfile.everywhere if each.keyword == "ENV")
        told = is_login(value) or (ours and value and is_secret(name, value))
        assert not told, f"The image sets the variable {name}, which holds a secret."
    secrets = (("The password of .env", secret), ("The secret `pip`, which the build was handed for one step,", MARK.encode()))
    for layer in saved.above:
        for path, content in layer.reading():
            for what in (what for what, words in secrets if words in content):
                gone = path not in saved.files
                raise Red(f"{what} is in the image, in /{path}, which came with\n    {layer.instruction[:72]}\n"
                          + ("A later layer removes the file, and the layer below still ships it. " if gone else "")
                          + "Who has the image has the password.")
    assert secret.decode() not in str(saved.config), "The password of .env is in the image's history."


@tier("image")
async def test_the_service_cannot_change_its_own_code(image: Image) -> None:
    """The user that runs the service may read its code and not write it."""
    saved = await image.saved()
    code = code_of(saved, image)
    user, groups = saved.user()
    for path, entry in sorted(code.items(), key=lambda each: (not each[0].endswith("app/main.py"), each[0])):
        may = "may write it" if entry.writable(user, groups) else "owns it, and who owns a file may change its mode" if entry.user == user else ""
        assert not may, (
            f"In the image /{path} belongs to {entry.user}:{entry.group} with the mode {entry.mode & 0o777:03o}: the service, which runs as {user}, "
            f"{may}.\nWho finds a way to write a file could then put a program of their own in the place of yours. "
            "COPY gives files to root, who is somebody else: leave it at that.")


def code_of(saved: Saved, image: Image) -> dict[str, Entry]:
    """The files and folders of the service's code, wherever they are."""
    sizes = {path.relative_to(image.folder).as_posix(): path.stat().st_size for path in (image.folder / "app").rglob("*.py")}
    mains = [path for path, entry in saved.files.items() if ("/" + path).endswith("/app/main.py") and entry.size == sizes["app/main.py"]]
    found: dict[str, Entry] = {}
    for main in mains:
        folder = main.removesuffix("/main.py")
        found |= {path: entry for path, entry in saved.files.items()
                  if f"{path}/".startswith(f"{folder}/") and (path.endswith(".py") or (entry.kind == tarfile.DIRTYPE and "__pycache__" not in path))}
    return found


# -- behavior


@tier("behavior")
async def test_it_answers_from_outside(running: Container, reference: Functions) -> None:
    """From outside, on the published port, /health says that it is well, and /predict what the model says."""
    client = await running.serving()
    health = await asked(running, client, "GET", "/health")
    assert health.json() == {"status": "healthy"}, f"GET /health answered {health.text[:200]}"
    for _ in range(3):
        payload = {"feature_1": round(random.uniform(-4, 4), 3), "feature_2": round(random.uniform(-4, 4), 3)}
        answer = await asked(running, client, "POST", "/predict", json=payload)
        expected = await predicted(reference, **payload)
        assert same(expected, answer.json()), f"POST /predict with {payload} answered\n    {answer.text[:200]}\nbut app.model says\n    {expected}"


@tier("behavior")
async def test_the_process_is_not_root(running: Container) -> None:
    """The process that serves isn't root, whatever the image's settings say."""
    numbers = (await first_process(running)).get("Uid", "").split()
    assert "0" not in numbers, (f"Process 1 of the container runs as root (its user numbers are {' '.join(numbers)}), though the image's USER is "
                                f"somebody else: a program of the image has made root of it. {WHY_ROOT}")


@tier("behavior")
async def test_the_signal_to_stop_reaches_the_server(running: Container) -> None:
    """Process 1 of the container handles SIGTERM, which is how `docker stop` asks it to end."""
    status = await first_process(running)
    # A mask of signals: SIGTERM is 15, the bit 14.
    handled = any(int(status.get(mask, "0"), 16) >> 14 & 1 for mask in ("SigCgt", "SigBlk"))
    name = status.get("Name", "")
    if not handled and name not in SHELLS:  # tini and its like wait for signals in a way that shows in neither mask
        handled = await running.stop(GRACE) != KILLED
    assert handled, (
        f"Process 1 of the container is `{name}`, and it has nothing in place for SIGTERM, which is what `docker stop` sends it; the kernel "
        "drops a signal that process 1 doesn't handle.\n"
        + (EXEC if name in SHELLS else "")
        + "After ten seconds it is killed, with all requests that are in flight.")


async def first_process(running: Container) -> dict[str, str]:
    """What the kernel says of process 1 of the container: its Name, its user numbers (Uid), the signals that it handles (SigCgt)."""
    await running.serving()
    text = await running.read("/proc/1/status")
    found = dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)
    if "SigCgt" not in found:
        raise Inconclusive("what the kernel says of the container's process could not be read")
    return found


