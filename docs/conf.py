"""The chapters as a site: ``nox -s site`` builds it, and any link, anchor or picture that leads nowhere ends the build.

The chapters are written for a code host, in its Markdown. What Sphinx needs beside that is added here while it reads them,
so that they hold nothing which is for one reader alone.
"""

import re
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.errors import SphinxError

project = "Serving Katas"
author = "the authors of Serving Katas"
copyright = "the authors of Serving Katas. MIT license"
language = "en"

extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
root_doc = "index"
nitpicky = True

highlight_language = "none"  # a block that names no language is what a terminal shows
myst_heading_anchors = 3  # headings are linked to as on a code host
myst_links_external_new_tab = False

html_theme = "furo"
html_title = "Serving Katas"
html_show_sphinx = False
html_copy_source = False
html_use_index = False  # of functions and classes, which the chapters don't define
# No fonts, scripts or pictures of others: all that a page needs lies beside it.
html_theme_options = {"navigation_with_keys": True}

SOURCES = Path(__file__).resolve().parent
_ANCHOR = re.compile(r'^<a id="([\w-]+)"></a>$', re.M)
_PARTS = re.compile(r"""
      ^\ *(?P<fence>`{3,}|~{3,}).*?^\ *(?P=fence)\ *$                   # a block of code
    | (?<=^-\ )\[(?P<done>[ x])\](?=\ )                                   # the box of a task
    | \[(?P<text>[^\]]+)\]\((?P<target>[^)\s]+)\)                       # a link; its text may hold code
    | (?<!`)(?P<ticks>`+)(?!`)(?:(?!\n\n).)+?(?<!`)(?P=ticks)(?!`)      # code within a line
""", re.M | re.S | re.X)


def _own_anchors(text: str) -> list[str]:
    """The anchors that stand in a chapter as HTML; in code there are only examples of them."""
    return _ANCHOR.findall(_PARTS.sub(lambda found: found[0] if found["text"] else "", text))


def _for_a_site(name: str, text: str) -> str:
    """``text`` with such links and boxes as a site can have. What stands in code stays as it is."""
    own = set(_own_anchors(text))
    page = SOURCES / f"{name}.md"

    def part(found: re.Match[str]) -> str:
        if found["done"]:
            return "☑" if found["done"] == "x" else "☐"
        target = found["target"] or ""
        if target.startswith("#") and target[1:] in own:
            # Sphinx looks for a link like [4.4](#44) among its own targets; with the page's name it looks among the page's anchors.
            return f"[{found['text']}]({page.name}{target})"
        if target.startswith("..") and (page.parent / target).is_dir():
            return found["text"]  # a code host has a page of a folder, a site has none; files can be downloaded
        return found[0]

    return _PARTS.sub(part, text)


def _contents(text: str) -> str:
    """Tables of contents of the pages that the start page links to, one a heading: the groups at the side of each page."""
    intro, *parts = re.split(r"^## (.+)\n", text, flags=re.M)
    tables = ""
    listed: set[str] = set()
    for heading, part in zip(["", *parts[::2]], [intro, *parts[1::2]], strict=True):
        pages = [page for page in dict.fromkeys(re.findall(r"\]\(([\w/.-]+)\.md\)", part)) if page not in listed]
        listed.update(pages)
        caption = f":caption: {heading}\n" if heading else ""
        if pages:
            tables += f"\n```{{toctree}}\n:hidden:\n{caption}\n" + "\n".join(pages) + "\n```\n"
    return tables


def read(app: Sphinx, name: str, content: list[str]) -> None:
    """Adds what a site needs to a chapter's text."""
    content[0] = _for_a_site(name, content[0])
    if name == app.config.root_doc:
        content[0] += _contents(content[0])


def all_pages(app: Sphinx, env: BuildEnvironment, *changed: set[str]) -> set[str]:
    """Has all pages read each time: Sphinx complains only of those that it reads, and a second build would pass with the first one's faults."""
    return env.found_docs


def anchors(app: Sphinx, doctree: object) -> None:
    """Tells Sphinx of the anchors that stand in the chapters as HTML; it knows those of headings by itself."""
    name = app.env.docname
    text = Path(app.env.doc2path(name)).read_text(encoding="utf-8")
    slugs = app.env.metadata[name].setdefault("myst_slugs", {})
    for anchor in _own_anchors(text):
        if anchor in slugs:
            raise SphinxError(f"{name}.md has the anchor {anchor} twice")
        slugs[anchor] = (0, anchor, anchor)


def setup(app: Sphinx) -> dict[str, bool]:
    """Sphinx calls it with the site that is about to be built."""
    app.connect("env-get-outdated", all_pages)
    app.connect("source-read", read)
    app.connect("doctree-read", anchors)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
