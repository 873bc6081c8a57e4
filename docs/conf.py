"""How these pages become a site: `sphinx-build -W docs site`. They are made to be read on a code host, and stay so.

Nothing in a page is written for Sphinx. The order of the pages is that of the lists in `index.md`, each section of it a part of the
navigation; the README, which stands outside this folder, follows on the front page; a link to another file outside leads to a page
that shows it. The theme comes with Sphinx and needs nothing from the network.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent

project = "udproof"
author = "the authors of udproof"
copyright = author  # noqa: A001 - Sphinx's name for it
release = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]

extensions = ["myst_parser"]
exclude_patterns = ["examples/**"]
nitpicky = True
smartquotes = False  # an option keeps its two hyphens
pygments_style = "sphinx"
myst_heading_anchors = 6  # as on a code host, a heading can be linked to by its words

html_theme = "alabaster"
html_theme_options = {
    "description": "Does the controller keep its promises?",
    "fixed_sidebar": True,
    "font_family": "system-ui, sans-serif",
    "head_font_family": "system-ui, sans-serif",
    "font_size": "15px",
    "code_font_size": "0.82em",
    "body_max_width": "auto",
    "page_width": "86rem",
    "sidebar_width": "17rem",
    "show_powered_by": False,
}
html_sidebars = {"**": ["about.html", "searchfield.html", "navigation.html"]}
html_copy_source = False
html_show_copyright = False

_SECTION = re.compile(r"^## (?P<title>.+?)\n(?P<body>.*?)(?=^## |\Z)", re.DOTALL | re.MULTILINE)
_LISTED = re.compile(r"^- \[[^\]]*\]\((?P<page>[\w-]+)\.md\)", re.MULTILINE)
_README = re.compile(r"\]\(((?:\.\./)*)\.\./README\.md((?:#[\w-]+)?)\)")
_OUTSIDE = re.compile(r"\]\((?P<file>(?:\.\./)+[A-Z]+(?:\.md)?)\)")  # of the files at the top, whose names are written large
_RELATIVE = re.compile(r"\]\((?![a-z]+:|#)(?P<to>[^)#]+)")
_LEXERS = {".py": "python", ".toml": "toml"}  # stored runs are long, and nobody reads them for their colours


def _prepared(app: Sphinx, name: str, source: list[str]) -> None:
    """Lead what links to the README to the front page; tell Sphinx the order of the pages."""
    source[0] = _OUTSIDE.sub(lambda found: f"](path:{found['file']})", _README.sub(r"](\1index.md\2)", source[0]))
    if name == "index":
        app.env.note_dependency(str(ROOT / "README.md"))
        sections = [(found["title"], _LISTED.findall(found["body"])) for found in _SECTION.finditer(source[0])]
        source[0] += "\n## What it is\n" + _readme() + "".join(_toctree(*section) for section in sections)
    if name == "reading-the-code":
        source[0] += _toctree("", [f"decisions/{path.stem}" for path in sorted((HERE / "decisions").glob("*.md"))])


def _readme() -> str:
    """The README without its title, with its links as they are from here."""
    text = (ROOT / "README.md").read_text(encoding="utf-8").partition("\n")[2]
    here = _RELATIVE.sub(lambda found: f"]({os.path.relpath(ROOT / found['to'], HERE)}", text)
    return _OUTSIDE.sub(lambda found: f"](path:{found['file']})", here)


def _toctree(caption: str, pages: list[str]) -> str:
    titled = f":caption: {caption}\n" if caption else ""
    return f"\n```{{toctree}}\n:hidden:\n{titled}\n" + "\n".join(pages) + "\n```\n"


def _shown_files(app: Sphinx, doctree: nodes.document) -> None:
    """A link to a file of the project: not to download it, but to look at it."""
    name = app.env.docname
    shown = set()
    for link in list(doctree.findall(addnodes.download_reference)):
        path = (HERE / name).parent.joinpath(link["reftarget"]).resolve()
        inside = path.relative_to(ROOT).as_posix()
        target = app.builder.get_relative_uri(name, f"files/{inside}") if app.builder.format == "html" else inside
        link.replace_self(nodes.reference("", "", *link.children, refuri=target, internal=True))
        shown.add(inside)
    _files(app.env)[name] = shown


def _files(env: BuildEnvironment) -> dict[str, set[str]]:
    """Which files each page links to; kept from one build to the next."""
    if not hasattr(env, "linked_files"):
        env.linked_files = {}  # type: ignore[attr-defined]
    return env.linked_files  # type: ignore[attr-defined,no-any-return]


def _file_pages(app: Sphinx) -> Iterator[tuple[str, dict[str, Any], str]]:
    """A page for each file that is linked to."""
    for inside in sorted(set().union(*_files(app.env).values())):
        path = ROOT / inside
        text = path.read_text(encoding="utf-8")
        body = app.builder.highlighter.highlight_block(text, _LEXERS.get(path.suffix, "text"), force=True)  # type: ignore[attr-defined]
        yield f"files/{inside}", {"title": inside, "body": f"<h1>{inside}</h1>\n{body}"}, "page.html"


def setup(app: Sphinx) -> dict[str, bool]:
    """What Sphinx calls."""
    app.connect("source-read", _prepared)
    app.connect("doctree-read", _shown_files, priority=400)  # before Sphinx gathers what is to be downloaded
    app.connect("html-collect-pages", _file_pages)
    return {"parallel_read_safe": False}
