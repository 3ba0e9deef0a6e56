"""A Dockerfile is read as the engine reads it."""

import pytest

from dojo.dockerfile import Dockerfile, expand, without_syntax

TWO_STAGES = r'''
# escape is said behind the first line, so this says nothing: escape=`
ARG VERSION=3.11
FROM python:${VERSION}-slim AS base
ENV A=1 B="two words" \
    # a comment between
    C=$A

from base as build
RUN --mount=type=cache,target=/root/.cache --mount=type=bind,from=tools,source=/x,target=/y \
    pip install \
      one

COPY <<EOF /hello.txt
FROM here it is text
CMD also text
EOF

FROM base
COPY --from=build --chmod=755 /venv /venv
COPY ["with space.txt", "/to/"]
ARG UID=10001
USER ${UID}
CMD ["python", "-m", "service"]
'''


def test_stages_and_what_they_are_built_on() -> None:
    """FROM begins a stage, of an image or of an earlier stage, in any case of letters."""
    read = Dockerfile.read(TWO_STAGES)

    assert [("python:3.11-slim", "base"), ("base", "build"), ("base", "")] == [(stage.base, stage.name) for stage in read.stages]
    assert [0, 2] == [stage.number for stage in read.lineage()]
    assert "python:3.11-slim" == read.base
    assert [("python:3.11-slim", 4)] == read.bases
    assert read.stages[1] is read.stage("BUILD")
    assert read.stages[1] is read.stage("1")
    assert read.stage("python:3.11-slim") is None


def test_what_holds_in_the_image() -> None:
    """Instructions of the last stage and of those below it count, the last of a kind holds."""
    read = Dockerfile.read(TWO_STAGES)
    user, command = read.last("USER"), read.last("CMD")

    assert user is not None
    assert command is not None
    assert ["python", "-m", "service"] == command.words
    assert "10001" == expand(user.value, read.known_at(user))
    assert {"A": "1", "B": "two words", "C": "1", "UID": "10001"} == read.known_at(user)
    assert read.last("RUN") is None


def test_what_a_stage_that_is_not_shipped_knows() -> None:
    """The variables of its own, and of the stages below it, and of no other."""
    read = Dockerfile.read("FROM a AS b\nENV A=1\nFROM b AS c\nARG B=${A}2\nRUN one $B\nFROM b\nENV C=3\nRUN two\n")
    one, two = (each for each in read.everywhere if each.keyword == "RUN")

    assert {"A": "1", "B": "12"} == read.known_at(one)
    assert {"A": "1", "C": "3"} == read.known_at(two)


@pytest.mark.parametrize("line", ["USER\t10001", "user  10001", "USER \\\n  10001", "\tUSER 10001"])
def test_space_between_a_keyword_and_its_value(line: str) -> None:
    """Any of it, of any length."""
    assert ["USER 10001"] == [each.text for each in Dockerfile.read(f"FROM scratch\n{line}\n").whole]


def test_lines_that_go_on_and_flags() -> None:
    """A line that ends with a backslash goes on, comments and empty lines in it don't count; flags are taken off."""
    run, copied = Dockerfile.read(TWO_STAGES).stages[1].instructions

    assert "RUN pip install one" == run.text
    assert 10 == run.line
    assert ["type=cache,target=/root/.cache", "type=bind,from=tools,source=/x,target=/y"] == run.flag("mount")
    assert "CMD also text" in copied.value


def test_paths_of_a_copy() -> None:
    """COPY takes words, or a list in JSON."""
    first, second, *_ = Dockerfile.read(TWO_STAGES).stages[2].instructions

    assert ["/venv", "/venv"] == first.paths
    assert ["build"] == first.flag("from")
    assert ["with space.txt", "/to/"] == second.paths


@pytest.mark.parametrize(("line", "words"), [
    ('CMD ["a", "b"]', ["a", "b"]), ("CMD a b", None), ("CMD ['a', 'b']", None), ('CMD [ "a" ]', ["a"]), ("CMD []", []), ("CMD [1]", None),
    ('CMD ["a", "b"] || c', None),
])
def test_exec_form_is_a_list_in_json(line: str, words: list[str] | None) -> None:
    """Whatever isn't a list of texts in JSON is a line for a shell."""
    assert words == Dockerfile.read(f"FROM scratch\n{line}\n").stages[0].instructions[0].words


@pytest.mark.parametrize(("line", "variables"), [
    ("ENV A=1 B=2", {"A": "1", "B": "2"}), ("ENV A one two", {"A": "one two"}), ('ENV A="x=y"', {"A": "x=y"}), ("ENV A=", {"A": ""}),
    ("ARG A", {"A": ""}), ("ARG A=1 B", {"A": "1", "B": ""}),
])
def test_variables(line: str, variables: dict[str, str]) -> None:
    """Both spellings of ENV, and arguments without a default."""
    assert variables == Dockerfile.read(f"FROM scratch\n{line}\n").stages[0].instructions[0].variables


@pytest.mark.parametrize(("text", "value"), [
    ("$A-$B", "1-"), ("${A}", "1"), ("${B:-x}", "x"), ("${A:-x}", "1"), ("${A:+x}", "x"), ("${B:+x}", ""), (r"\$A", r"\$A"),
])
def test_what_stands_for_a_variable(text: str, value: str) -> None:
    """A variable's value, or what stands behind its name."""
    assert value == expand(text, {"A": "1"})


def test_another_escape() -> None:
    """A line at the top may choose another character for lines that go on."""
    read = Dockerfile.read("# escape=`\nFROM scratch\nRUN a `\n  b\nUSER 1\n")

    assert ["RUN a b", "USER 1"] == [each.text for each in read.whole]


@pytest.mark.parametrize(("text", "kept"), [
    ("# syntax=docker/dockerfile:1\nFROM a\n", False), ("#syntax = docker/dockerfile:1.7\nFROM a\n", False),
    ("# syntax=docker/dockerfile:1-labs\nFROM a\n", True), ("FROM a\n# syntax=docker/dockerfile:1\n", True),
])
def test_the_line_that_fetches_a_reader(text: str, kept: bool) -> None:
    """The syntax line is taken out when it names what the engine has itself; all lines keep their numbers."""
    assert (without_syntax(text) == text) == kept
    assert len(text.splitlines()) == len(without_syntax(text).splitlines())


@pytest.mark.parametrize("text", ["", "# nothing", "RUN a", "FROM", "FROM a AS",
                                  'FROM a\nENV A="x', "FROM a\nRUN <<EOF\nb", "FROM a\nRUN b \\", "\\"])
def test_what_is_no_dockerfile_is_read_all_the_same(text: str) -> None:
    """Nothing raises: what is wrong with it, the engine says better."""
    read = Dockerfile.read(text)

    assert all(isinstance(each.variables, dict) for each in read.everywhere if each.keyword == "ENV")
