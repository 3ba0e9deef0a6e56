"""How the host imports the learner's code: always fresh, and one router at a time.

Compiled files are neither read nor written, so two saves within a second can't be mixed up and
nothing appears in the workspace. A router that can't be imported is replaced by an empty one and
its error is kept: the rest of the service can still be judged.
"""

import importlib.abc
import importlib.machinery
import importlib.util
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from types import CodeType, ModuleType
from typing import Any

from dojo.stack import Learner

#: Modules below this package stand alone: when one fails, the others are still served.
ROUTERS = "app.routers."


class Importer:
    """Imports the workspace below ``learner.root`` for one host process.

    ``quarantine`` maps names of modules to the errors with which they ended an earlier host;
    they are not executed again. ``begin`` is told the name of each router before it is executed.
    After the import, ``broken`` maps the modules that failed to their errors.
    """

    def __init__(self, learner: Learner, quarantine: Mapping[str, Any], begin: Callable[[str], None]) -> None:
        self.learner = learner
        self.broken: dict[str, dict[str, Any]] = {}
        self._quarantine = quarantine
        self._begin = begin

    def install(self) -> None:
        """Makes this process import the workspace, and nothing of the dojo's own repository."""
        root = self.learner.root.rstrip("/\\")
        from dojo.workspace import ROOT

        own = {"", str(ROOT)}
        sys.path[:] = [root, *(p for p in sys.path if p not in own)]
        sys.path_hooks.insert(0, self._hook)
        sys.path_importer_cache.clear()
        sys.meta_path.append(_MissingRouter(self))
        sys.dont_write_bytecode = True

    def _hook(self, path: str) -> importlib.machinery.FileFinder:
        if not (path + "/").startswith(self.learner.root):
            raise ImportError("not the learner's")
        importer = self

        class Loader(importlib.machinery.SourceFileLoader):
            def get_code(self, fullname: str) -> CodeType:
                file = self.get_filename(fullname)
                return self.source_to_code(self.get_data(file), file)

            def exec_module(self, module: ModuleType) -> None:
                importer.execute(module, super().exec_module)

        return importlib.machinery.FileFinder(path, (Loader, [".py"]))

    def execute(self, module: ModuleType, run: Callable[[ModuleType], None]) -> None:
        """Runs the code of ``module``; a router's failure is kept instead of raised."""
        name = module.__name__
        if not name.startswith(ROUTERS):
            run(module)
            return self._still_there(module)
        if name in self._quarantine:
            return self._replace(module, self._quarantine[name])
        self._begin(name)
        try:
            run(module)
            self._still_there(module)
            _check_router(module)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # SystemExit too: a module has no business ending the service
            self._replace(module, self.learner.error(error))
        finally:
            self._begin("")

    def _still_there(self, module: ModuleType) -> None:
        """Raises when a module's file is gone after its import: the next start would fail."""
        file = module.__file__ or ""
        if not os.path.exists(file):
            name = file.removeprefix(self.learner.root)
            raise FileNotFoundError(f"{name} deletes itself while it is imported (it ran on a copy, yours is still there)")

    def _replace(self, module: ModuleType, error: dict[str, Any]) -> None:
        from fastapi import APIRouter

        module.__dict__["router"] = APIRouter()
        self.broken[module.__name__] = error


def _check_router(module: ModuleType) -> None:
    """Raises ``AttributeError`` when a router's module holds none by that name: the service could not take it in."""
    from fastapi import APIRouter

    if isinstance(getattr(module, "router", None), APIRouter):
        return
    others = [name for name, value in vars(module).items() if isinstance(value, APIRouter)]
    hint = f"; it has `{others[0]}`: was it renamed?" if others else ": app/main.py takes it in by this name"
    raise AttributeError(f"{module.__name__.replace('.', '/')}.py has no APIRouter named `router`{hint}")


class _MissingRouter(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Asked last: stands in for a router whose file isn't there."""

    def __init__(self, importer: Importer) -> None:
        self._importer = importer

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if not fullname.startswith(ROUTERS):
            return None
        return importlib.util.spec_from_loader(fullname, self)

    def exec_module(self, module: ModuleType) -> None:
        file = module.__name__.replace(".", "/") + ".py"
        error = FileNotFoundError(f"{file} isn't there: restore it with `git checkout {file}`")
        self._importer._replace(module, self._importer.learner.error(error))
