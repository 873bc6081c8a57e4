"""A result as SARIF 2.1.0, the format of static analysers, which code scanning and editors show beside the lines of a file.

Source: OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0", 2020; and what GitHub's code scanning takes of it
(20 runs a file, 1,000 steps of a thread flow shown, 10 tags and 1,024 characters of description a rule).

A property is a rule. A violation is a result: where it is shown, why, and the run that breaks the property as a thread flow.
What is not decided, holds vacuously or against expectation is a result too, of level warning or error. That is not only honest:
code scanning closes the alert of a result that is absent from the next upload, and a search that ran out of time has mended
nothing. What passed is none. Files that could not be verified are notifications of the tool, and `executionSuccessful` is false
then.

The fingerprint is made of what was asked (file, mistake, property) and not of the answer, so that an alert stays the same one
while its run, its line or the model changes. Everything is one SARIF run, however many files there are.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any
from urllib.parse import quote

from udproof.cli.about import NAME, version
from udproof.cli.console import clean
from udproof.cli.exits import Code
from udproof.cli.results import Found, Told, Whole, sentence
from udproof.cli.runs import Standing

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
STEPS = 1000  # of a thread flow
DESCRIPTION = 1024  # characters of a rule's description
_MESSAGE = 4000  # characters of a message
_HELP = (
    "A result of level error shows a run of the model that breaks this, step by step; it was replayed through the semantics first. "
    "A result of level warning says that the property is not decided, or was put to no test. What every verdict rests on stands "
    "among the properties of the result."
)

_LEVELS = {
    Standing.VIOLATED: "error",
    Standing.UNEXPECTED: "error",
    Standing.UNKNOWN: "warning",
    Standing.VACUOUS: "warning",
}


def text(whole: Whole) -> str:
    """The document."""
    return json.dumps(document(whole), indent=2) + "\n"


def document(whole: Whole) -> dict[str, Any]:
    """The document, ready for `json.dumps`; see the module."""
    rules: dict[str, dict[str, Any]] = {}
    for run, found, _ in whole.findings:
        rules.setdefault(_rule_id(run, found), _rule(run, found))
    places = {name: number for number, name in enumerate(rules)}
    results = [_result(run, found, standing, places) for run, found, standing in whole.findings if standing.red]
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": {"name": NAME, "version": version(), "rules": list(rules.values())}},
                "invocations": [_invocation(whole)],
                "columnKind": "unicodeCodePoints",
                "originalUriBaseIds": {"%SRCROOT%": {"description": {"text": "The root of the repository."}}},
                "results": results,
            }
        ],
    }


def _rule_id(run: Told, found: Found) -> str:
    """The property's name; of a system of one's own with the system's, since two may have a property of one name."""
    return clean(found.property if run.model.kind == "fleet" else f"{run.model.fleet}/{found.property}")


def _rule(run: Told, found: Found) -> dict[str, Any]:
    statement = clean(found.statement)
    return {
        "id": _rule_id(run, found),
        "shortDescription": {"text": _short(statement, DESCRIPTION)},
        "fullDescription": {"text": _short(statement, DESCRIPTION)},
        "help": {"text": f"{statement}\n\n{_HELP}"},
        "defaultConfiguration": {"level": "error"},
        "properties": {"tags": ["formal verification", run.model.kind], "precision": "very-high"},
    }


def _result(run: Told, found: Found, standing: Standing, places: dict[str, int]) -> dict[str, Any]:
    rule = _rule_id(run, found)
    made: dict[str, Any] = {
        "ruleId": rule,
        "ruleIndex": places[rule],
        "level": _LEVELS[standing],
        "message": {"text": _said(sentence(run, found, standing))},
        "locations": [_location(found)],
        "partialFingerprints": {"udproof/v1": _fingerprint(run, found)},
        "properties": {
            "verdict": found.verdict,
            "model": run.model.hash,
            "engine": clean(found.engine),
            "assumptions": [clean(line) for line in found.assumptions],
        },
    }
    if found.steps:
        made["codeFlows"] = [{"threadFlows": [{"locations": _flow(found)}]}]
    return made


def _location(found: Found, text: str | None = None) -> dict[str, Any]:
    uri = quote(found.place.file, safe="/", errors="surrogatepass")
    relative = not found.place.file.startswith("/")
    artifact = {"uri": uri, "uriBaseId": "%SRCROOT%"} if relative else {"uri": f"file://{uri}"}
    made: dict[str, Any] = {"physicalLocation": {"artifactLocation": artifact, "region": {"startLine": found.place.line}}}
    return made if text is None else {**made, "message": {"text": text}}


def _flow(found: Found) -> list[dict[str, Any]]:
    """The steps; of a run that is too long to be shown the beginning and the end."""
    steps, told = found.steps, []
    if len(steps) > STEPS:
        steps = [*steps[: STEPS // 2], *steps[len(steps) - STEPS // 2 :]]
    for place, step in enumerate(steps):
        said = f"step {step.number}, {step.time}: {step.who} {step.action}" if step.number else "start"
        said += f" ({'; '.join(step.changes)})" if step.changes else ""
        last = place == len(steps) - 1
        told.append(
            {
                "location": _location(found, _said(said)),
                "executionOrder": step.number,
                "importance": "essential" if last else "important",
            }
        )
    return told


def _fingerprint(run: Told, found: Found) -> str:
    asked = [found.place.file, run.model.fleet, run.model.mutant, found.property]
    return hashlib.sha256(json.dumps(asked).encode()).hexdigest()[:32]


def _invocation(whole: Whole) -> dict[str, Any]:
    made: dict[str, Any] = {
        "executionSuccessful": not whole.problems and whole.code not in (Code.EMPTY, Code.INTERRUPTED),
        "exitCode": whole.exit_code,
        "exitCodeDescription": whole.code.words,
    }
    said = [f"{one.source or 'all files'}: {one.reason}" for one in whole.problems]
    if whole.code is Code.EMPTY and whole.shard is not None:
        said.append(f"shard {whole.shard.number}/{whole.shard.of} has no file to verify")
    if said:
        made["toolExecutionNotifications"] = [{"level": "error", "message": {"text": _said(line)}} for line in said]
    return made


def _said(text: str) -> str:
    """A text from outside as a message, in which `[words](target)` would be a link."""
    return _short(clean(text).replace("](", "] ("), _MESSAGE)


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
