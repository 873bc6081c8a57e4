"""Checking a proof, whoever found it: by the scripts of its certificate, with their quantifiers, in Z3.

The search works with ground instances that it picked itself. Here nothing of that is used: the obligations are made once more from
the system (`smtlib`), quantified, and a proof counts only if the solver answers `unsat` to every one of them, and `sat` to the
question whether the axioms can be met at all. Anything else, `unknown` and a time-out included, is no proof.
"""

from __future__ import annotations

from collections.abc import Sequence

import z3

from udproof.language import ModelError
from udproof.prover.houdini import Clockwork, GaveUp
from udproof.prover.smtlib import Writer, files
from udproof.prover.theorem import Proof


class Refuted(GaveUp):
    """An obligation is false: the solver has a model against it, which is more than having no answer."""


_ALONE = "property-time-can-pass.smt2"


def check(proof: Proof, properties: Sequence[str], clockwork: Clockwork) -> dict[str, str]:
    """The scripts of a proof that shows these properties, by file name. GaveUp with the reason if it does not show them.

    ModelError if the axioms contradict each other, from which everything would follow.
    """
    made = files(proof, "unnamed", properties)
    for name, text in made.items():
        if not name.endswith(".smt2"):
            continue
        clockwork.check()
        given = answers(text, clockwork) if name != _ALONE else _stuck(proof, text, clockwork)
        if name == "consistent.smt2":
            _consistent(proof, given)
        elif given != ["unsat"] * text.count("(check-sat)"):
            answer = next((one for one in given if one != "unsat"), "in part only")
            kind = Refuted if answer == "sat" else GaveUp
            raise kind(f"an obligation of {name.removesuffix('.smt2')} is answered {answer}")
    return made


def _stuck(proof: Proof, text: str, clockwork: Clockwork) -> list[str]:
    """Without lemmas first: fewer hypotheses show more, and quickly."""
    alone = answers(Writer(proof).alone(), clockwork)
    fine = alone == ["unsat"] * text.count("(check-sat)")
    return alone if fine else answers(text, clockwork)


def _consistent(proof: Proof, given: list[str]) -> None:
    if given == ["unsat"]:
        names = ", ".join(rule.name for rule in proof.system.axioms) or "of the constants' ranges"
        raise ModelError(f"the axioms contradict each other ({names}): no instance satisfies them, and so nothing is shown.")
    if given != ["sat"]:
        raise GaveUp("the solver could not tell whether the axioms can be met at all")


def answers(script: str, clockwork: Clockwork) -> list[str]:
    """What Z3 answers to each question of a script; an error is an answer too."""
    context = z3.Context()
    timed = f"(set-option :timeout {clockwork.patience})\n{script}"
    try:
        told = z3.Z3_eval_smtlib2_string(context.ref(), timed)
    except z3.Z3Exception as problem:  # a script that means nothing, such as lemmas about what the system does not have
        return [f"by an error ({problem})"]
    return [line for line in told.splitlines() if line.strip()]
