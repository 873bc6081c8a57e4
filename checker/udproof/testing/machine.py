"""A state machine for Hypothesis that drives a real controller by a model, and compares the two after each step.

    class Driver:                                    # an adapter: what the test can do to the controller, and see of it
        def do(self, action, *elements): ...         # an action of the environment happens
        def wait(self, seconds): ...                 # time passes
        def observe(self): ...                       # the variables that can be seen: {"phase": {"north": "idle"}}
        def close(self): ...

    TestController = machine(system, Driver, drives=("ask", "finish")).TestCase

Hypothesis draws the steps, the model says which of them the environment may make, and `tracking` whether the controller keeps to
it. A failure is shrunk to a short script: the steps with their times, what the controller showed, and what the model allows.

The adapter must be deterministic: the same calls must give the same observations. A controller on asyncio becomes so on a
`VirtualLoop`; one with threads needs a scheduler of its own, as any test of it does. Hypothesis notices if it is not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from typing import Any, ClassVar, Protocol

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from udproof.counterexamples.explain import duration
from udproof.language import Action, System
from udproof.testing.tracking import AdapterMistake, Departure, Model, Tracker


class Adapter(Protocol):
    """What stands between the model and a controller of yours. A new one, with a new controller, is made for each run."""

    def do(self, action: str, *elements: str) -> None:
        """Make an action of the environment happen, and let the controller take notice."""

    def wait(self, seconds: Fraction) -> None:
        """Let so much time pass for the controller, which does meanwhile what it does."""

    def observe(self) -> Mapping[str, object]:
        """What can be seen of the controller now, in the model's terms.

        For each variable that can be seen its value, or a dict from elements to values. A truth is a bool, a number an int, a
        member of an enumeration and an element their names. What is left out is not compared.
        """

    def close(self) -> None:
        """The run is over."""


class _Machine(RuleBasedStateMachine):
    """What all such machines share. `steps` counts the steps of all runs."""

    model: ClassVar[Model]
    adapter: ClassVar[Callable[[], Adapter]]
    longest: ClassVar[int]
    steps: ClassVar[int] = 0

    def __init__(self) -> None:
        super().__init__()
        self._tracker = Tracker(self.model)
        self._adapter = type(self).adapter()
        try:
            self._compare()
        except BaseException:
            self._adapter.close()
            raise

    def _do(self, action: Action, elements: tuple[str, ...]) -> None:
        self._tracker.did(action, elements)
        self._guarded(lambda: self._adapter.do(action.name, *elements))
        self._compare()

    def _wait(self, ticks: int) -> None:
        self._tracker.waited(ticks)
        self._guarded(lambda: self._adapter.wait(self._tracker.seconds(ticks)))
        self._compare()

    def _compare(self) -> None:
        type(self).steps += 1
        self._tracker.shows(self._guarded(self._adapter.observe))

    def _guarded(self, call: Callable[[], Any]) -> Any:
        """Call the adapter; if it fails, say after which steps."""
        try:
            return call()
        except Exception as error:
            error.add_note(f"The controller or its adapter failed after these steps:\n{self._tracker.script()}")
            raise

    def teardown(self) -> None:
        """The run is over."""
        self._adapter.close()


def machine(
    system: System, adapter: Callable[[], Adapter], *, drives: Iterable[str], longest_wait: Fraction | int | None = None
) -> type[RuleBasedStateMachine]:
    """A state machine that holds a controller to a concrete system.

    `adapter` makes an `Adapter` to a new controller. `drives` names the actions that are the environment's; all others are the
    controller's own. `longest_wait` is in seconds; without it, a wait goes up to the longest that any clock is compared with.

    ModelError if the system cannot be run in ticks; AdapterMistake if it has no such action, or if the longest wait is less than a
    tick, so that no time would ever pass.
    """
    model = Model(system, drives)
    tick = model.semantics.time.unit
    if longest_wait is not None and longest_wait < tick:
        raise AdapterMistake(
            f"longest_wait is {longest_wait} s, less than a tick of {system.name}: {duration(tick)}; no time would pass."
        )
    longest = model.longest if longest_wait is None else int(longest_wait / tick)
    rules: dict[str, Any] = {}
    if longest:
        rules["wait"] = _waiting(model)
    for action in model.actions:
        taken = hasattr(_Machine, action.name) or action.name in rules
        rules[f"{action.name}_" if taken else action.name] = _doing(action)
    about = f"The model {system.name} and a controller, side by side."
    body = {"__doc__": about, "model": model, "adapter": staticmethod(adapter), "longest": longest, **rules}
    return type("Controller", (_Machine,), body)


def _waiting(model: Model) -> Any:
    """The rule that time passes; in a failure it is told in seconds."""

    def wait(self: _Machine, seconds: Fraction | int) -> None:
        self._wait(int(seconds / model.semantics.time.unit))

    def lengths(self: _Machine) -> st.SearchStrategy[Fraction | int]:
        return st.integers(1, self._tracker.patience(self.longest)).map(lambda ticks: _plain(self._tracker.seconds(ticks)))

    ready = precondition(lambda self: self._tracker.patience(1) > 0)
    return ready(rule(seconds=st.runner().flatmap(lengths))(wait))


def _doing(action: Action) -> Any:
    """The rule that the environment makes an action."""

    def do(self: _Machine, of: str | tuple[str, ...]) -> None:
        self._do(action, (of,) if isinstance(of, str) else of)

    def alone(self: _Machine) -> None:
        self._do(action, ())

    choices = st.runner().flatmap(lambda self: st.sampled_from(self._tracker.possible(action)))
    do.__name__ = alone.__name__ = action.name  # a failure tells it as a call of this name
    made = rule(of=choices)(do) if action.params else rule()(alone)
    return precondition(lambda self: bool(self._tracker.possible(action)))(made)


def _plain(seconds: Fraction) -> Fraction | int:
    return int(seconds) if seconds.denominator == 1 else seconds


__all__ = ["Adapter", "Departure", "machine"]
