"""The pictures of phase 4's chapter, drawn of figures that are known; measuring is left to the session."""

import re
from pathlib import Path

import pytest
from matplotlib.figure import Figure

from dojo.generator import Asked, Load
from dojo.memory import Use
from tests.benchmarks import experiments
from tests.benchmarks.experiments import Background, background, goodput, memory_picture, save, settled, shedding_picture, told, workers_picture

MACHINE = Background(1.25, 2, 7.0)


def drawn(figure: Figure, folder: Path) -> str:
    """The words of a picture."""
    with experiments.rc_context({"svg.fonttype": "none"}):
        save(figure, folder / "picture.svg")
    return " ".join(re.findall(r">([^<>\n]+)</text>", (folder / "picture.svg").read_text(encoding="utf-8")))


def load(*answers: tuple[float, float, int]) -> Load:
    """A load whose requests were due and answered at these times, with these statuses."""
    return Load(10.0, 16.0, [Asked(10 + due, 10 + due, 10 + answered, status) for due, answered, status in answers])


def test_workers_are_drawn_with_the_median_of_their_rounds(tmp_path: Path) -> None:
    """Median of throughput and p95 for each kind of work, and what else the machine did."""
    rounds = {workers: [(10.0 * workers, 0.1), (30.0 * workers, 0.5), (20.0 * workers, 0.2)] for workers in experiments.WORKERS}

    words = drawn(workers_picture(dict.fromkeys(experiments.NAMES, rounds), MACHINE), tmp_path)

    assert "others used 1.2 of them before it began" in words
    assert {"20", "40", "80", "200"} <= set(words.split())
    assert "requests per second" in words


def test_memory_is_drawn_both_ways(tmp_path: Path) -> None:
    """RSS and PSS of each server."""
    uses = {workers: Use(300_000_000 * workers, 111_000_000 * workers) for workers in experiments.WORKERS}

    words = drawn(memory_picture({"own": uses, "mapped": uses}, MACHINE), tmp_path)

    assert {"300", "600", "1200", "111", "222", "444"} <= set(words.split())


def test_only_answers_in_time_are_good(tmp_path: Path) -> None:
    """An answer that comes too late is none, and neither is a refusal."""
    both = load((0.0, 0.1, 200), (1.0, 1.2, 200), (2.0, 2.9, 200), (3.0, 3.01, 503))

    assert 2 / experiments.OVERLOAD_SECONDS == goodput(both)
    assert "1 refused, p95 10 ms" in told(both)
    words = drawn(shedding_picture({"no limit": both, "a limit": both}, MACHINE), tmp_path)
    assert "answered: 3" in words
    assert "refused, 503: 1" in words


def test_the_beginning_of_a_load_is_left_out() -> None:
    """What was answered before it had settled, and after its end, doesn't count."""
    found = settled(load((0.0, 0.5, 200), (0.5, 0.9, 200), (2.9, 3.5, 200)))

    assert [10.9] == [each.answered for each in found.asked]
    assert pytest.approx(1 / (experiments.SECONDS - experiments.SETTLING)) == found.rps


def test_the_background_is_a_number_of_cpus() -> None:
    """It can't be more than there are."""
    seen = background(0.05)

    assert seen.busy is None or 0 <= seen.busy <= seen.cpus
    assert f"{seen.cpus} CPUs; " in seen.told
