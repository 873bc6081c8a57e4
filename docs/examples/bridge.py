"""A bridge with one lane: cars from two sides, and a light that must let one side go at a time."""

from udproof.language import Bool, Index, Int, System, Variable, action, forall, implies, invariant, require


class Side(Index, elements=("north", "south")):
    """Where a car comes from."""


on_bridge = Variable("on_bridge", Side, to=Int.between(0, 2), init=0)


@action(by="s", says=lambda s: f"a car from the {s} drives onto the bridge")
def drive_on(s: Side) -> None:
    """A car may go if the bridge has room and nobody comes from the other side."""
    require(on_bridge[s] < 2, "the bridge has room")
    require(forall(Side, lambda other: implies(other != s, on_bridge[other] == 0)), "nobody comes from the other side")
    on_bridge[s] = on_bridge[s] + 1


@action(by="s", says=lambda s: f"a car from the {s} leaves the bridge")
def drive_off(s: Side) -> None:
    """A car leaves the bridge."""
    require(on_bridge[s] >= 1)
    on_bridge[s] = on_bridge[s] - 1


@invariant(premise=lambda a, b: on_bridge[a] == 2, cause=lambda a, b: f"cars from the {a} meet cars from the {b}")
def one_way(a: Side, b: Side) -> Bool:
    """Cars on the bridge all come from one side."""
    return implies((a != b) & (on_bridge[a] >= 1), on_bridge[b] == 0)


system = System("bridge", actions=(drive_on, drive_off), properties=(one_way,))
