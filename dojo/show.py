"""What the learner's commands print: text of 80 columns with colors for a terminal, and plain text without one."""

import io
import os
import re
import shutil
import sys
from typing import Any, TextIO

from rich.console import Console, RenderableType
from rich.markdown import Markdown
from rich.padding import Padding
from rich.text import Text
from rich.theme import Theme

from dojo import catalog
from dojo.evidence import visible
from dojo.results import FINE, Result
from dojo.terminal import ASCII, COLORS, PLAIN_SIGNS, SIGNS, WIDTH, details

#: What a state is called; an exercise that was never judged has none.
WORDS = {"green": "green", "red": "red", "part": "judged in part", "unclear": "inconclusive", "broken": "not judged: the kata failed",
         "": "not judged yet"}

_LINK = re.compile(r"(?<!!)\[([^\]]+)\]\([^)]*\)")
_THEME = Theme({"markdown.code": "bold", "markdown.code_block": "none", "markdown.item.bullet": "none", "markdown.item.number": "none",
                "markdown.h2": "bold"})


class Printer:
    """Prints to ``file``, as much as it can take: colors, signs, columns."""

    def __init__(self, file: TextIO | None = None) -> None:
        self._file = file or sys.stdout
        self.terminal = self._file.isatty()
        self.colors = self.terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
        try:
            "✗█·→".encode(self._file.encoding or "ascii")
            self.plain = False
        except (UnicodeEncodeError, LookupError):
            self.plain = True

    @property
    def width(self) -> int:
        """The columns for text: 80, and fewer in a narrower terminal."""
        return min(WIDTH, shutil.get_terminal_size().columns) if self.terminal else WIDTH

    def text(self, *parts: RenderableType, wide: bool = False, width: int | None = None) -> str:
        """``parts`` as the terminal wants them, in ``width`` columns; ``wide``: lines may have any length."""
        out = io.StringIO()
        console = Console(file=out, width=1000 if wide else width or self.width, theme=_THEME, highlight=False, markup=False, emoji=False,
                          legacy_windows=False, force_terminal=self.colors, no_color=not self.colors,
                          color_system="standard" if self.colors else None)
        for part in parts:
            console.print(part, soft_wrap=wide)
        text = "\n".join(line.rstrip() for line in out.getvalue().split("\n"))
        return text.translate(ASCII).encode("ascii", "replace").decode() if self.plain else text

    def print(self, *parts: RenderableType, wide: bool = False) -> None:
        """Prints ``parts``, each on lines of its own."""
        self._file.write(self.text(*parts, wide=wide))
        self._file.flush()

    def sign(self, state: str) -> Text:
        """The sign of a state, in its color."""
        return Text((PLAIN_SIGNS if self.plain else SIGNS).get(state, "·"), COLORS.get(state, ""))

    def head(self, exercise: catalog.Exercise, state: str) -> Text:
        """An exercise's line: sign, id, title, and the file to edit while there is something to do."""
        file = exercise.edit[0] if exercise.edit and state not in FINE else ""
        head = f" {exercise.id}  {exercise.title}"
        room = self.width - 1 - len(head) - len(file)
        return Text.assemble(self.sign(state), (head, "bold"), " " * max(2, room), file)

    def verdict(self, result: Result) -> list[RenderableType]:
        """An exercise's line, its notes, and for a red one what was seen."""
        parts: list[RenderableType] = [self.head(result.exercise, result.state)]
        parts += [Padding(Text(note), (0, 0, 0, 7)) for note in result.notes]
        if result.state not in FINE:
            parts += [Text(line) for line in details(result, self.width)]
        return parts


def markdown(text: str, indent: int = 2) -> RenderableType:
    """A chapter's text for the terminal, which can't follow its links."""
    return Padding(Markdown(_LINK.sub(r"\1", text), code_theme="bw", hyperlinks=False), (0, 0, 0, indent))


def difference(lines: list[str]) -> Text:
    """The lines of a unified difference, in color."""
    styles: dict[str, Any] = {"+": "green", "-": "red", "@": "cyan"}
    text = Text()
    for line in lines:
        style = "bold" if line.startswith(("+++ ", "--- ")) else styles.get(line[:1], "")
        text.append(visible(line.rstrip("\n")) + "\n", style)
    text.right_crop(1)
    return text
