"""A compose file read as data: its variables, and the forms in which a thing may be written."""

import pytest

from dojo import compose
from dojo.compose import Published
from dojo.subject import Red


@pytest.mark.parametrize(("text", "environment", "expected"), [
    ("${A:-1}", {}, "1"), ("${A:-1}", {"A": ""}, "1"), ("${A:-1}", {"A": "2"}, "2"),
    ("${A-1}", {}, "1"), ("${A-1}", {"A": ""}, ""), ("${A:-${B:-3}}", {}, "3"), ("${A:-${B:-3}}", {"B": "4"}, "4"),
    ("x${A:+y}", {"A": "1"}, "xy"), ("x${A:+y}", {}, "x"), ("$A/$$A", {"A": "1"}, "1/$A"), ("a{b}", {}, "a{b}"),
])
def test_variables_are_filled_in(text: str, environment: dict[str, str], expected: str) -> None:
    """As Compose does it: a default for what isn't set, or is empty, if there is a colon."""
    read = compose.read(f"services: {{api: {{image: '{text}'}}}}", environment)

    assert expected == read.services["api"]["image"]
    assert not read.unset


@pytest.mark.parametrize("text", ["$A", "${A}", "${A:?set it}", "${B:-${A}}"])
def test_a_variable_without_a_default_is_noted(text: str) -> None:
    """It gets an empty text, or Compose refuses."""
    assert ["A"] == compose.read(f"services: {{api: {{image: '{text}'}}}}", {}).unset


def test_what_compose_sets_itself_needs_no_default() -> None:
    """The project's name; and what stands outside of the services is looked at as well."""
    assert "katas-x" == compose.read("services: {api: {image: '${COMPOSE_PROJECT_NAME}-x'}}", {}).services["api"]["image"]
    assert ["A", "B"] == compose.read("name: $A\nservices: {api: {image: x}}\nnetworks: {default: {name: '${B}'}}", {}).unset


def test_a_service_has_what_it_extends() -> None:
    """Mappings and lists become longer, commands don't; each thing in both of its forms."""
    read = compose.read("""
services:
  below: {command: [a, b], ports: ["1:1"], environment: {A: 1, B: 2}, depends_on: [x], deploy: {replicas: 2}, healthcheck: {test: [c], interval: 1s}}
  between: {extends: {service: below}, environment: ["B=3", C]}
  api: {extends: between, command: [d], ports: ["2:2", "1:1"], depends_on: {y: {condition: service_healthy}}, healthcheck: {test: [e]}}
networks: {inside: , named: {name: n}}
""", {})

    assert {"command": ["d"], "ports": ["1:1", "2:2"], "environment": {"A": 1, "B": "3", "C": None}, "deploy": {"replicas": 2},
            "depends_on": {"x": {"condition": "service_started"}, "y": {"condition": "service_healthy"}},
            "healthcheck": {"test": ["e"], "interval": "1s"}} == read.services["api"]
    assert {"inside": {}, "named": {"name": "n"}} == read.networks


def test_compose_s_own_tags() -> None:
    """``!override`` takes the place of what is extended, ``!reset`` takes it away; without anything below, they are what they hold, and nothing."""
    read = compose.read("""
services:
  below: {image: x, ports: ["1:1"], environment: {A: 1, B: 2}, deploy: {replicas: 2}, networks: !reset [inside]}
  api: {extends: below, ports: !override ["${P:-2}:2"], environment: {A: !reset null}, deploy: !reset {}, command: !override [a]}
  last: {extends: api, ports: ["3:3"], deploy: {replicas: 4}}
""", {})

    assert {"image": "x", "ports": ["2:2"], "environment": {"B": 2}, "command": ["a"]} == read.services["api"]
    assert {"image": "x", "ports": ["2:2", "3:3"], "environment": {"B": 2}, "deploy": {"replicas": 4}, "command": ["a"]} == read.services["last"]
    assert {"image": "x", "ports": ["1:1"], "environment": {"A": 1, "B": 2}, "deploy": {"replicas": 2}} == read.services["below"]


@pytest.mark.parametrize(("text", "expected"), [
    ("services: {api: {image: x, ports: !override ['1:1'], command: !reset null}}", []),
    ("services: {api: {imagge: x}}", ["services.api"]),
    ("services: {api: {image: x, ports: !override 1}}", ["services.api.ports", "services.api"]),
])
def test_the_schema_is_asked_about_what_the_tags_hold(text: str, expected: list[str]) -> None:
    """And about nothing of what they take away."""
    assert expected == [each.partition(":")[0] for each in compose.complaints(text)]


@pytest.mark.parametrize(("extends", "kept"), [
    ("{service: below, file: docker-compose.yml}", False), ("{service: below, file: ./docker-compose.yml}", False),
    ("{service: below, file: other.yml}", True), ("nobody", True), ("api", True), ("[below]", True),
])
def test_what_is_extended_elsewhere_is_left_to_compose(extends: str, kept: bool) -> None:
    """Another file isn't read, and nobody goes around in circles."""
    read = compose.read(f"services: {{below: {{image: x}}, api: {{extends: {extends}}}}}", {})

    assert kept == ("extends" in read.services["api"])


@pytest.mark.parametrize(("port", "expected"), [
    ("127.0.0.1:8080:80", Published(80, 8080, "127.0.0.1")), ("8080:80/tcp", Published(80, 8080)), ("80", Published(80)), (80, Published(80)),
    ("[::1]:8080:80", Published(80, 8080, "::1")), ("127.0.0.1::80", Published(80, 0, "127.0.0.1")),
    ("8080-8082:80-82", Published(80, 8080)), ("127.0.0.1:53:53/udp", Published(53, 53, "127.0.0.1")),
    ({"target": 80, "published": "8080", "host_ip": "127.0.0.1"}, Published(80, 8080, "127.0.0.1")), ({"target": 80}, Published(80)),
])
def test_ports_in_all_their_forms(port: object, expected: Published) -> None:
    """Short and long, with an address and without."""
    assert [expected] == compose.published({"ports": [port]})


def test_what_else_has_two_forms() -> None:
    """Environment, conditions and the number of containers."""
    assert {"A": "1", "B": "2"} == compose.variables({"environment": ["A=1", "B"]}, {"B": "2", "C": "3"})
    assert {"A": "1", "B": "2", "C": "true"} == compose.variables({"environment": {"A": 1, "B": None, "C": True, "D": None}}, {"B": "2"})
    assert {"api": "service_started"} == compose.conditions({"depends_on": ["api"]})
    assert {"api": "service_healthy"} == compose.conditions({"depends_on": {"api": {"condition": "service_healthy"}}})
    assert [1, 2, 3] == [compose.copies(each) for each in ({}, {"scale": 2}, {"deploy": {"replicas": "3"}})]


@pytest.mark.parametrize(("text", "message"), [
    ("services:\n\tapi:", r"docker-compose\.yml:2 is no YAML"), ("", "has no services"), ("services: 1", "has no services"),
])
def test_what_is_no_compose_file(text: str, message: str) -> None:
    """It is said, with the line where there is one."""
    with pytest.raises(Red, match=message):
        compose.read(text, {})
