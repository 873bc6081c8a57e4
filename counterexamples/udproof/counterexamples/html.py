"""The report as one HTML page that needs nothing else: verdicts with their evidence, and each counterexample to step through.

The idea: a page is a document first. Everything that it says stands in it as HTML and reads, prints and links without a script:
each step has an address (`#pause-bounded/7`). A small script (`report.js`) then lets diagram, table and state move together.

It makes no request, and could not: its content security policy allows the one style and the one script that it holds, by their
hashes, and nothing else. So names in a fleet file, which may be hostile, can neither run nor load anything, even if the escaping
(see `markup`) had a hole. Equal contents give equal bytes.

The page knows verdicts only as words (`Answer`), since engines build upon this package and not the other way round.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

from udproof.counterexamples.explain import cause, duration, step_table
from udproof.counterexamples.instead import failing, parting
from udproof.counterexamples.markup import Markup, data, element, joined
from udproof.counterexamples.passing import passing
from udproof.counterexamples.picture import timing
from udproof.counterexamples.runnable import Runnable, told
from udproof.counterexamples.stepping import stepping
from udproof.counterexamples.table import StepRow, StepTable
from udproof.counterexamples.trace import Trace
from udproof.language import Property, System


@dataclass(frozen=True, slots=True)
class Answer:
    """A verdict in words. `kind` is proved, violated, unknown or vacuous, and decides the colour only."""

    kind: str
    verdict: str
    name: str
    statement: str
    evidence: str


@dataclass(frozen=True, slots=True)
class Counterexample:
    """A run, the property that it breaks (None: a run that is shown as it is), and the command that shows it again.

    `right` is the system without the mistake, where the run is of a system with one; `model` lets a reader leave the run and go
    on by himself.
    """

    trace: Trace
    prop: Property | None
    command: str = ""
    right: System | None = None
    model: Runnable | None = None


@dataclass(frozen=True, slots=True)
class Chapter:
    """What there is to say of one system. `trust` are lists under a heading each: on what the answers rest."""

    title: str
    summary: str
    answers: tuple[Answer, ...] = ()
    counterexamples: tuple[Counterexample, ...] = ()
    trust: tuple[tuple[str, tuple[str, ...]], ...] = ()


_KEYS = (
    ("← →", "a step back, a step on"),
    ("Home End", "first and last step"),
    ("n p", "next, previous counterexample"),
    ("/", "search"),
)
_BUTTONS = (
    ("|◀", "first", "First step"),
    ("◀", "back", "Step back"),
    ("▶", "on", "Step on"),
    ("▶|", "last", "Last step"),
)
_BEYOND = (
    "Every action that is possible here, with what it would change. Worked out beforehand: one step beyond the run, no further."
)
_OWN_WAY = (
    "Every action that is possible here, with what it would change. Take one to leave the run and see what comes of it: the model "
    "runs in this page."
)
_NOTHING = "This page holds no counterexample: no property is violated in what was looked into."


def document(chapters: Sequence[Chapter]) -> str:
    """The whole page."""
    style, script = _asset("report.css"), _asset("report.js")
    runs = any(example.model for chapter in chapters for example in chapter.counterexamples)
    scripts = f"'{_hash(script)}'" + (" 'wasm-unsafe-eval'" if runs else "")  # which lets WebAssembly be compiled, and nothing else
    allowed = f"default-src 'none'; style-src '{_hash(style)}'; script-src {scripts}; img-src data:"
    policy = f"{allowed}; base-uri 'none'; form-action 'none'"
    title = chapters[0].title if len(chapters) == 1 else f"{len(chapters)} systems"
    slugs = _Slugs()
    body = [_chapter(chapter, slugs) for chapter in chapters]
    head = [
        element("meta", charset="utf-8"),
        Markup(f'<meta http-equiv="Content-Security-Policy" content="{policy}">'),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("link", rel="icon", href="data:,"),
        element("title", f"udproof: {title}"),
        element("style", style),
    ]
    some = any(chapter.counterexamples for chapter in chapters)
    page = [
        element("a", "Skip to the verdicts", class_="skip", href="#verdicts"),
        element("header", element("p", "udproof report", class_="brand"), _search()) if some else Markup(),
        element("main", *body, id="verdicts"),
        element("p", class_="live", role="status", aria_live="polite", id="live"),
        element("script", script),
    ]
    whole = element("html", element("head", *head), element("body", *page), lang="en")
    return f"<!doctype html>\n{whole}\n"


def _search() -> Markup:
    what = "Search steps and properties"
    box = element("input", type="search", id="find", placeholder=what, aria_label=what, autocomplete="off")
    keys = [joined([element("kbd", key), Markup(" "), meaning]) for key, meaning in _KEYS]
    shown = [box, element("output", id="found", for_="find"), element("p", joined(keys, " · "), class_="keys")]
    return element("div", *shown, class_="search", role="search")


# --- A chapter: verdicts, counterexamples, trust.


def _chapter(chapter: Chapter, slugs: _Slugs) -> Markup:
    examples = [(slugs.of(_name(example)), example) for example in chapter.counterexamples]
    address = {example.prop.name: slug for slug, example in examples if example.prop is not None}
    parts = [element("h1", chapter.title), element("p", chapter.summary, class_="summary")]
    if chapter.answers:
        parts.append(_verdicts(chapter.answers, address))
    if chapter.answers and not examples:
        parts.append(element("p", _NOTHING, class_="none"))
    models: list[Runnable] = []
    for slug, example in examples:
        if example.model is not None and example.model not in models:
            models.append(example.model)
            text = data(told(example.model))
            parts.append(element("script", text, type="application/json", id=f"{examples[0][0]}:model-{len(models)}"))
        number = 0 if example.model is None else models.index(example.model) + 1
        parts.append(_counterexample(slug, example, f"{examples[0][0]}:model-{number}" if number else None))
    if chapter.trust:
        lists = (joined([element("h3", heading), _list(lines)]) for heading, lines in chapter.trust)
        parts.append(element("section", element("h2", "On what this rests"), *lists, class_="trust"))
    return element("article", *parts)


def _list(lines: Iterable[str]) -> Markup:
    return element("ul", *(element("li", line) for line in lines))


def _name(example: Counterexample) -> str:
    return example.prop.name if example.prop else "run"


def _verdicts(answers: Iterable[Answer], address: dict[str, str]) -> Markup:
    rows = []
    for answer in answers:
        slug = address.get(answer.name)
        named = element("a", answer.name, href=f"#{slug}") if slug else answer.name
        cells = [element("td", element("span", answer.verdict, class_=f"badge {answer.kind}")), element("th", named, scope="row")]
        rows.append(element("tr", *cells, element("td", answer.statement), element("td", answer.evidence)))
    head = _head(["verdict", "property", "what it says", "evidence"])
    table = element("table", element("caption", "Verdicts"), head, element("tbody", *rows), class_="verdicts")
    return element("div", table, class_="wide")


def _head(words: Iterable[str]) -> Markup:
    return element("thead", element("tr", *(element("th", word, scope="col") for word in words)))


def _counterexample(slug: str, example: Counterexample, model: str | None) -> Markup:
    trace, prop = example.trace, example.prop
    drawn = timing(trace, prop)
    table = step_table(trace, [prop] if prop else trace.system.checks)
    end = f", after {duration(trace.seconds(trace.steps[-1].time))}" if trace.steps and trace.system.clocks else ""
    heading = f"{prop.name} is violated at step {len(trace.steps)}{end}" if prop else f"A run of {len(trace.steps)} steps{end}"
    parts = [element("h2", element("a", heading, href=f"#{slug}"))]
    if prop:
        parts += [element("p", prop.statement, class_="statement"), element("p", cause(trace, prop), class_="cause")]
        parts += _without_mistake(trace, prop, example.right) if example.right else []
        parts += _failing(trace, prop)
    state = [element("summary", "The state after this step"), element("div", class_="values")]
    beyond = [
        element("summary", "What could happen in this state"),
        element("p", _OWN_WAY if model else _BEYOND, class_="note"),
        element("div", class_="own-way"),
        element("div", class_="beyond"),
    ]
    figure = element("figure", _inlined(drawn.svg, slug), tabindex=0, aria_label="Timing diagram; it scrolls")
    parts += [
        element("div", _player(len(trace.steps)), figure, class_="stage"),
        element("div", _steps(slug, table), class_="wide"),
        element("details", *state, class_="state", open=""),
        element("details", *beyond, class_="state"),
    ]
    if example.command:
        parts.append(element("p", Markup("To see this run again: "), element("code", example.command), class_="again"))
    parts.append(element("script", data(stepping(trace, prop, drawn, example.model)), type="application/json"))
    return element("section", *parts, class_="run", id=slug, aria_label=heading, data_model=model)


def _without_mistake(trace: Trace, prop: Property, right: System) -> list[Markup]:
    """Where the right system goes another way, and a run of it that passes, to be unfolded."""
    apart = parting(trace, right)
    parts = [element("p", apart.sentence, class_="parting")]
    if beside := passing(trace, prop, right, apart):
        summary = element("summary", f"The nearest run that passes goes the same way up to step {apart.step - 1}")
        parts.append(
            element("details", summary, element("div", _plain_steps(step_table(beside, [])), class_="wide"), class_="formula")
        )
    return parts


def _plain_steps(table: StepTable) -> Markup:
    """A step table without addresses."""
    rows = [element("tr", *(element("td", cell) for cell in _cells(row, table))) for row in table.rows]
    return element("table", _head(_columns(table)), element("tbody", *rows))


def _failing(trace: Trace, prop: Property) -> list[Markup]:
    """The part of the property that is false, with its values, to be unfolded."""
    found = failing(trace, prop)
    if found is None:
        return []
    values = (element("li", joined([element("code", read), Markup(" is "), value])) for read, value in found.values)
    summary = element("summary", "The part of the property that is false")
    return [element("details", summary, element("p", element("code", found.formula)), element("ul", *values), class_="formula")]


def _inlined(svg: str, slug: str) -> Markup:
    """A picture as a part of the page: what it defines has names of its own. No text of it holds a plain quotation mark."""
    named = re.sub(r' id="(\w+)"', rf' id="{slug}-\1"', svg)
    return Markup(re.sub(r'"url\(#(\w+)\)"', rf'"url(#{slug}-\1)"', named))


def _player(last: int) -> Markup:
    buttons = [element("button", sign, type="button", data_go=go, aria_label=name, title=name) for sign, go, name in _BUTTONS]
    slider = element("input", type="range", min=0, max=last, value=last, step=1, aria_label="Step")
    return element("div", *buttons, slider, element("output", class_="now"), class_="player")


def _steps(slug: str, table: StepTable) -> Markup:
    heads = [*_columns(table), *(prop.name for prop in table.shown)]
    rows = [_step(slug, row, table) for row in table.rows]
    notes = [element("p", note, class_="note") for note in table.notes]
    kind = "steps timed" if table.timed else "steps"
    whole = element("table", element("caption", "Steps"), _head(heads), element("tbody", *rows), class_=kind)
    return joined([whole, *notes])


def _columns(table: StepTable) -> list[str]:
    return ["#", *(["time"] if table.timed else []), "who", "action", "what changed"]


def _cells(row: StepRow, table: StepTable) -> list[str]:
    changes = joined((element("span", change) for change in row.changes), "<br>")
    return [str(row.number), *([row.time] if table.timed else []), row.who, row.action, changes]


def _step(slug: str, row: StepRow, table: StepTable) -> Markup:
    address = f"{slug}/{row.number}"
    cells = [element("th", element("a", str(row.number), href=f"#{address}"), scope="row")]
    cells += [element("td", row.time, class_="time")] if table.timed else []
    changes = joined((element("span", change) for change in row.changes), "<br>")
    cells += [element("td", row.who), element("td", row.action, class_="action"), element("td", changes, class_="changes")]
    cells += [element("td", "holds" if holds else "FALSE", class_="holds" if holds else "false") for holds in row.holds]
    return element("tr", *cells, id=address, data_step=row.number)


class _Slugs:
    """Short names for addresses: letters, digits and hyphens, each once."""

    def __init__(self) -> None:
        self._taken: set[str] = {"verdicts", "live", "find", "found"}

    def of(self, name: str) -> str:
        """A slug for a name, unlike all before."""
        stem = re.sub(r"[^A-Za-z0-9]+", "-", name[:200]).strip("-")[:60] or "run"
        slug = next(slug for slug in self._tries(stem) if slug not in self._taken)
        self._taken.add(slug)
        return slug

    @staticmethod
    def _tries(stem: str) -> Iterator[str]:
        yield stem
        number = 2
        while True:
            yield f"{stem}-{number}"
            number += 1


# --- What the page carries with it.


@cache
def _asset(name: str) -> Markup:
    return Markup(resources.files("udproof.counterexamples").joinpath(name).read_text(encoding="utf-8"))


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
