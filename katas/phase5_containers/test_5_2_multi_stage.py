"""5.2 · An image that ships only what runs, is built in seconds, and is the same tomorrow."""

import re
import secrets
import shutil
import tarfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from dojo.dockerfile import Dockerfile, expand
from dojo.engine import Built, Step
from dojo.evidence import megabytes
from dojo.kata import Container, Functions, Image, Inconclusive, Red, exercise, listed, tier
from dojo.layers import Entry, Layer, Saved, flattened
from katas.phase1_foundation.predicting import predicted, same
from katas.phase5_containers.asking import asked

pytestmark = exercise("5.2", edit="Dockerfile")

#: What an image may add to the one that it is built on, in bytes. The solution's 216 MB are nearly all of them numpy, onnxruntime and Pillow.
BUDGET = 300_000_000

#: Programs that translate, or that fetch and put together what is to be translated or installed.
COMPILER = re.compile(r"(?:[\w.]+-linux-gnu\w*-)?(?:gcc|g\+\+|cc|c\+\+|cpp|cc1|cc1plus|clang|clang\+\+|tcc|ld|gfortran|rustc|cargo|go|nvcc|javac)"
                      r"(?:-[\d.]+)?")
BUILD_TOOL = re.compile(r"make|gmake|cmake|ninja|meson|git|uv|uvx|poetry|pdm|hatch|flit|pipenv|pipx|conda|mamba|pixi|autoconf|automake|bazel")
PROGRAMS = re.compile(r"(?:^|/)(?:s?bin|libexec(?:/gcc/.*)?|lib/gcc/.*)/[^/]+$")
#: No script of a package's is that large, in bytes.
LARGE = 100_000

#: What an installer keeps for itself.
CACHES = (
    (re.compile(r"(?:^|/)\.cache/(pip|uv|pypoetry|pdm|pipenv)/"), "the cache of {0}"),
    (re.compile(r"^(?:root|home/[^/]+|tmp|var/tmp)/(?:.*/)?(pip|uv)[-_]?cache/"), "the cache of {0}"),
    (re.compile(r"^var/cache/apt/(?:archives/.*\.deb|.*\.bin)$"), "apt's cache"),
    (re.compile(r"^var/lib/apt/lists/.*_(?:Packages|Sources|InRelease|Release|Translation-.*)(?:\.\w+)?$"), "apt's lists of packages"),
    (re.compile(r"^lib/apk/db/.*APKINDEX|^var/cache/apk/."), "apk's lists of packages"),
    (re.compile(r"\.whl$"), "a wheel"),
    # Wherever they were told to keep it: how pip and uv arrange what they keep.
    (re.compile(r"(?:^|/)(?:http(?:-v\d+)?(?:/[\da-f]){5}|selfcheck)/[\da-f]{20,}"), "the cache of pip"),
    (re.compile(r"(?:^|/)(?:archive|simple|wheels|sdists|built-wheels)-v\d+/."), "the cache of uv"),
)
#: Python brings these along itself.
BUNDLED = re.compile(r"/ensurepip/_bundled/")

#: A command that installs packages.
INSTALLS = re.compile(r"\b(pip[\d.]*|uv|poetry|pdm|pipenv|conda|mamba|apt-get|apt|apk)\b[^&|;]*?\b(install|sync|wheel|download|add)\b")
INSTALLED = re.compile(r"Successfully installed (.+)|^ *\+ ([\w.-]+==\S+)|^(?:Setting up|Unpacking) (\S+)|^Collecting (\S+)|^\s*Downloading (\S+)")
#: The service itself may be installed as a package: that is the code that changed.
OWN = "serving-katas"

DISTRIBUTION = re.compile(r"(?:^|/)([^/]+)-([^/-]+)\.dist-info/(?:RECORD|METADATA)$")
#: What a package carries within it, as setuptools does, is pinned with it.
CARRIED = re.compile(r"/_?vendor(?:ed)?/")
#: Versions as of a day: newer ones aren't looked at. A time before the build, such as a week, is another day each day.
AS_OF_A_DAY = re.compile(r"(?:exclude[-_]newer|uploaded[-_]prior)[\w-]*[\s=\"']+\d{4}-\d\d-\d\d", re.I)

HIDDEN = "It was removed in a later layer, which hides it: this one is shipped all the same. "


# -- static


@tier("static")
async def test_there_are_two_stages(dockerfile: Dockerfile) -> None:
    """The last stage takes from an earlier one what that has built."""
    last = dockerfile.stages[-1]
    assert last.number, (
        "Dockerfile has one stage: all that the build needs and leaves is shipped with the service. A second FROM begins anew, with nothing but its "
        "base image.")
    shipped = {stage.number for stage in dockerfile.lineage()}
    taken = [stage for each in dockerfile.whole for name in origins(each.flag("from"), each.flag("mount"))
             if (stage := dockerfile.stage(name)) and stage.number not in shipped]
    assert taken, (
        f"Dockerfile has {len(dockerfile.stages)} stages, and the last one takes nothing from a stage that isn't shipped: no COPY --from, "
        f"and no mount of one.\nA stage that begins with another one's name, as FROM {last.base} may, goes on where that ended, with all of it.")


def origins(copied: Sequence[str], mounts: Sequence[str]) -> Iterator[str]:
    """The names behind ``--from=`` and ``--mount=…,from=``."""
    yield from copied
    for mount in mounts:
        yield from (part.partition("=")[2] for part in mount.split(",") if part.startswith("from="))


# -- image


@tier("image")
async def test_no_compiler_and_no_build_tool_is_left(image: Image) -> None:
    """What is shipped holds no compiler, and no program that builds or fetches."""
    saved = await image.saved()
    for kind, programs in (("a compiler", COMPILER), ("a build tool", BUILD_TOOL)):
        found = sorted(path for path, entry in saved.files.items() if programs.fullmatch(path.rpartition("/")[2]) and is_program(entry))
        if found:
            raise Red(f"The image ships {kind}: {listed(['/' + path for path in found[:4]])}\n{came_from(saved, found[0])}"
                      "The service never starts it. Who breaks in does, and everybody downloads it.")


def is_program(entry: Entry) -> bool:
    """Whether a file is one that can be started: it lies where programs do or, elsewhere, is a large one that may be executed."""
    return bool(PROGRAMS.search("/" + entry.path)) or (entry.kind == tarfile.REGTYPE and bool(entry.mode & 0o111) and entry.size > LARGE)


@tier("image")
async def test_no_cache_and_no_package_list_is_left(image: Image) -> None:
    """No layer holds what an installer keeps for the next time: not even below a layer that hides it."""
    saved = await image.saved()
    below = flattened([layer for layer in saved.layers if layer not in saved.above])
    for layer in saved.above:
        for entry in layer.entries:
            for pattern, what in CACHES:
                match = pattern.search(entry.path)
                if match and entry.size and not BUNDLED.search(entry.path) and entry.path not in below:
                    told = what.format(*match.groups())
                    taken = sum(each.size for each in layer.entries if pattern.search(each.path))
                    hidden = "" if entry.path in saved.files else HIDDEN
                    raise Red(f"A layer holds {told}, {megabytes(taken)}, such as\n    /{entry.path[:72]}\n"
                              f"It came with\n    {layer.instruction[:72]}\n{hidden}Nothing will be installed in a container. Leave it in a "
                              "stage that isn't shipped, let a cache mount keep it, or remove it in the step that makes it.")


@tier("image")
async def test_the_image_is_small(image: Image, note: Callable[[str], None]) -> None:
    """The image adds less than 300 MB to the one that it is built on."""
    saved = await image.saved()
    added, base = saved.added, image.dockerfile.base
    if base == "scratch":  # then what the usual base brings along is in its layers as well
        usual = await image.engine.save("python:3.11-slim-bookworm") if await have_base(image) else None
        added -= sum(layer.size for layer in usual.layers) if usual else 0
    note(f"{'it adds' if base != 'scratch' else 'beside Python it holds'} {megabytes(max(added, 0))}; the service may add {megabytes(BUDGET)}")
    if added < BUDGET:
        return
    largest = sorted(saved.above, key=lambda layer: -layer.size)[:4]
    lines = "\n".join(f"    {megabytes(layer.size):>7}  {layer.instruction[:60]}" for layer in largest)
    hidden = saved.added - sum(entry.size for path, entry in flattened(saved.above).items())
    raise Red(f"The image adds {megabytes(added)} to {base}, and {megabytes(BUDGET)} are enough. Its largest layers:\n{lines}\n"
              + (f"{megabytes(hidden)} of it are files that a later layer has replaced or removed: they are shipped all the same. A change of owner "
                 "or mode is a second copy as well." if hidden > 10_000_000 else "Does it hold more than the service's own dependencies?"))


async def have_base(image: Image) -> bool:
    """Whether the engine has the usual base image."""
    return (await image.engine.run("image", "inspect", "python:3.11-slim-bookworm")).status == 0


@tier("image")
async def test_the_versions_are_pinned(image: Image) -> None:
    """What is installed has the versions of constraints.txt; whatever isn't in there is pinned in the Dockerfile."""
    saved = await image.saved()
    pins = dict(line.split("==") for line in (image.folder / "constraints.txt").read_text(encoding="utf-8").splitlines() if "==" in line)
    # As it runs: a comment pins nothing, and a version may come from an argument or a variable.
    text = "\n".join(expand(each.value, image.dockerfile.known_at(each)) for each in image.dockerfile.everywhere)
    if AS_OF_A_DAY.search(text):
        return
    wrong = []
    for name, version in sorted(distributions(saved.above)):
        in_the_file = re.search(rf"(?i)(?<![\w.-]){name.replace('-', '[-_.]+')}(?:\[[\w,-]*\])?=={re.escape(version)}(?![\w.])", text)
        if name in ("pip", "setuptools", "wheel", OWN) or pins.get(name) == version or in_the_file:
            continue
        wrong.append(f"{name} {version}, " + (f"where constraints.txt says {pins[name]}" if name in pins else "which constraints.txt doesn't name"))
    if wrong:
        lines = "\n".join(f"    {line}" for line in wrong[:5])
        raise Red(f"Versions in the image that nothing pins:\n{lines}\n"
                  "They are what the index had newest when this was built. The same tree built on another day gives another image, and one of "
                  "them has been tested. The kata's constraints.txt asks for some versions that are not the newest, to see who reads it.")


def distributions(layers: Sequence[Layer]) -> set[tuple[str, str]]:
    """Names and versions of the installed packages, the names as indexes write them."""
    found = (DISTRIBUTION.search(path) for path in flattened(layers) if not CARRIED.search(path))
    return {(re.sub(r"[-_.]+", "-", match[1]).lower(), match[2]) for match in found if match}


@tier("image")
async def test_a_change_of_the_code_reinstalls_nothing(image: Image) -> None:
    """After a change in app/ all that was installed comes from the cache of the build."""
    if image.engine.kind != "docker":
        raise Inconclusive("podman doesn't tell what a step of a build did; Docker does")
    steps = (await changed(image)).steps
    for step in steps:
        if step.cached or not step.instruction.startswith("RUN "):
            continue
        if found := reinstalled(step):
            raise Red(f"With one line more in app/main.py the image was built again, and that installed {found}, by\n    {told(step)[:72]}\n"
                      "A step comes from the cache when all before it is the same, and so are the files that it takes. So the code, which changes "
                      "each hour, has to come after the packages, which change each month. A cache mount saves the download and not the step.")


async def changed(image: Image) -> Built:
    """The same workspace with another line in app/main.py, built again."""
    folder = Path(shutil.copytree(image.folder, image.engine.folder("context")))
    main = folder / "app/main.py"
    # Another one each time: the engine remembers what it built for a line that it has seen before.
    main.write_text(f"{main.read_text(encoding='utf-8')}\n\n# {secrets.token_hex(8)}\n", encoding="utf-8")
    return await image.engine.build(folder)


def told(step: Step) -> str:
    """The instruction of a step from where it begins to install, as what stands before it may be long."""
    command = INSTALLS.search(step.instruction)
    return f"RUN … {step.instruction[command.start():]}" if command else step.instruction


def reinstalled(step: Step) -> str:
    """What a step of a build has installed, that isn't the service itself; empty when it was nothing."""
    names: list[str] = []
    for line in step.output:
        if match := INSTALLED.search(line):
            said = next(group for group in match.groups() if group)
            names += [re.sub(r"(-|==|[<>~!;\[]).*", "", word) for word in said.split() if not word.lower().replace("_", "-").startswith(OWN)]
    names = [name for name in dict.fromkeys(names) if name.lower() not in (".", "file")]
    if names:
        return listed([*names[:3], *([f"{len(names) - 3} more"] if len(names) > 3 else [])])
    command = INSTALLS.search(step.instruction)
    # By an option, by a variable, or as nobody gets to see it.
    quiet = re.search(r"(?:^|\s)(?:-q+|--quiet)(?:\s|$)|>\s*/dev/null", step.instruction) or not step.output
    return "packages" if command and quiet and "--no-deps" not in step.instruction else ""


# -- behavior


@tier("behavior")
async def test_the_small_image_still_answers(running: Container, reference: Functions) -> None:
    """With all that was left out, the service answers as before."""
    client = await running.serving()
    payload = {"feature_1": 0.75, "feature_2": -1.25}
    answer = await asked(running, client, "POST", "/predict", json=payload)
    expected = await predicted(reference, **payload)
    assert same(expected, answer.json()), f"POST /predict with {payload} answered\n    {answer.text[:200]}\nbut app.model says\n    {expected}"


def came_from(saved: Saved, path: str) -> str:
    """Which instruction brought a file."""
    layer = next((layer for layer in reversed(saved.layers) if any(entry.path == path for entry in layer.entries)), None)
    return f"It came with\n    {layer.instruction[:72]}\n" if layer and layer.instruction else ""
