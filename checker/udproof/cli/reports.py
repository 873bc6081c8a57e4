"""Reports in files: which can be written is known before the search, and each is there as a whole or not at all.

A report that cannot be written after all (a disk that has filled) costs no verdict: it has been told by then, a sentence says what
is missing, and the exit code is that of bad usage unless there is a worse one.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from udproof.cli import report_json, report_markdown
from udproof.cli.account import Account
from udproof.cli.console import clean, note
from udproof.cli.exits import Refused
from udproof.cli.parameters import DRAWINGS, PER_VIOLATION, WHOLE, ReportTo
from udproof.cli.runs import Run
from udproof.counterexamples.files import write_atomically
from udproof.counterexamples.trace import Trace
from udproof.engines.verdict import Verdict


def check(wanted: Sequence[ReportTo], sources: Sequence[str], read: str = "a file to verify") -> None:
    """Refused if a report could not be written, or would overwrite another one or a file that is to be read."""
    taken = {Path(source).resolve(): read for source in sources}
    for report in wanted:
        what, path, folder = f"--report {clean(report)}", report.path.resolve(), report.path.resolve().parent
        if path in taken:
            raise Refused(f"{what}: this path is that of {taken[path]} already; give each report a path of its own.")
        if path.is_dir():
            raise Refused(f"{what}: this is a directory; give the path of a file in it.")
        if not folder.is_dir():
            raise Refused(f"{what}: there is no directory {clean(folder)}; make it first, or give another path.")
        if not os.access(path if path.exists() else folder, os.W_OK):
            raise Refused(f"{what}: nothing may be written there; give another path.")
        taken[path] = "another report"


def write(wanted: Sequence[ReportTo], work: Account, document: dict[str, Any]) -> bool:
    """Write the reports, and say on standard error what was written. False if one of them could not be.

    Those of the whole are made from the document, and written also when no file was verified: that is what they then say. The
    others are about runs.
    """
    fine = True
    for report in wanted:
        if report.format in WHOLE:
            fine &= put(report, [(report.path, whole_text(report.format, document))])
        elif work.runs:
            fine &= put(report, _texts(report, work.runs))
        else:
            note(f"--report {clean(report)}: no file was verified, so there is nothing to write.")
    return fine


def put(report: ReportTo, texts: Iterable[tuple[Path, str | bytes]]) -> bool:
    """Write the files of one report; False if one of them cannot be."""
    fine = True
    try:
        for path, text in texts:
            try:
                write_atomically(path, text)
            except OSError as error:
                note(f"{clean(path)}: the {report.format} report could not be written ({clean(error.strerror or error)}).")
                fine = False
            else:
                note(f"{clean(path)}: {report.format} report written.")
    except Refused as refused:  # this machine cannot make it
        for sentence in refused.sentences:
            note(sentence)
        fine = False
    return fine


def whole_text(form: str, document: dict[str, Any]) -> str:
    """A report about everything that was to be verified, made from the JSON."""
    if form == "json":
        return report_json.text(document) + "\n"
    from udproof.cli import report_junit, report_sarif, results, summary  # for those who want them only

    whole = results.read(document)
    if form == "junit":
        return report_junit.text(whole)
    return report_sarif.text(whole) if form == "sarif" else summary.text(whole, summary.LONGEST)


def _texts(report: ReportTo, runs: Sequence[Run]) -> Iterator[tuple[Path, str | bytes]]:
    """The files that a report takes, with their texts."""
    if report.format == "markdown":
        yield report.path, report_markdown.text(runs)
    elif report.format == "html":
        from udproof.cli import report_html  # its template and script are read for those who want them only

        yield report.path, report_html.text(runs)
    else:
        yield from _pictures(report, runs)


def _pictures(report: ReportTo, runs: Sequence[Run]) -> Iterator[tuple[Path, str | bytes]]:
    """A file for each violated property: the path as given if there is one, else with the names before the extension."""
    assert report.format in PER_VIOLATION
    found = [(run, verdict, trace) for run in runs for verdict, trace in run.violations]
    if not found:
        note(f"--report {clean(report)}: no property is violated, so there is no counterexample to write.")
    several = len({run.subject.source for run, _, _ in found}) > 1
    taken: set[Path] = set()
    for run, verdict, trace in found:
        path = report.path
        if len(found) > 1:
            names = [Path(run.subject.source).stem] if several else []
            path = _named(path, [*names, verdict.property.name], taken)
        taken.add(path)
        yield path, _text(report.format, run, verdict, trace)


def _named(path: Path, names: Sequence[str], taken: set[Path]) -> Path:
    """The path with the names before its extension, which is all of `.itf.json`."""
    extension = next((end for end in (".itf.json", path.suffix) if path.name.endswith(end)), "")
    stem = path.name[: len(path.name) - len(extension)]
    words = "-".join([stem, *(re.sub(r"[^A-Za-z0-9._-]+", "_", name) for name in names)])
    number, found = 1, path.with_name(words + extension)
    while found in taken:
        number += 1
        found = path.with_name(f"{words}-{number}{extension}")
    return found


def _text(kind: str, run: Run, verdict: Verdict, trace: Trace) -> str | bytes:
    if kind in DRAWINGS:
        from udproof.cli.drawings import drawn  # loaded for those who want pictures only

        return drawn(kind, trace, verdict.property)
    return json.dumps(report_json.itf(run, trace), indent=1) + "\n"
