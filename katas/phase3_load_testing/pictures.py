"""SVG pictures: their texts, where each of them stands, and whether figures stand where their names do."""

import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from xml.etree import ElementTree

#: What two coordinates differ by at least when one is left of the other, or above it.
APART = 1e-3

Matrix = tuple[float, float, float, float, float, float]
_SAME: Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)


@dataclass(frozen=True)
class Text:
    """A text of a picture, its number in the file, and where it stands, if that is known."""

    text: str
    number: int
    x: float | None = None
    y: float | None = None


def parse(svg: str) -> ElementTree.Element:
    """The picture with its comments, as matplotlib draws letters as shapes by default, and leaves their text in one."""
    return ElementTree.fromstring(svg, ElementTree.XMLParser(target=ElementTree.TreeBuilder(insert_comments=True)))


def texts_in(root: ElementTree.Element) -> list[Text]:
    """All texts of a picture, in the order of the file; a ``<text>`` of several lines or parts once as a whole, and once for each of them."""
    return [Text(text, number, *place) for number, (text, place) in enumerate(_walk(root, _SAME)) if text]


def _walk(element: ElementTree.Element, outer: Matrix) -> Iterator[tuple[str, tuple[float | None, float | None]]]:
    here = _combined(outer, _matrix(element))
    if element.tag is ElementTree.Comment:
        yield _flat(element.text or ""), _at(here, 0.0, 0.0)
    elif _kind(element) == "text":
        yield _flat("".join(element.itertext())), _at(here, *_own(element, 0.0, 0.0))
        for part in element.iter():
            if _kind(part) == "tspan":
                yield _flat("".join(part.itertext())), _at(here, *_own(part, *_own(element, 0.0, 0.0)))
    else:
        for place, child in enumerate(element):
            if child.tag is ElementTree.Comment:  # it stands before what is drawn for it, which is moved to its place
                following = element[place + 1] if place + 1 < len(element) else child
                yield _flat(child.text or ""), _at(_combined(here, _matrix(following)), 0.0, 0.0)
            else:
                yield from _walk(child, here)


def _kind(element: ElementTree.Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _flat(text: str) -> str:
    return " ".join(text.split())


def _own(element: ElementTree.Element, x: float, y: float) -> tuple[float, float]:
    found = [re.match(r"\s*([-+]?[\d.]+(?:[eE][-+]?\d+)?)(?:px)?(?=[\s,]|$)", element.get(name, "")) for name in ("x", "y")]
    unknown = [math.nan if element.get(name) else default for name, default in (("x", x), ("y", y))]  # such as 50%
    return tuple(float(each[1]) if each else other for each, other in zip(found, unknown, strict=True))  # type: ignore[return-value]


def _at(matrix: Matrix, x: float, y: float) -> tuple[float | None, float | None]:
    a, b, c, d, e, f = matrix
    # A coordinate that isn't known says nothing of the other, unless the picture is turned.
    places = (a * x if a else 0.0) + (c * y if c else 0.0) + e, (b * x if b else 0.0) + (d * y if d else 0.0) + f
    return tuple(None if math.isnan(each) else each for each in places)  # type: ignore[return-value]


def _combined(outer: Matrix, inner: Matrix) -> Matrix:
    a, b, c, d, e, f = outer
    g, h, i, j, k, m = inner
    return a * g + c * h, b * g + d * h, a * i + c * j, b * i + d * j, a * k + c * m + e, b * k + d * m + f


def _matrix(element: ElementTree.Element) -> Matrix:
    """What the ``transform`` of an element says; what it says in a style isn't known."""
    result = _SAME
    for name, values in re.findall(r"(\w+)\s*\(([^)]*)\)", element.get("transform", "")):
        try:
            result = _combined(result, _step(name, [float(each) for each in re.split(r"[\s,]+", values.strip())]))
        except (ValueError, IndexError):
            return (math.nan,) * 6
    return result


def _step(name: str, values: Sequence[float]) -> Matrix:
    match name:
        case "translate":
            return 1.0, 0.0, 0.0, 1.0, values[0], values[1] if len(values) > 1 else 0.0
        case "scale":
            return values[0], 0.0, 0.0, values[-1], 0.0, 0.0
        case "rotate":
            turn = math.radians(values[0])
            turned = math.cos(turn), math.sin(turn), -math.sin(turn), math.cos(turn), 0.0, 0.0
            x, y = values[1:3] if len(values) > 2 else (0.0, 0.0)
            return _combined(_combined((1.0, 0.0, 0.0, 1.0, x, y), turned), (1.0, 0.0, 0.0, 1.0, -x, -y))
        case "matrix":
            a, b, c, d, e, f = values
            return a, b, c, d, e, f
    raise ValueError(f"{name} of a text isn't known")


def belong(names: Sequence[Sequence[Text]], figures: Sequence[Sequence[Text]]) -> bool:
    """Whether figures stand where the names do to which they belong. For each name there are the texts that may be it, and for each figure too."""
    return any(_belong(some, chosen) for some in product(*names) for chosen in product(*figures))


def _belong(names: Sequence[Text], figures: Sequence[Text]) -> bool:
    ways: tuple[Callable[[Text], float | None], ...] = (lambda text: text.x, lambda text: text.y)
    at_names = [nearest for way in ways if (nearest := _nearest(names, figures, way)) is not None]
    if at_names:  # in columns, or in rows: there is no doubt
        return all(nearest == sorted(nearest) for nearest in at_names)
    # The names are somewhere else, as in a legend: then both come in one order, on the picture or in the file.
    return any((order := _order(names, way)) is not None and order == _order(figures, way) for way in (*ways, lambda text: text.number))


def _nearest(names: Sequence[Text], figures: Sequence[Text], way: Callable[[Text], float | None]) -> list[int] | None:
    """For each figure the number of the name beside it or above it; None unless each is so near to another one that it can be no other's."""
    places, others = [place for place in map(way, names) if place is not None], [place for place in map(way, figures) if place is not None]
    if len(places) < len(names) or len(others) < len(figures):
        return None
    gap = min((abs(one - other) for at, one in enumerate(places) for other in places[:at]), default=0.0)
    nearest = [min(range(len(places)), key=lambda at: abs(places[at] - place)) for place in others]
    near = all(abs(places[at] - place) < gap / 2 for at, place in zip(nearest, others, strict=True))
    return nearest if near and len(set(nearest)) == len(names) else None


def _order(texts: Sequence[Text], way: Callable[[Text], float | None]) -> list[int] | None:
    """The numbers of these texts, sorted by where they stand; None when two of them stand in the same place."""
    places = [place for place in map(way, texts) if place is not None]
    if len(places) < len(texts) or any(abs(one - other) < APART for at, one in enumerate(places) for other in places[:at]):
        return None
    return sorted(range(len(places)), key=places.__getitem__)
