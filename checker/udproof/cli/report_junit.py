"""A result as JUnit XML, for build servers that show test results: a suite for each file, a test case for each property.

Which is which: VIOLATED and VACUOUS are failures, since the design is not as it should be, and so is a property that holds
where the fleet file expects a violation; UNKNOWN is an error, since the check did not come to an end; so is a file that could
not be verified. A violation that is expected passes. A shard without a file has one test case, skipped, that says so: a reader
of test results must not take an empty file for a pass.

The format has no standard. This is the part of it that the schema of Jenkins' xUnit plugin (junit-10.xsd) describes, and that
is what Azure Pipelines, GitLab and the usual actions of GitHub read. XML 1.0 has no way to write most control characters; names
are `clean`ed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from udproof.cli.console import clean
from udproof.cli.results import Found, Told, Whole
from udproof.cli.runs import Standing

_LONGEST = 1000  # characters of a message that stands in an attribute; the whole of it is in the text


@dataclass(frozen=True, slots=True)
class _Case:
    """A test case; `tag` is what became of it."""

    classname: str
    name: str
    tag: str = ""  # failure, error, skipped; none if it passed
    kind: str = ""
    message: str = ""
    text: str = ""


def text(whole: Whole) -> str:
    """The document."""
    suites = [(run.model.source, _cases(run), f' time="{run.figures.seconds:.3f}"') for run in whole.runs]
    suites += [(one.source or "all files", [_trouble(one.source, one.reason)], "") for one in whole.problems]
    if not suites:
        suites = [("no file", [_empty(whole)], "")]
    counts = _counts([case for _, cases, _ in suites for case in cases])
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f'<testsuites name="udproof" {counts}>']
    for name, cases, time in suites:
        skipped = sum(case.tag == "skipped" for case in cases)
        lines.append(f'  <testsuite name={_attribute(name)} {_counts(cases)} skipped="{skipped}"{time}>')
        lines += [line for case in cases for line in _lines(case)]
        lines.append("  </testsuite>")
    return "\n".join([*lines, "</testsuites>", ""])


def _counts(cases: list[_Case]) -> str:
    failures, errors = (sum(case.tag == tag for case in cases) for tag in ("failure", "error"))
    return f'tests="{len(cases)}" failures="{failures}" errors="{errors}"'


def _cases(run: Told) -> list[_Case]:
    mutant = f" with {run.model.mutant}" if run.model.mutant else ""
    stands = run.standings
    return [_case(f"{run.model.fleet}{mutant}", found, stands[found.property]) for found in run.verdicts]


def _case(classname: str, found: Found, standing: Standing) -> _Case:
    name, said = found.property, f"{found.statement}\n{found.reason}"
    match standing:
        case Standing.PASSED | Standing.EXPECTED:
            return _Case(classname, name)
        case Standing.VIOLATED:
            return _Case(classname, name, "failure", "violated", found.cause or found.reason, "\n".join(_steps(found)))
        case Standing.UNEXPECTED:
            return _Case(classname, name, "failure", "unexpected", "it holds, and the fleet file expects a violation", said)
        case Standing.VACUOUS:
            return _Case(classname, name, "failure", "vacuous", f"VACUOUS: {found.reason}", said)
        case Standing.UNKNOWN:
            return _Case(classname, name, "error", "unknown", f"UNKNOWN: {found.reason}", said)


def _trouble(source: str | None, reason: str) -> _Case:
    return _Case(source or "all files", "verified", "error", "problem", reason, reason)


def _empty(whole: Whole) -> _Case:
    where = f"shard {whole.shard.number}/{whole.shard.of}" if whole.shard else "all files"
    return _Case("udproof", where, "skipped", "empty", "there was no file to verify")


def _steps(found: Found) -> Iterator[str]:
    """The statement, the cause, and the run, a line for each step and for each thing that it changed."""
    yield found.statement
    yield found.cause or found.reason
    yield ""
    for step in found.steps:
        yield f"{step.number}  {step.time}  {step.who}  {step.action}".replace("    ", "  ").rstrip()
        yield from (f"      {change}" for change in step.changes)


def _lines(case: _Case) -> Iterator[str]:
    begin = f"    <testcase classname={_attribute(case.classname)} name={_attribute(case.name)}"
    if not case.tag:
        yield f"{begin}/>"
        return
    yield f"{begin}>"
    opened = f"      <{case.tag} type={_attribute(case.kind)} message={_attribute(_short(case.message))}"
    body = "\n".join(escape(clean(line)) for line in case.text.split("\n"))
    yield f"{opened}>{body}</{case.tag}>" if body else f"{opened}/>"
    yield "    </testcase>"


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _attribute(text: str) -> str:
    return quoteattr(clean(text))
