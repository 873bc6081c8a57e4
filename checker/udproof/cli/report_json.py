"""A run as JSON: the truth from which other reports derive. `result.schema.json` beside this file describes it.

Numbers are integers but for `seconds`, which are given to the millisecond. The order of keys is fixed, so that a difference
between two results means a change. Of one file the document is its run; of several it is `{"runs": [...]}` with one run for
each file that was verified, and `files` says how many were given: fewer runs than files must not read as a pass.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from udproof.cli.about import NAME, version
from udproof.cli.runs import Run
from udproof.cli.trust import trust
from udproof.counterexamples.itf import to_itf
from udproof.counterexamples.trace import Trace
from udproof.engines.verdict import Outcome, Verdict

SCHEMA_VERSION = 1


def text(runs: Sequence[Run], given: int) -> str:
    """The document of these runs, out of `given` files, as text without a final line break."""
    return json.dumps(document(runs, given), indent=2)


def document(runs: Sequence[Run], given: int) -> dict[str, Any]:
    """The document; see the module."""
    opening = {"schema_version": SCHEMA_VERSION, "tool": {"name": NAME, "version": version()}}
    if given == 1:
        return {**opening, **_run(runs[0])}
    return {**opening, "files": {"given": given, "verified": len(runs)}, "runs": [_run(run) for run in runs]}


def itf(run: Run, trace: Trace) -> dict[str, Any]:
    """A trace as ITF, which also says of which file and which mistake the model was made."""
    found = to_itf(trace, run.selected)
    found["#meta"] |= {"source": run.subject.source, "mutant": run.subject.mutant}
    return found


def _run(run: Run) -> dict[str, Any]:
    subject, result, figures = run.subject, run.result, run.result.figures
    return {
        "model": {
            "hash": subject.system.hash,
            "fleet": subject.system.name,
            "kind": subject.kind,
            "source": subject.source,
            "mutant": subject.mutant,
            "parts": list(subject.parts),
            "faults": [],
        },
        "complete": result.complete,
        "stopped": result.stopped,
        "exit_code": int(run.code),
        "expected": list(subject.expect) if isinstance(subject.expect, tuple) else subject.expect,
        "counts": run.counts,
        "verdicts": [_verdict(run, verdict) for verdict in result.verdicts],
        "search": {
            "engine": result.engine,
            "symmetry": result.symmetry,
            "workers": figures.workers,
            "resumed": result.resumed,
            "looked_into": result.searched,
        },
        "coverage": {"actions": dict(result.fired), "never_fired": list(run.never_fired)},
        "trust": _trust(run),
        "figures": {
            "states": figures.states,
            "stored": figures.stored,
            "transitions": figures.transitions,
            "depth": figures.depth,
            "frontier": figures.frontier,
            "seconds": _seconds(run),
            "memory": figures.memory,
        },
    }


def _verdict(run: Run, verdict: Verdict) -> dict[str, Any]:
    figures = run.result.figures
    return {
        "property": verdict.property.name,
        "verdict": verdict.outcome.value,
        "scope": _scope(run, verdict),
        "engine": verdict.engine or run.result.engine,
        "states": figures.states,
        "depth": figures.depth,
        "seconds": _seconds(run),
        **_evidence(run, verdict),
        "trace": None if verdict.trace is None else itf(run, verdict.trace),
        "assumptions": list(run.assumptions),
        "reason": verdict.reason,
        "obstacle": list(verdict.obstacle),
    }


def _scope(run: Run, verdict: Verdict) -> str:
    return (verdict.scope or run.result.scope).replace(" ", "-")


def _evidence(run: Run, verdict: Verdict) -> dict[str, Any]:
    """What a proof for every fleet consists of; null for other verdicts, and for a search, which visits states instead."""
    found = run.result.evidence
    if found is None or verdict.outcome is not Outcome.PROVED or _scope(run, verdict) != "any-fleet":
        return {"lemmas": None, "certificate": None, "assumed": None}
    return {
        "lemmas": list(found.lemmas),
        "certificate": None if found.certificate is None else {"folder": str(found.certificate), "formulas": found.formulas},
        "assumed": {"axioms": dict(found.axioms), "times": list(found.times)},
    }


def _trust(run: Run) -> dict[str, Any]:
    """What speaks for the verdicts beside the engine's word; `mutants` is null where no record of this model is kept."""
    found = trust(run)
    mutants = found.mistakes and {"planted": found.mistakes.planted, "noticed": found.mistakes.noticed}
    return {"witness_steps": dict(found.premises), "faults": dict(found.faults), "unused": list(found.unused), "mutants": mutants}


def _seconds(run: Run) -> float:
    return round(run.result.figures.seconds, 3)
