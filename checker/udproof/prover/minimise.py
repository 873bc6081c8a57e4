"""What of an inductive set a property needs.

From the properties backwards: a lemma that must be kept needs, at each step that may break it, what an unsatisfiable core names.
Those are needed too, and so on. A core is shortened by leaving out one after the other, assumptions about times first, since they
are what the theorem costs; and what is needed already is tried before anything new is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import z3

from udproof.language.actions import Action
from udproof.language.claims import Deadline
from udproof.prover.cases import PRESENT, START, Case, touches
from udproof.prover.houdini import Houdini, Question
from udproof.prover.lemmas import Inequality, Lemma, releasing
from udproof.prover.logic import Term
from udproof.prover.theorem import Support


@dataclass
class Needed:
    """What a proof consists of: its lemmas, each with why it is kept; what it assumes of times; what it shows, with why."""

    lemmas: dict[Lemma, list[Support]] = field(default_factory=dict)
    times: dict[Inequality, None] = field(default_factory=dict)
    shown: dict[str, list[Support]] = field(default_factory=dict)  # a property or range by name, and what it follows from


class Minimiser:
    """Looks for what is needed among the lemmas that Houdini left alive."""

    def __init__(self, houdini: Houdini) -> None:
        self._houdini, self._logic = houdini, houdini.logic
        self._choices: dict[int, Inequality] = {}
        self._names: dict[Inequality, Term] = {}
        for number, one in enumerate(houdini.given.times):
            name = self._names[one] = z3.Bool(f"time.{number}", self._logic.context)
            self._choices[name.ast.value] = one
        self._lemmas = {houdini.library.selector(lemma).ast.value: lemma for lemma in houdini.alive}
        self._order = {one: place for place, one in enumerate(houdini.given.times)}
        self._timed: set[int] = set()
        self.found = Needed()

    def show(self, lemma: Lemma, name: str) -> bool:
        """Show that a lemma follows, in every state, from those alive; what it needs is noted. False if it does not."""
        if lemma in self._houdini.alive:
            self.found.shown.setdefault(name, []).append(Support("follows", (lemma,), ()))
            self._need([lemma])
            return True
        case = Case(self._houdini.library, self._houdini.given, PRESENT, lemma.signature)
        goal = self._logic.negated(case.goal(lemma))
        return self._follows(case, goal, name)

    def holds(self, lemma: Lemma) -> bool:
        """Does the lemma follow, in every state, from those alive? Nothing is noted."""
        if lemma in self._houdini.alive:
            return True
        case = Case(self._houdini.library, self._houdini.given, PRESENT, lemma.signature)
        question = self._houdini.fresh(case)
        asked = question.ready(self._logic.negated(case.goal(lemma)))
        return self._excluded(question, asked, list(self._houdini.alive), [], self._houdini.all_times)

    def show_time_passes(self, deadlines: Sequence[Deadline], name: str) -> bool:
        """Show that no deadline is reached while nothing can happen."""
        self.found.shown.setdefault(name, [])
        for dead in deadlines:
            every = self._logic.system.actions
            if not any(self._released(dead, actions, name) for actions in (releasing(self._logic.system, dead), every)):
                return False
        return True

    def _released(self, dead: Deadline, actions: Sequence[Action], name: str) -> bool:
        """Can one of these actions happen, wherever the deadline is reached?"""
        case = Case(self._houdini.library, self._houdini.given, PRESENT, tuple(node.sort for node in dead.params))
        case.stuck(dead, actions)
        return self._follows(case, self._logic.true, name)

    def _follows(self, case: Case, goal: Term, name: str) -> bool:
        question = self._houdini.fresh(case)
        support = self._core(question, goal, case.step.name)
        if support is None:
            return False
        self.found.shown.setdefault(name, []).append(support)
        self._need(support.lemmas)
        return True

    def _need(self, lemmas: Sequence[Lemma]) -> None:
        waiting = [lemma for lemma in lemmas if lemma not in self.found.lemmas]
        self.found.lemmas |= {lemma: [] for lemma in waiting}
        while waiting:
            lemma = waiting.pop(0)
            for step in (START, *self._houdini.steps):
                if not touches(step, lemma):
                    continue
                question = self._houdini.question(step, lemma.signature)
                if not question.case.threatens(lemma):
                    continue
                support = self._core(question, self._logic.negated(question.case.goal(lemma)), step.name)
                assert support is not None, "an inductive set is not inductive"
                self.found.lemmas[lemma].append(support)
                new = [one for one in support.lemmas if one not in self.found.lemmas]
                self.found.lemmas |= {one: [] for one in new}
                waiting += new

    def _core(self, question: Question, goal: Term, step: str) -> Support | None:
        """What excludes the goal; None if nothing does."""
        houdini = self._houdini
        if id(question) not in self._timed:
            self._timed.add(id(question))
            for one, name in self._names.items():
                question.solver.add(self._logic.either([self._logic.negated(name), self._logic.inequality(one)]))
        asked = question.ready(goal)
        told = [] if question.case.step is START else list(houdini.alive)
        before = [lemma for lemma in told if lemma in self.found.lemmas]
        if not self._excluded(question, asked, before, list(self.found.times)):
            lemmas = before if self._excluded(question, asked, before, list(self._names)) else told
            if not self._roomy(question, asked, lemmas):
                return None
        core = self._short(question, asked)
        kept = tuple(self._lemmas[number] for number in core if number in self._lemmas)
        times = tuple(self._choices[number] for number in core if number in self._choices)
        self.found.times |= dict.fromkeys(times)
        return Support(step, kept, times)

    def _roomy(self, question: Question, asked: Term, lemmas: Sequence[Lemma]) -> bool:
        """Is the goal excluded? If so, the solver's core is about the fewest of those inequalities that have most room."""
        times = [*self.found.times, *(one for one in reversed(self._names) if one not in self.found.times)]
        low, high = len(self.found.times), len(times)
        if not self._excluded(question, asked, lemmas, times):
            return False
        while low < high:
            middle = (low + high) // 2
            if self._excluded(question, asked, lemmas, times[:middle]):
                high = middle
            else:
                low = middle + 1
        return self._excluded(question, asked, lemmas, times[:high])

    def _excluded(
        self, question: Question, asked: Term, lemmas: Sequence[Lemma], times: Sequence[Inequality], *further: Term
    ) -> bool:
        self._houdini.tell(question, lemmas)
        known = [self._houdini.library.selector(lemma) for lemma in lemmas] + [self._names[one] for one in times]
        return question.ask([asked, *known, *further]) is None

    def _short(self, question: Question, asked: Term) -> list[int]:
        """The last core, without what can be left out; what was needed before is the last to be tried."""
        core = [name for name in question.solver.unsat_core() if not self._logic.same(name, asked)]
        core.sort(key=lambda name: self._cost(name.ast.value))
        place = 0
        while place < len(core):
            without = [name for at, name in enumerate(core) if at != place]
            if question.ask([asked, *without]) is None:
                core = without
            else:
                place += 1
        return [name.ast.value for name in core]

    def _cost(self, number: int) -> tuple[int, int]:
        """Dear ones first: inequalities, then lemmas, each time those not needed so far first; long ones before short ones."""
        if number in self._choices:
            one = self._choices[number]
            return (0 if one not in self.found.times else 2, self._order[one])  # those with the least room first
        lemma = self._lemmas[number]
        return (1 if lemma not in self.found.lemmas else 3, -len(lemma.literals))
