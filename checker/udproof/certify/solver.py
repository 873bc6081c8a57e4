"""cvc5 as the second opinion: a script in, its answers out."""

from __future__ import annotations

import cvc5

_MILLISECONDS = 60_000  # for one question


def answers(text: str, name: str) -> list[str]:
    """What cvc5 answers to each `check-sat` of a script: sat, unsat or unknown, or what it complains of."""
    manager = cvc5.TermManager()
    solver = cvc5.Solver(manager)
    solver.setOption("incremental", "true")
    solver.setOption("tlimit-per", str(_MILLISECONDS))
    if name == "consistent.smt2":
        solver.setOption("finite-model-find", "true")  # to find a model of quantified axioms, not only to refute them
    symbols = cvc5.SymbolManager(manager)
    parser = cvc5.InputParser(solver, symbols)
    parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, text, name)
    found: list[str] = []
    try:
        while not (command := parser.nextCommand()).isNull():
            told = command.invoke(solver, symbols).strip()
            if told:
                found.append(told)
    except RuntimeError as problem:
        found.append(f"an error ({problem})")
    return found
