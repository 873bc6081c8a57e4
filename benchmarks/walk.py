"""The reference walk: U domains of H hosts, with counters in place of clocks, written like any user's system.

A domain is opened, its hosts are notified, each is paused once its lead is over and resumed after a while, the domain is closed
when all of its hosts are updated. A tick advances the counters of all hosts and is forbidden while a pause is at its end. Distinct
states, counted by ten independent tools, for (U, H): (2, 2) 404; (3, 3) 12,008; (5, 2) 8,032; (2, 4) 40,004; and up to exchanging
hosts of a domain and domains: 113, 664, 281, 1,433.
"""

from udproof.language import (
    Bool,
    Constant,
    Enumeration,
    Index,
    Int,
    System,
    Variable,
    action,
    each,
    exists,
    forall,
    implies,
    invariant,
    ite,
    member,
    require,
)

LEAD, PAUSE = 3, 4


def walk(domains: int, hosts: int) -> System:
    """The walk over `domains` domains of `hosts` hosts each."""

    class Domain(Index, size=domains):
        """An update domain."""

    class Host(Index, size=domains * hosts):
        """A host with one VM."""

    class Phase(Enumeration):
        """How far a host is."""

        idle = member()
        notified = member()
        paused = member()
        updated = member()

    domain_of = Constant("domain_of", Host, to=Domain, values=lambda h: h // hosts)
    active = Variable("active", Domain, to=Bool, init=False)
    phase = Variable("phase", Host, to=Phase, init=Phase.idle)
    lead = Variable("lead", Host, to=Int.between(0, LEAD), init=0)
    pause = Variable("pause", Host, to=Int.between(0, PAUSE), init=0)

    @action
    def open_(d: Domain) -> None:
        require(forall(Domain, lambda e: ~active[e]))
        require(exists(Host, lambda h: (domain_of[h] == d) & (phase[h] == Phase.idle)))
        active[d] = True

    @action
    def notify(h: Host) -> None:
        require(active[domain_of[h]] & (phase[h] == Phase.idle))
        phase[h] = Phase.notified

    @action
    def freeze(h: Host) -> None:
        require(active[domain_of[h]] & (phase[h] == Phase.notified) & (lead[h] == LEAD))
        phase[h] = Phase.paused
        lead[h] = 0

    @action
    def resume(h: Host) -> None:
        require((phase[h] == Phase.paused) & (pause[h] >= 1))
        phase[h] = Phase.updated
        pause[h] = 0

    @action
    def close(d: Domain) -> None:
        require(active[d] & forall(Host, lambda h: implies(domain_of[h] == d, phase[h] == Phase.updated)))
        active[d] = False

    @action
    def tick() -> None:
        require(forall(Host, lambda h: implies(phase[h] == Phase.paused, pause[h] < PAUSE - 1)))
        for h in each(Host):
            lead[h] = ite((phase[h] == Phase.notified) & (lead[h] < LEAD), lead[h] + 1, lead[h])
        for h in each(Host, lambda h: phase[h] == Phase.paused):
            pause[h] = pause[h] + 1

    @invariant()
    def one_domain(h: Host, g: Host) -> Bool:
        """Paused hosts are of one domain."""
        return implies((phase[h] == Phase.paused) & (phase[g] == Phase.paused), domain_of[h] == domain_of[g])

    @invariant()
    def short(h: Host) -> Bool:
        """No pause reaches its limit."""
        return pause[h] < PAUSE

    @invariant()
    def unfinished() -> Bool:
        """Some host is not updated: false at the end of the walk."""
        return exists(Host, lambda h: phase[h] != Phase.updated)

    return System(
        f"walk-{domains}x{hosts}",
        actions=(open_, notify, freeze, resume, close, tick),
        properties=(one_domain, short, unfinished),
    )
