"""Two replicas of the controller: one leads, and the other may take over.

    the leader renews its lease -> it stops for a while -> its lease is over -> the other replica takes over, under a new epoch
                                          |
                                          +-> it wakes up, believes that it leads, and goes on sending what it knew

The walk's decisions are in a durable store (part `network`), and a write to it is refused unless the writer holds the present
epoch; so a replica that was overtaken decides nothing. It does not know that, and may still *send*: commands of the opening
that it remembers, as long as it sleeps and wakes. What protects the hosts from those is not the lease and not the epoch but the
number that a command carries.

Nothing is safe because of the lease: it keeps two replicas from quarrelling, and its clock may be wrong without harm. The epoch
is what the store compares.
"""

from __future__ import annotations

from udproof.language import (
    Bool,
    Clock,
    Constant,
    Duration,
    Fairness,
    Index,
    Int,
    Variable,
    action,
    each,
    exists,
    forall,
    ite,
    require,
)
from udproof.language.mutation import Change, both, overriding
from udproof.protocol.cancellation import cancel, suspend
from udproof.protocol.mutant import Mutant
from udproof.protocol.network import FRESH, NUMBERS, Opening, decided, latest, number, sent, take, take_late, taken
from udproof.protocol.part import Part, adding, assuming, joining
from udproof.protocol.placement import Host, Step
from udproof.protocol.walk import NOTHING_ELSE_OPEN, Progress, announce, close, progress

MOST = 3  # the largest budget


class Replica(Index, elements=("replica-a", "replica-b")):
    """A replica of the controller."""


holder = Variable("holder", to=Replica, init="replica-a")  # in the store: who holds the present epoch
epoch = Variable("epoch", to=Int.between(0, MOST), init=0)  # in the store: how often the lead has changed hands
present = Variable("present", to=Int.between(0, NUMBERS), init=0)  # in the store: the number of the open step, 0 if none is open
believes = Variable("believes", Replica, to=Bool, init=lambda r: r == "replica-a")  # that it leads
view = Variable("view", Replica, to=Int.between(0, NUMBERS), init=0)  # the open step's number, as the replica knows it

lease = Duration("lease")
unrenewed_for = Clock("unrenewed_for")
failover_budget = Constant("failover_budget", to=Int.between(1, MOST))


@action(by="controller", says=lambda: "the leader renews its lease", fairness=Fairness.NONE)
def renew() -> None:
    """The leader renews its lease, whenever it likes."""
    unrenewed_for.value = 0


@action(by="r", says=lambda r: f"{r} takes over: the lease of the leader is over")
def take_over(r: Replica) -> None:
    """A replica takes over when the leader's lease is over, and reads from the store what is open."""
    require(r != holder.value, "it does not lead")
    require(unrenewed_for.value >= lease, "the leader's lease is over")
    require(epoch.value < failover_budget.value, "one more may take over")
    holder.value = r
    epoch.value = epoch.value + 1
    believes[r] = True
    view[r] = present.value
    unrenewed_for.value = 0


@action(by="r", says=lambda r, h, o: f"{r}, which was overtaken and does not know, sends {h} the command of {o}")
def send_overtaken(r: Replica, h: Host, o: Opening) -> None:
    """A replica that was overtaken sends a command that was decided under the opening that it remembers."""
    require(believes[r] & (r != holder.value), "it was overtaken, and does not know")
    require(view[r] == number[o], "it remembers the opening")
    require(decided[h, o] & ~sent[h, o], "the command is decided, and none is in flight")
    sent[h, o] = True


@joining(announce)
def _opened(d: Step) -> None:
    present.value = latest.value + 1
    for r in each(Replica, lambda r: r == holder.value):
        view[r] = latest.value + 1


def _closed(d: Step) -> None:
    present.value = 0
    for r in each(Replica, lambda r: r == holder.value):
        view[r] = 0


ACTIONS = (renew, take_over, send_overtaken)


def part(cancels: bool, suspends: bool) -> Part:
    """The part; what the walk calls off is closed too, if there is such a thing."""
    ends = [close, *([cancel] if cancels else []), *([suspend] if suspends else [])]
    changes: list[Change] = [adding(*ACTIONS), _opened, *(joining(end)(_closed) for end in ends)]
    changes.append(
        assuming(
            "a write to the durable store succeeds only for the holder of the present epoch",
            "the store's decisions reach the event service at once",
            instead_of=("the controller does not fail, and its decisions reach the event service at once",),
        )
    )
    return Part("controller", tuple(changes))


# --- mistakes


@overriding(announce)
def _blindly(d: Step) -> None:
    nothing = forall(Step, lambda s: progress[s].among(Progress.waiting, Progress.done))
    unaware = exists(Replica, lambda r: believes[r] & (r != holder.value) & (view[r] == 0))
    require(nothing | unaware, NOTHING_ELSE_OPEN)


@overriding(take_over, says=lambda r: f"{r} takes over, and knows nothing of the step that is open")
def _knowing_nothing(r: Replica) -> None:
    for d in each(Step):
        progress[d] = ite(progress[d] == Progress.open, Progress.waiting, progress[d])


@overriding(take)
def _by_epoch(h: Host, o: Opening) -> None:
    require((epoch.value == 0) | (number[o] > taken[h]), FRESH)


@overriding(take_late)
def _late_by_epoch(h: Host, o: Opening) -> None:
    require((epoch.value == 0) | (number[o] > taken[h]), FRESH)


MUTANTS = (
    Mutant(
        "BlindWrite",
        "a replica that was overtaken opens a step, and the store takes it without comparing epochs",
        "one-domain-paused",
        _blindly,
        fleet="failover",
    ),
    Mutant(
        "DecisionNotDurable",
        "the opening of a step is not written down, and whoever takes over knows nothing of it",
        "one-domain-paused",
        _knowing_nothing,
        fleet="failover",
    ),
    Mutant(
        "CommandWithEpoch",
        "a command carries the epoch of its leader in place of a number, so that all commands of one leader are alike",
        "one-domain-paused",
        both(_by_epoch, _late_by_epoch),
        fleet="failover",
    ),
)
