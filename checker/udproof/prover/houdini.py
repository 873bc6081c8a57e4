"""Which candidates are inductive together: Houdini (Flanagan and Leino 2001).

All candidates are assumed before a step and asked for after it; what a step breaks is dropped, until nothing is broken any more.
What is left is the largest set of candidates that holds at the start and is kept by every step, and so holds always.

One query asks whether any candidate of a signature breaks, and its model drops all that it falsifies. One solver for each step and
signature is kept: each candidate has a selector in it, and the candidates alive are assumptions.

Candidates come in ranks. A clause that says no more than a shorter candidate does is looked at only once the shorter one has been
dropped; that is what keeps the number of clauses small.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import TypeAlias

import z3

from udproof.language import expressions as ex
from udproof.prover.cases import START, Case, Given, Library, Step, touches
from udproof.prover.lemmas import Lemma, Literal, Spread
from udproof.prover.logic import Term


class GaveUp(Exception):
    """The solver has no answer (a time-out, or `unknown`), or the time is over; the text says which."""


def _no_limit() -> str | None:
    return None


@dataclass
class Clockwork:
    """How long there is, for everything together and for one query; and what else may end the work.

    `look` is called again and again while the work goes on, and names a limit that is reached, if one is.
    """

    deadline: float | None = None  # of time.monotonic()
    query: int = 20_000  # milliseconds
    look: Callable[[], str | None] = _no_limit

    def check(self) -> None:
        """GaveUp if the time is over, or another limit is reached."""
        if limit := self.look():
            raise GaveUp(limit)
        if self.deadline is not None and time.monotonic() > self.deadline:
            raise GaveUp("the time limit was reached")

    @property
    def patience(self) -> int:
        """Milliseconds for the next query: no more than are left for everything."""
        if self.deadline is None:
            return self.query
        return max(1, min(self.query, int(1000 * (self.deadline - time.monotonic()))))


@dataclass
class Question:
    """One solver: a step, and the lemmas of one signature to keep."""

    case: Case
    clockwork: Clockwork
    solver: z3.Solver
    told: set[Lemma] = field(default_factory=set)  # whose instances the solver has
    asked: int = 0

    def ready(self, claim: Term) -> Term:
        """A literal under which the claim is asserted."""
        logic = self.case.logic
        name = z3.Bool(f"goal.{self.asked}", logic.context)
        self.asked += 1
        self.case.instantiate()
        self.solver.add(*self.case.facts, logic.either([logic.negated(name), claim]))
        self.case.facts.clear()
        return name

    def ask(self, assumptions: Sequence[Term]) -> z3.ModelRef | None:
        """A model of all that is asserted, or None if there is none. GaveUp if the solver does not know."""
        self.clockwork.check()
        patience = self.clockwork.patience
        if self.clockwork.deadline is not None:
            self.solver.set("timeout", patience)
        answer = self.case.logic.check(self.solver, assumptions)
        if answer == z3.unknown:
            reason = self.solver.reason_unknown()
            if "keyboard" in reason:  # Z3 takes the signal to itself while it works
                raise KeyboardInterrupt
            self.clockwork.check()
            if patience < self.clockwork.query and reason in ("timeout", "canceled"):
                raise GaveUp("the time limit was reached")
            raise GaveUp(f"the solver gave no answer for {self.case.step.name!r} ({reason})")
        return self.solver.model() if answer == z3.sat else None


class Houdini:
    """See the module. `alive` are the candidates not dropped so far, in order."""

    def __init__(
        self, library: Library, given: Given, steps: Iterable[Step], candidates: Sequence[Lemma], clockwork: Clockwork
    ) -> None:
        self.library, self.given, self.steps, self.clockwork = library, given, tuple(steps), clockwork
        self.logic = library.logic
        self.alive: dict[Lemma, None] = {}
        self.dropped: dict[Lemma, str] = {}  # with the step that breaks them
        self.queries = 0
        self._questions: dict[tuple[Step, tuple[ex.IndexSort, ...]], Question] = {}
        somes = {one.some: lemma for lemma in candidates for one in lemma.literals if one.some is not None}
        self._witnessed = list(somes.values())  # a lemma for each witness that may be needed
        self.all_times = z3.Bool("times", self.logic.context)
        self.times = self.logic.both([self.logic.inequality(one) for one in given.times])

    def question(self, step: Step, signature: tuple[ex.IndexSort, ...]) -> Question:
        """The solver for a step and signature."""
        key = (step, signature)
        if key not in self._questions:
            self._questions[key] = self.fresh(Case(self.library, self.given, step, signature))
        return self._questions[key]

    def fresh(self, case: Case) -> Question:
        """A solver for a case of its own."""
        solver = z3.Solver(ctx=self.logic.context)
        solver.set("timeout", self.clockwork.query)
        solver.set("random_seed", 0)
        case.close(self._witnessed)
        solver.add(self.logic.either([self.logic.negated(self.all_times), self.times]))
        return Question(case, self.clockwork, solver)

    def tell(self, question: Question, lemmas: Iterable[Lemma]) -> None:
        """Give the solver the instances of lemmas that it does not have yet."""
        new = [lemma for lemma in lemmas if lemma not in question.told]
        question.told.update(new)
        self.logic.add(question.solver, (clause for lemma in new for clause in question.case.guarded(lemma)))
        question.case.instantiate()
        if question.case.facts:
            question.solver.add(*question.case.facts)
            question.case.facts.clear()

    # --- the work

    def start(self, candidates: Sequence[Lemma]) -> list[Lemma]:
        """Those of the candidates that hold at the start."""
        kept: dict[Lemma, None] = dict.fromkeys(candidates)
        for signature in dict.fromkeys(lemma.signature for lemma in candidates):
            of_signature = [lemma for lemma in kept if lemma.signature == signature]
            question = self.question(START, signature)
            for lemma in self._broken(question, of_signature, []):
                del kept[lemma]
        return list(kept)

    def run(self, candidates: Sequence[Lemma]) -> None:
        """Add candidates, which hold at the start, and drop what is not kept. What was alive stays alive."""
        new = [lemma for lemma in candidates if lemma not in self.alive]
        self.alive |= dict.fromkeys(new)
        waiting = {(step, signature): None for step in self.steps for signature in dict.fromkeys(one.signature for one in new)}
        settled: dict[tuple[Step, tuple[ex.IndexSort, ...]], frozenset[Lemma]] = {}
        while waiting:
            key = next(iter(waiting))
            del waiting[key]
            broken, settled[key] = self._look(*key, [lemma for lemma in new if lemma in self.alive])
            for lemma in broken:
                del self.alive[lemma]
                self.dropped[lemma] = key[0].name
            waiting |= {other: None for other, used in settled.items() if not used.isdisjoint(broken)}

    def _look(self, step: Step, signature: tuple[ex.IndexSort, ...], new: Sequence[Lemma]) -> tuple[list[Lemma], frozenset[Lemma]]:
        """What the step breaks of the new lemmas of a signature, and which lemmas were used to see that it keeps the others."""
        possible = [lemma for lemma in new if lemma.signature == signature and touches(step, lemma)]
        if not possible:
            return [], frozenset()
        question = self.question(step, signature)
        threatened = [lemma for lemma in possible if question.case.threatens(lemma)]
        if not threatened:
            return [], frozenset()
        broken = self._broken(question, threatened, self.alive)
        if len(broken) == len(threatened):
            return broken, frozenset()
        names = {name.ast.value for name in question.solver.unsat_core()}
        return broken, frozenset(lemma for lemma in self.alive if self.library.selector(lemma).ast.value in names)

    def _broken(self, question: Question, lemmas: Sequence[Lemma], assumed: Iterable[Lemma]) -> list[Lemma]:
        """The lemmas that the step can break while `assumed` hold, those found broken not among them."""
        left, broken = list(lemmas), dict[Lemma, None]()
        goals = {lemma: question.case.goal(lemma) for lemma in left}
        self.tell(question, assumed)
        while left:
            self.queries += 1
            some = self.logic.either([self.logic.negated(goals[lemma]) for lemma in left])
            goal = question.ready(some)
            model = question.ask(
                [goal, self.all_times, *(self.library.selector(lemma) for lemma in assumed if lemma not in broken)]
            )
            if model is None:
                break
            found = [lemma for lemma in left if z3.is_false(model.eval(goals[lemma], model_completion=True))]
            assert found, "a model that breaks some lemma breaks none"
            broken |= dict.fromkeys(found)
            left = [lemma for lemma in left if lemma not in broken]
        return list(broken)


def ranked(candidates: Sequence[Lemma], alive: Iterable[Lemma], dropped: Iterable[Lemma]) -> list[Lemma]:
    """The candidates to look at now: no shorter clause of them all, still alive or still to be looked at, says more."""
    gone = set(dropped)
    strong = {_key(one, one.literals) for one in (*alive, *candidates) if one not in gone}
    return [one for one in candidates if one not in gone and not any(_key(one, part) in strong for part in _stronger(one))]


def _stronger(lemma: Lemma) -> Iterator[tuple[Literal | _Tight, ...]]:
    """Clauses that say more: without some of the literals, or with a smaller bound on a spread."""
    for size in range(1, len(lemma.literals)):
        yield from combinations(lemma.literals, size)
    for place, literal in enumerate(lemma.literals):
        if isinstance(literal.atom, Spread):
            bounds = literal.atom.bounds
            for size in range(len(bounds)):
                for fewer in combinations(bounds, size):
                    tight = _Tight(literal.atom.left, literal.atom.right, fewer)
                    yield (*lemma.literals[:place], tight, *lemma.literals[place + 1 :])


_Tight: TypeAlias = Spread


def _key(lemma: Lemma, literals: Iterable[Literal | _Tight]) -> tuple[tuple[ex.Param, ...], frozenset[Literal | _Tight]]:
    plain = (one.atom if isinstance(one, Literal) and isinstance(one.atom, Spread) else one for one in literals)
    return lemma.params, frozenset(plain)
