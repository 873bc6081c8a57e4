"""A second job: the walk goes over the steps once more, after the first job or beside it.

A host operating system may be updated while another update is being rolled out, and a job may go over the domains twice (rule W6).
Each host is then updated again, to a newer version, and each step announced again.

- `after`: the second job waits until every step of the first is done.
- `at-once` (documented for cloud services in automatic mode, rule W8): it begins with a step of its own at once, wherever the first
  job is. VMs of several domains can then be down together, as the documentation says, and one-domain-paused fails.
"""

from __future__ import annotations

from udproof.language import Fairness, Int, Variable, action, each, forall, ite, require
from udproof.language.mutation import overriding, without_guard
from udproof.protocol import cancellation
from udproof.protocol.events import Status, announced_id, event, event_id, retired_id
from udproof.protocol.fleet import SecondJob
from udproof.protocol.host import Stage, stage
from udproof.protocol.mutant import Mutant
from udproof.protocol.part import Part, adding, assuming
from udproof.protocol.placement import Event, Host, Step, event_step, step_of
from udproof.protocol.walk import Outcome, Progress, announcements, outcome, progress

job = Variable("job", to=Int.between(1, 2), init=1)

ALL_DONE = "every step of the first job is done"


@action(by="controller", says=lambda: "the second job begins: every step is to be done again", fairness=Fairness.WEAK)
def second_pass() -> None:
    """The first job is through, and the second one goes over all steps again."""
    require(job.value == 1, "it is the first job's time")
    require(forall(Step, lambda s: progress[s] == Progress.done), ALL_DONE)
    job.value = 2
    for d in each(Step):
        progress[d] = Progress.waiting
        announcements[d] = 0
    for h in each(Host):
        outcome[h] = Outcome.pending
        stage[h] = ite(stage[h] == Stage.updated, Stage.serving, stage[h])


@action(by="controller", says=lambda d: f"a second job begins with {d}, whatever the first one is doing")
def begin_at_once(d: Step) -> None:
    """A second job announces a step while the first one is in another."""
    require(job.value == 1, "there is no second job yet")
    require(progress[d].among(Progress.waiting, Progress.done), "the first job is not in the step")
    job.value = 2
    progress[d] = Progress.open
    announcements[d] = 1
    for e in each(Event, lambda e: event_step[e] == d):
        event[e] = Status.scheduled
        event_id[e] = retired_id[e] + 1
        announced_id[e] = retired_id[e] + 1
    for h in each(Host, lambda h: step_of[h] == d):
        outcome[h] = Outcome.pending
        stage[h] = ite(stage[h] == Stage.updated, Stage.serving, stage[h])


ACTIONS = (second_pass, begin_at_once)


def part(second: SecondJob, cancels: bool, suspends: bool) -> Part:
    """The part, with the second job after the first or at once; and then beside cancellation, suspension or both."""
    if second == "after":
        return Part("jobs", (adding(second_pass), assuming("a second job waits until the first is through")))
    called_off = cancellation.heeding(begin_at_once, suspends) if cancels or suspends else ()
    told = assuming("a second job begins at once, wherever the first one is")
    return Part("jobs", (adding(begin_at_once), *called_off, told))


# --- mistakes


@overriding(second_pass, says=lambda: "the second job begins while the last step of the first recovers")
def _while_recovering() -> None:
    require(forall(Step, lambda s: progress[s].among(Progress.done, Progress.recovering)), ALL_DONE)


MUTANTS = (
    Mutant(
        "OverlappingJobs",
        "a second job begins while the first is in the middle of a step",
        "one-domain-paused",
        without_guard(second_pass, ALL_DONE),
        fleet="second-job",
    ),
    Mutant(
        "SecondJobInRecovery",
        "a second job begins while the last step of the first still recovers",
        "recovery-kept",
        _while_recovering,
        fleet="second-job",
    ),
)
