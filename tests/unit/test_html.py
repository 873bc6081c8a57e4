"""The HTML report: it stands alone, links to every step, is not impressed by names, and steps with the keyboard."""

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from browser import Browser, browser
from colours import contrast
from runs import HOSTILE, calm_soon, hostile, late_watchdog

from udproof.counterexamples.chart import STYLES
from udproof.counterexamples.html import Answer, Chapter, Counterexample, document

VOID = {"meta", "link", "input", "br"}


class Page(HTMLParser):
    """The elements of a page with their attributes, the texts by element, and whether tags nest."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {}
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len({name for name, _ in attrs}) == len(attrs), "an attribute stands twice"
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.setdefault(self._open[-1] if self._open else "", []).append(data)

    def values(self, name: str) -> list[str]:
        return [attributes[name] or "" for _, attributes in self.elements if name in attributes]


def report(name: str | None = None, vms: int = 4, times: int = 1) -> str:
    trace, prop = (hostile(name), calm_soon) if name is not None else late_watchdog(vms)
    said = trace.system.name
    answers = (
        Answer("violated", "VIOLATED", prop.name, prop.statement, f"a run of {said}"),
        Answer("proved", "PROVED (this fleet)", "other", "Another one.", "it holds in all 7 reachable states"),
    )
    example = Counterexample(trace, prop, f"udproof verify {said}")
    return document([Chapter(said, f"about {said}", answers, (example,) * times, (("Assumed", (f"{said} is kind",)),))])


def stepping(page: Page) -> Any:
    return json.loads(next(text for text in page.texts["script"] if text.startswith("{")))


# --- The text of the page.


def test_the_page_stands_alone_and_its_policy_allows_exactly_what_it_holds() -> None:
    page = Page(report())
    assert not page.values("src") and not page.values("style")
    assert not [name for _, attributes in page.elements for name in attributes if name.startswith("on")]
    assert {href[0] for href in page.values("href")} == {"#", "d"} and page.values("href").count("data:,") == 1
    (policy,) = [value for value in page.values("content") if "default-src" in value]
    (style,), script = page.texts["style"], page.texts["script"][-1]
    hashes = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in (style, script)]
    assert policy.split(";")[:3] == [
        "default-src 'none'",
        *(f" {kind}-src 'sha256-{h}'" for kind, h in zip(("style", "script"), hashes, strict=True)),
    ]
    assert "url(" not in re.sub(r"url\(#[\w-]+\)", "", report()) and "@import" not in style


def test_everything_can_be_read_without_the_script() -> None:
    page = Page(report())
    words = " ".join(text for texts in page.texts.values() for text in texts)
    for said in ("web-0 has been paused for 30 s", "pause-bounded is violated at step 9, after 15 min 30 s", "FALSE",
                 "run[web-0, web-2]: running → paused", "udproof verify late", "late is kind", "it holds in all 7"):  # fmt: skip
        assert said in words


def test_every_link_leads_to_a_place_and_every_step_has_one() -> None:
    page = Page(report(times=3))
    places = page.values("id")
    assert len(set(places)) == len(places)
    assert {href[1:] for href in page.values("href") if href.startswith("#")} <= set(places)
    for slug in ("pause-bounded", "pause-bounded-2", "pause-bounded-3"):
        assert [place for place in places if place.startswith(f"{slug}/")] == [f"{slug}/{number}" for number in range(10)]


def test_the_states_of_the_script_are_those_of_the_run() -> None:
    told = stepping(Page(report()))
    names = [f"{name}[{element}]" for name, elements in told["places"] for element in elements]
    state = dict(zip(names, (told["words"][value] for value in told["start"]), strict=True))
    seen = [dict(state)]
    for changed in told["changes"]:
        state |= {names[place]: told["words"][value] for place, value in zip(changed[::2], changed[1::2], strict=True)}
        seen.append(dict(state))
    assert [s["run[web-0]"] for s in seen] == ["running"] * 5 + ["paused"] * 5
    assert [s["stage[web-ud0-a]"] for s in seen] == ["serving"] * 4 + [
        "quiescing",
        "paused",
        "applying",
        "applying",
        "rollback",
        "rollback",
    ]
    assert seen[9]["frozen_for[web-ud0-a]"] == "30 s"  # read beyond the largest constant that it is compared with, too
    assert [s["event[web@step-0]"] for s in seen][:4] == ["absent", "scheduled", "scheduled", "started"]


def test_the_steps_are_where_the_diagram_has_them() -> None:
    told = stepping(Page(report()))
    spans = told["spans"]
    assert len(spans) == 10 and told["top"] < told["bottom"]
    assert [left < right for left, right in spans] == [False, False, True, *[False] * 4, True, False, True], (
        "only waits have a length"
    )
    assert [left for left, _ in spans] == sorted(left for left, _ in spans)
    (width, rest) = (spans[7][1] - spans[7][0], spans[9][1] - spans[9][0])
    assert width == pytest.approx(5 * rest, rel=0.01), "25 s beside 5 s"


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_name_stays_a_text(name: str) -> None:
    text = report(name)
    text.encode("utf-8")
    page = Page(text)
    assert [tag for tag, _ in page.elements].count("script") == 2
    plain = Page(report("ann"))
    assert {tag for tag, _ in page.elements} <= {tag for tag, _ in plain.elements} | {"line", "path"}
    assert not [key for _, attributes in page.elements for key in attributes if key.startswith("on")]
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2067\ufffe\ud800]", text)
    assert len(text) < 400_000, "a name of 10,000 characters stands whole in few places"


def test_the_same_contents_give_the_same_page() -> None:
    assert report() == report()


def test_without_a_counterexample_the_page_says_so() -> None:
    page = Page(document([Chapter("fine", "3 hosts", (Answer("proved", "PROVED", "p", "P.", "in all states"),))]))
    assert any("no property is violated" in text for text in page.texts["p"])


def test_a_run_without_a_property_is_shown_as_it_is() -> None:
    trace, _ = late_watchdog(4)
    page = Page(document([Chapter("late", "a run", counterexamples=(Counterexample(trace, None),))]))
    assert any("A run of 9 steps, after 15 min 30 s" in text for text in page.texts["a"])


# --- What a reader can tell apart.


@pytest.mark.parametrize("dark", [False, True])
def test_texts_can_be_read_in_both_colour_schemes(dark: bool) -> None:
    style = "".join(Page(report()).texts["style"])
    schemes = [dict(re.findall(r"--([\w-]+): (#\w{6})", block)) for block in re.findall(r":root \{(.*?)\}", style, re.DOTALL)]
    colours = schemes[0] | (schemes[1] if dark else {})
    for ground in ("paper", "ground"):
        for ink in ("ink", "soft", "link", "red", "green", "amber", "violet"):
            assert contrast(colours[ink], colours[ground]) >= 4.5, (ink, ground)
    assert contrast(colours["ink"], colours["now"]) >= 4.5 and contrast(colours["ink"], colours["red-ground"]) >= 4.5


def test_every_colour_of_the_paper_has_a_dark_one() -> None:
    text = report(vms=60)
    svg, style = text[text.index("<svg") : text.index("</svg>")], text[text.index("<style>") : text.index("</style>")]
    inks = set(re.findall(r'<text[^>]* fill="(#\w+)"', svg))
    on_bars = {"#ffffff", "#3d3520"}  # these stay, since their bars stay
    for kind in ("aside0", "aside1", "working"):  # their labels have the colour of texts beside bars
        assert f'text[stroke="{STYLES[kind].fill}"]' in style and f'rect[fill="{STYLES[kind].fill}"]' in style
    for ink in inks - on_bars:
        assert f'text[fill="{ink}"]' in style, f"text in {ink} has no dark colour"
    grounds = set(re.findall(r'<rect x="[\d.]+" y="[\d.]+" width="[\d.]{4,}" height="[\d.]+" fill="(#\w+)"/>', svg))
    for ground in grounds:
        assert f'rect[fill="{ground}"]' in style, f"the ground {ground} has no dark colour"


# --- In a browser.


@pytest.fixture(scope="module")
def page() -> Iterator[Browser]:
    with browser() as opened:
        opened.size(1400, 1000)
        yield opened


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(report(vms=200), encoding="utf-8")
    return path.as_uri()


def now(page: Browser) -> Any:
    return page.run("[location.hash, document.querySelector('.now').textContent, document.querySelector('[aria-current]').id]")


def test_a_fleet_of_200_opens_at_once_and_steps_with_the_keyboard(page: Browser, large: str) -> None:
    page.open(large)
    took = page.run("performance.getEntriesByType('navigation')[0].loadEventEnd")
    assert 0 < took < 2000
    assert now(page) == ["", "step 9 of 9: 15 min 25 s · time · 5 s pass, until 15 min 30 s · FALSE", "pause-bounded/9"]
    page.press("Home")
    assert now(page)[0] == "#pause-bounded/0"
    for _ in range(5):
        page.press("ArrowRight")
    assert now(page) == ["#pause-bounded/5", "step 5 of 9: 15 min · web-ud0-a · web-ud0-a pauses its VMs", "pause-bounded/5"]
    told = "[...document.querySelectorAll('.values div')].find(d => d.firstChild.textContent === 'run').textContent"
    assert page.run(told) == "runpaused: web-0, web-2, web-4, web-6, web-8, web-10, web-12, … 93 more" \
        "running: web-1, web-3, web-5, web-7, web-9, web-11, web-13, … 93 more"  # fmt: skip
    offered = "[...document.querySelectorAll('.beyond tbody tr')].map(row => row.textContent)"
    assert page.run(offered) == [
        "web-ud0-aweb-ud0-a applies the update (this run goes on so)stage[web-ud0-a]: paused → applyingholds"
    ]
    page.press("ArrowLeft")
    assert now(page)[0] == "#pause-bounded/4"
    assert page.run("document.querySelectorAll('figure .on').length") == 2, "the disc and the text of the step"
    page.press("End")
    assert now(page)[0] == "#pause-bounded/9"
    assert page.requests == [large] and page.complaints == []


def test_a_link_opens_its_step_and_the_search_finds_one(page: Browser, large: str) -> None:
    page.open(f"{large}#pause-bounded/8")
    assert now(page)[2] == "pause-bounded/8"
    page.run("location.hash = '#pause-bounded/1'")
    page.run("new Promise(done => setTimeout(done, 50))")
    assert now(page)[2] == "pause-bounded/1"
    page.press("/")
    for letter in "watchdog":
        page.press(letter)
    assert page.run("document.getElementById('found').textContent") == "1 of 12 rows"
    page.press("Enter")
    assert now(page)[2] == "pause-bounded/8"
    page.press("ArrowRight")
    assert now(page)[2] == "pause-bounded/8", "in the search box, arrows are for the text"
    page.press("Escape")
    page.press("ArrowRight")
    assert now(page)[2] == "pause-bounded/9"
    assert page.requests[0].split("#")[0] == large and len(page.requests) == 1 and page.complaints == []


def test_a_click_on_the_diagram_goes_to_its_step(page: Browser, large: str) -> None:
    page.open(large)
    page.run("document.querySelector('figure [data-step=\"3\"]').dispatchEvent(new MouseEvent('click', {bubbles: true}))")
    assert now(page)[2] == "pause-bounded/3"
    page.run("document.querySelector('[data-go=on]').click()")
    assert now(page)[2] == "pause-bounded/4"
    slid = "document.querySelector('[type=range]')"
    page.run(f"{slid}.value = 2, {slid}.dispatchEvent(new Event('input', {{bubbles: true}}))")
    assert now(page)[2] == "pause-bounded/2"


def test_dark_and_print_have_their_looks(page: Browser, large: str) -> None:
    page.open(large)
    ground = "getComputedStyle(document.querySelector('section.run')).backgroundColor"
    paper = "getComputedStyle(document.querySelector('figure svg > rect')).fill"
    page.media("screen", "dark")
    assert page.run(f"[{ground}, {paper}]") == ["rgb(27, 30, 35)", "rgb(27, 30, 35)"]
    page.media("print")
    shown = "['.player', 'header', '.state', 'figure'].map(q => getComputedStyle(document.querySelector(q)).display)"
    assert page.run(shown) == ["none", "none", "none", "block"]
    assert page.run(paper) == "rgb(255, 255, 255)"
    page.media("screen")


@pytest.mark.parametrize("name", ["markup", "end of script", "quotes", "right to left"])
def test_a_hostile_name_does_nothing_in_a_browser(page: Browser, tmp_path: Path, name: str) -> None:
    path = tmp_path / "hostile.html"
    path.write_text(report(HOSTILE[name]), encoding="utf-8")
    page.open(path.as_uri())
    page.press("Home")
    page.press("ArrowRight")
    assert now(page)[0] == "#calm-soon/1"
    assert page.run("[typeof window.hacked, document.scripts.length, document.images.length]") == ["undefined", 2, 0]
    assert page.requests == [path.as_uri()] and page.complaints == []
