"""`udproof merge`: the results of several commands, of shards above all, as one, with the exit code of the whole.

A merged result may be green only if everything is there and nothing disagrees. So it looks for what single results cannot see:
a shard that is absent (each names how many there are), a file of the plan without a result (each shard has the whole plan), one
file with two models (it was changed between), two verdicts on one model that cannot both be right. Each is red, with a
sentence.

What the files say is checked (`results`), and the exit code is worked out anew; nothing is verified again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from udproof.cli import build_server, report_json, reports, summary
from udproof.cli.console import clean, counted, note, say
from udproof.cli.exits import Code, Refused, worst
from udproof.cli.parameters import ReportTo
from udproof.cli.results import BadResult, Key, Planned, Told, Whole, loaded, read


@dataclass(frozen=True, slots=True)
class MergeRequest:
    """What `udproof merge` was asked for; the options by their names."""

    files: tuple[str, ...]
    format: str
    report: tuple[ReportTo, ...]
    ci: str


@dataclass(frozen=True, slots=True)
class _Given:
    """A result with the file that it stands in."""

    file: str
    whole: Whole
    raw: list[dict[str, Any]]  # its runs with all that they say


def merge(request: MergeRequest) -> Code:
    """Merge the results, report, and answer with the code of the whole."""
    server = build_server.chosen(request.ci, request.format)
    given = [_given(file) for file in request.files]
    reports.check(request.report, request.files, "a result to merge")
    _one_design(given)
    document = merged(given)
    if request.format == "json":
        say(report_json.text(document))
    else:
        for line in _text(read(document), given):
            say(line)
    written = [reports.put(report, [(report.path, reports.whole_text(report.format, document))]) for report in request.report]
    build_server.tell(server, document)
    return Code(document["exit_code"]) if all(written) else worst([Code(document["exit_code"]), Code.USAGE])


def _given(file: str) -> _Given:
    try:
        whole, raw = loaded(Path(file).read_bytes().decode("utf-8"))
    except (OSError, UnicodeDecodeError, ValueError) as error:  # BadResult is a ValueError, and so is a path with a NUL character
        reason = error if isinstance(error, BadResult) else getattr(error, "strerror", None) or error
        raise Refused(f"{clean(file)}: {clean(reason)}. Give results that udproof wrote (--report json=PATH).") from error
    return _Given(file, whole, raw)


def _one_design(given: Sequence[_Given]) -> None:
    """Refused if the results are not of one version of the files, or their shards not of one work."""
    models: dict[Key, tuple[str, str]] = {}
    for one in given:
        for key, hash_ in [
            *((plan.key, plan.hash) for plan in one.whole.plan),
            *((run.key, run.model.hash) for run in one.whole.runs),
        ]:
            file, other = models.setdefault(key, (one.file, hash_))
            if other != hash_:
                raise Refused(
                    f"{clean(key[0])} is another model in {clean(one.file)} ({hash_}) than in {clean(file)} ({other}); "
                    "merge results of one version of the files."
                )
    shards = [one for one in given if one.whole.shard is not None]
    for one in shards[1:]:
        first, here = shards[0].whole, one.whole
        assert first.shard is not None and here.shard is not None
        if here.plan != first.plan or here.shard.of != first.shard.of:
            raise Refused(
                f"{clean(one.file)} and {clean(shards[0].file)} are shards of different work; "
                "verify the same files with the same options in each, and the same N in --shard K/N."
            )


def merged(given: Sequence[_Given]) -> dict[str, Any]:
    """The document of all results together."""
    plan = {planned.key: planned for one in given for planned in one.whole.plan}
    plan |= {key: _together(key, given) for key in plan}
    kept = list(_runs(given))
    problems = [one.model_dump() for part in given for one in part.whole.problems]
    problems += _contradictions([run for run, _ in kept])
    problems += _missing(given, list(plan.values()), [run for run, _ in kept])
    codes = [Code(run.exit_code) for run, _ in kept] + [Code(problem["exit_code"]) for problem in problems]
    return {
        **report_json.opening(),
        "exit_code": int(worst(codes)),
        "files": {"given": len(plan), "verified": len(kept)},
        "shard": None,
        "plan": [planned.model_dump() for _, planned in sorted(plan.items(), key=lambda item: (item[0][0], item[0][1] or ""))],
        "runs": [raw for _, raw in kept],
        "problems": problems,
    }


def _together(key: Key, given: Sequence[_Given]) -> Planned:
    """What was planned of one file, in all results."""
    found = [planned for one in given for planned in one.whole.plan if planned.key == key]
    names = dict.fromkeys(name for planned in found for name in planned.properties)
    return found[0].model_copy(update={"properties": list(names)})


def _runs(given: Sequence[_Given]) -> Iterator[tuple[Told, dict[str, Any]]]:
    """The runs by their files; of those that say and mean the same of one file, the first."""
    seen: set[tuple[Key, int, frozenset[tuple[str, str]]]] = set()
    pairs = [pair for one in given for pair in zip(one.whole.runs, one.raw, strict=True)]
    for run, raw in sorted(pairs, key=lambda pair: (pair[0].key[0], pair[0].key[1] or "")):
        says = run.key, run.exit_code, frozenset((found.property, found.verdict) for found in run.verdicts)
        if says not in seen:
            seen.add(says)
            yield run, raw


def _contradictions(runs: Sequence[Told]) -> Iterator[dict[str, Any]]:
    """Two definite verdicts on one property of one model, of which one must be wrong."""
    said: dict[tuple[Key, str], str] = {}
    for run in runs:
        for found in run.verdicts:
            if found.verdict == "unknown":
                continue
            other = said.setdefault((run.key, found.property), found.verdict)
            if other != found.verdict:
                reason = (
                    f"{found.property} is {other} in one result and {found.verdict} in another, of one model ({run.model.hash})"
                )
                yield {"source": run.model.source, "exit_code": int(Code.INTERNAL), "reason": f"{reason}: a mistake of udproof"}


def _missing(given: Sequence[_Given], plan: Sequence[Planned], runs: Sequence[Told]) -> Iterator[dict[str, Any]]:
    """The shards that are absent, and what is planned and has no answer."""
    shards = [one.whole.shard for one in given if one.whole.shard is not None]
    for number in sorted(set(range(1, shards[0].of + 1)) - {shard.number for shard in shards}) if shards else ():
        yield _absent(None, f"the result of shard {number}/{shards[0].of} is missing")
    told = Counter(one.source for part in given for one in part.whole.problems)
    for planned in plan:
        answered = {found.property for run in runs if run.key == planned.key for found in run.verdicts}
        left = [name for name in planned.properties if name not in answered]
        if left and told[planned.source]:
            told[planned.source] -= 1
        elif left:
            what = "it has no result" if len(left) == len(planned.properties) else f"no result says anything of {', '.join(left)}"
            yield _absent(planned.source, what)


def _absent(source: str | None, reason: str) -> dict[str, Any]:
    return {"source": source, "exit_code": int(Code.MISSING), "reason": reason}


def _text(whole: Whole, given: Sequence[_Given]) -> Iterator[str]:
    """A line for each file and each problem, and one for the whole."""
    names = [clean(run.model.source + (f" with {run.model.mutant}" if run.model.mutant else "")) for run in whole.runs]
    width = max(map(len, names), default=0)
    for name, run in zip(names, whole.runs, strict=True):
        word = "passed" if run.code is Code.HOLDS else "NOT PASSED"
        yield f"{word:<10}  {name:<{width}}  {summary.counted(run)}"
        for _, found, standing in (each for each in whole.red if each[0] is run):
            yield f"            {standing.value.upper()}  {clean(found.property)}  {clean(found.cause or found.reason)}"
    for one in whole.problems:
        note(f"{clean(one.source or 'all files')}: {clean(one.reason).rstrip('.')}.")
    amount = f"{counted(len(given), 'result')}, {counted(len(whole.runs), 'run')} of {counted(whole.files.given, 'file')}"
    yield f"{amount}; exit code {whole.exit_code}: {whole.code.words}."
