"""The turnstile: arrivals, rounds, and who has to wait."""

from dojo.gate import Arrival, Turnstile


def arrival(let_go: list[str], name: str) -> Arrival:
    """An arrival that notes when it is let go."""
    return Arrival(name, "pool", 0.1, 0.0, let_go=lambda: let_go.append(name))


def test_an_open_gate_counts_and_holds_nobody() -> None:
    """Arrivals at an open gate are noted and need not wait."""
    gate = Turnstile()

    assert gate.arrive(arrival([], "a")) is False
    assert 1 == len(gate.arrivals)
    assert [] == gate.held()


def test_a_round_lets_exactly_those_go_that_stand_there() -> None:
    """Who comes after a release waits for the next one."""
    gone: list[str] = []
    gate = Turnstile()
    gate.close()
    for name in ("a", "b"):
        assert gate.arrive(arrival(gone, name)) is True

    assert 2 == gate.release()
    gate.arrive(arrival(gone, "c"))

    assert ["a", "b"] == gone
    assert [2] == gate.rounds
    assert ["c"] == [each.what for each in gate.held()]


def test_opening_lets_all_go_and_holds_nobody_any_more() -> None:
    """After open() nobody waits."""
    gone: list[str] = []
    gate = Turnstile()
    gate.close()
    gate.arrive(arrival(gone, "a"))

    assert 1 == gate.open()
    assert gate.arrive(arrival(gone, "b")) is False
    assert ["a"] == gone


def test_closing_forgets_what_was_seen_before() -> None:
    """A check begins with an empty record."""
    gate = Turnstile()
    gate.arrive(arrival([], "a"))

    gate.close()

    assert [] == gate.arrivals
    assert [] == gate.rounds


def test_who_gives_up_is_held_no_longer() -> None:
    """A canceled call leaves the gate."""
    gate = Turnstile()
    gate.close()
    one = arrival([], "a")
    gate.arrive(one)

    gate.leave(one)

    assert [] == gate.held()
    assert 0 == gate.release()
