"""The plugin for pytest: a fixture and a marker that verify a fleet, and a failure that shows the steps.

    @pytest.mark.udproof(fleet="fleets/web.toml", timeout="2min")
    def test_the_web_fleet() -> None: ...

    def test_any_size(udproof_verify, size):
        udproof_verify(fleet_of(size), properties=["pause-bounded"])

A test passes where the command `udproof verify` would end with 0, and in no other case: what a limit left UNKNOWN, or what holds
only vacuously, fails with that word. A marked test whose verification has not passed does not run.

pytest loads this module in every project of an environment in which udproof is installed. So it imports nothing of udproof until a
test asks for it, and nothing else that pytest has not imported by then.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from udproof.api import Result

_MARKER = (
    "udproof(fleet, properties=(), engine='explore', timeout=None, memory=None, jobs=None, mutant=None): verify the fleet first"
)
_OPTIONS = ("properties", "engine", "timeout", "memory", "jobs", "mutant")
_FIXTURE = "udproof_verify"


def pytest_addoption(parser: pytest.Parser) -> None:
    """The one option: where pictures of violations go."""
    group = parser.getgroup("udproof")
    group.addoption(
        "--udproof-pictures", metavar="DIR", help="Where udproof draws violations. [default: pytest's temporary folder]"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Tell pytest of the marker, which may be strict about them."""
    config.addinivalue_line("markers", _MARKER)


def pytest_itemcollected(item: pytest.Item) -> None:
    """A marked test needs the fixture, whether or not it names it."""
    if isinstance(item, pytest.Function) and item.get_closest_marker("udproof") and _FIXTURE not in item.fixturenames:
        item.fixturenames.append(_FIXTURE)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> None:
    """Verify what the markers of a test name before the test itself is run."""
    for marker in item.iter_markers("udproof"):
        options = dict(marker.kwargs)
        given = [*marker.args, *([options.pop("fleet")] if "fleet" in options else [])]
        if len(given) != 1:
            pytest.fail("the marker udproof takes one fleet: @pytest.mark.udproof('web.toml') or fleet='web.toml'.", pytrace=False)
        verifier = item.funcargs.get(_FIXTURE) if isinstance(item, pytest.Function) else None
        if not isinstance(verifier, Verifier):
            pytest.fail(
                "the marker udproof is for a test function, and stands where the test is written: one that is added later finds no "
                f"fixture {_FIXTURE}, unless the test takes it as an argument.",
                pytrace=False,
            )
        verifier(given[0], **options)


class Verifier:
    """What the fixture is: call it with a fleet."""

    def __init__(self, folder: Path, test: str, pictures: Path) -> None:
        self._folder, self._test, self._pictures = folder, test, pictures

    def __call__(self, fleet: Any, **options: Any) -> Result:
        """The result, if it passed; else the test fails. `fleet` and the options are those of `udproof.api.verify`.

        A text or path that ends in .toml or .py is a file, beside the one that the test is in; another text names a shipped fleet.
        """
        __tracebackhide__ = True
        if unknown := sorted(set(options) - set(_OPTIONS)):
            pytest.fail(f"udproof has no option {', '.join(unknown)} here; it has {', '.join(_OPTIONS)}.", pytrace=False)
        from udproof.api import Mistake, verify

        if isinstance(fleet, str | Path) and Path(fleet).suffix in (".toml", ".py"):
            fleet = self._folder / fleet
        try:
            result = verify(fleet, **options)
        except Mistake as mistake:
            pytest.fail(str(mistake), pytrace=False)
        if not result.passed:
            pytest.fail("\n".join([_headline(result), "", result.text(), "", *self._drawn(result)]), pytrace=False)
        return result

    def _drawn(self, result: Result) -> list[str]:
        """Draw each violation; lines that say where."""
        lines = []
        for answer in result.violations:
            if answer.picture is None:  # no violation is without its run
                continue
            self._pictures.mkdir(parents=True, exist_ok=True)
            name = re.sub(r"[^\w.-]+", "-", f"{self._test}-{answer.name}").strip("-.")[-120:]
            path = (self._pictures / f"{name}.svg").resolve()
            path.write_text(answer.picture.svg, encoding="utf-8")
            lines.append(f"Picture of {answer.name}: {path.as_uri()}")
        return lines


def _headline(result: Result) -> str:
    """What it is that has not passed, in the first line: some views show no more."""
    from udproof.api import Outcome

    words = {outcome: [answer.name for answer in result if answer.outcome is outcome] for outcome in Outcome}
    told = [f"{outcome.name}: {', '.join(names)}" for outcome, names in words.items() if names and outcome is not Outcome.PROVED]
    return f"udproof: not passed ({'; '.join(told) or result.run.remark})"


@pytest.fixture
def udproof_verify(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Verifier:
    """Verify a fleet: `udproof_verify("web.toml", properties=["pause-bounded"])` fails the test unless it passes."""
    chosen = request.config.getoption("--udproof-pictures")
    pictures = Path(chosen) if chosen else tmp_path_factory.getbasetemp() / "udproof"
    return Verifier(request.path.parent, request.node.nodeid, pictures)
