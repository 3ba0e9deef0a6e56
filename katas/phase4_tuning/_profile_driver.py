"""What uvicorn understands of the learner's options and commands, by its own reading of a command line; nothing is started."""

import dataclasses
import importlib
from typing import Any

import click

#: The program uvicorn; the package has a function of the same name as this module.
UVICORN: click.Command = importlib.import_module("uvicorn.main").main

#: What is told of it.
NAMES = ("host", "port", "workers", "limit_concurrency", "timeout_keep_alive", "limit_max_requests", "limit_max_requests_jitter",
         "timeout_graceful_shutdown", "timeout_worker_healthcheck")


def read(words: list[str]) -> dict[str, Any]:
    """The settings that uvicorn reads from the arguments of a command."""
    try:
        context = UVICORN.make_context("uvicorn", list(words))
    except click.ClickException as error:
        return {"refused": error.format_message()}
    return {name: context.params[name] for name in NAMES}


def options(profiles: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What profile_options() returns for each profile, and what uvicorn reads in it."""
    serve, tuning = importlib.import_module("app.serve"), importlib.import_module("app.tuning")
    told = []
    for fields in profiles:
        value = serve.profile_options(tuning.Profile(**fields))
        good = isinstance(value, list) and all(isinstance(word, str) for word in value)
        told.append({"shown": f"{value!r:.300}", "words": value if good else None, "read": read(["app.main:app", *value]) if good else None})
    return told


def commands(cases: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What server_command() returns for each of these settings, and what uvicorn reads in it; nothing where it isn't found."""
    serve, settings = importlib.import_module("app.serve"), importlib.import_module("app.settings")
    told = []
    for fields in cases:
        words = [str(word) for word in serve.server_command(settings.Settings(**fields))]
        at = next((index for index, word in enumerate(words) if word == "uvicorn" or word.endswith("/uvicorn")), None)
        told.append({"words": words, "read": None if at is None else read(words[at + 1:])})
    return told


def decided() -> dict[str, dict[str, Any]]:
    """The two profiles."""
    tuning = importlib.import_module("app.tuning")
    return {name: dataclasses.asdict(getattr(tuning, name)) for name in ("CPU_BOUND", "IO_BOUND")}
