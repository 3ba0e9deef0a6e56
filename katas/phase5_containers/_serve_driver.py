"""Calls the learner's container_options() and server_command() with settings, where CPUs, profiles and the environment say something else."""

import dataclasses
import importlib
import os
import sys
from typing import Any
from unittest.mock import patch

#: What container_options() has no business with: it is given settings. The addresses are nobody's.
ENVIRONMENT = {"HOST": "198.51.100.10", "PORT": "9138", "WEB_CONCURRENCY": "2", "TRUSTED_PROXIES": "198.51.100.9", "FORWARDED_ALLOW_IPS": "*"}


def words(fields: dict[str, Any], cpus: int, of_a_profile: int) -> dict[str, Any]:
    """``options`` and ``command`` for ``Settings(**fields)`` with so many usable CPUs; each profile wants ``of_a_profile`` workers.

    With a profile there is no ``command``, as that is 4.6's affair.
    """
    settings = importlib.import_module("app.settings").Settings(**fields)
    tuning = importlib.import_module("app.tuning")
    tuning.usable_cpus = lambda *_, **__: cpus
    tuning.PROFILES = {name: dataclasses.replace(profile, workers=of_a_profile) for name, profile in tuning.PROFILES.items()}
    sys.modules.pop("app.serve", None)  # which may have taken the others by their names
    with patch.dict(os.environ, ENVIRONMENT):
        serve = importlib.import_module("app.serve")
        options = serve.container_options(settings)
        return {"options": options, "command": None if fields["profile"] else serve.server_command(settings)}
