"""What an image takes, layer by layer: ``nox -s image``."""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from dojo.container import PORT
from dojo.context import context
from dojo.dockerfile import Dockerfile
from dojo.engine import Engine, NoEngine, find
from dojo.evidence import cut, megabytes
from dojo.subject import Inconclusive, Red
from dojo.workspace import ROOT, SOLUTIONS, NotAWorkspace, Workspace


async def _show(workspace: Path, tag: str) -> None:
    """Builds the image of a workspace and prints what its layers take."""
    engine = Engine(*await asyncio.to_thread(find))
    try:
        folder = workspace if workspace == ROOT else await asyncio.to_thread(context, workspace, engine.folder("context"), older=False)
        began = time.perf_counter()
        before = (await engine.run("image", "inspect", "--format", "{{.Id}}", tag)).out.strip()
        built = await engine.build(folder, keep=tag)
        if before and before != await engine.must("image", "inspect", "--format", "{{.Id}}", tag):
            await engine.run("image", "rm", before)  # it would stay without a name; one that is in use does
        took = time.perf_counter() - began
        read = Dockerfile.read((folder / "Dockerfile").read_text(encoding="utf-8"))
        saved = await engine.save(built.tag, read.base)
        below = saved.layers[: len(saved.layers) - len(saved.above)]
        cached = sum(step.cached for step in built.steps)
        print(f"{tag}: built in {took:.1f} s, {cached} steps from the cache\n")
        print(f"  {megabytes(sum(layer.size for layer in below)):>9}  {read.base}")
        for layer in saved.above:
            print(f"  {megabytes(layer.size):>9}  {cut(layer.instruction, 66)}")
        whole = megabytes(sum(layer.size for layer in saved.layers))
        print(f"  {'─' * 9}\n  {whole:>9}  all of it, {megabytes(saved.added)} of which the Dockerfile adds", flush=True)
        packed = sum(await asyncio.gather(*(asyncio.to_thread(layer.packed) for layer in saved.above)))
        print(f"  {megabytes(packed):>9}  of that to pull where the base image is there: registries keep layers compressed\n")
        print(f"Run it: {engine.shown} run --rm --publish 127.0.0.1:{PORT}:{PORT} {tag}")
    finally:
        await asyncio.to_thread(engine.close)


def main(arguments: Sequence[str] | None = None) -> int:
    """Builds the workspace's image."""
    parser = argparse.ArgumentParser(prog="nox -s image --", description="Builds the image of your Dockerfile, and says what each layer takes.")
    parser.add_argument("--workspace", default=".", help="the tree to build (default: this repository's root)")
    parser.add_argument("--tag", default="serving-katas", help="the image's name (default: serving-katas)")
    asked = parser.parse_args(arguments)
    try:
        workspace = Workspace.at(ROOT if asked.workspace == "." else asked.workspace)
        path = workspace.path
        with tempfile.TemporaryDirectory(prefix="serving-katas-") as folder:
            if workspace.base == SOLUTIONS:
                path = workspace.snapshot(Path(folder) / "workspace")
            asyncio.run(_show(path, asked.tag))
    except (NoEngine, NotAWorkspace, Red, Inconclusive) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
