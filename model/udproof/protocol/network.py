"""The network between controller and hosts: commands and reports are messages.

    decide -> send -> ... in flight ... -> the host takes it, or refuses it -> ... -> it reports -> the controller hears of it

The walk's decisions live in a durable store. Opening a step is one, and has a number, higher than any before; that a host of
the step may begin is another, and is written before the command goes out. A command may take any time; the controller sends it
again for as long as it has heard no report. As faults, by budget, a command may be lost, be doubled, or be held up so that a
later one overtakes it. So a command may arrive when its step has long been closed, while another step is open.

What keeps such a command from doing harm (decision 11): it carries the number of its opening; a host takes a command only if
its number is higher than that of every command it has taken; it remembers that number through its own restart; a report carries
the number too; and the controller closes a step only when every host has reported under the present number. The host knows
nothing else of the controller.

Reports are repeated until they are heard, so that losing one is delaying it, and a report that was made may be heard at any
time after. The event service is part of the durable store.
"""

from __future__ import annotations

from udproof.language import (
    Bool,
    Constant,
    Enumeration,
    Fairness,
    Index,
    Int,
    Variable,
    action,
    each,
    exists,
    forall,
    implies,
    ite,
    member,
    require,
)
from udproof.language.mutation import both, overriding, without_guard
from udproof.protocol.events import Status, event
from udproof.protocol.host import IN_TURN, TOLD, Stage, begin, boot, reboot, resume, resume_old, stage, tried
from udproof.protocol.jobs import begin_at_once
from udproof.protocol.mutant import Mutant
from udproof.protocol.part import Part, adding, assuming, joining, meaning
from udproof.protocol.placement import Host, Step, Vm, event_of, host_of, step_of
from udproof.protocol.walk import ALL_TRIED, Outcome, Progress, announce, close, outcome, progress

MOST = 2  # the largest budget
NUMBERS = 255  # the most openings of a run


class Opening(Index):
    """A decision to open a step, the first, the second, ... of the run."""


class Report(Enumeration):
    """What a host has reported of its attempt under an opening."""

    nothing = member()
    updated = member()
    failed = member()


number = Constant("number", Opening, to=Int.between(1, NUMBERS))  # 1, 2, ...: a total order

latest = Variable("latest", to=Int.between(0, NUMBERS), init=0)  # the number of the last opening, in the durable store
decided = Variable("decided", Host, Opening, to=Bool, init=False)  # in the durable store: the host may begin, under this opening
sent = Variable("sent", Host, Opening, to=Bool, init=False)  # a command in flight, in its turn
late = Variable("late", Host, Opening, to=Bool, init=False)  # one that arrives at any time, or never
taken = Variable(
    "taken", Host, to=Int.between(0, NUMBERS), init=0
)  # the highest number that the host has taken; it never forgets it
commanded = Variable("commanded", Host, to=Bool, init=False)  # it has taken a command, and not begun yet
reported = Variable("reported", Host, Opening, to=Report, init=Report.nothing)

losses = Variable("losses", to=Int.between(0, MOST), init=0)
duplicates = Variable("duplicates", to=Int.between(0, MOST), init=0)
reorderings = Variable("reorderings", to=Int.between(0, MOST), init=0)
loss_budget = Constant("loss_budget", to=Int.between(0, MOST))
duplicate_budget = Constant("duplicate_budget", to=Int.between(0, MOST))
reordering_budget = Constant("reordering_budget", to=Int.between(0, MOST))

PRESENT = "the opening is the present one"
FRESH = "its number is higher than any that the host has taken"
IDLE = "the host serves on the old version, and has no command"
DECIDED = "that it may begin is decided"


@action(by="controller", says=lambda h, o: f"it is decided that {h} may begin, under {o}", fairness=Fairness.WEAK)
def decide(h: Host, o: Opening) -> None:
    """The controller writes down that a host may begin, when every VM on it has been told."""
    require((progress[step_of[h]] == Progress.open) & (outcome[h] == Outcome.pending), "its step is open, its outcome not known")
    require(number[o] == latest.value, PRESENT)
    require(~decided[h, o], "it is not decided yet")
    require(forall(Vm, lambda v: implies(host_of[v] == h, event[event_of[v]] == Status.started)), TOLD)
    decided[h, o] = True


@action(by="controller", says=lambda h, o: f"{h} is sent the command to begin, under {o}", fairness=Fairness.STRONG)
def send(h: Host, o: Opening) -> None:
    """The controller sends a command, and sends it again as long as it has heard no report."""
    require(decided[h, o], DECIDED)
    require((progress[step_of[h]] == Progress.open) & (outcome[h] == Outcome.pending), "its step is open, its outcome not known")
    require(number[o] == latest.value, PRESENT)
    require(~sent[h, o], "none is in flight")
    sent[h, o] = True


@action(by="h", says=lambda h, o: f"{h} takes the command of {o}", fairness=Fairness.STRONG)
def take(h: Host, o: Opening) -> None:
    """A host takes the first command in flight to it, if its number is higher than any that it has taken."""
    require(sent[h, o], "the command is in flight")
    require(forall(Opening, lambda p: implies(sent[h, p], number[o] <= number[p])), "no earlier one is in flight")
    require((stage[h] == Stage.serving) & ~commanded[h], IDLE)
    require(number[o] > taken[h], FRESH)
    sent[h, o] = False
    taken[h] = number[o]
    commanded[h] = True


@action(by="h", says=lambda h, o: f"a late command of {o} arrives, and {h} takes it")
def take_late(h: Host, o: Opening) -> None:
    """A command that was doubled or held up arrives; the host takes it on the same terms."""
    require(late[h, o], "the command was doubled or held up")
    require((stage[h] == Stage.serving) & ~commanded[h], IDLE)
    require(number[o] > taken[h], FRESH)
    late[h, o] = False
    taken[h] = number[o]
    commanded[h] = True


@action(by="h", says=lambda h, o: f"{h} refuses the command of {o}: it has taken number {taken[h]}", fairness=Fairness.WEAK)
def refuse(h: Host, o: Opening) -> None:
    """A host drops a command whose number is not higher than what it has taken."""
    require(sent[h, o], "the command is in flight")
    require(number[o] <= taken[h], "its number is not higher than what the host has taken")
    sent[h, o] = False


@action(by="network", says=lambda h, o: f"the command of {o} to {h} is lost")
def lose(h: Host, o: Opening) -> None:
    """A command is lost."""
    require(sent[h, o], "the command is in flight")
    require(losses.value < loss_budget.value, "one more may be lost")
    losses.value = losses.value + 1
    sent[h, o] = False


@action(by="network", says=lambda h, o: f"the command of {o} to {h} is doubled")
def duplicate(h: Host, o: Opening) -> None:
    """A command is doubled; the second one may arrive at any time."""
    require(sent[h, o] & ~late[h, o], "the command is in flight")
    require(duplicates.value < duplicate_budget.value, "one more may be doubled")
    duplicates.value = duplicates.value + 1
    late[h, o] = True


@action(by="network", says=lambda h, o: f"the command of {o} to {h} is held up; later ones may overtake it")
def hold_up(h: Host, o: Opening) -> None:
    """A command is held up, and may arrive after later ones."""
    require(sent[h, o] & ~late[h, o], "the command is in flight")
    require(reorderings.value < reordering_budget.value, "one more may be held up")
    reorderings.value = reorderings.value + 1
    sent[h, o] = False
    late[h, o] = True


@action(by="controller", says=lambda h, o: f"the controller hears from {h} under {o}: {reported[h, o]}", fairness=Fairness.WEAK)
def hear(h: Host, o: Opening) -> None:
    """The controller hears what a host reports under the present opening."""
    require(reported[h, o] != Report.nothing, "the host has reported")
    require((progress[step_of[h]] == Progress.open) & (outcome[h] == Outcome.pending), "its step is open, its outcome not known")
    require(number[o] == latest.value, PRESENT)
    outcome[h] = ite(reported[h, o] == Report.updated, Outcome.updated, Outcome.failed)


@joining(announce)
def _next_number(d: Step) -> None:
    latest.value = latest.value + 1


@joining(begin_at_once)
def _next_number_at_once(d: Step) -> None:
    latest.value = latest.value + 1


@joining(begin, without=(TOLD,))
def _on_command(h: Host) -> None:
    require(commanded[h], IN_TURN)
    commanded[h] = False


@joining(reboot, without=(TOLD,))
def _reboot_on_command(v: Vm) -> None:
    h = host_of[v]
    require(commanded[h], IN_TURN)
    commanded[h] = False


def _reports(h: Host, what: Enumeration) -> None:
    for o in each(Opening, lambda o: number[o] == taken[h]):
        reported[h, o] = what


def _reports_success(h: Host) -> None:
    _reports(h, Report.updated)


@joining(resume_old, leaving=(outcome,))
def _reports_failure(h: Host) -> None:
    _reports(h, Report.failed)


def _reported_at_all(h: Host) -> Bool:
    return exists(Opening, lambda o: reported[h, o] == Report.updated)


FAULTS = (lose, duplicate, hold_up)
ACTIONS = (decide, send, take, take_late, refuse, *FAULTS, hear)


def part(loses: bool, doubles: bool, reorders: bool, at_once: bool) -> Part:
    """The part, with the faults that the budgets allow. `at_once`: does a second job begin while the first is at work?"""
    faults = [fault for fault, on in zip(FAULTS, (loses, doubles, reorders), strict=True) if on]
    late_ones = [take_late] if doubles or reorders else []
    return Part(
        "network",
        (
            adding(decide, send, take, *late_ones, refuse, *faults, hear),
            *(_next_number, _on_command, _reboot_on_command, _reports_failure),
            *(joining(done, leaving=(outcome,))(_reports_success) for done in (resume, boot)),
            *((_next_number_at_once,) if at_once else ()),
            meaning(tried, also=_reported_at_all),
            assuming(
                "the controller does not fail, and its decisions reach the event service at once",
                "commands and reports take any time; reports are repeated until they are heard",
                instead_of=("the controller does not fail, its decisions reach hosts and events at once",),
            ),
        ),
    )


# --- mistakes: the simpler designs of decision 11, and others


@overriding(take)
def _same_or_higher(h: Host, o: Opening) -> None:
    require(number[o] >= taken[h], FRESH)


@overriding(take_late)
def _late_same_or_higher(h: Host, o: Opening) -> None:
    require(number[o] >= taken[h], FRESH)


@overriding(resume_old, says=lambda h: f"{h} resumes its VMs on the old version, and has forgotten what it had taken")
def _forgets(h: Host) -> None:
    taken[h] = 0


@overriding(close, says=lambda d: f"close {d}, and take every host of it that has not reported for failed")
def _silence_is_failure(d: Step) -> None:
    for h in each(Host, lambda h: (step_of[h] == d) & (outcome[h] == Outcome.pending)):
        outcome[h] = Outcome.failed


MUTANTS = (
    Mutant(
        "CommandWithoutNumber",
        "a command carries no number, and a host takes any that it gets while it serves on the old version",
        "one-domain-paused",
        both(without_guard(take, FRESH), without_guard(take_late, FRESH)),
        fleet="network",
    ),
    Mutant(
        "SameNumberTaken",
        "a host takes a command whose number is not lower than the last one, and so takes a doubled one twice",
        "one-domain-paused",
        both(_same_or_higher, _late_same_or_higher),
        fleet="network",
    ),
    Mutant(
        "NumberForgotten",
        "a host forgets in its restart which numbers it has taken",
        "one-domain-paused",
        _forgets,
        fleet="network",
    ),
    Mutant(
        "ClosedOverSilentHost",
        "the walk takes a host that does not report for failed, while a command to it may still be under way",
        "one-domain-paused",
        both(without_guard(close, ALL_TRIED), _silence_is_failure),
        fleet="network",
    ),
    Mutant(
        "ReportWithoutNumber",
        "a report carries no number, and the report of the last attempt is heard as that of this one",
        "one-domain-paused",
        without_guard(hear, PRESENT),
        fleet="network",
    ),
    Mutant(
        "SentBeforeDecided",
        "a command goes out before anybody has decided that the host may begin",
        "notified-before-freeze",
        without_guard(send, DECIDED),
        fleet="network",
    ),
)
