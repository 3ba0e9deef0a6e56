"""The chapters as a site: ``nox -s site`` builds it, and any link, anchor or picture that leads nowhere ends the build.

The chapters are written for a code host, in its Markdown. What Sphinx needs beside that is added here while it reads them,
so that they hold nothing which is for one reader alone.
"""

import re
from pathlib import Path

from sphinx.application import Sphinx
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
# No fonts, scripts or pictures of others: all that a page needs lies beside it.
html_theme_options = {"navigation_with_keys": True}

SOURCES = Path(__file__).resolve().parent
_ANCHOR = re.compile(r'^<a id="([\w-]+)"></a>$', re.M)
_HERE = re.compile(r"\]\(#([\w-]+)\)")
_LINK = re.compile(r"\[([^\]]+)\]\((\.\.[\w./-]*)\)")
_FENCE = re.compile(r"^```.*?^```$", re.M | re.S)


def _text_only(text: str) -> str:
    """``text`` without its blocks of code, which hold examples of links and anchors."""
    return _FENCE.sub("", text)


def _folders(name: str, text: str) -> str:
    """Links to folders of the repository as their text alone: a code host has a page of them, a site has none. Files can be downloaded."""
    page = SOURCES / name
    return _LINK.sub(lambda found: found[1] if (page.parent / found[2]).is_dir() else found[0], text)


def read(app: Sphinx, name: str, content: list[str]) -> None:
    """Adds what a site needs to a chapter's text: the table of contents, and links within a page as links to that page."""
    text = content[0]
    own = set(_ANCHOR.findall(_text_only(text)))
    # Sphinx looks for a link like [4.4](#44) among its own targets; with the page's name it looks among the page's anchors.
    text = _HERE.sub(lambda found: f"]({Path(name).name}.md#{found[1]})" if found[1] in own else found[0], text)
    text = _folders(name, text)
    if name == app.config.root_doc:
        pages = re.findall(r"\]\(([\w/.-]+)\.md\)", text)
        text += "\n```{toctree}\n:hidden:\n:maxdepth: 2\n\n" + "\n".join(pages) + "\n```\n"
    content[0] = text


def anchors(app: Sphinx, doctree: object) -> None:
    """Tells Sphinx of the anchors that stand in the chapters as HTML; it knows those of headings by itself."""
    name = app.env.docname
    text = _text_only(Path(app.env.doc2path(name)).read_text(encoding="utf-8"))
    slugs = app.env.metadata[name].setdefault("myst_slugs", {})
    for anchor in _ANCHOR.findall(text):
        if anchor in slugs:
            raise SphinxError(f"{name}.md has the anchor {anchor} twice")
        slugs[anchor] = (0, anchor, anchor)


def setup(app: Sphinx) -> dict[str, bool]:
    """Sphinx calls it with the site that is about to be built."""
    app.connect("source-read", read)
    app.connect("doctree-read", anchors)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
