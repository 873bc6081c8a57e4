"""What else could happen in each state of a run, read off the protocol's text."""

from runs import all_friends, hostile, late_watchdog

from udproof.counterexamples.beyond import MOST, choices
from udproof.counterexamples.trace import run
from udproof.language import Index, Instance, Int, System, Variable, action, require
from udproof.language.semantics import Semantics


def test_each_state_of_the_late_watchdog_offers_what_the_protocol_allows() -> None:
    found = choices(*late_watchdog(2))
    assert [[act.action for act in some.actions] for some in found] == [
        ["announce step-0", "announce step-1"],
        [],  # the notice is not over, and nobody approves
        ["start event web@step-0"],
        ["web-ud0-a begins its update: devices drain"],
        ["web-ud0-a pauses its VMs"],
        ["web-ud0-a applies the update"],
        [],  # applying takes 5 s at least
        ["the watchdog of web-ud0-a fires: it rolls back", "web-ud0-a is updated and restores its VMs"],
        [],  # so does the rollback
        ["web-ud0-a resumes its VMs on the old version"],
    ]
    assert [some.time for some in found[5:]] == [
        "Time is held by the deadline apply-begins(web-ud0-a).",
        "Time may pass for 25 s, up to the deadline watchdog-fires(web-ud0-a).",
        "Time is held by the deadline watchdog-fires(web-ud0-a).",
        "Time may pass for 10 s, up to the deadline rollback-ends(web-ud0-a).",
        "Time may pass for 5 s, up to the deadline rollback-ends(web-ud0-a).",
    ]
    assert [[act.taken for act in some.actions] for some in found][7] == [True, False]
    assert found[7].actions[1].changed == ("stage[web-ud0-a]: applying → restoring",)
    assert all(act.holds for some in found for act in some.actions), "only waiting breaks this property"


def test_an_action_that_breaks_the_property_says_so() -> None:
    first, *_ = choices(hostile("ann"), all_friends)
    assert [(act.who, act.holds, act.taken) for act in first.actions] == [
        ("ann", False, True), ("ann too", False, False), ("good", False, False),
    ]  # fmt: skip


class Lamp(Index):
    """One of many."""


lit = Variable("lit", Lamp, to=Int.between(0, 1), init=0)


@action(by="somebody")
def light(x: Lamp) -> None:
    require(lit[x] <= 0, "it is dark")
    lit[x] = 1


def test_of_very_many_the_rest_is_counted_and_the_runs_own_step_is_told() -> None:
    system = System("lamps", actions=(light,), instance=Instance({"Lamp": tuple(f"l{n}" for n in range(60))}))
    semantics = Semantics(system)
    trace = run(semantics, next(semantics.initial()), [semantics.firings[55]])
    before, after = choices(trace, None)
    assert (len(before.actions), before.more, before.actions[0].action, before.actions[0].taken) == (MOST, 20, "light(l55)", True)
    assert (len(after.actions), after.more, after.time) == (MOST, 19, "")
