"""The documents are true: tables are current, commands answer as shown, examples run, links lead somewhere.

If something here fails after a wanted change, `python docs/generate.py` brings the pages up to date; read what it changed.
"""

import re
import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import generate
import pytest

from udproof.engines.explore import Explore
from udproof.engines.verdict import Limits, Outcome
from udproof.language import ModelError
from udproof.protocol import mutants
from udproof.protocol.fleets import path_of, shipped

PAGES = [str(page.relative_to(generate.ROOT)) for page in generate.pages()]
EXAMPLES = {"bridge.py": 5, "fischer.py": 237, "two_phase_commit.py": 288}  # states that can be reached

_PYTHON = re.compile(
    r"^```python(?P<refused> refused)?\n(?P<code>.*?)^```$(?:\n+```text\n(?P<said>.*?)^```$)?", re.DOTALL | re.MULTILINE
)
_LINK = re.compile(r"\]\((?P<target>[^)\s]+)\)")
_HEADING = re.compile(r"^#+ (?P<words>.+)$", re.MULTILINE)
_FENCED = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)


def text_of(page: str) -> str:
    return (generate.ROOT / page).read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES)
def test_generated_parts_are_up_to_date(page: str) -> None:
    assert generate.with_parts(text_of(page)) == text_of(page)


@pytest.mark.slow
@pytest.mark.parametrize("page", [page for page in PAGES if "```console" in text_of(page) and page != "docs/tutorial.md"])
def test_commands_answer_as_the_page_shows(page: str) -> None:
    """All pages but the tutorial, which test_tutorial follows from an installation."""
    assert generate.with_answers(text_of(page)) == text_of(page)


def test_the_schema_beside_the_shipped_fleets_is_up_to_date() -> None:
    assert generate.SCHEMA.read_text(encoding="utf-8") == generate.schema_text()


def pieces(page: str) -> Iterator[re.Match[str]]:
    """The Python of a page that stands in no file."""
    return _PYTHON.finditer(re.sub(r"<!-- generated: example .*?<!-- /generated -->", "", text_of(page), flags=re.DOTALL))


@pytest.mark.parametrize("page", [page for page in PAGES if any(pieces(page))])
def test_python_of_a_page_runs_in_order_as_one_file(page: str) -> None:
    scope: dict[str, Any] = {"__name__": "page"}
    for piece in pieces(page):
        code = compile(piece["code"], page, "exec")
        if piece["refused"]:
            with pytest.raises(ModelError) as refusal:
                exec(code, scope)
            assert refusal.value.sentence == piece["said"].strip()
        else:
            exec(code, scope)


def test_the_system_of_the_language_page_is_right() -> None:
    scope: dict[str, Any] = {"__name__": "page"}
    for piece in pieces("docs/language.md"):
        if not piece["refused"]:
            exec(compile(piece["code"], "docs/language.md", "exec"), scope)
    system = scope["system"]
    result = Explore().verify(system, system.checks, Limits())
    assert {verdict.outcome for verdict in result.verdicts} == {Outcome.PROVED}
    assert all(result.fired.values())


def test_every_example_is_known_here() -> None:
    assert {path.name for path in (generate.DOCS / "examples").glob("*.py")} == set(EXAMPLES)


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_holds_and_has_the_states_that_are_told(name: str) -> None:
    system = runpy.run_path(str(generate.DOCS / "examples" / name))["system"]
    result = Explore().verify(system, system.checks, Limits())
    assert {verdict.outcome for verdict in result.verdicts} == {Outcome.PROVED}
    assert all(result.fired.values())
    assert result.figures.states == EXAMPLES[name]


def test_the_bridge_takes_twenty_lines() -> None:
    text = (generate.DOCS / "examples" / "bridge.py").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line.strip() and not line.strip().startswith('"""')]
    assert len(lines) <= 20


@pytest.mark.parametrize("page", PAGES)
def test_every_relative_link_leads_somewhere(page: str) -> None:
    prose = _FENCED.sub("", text_of(page))
    for found in _LINK.finditer(prose):
        if re.match(r"[a-z]+:", found["target"]):
            continue
        path, _, anchor = found["target"].partition("#")
        target = (generate.ROOT / page).parent / path if path else generate.ROOT / page
        assert target.exists(), f"{page}: {found['target']} does not exist"
        if anchor:
            assert anchor in anchors(target), f"{page}: {found['target']} has no such heading"


def anchors(page: Path) -> set[str]:
    """The headings of a page as links name them."""
    words = (found["words"].lower() for found in _HEADING.finditer(_FENCED.sub("", page.read_text(encoding="utf-8"))))
    return {re.sub(r"[^\w\- ]", "", heading).replace(" ", "-") for heading in words}


def test_every_page_can_be_reached_from_the_readme() -> None:
    seen: set[Path] = set()
    waiting = [generate.ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        seen.add(page)
        links = (found["target"].partition("#")[0] for found in _LINK.finditer(page.read_text(encoding="utf-8")))
        pages = {(page.parent / link).resolve() for link in links if link.endswith(".md") and ":" not in link}
        waiting += pages - seen
    assert seen == set(generate.pages())


def test_exit_codes_on_the_pages_are_those_of_the_command() -> None:
    from udproof.cli.exits import Code

    told = set(map(int, re.findall(r"^\| (\d+) \| ", text_of("docs/verdicts.md"), re.MULTILINE)))
    assert told == {int(code) for code in Code}


def test_numbers_in_the_prose_are_right() -> None:
    assert len(mutants.ALL) > 50, "docs/verdicts.md speaks of more than fifty mutants"
    assert set(generate.TOO_LARGE) < set(shipped())
    assert path_of("teaching").exists()
