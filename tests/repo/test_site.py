"""The documents as a site: Sphinx finds nothing to warn of, every link leads somewhere, and nothing is fetched from elsewhere."""

from __future__ import annotations

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import answers
import pytest


class Page(HTMLParser):
    """What a page links to, what it loads, and the places in it that can be linked to."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.places: set[str] = set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name == "id" and value:
                self.places.add(value)
            if name == "href" and tag == "a" and value:
                self.links.append(value)
            if name in ("src", "href") and tag != "a" and value:
                self.loads.append(value)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built with every warning an error."""
    folder = tmp_path_factory.mktemp("site")
    options = ["-W", "-n", "-q", "-b", "html", "-d", str(folder / "read")]
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", *options, str(answers.DOCS), str(folder / "html")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return folder / "html"


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, Page]:
    return {path: Page(path) for path in site.rglob("*.html")}


@pytest.mark.slow
def test_every_page_is_there_and_in_the_navigation(site: Path, pages: dict[Path, Page]) -> None:
    written = {path.relative_to(answers.DOCS).with_suffix(".html") for path in answers.DOCS.rglob("*.md")}
    assert written <= {path.relative_to(site) for path in pages}
    front = {link.partition("#")[0] for link in pages[site / "index.html"].links}
    assert {str(path) for path in written if path.parent == Path()} <= {*front, "index.html"}


@pytest.mark.slow
def test_every_link_leads_somewhere(site: Path, pages: dict[Path, Page]) -> None:
    for path, page in pages.items():
        for link in {*page.links, *page.loads}:
            if re.match(r"(?:https?|mailto|data):", link):
                continue
            target, _, place = unquote(link).partition("#")
            there = (path.parent / target.partition("?")[0]).resolve() if target else path
            assert there.is_file(), f"{path.relative_to(site)}: {link}"
            if place and there in pages:
                assert place in pages[there].places, f"{path.relative_to(site)}: {link}"


@pytest.mark.slow
def test_nothing_is_loaded_from_elsewhere(site: Path, pages: dict[Path, Page]) -> None:
    assert not {load for page in pages.values() for load in page.loads if re.match(r"(?:https?:)?//", load)}
    for style in site.rglob("*.css"):
        assert not re.search(r"url\(\s*['\"]?(?:https?:)?//|@import\s+['\"]?https?:", style.read_text(encoding="utf-8"))
