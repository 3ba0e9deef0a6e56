"""Where the texts of an SVG picture stand, and whether figures stand where their names do."""

import pytest

from katas.phase3_load_testing.pictures import Text, belong, parse, texts_in

NAMES, FIGURES = ("a", "b", "c"), ("1", "2", "3")


def places(body: str) -> dict[str, tuple[float, float]]:
    """Each text of a picture and where it stands, to a tenth."""
    return {each.text: (round(each.x or 0.0, 1), round(each.y or 0.0, 1)) for each in texts_in(parse(f"<svg>{body}</svg>"))}


@pytest.mark.parametrize(("body", "place"), [
    ('<text x="3" y="4">a</text>', (3, 4)),
    ('<g transform="translate(10 20)"><text x="3" y="4">a</text></g>', (13, 24)),
    ('<g transform="translate(10,20) scale(2 -2)"><text x="3" y="4">a</text></g>', (16, 12)),
    ('<text x="5" y="5" transform="rotate(-90 5 5)">a</text>', (5, 5)),
    ('<text x="1" y="0" transform="rotate(90)">a</text>', (0, 1)),
    ('<g id="text_1"><!-- a --><g transform="translate(7 8) scale(0.1 -0.1)"><use/></g></g>', (7, 8)),
    ('<text x="50%" y="4">a</text>', (0, 4)),
])
def test_a_text_is_found_where_it_is_drawn(body: str, place: tuple[float, float]) -> None:
    """Through groups that are moved, turned and scaled, and where letters are drawn as shapes; a place that isn't known is none."""
    assert places(body) == {"a": place}


def test_the_parts_of_a_text_have_their_own_places() -> None:
    """A text of several parts is there as a whole, and so is each of them."""
    assert places('<text x="1" y="2">a <tspan x="9">b</tspan></text>') == {"a b": (1, 2), "b": (9, 2)}


def at(texts: tuple[str, ...], *spots: tuple[float, float]) -> list[list[Text]]:
    """One candidate for each of three texts, in the order of the file."""
    return [[Text(text, number, *spot)] for number, (text, spot) in enumerate(zip(texts, spots, strict=True))]


def test_figures_belong_to_the_names_beside_which_they_stand() -> None:
    """In columns and in rows the place decides, whatever the order of the file."""
    names = at(NAMES, (10, 90), (50, 90), (90, 90))

    assert belong(names, at(FIGURES, (12, 40), (49, 5), (91, 80)))
    assert not belong(names, at(FIGURES, (12, 40), (91, 5), (49, 80)))
    assert belong([[Text(each[0].text, 9 - each[0].number, each[0].x, each[0].y)] for each in names], at(FIGURES, (12, 40), (49, 5), (91, 80)))
    rows = at(NAMES, (5, 10), (5, 50), (5, 90))
    assert not belong(rows, at(FIGURES, (40, 50), (20, 90), (99, 10)))


def test_figures_may_come_in_the_order_of_a_legend() -> None:
    """When the names are somewhere else, both come in one order, at least in the file."""
    legend = at(NAMES, (95, 2), (95, 6), (95, 10))

    assert belong(legend, at(FIGURES, (10, 40), (50, 20), (90, 80)))
    assert belong([[Text(name, number)] for number, name in enumerate(NAMES)], [[Text(figure, number)] for number, figure in enumerate(FIGURES)])
    assert not belong([[Text(name, number)] for number, name in enumerate(NAMES)], [[Text(figure, -number)] for number, figure in enumerate(FIGURES)])
