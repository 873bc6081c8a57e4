"""Runs written by hand, for tests of what is made of runs: no engine is asked, and nobody's names are trusted.

`told` makes a run from names and seconds. `late_watchdog` is a violation in a fleet of any size; `hostile` a run of a system whose
elements have the names of `HOSTILE`.
"""

from functools import cache

from udproof.counterexamples.trace import Trace, Wait, run
from udproof.language import (
    Bool,
    Clock,
    Constant,
    Enumeration,
    Index,
    Instance,
    Property,
    System,
    Variable,
    action,
    bar,
    each,
    implies,
    invariant,
    lanes,
    member,
    require,
)
from udproof.language.semantics import Firing, Semantics
from udproof.properties import CORE
from udproof.protocol.assembly import protocol
from udproof.protocol.fleet_file import parse_fleet


def told(semantics: Semantics, *moves: tuple[str, ...] | int) -> Trace:
    """The run from the first initial state that makes these moves: an action with the names of its arguments, or seconds."""
    made: list[Firing | Wait] = []
    for move in moves:
        if isinstance(move, int):
            ticks = move / semantics.time.unit
            assert ticks.denominator == 1
            made.append(Wait(int(ticks)))
            continue
        act = next(act for act in semantics.system.actions if act.name == move[0])
        names = zip(act.params, move[1:], strict=True)
        made.append(Firing(act, tuple(semantics.system.elements(node.sort).index(name) for node, name in names)))
    return run(semantics, next(semantics.initial()), made)


LATE = """
name = "late"
[walk]
notice = "15min"
recovery = "30min"
approval = "nobody"
[host_update]
applying = {{ least = "5s", most = "60s" }}
watchdog = "25s"
[limits]
pause = "30s"
[[set]]
name = "web"
vms = {vms}
update_domains = {domains}
"""


@cache
def late_watchdog(vms: int, domains: int = 2) -> tuple[Trace, Property]:
    """A fleet whose watchdog fires late: the VMs of the first host are paused for 30 s, which is the limit. Nine steps."""
    system = protocol(parse_fleet(LATE.format(vms=vms, domains=domains), "late.toml"), CORE)
    host = "web-ud0-a"
    moves = (("announce", "step-0"), 900, ("start", "web@step-0"), ("begin", host), ("freeze", host), ("apply", host), 25)
    return told(Semantics(system), *moves, ("roll_back", host), 5), system.named("pause-bounded")


HOSTILE = {
    "markup": "<script>alert('1')</script>&amp;<b>",
    "end of script": "</script><img src=x onerror=window.hacked=1><!--",
    "quotes": "\"'`\"'`|`'",
    "escapes": "\x1b[31m\x1b]0;title\x07\x9b2Jred\r\n\tnew",
    "right to left": "שרת\u202eabc\u2066אבג",
    "controls": "\x00\x01\x08\x7f\x85\ufffe",
    "surrogate": "a\ud800b",
    "long": "x" * 10_000,
    "long words": "very " * 2_000,
    "wide": "名前" * 100,
    "markdown": "**a**_b_ [c](http://d) | e | ![f](g) @everyone #1 $x$",
    "template": "{0} %s ${x} \\n \\",
    "diagram": "end; loop %% a->>b: c\nNote over a,b: d #35; :::x",
    "empty": "",
}


class Party(Index):
    """Somebody with a name that the fleet file gave."""


class Place(Index):
    """Where somebody is."""


class Mood(Enumeration):
    """How somebody is."""

    calm = member()
    angry = member()


mood = Variable("mood", Party, to=Mood, init=Mood.calm)
friends = Variable("friends", Party, Party, to=Bool, init=True)
angry_for = Clock("angry_for", Party, during=lambda p: mood[p] == Mood.angry)
place_of = Constant("place_of", Party, to=Place)


@action(by="p", says=lambda p: f"{p} of {place_of[p]} gets angry")
def anger(p: Party) -> None:
    require(mood[p] == Mood.calm, "the party is calm")
    mood[p] = Mood.angry
    for q in each(Party):
        friends[p, q] = False


@invariant(cause=lambda p: f"{p} has been angry for {angry_for[p]} in {place_of[p]}")
def calm_soon(p: Party) -> Bool:
    """Nobody is angry for 5 s."""
    return implies(mood[p] == Mood.angry, angry_for[p] < 5)


@invariant()
def all_friends(p: Party, q: Party) -> Bool:
    """All are friends."""
    return friends[p, q]


def hostile(name: str, drawn_by: str = "rules") -> Trace:
    """Two parties of that name get angry, and 5 s pass. Drawn by rules, or by the values of the variables."""
    picture = lanes(Party, group=place_of, bars=[bar("angry", "late", lambda p: mood[p] == Mood.angry)])
    system = System(
        f"system {name}",
        actions=(anger,),
        properties=(calm_soon, all_friends),
        picture=picture if drawn_by == "rules" else None,
        instance=Instance(
            {"Party": (name, f"{name} too", "good"), "Place": (f"at {name}",)}, {"place_of": {(n,): 0 for n in range(3)}}
        ),
    )
    semantics = Semantics(system)
    return run(semantics, next(semantics.initial()), [semantics.firings[0], semantics.firings[1], Wait(1)])
