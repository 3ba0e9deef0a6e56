"""The command line: ``python -m dojo.cli hint 1.5``."""

import argparse
import sys

from dojo import catalog


def hint(arguments: argparse.Namespace) -> int:
    """Prints one of an exercise's hints, and how to get the next."""
    exercise = catalog.exercise(arguments.exercise)
    number = min(max(arguments.number, 1), len(exercise.hints))
    print(f"{exercise.id}  {exercise.title}   ·   hint {number} of {len(exercise.hints)}\n")
    print(exercise.hints[number - 1])
    if number < len(exercise.hints):
        print(f"\nThe next one: nox -s hint -- {exercise.id} {number + 1}")
    else:
        print(f"\nThat was the last one. Read on in {exercise.link}")
    return 0


def main(argv: list[str] | None = None) -> int:
    """Runs one command; returns the exit status."""
    parser = argparse.ArgumentParser(prog="dojo", description="The learner's tools.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    command = commands.add_parser("hint", help="a hint for an exercise: a question, then a pointer, then an outline")
    command.add_argument("exercise", help="its id, such as 1.5")
    command.add_argument("number", nargs="?", type=int, default=1, help="which hint, 1 to 3 (default: 1)")
    command.set_defaults(run=hint)
    arguments = parser.parse_args(argv)
    try:
        return int(arguments.run(arguments))
    except catalog.CatalogError as error:
        print(f"dojo: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
