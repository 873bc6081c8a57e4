"""That time can pass, by ways out at each deadline: which are found, where they suffice, and that no timelock is proved away."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest
from tests.contract import _due_at_a_computed_clock, _due_at_another_clock, _overdue
from tests.systems import known
from tests.systems.results import shipped

from udproof.engines.abstraction import Abstraction
from udproof.engines.algebra import At, at_most, equal, negate
from udproof.engines.instantiate import Instantiation
from udproof.engines.limits import Watch
from udproof.engines.pointwise import AnyState
from udproof.engines.refinement import LARGE, Refinement
from udproof.engines.timelock import Timelocks, told
from udproof.engines.verdict import Limits, Outcome, Verdict
from udproof.engines.zones import Zones
from udproof.language import Bool, Clock, Index, Int, System, Variable, action, deadline, invariant, require
from udproof.language.claims import TIME_CAN_PASS
from udproof.language.mutation import without_action
from udproof.language.semantics import Semantics
from udproof.properties import of
from udproof.protocol.assembly import protocol
from udproof.protocol.fleet_file import read_fleet
from udproof.protocol.host import resume

EVERYTHING = Path(__file__).parents[2] / "docs" / "examples" / "everything.toml"


def blind(system: System) -> Verdict:
    """What abstractions alone say."""
    [verdict] = Abstraction(look=0).verify(system, (TIME_CAN_PASS,), Limits(seconds=60)).verdicts
    return verdict


def ways(found: Timelocks) -> dict[str, list[str]]:
    return {one.deadline.name: [way.action.name for way in one.ways] for one in found.deadlines}


# --- with every part of the protocol


def test_with_every_part_and_each_fault_once_time_can_pass() -> None:
    """Each deadline is the latest moment of an action of its own, which asks for no more than the deadline does."""
    system = protocol(fleet := read_fleet(EVERYTHING), of(fleet))
    found = Timelocks(Refinement(Semantics(system), Watch(Limits())))
    found.decide(LARGE)
    assert found.shown
    assert found.refinement.searches == 0  # any state there could be will do
    assert ways(found) == {
        "quiescing-ends": ["freeze"],
        "apply-begins": ["apply"],
        "applying-ends": ["restore"],
        "watchdog-fires": ["restore"],  # applying and the watchdog take 5 s each here, so it could as well be roll_back
        "restoring-ends": ["resume"],
        "rollback-ends": ["resume_old"],
        "clock-is-set": ["synchronise"],
        "hang-is-found-out": ["find_out"],
        "agent-reads": ["read"],
        "preparation-ends": ["prepare"],
        "copy-is-refreshed": ["refresh"],
        "switch-over-ends": ["arrive"],
    }
    assert told(found).startswith("an action ends each deadline in any state there could be: quiescing-ends by freeze, apply-be")


def test_of_a_small_fleet_too_and_the_verdict_names_what_ends_each_deadline() -> None:
    verdict = blind(shipped("lone-vm"))
    assert verdict.outcome is Outcome.PROVED
    assert verdict.reason.startswith("an action ends each deadline in any state there could be: quiescing-ends by freeze, apply-be")
    assert verdict.witness is not None  # its premise is always true
    assert verdict.witness.steps == ()


def test_a_protocol_in_which_a_pause_cannot_end_is_not_proved() -> None:
    """Nobody resumes, so the time of restoring runs out. The run is one of the system, and replays."""
    system = without_action(resume)(shipped("lone-vm"))
    verdict = blind(system)
    assert verdict.outcome is Outcome.VIOLATED
    assert verdict.trace is not None
    semantics = Semantics(system)
    assert verdict.trace.system == system
    assert semantics.stuck(verdict.trace.last)
    assert [dead.name for dead, _ in semantics.blocked_by(verdict.trace.last)] == ["restoring-ends"]
    assert not verdict.shortest


# --- systems known by heart


class Job(Index, elements=("j0", "j1")):
    pass


def hemmed(wrong: bool = False, others: bool = False) -> System:
    """A job that was begun must end within 2 s, which asks for its papers; begin provides them, unless it is wrong.

    There are states without papers in which nothing can happen, but no run leads there.
    """
    at_it = Variable("at_it", Job, to=Bool, init=False)
    papers = Variable("papers", Job, to=Bool, init=False)
    noise = Variable("noise", to=Int.between(0, 3), init=0)
    since = Clock("since", Job, during=lambda j: at_it[j])

    @action(by="j")
    def begin(j: Job) -> None:
        require(~at_it[j])
        require(noise.value < 3)
        at_it[j] = True
        papers[j] = not wrong

    @action(by="j")
    def end(j: Job) -> None:
        require(at_it[j])
        require(papers[j])
        at_it[j] = False
        papers[j] = False

    @action
    def rustle() -> None:
        require(noise.value < 3)
        noise.value = noise.value + 1

    @invariant()
    def sane(j: Job) -> Bool:
        """True."""
        return at_it[j] == at_it[j]

    def limit(j: Job) -> Bool:
        return since[j] <= 2

    due = deadline("due", Job, during=lambda j: at_it[j], limit=limit)
    return System("hemmed", (begin, end, rustle), (sane,), (due,))


def test_where_a_way_out_is_there_in_reachable_states_only_an_abstraction_shows_it() -> None:
    verdict = blind(hemmed())
    assert verdict.outcome is Outcome.PROVED
    # each of two jobs: idle, or at it with papers for 0, 1 or 2 s, in ticks of 2 s: 3 * 3 states; noise is left out
    assert "due by end, on an abstraction of 9 states that keeps at_it, papers, since" in verdict.reason


def test_a_run_to_where_nothing_can_happen_is_found() -> None:
    """When noise has come to its end, nobody can begin or rustle, and who is at it has no papers."""
    verdict = blind(hemmed(wrong=True))
    assert verdict.outcome is Outcome.VIOLATED
    assert verdict.trace is not None
    moves = [getattr(getattr(step.move, "action", None), "name", "wait") for step in verdict.trace.steps]
    assert moves.count("rustle") == 3
    # both jobs are at it, or noise is over: else one of them could begin
    assert "begin" in moves
    assert Semantics(verdict.trace.system).stuck(verdict.trace.last)
    assert "there may be shorter ones" in verdict.reason


def test_a_deadline_that_is_never_reached_needs_no_way_out() -> None:
    on = Variable("on", to=Bool, init=False)
    since = Clock("since", during=lambda: on.value)

    @action
    def turn() -> None:
        require(on.value)
        on.value = False

    @invariant()
    def sane() -> Bool:
        """True."""
        return on.value == on.value

    due = deadline("due", during=lambda: on.value & ~on.value, limit=lambda: since.value <= 1)
    verdict = blind(System("off", (turn,), (sane,), (due,)))
    assert verdict.outcome is Outcome.PROVED
    assert "due is never reached" in verdict.reason


def test_without_a_deadline_time_can_pass() -> None:
    verdict = blind(known("peterson").build())
    assert (verdict.outcome, verdict.reason) == (Outcome.PROVED, "there is no deadline")


@pytest.mark.parametrize("build", [_due_at_another_clock, _due_at_a_computed_clock, _overdue])
def test_a_timelock_between_ticks_is_found(build: Callable[[Fraction | None], System]) -> None:
    """Counting in whole ticks does not see it; the formula is refused in ticks, and zones find the run."""
    system = build(None)
    verdict, [dense] = blind(system), Zones().verify(system, (TIME_CAN_PASS,), Limits()).verdicts
    assert verdict.outcome is dense.outcome is Outcome.VIOLATED
    assert verdict.trace is not None
    assert verdict.trace.semantics.time.unit == Fraction(1, 2)
    assert verdict.trace.semantics.stuck(verdict.trace.last)


def test_a_limit_leaves_it_unknown() -> None:
    [verdict] = Abstraction(look=0).verify(hemmed(), (TIME_CAN_PASS,), Limits(seconds=0)).verdicts
    assert verdict.outcome is Outcome.UNKNOWN
    assert "at due: the time limit of 0 s was reached" in verdict.reason


# --- any state there could be


def test_any_state_is_one_in_dense_time() -> None:
    semantics = Semantics(hemmed())
    formulas = Instantiation(semantics, lambda: None)
    states, place = AnyState(semantics, formulas), {slot.symbol.name: at for at, slot in enumerate(semantics.layout.slots)}
    since, at_it, noise = At(place["since"]), At(place["at_it"]), At(place["noise"])
    between = [negate(at_most(since, 0)), negate(at_most(1, since))]  # within the first tick
    assert states.where([*between, at_it]) is not None
    assert states.where([*between, negate(at_it)]) is None  # a clock that does not run reads zero
    assert states.where([at_most(since, -1)]) is None
    assert states.where([at_most(4, noise)]) is None
    found = states.where([at_most(3, noise)])
    assert found is not None
    assert found.holds(equal(noise, 3))
