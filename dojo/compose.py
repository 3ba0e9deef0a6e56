"""A compose file: read as data, which needs no container engine, and brought up by Docker Compose.

`read` says what stands in the file, with the variables of its environment filled in. A `Project` is a copy of it that the judge
runs: under a name of its own, with images that the judge has built, so that nothing of the learner's is touched and all of it is
removed at the end.

Run as ``python -m dojo.compose up`` or ``down`` it does that with the learner's own file, and says where the service is.
"""

import argparse
import json
import os
import re
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dojo.engine import BUILD_PATIENCE, COMMAND_PATIENCE, LABEL, Done, Engine, NoEngine, find
from dojo.evidence import cut, last_lines
from dojo.subject import Inconclusive, Red
from dojo.workspace import ROOT

FILE = "docker-compose.yml"

#: Compose waits so long for containers to get healthy, in seconds; only ends a hang.
UP_PATIENCE = 180
#: So many health checks in a row, one each second, have to fail before a container counts as unhealthy.
UNHEALTHY_AFTER = 60

MISSING = ("check-jsonschema isn't installed, which knows what may stand in a compose file. nox -s phase5 brings it along; or run\n"
           "    python3 -m pip install --constraint constraints.txt check-jsonschema")

_VARIABLE = re.compile(r"\$(?:(\$)|(\w+)|\{(\w+)(?:(:?[-?+])((?:[^{}]|\$?\{[^{}]*\})*))?\})")


# -- as data


@dataclass
class File:
    """What stands in a compose file: ``services`` and ``networks`` by their names; ``unset`` are variables that it asks for and that have no value.

    A service that extends another one of the file has what that has, too.
    """

    services: dict[str, dict[str, Any]]
    networks: dict[str, dict[str, Any]] = field(default_factory=dict)
    unset: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Published:
    """A port of a container that is published: ``host`` and ``port`` of the machine, empty and 0 where the file says none."""

    target: int
    port: int = 0
    host: str = ""


def read(text: str, environment: Mapping[str, str]) -> File:
    """The compose file with this text, its variables filled in from ``environment``; raises `Red` when it is none."""
    data = _loaded(text)
    services = data.get("services") if isinstance(data, dict) else None
    if not isinstance(services, dict) or not services:
        raise Red(f"{FILE} has no services.")
    unset: list[str] = []
    # Compose itself sets this one.
    filled = _filled(data, {"COMPOSE_PROJECT_NAME": "katas", **environment}, unset)
    parts = []
    for each in (filled["services"], filled.get("networks")):
        named = each if isinstance(each, dict) else {}
        parts.append({str(name): part if isinstance(part, dict) else {} for name, part in named.items()})
    return File({name: _plain(_extended(name, parts[0], ())) for name in parts[0]}, _plain(parts[1]), unset)


@dataclass(frozen=True)
class _Tagged:
    """A value behind one of Compose's own tags: ``!override`` takes the place of what was there before, ``!reset`` takes that away."""

    tag: str
    value: Any


def _loaded(text: str) -> Any:
    """What stands in a YAML file, with Compose's tags as `_Tagged`; raises `Red` when it is none."""
    try:
        from ruamel.yaml import YAML
        from ruamel.yaml.constructor import SafeConstructor
        from ruamel.yaml.error import YAMLError
        from ruamel.yaml.nodes import MappingNode, Node, SequenceNode
    except ImportError:
        raise Inconclusive(MISSING) from None

    class Constructor(SafeConstructor):
        """One of its own, as it is the class that keeps the tags."""

        def tagged(self, node: Node) -> _Tagged:
            value: Any
            if isinstance(node, MappingNode):
                value = self.construct_mapping(node, deep=True)
            elif isinstance(node, SequenceNode):
                value = self.construct_sequence(node, deep=True)
            else:
                value = self.construct_scalar(node) or None
            return _Tagged(str(node.tag), value)

    for tag in ("!reset", "!override"):
        Constructor.add_constructor(tag, Constructor.tagged)
    yaml = YAML(typ="safe", pure=True)
    yaml.Constructor = Constructor
    try:
        return yaml.load(text)
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        at = f"{FILE}:{mark.line + 1}" if mark else FILE
        raise Red(f"{at} is no YAML: {str(getattr(error, 'problem', '') or error).splitlines()[0]}") from None


def _plain(value: Any) -> Any:
    """Without tags, once they have done what they are for."""
    if isinstance(value, _Tagged):
        return _plain(value.value)
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items() if not (isinstance(each, _Tagged) and each.tag == "!reset")}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return value


def _extended(name: str, services: Mapping[str, dict[str, Any]], seen: Sequence[str]) -> dict[str, Any]:
    """A service with what it has from those that it extends; as it stands there where that is in another file, or nowhere."""
    service = services[name]
    given = service.get("extends")
    other, file = (given.get("service"), given.get("file")) if isinstance(given, dict) else (given, None)
    if not isinstance(other, str) or other not in services or name in seen or (file and os.path.normpath(str(file)) != FILE):
        return service
    own = {key: value for key, value in service.items() if key != "extends"}
    return _over(_extended(other, services, (*seen, name)), own)


def _over(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Two mappings as one: lists become longer, except for commands; of anything else the one ``above`` holds."""
    merged = dict(below)
    for key, value in above.items():
        if isinstance(value, _Tagged):
            merged.pop(key, None)
            if value.tag == "!override":
                merged[key] = _plain(value)
            continue
        old = _plain(below.get(key))
        if isinstance(old, dict) != isinstance(value, dict) and {type(old), type(value)} == {dict, list}:  # what has two forms
            old, value = _mapped(key, old), _mapped(key, value)
        if isinstance(old, dict) and isinstance(value, dict):
            merged[key] = _over(old, value)
        elif isinstance(old, list) and isinstance(value, list) and key not in ("command", "entrypoint", "test"):
            merged[key] = [*old, *(each for each in value if each not in old)]
        else:
            merged[key] = value
    return merged


def _mapped(key: str, value: Any) -> Any:
    """A list of what may be a mapping as well, as that."""
    if not isinstance(value, list):
        return value
    if key == "depends_on":
        return {str(name): {"condition": "service_started"} for name in value}
    pairs = (str(each).partition("=") for each in value)
    return {name: text if equals else None for name, equals, text in pairs}


def _filled(value: Any, environment: Mapping[str, str], unset: list[str]) -> Any:
    if isinstance(value, _Tagged):
        return _Tagged(value.tag, _filled(value.value, environment, unset))
    if isinstance(value, dict):
        return {key: _filled(each, environment, unset) for key, each in value.items()}
    if isinstance(value, list):
        return [_filled(each, environment, unset) for each in value]
    if not isinstance(value, str):
        return value

    def one(match: re.Match[str]) -> str:
        if match[1]:
            return "$"
        name, how, other = match[2] or match[3], match[4] or "", match[5] or ""
        held = environment.get(name)
        there = held is not None and (held or not how.startswith(":"))
        if how.endswith("+"):
            return str(_filled(other, environment, unset)) if there else ""
        if there:
            return held or ""
        if how.endswith("-"):
            return str(_filled(other, environment, unset))
        unset.append(name)
        return ""

    return _VARIABLE.sub(one, value)


def published(service: Mapping[str, Any]) -> list[Published]:
    """The ports that a service publishes, of a range the first one."""
    found = []
    for each in service.get("ports") or []:
        if isinstance(each, dict):
            given = str(each.get("published") or "")
            found.append(Published(int(each.get("target") or 0), int(given) if given.isdigit() else 0, str(each.get("host_ip") or "")))
        elif match := re.fullmatch(r"(?:(?:(\[[\da-fA-F:]+\]|[\d.]+|[\w.-]+):)?(\d*)(?:-\d+)?:)?(\d+)(?:-\d+)?(?:/(?:tcp|udp))?", str(each)):
            found.append(Published(int(match[3]), int(match[2] or 0), (match[1] or "").strip("[]")))
    return found


def variables(service: Mapping[str, Any], environment: Mapping[str, str]) -> dict[str, str]:
    """What a service gets as its environment."""
    given = service.get("environment") or {}
    listed = [] if isinstance(given, dict) else [str(each).partition("=") for each in given]
    pairs = given.items() if isinstance(given, dict) else [(name, value if equals else None) for name, equals, value in listed]
    # A name alone is passed on from the environment of whoever calls.
    values = {name: environment.get(name) if value is None else _text(value) for name, value in pairs}
    return {name: value for name, value in values.items() if value is not None}


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def conditions(service: Mapping[str, Any]) -> dict[str, str]:
    """The services that one depends on, each with the condition for which it waits."""
    given = service.get("depends_on") or {}
    if isinstance(given, list):
        return {str(name): "service_started" for name in given}
    return {str(name): str((each or {}).get("condition", "service_started")) for name, each in given.items()}


def copies(service: Mapping[str, Any]) -> int:
    """How many containers a service has."""
    given = (service.get("deploy") or {}).get("replicas", service.get("scale", 1))
    return int(given) if str(given).isdigit() else 1


def complaints(text: str) -> list[str]:
    """What the schema of compose files has against the file with this text; nothing when it is valid."""
    with tempfile.TemporaryDirectory() as folder:  # as data, because whoever knows the schema doesn't know Compose's tags
        data = Path(folder, "compose.json")
        data.write_text(json.dumps(_plain(_loaded(text)), default=str), encoding="utf-8")
        asked = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", "--output-format", "json", str(data)]
        done = subprocess.run(asked, capture_output=True, text=True, timeout=60, check=False, stdin=subprocess.DEVNULL)
    try:
        said = json.loads(done.stdout)
    except ValueError:
        if "No module named" in done.stderr:
            raise Inconclusive(MISSING) from None
        raise Inconclusive(f"check-jsonschema failed:\n    {done.stderr.strip()[-300:]}") from None
    found = [f"{each['path'].removeprefix('$.')}: {_closest(each)}" for each in said.get("errors", ())]
    return found + [str(each.get("message", each)) for each in said.get("parse_errors", ())]


def _closest(error: Mapping[str, Any]) -> str:
    """What is the matter, where a value may have one of several forms and has none: what it lacks for the likeliest."""
    deepest = error.get("best_deep_match") or error.get("best_match") or {}
    return cut(str(deepest.get("message") or error["message"]), 200)


# -- running


class Project:
    """One compose file, run in ``folder`` under a name that nobody else has, with an ``environment`` that it may ask for."""

    def __init__(self, engine: Engine, folder: Path, environment: Mapping[str, str]) -> None:
        self.engine = engine
        self.folder = folder
        self.environment = dict(environment)
        self.name = f"{engine.project}-{secrets.token_hex(3)}"
        self.services: dict[str, dict[str, Any]] = {}
        self._file = engine.folder("compose.json")
        #: Steps by which the images were built, for messages.
        self.images: dict[str, str] = {}
        #: The volumes that its containers had when it was taken down, each with where they found it.
        self._mounted: dict[str, str] = {}

    async def compose(self, *arguments: str | Path, file: Path | None = None, patience: float = BUILD_PATIENCE) -> Done:
        """What came of ``docker compose``."""
        chosen = file or self._file
        # What the judge's own environment has set is none of the learner's affair.
        kept = {name: "" for name in os.environ if name.startswith("COMPOSE_")}
        done = await self.engine.run("compose", "--project-name", self.name, "--project-directory", self.folder, "--file", chosen, *arguments,
                                     patience=patience, env={**kept, "COMPOSE_PROGRESS": "plain", "COMPOSE_ANSI": "never", **self.environment})
        # What it says of its folder is said of the learner's, and the name that the judge gave it means nothing to them.
        told = done.err.replace(f"{self.folder}{os.sep}", "").replace(f"{self.name}-", "")
        return Done(done.status, done.out, told)

    async def prepare(self) -> None:
        """Lets Compose read the file, builds what it wants built, and notes what it runs; raises `Red` when Compose doesn't like it."""
        if self.engine.kind != "docker" or (await self.compose("version", file=self.folder / FILE)).status:
            raise Inconclusive("Docker Compose isn't there: `docker compose version` fails. Install its plugin; podman's own can't wait for health.")
        done = await self.compose("--profile", "*", "config", "--format", "json", file=self.folder / FILE)
        if done.status:
            raise Red(f"Docker Compose can't read {FILE}:\n{last_lines(done.err, 4)}")
        data = json.loads(done.out)
        self.services = data["services"]
        built: dict[str, str] = {}
        named: dict[str, str] = {}
        for name, service in self.services.items():
            if build := service.pop("build", None):
                key = json.dumps(build, sort_keys=True)
                if key not in built:
                    built[key] = await self._build(name, build)
                if image := service.get("image"):
                    named[image] = built[key]
                service["image"] = built[key]
        checked = [tag for tag in {*built.values()}
                   if await self.engine.must("image", "inspect", "--format", "{{json .Config.Healthcheck}}", tag) not in ("null", "<nil>")]
        for service in self.services.values():
            service["image"] = named.get(service.get("image", ""), service.get("image", ""))
            health = service.get("healthcheck") or {}
            if not health.get("disable") and (health.get("test") or service["image"] in checked):
                # What it asks is the learner's; how often is the judge's, who waits for the answer.
                kept = {name: health[name] for name in ("test", "timeout") if name in health}
                service["healthcheck"] = {**kept, "interval": "1s", "retries": UNHEALTHY_AFTER, "start_period": "0s"}
            service["labels"] = {**(service.get("labels") or {}), LABEL: self.engine.run_id}
        self.images = {name: service["image"] for name, service in self.services.items()}
        self._file.write_text(json.dumps(data), encoding="utf-8")

    async def _build(self, name: str, build: Mapping[str, Any]) -> str:
        context = Path(build.get("context", self.folder))
        if not context.is_dir():  # noqa: ASYNC240
            raise Red(f"{FILE}: services.{name}.build has the context {cut(str(context), 60)}, which is no folder here.")
        if text := build.get("dockerfile_inline"):
            dockerfile = self.engine.folder("Dockerfile")
            dockerfile.write_text(text, encoding="utf-8")
        else:
            dockerfile = context / build.get("dockerfile", "Dockerfile")
        arguments = [word for key, value in (build.get("args") or {}).items() for word in ("--build-arg", key if value is None else f"{key}={value}")]
        try:
            return (await self.engine.build(context, dockerfile=dockerfile, target=build.get("target", ""), arguments=arguments)).tag
        except Red as error:
            raise Red(f"The image of the service {name} can't be built. {error}") from None

    async def up(self, *profiles: str) -> None:
        """``docker compose up --wait``; raises `Red` with what the containers wrote when Compose has waited in vain."""
        chosen = [word for profile in profiles for word in ("--profile", profile)]
        done = await self.compose(*chosen, "up", "--detach", "--wait", "--wait-timeout", str(UP_PATIENCE), "--no-build", "--pull", "never",
                                  patience=UP_PATIENCE + COMMAND_PATIENCE)
        if done.status == 0:
            return
        if "port is already allocated" in done.err or "address already in use" in done.err:
            raise Inconclusive(f"a port of this machine was taken before Compose could publish it:\n{last_lines(done.err, 3)}")
        said = [line for line in done.err.splitlines() if not re.search(r"(Creating|Created|Starting|Started|Waiting|Healthy|Running)\s*$", line)]
        told = []
        for each in await self.containers():
            if each["State"] != "running" or each.get("Health") not in ("", "healthy"):
                state = f"{each['State']}, {each['Health']}" if each.get("Health") else f"{each['State']} with exit code {each.get('ExitCode')}"
                said_last, wrote = await self.health_said(each["ID"]), await self.wrote(each["Service"])
                told.append(f"The container of {each['Service']} is {state}. {said_last}It wrote:\n{wrote}")
        line = " ".join(["docker compose", *chosen, "up --wait"])
        raise Red(f"`{line}` failed. Compose said:\n{last_lines(chr(10).join(said) or done.err, 3)}\n" + "\n".join(told[:2]))

    async def health_said(self, container_id: str) -> str:
        """What the last health check of a container said; empty when it has none."""
        log = (json.loads(await self.engine.must("inspect", "--format", "{{json .State.Health}}", container_id)) or {}).get("Log") or []
        if not log:
            return ""
        said = log[-1]["Output"].strip() or "nothing"
        # A program that isn't there: the engine says so behind much of its own.
        said = found[0] if (found := re.search(r'exec: "[^"]*": .*', said)) else said.splitlines()[-1]
        return f"Its health check ended with status {log[-1]['ExitCode']} and said:\n    {cut(said, 200)}\n"

    async def wrote(self, service: str) -> str:
        """The end of what the containers of a service wrote."""
        done = await self.compose("--profile", "*", "logs", "--no-color", "--no-log-prefix", "--tail", "6", service)
        return str(last_lines(done.out or "nothing", 6))

    async def containers(self, service: str = "") -> list[dict[str, Any]]:
        """The containers that there are, ended ones as well: ``ID``, ``Service``, ``State``, ``Health``, ``ExitCode`` and more."""
        done = await self.compose("--profile", "*", "ps", "--all", "--format", "json", *([service] if service else []))
        return [json.loads(line) for line in done.out.splitlines() if line.startswith("{")]

    async def inspect(self, service: str) -> list[dict[str, Any]]:
        """What the engine knows of the containers of a service."""
        found = [each["ID"] for each in await self.containers(service)]
        return list(json.loads(await self.engine.must("inspect", *found))) if found else []

    async def left(self) -> list[str]:
        """What there still is of it: containers, networks, volumes."""
        label = f"label=com.docker.compose.project={self.name}"
        found = []
        for what, listing, value in (("container", ("ps", "--all"), "{{.Names}}"), ("network", ("network", "ls"), "{{.Name}}"),
                                     ("volume", ("volume", "ls"), "{{.Name}}")):
            names = (await self.engine.must(*listing, "--filter", label, "--format", value)).split()
            found += [f"the {what} {name.removeprefix(self.name).lstrip('-_')}" for name in names]
        known = (await self.engine.must("volume", "ls", "--filter", label, "--format", "{{.Name}}")).split()
        for name, place in self._mounted.items():  # a volume without a name doesn't say whose it is
            if name not in known and (await self.engine.run("volume", "inspect", name)).status == 0:
                found.append(f"the volume without a name {place}")
        return found

    async def volumes(self) -> dict[str, str]:
        """The volumes that its containers have: by the name that the engine has for each, where they find it."""
        found = {}
        for each in await self.containers():
            for mount in json.loads(await self.engine.must("inspect", "--format", "{{json .Mounts}}", each["ID"])):
                if mount.get("Type") == "volume":
                    found[str(mount["Name"])] = f"at {mount['Destination']} in {each['Service']}"
        return found

    async def down(self) -> None:
        """``docker compose down``, with all profiles."""
        self._mounted = await self.volumes()
        done = await self.compose("--profile", "*", "down", "--timeout", "60")
        if done.status:
            raise Inconclusive(f"`docker compose down` failed:\n{last_lines(done.err, 4)}")

    async def close(self) -> None:
        """Removes all that is left of it."""
        if self._file.is_file():
            await self.compose("--profile", "*", "down", "--volumes", "--remove-orphans", "--timeout", "1")
            if self._mounted:
                await self.engine.run("volume", "rm", "--force", *self._mounted)


# -- nox -s up, nox -s down


def main(arguments: Sequence[str] | None = None) -> int:
    """Brings the learner's compose file up, or down."""
    parser = argparse.ArgumentParser(prog="nox -s up --", description="Runs docker-compose.yml; what else is given goes to Compose.")
    parser.add_argument("do", choices=("up", "down"))
    parser.add_argument("--profile", action="append", default=[], help="such as load, for Locust beside the service")
    asked, options = parser.parse_known_args(arguments)
    try:
        program, _ = find()
    except NoEngine as error:
        print(error, file=sys.stderr)
        return 1
    profiles = ["*"] if asked.do == "down" and not asked.profile else asked.profile
    compose = [program, "compose", "--project-directory", str(ROOT), "--file", str(ROOT / FILE), *(f"--profile={each}" for each in profiles)]
    code = subprocess.run([*compose, *(["up", "--build", "--wait"] if asked.do == "up" else ["down"]), *options], check=False).returncode
    if code or asked.do == "down":
        return code
    for service, port, path in (("api", 8000, "/docs"), ("load-master", 8089, "/")):
        done = subprocess.run([*compose, "port", service, str(port)], capture_output=True, text=True, check=False)
        if done.returncode == 0 and done.stdout.strip():
            print(f"{service:<12} http://{done.stdout.split()[0]}{path}")
    print("Down again: nox -s down")
    return 0


if __name__ == "__main__":
    sys.exit(main())
