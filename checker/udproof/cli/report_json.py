"""A run as JSON: the truth from which other reports derive. `result.schema.json` beside this file describes it.

Numbers are integers but for `seconds`, which are given to the millisecond. The order of keys is fixed, so that a difference
between two results means a change. Of one file the document is its run. Of several, of a shard, and where something went wrong, it
is `{"runs": [...]}` with one run for each file that was verified. Beside them stands what must not be missed: `files` says how many
were given, `plan` which models and properties they are (of all shards), and `problems` why a file has no run.
"""

from __future__ import annotations

import json
from typing import Any

from udproof.cli.about import NAME, version
from udproof.cli.account import Account
from udproof.cli.places import places
from udproof.cli.runs import Run
from udproof.cli.trust import trust
from udproof.counterexamples.explain import cause, step_table
from udproof.counterexamples.itf import to_itf
from udproof.counterexamples.trace import Trace
from udproof.engines.verdict import Outcome, Verdict

SCHEMA_VERSION = 1


def text(made: dict[str, Any]) -> str:
    """A document as text without a final line break."""
    return json.dumps(made, indent=2)


def document(account: Account) -> dict[str, Any]:
    """The document; see the module."""
    if len(account.jobs) == len(account.runs) == 1 and not account.problems and account.shard is None:
        return {**opening(), **_run(account.runs[0])}
    return {
        **opening(),
        "exit_code": int(account.code),
        "files": {"given": len(account.jobs), "verified": len(account.runs)},
        "shard": None if account.shard is None else {"number": account.shard.number, "of": account.shard.of},
        "plan": [
            {
                "source": subject.source,
                "mutant": subject.mutant,
                "fleet": subject.system.name,
                "hash": subject.system.hash,
                "properties": [prop.name for prop in selected],
            }
            for subject, selected in account.planned
        ],
        "runs": [_run(run) for run in account.runs],
        "problems": [{"source": one.source, "exit_code": int(one.code), "reason": one.reason} for one in account.problems],
    }


def opening() -> dict[str, Any]:
    """What every document begins with."""
    return {"schema_version": SCHEMA_VERSION, "tool": {"name": NAME, "version": version()}}


def itf(run: Run, trace: Trace) -> dict[str, Any]:
    """A trace as ITF, which also says of which file and which mistake the model was made."""
    found = to_itf(trace, run.selected)
    found["#meta"] |= {"source": run.subject.source, "mutant": run.subject.mutant}
    return found


def _run(run: Run) -> dict[str, Any]:
    subject, result, figures = run.subject, run.result, run.result.figures
    where = places(subject, run.selected)
    return {
        "model": {
            "hash": subject.system.hash,
            "fleet": subject.system.name,
            "kind": subject.kind,
            "source": subject.source,
            "mutant": subject.mutant,
            "parts": list(subject.parts),
            "faults": dict(subject.budgets),
        },
        "complete": result.complete,
        "stopped": result.stopped,
        "exit_code": int(run.code),
        "expected": list(subject.expect) if isinstance(subject.expect, tuple) else subject.expect,
        "remark": run.remark,
        "counts": run.counts,
        "verdicts": [_verdict(run, verdict, where[verdict.property.name]) for verdict in result.verdicts],
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


def _verdict(run: Run, verdict: Verdict, place: dict[str, Any]) -> dict[str, Any]:
    figures = run.result.figures
    return {
        "property": verdict.property.name,
        "statement": verdict.property.statement,
        "verdict": verdict.outcome.value,
        "scope": _scope(run, verdict),
        "engine": verdict.engine or run.result.engine,
        "states": figures.states,
        "depth": figures.depth,
        "seconds": _seconds(run),
        **_evidence(run, verdict),
        "place": place,
        "cause": None if verdict.trace is None else cause(verdict.trace, verdict.property),
        "steps": [] if verdict.trace is None else _steps(verdict.trace, verdict),
        "trace": None if verdict.trace is None else itf(run, verdict.trace),
        "assumptions": list(run.assumptions),
        "reason": verdict.reason,
        "obstacle": list(verdict.obstacle),
    }


def _steps(trace: Trace, verdict: Verdict) -> list[dict[str, Any]]:
    """The run in words, a row for each step, as the step table has them; row 0 is the start."""
    return [
        {"number": row.number, "time": row.time, "who": row.who, "action": row.action, "changes": list(row.changes)}
        for row in step_table(trace, [verdict.property]).rows
    ]


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
        "assumed": {"axioms": dict(found.axioms), "times": list(found.times), "integers": list(found.unbounded)},
    }


def _trust(run: Run) -> dict[str, Any]:
    """What speaks for the verdicts beside the engine's word; `mutants` is null where no record of this model is kept."""
    found = trust(run)
    mutants = found.mistakes and {"planted": found.mistakes.planted, "noticed": found.mistakes.noticed}
    return {
        "witness_steps": dict(found.premises),
        "premise_states": dict(found.states),
        "faults": dict(found.faults),
        "unused": list(found.unused),
        "mutants": mutants,
    }


def _seconds(run: Run) -> float:
    return round(run.result.figures.seconds, 3)
