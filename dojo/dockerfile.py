"""A Dockerfile as data: its stages, and what of their instructions holds in the image in the end.

It is read, not run, so that much can be said of it without a container engine.
"""

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

_HEREDOC = re.compile(r"<<-?\s*([\"']?)(\w+)\1")
_FLAG = re.compile(r"--([\w-]+)(?:=(\S*))?\s*")
_VARIABLE = re.compile(r"(?<!\\)\$(?:\{(\w+)(?:(:?[-+])([^}]*))?\}|(\w+))")
_DIRECTIVE = re.compile(r"#\s*(\w+)\s*=\s*(\S+)\s*$")


@dataclass(frozen=True)
class Instruction:
    """One instruction: ``value`` is what stands behind its keyword and its flags, ``line`` where it begins."""

    keyword: str
    value: str
    line: int
    flags: tuple[tuple[str, str], ...] = ()

    @property
    def where(self) -> str:
        """``Dockerfile:12``."""
        return f"Dockerfile:{self.line}"

    @property
    def words(self) -> list[str] | None:
        """The command in exec form, a JSON list of words; None when it isn't one, which makes it a line for a shell."""
        try:
            words = json.loads(self.value)
        except ValueError:
            return None
        return words if isinstance(words, list) and all(isinstance(word, str) for word in words) else None

    @property
    def variables(self) -> dict[str, str]:
        """What ENV or LABEL sets, or ARG when it gives a default: the names with their values, quotes taken off."""
        parts = _split(self.value)
        if self.keyword == "ENV" and parts and "=" not in parts[0]:
            return {parts[0]: self.value.partition(parts[0])[2].strip()}
        pairs = (part.partition("=") for part in parts)
        return {name: value for name, equals, value in pairs if equals or self.keyword == "ARG"}

    @property
    def paths(self) -> list[str]:
        """What COPY and ADD take, and where to: the last one."""
        return self.words if self.words is not None else _split(self.value)

    def flag(self, name: str) -> list[str]:
        """The values of a flag, such as ``from`` of COPY; a flag may stand there more than once."""
        return [value for given, value in self.flags if given == name]

    @property
    def text(self) -> str:
        """Keyword and value on one line."""
        return " ".join(f"{self.keyword} {self.value}".split())


@dataclass
class Stage:
    """What stands from one FROM to the next; ``base`` is an image, or the name of an earlier stage."""

    number: int
    base: str
    name: str
    line: int
    instructions: list[Instruction] = field(default_factory=list)


@dataclass
class Dockerfile:
    """All stages of a Dockerfile."""

    text: str
    stages: list[Stage] = field(default_factory=list)
    arguments: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, text: str) -> "Dockerfile":
        """The Dockerfile with this text."""
        read = cls(text)
        for each in _instructions(text):
            if each.keyword == "FROM":
                words = each.value.split()
                base = expand(words[0], read.arguments) if words else ""
                name = words[2].lower() if len(words) == 3 and words[1].upper() == "AS" else ""
                read.stages.append(Stage(len(read.stages), base, name, each.line))
            elif read.stages:
                read.stages[-1].instructions.append(each)
            elif each.keyword == "ARG":
                read.arguments.update(each.variables)
        return read

    def stage(self, name: str, before: int | None = None) -> Stage | None:
        """The stage that ``name`` means in the stage number ``before``: by its name, or by its number; None for an image."""
        earlier = self.stages[:before]
        named = [stage for stage in earlier if stage.name and stage.name == name.lower()]
        if named:
            return named[-1]
        return earlier[int(name)] if name.isdigit() and int(name) < len(earlier) else None

    def lineage(self, stage: Stage | None = None) -> list[Stage]:
        """A stage, by default the last one, behind those that it is built on, the first of them first."""
        found = [stage or self.stages[-1]]
        while below := self._below(found[0]):
            found.insert(0, below)
        return found

    def _below(self, stage: Stage) -> Stage | None:
        earlier = [each for each in self.stages[:stage.number] if each.name and each.name == stage.base.lower()]
        return earlier[-1] if earlier else None

    @cached_property
    def base(self) -> str:
        """The image that the last stage is built on; ``scratch`` is none."""
        return self.lineage()[0].base

    @cached_property
    def bases(self) -> list[tuple[str, int]]:
        """The images from which stages are built, each with the line of its FROM."""
        return [(stage.base, stage.line) for stage in self.stages if self._below(stage) is None]

    @cached_property
    def whole(self) -> list[Instruction]:
        """The instructions that make up the image: those of the last stage, and of the stages that it is built on."""
        return [each for stage in self.lineage() for each in stage.instructions]

    def last(self, keyword: str) -> Instruction | None:
        """The instruction with this keyword that holds in the image."""
        return next((each for each in reversed(self.whole) if each.keyword == keyword), None)

    @property
    def everywhere(self) -> list[Instruction]:
        """The instructions of all stages."""
        return [each for stage in self.stages for each in stage.instructions]

    def known_at(self, instruction: Instruction) -> dict[str, str]:
        """The variables that ENV and ARG have set in its stage before this instruction, as far as the file says."""
        known: dict[str, str] = {}
        stage = next((stage for stage in self.stages if any(each is instruction for each in stage.instructions)), None)
        for each in (each for below in self.lineage(stage) for each in below.instructions):
            if each is instruction:
                break
            if each.keyword in ("ENV", "ARG"):
                for name, value in each.variables.items():
                    if each.keyword == "ARG" and "=" not in each.value:
                        value = self.arguments.get(name, known.get(name, ""))
                    known[name] = expand(value, known)
        return known


def expand(text: str, known: Mapping[str, str]) -> str:
    """``text`` with its variables replaced: those that aren't ``known`` by what stands for them, or by nothing."""
    def value(match: re.Match[str]) -> str:
        name, how, other = match[1] or match[4], match[2], match[3]
        held = known.get(name)
        if how in (":-", "-"):
            return held if held or (held is not None and how == "-") else other
        if how in (":+", "+"):
            return other if held or (held is not None and how == "+") else ""
        return held or ""

    return _VARIABLE.sub(value, text)


def without_syntax(text: str) -> str:
    """The same file without the line that lets an engine fetch its own reader for Dockerfiles; the engine's built-in one takes its place."""
    lines = text.splitlines(keepends=True)
    for number, line in enumerate(lines):
        directive = _DIRECTIVE.match(line.strip())
        if not directive:
            break
        if directive[1].lower() == "syntax" and re.fullmatch(r"(docker\.io/)?docker/dockerfile(:[\d.]+)?", directive[2]):
            lines[number] = "# (the syntax line)\n"
    return "".join(lines)


def _split(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:  # a quote that isn't closed
        return text.split()


def _instructions(text: str) -> Iterator[Instruction]:
    lines = text.splitlines()
    escape = "\\"
    for line in lines:
        directive = _DIRECTIVE.match(line.strip())
        if not directive:
            break
        if directive[1].lower() == "escape":
            escape = directive[2]
    number = 0
    while number < len(lines):
        first, whole, ends = number + 1, "", False
        while number < len(lines) and not ends:
            line = lines[number].rstrip()
            number += 1
            if line.lstrip().startswith("#") or (whole and not line.strip()):
                ends = ends or not whole
                continue
            ends = not line.endswith(escape)
            whole += line.removesuffix(escape) + ("" if ends else " ")
        if not whole.strip():
            continue
        keyword, *values = whole.strip().split(maxsplit=1)  # a tab may stand between as well
        keyword, value = keyword.upper(), values[0] if values else ""
        if keyword in ("RUN", "COPY", "ADD"):
            body: list[str] = []
            for _, word in _HEREDOC.findall(value):
                while number < len(lines):
                    line = lines[number]
                    number += 1
                    if line.strip() == word:
                        break
                    body.append(line.strip())
            value = "\n".join([value, *body])
        flags = []
        while (keyword not in ("CMD", "ENTRYPOINT", "ENV", "SHELL")) and (flag := _FLAG.match(value)):
            flags.append((flag[1].lower(), flag[2] or ""))
            value = value[flag.end():]
        yield Instruction(keyword, value, first, tuple(flags))
