"""Reads Prometheus' text format strictly, and says at which line it is broken and how to mend it.

prometheus_client's parser, by its own words, is laxer than Prometheus itself, and knows no lines. So what it reads has to agree
with what is read here. In two things Prometheus (2.42) is stricter than the description of the format: it takes blanks in front
of a name for a part of it, and blanks behind a type as well. In some it is laxer: of a series that is there twice it keeps one
in silence, and it doesn't ask whether families are mixed, where types stand, or what a backslash in a label means.
"""

import difflib
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from prometheus_client.parser import text_string_to_metric_families

from dojo.kata import Red, listed

Labels = Mapping[str, str]

TYPES = ("counter", "gauge", "summary", "histogram", "untyped")
#: What the names of a family's series may end in.
SUFFIXES = {"summary": ("_count", "_sum"), "histogram": ("_count", "_sum", "_bucket")}

_COMMENT = re.compile(r"#[ \t]*(HELP|TYPE)[ \t]+([^ \t]+)[ \t]*(.*)")
_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_LABEL = re.compile(r"[ \t]*([a-zA-Z_][a-zA-Z0-9_]*)[ \t]*=[ \t]*")
_VALUE = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?|[+-]?[Ii]nf|[Nn]a[Nn]")
_ESCAPES = {"\\": "\\", '"': '"', "n": "\n"}


@dataclass(frozen=True)
class Series:
    """One line with a value."""

    name: str
    labels: Labels
    value: float
    line: int
    text: str

    @property
    def key(self) -> tuple[str, frozenset[tuple[str, str]]]:
        """What no other line may share."""
        return self.name, frozenset(self.labels.items())


@dataclass
class Family:
    """The series of one metric: ``type`` is empty without a TYPE line."""

    name: str
    type: str = ""
    helped: bool = False
    line: int = 0
    series: list[Series] = field(default_factory=list)


def spelled(name: str, labels: Labels) -> str:
    """A series as the format writes it."""
    escaped = (f'{label}="{escape(value)}"' for label, value in labels.items())
    return f"{name}{{{','.join(escaped)}}}" if labels else name


def escape(value: str) -> str:
    """A label's value as the format writes it."""
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def broken(number: int, line: str, what: str) -> Red:
    """What is wrong with a line of /metrics."""
    return Red(f"Line {number} of /metrics is not in Prometheus' text format:\n    {line:.100}\n{what}")


def read(text: str) -> dict[str, Family]:
    """The families of ``text`` by name; raises `Red` when it isn't Prometheus' text format."""
    if not text.strip():
        raise Red("/metrics was answered with an empty body.")
    if not text.endswith("\n"):
        last = text.rpartition("\n")[2]
        raise Red(f"The last line of /metrics doesn't end with a line feed:\n    {last:.100}\n"
                  "Each line has to, the last one too: without it nobody knows whether the number goes on.")
    reader = _Reader()
    for number, line in enumerate(text.removesuffix("\n").split("\n"), 1):
        reader.take(number, line)
    _compare(text, reader)
    return reader.families


class _Reader:
    def __init__(self) -> None:
        self.families: dict[str, Family] = {}
        self.series: dict[tuple[str, frozenset[tuple[str, str]]], Series] = {}
        self._current = ""

    def take(self, number: int, line: str) -> None:
        if line.endswith("\r"):
            raise broken(number, line, r"It ends with a carriage return (\r). A line ends with a line feed alone.")
        text = line.strip(" \t")
        if text.startswith("#"):
            if found := _COMMENT.fullmatch(line.lstrip(" \t")):
                self._comment(number, line, *found.groups())
        elif text:
            if not line.startswith(text):
                raise broken(number, line, "There are blanks in front of the name, and Prometheus takes them for a part of it.")
            self._sample(number, line, text)

    def _comment(self, number: int, line: str, what: str, name: str, rest: str) -> None:
        if not _NAME.fullmatch(name):
            raise broken(number, line, f"`{name:.40}` is no name of a metric: it consists of letters, digits, _ and :, and begins with no digit.")
        family = self._family(number, line, name)
        if what == "HELP":
            if family.helped:
                raise broken(number, line, f"{name} has a HELP line already. A family has one, in front of its first series.")
            family.helped = True
            return
        if family.type:
            raise broken(number, line, f"{name} has a TYPE line already. A family has one, in front of its first series, whatever its labels.")
        if family.series:
            raise broken(number, line, f"It comes after a series of {name}. The TYPE line stands in front of the family's first series.")
        if rest.strip() in TYPES and rest not in TYPES:
            raise broken(number, line, "There are blanks behind the type, and Prometheus takes them for a part of it.")
        if rest not in TYPES:
            raise broken(number, line, f"`{rest:.40}` is no type; there are {listed(TYPES)}.")
        family.type, family.line = rest, number

    def _family(self, number: int, line: str, name: str) -> Family:
        """The family ``name``, which this line belongs to: all lines of a family stand together."""
        known = self.families.get(name)
        if known is not None and self._current != name:
            own = next((name + suffix for suffix in ("_count", "_sum") if name + suffix in self.families), "")
            if own:
                said = f"line {known.line} says that {name} is a {known.type}" if known.type else f"no line says the type of {name}"
                raise broken(number, line, f"Lines of {name} stood above already, and then others came: as {said}, {own} is a metric of its own. "
                                           f"The lines of a summary may be mixed; in front of the first one belongs\n    # TYPE {name} summary")
            raise broken(number, line, f"Lines of {name} stood above already, and then others came. The lines of a family form one group.")
        self._current = name
        return self.families.setdefault(name, Family(name))

    def _sample(self, number: int, line: str, text: str) -> None:
        found = _NAME.match(text)
        if not found:
            raise broken(number, line, "It begins with no name of a metric. Is it the rest of a label's value with a line break in it? "
                                       r"There a backslash and an n are written: \n")
        name, rest = found[0], text[found.end():].lstrip(" \t")
        labels: dict[str, str] = {}
        if rest.startswith("{"):
            labels, rest = _labels(number, line, rest[1:])
        elif found.end() < len(text) and text[found.end()] not in " \t":
            raise broken(number, line, f"`{text[found.end()]}` can't be part of a metric's name.")
        words = rest.split()
        if not words:
            raise broken(number, line, "It has no value: a number stands behind the name and its labels.")
        if not _VALUE.fullmatch(words[0]):
            raise broken(number, line, f"`{words[0]:.40}` is no number.")
        if words[1:]:
            raise broken(number, line, f"Behind the value stands `{' '.join(words[1:]):.40}`. "
                                       "A timestamp may stand there, but Prometheus notes by itself when it read; nothing else may.")
        owner = next((name.removesuffix(suffix) for kind, suffixes in SUFFIXES.items() for suffix in suffixes if name.endswith(suffix)
                      and (family := self.families.get(name.removesuffix(suffix))) and family.type == kind), name)
        series = Series(name, labels, float(words[0]), number, line)
        if series.key in self.series:
            raise broken(number, line, f"Line {self.series[series.key].line} is the same series, the same name with the same labels. "
                                       "A series has one value.")
        self.series[series.key] = series
        self._family(number, line, owner).series.append(series)


def _labels(number: int, line: str, rest: str) -> tuple[dict[str, str], str]:
    """The labels that ``rest`` begins with, and what stands behind their closing brace."""
    labels: dict[str, str] = {}
    while not (rest := rest.lstrip(" \t")).startswith("}"):
        found = _LABEL.match(rest)
        if not found:
            raise broken(number, line, f"A label is missing at `{rest:.30}`: within the braces stands name=\"value\", with commas between.")
        name, rest = found[1], rest[found.end():]
        if not rest.startswith('"'):
            raise broken(number, line, f'The value of the label `{name}` needs double quotes: {name}="…"')
        value, rest = _quoted(number, line, name, rest[1:])
        if name in labels:
            raise broken(number, line, f"The label `{name}` stands there twice.")
        labels[name] = value
        rest = rest.lstrip(" \t")
        if rest.startswith(","):
            rest = rest[1:]
        elif not rest.startswith("}"):
            raise broken(number, line, f'Behind the value of the label `{name}` stands `{rest:.30}`. Is a double quote in the value not '
                                       'escaped? It is written \\" there.')
    return labels, rest[1:]


def _quoted(number: int, line: str, name: str, rest: str) -> tuple[str, str]:
    """The value that ``rest`` begins with, and what stands behind its closing quote."""
    value, at = "", 0
    while at < len(rest):
        sign = rest[at]
        if sign == '"':
            return value, rest[at + 1:]
        if sign == "\\":
            at += 1
            follows = rest[at:at + 1]
            if follows not in _ESCAPES or not follows:
                raise broken(number, line, f"In the value of the label `{name}` stands \\{follows}, which means nothing. A backslash is "
                                           'written \\\\ there; otherwise only \\" and \\n are known.')
            sign = _ESCAPES[follows]
        value, at = value + sign, at + 1
    raise broken(number, line, f"The value of the label `{name}` doesn't end on this line. Is there a line break in it? It is written \\n there; "
                               "and is a backslash in front of the last quote written twice?")


def _compare(text: str, reader: _Reader) -> None:
    """Raises `Red` when prometheus_client's parser reads something else."""
    try:
        families = list(text_string_to_metric_families(text))
    except Exception as error:
        raise Red(f"prometheus_client's parser can't read your /metrics: {type(error).__name__}: {error}") from None
    theirs = {(sample.name, frozenset(sample.labels.items())): sample.value for family in families for sample in family.samples}
    for key, series in reader.series.items():
        # It gives every counter's series this ending.
        value = theirs.get(key, theirs.get((f"{key[0]}_total", key[1])))
        if value is None or not (value == series.value or (math.isnan(value) and math.isnan(series.value))):
            raise broken(series.line, series.text, f"prometheus_client's parser reads it as {value}.")


def family(families: Mapping[str, Family], name: str, type_: str, why: str) -> Family:
    """The family ``name``; raises `Red` when it isn't there or has another type."""
    if name not in families:
        endings = ("_total", "_count", "_sum", "_bucket", "_seconds", "_milliseconds", "_ms")
        near = difflib.get_close_matches(name, families, n=1, cutoff=0.6) or [each for each in families if each in {name + e for e in endings}]
        hint = f" Is line {_first(families[near[0]])}, {near[0]}, meant to be it?" if near else ""
        raise Red(f"/metrics shows no {name}.{hint}\n{why}")
    found = families[name]
    if found.type != type_:
        said = f"line {found.line} says that it is a {found.type}." if found.type else "no line says so."
        raise Red(f"{name} is a {type_}, and {said} In front of its first series belongs\n    # TYPE {name} {type_}\n{why}")
    return found


def _first(found: Family) -> int:
    return found.line or (found.series[0].line if found.series else 0)
