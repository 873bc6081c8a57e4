"""Timed systems for the zone benchmarks: the reference walk with a clock per host, and Fischer's protocol; in our language, and as
models of TChecker."""

from __future__ import annotations

import runpy
from fractions import Fraction
from pathlib import Path

from udproof.language import (
    Bool,
    Clock,
    Constant,
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

EXAMPLES = Path(__file__).resolve().parents[1] / "docs" / "examples"


def fischer(size: int, scale: int = 1, wait: int = 2) -> System:
    """The example with so many processes, and constants so many times as large (and not all multiples of one unit).

    A wait of 2 is long enough, one of 1 is not.
    """
    system = runpy.run_path(str(EXAMPLES / "fischer.py"))["system"]
    assert isinstance(system, System)
    seconds = {"write_within": Fraction(scale), "check_after": wait * Fraction(scale) - Fraction(scale > 1)}
    return system.at(Instance(elements={"Process": tuple(f"process{number}" for number in range(size))}, durations=seconds))


def walk(domains: int, hosts: int, lead: int = 3, pause: int = 4) -> System:
    """The reference walk, where the counters of a host are one clock: since it was notified, or paused. Times in seconds."""

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
    since = Clock("since", Host, during=lambda h: phase[h].among(Phase.notified, Phase.paused))

    @action(by="d")
    def open_(d: Domain) -> None:
        require(forall(Domain, lambda e: ~active[e]))
        require(exists(Host, lambda h: (domain_of[h] == d) & (phase[h] == Phase.idle)))
        active[d] = True

    @action(by="h")
    def notify(h: Host) -> None:
        require(active[domain_of[h]] & (phase[h] == Phase.idle))
        phase[h] = Phase.notified

    @action(by="h")
    def freeze(h: Host) -> None:
        require(active[domain_of[h]] & (phase[h] == Phase.notified))
        require(since[h] >= lead)
        phase[h] = Phase.paused
        since[h] = 0

    @action(by="h")
    def resume(h: Host) -> None:
        require(phase[h] == Phase.paused)
        require(since[h] >= 1)
        phase[h] = Phase.updated

    @action(by="d")
    def close(d: Domain) -> None:
        require(active[d] & forall(Host, lambda h: implies(domain_of[h] == d, phase[h] == Phase.updated)))
        active[d] = False

    @invariant(premise=lambda h, g: phase[h] == Phase.paused)
    def one_domain(h: Host, g: Host) -> Bool:
        """Paused hosts are of one domain."""
        return implies((phase[h] == Phase.paused) & (phase[g] == Phase.paused), domain_of[h] == domain_of[g])

    @invariant(premise=lambda h: phase[h] == Phase.paused)
    def short(h: Host) -> Bool:
        """No pause reaches its limit."""
        return implies(phase[h] == Phase.paused, since[h] < pause)

    due = deadline("resumes", Host, during=lambda h: phase[h] == Phase.paused, limit=lambda h: since[h] <= pause - 1)
    return System(f"walk-{domains}x{hosts}", (open_, notify, freeze, resume, close), (one_domain, short), (due,))


def walk_for_tchecker(domains: int, hosts: int, lead: int = 3, pause: int = 4) -> str:
    """The same for TChecker: a process for each host and one for the controller. Paused hosts bear the label of their domain."""
    lines = [f"system:walk_{domains}_{hosts}", "event:tau", f"int:1:0:{domains}:0:active"]
    lines += [f"int:1:0:{hosts}:0:done{d}" for d in range(1, domains + 1)]
    lines += ["process:Controller", "location:Controller:c{initial:}"]
    for d in range(1, domains + 1):
        lines.append(f"edge:Controller:c:c:tau{{provided:active==0&&done{d}<{hosts} : do:active={d}}}")
        lines.append(f"edge:Controller:c:c:tau{{provided:active=={d}&&done{d}=={hosts} : do:active=0}}")
    for d in range(1, domains + 1):
        for h in range(hosts):
            name, clock = f"H{d}_{h}", f"x{d}_{h}"
            lines += [f"process:{name}", f"clock:1:{clock}"]
            lines += [f"location:{name}:idle{{initial:}}", f"location:{name}:notified{{}}"]
            lines += [
                f"location:{name}:paused{{invariant:{clock}<={pause - 1} : labels:paused{d}}}",
                f"location:{name}:updated{{}}",
            ]
            lines.append(f"edge:{name}:idle:notified:tau{{provided:active=={d} : do:{clock}=0}}")
            lines.append(f"edge:{name}:notified:paused:tau{{provided:active=={d}&&{clock}>={lead} : do:{clock}=0}}")
            lines.append(f"edge:{name}:paused:updated:tau{{provided:{clock}>=1 : do:done{d}=done{d}+1}}")
    return "\n".join(lines) + "\n"


def fischer_for_tchecker(size: int, wait: int = 2) -> str:
    """Fischer's protocol as in the example. A process in the critical section bears the label of its number."""
    lines = [f"system:fischer_{size}", "event:tau", f"int:1:0:{size}:0:id"]
    for p in range(1, size + 1):
        x = f"x{p}"
        lines += [f"process:P{p}", f"clock:1:{x}", f"location:P{p}:idle{{initial:}}"]
        lines += [
            f"location:P{p}:writing{{invariant:{x}<=1}}",
            f"location:P{p}:waiting{{}}",
            f"location:P{p}:critical{{labels:critical{p}}}",
        ]
        lines.append(f"edge:P{p}:idle:writing:tau{{provided:id==0 : do:{x}=0}}")
        lines.append(f"edge:P{p}:writing:waiting:tau{{do:{x}=0;id={p}}}")
        lines.append(f"edge:P{p}:waiting:critical:tau{{provided:{x}>={wait}&&id=={p}}}")
        lines.append(f"edge:P{p}:waiting:idle:tau{{provided:{x}>={wait}&&id!={p}}}")
        lines.append(f"edge:P{p}:critical:idle:tau{{do:id=0}}")
    return "\n".join(lines) + "\n"
