"""Finds code that reaches for what no service needs: the judge's own parts that run beside it in its process.

What a host sees from within (which thread waited, which line held the loop) a program in the same process could falsify. Most of a
verdict is seen from outside; where it isn't, an answer that holds such code doesn't earn its points until a person has looked at it. This
finds what is written plainly, and what is hidden by the usual means of hiding it; it is no proof of innocence.
"""

import ast
import functools
import itertools
from collections.abc import Callable, Iterator, Mapping

from dojo.evidence import cut

#: What is looked through of a file, and of a submission: ten times what is written by hand. The grader's own process parses it, behind
#: no wall, and of what is written for that it makes a tree of a thousand times the size. In bytes.
LONGEST, ALL = 100_000, 1_000_000
TOO_DEEP = "is nested too deeply to be looked through"

#: Modules by which a program looks into itself, or past Python.
MODULES = {"ctypes", "_ctypes", "cffi", "gc", "dis", "dojo", "katas", "dojo_meet", "tests", "marshal", "code", "codeop", "builtins", "bdb",
           # What runs code that is handed over as text, or looks at each line of what it runs.
           "pdb", "profile", "cProfile", "trace",
           # What makes code of other files than those that are looked through here, or of names that aren't written in them.
           "pickle", "shelve", "zipimport", "pkgutil", "imp", "site"}
#: Modules of which most is harmless: only these names reach.
PARTS = {
    "sys": {"_getframe", "_getframemodulename", "_current_frames", "modules", "settrace", "setprofile", "meta_path", "path_hooks", "path",
            "path_importer_cache"},
    "inspect": {"currentframe", "stack", "trace", "getouterframes", "getinnerframes", "getclosurevars", "getcoroutinelocals"},
    "threading": {"settrace", "setprofile", "settrace_all_threads", "setprofile_all_threads"},
    "socket": {"fromfd", "recv_fds"},
    "importlib": {"import_module", "reload", "__import__", "util", "machinery", "find_loader"},
    "unittest": {"mock"},
    "runpy": {"run_path"},
    "types": {"FunctionType", "CodeType", "CellType"},
    "logging": {"currentframe"},
}
#: Modules that lie in others, as ``os.sys``.
INNER = {"sys", "_sys", "gc", "builtins", "ctypes"}
#: Names that each module has, and that lead from it to the program around it.
NAMES = {"__builtins__", "__loader__", "__spec__"}
#: Attributes that lead from an object to the program around it.
ATTRIBUTES = {"__globals__", "__closure__", "__code__", "cell_contents", "f_back", "f_globals", "f_locals", "f_code", "tb_frame", "gi_frame",
              "cr_frame", "ag_frame", "__subclasses__", "__builtins__", "__wrapped__", "__self__", "_getframe", "_current_frames", "get_objects",
              "get_referrers", "get_referents", "__getattribute__", "spec_from_file_location", "SourceFileLoader"}
#: Functions that make code of text, or names of what isn't written.
CALLS = {"exec", "eval", "compile", "__import__", "globals", "breakpoint"}
#: Texts that lead to memory and open files, or to names that are looked up as text.
TEXTS = ("/proc/self/mem", "/proc/self/fd", "/proc/self/maps", "/proc/self/root", "/proc/1/fd", "/environ", "/dev/fd", "dojo_", "DOJO_", "dojo.",
         "katas/", "__globals__", "__closure__", "f_back", "__subclasses__")
#: What of others' may not be replaced: modules that the judge's own parts use in the same process.
PATCHED = {"asyncio", "time", "socket", "uvicorn", "httpx", "starlette", "fastapi", "threading", "os", "json", "select", "selectors",
           "concurrent", "anyio", "h11", "pydantic", "psycopg", "redis"}


class TooMuch(Exception):
    """The text says of a source file why it can't be looked through."""


def parsed(content: bytes) -> ast.Module:
    """The tree of a source file of somebody else's.

    Raises `TooMuch` for one that would take a parser more room or depth than it may have here, and what `ast.parse` does for one that can't run.
    """
    if len(content) > LONGEST:
        raise TooMuch("is too long to be looked through")
    try:
        return ast.parse(content)
    except (RecursionError, MemoryError):  # Python itself needs no tree to run it, and how deep it goes a program can set
        raise TooMuch(TOO_DEEP) from None


def reaches(files: Mapping[str, bytes]) -> list[str]:
    """Each place where code reaches, as a line to be read; at most twenty."""
    return list(itertools.islice(_of_all(files), 20))


def _of_all(files: Mapping[str, bytes]) -> Iterator[str]:
    left = ALL
    for path, content in sorted(files.items()):
        if path.endswith(".py"):
            left -= min(len(content), LONGEST)
            if left < 0:
                yield f"{path}:1: is one file too many to be looked through"
            else:
                yield from (f"{path}:{line}: {cut(what, 200)}" for line, what in _of_file(content))


def _of_file(content: bytes) -> Iterator[tuple[int, str]]:
    try:
        tree = parsed(content)
    except (SyntaxError, ValueError) as error:
        if "unknown encoding" in str(error):  # a program can make it known
            yield 1, "is in an encoding that isn't known here"
        return  # what can't be parsed can't run
    except TooMuch as why:
        yield 1, str(why)
        return
    try:
        yield from _of_tree(tree)
    except RecursionError:
        yield 1, TOO_DEEP


def _of_tree(tree: ast.Module) -> Iterator[tuple[int, str]]:
    imported = {(alias.asname or alias.name).partition(".")[0]: alias.name
                for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    # What came out of a module, by its name here.
    taken = imported | {alias.asname or alias.name: node.module or "" for node in ast.walk(tree)
                        if isinstance(node, ast.ImportFrom) and not node.level for alias in node.names}

    made = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.NamedExpr):
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                if not isinstance(target, ast.Name):
                    continue
                if isinstance(node.value, ast.Name):  # another name for a module
                    imported |= {target.id: imported[node.value.id]} if node.value.id in imported else {}
                    taken |= {target.id: taken[node.value.id]} if node.value.id in taken else {}
                elif node.value and _remade(node.value):
                    made.add(target.id)

    def put_together(node: ast.expr) -> bool:
        """Whether a text that stands here isn't written here; what a loop or a caller gives may be."""
        return node.id in made if isinstance(node, ast.Name) else not isinstance(node, ast.Constant)

    def text_or_unknown(node: ast.expr) -> bool:
        """Whether no function stands here, nor a name for what may be one."""
        if isinstance(node, ast.Constant):
            return isinstance(node.value, str)
        return put_together(node) and not isinstance(node, ast.Attribute | ast.Lambda)

    def others(node: ast.expr) -> bool:
        return taken.get(_owner(node), "").partition(".")[0] in PATCHED

    @functools.cache  # of a long sum all that begins it is a sum as well
    def folded(node: ast.expr) -> str:
        """The text that a sum of texts comes to; empty when it is no such sum."""
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return node.value
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add) and (left := folded(node.left)) and (right := folded(node.right)):
            return left + right
        return ""

    docstrings = {id(node.body[0].value) for node in ast.walk(tree)
                  if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
                  and node.body and isinstance(node.body[0], ast.Expr)}
    for node in ast.walk(tree):
        line = getattr(node, "lineno", 1)
        if isinstance(node, ast.BinOp) and (text := folded(node)) and _names(text):
            yield line, f"puts together the text {text!r}"
        if isinstance(node, ast.Import):
            for alias in node.names:
                top, _, part = alias.name.partition(".")
                if top in MODULES or part.partition(".")[0] in PARTS.get(top, set()):
                    yield line, f"imports {alias.name}"
        elif isinstance(node, ast.ImportFrom):
            top = "" if node.level else (node.module or "").partition(".")[0]
            names = {alias.name for alias in node.names}
            if top in MODULES:
                yield line, f"imports from {node.module}"
            elif reached := (names | set((node.module or "").split(".")[1:])) & PARTS.get(top, set()):
                yield line, f"imports {', '.join(sorted(reached))} from {node.module}"
            elif inner := names & INNER:
                yield line, f"imports {', '.join(sorted(inner))} from {node.module or 'its package'}"
            elif top in PARTS and "*" in names:
                yield line, f"imports everything from {node.module}"
        elif isinstance(node, ast.Name) and node.id in NAMES:
            yield line, f"uses {node.id}"
        elif isinstance(node, ast.Attribute):
            if node.attr in ATTRIBUTES:
                yield line, f"uses .{node.attr}"
            elif isinstance(node.value, ast.Name) and node.attr in PARTS.get(imported.get(node.value.id, ""), set()):
                yield line, f"uses {imported[node.value.id]}.{node.attr}"
            elif (not isinstance(node.ctx, ast.Load) and others(node.value)) or (node.attr == "__dict__" and others(node.value)):
                yield line, f"replaces {ast.unparse(node)}"
            elif node.attr in INNER:
                yield line, f"uses .{node.attr}"
        elif isinstance(node, ast.Call):
            yield from ((line, what) for what in _of_call(node, put_together))
            given = [*node.args[:2], *(keyword.value for keyword in node.keywords if keyword.arg in ("stmt", "setup"))]
            if taken.get(_owner(node.func)) == "timeit" and any(map(text_or_unknown, given)):
                yield line, f"hands code as text to {_called(node)}()"
            if node.args and others(node.args[0]) and (_called(node) in ("vars", "setattr", "delattr", "__setattr__", "__delattr__")):
                yield line, f"replaces a part of {ast.unparse(node.args[0])}"
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield from ((line, f"has a text with {text}") for text in TEXTS if text in node.value)


def _remade(node: ast.expr) -> bool:
    """Whether a text may be made here of others: a sum, a part, or what a method of one that stands here gives, as ``"".join(…)`` does."""
    if isinstance(node, ast.Subscript):
        return isinstance(node.slice, ast.Slice)
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Constant)
    return isinstance(node, ast.BinOp | ast.JoinedStr)


def _names(text: str) -> bool:
    return text in ATTRIBUTES or text in MODULES or any(text in parts for parts in PARTS.values()) or any(each in text for each in TEXTS)


def _of_call(node: ast.Call, put_together: Callable[[ast.expr], bool]) -> Iterator[str]:
    if isinstance(node.func, ast.Name):
        name = node.func.id
        if name in CALLS:
            yield f"calls {name}()"
        elif name == "vars" and node.args and isinstance(node.args[0], ast.Name) and node.args[0].id in PARTS:
            yield f"looks into {node.args[0].id}"
        elif name in ("getattr", "setattr", "delattr") and len(node.args) > 1 and put_together(node.args[1]):
            yield f"calls {name}() with a name that is put together"
        elif name == "open" and node.args and isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, int):
            yield "opens a file by its number"
    elif any(keyword.arg == "fileno" for keyword in node.keywords):
        yield "opens a file by its number"
    elif isinstance(node.func, ast.Attribute) and node.func.attr in ("attrgetter", "methodcaller") and (
            not node.args or not isinstance(node.args[0], ast.Constant)):
        yield f"calls {node.func.attr}() with a name that is put together"


def _called(node: ast.Call) -> str:
    return node.func.id if isinstance(node.func, ast.Name) else node.func.attr if isinstance(node.func, ast.Attribute) else ""


def _owner(node: ast.expr) -> str:
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""
