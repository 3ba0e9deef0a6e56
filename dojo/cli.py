"""The command line: ``python -m dojo.cli next``; a nox session of the same name calls each of its commands."""

import argparse
import importlib
import os
import sys
from collections.abc import Callable

from dojo import catalog, grade, update
from dojo.judge import JudgeGone
from dojo.stubs import NoStub
from dojo.workspace import ROOT, NotAWorkspace

WINDOWS = ("on Windows use WSL, where everything works as on Linux: the commands that keep a judge running, and the katas' servers, "
           "need what Windows doesn't have")


#: Commands that Windows can't run.
POSIX = ("next", "watch", "serve", "doctor")


def _later(module: str, name: str) -> Callable[[argparse.Namespace], int]:
    """The function ``name`` of a module that is imported when it is called: a hint shall not wait for what a report needs."""
    return lambda arguments: int(getattr(importlib.import_module(f"dojo.{module}"), name)(arguments))


def _port(text: str) -> int:
    if text.isascii() and text.isdigit() and int(text) < 1 << 16:
        return int(text)
    raise argparse.ArgumentTypeError(f"a port is a number up to 65535, and {text!r} is none")


def _number(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"hints are asked for one exercise at a time, by 1, 2 or 3, and {text!r} is none of them") from None


def _learner(commands: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, run: Callable[[argparse.Namespace], int],
             about: str) -> argparse.ArgumentParser:
    command = commands.add_parser(name, help=about, description=f"{about[0].upper()}{about[1:]}.")
    command.add_argument("--workspace", default=".", metavar="PATH", help="the tree to work on (default: this repository's root)")
    command.set_defaults(run=run, command=name, refuse=command.error)
    return command


def parser() -> argparse.ArgumentParser:
    """All commands and their arguments."""
    top = argparse.ArgumentParser(prog="dojo", description="The learner's tools.")
    commands = top.add_subparsers(required=True, metavar="COMMAND")

    command = _learner(commands, "next", _later("learn", "next_"), "the first exercise that isn't solved: what it asks, and what its failure shows")
    command.add_argument("--quick", action="store_true", help="leave out what needs a live load")

    command = _learner(commands, "watch", _later("watch", "watch"), "judges at each save, and goes on to the next exercise when one is green")
    command.add_argument("exercise", nargs="?", default="", help="where to begin (default: the first that isn't solved)")
    command.add_argument("--poll", action="store_true", help="look at the files again and again: for file systems without events")
    command.add_argument("--quick", action="store_true", help="leave out what needs a live load")

    _learner(commands, "list", _later("learn", "list_"), "all exercises with their state and points")

    command = _learner(commands, "hint", _later("learn", "hint"), "a hint for an exercise, and one more each time: a question, a pointer, an outline")
    command.add_argument("exercise", nargs="?", default="", help="its id, such as 1.5 (default: the first that isn't solved)")
    command.add_argument("number", nargs="?", type=_number, help="which hint, 1 to 3 (default: the next one)")

    command = _learner(commands, "reset", _later("learn", "reset_"), "puts the stub of an exercise back; what you wrote is kept")
    command.add_argument("exercise", help="its id, such as 1.5")

    command = _learner(commands, "compare", _later("learn", "compare_"), "how your answer differs from the solution; asks first while it is red")
    command.add_argument("exercise", help="its id, such as 1.5")
    command.add_argument("--yes", action="store_true", help="don't ask")
    command.add_argument("--whole", action="store_true", help="the whole file, with the answers to other exercises in it")

    command = _learner(commands, "serve", _later("serve", "serve"), "your service with all that it talks to, started anew at each save")
    command.add_argument("--port", type=_port, default=8000, help="where it listens (default: 8000; 0: any port that is free)")
    command.add_argument("--poll", action="store_true", help="look at the files again and again: for file systems without events")

    _learner(commands, "doctor", _later("doctor", "doctor"), "looks whether everything is here that the exercises and these tools need")

    command = _learner(commands, "report", _later("report", "write"), "a page to look at: the board, and pictures of what the katas have seen")
    command.add_argument("--output", metavar="FILE", help="where to write it (default: .dojo/report.html)")

    command = _learner(commands, "progress", _later("learn", "progress"), "writes docs/Exercises/exercise-tracker.md anew from the history of runs")
    command.add_argument("--blank", action="store_true", help="as a fresh clone has it")

    command = commands.add_parser("update", help="brings new katas into this clone",
                                  description="Brings new katas; what you have edited stays as it is.")
    update.arguments(command)
    command.set_defaults(run=lambda options: update.run(options, ROOT))

    command = commands.add_parser("grade", help="grades submissions that aren't trusted", description="Grades submissions behind walls.")
    grade.arguments(command)
    command.set_defaults(run=grade.grade, command="grade")
    return top


def _unread() -> bool:
    """Whether nobody reads our output any more, as `head` when it has enough, or `cat` at Ctrl-C; then what is left goes nowhere."""
    try:
        os.write(sys.stdout.fileno(), b"\n")  # what was to be written is lost, and a flush would have nothing to try it with
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return True
    return False


def main(argv: list[str] | None = None) -> int:
    """Runs one command; returns the exit status."""
    top = parser()
    arguments, more = top.parse_known_args(argv)
    if more:  # argparse itself would show how the whole is used, and not the command
        getattr(arguments, "refuse", top.error)(f"unrecognized arguments: {' '.join(more)}")
    if sys.platform == "win32" and arguments.command in POSIX:
        print(f"dojo: {WINDOWS}", file=sys.stderr)
        return 2
    try:
        return int(arguments.run(arguments))
    except (catalog.CatalogError, NotAWorkspace, NoStub, OSError) as error:
        if isinstance(error, BrokenPipeError) and _unread():
            return 0
        said = f"{error.filename}: {error.strerror}" if isinstance(error, OSError) and error.filename and error.strerror else error
        print(f"dojo: {said}", file=sys.stderr)
        return 2
    except JudgeGone as error:
        print(f"dojo: the judge ended by itself; this is no mistake of yours:\n{error}", file=sys.stderr)
        return 3
    except KeyboardInterrupt:
        print("\nInterrupted: nothing is left running.", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
