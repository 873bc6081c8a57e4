"""The language: every mistake it can see gives one sentence at the user's line, and what it accepts means what it says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest
from tests.systems import known, untimed

from udproof.engines.explore import Explore
from udproof.engines.verdict import Limits
from udproof.language import (
    ANYTHING,
    Action,
    Bool,
    Clock,
    Constant,
    Duration,
    Enumeration,
    Index,
    Instance,
    Int,
    ModelError,
    Property,
    System,
    Variable,
    action,
    axiom,
    bar,
    count,
    deadline,
    definition,
    each,
    exists,
    forall,
    implies,
    invariant,
    ite,
    lanes,
    member,
    require,
)
from udproof.language.claims import TIME_CAN_PASS
from udproof.language.printing import show
from udproof.language.semantics import Firing, Semantics, State

ROOT = Path(__file__).resolve().parents[2]


class Host(Index, size=2):
    """h"""


class Vm(Index):
    """v"""


class Colour(Enumeration):
    red = member()
    blue = member()


on = Variable("on", Host, to=Bool, init=False)
both = Variable("both", Host, Host, to=Bool, init=False)
flag = Variable("flag", to=Bool, init=False)
other = Variable("other", to=Bool, init=False)
n = Variable("n", to=Int.between(0, 3), init=0)
colour = Variable("colour", to=Colour, init=Colour.red)
who = Variable("who", to=Host, init="host0")
size = Constant("size", to=Int.between(0, 3), values=lambda: 1)
running = Clock("running")
busy_for = Clock("busy_for", Host, during=lambda h: on[h])
lapse = Duration("lapse", 5)


@definition
def is_on(h: Host) -> Bool:
    return on[h]


@action
def go() -> None:
    flag.value = True


@invariant()
def fine() -> Bool:
    """True."""
    return flag.value | ~flag.value


def act(body: Callable[[], None]) -> Action:
    return action(body)


def prop(body: Callable[[], object]) -> Property:
    def claim() -> Bool:
        """x"""
        return body()  # type: ignore[return-value]

    return invariant()(claim)


def guarded(formula: Callable[[], Bool]) -> System:
    @action
    def guarded_action() -> None:
        require(formula())
        flag.value = True

    return System("guarded", (guarded_action,))


# --- every sentence of the language, provoked once


MISTAKES: dict[str, tuple[Callable[[], object], str]] = {}


def mistake(words: str) -> Callable[[Callable[[], object]], Callable[[], object]]:
    """Decorator: calling the function must raise a ModelError with these words, at a line of the function."""

    def note(function: Callable[[], object]) -> Callable[[], object]:
        assert function.__name__ not in MISTAKES
        MISTAKES[function.__name__] = (function, words)
        return function

    return note


@mistake("unbounded integer is not a sort.*Int.between")
def unbounded_integer() -> object:
    return Variable("x", to=Int, init=0)


@mistake("bare Enumeration is not a sort")
def bare_enumeration() -> object:
    return Variable("x", to=Enumeration, init=0)


@mistake("cannot be a key of a dict")
def symbolic_key() -> object:
    return {n.value: 1}


@mistake("truth of a symbolic value.*require")
def python_if() -> object:
    return 1 if flag.value else 2


@mistake("truth of a symbolic value")
def python_and() -> object:
    return flag.value and other.value


@mistake("truth of a symbolic value")
def python_not() -> object:
    return not flag.value


@mistake("truth of a symbolic value")
def chained_comparison() -> object:
    return 0 <= n.value <= 2


@mistake("truth of a symbolic value")
def python_in() -> object:
    return colour.value in (Colour.red, Colour.blue)


@mistake("cannot be iterated.*each")
def iterating_a_term() -> object:
    return list(n.value)


@mistake("on cannot be iterated.*each")
def iterating_a_variable() -> object:
    return list(on)


@mistake(r"Int.between\(3, 0\) is empty")
def empty_range() -> object:
    return Int.between(3, 0)


@mistake(r"not of whole numbers")
def range_of_floats() -> object:
    return Int.between(0, 1.5)  # type: ignore[arg-type]


@mistake("index sort Bad has size 0.*whole number from 1")
def no_elements_by_size() -> object:
    class Bad(Index, size=0):
        pass

    return Bad


@mistake("two elements of Bad are called 'a'; give each its own name")
def same_element_twice() -> object:
    class Bad(Index, elements=("a", "a")):
        pass

    return Bad


@mistake("enumeration Bad has no values.*member")
def empty_enumeration() -> object:
    class Bad(Enumeration):
        pass

    return Bad


@mistake("sort Host stands where one of sort Int 0..3 is needed")
def wrong_sort_compared() -> object:
    return n.value == who.value  # type: ignore[comparison-overlap]


@mistake("no element 'host7'; it has host0, host1")
def unknown_element() -> object:
    return on["host7"]


@mistake(r"'green' \(str\) stands where a value of sort Colour is needed")
def unknown_member() -> object:
    return colour.value == "green"


@mistake(r"True \(bool\) stands where a value of sort Int 0..3")
def truth_for_a_number() -> object:
    return n.value == True  # noqa: E712


@mistake("already computed plain True.*compare symbolic values")
def plain_truth_as_formula() -> object:
    return prop(lambda: True)


@mistake("flag is a declaration, not a value.*flag.value")
def forgotten_value_unequal() -> object:
    return prop(lambda: flag != True)  # noqa: E712


@mistake("flag is a declaration, not a value")
def forgotten_value_compared_with_a_variable() -> object:
    return prop(lambda: flag != other)


@mistake("flag is a declaration, not a value")
def forgotten_value_as_truth() -> object:
    return prop(lambda: implies(flag and other.value, other.value))


@mistake("running is a declaration, not a value")
def clock_as_truth() -> object:
    return prop(lambda: running and flag.value)


@mistake("is_on is a declaration, not a value.*calling it")
def definition_as_truth() -> object:
    return prop(lambda: not is_on)


@mistake("lapse is a duration: a clock is compared with it")
def duration_compared() -> object:
    return lapse == 5


@mistake("running is read as a truth value; compare it with a duration")
def reading_as_truth() -> object:
    return prop(lambda: flag.value if running.value else other.value)


@mistake("condition takes 2 argument.*1 are needed")
def quantifier_with_two_arguments() -> object:
    return forall(Host, lambda a, b: on[a])  # type: ignore[misc, arg-type]


@mistake("premise must take exactly 0 argument")
def premise_with_other_arguments() -> object:
    def claim() -> Bool:
        """x"""
        return flag.value

    return invariant(premise=lambda h: on[h])(claim)


@mistake("sentence must take exactly 0 argument")
def sentence_with_other_arguments() -> object:
    def body() -> None:
        flag.value = True

    return action(says=lambda h: f"{h} goes")(body)


@mistake("condition of deadline 'd' takes 0 argument.*1 are needed")
def deadline_condition_with_too_few() -> object:
    return deadline("d", Host, during=lambda: on["host0"], limit=lambda h: busy_for[h] <= 3)


@mistake("limit of deadline 'd' must take exactly 1")
def deadline_limit_with_too_few() -> object:
    return deadline("d", Host, during=lambda h: on[h], limit=lambda: busy_for["host0"] <= 3)


@mistake("parameter h of body has no annotation; annotate it with an index sort")
def parameter_without_annotation() -> object:
    def body(h) -> None:  # type: ignore[no-untyped-def]
        on[h] = True

    return action(body)


@mistake("parameter h of body is annotated with <class 'int'>")
def parameter_of_another_class() -> object:
    def body(h: int) -> None:
        flag.value = True

    return action(body)


@mistake("'Hots' is not defined; annotate each parameter")
def misspelt_annotation() -> object:
    def body(h: Hots) -> None:  # type: ignore[name-defined] # noqa: F821
        flag.value = True

    return action(body)


@mistake("only an index sort can be ranged over, and Colour is not one")
def ranging_over_an_enumeration() -> object:
    return forall(Colour, lambda c: colour.value == c)


@mistake("cannot tell the sort of a and b")
def choice_between_plain_values() -> object:
    return ite(flag.value, 1, 2)


@mistake("has no text yet; only the sentences")
def text_of_a_value() -> object:
    return f"{n.value}"


@mistake("is not a time; give a number of seconds")
def time_as_text() -> object:
    return Duration("d", "5s")


@mistake("is not a time")
def time_as_truth() -> object:
    return running.value <= True


@mistake("-1 seconds is negative")
def negative_time() -> object:
    return running.value >= -1


@mistake("'two words' cannot name a declaration")
def bad_name() -> object:
    return Variable("two words", to=Bool, init=False)


@mistake("'class' cannot name a declaration")
def reserved_name() -> object:
    return Clock("class")


@mistake("arguments of x must be index sorts")
def domain_of_another_class() -> object:
    return Constant("x", Colour, to=Bool)  # type: ignore[arg-type]


@mistake(r"on was given 0 argument\(s\); it takes 1 \(Host\)")
def missing_argument() -> object:
    return on.value


@mistake(r"flag was given 1 argument\(s\); it takes 0 \(none: read it as .value\)")
def needless_argument() -> object:
    return flag["host0"]


@mistake("initial value of x is 7..7, outside its range 0..3")
def initial_value_out_of_range() -> object:
    return Variable("x", to=Int.between(0, 3), init=7)


@mistake("initial value of x reads a variable")
def initial_value_from_a_variable() -> object:
    return Variable("x", to=Int.between(0, 3), init=lambda: n.value)


@mistake("a value of x takes 1 argument.*0 are needed")
def initial_value_with_other_arguments() -> object:
    return Variable("x", to=Bool, init=lambda h: True)


@mistake("two clocks cannot be compared")
def two_clocks() -> object:
    return running.value <= busy_for["host0"]


@mistake("clock running can only be set to 0")
def clock_set_to_five() -> object:
    def body() -> None:
        running.value = 5

    return act(body)


@mistake("definition body returned True, which is not a symbolic value")
def definition_of_a_plain_value() -> object:
    def body() -> Bool:
        return True  # type: ignore[return-value]

    return definition(body)


@mistake(r"require\(...\) belongs inside a function decorated with @action")
def require_outside() -> object:
    return require(flag.value)


@mistake("an assignment to flag belongs inside")
def assignment_outside() -> object:
    flag.value = True
    return None


@mistake(r"each\(...\) belongs inside")
def each_outside() -> object:
    return list(each(Host))


@mistake("stands inside an each loop; write forall")
def require_inside_each() -> object:
    def body() -> None:
        for h in each(Host):
            require(on[h])
            on[h] = False

    return act(body)


@mistake("action body updates on twice")
def twice() -> object:
    def body() -> None:
        on["host0"] = True
        on["host1"] = True

    return act(body)


@mistake("updates on inside each loops, but not at exactly the elements")
def each_without_its_element() -> object:
    def body() -> None:
        for _ in each(Host):
            on["host0"] = True

    return act(body)


@mistake("not at exactly the elements of those loops")
def each_element_twice() -> object:
    def body() -> None:
        for h in each(Host):
            both[h, h] = True

    return act(body)


@mistake("at an index computed from a loop variable")
def each_at_a_computed_index() -> object:
    following = Constant("following", Host, to=Host, values=lambda h: 1 - h)

    def body() -> None:
        for h in each(Host):
            both[h, following[h]] = True

    return act(body)


@mistake(r"action body sets n to 4..4, outside its range 0..3")
def value_never_in_range() -> object:
    def body() -> None:
        n.value = 4

    return act(body)


@mistake("leaves an each loop by break or return")
def each_with_break() -> object:
    def body() -> None:
        for h in each(Host):
            on[h] = True
            break

    return act(body)


@mistake("action body returns a formula")
def action_that_returns() -> object:
    def body() -> Bool:
        flag.value = True
        return flag.value

    return action(body)  # type: ignore[call-overload]


@mistake("action body updates nothing")
def action_without_update() -> object:
    def body() -> None:
        require(flag.value)

    return act(body)


@mistake("property claim has no docstring")
def property_without_statement() -> object:
    def claim() -> Bool:
        return flag.value

    return invariant()(claim)


@mistake("time-can-pass is the name of the check")
def name_of_the_built_in_check() -> object:
    def claim() -> Bool:
        """x"""
        return flag.value

    return invariant(name="time-can-pass")(claim)


@mistake(r"must be of the form clock\[...\] <= duration")
def strict_deadline() -> object:
    return deadline("d", during=lambda: flag.value, limit=lambda: running.value < 3)


@mistake("system empty has no action")
def system_without_action() -> object:
    return System("empty", ())


@mistake("two actions are called 'go'")
def two_actions_of_one_name() -> object:
    return System("s", (go, go))


@mistake("two properties are called 'fine'")
def two_properties_of_one_name() -> object:
    return System("s", (go,), (fine, fine))


@mistake("two deadlines are called 'd'")
def two_deadlines_of_one_name() -> object:
    d = deadline("d", during=lambda: flag.value, limit=lambda: running.value <= 3)
    return System("s", (go,), (), (d, d))


@mistake("two declarations are called 'flag'")
def two_variables_of_one_name() -> object:
    twin = Variable("flag", to=Bool, init=True)
    return guarded(lambda: twin.value & flag.value)


def _namesake() -> type[Index]:
    class Host(Index, size=3):
        pass

    return Host


@mistake("two declarations are called 'Host'")
def two_sorts_of_one_name() -> object:
    namesake = _namesake()
    up = Variable("up", namesake, to=Bool, init=False)
    return guarded(lambda: forall(namesake, lambda x: up[x]) & on["host0"])


@mistake("two declarations are called 'Colour'")
def a_variable_called_like_an_enumeration() -> object:
    variable = Variable("Colour", to=Bool, init=False)
    return guarded(lambda: variable.value & (colour.value == Colour.red))


@mistake("guard of action body uses x outside the loop")
def loop_variable_after_its_loop() -> object:
    def body() -> None:
        for x in each(Host):
            on[x] = True
        require(~on[x])

    return System("s", (act(body),))


@mistake("property claim uses h outside")
def stolen_parameter() -> object:
    stolen: list[Host] = []

    def body(h: Host) -> None:
        stolen.append(h)
        on[h] = True

    return System("s", (action(body),), (prop(lambda: on[stolen[0]]),))


@mistake("gives values for sise, which the system does not declare, and none for size; is a name misspelt")
def misspelt_constant() -> object:
    return guarded(lambda: n.value <= size.value).at(Instance(constants={"sise": {(): 2}}))


@mistake("gives seconds for laps, which the system does not declare, and none for lapse")
def misspelt_duration() -> object:
    return guarded(lambda: running.value >= lapse).at(Instance(durations={"laps": Fraction(2)}))


@mistake("index sort Host is empty")
def sort_without_elements() -> object:
    return guarded(lambda: exists(Host, lambda h: on[h])).at(Instance(elements={"Host": ()}))


@mistake("two elements of Host are called 'a'")
def same_name_twice() -> object:
    return guarded(lambda: exists(Host, lambda h: on[h])).at(Instance(elements={"Host": ("a", "a")}))


@mistake("gives constant eligible no value at position")
def table_with_a_gap() -> object:
    eligible = Constant("eligible", Host, to=Bool)
    return guarded(lambda: eligible[who.value]).at(Instance(constants={"eligible": {(0,): 1}}))


@mistake("gives constant size the value 9 at .*, outside Int 0..3")
def table_out_of_range() -> object:
    return guarded(lambda: n.value <= size.value).at(Instance(constants={"size": {(): 9}}))


@mistake("constant k is given 7, which is no value of sort Host")
def computed_value_out_of_range() -> object:
    k = Constant("k", to=Host, values=lambda: 7)
    return guarded(lambda: on[k.value])


@mistake("-2.* seconds is negative")
def negative_seconds_in_an_instance() -> object:
    return guarded(lambda: running.value >= lapse).at(Instance(durations={"lapse": Fraction(-2)}))


@mistake(r"breaks axiom one_or_more|breaks axiom one-or-more \(size is at least 2\)")
def broken_axiom() -> object:
    def one_or_more() -> Bool:
        """size is at least 2"""
        return size.value >= 2

    return System("s", (go,), axioms=(axiom(one_or_more),))


@mistake("variable flag is read where only constants are known")
def axiom_about_a_variable() -> object:
    def rule() -> Bool:
        """x"""
        return flag.value

    return System("s", (go,), axioms=(axiom(rule),))


@mistake("clock running is read where only constants are known")
def axiom_about_a_clock() -> object:
    def rule() -> Bool:
        """x"""
        return running.value >= 3

    return System("s", (go,), axioms=(axiom(rule),))


@mistake("cannot be run, since nothing gives the elements of sort Vm")
def running_without_elements() -> object:
    up = Variable("up", Vm, to=Bool, init=False)
    return Semantics(guarded(lambda: forall(Vm, lambda v: up[v])))


@mistake("sort Vm has no element 'a'; it has b, c")
def element_unknown_to_the_instance() -> object:
    up = Variable("up", Vm, to=Bool, init=False)
    system = guarded(lambda: up["a"]).at(Instance(elements={"Vm": ("b", "c")}))
    return Explore().verify(system, (TIME_CAN_PASS,), Limits())


@mistake("initial value of x is 3, outside its range Int 0..2")
def initial_value_from_a_constant_out_of_range() -> object:
    k = Constant("k", to=Int.between(0, 3), values=lambda: 3)
    x = Variable("x", to=Int.between(0, 2), init=lambda: k.value)
    return list(Semantics(guarded(lambda: x.value >= 0)).initial())


@mistake("clock second runs while running.value >= 3 s, which reads a clock")
def clock_that_runs_by_a_clock() -> object:
    second = Clock("second", during=lambda: running.value >= 3)
    return Semantics(guarded(lambda: second.value >= 1))


@mistake("compares a clock strictly; .* write <= or >=")
def strict_guard() -> object:
    return Semantics(guarded(lambda: running.value < 3))


@mistake("compares a clock strictly")
def strict_guard_by_negation() -> object:
    return Semantics(guarded(lambda: ~(running.value >= 3)))


@mistake("compares a clock strictly")
def strict_guard_in_a_definition() -> object:
    @definition
    def early() -> Bool:
        return running.value <= 3

    return Semantics(guarded(lambda: ~early()))


@mistake("compares a clock strictly")
def strict_guard_in_an_argument() -> object:
    def hidden() -> Bool:
        between = (running.value > 0) & (running.value < 1)
        return is_on(ite(between, who.value, "host1"))

    return Semantics(guarded(hidden))


@mistake("compares a clock strictly")
def strict_guard_in_the_argument_of_a_clock() -> object:
    def hidden() -> Bool:
        return busy_for[ite((running.value > 3) & (running.value < 4), who.value, "host1")] >= 1

    return Semantics(guarded(hidden))


@mistake("action body computes flag from a clock")
def update_from_a_clock() -> object:
    def body() -> None:
        flag.value = running.value >= 3

    return Semantics(System("s", (act(body),)))


@mistake("action body computes on from a clock")
def index_from_a_clock() -> object:
    def body() -> None:
        on[ite(running.value >= 3, who.value, "host1")] = True

    return Semantics(System("s", (act(body),)))


@mistake("deadline d is switched on by a clock")
def deadline_by_a_clock() -> object:
    d = deadline("d", during=lambda: running.value >= 1, limit=lambda: running.value <= 3)
    return Semantics(System("s", (go,), (), (d,)))


@mistake("deadline d is switched on by a clock")
def deadline_of_a_clock_chosen_by_a_clock() -> object:
    d = deadline("d", during=lambda: flag.value, limit=lambda: busy_for[ite(running.value >= 3, who.value, "host1")] <= 1)
    return Semantics(System("s", (go,), (), (d,)))


@mistake("property claim: the states in which it is false hold more than one strict comparison")
def two_strict_comparisons() -> object:
    return Semantics(System("s", (go,), (prop(lambda: (running.value <= 3) | (busy_for["host0"] <= 3)),)))


@mistake("is false hold more than one strict")
def strict_comparisons_of_every_element() -> object:
    return Semantics(System("s", (go,), (prop(lambda: exists(Host, lambda h: busy_for[h] <= 3)),)))


@mistake("is not vacuous hold more than one strict")
def premise_with_two_strict_comparisons() -> object:
    def claim() -> Bool:
        """x"""
        return flag.value

    premised = invariant(premise=lambda: (running.value > 3) & (busy_for["host0"] < 3))(claim)
    return Semantics(System("s", (go,), (premised,)))


@mistake("a bar of the picture is drawn by a clock")
def bar_by_a_clock() -> object:
    picture = lanes(Host, bars=[bar("late", "late", lambda h: busy_for[h] >= 3)])
    return Semantics(System("s", (go,), picture=picture))


@pytest.mark.parametrize("name", MISTAKES)
def test_every_mistake_gives_one_sentence_at_its_line(name: str) -> None:
    function, words = MISTAKES[name]
    with pytest.raises(ModelError) as caught:
        function()
    error = caught.value
    assert re.search(words, error.sentence), error.sentence
    assert "\n" not in error.sentence
    assert error.sentence.endswith((".", "?"))
    assert error.location is not None
    assert error.location.file == __file__, error.location
    assert str(error) == f"{__file__}:{error.location.line}: {error.sentence}"


# Those whose line is of the mistaken function itself (others are found when a system made elsewhere in this file is checked).
_IN_THE_HELPERS = {name for name, (function, _) in MISTAKES.items() if "guarded" in function.__code__.co_names}
_IN_THE_HELPERS |= {"hidden", *(name for name, (function, _) in MISTAKES.items() if "prop" in function.__code__.co_names)}


@pytest.mark.parametrize("name", sorted(MISTAKES.keys() - _IN_THE_HELPERS))
def test_the_line_is_that_of_the_mistake(name: str) -> None:
    function, _ = MISTAKES[name]
    with pytest.raises(ModelError) as caught:
        function()
    assert caught.value.location is not None
    last = max(line for code in _codes(function.__code__) for *_, line in code.co_lines() if line)
    assert function.__code__.co_firstlineno <= caught.value.location.line <= last


def _codes(code):  # type: ignore[no-untyped-def]
    yield code
    for const in code.co_consts:
        if hasattr(const, "co_lines"):
            yield from _codes(const)


def test_an_integer_out_of_range_names_action_and_variable() -> None:
    def body() -> None:
        n.value = n.value + 1

    system = System("s", (act(body),), (fine,))
    semantics = Semantics(system)
    with pytest.raises(ModelError, match=r"action body sets n to 4, outside its range Int 0\.\.3"):
        state = next(semantics.initial())
        for _ in range(4):
            state = semantics.fire(state, semantics.firings[0])
    with pytest.raises(ModelError, match=r"action body sets n to 4, outside its range Int 0\.\.3"):
        Explore().verify(system, (fine,), Limits())


# --- known gaps, kept so that they are not lost


def test_elements_for_a_misspelt_sort_are_refused() -> None:
    with pytest.raises(ModelError):
        guarded(lambda: exists(Host, lambda h: on[h])).at(Instance(elements={"host": ("a", "b", "c")}))


def test_a_constant_without_arguments_needs_a_value_too() -> None:
    with pytest.raises(ModelError):
        guarded(lambda: n.value <= size.value).at(Instance(constants={"size": {}}))


def test_a_parameter_stolen_by_a_definition_is_told() -> None:
    def body(h: Host) -> None:
        @definition
        def stolen() -> Bool:
            return on[h]

        require(~stolen())
        on[h] = True

    with pytest.raises(ModelError):
        Explore().verify(System("s", (action(body),), (fine,)), (fine,), Limits())


def test_a_sort_may_occur_only_in_a_definition() -> None:
    class Lone(Index, size=2):
        pass

    @definition
    def steady(x: Lone) -> Bool:
        return flag.value | ~flag.value

    @invariant()
    def claim() -> Bool:
        """x"""
        return steady("lone0")

    result = Explore().verify(System("s", (go,), (claim,)), (claim,), Limits())
    assert result.verdicts[0].outcome.value == "proved"


@pytest.mark.parametrize("time", [float("nan"), float("inf")])
def test_no_time_is_infinite(time: float) -> None:
    with pytest.raises(ModelError):
        Duration("d", time)


def test_a_default_may_wait_for_the_elements() -> None:
    first = Constant("first", to=Vm, values=lambda: 0)
    up = Variable("up", Vm, to=Bool, init=False)
    assert guarded(lambda: up[first.value]).missing == ("elements of sort Vm",)


def test_a_definition_may_stand_where_a_condition_is_wanted() -> None:
    assert show(forall(Host, is_on).node, {}) == "(all h: Host . is_on(h))"


def test_a_definition_of_other_arguments_is_told_at_its_line() -> None:
    with pytest.raises(ModelError, match="a value of sort Vm stands where one of sort Host is needed") as caught:
        forall(Vm, is_on)
    assert caught.value.location is not None
    assert caught.value.location.file == __file__


def test_an_action_can_be_declared_under_a_tracer() -> None:
    def tracer(frame, event, arg):  # type: ignore[no-untyped-def]
        frame.f_locals  # noqa: B018 - what a debugger does
        return tracer

    def body(h: Host) -> None:
        on[h] = True

    before = sys.gettrace()
    sys.settrace(tracer)
    try:
        action(body)
    finally:
        sys.settrace(before)


# --- what operators mean


def truth_at(formula: Callable[[], Bool], values: dict[str, int]) -> bool:
    """The truth of a formula in the state that gives the variables these codes."""
    system = System("s", (go,), (prop(formula), fine))
    semantics = Semantics(system)
    state = list(next(semantics.initial()))
    for place, slot in enumerate(semantics.layout.slots):
        if not slot.args:
            state[place] = values.get(slot.symbol.name, state[place])
        else:
            state[place] = values.get(f"{slot.symbol.name}{slot.args[0]}", state[place])
    return semantics.breaking(system.properties[0], tuple(state)) is None


@pytest.mark.parametrize("a", [False, True])
@pytest.mark.parametrize("b", [False, True])
def test_truth_operators(a: bool, b: bool) -> None:
    values = {"flag": int(a), "other": int(b)}
    f, g = flag.value, other.value
    assert truth_at(lambda: f & g, values) == (a and b)
    assert truth_at(lambda: f | g, values) == (a or b)
    assert truth_at(lambda: f ^ g, values) == (a != b)
    assert truth_at(lambda: ~f & (g | ~g), values) == (not a)
    assert truth_at(lambda: f == g, values) == (a == b)
    assert truth_at(lambda: f != g, values) == (a != b)
    assert truth_at(lambda: implies(f, g), values) == (not a or b)
    assert truth_at(lambda: ite(f, g, ~g), values) == (b if a else not b)
    assert truth_at(lambda: True & f, values) == a
    assert truth_at(lambda: False | f, values) == a
    assert truth_at(lambda: f ^ True, values) == (not a)


@pytest.mark.parametrize("value", range(4))
@pytest.mark.parametrize("bound", range(-1, 5))
def test_integer_operators(value: int, bound: int) -> None:
    values = {"n": value}
    x = n.value
    assert truth_at(lambda: x <= bound, values) == (value <= bound)
    assert truth_at(lambda: x < bound, values) == (value < bound)
    assert truth_at(lambda: x >= bound, values) == (value >= bound)
    assert truth_at(lambda: x > bound, values) == (value > bound)
    assert truth_at(lambda: x == bound, values) == (value == bound)
    assert truth_at(lambda: x != bound, values) == (value != bound)
    assert truth_at(lambda: bound - x == x + 1, values) == (bound - value == value + 1)
    assert truth_at(lambda: bound + x <= 2 - x, values) == (bound + value <= 2 - value)
    assert truth_at(lambda: x.among(1, bound), values) == (value in (1, bound))
    assert truth_at(lambda: ite(x >= 2, x - 2, x) <= 0, values) == (value in (0, 2))


@pytest.mark.parametrize("up", [(0, 0), (0, 1), (1, 0), (1, 1)])
def test_quantifiers_and_count(up: tuple[int, int]) -> None:
    values = {"on0": up[0], "on1": up[1], "who": 1}
    assert truth_at(lambda: forall(Host, lambda h: on[h]), values) == all(up)
    assert truth_at(lambda: exists(Host, lambda h: on[h]), values) == any(up)
    assert truth_at(lambda: count(Host, lambda h: on[h]) == 1, values) == (sum(up) == 1)
    assert truth_at(lambda: on[who.value], values) == bool(up[1])
    assert truth_at(lambda: exists(Host, lambda h: (h != who.value) & on[h]), values) == bool(up[0])
    assert truth_at(lambda: forall(Host, lambda h: exists(Host, lambda g: (g != h) & on[g])), values) == all(up)


def test_the_same_name_in_nested_quantifiers_means_the_inner_one() -> None:
    values = {"on0": 1, "on1": 0}
    assert truth_at(lambda: exists(Host, lambda h: on[h] & exists(Host, lambda h: ~on[h])), values)
    assert not truth_at(lambda: forall(Host, lambda h: exists(Host, lambda h: on[h]) & on[h]), values)


def test_a_definition_may_shadow_a_callers_names() -> None:
    @definition
    def other_is_on(h: Host) -> Bool:
        return exists(Host, lambda x: (x != h) & on[x])

    values = {"on0": 1, "on1": 0}
    assert not truth_at(lambda: forall(Host, lambda x: other_is_on(x)), values)
    assert truth_at(lambda: exists(Host, lambda x: other_is_on(x) & ~on[x]), values)


# --- updates


def after(body: Callable[..., None], values: dict[str, int], args: tuple[int, ...] = ()) -> dict[str, int]:
    """The variables after the action, from the state with these."""
    system = System("s", (action(body),), (fine,))
    semantics = Semantics(system)
    names = [f"{slot.symbol.name}{''.join(map(str, slot.args))}" for slot in semantics.layout.slots]
    state: State = tuple(values.get(name, old) for name, old in zip(names, next(semantics.initial()), strict=True))
    return dict(zip(names, semantics.fire(state, Firing(system.actions[0], args)), strict=True))


def test_updates_happen_at_once() -> None:
    def swap() -> None:
        flag.value = other.value
        other.value = flag.value

    assert after(swap, {"flag": 1, "other": 0}) == {"flag": 0, "other": 1}


def test_the_order_of_lines_means_nothing() -> None:
    def one() -> None:
        n.value = ite(flag.value, 1, n.value)
        flag.value = ~flag.value

    def two() -> None:
        flag.value = ~flag.value
        n.value = ite(flag.value, 1, n.value)

    for start in ({"flag": 0, "n": 0}, {"flag": 1, "n": 3}):
        assert after(one, start) == after(two, start)


def test_each_with_a_condition_changes_only_those() -> None:
    def body(h: Host) -> None:
        for x in each(Host, lambda x: x != h):
            on[x] = True

    assert after(body, {"on0": 0, "on1": 0}, (0,)) == {"flag": 0, "on0": 0, "on1": 1}
    assert after(body, {"on0": 0, "on1": 0}, (1,)) == {"flag": 0, "on0": 1, "on1": 0}


def test_each_reads_the_state_before() -> None:
    def exchange() -> None:
        for x in each(Host):
            on[x] = exists(Host, lambda y: (y != x) & on[y])  # noqa: B023 - called at once

    assert after(exchange, {"on0": 1, "on1": 0})["on0"] == 0
    assert after(exchange, {"on0": 1, "on1": 0})["on1"] == 1


def test_nested_each_ranges_over_pairs() -> None:
    def body() -> None:
        for a in each(Host):
            for b in each(Host, lambda b: a != b):  # noqa: B023 - called at once
                both[a, b] = True

    assert after(body, {}) == {"flag": 0, "both00": 0, "both01": 1, "both10": 1, "both11": 0}


def test_an_index_may_be_the_value_of_a_variable() -> None:
    def body() -> None:
        on[who.value] = True
        who.value = ite(who.value == "host0", "host1", who.value)

    assert after(body, {"who": 0}) == {"flag": 0, "on0": 1, "on1": 0, "who": 1}
    assert after(body, {"who": 1}) == {"flag": 0, "on0": 0, "on1": 1, "who": 1}


def test_a_list_of_each_is_no_loop() -> None:
    def body() -> None:
        for x in list(each(Host)):
            on[x] = True

    with pytest.raises(ModelError, match="outside the loop"):
        System("s", (action(body),))


# --- declarations


def test_anything_is_every_value() -> None:
    free = Variable("free", Host, to=Colour, init=ANYTHING)

    def body() -> None:
        free["host0"] = Colour.red

    assert len(list(Semantics(System("s", (action(body),))).initial())) == 4


def test_initial_values_may_be_computed_from_constants() -> None:
    level = Constant("level", Host, to=Int.between(0, 3), values=lambda h: 2 * h)
    tall = Variable("tall", Host, to=Bool, init=lambda h: level[h] >= 1)

    def body(h: Host) -> None:
        tall[h] = True

    assert list(Semantics(System("s", (action(body),))).initial()) == [(0, 1)]


def test_an_instance_gives_other_elements_than_the_declaration() -> None:
    system = untimed.lamps(3, 1)
    larger = system.at(Instance(elements={"Lamp": ("a", "b", "c", "d", "e")}))
    assert Explore().verify(larger, larger.checks, Limits()).figures.states == 6
    assert larger.hash != system.hash


def test_a_system_is_not_changed_by_at() -> None:
    system = untimed.lamps(3, 1)
    before = system.hash
    system.at(Instance(elements={"Lamp": ("a",)}))
    assert system.hash == before


# --- the hash


def test_the_hash_does_not_depend_on_how_python_hashes() -> None:
    script = (
        f"import sys; sys.path[:0] = [{str(ROOT)!r}]\n"
        "from tests.systems import KNOWN\n"
        "print([entry.build().hash for entry in KNOWN])"
    )
    path = os.pathsep.join(str(ROOT / part) for part in ("model", "properties", "counterexamples", "checker"))
    answers = {
        subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": path},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1")
    }
    assert answers == {f"{[known(name).build().hash for name in _names()]}\n"}


def _names() -> list[str]:
    from tests.systems import KNOWN

    return [entry.name for entry in KNOWN]


def test_systems_that_differ_have_different_hashes() -> None:
    hashes = [known(name).build().hash for name in _names()]
    assert len(set(hashes)) == len(hashes)


def test_sixteen_digits() -> None:
    assert re.fullmatch(r"[0-9a-f]{16}", untimed.peterson().hash)


class Side(Index, elements=("left", "right")):
    pass


at = Variable("at", to=Side, init="left")
left = Variable("left", to=Side, init="right")


def variants() -> list[System]:
    """Systems that look alike and differ in one thing each."""

    def hit(formula: Callable[[], Bool], *, init: bool = False, attempts: int = 1, **more: object) -> System:
        bad = Variable("bad", to=Bool, init=init)
        k = Constant("k", to=Int.between(0, 3), values=lambda: attempts)

        @action
        def move() -> None:
            at.value = left.value

        @action
        def hit() -> None:
            require(formula())
            require(n.value <= k.value)
            bad.value = True

        return System("s", (move, hit), **more)  # type: ignore[arg-type]

    base = [
        lambda: at.value == "left",
        lambda: at.value == left.value,
        lambda: at.value != "left",
        lambda: flag.value & (other.value | flag.value),
        lambda: (flag.value & other.value) | flag.value,
        lambda: implies(flag.value, other.value),
        lambda: implies(other.value, flag.value),
        lambda: implies(implies(flag.value, other.value), flag.value),
        lambda: implies(flag.value, implies(other.value, flag.value)),
        lambda: ~(flag.value == other.value),
        lambda: (~flag.value) == (other.value & flag.value),
        lambda: n.value - (n.value - 1) <= 2,
        lambda: n.value - n.value - 1 <= 2,
        lambda: n.value + 1 <= 2,
        lambda: running.value <= 3,
        lambda: running.value >= 3,
        lambda: running.value >= Fraction(31, 10),
        lambda: running.value >= Fraction(1, 3),
        lambda: running.value >= lapse,
        lambda: forall(Host, lambda h: exists(Host, lambda g: both[h, g])),
        lambda: forall(Host, lambda h: exists(Host, lambda g: both[g, h])),
        lambda: exists(Host, lambda h: forall(Host, lambda g: both[h, g])),
        lambda: exists(Host, lambda h: on[h] & exists(Host, lambda h: on[h])),
        lambda: count(Host, lambda h: on[h]) <= 1,
        lambda: ite(flag.value, other.value, flag.value),
        lambda: colour.value == Colour.red,
        lambda: colour.value == Colour.blue,
    ]
    systems = [hit(formula) for formula in base]
    systems += [
        hit(base[0], init=True),
        hit(base[0], attempts=2),
        hit(base[0], assumptions=("x",)),
        hit(base[0], properties=(fine,)),
    ]
    systems.append(hit(base[0]).at(Instance(notes=("a note",))))
    systems.append(hit(base[18]).at(Instance(durations={"lapse": Fraction(6)})))
    return systems


def test_two_systems_that_differ_never_share_a_hash() -> None:
    texts = [system.text for system in variants()]
    assert len(set(texts)) == len(texts)
    assert len({system.hash for system in variants()}) == len(texts)


def test_the_same_declarations_made_twice_have_the_same_hash() -> None:
    assert [system.hash for system in variants()] == [system.hash for system in variants()]


def test_a_parameter_is_not_a_variable_of_that_name() -> None:
    h = Variable("h", to=Side, init="right")
    bad = Variable("bad", to=Bool, init=False)

    def with_parameter(h: Side) -> None:
        require(at.value == h)
        bad.value = True

    def with_variable(x: Side) -> None:
        require(at.value == h.value)
        bad.value = True

    hashes = set()
    for body in (with_parameter, with_variable):
        body.__name__ = "hit"
        hashes.add(System("s", (action(body),)).hash)
    assert len(hashes) == 2


def test_a_line_break_in_a_sentence_changes_no_meaning() -> None:
    def system(told: str, guarded: bool) -> System:
        def body() -> None:
            if guarded:
                require(other.value)
            flag.value = True

        def lift() -> None:
            other.value = True

        body.__name__ = "hit"
        return System("s", (action(lift), action(says=lambda: told)(body)))

    assert system("go\n  when other.value", guarded=False).hash != system("go", guarded=True).hash


def test_large_times_are_written_exactly() -> None:
    hashes = {guarded(lambda tenths=tenths: running.value >= Fraction(tenths, 10)).hash for tenths in (10**17 + 1, 10**17 + 2)}
    assert len(hashes) == 2
