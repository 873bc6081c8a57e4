"""What a small maintenance controller must do: two update domains, one under way at a time, each announced and then paused.

An operator asks for the update of a domain. The controller announces it, at once if no other domain is under way, and as soon as
the other one is through if one is. It pauses the domain's VMs when the notice is over, and resumes them when the host is done, or
after the time-out. For pausing and giving up it has a second, for the others two.
"""

from udproof.language import (
    Bool,
    Clock,
    Duration,
    Enumeration,
    Index,
    Instance,
    System,
    Variable,
    action,
    deadline,
    exists,
    forall,
    implies,
    invariant,
    member,
    require,
)


class Domain(Index):
    """An update domain."""


class Phase(Enumeration):
    """How far its update is."""

    idle = member()
    asked = member()
    announced = member()
    paused = member()


notice, start_by = Duration("notice", 10), Duration("start_by", 11)
time_out, resume_by = Duration("time_out", 20), Duration("resume_by", 21)
reaction, limit = Duration("reaction", 2), Duration("limit", 30)

phase = Variable("phase", Domain, to=Phase, init=Phase.idle)
done = Variable("done", Domain, to=Bool, init=False)  # the host has said so

announced_for = Clock("announced_for", Domain, during=lambda d: phase[d] == Phase.announced)
paused_for = Clock("paused_for", Domain, during=lambda d: phase[d] == Phase.paused)
done_for = Clock("done_for", Domain, during=lambda d: done[d])


def nobody_under_way() -> Bool:
    """Is no domain announced or paused?"""
    return forall(Domain, lambda e: ~phase[e].among(Phase.announced, Phase.paused))


def somebody_waits() -> Bool:
    """Could a domain be announced?"""
    return exists(Domain, lambda d: phase[d] == Phase.asked) & nobody_under_way()


free_for = Clock("free_for", during=somebody_waits)


@action(by="operator")
def ask(d: Domain) -> None:
    """The operator asks for an update."""
    require(phase[d] == Phase.idle)
    phase[d] = Phase.asked


@action(by="host")
def finish(d: Domain) -> None:
    """The host of a paused domain is done."""
    require((phase[d] == Phase.paused) & ~done[d])
    done[d] = True


@action(by="controller")
def announce(d: Domain) -> None:
    """The controller announces a domain's update."""
    require(phase[d] == Phase.asked, "its update was asked for")
    require(nobody_under_way(), "no domain is announced or paused")
    phase[d] = Phase.announced


@action(by="controller")
def pause(d: Domain) -> None:
    """It pauses the domain's VMs."""
    require(phase[d] == Phase.announced, "it is announced")
    require(announced_for[d] >= notice, "the notice is over")
    phase[d] = Phase.paused


@action(by="controller")
def resume(d: Domain) -> None:
    """It resumes them, since the host is done."""
    require(phase[d] == Phase.paused, "its VMs are paused")
    require(done[d], "the host is done")
    phase[d] = Phase.idle
    done[d] = False


@action(by="controller")
def give_up(d: Domain) -> None:
    """It resumes them, since the host has had its time."""
    require(phase[d] == Phase.paused, "its VMs are paused")
    require(paused_for[d] >= time_out, "the time-out is over")
    phase[d] = Phase.idle
    done[d] = False


@invariant(premise=lambda a, b: phase[a] == Phase.paused)
def one_domain_paused(a: Domain, b: Domain) -> Bool:
    """No two domains are paused together."""
    return implies((phase[a] == Phase.paused) & (phase[b] == Phase.paused), a == b)


@invariant(premise=lambda d: phase[d] == Phase.paused)
def pause_bounded(d: Domain) -> Bool:
    """No domain is paused for the limit or longer."""
    return implies(phase[d] == Phase.paused, paused_for[d] < limit)


system = System(
    "maintenance",
    actions=(ask, finish, announce, pause, resume, give_up),
    properties=(one_domain_paused, pause_bounded),
    deadlines=(
        deadline("announced-soon", during=somebody_waits, limit=lambda: free_for.value <= reaction),
        deadline("paused-soon", Domain, during=lambda d: phase[d] == Phase.announced, limit=lambda d: announced_for[d] <= start_by),
        deadline("resumed-in-time", Domain, during=lambda d: phase[d] == Phase.paused, limit=lambda d: paused_for[d] <= resume_by),
        deadline("resumed-soon", Domain, during=lambda d: done[d], limit=lambda d: done_for[d] <= reaction),
    ),
    instance=Instance({"Domain": ("ud0", "ud1")}),
)
