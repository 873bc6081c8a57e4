"""Systems without clocks. Each docstring says how many states there are, how deep the farthest is, and how we know."""

from __future__ import annotations

from udproof.language import (
    ANYTHING,
    Bool,
    Constant,
    Enumeration,
    Index,
    Int,
    System,
    Variable,
    action,
    count,
    each,
    exists,
    forall,
    implies,
    invariant,
    ite,
    member,
    require,
)


def bounded_counter(top: int) -> System:
    """0, 1, ..., top: a path of top + 1 states, the last of them top steps away."""
    n = Variable("n", to=Int.between(0, top), init=0)

    @action
    def up() -> None:
        require(n.value < top)
        n.value = n.value + 1

    @invariant(premise=lambda: n.value == top)
    def in_range() -> Bool:
        """The counter stays in its range."""
        return (n.value >= 0) & (n.value <= top)

    @invariant()
    def not_full() -> Bool:
        """The counter never gets to its top: false, after as many steps as the top says."""
        return n.value != top

    return System("bounded-counter", (up,), (in_range, not_full))


def independent_bits(size: int) -> System:
    """Each bit is set or not: 2 ** size states; all of them set takes size steps, and nothing takes more."""

    class Bit(Index, size=size):
        pass

    up = Variable("up", Bit, to=Bool, init=False)

    @action(by="b")
    def flip(b: Bit) -> None:
        up[b] = ~up[b]

    @invariant(premise=lambda b: up[b])
    def real(b: Bit) -> Bool:
        """A bit is up or not."""
        return up[b] | ~up[b]

    @invariant()
    def some_down() -> Bool:
        """Never are all bits up: false, after as many steps as there are bits."""
        return exists(Bit, lambda b: ~up[b])

    return System("independent-bits", (flip,), (real, some_down))


class Pc(Enumeration):
    away = member()
    raised = member()
    waiting = member()
    critical = member()


def peterson() -> System:
    """Peterson's mutual exclusion for two (1981): 20 states, counted by hand.

    Say (i, j, turn) with 0 away, 1 flag raised, 2 turn given away and waiting, 3 critical. Both in {0, 1}: any turn, 2*2*2 = 8.
    Process 0 in {2, 3} and 1 in {0, 1}: 0 gave the turn to 1 when it came, and 1 could only have taken it back by coming to wait,
    where it would still be; so turn = 1, 2*2 = 4, and 4 with the roles exchanged. Both in {2, 3}: waiting both, any turn, 2; one
    critical and one waiting, and the turn is the critical one's, 2; both critical never. 8 + 4 + 4 + 2 + 2 = 20. The
    farthest has both flags raised and the turn unlike at the start: a whole round of one process, 4 steps, then two flags, 6.
    """

    class Process(Index, size=2):
        pass

    pc = Variable("pc", Process, to=Pc, init=Pc.away)
    turn = Variable("turn", to=Process, init="process0")

    @action(by="p")
    def raise_flag(p: Process) -> None:
        require(pc[p] == Pc.away)
        pc[p] = Pc.raised

    @action(by="p")
    def give_turn(p: Process, other: Process) -> None:
        require((pc[p] == Pc.raised) & (p != other))
        pc[p] = Pc.waiting
        turn.value = other

    @action(by="p")
    def enter(p: Process) -> None:
        require(pc[p] == Pc.waiting)
        require((turn.value == p) | forall(Process, lambda other: implies(other != p, pc[other] == Pc.away)))
        pc[p] = Pc.critical

    @action(by="p")
    def leave(p: Process) -> None:
        require(pc[p] == Pc.critical)
        pc[p] = Pc.away

    @invariant(premise=lambda a, b: (pc[a] == Pc.critical) & (pc[b] == Pc.waiting))
    def alone(a: Process, b: Process) -> Bool:
        """Never are both critical."""
        return implies((a != b) & (pc[a] == Pc.critical), pc[b] != Pc.critical)

    @invariant()
    def never_inside(p: Process) -> Bool:
        """Nobody is ever critical: false, after raising the flag, giving the turn away and entering."""
        return pc[p] != Pc.critical

    return System("peterson", (raise_flag, give_turn, enter, leave), (alone, never_inside))


def peterson_plain(state: tuple[int, int, int]) -> list[tuple[int, int, int]]:
    """The same, in plain Python: (pc of 0, pc of 1, turn)."""
    out = []
    for me in (0, 1):
        other = 1 - me
        pcs, turn = list(state[:2]), state[2]
        match pcs[me]:
            case 0:
                pcs[me] = 1
            case 1:
                pcs[me], turn = 2, other
            case 2 if turn == me or pcs[other] == 0:
                pcs[me] = 3
            case 3:
                pcs[me] = 0
            case _:
                continue
        out.append((pcs[0], pcs[1], turn))
    return out


def wolf_goat_cabbage() -> System:
    """The oldest planning problem (Alcuin, about 800): 10 legal states, and 7 crossings solve it.

    Where the farmer is decides who is unwatched. Of 16 placements, 6 leave wolf and goat or goat and cabbage alone; all 10 others
    are reachable, the solution is the farthest.
    """

    class Item(Index, elements=("farmer", "wolf", "goat", "cabbage")):
        pass

    across = Variable("across", Item, to=Bool, init=False)

    def alone(one: str, other: str, taken: Item | None) -> Bool:
        """Would the two be left together on the bank that the farmer leaves?"""
        here = (across[one] == across["farmer"]) & (across[other] == across["farmer"])
        return here if taken is None else here & (taken != one) & (taken != other)

    @action(by="farmer", says=lambda i: f"the farmer takes the {i} over")
    def take(i: Item) -> None:
        require((i != "farmer") & (across[i] == across["farmer"]))
        require(~alone("wolf", "goat", i))
        require(~alone("goat", "cabbage", i))
        for x in each(Item, lambda x: (x == i) | (x == "farmer")):
            across[x] = ~across[x]

    @action(by="farmer")
    def row_alone() -> None:
        require(~alone("wolf", "goat", None))
        require(~alone("goat", "cabbage", None))
        across["farmer"] = ~across["farmer"]

    @invariant(premise=lambda: across["goat"])
    def nobody_eats() -> Bool:
        """Where the farmer is not, neither wolf and goat nor goat and cabbage are together."""
        apart = [(across[a] != across[b]) | (across[a] == across["farmer"]) for a, b in (("wolf", "goat"), ("goat", "cabbage"))]
        return apart[0] & apart[1]

    @invariant()
    def unsolved() -> Bool:
        """They never all get across: false, after seven crossings."""
        return exists(Item, lambda i: ~across[i])

    return System("wolf-goat-cabbage", (take, row_alone), (nobody_eats, unsolved))


def wolf_goat_cabbage_plain(state: tuple[bool, bool, bool, bool]) -> list[tuple[bool, ...]]:
    """The same, in plain Python: who is across."""
    out = []
    for taken in range(4):
        if state[taken] != state[0]:
            continue
        after = tuple(not at if who in (0, taken) else at for who, at in enumerate(state))
        farmer, wolf, goat, cabbage = after
        if (wolf == goat != farmer) or (goat == cabbage != farmer):
            continue
        out.append(after)
    return out


class Meal(Enumeration):
    thinking = member()
    holding = member()  # the left fork
    eating = member()  # with both forks


def philosophers(size: int) -> System:
    """Philosophers at a round table who take the left fork, then the right one, then put both down.

    A state is a ring of thinking, holding, eating in which no eater is followed by somebody who holds his left fork, the eater's
    right one; every such ring is reachable (eaters first). The matrix of allowed neighbours has the eigenvalues 0, 1 + sqrt 2 and
    1 - sqrt 2, so there are (1 + sqrt 2)^n + (1 - sqrt 2)^n states, the Pell-Lucas numbers 2, 6, 14, 34, 82 (OEIS A002203). Holding
    takes one step, eating two, and an eater's neighbour thinks: the deadlock in which all hold is as far as anything, n steps.
    """

    class Philosopher(Index, size=size):
        pass

    right = Constant("right", Philosopher, to=Philosopher, values=lambda p: (p + 1) % size)
    left = Constant("left", Philosopher, to=Philosopher, values=lambda p: (p - 1) % size)
    meal = Variable("meal", Philosopher, to=Meal, init=Meal.thinking)

    @action(by="p")
    def take_left(p: Philosopher) -> None:
        require((meal[p] == Meal.thinking) & (meal[left[p]] != Meal.eating))
        meal[p] = Meal.holding

    @action(by="p")
    def take_right(p: Philosopher) -> None:
        require((meal[p] == Meal.holding) & (meal[right[p]] == Meal.thinking))
        meal[p] = Meal.eating

    @action(by="p")
    def put_down(p: Philosopher) -> None:
        require(meal[p] == Meal.eating)
        meal[p] = Meal.thinking

    @invariant(premise=lambda p: meal[p] == Meal.eating)
    def fork_once(p: Philosopher) -> Bool:
        """Nobody holds a fork that his neighbour eats with."""
        return implies(meal[p] == Meal.eating, meal[right[p]] == Meal.thinking)

    @invariant()
    def somebody_free(p: Philosopher) -> Bool:
        """Never do all hold their left fork: false, after as many steps as there are philosophers."""
        return exists(Philosopher, lambda q: meal[q] != Meal.holding)

    return System("philosophers", (take_left, take_right, put_down), (fork_once, somebody_free))


def any_start() -> System:
    """A level 0..4 and two flags that may start with anything: 5*2*2 = 20 initial states. Where the level is 2, and only there,
    something can be done, once: 4 states more, one step away."""

    class Flag(Index, size=2):
        pass

    level = Variable("level", to=Int.between(0, 4), init=ANYTHING)
    up = Variable("up", Flag, to=Bool, init=ANYTHING)
    done = Variable("done", to=Bool, init=False)

    @action
    def do() -> None:
        require((level.value == 2) & ~done.value)
        done.value = True

    @invariant(premise=lambda: done.value)
    def rightly() -> Bool:
        """It is done at level 2 only."""
        return implies(done.value, level.value == 2)

    @invariant()
    def flag_up(f: Flag) -> Bool:
        """Every flag is up: false at the start, in no step."""
        return up[f]

    return System("any-start", (do,), (rightly, flag_up))


def lamps(size: int, most: int) -> System:
    """At most `most` of `size` lamps are on: one state for each set of so many, the sum of the binomials up to `most`."""

    class Lamp(Index, size=size):
        pass

    on = Variable("on", Lamp, to=Bool, init=False)

    @action(by="x")
    def switch_on(x: Lamp) -> None:
        require(~on[x] & (count(Lamp, lambda y: on[y]) < most))
        on[x] = True

    @action(by="x")
    def switch_off(x: Lamp) -> None:
        require(on[x])
        on[x] = False

    @invariant(premise=lambda: count(Lamp, lambda y: on[y]) == most)
    def few() -> Bool:
        """No more than so many are on."""
        return count(Lamp, lambda y: on[y]) <= most

    @invariant()
    def fewer() -> Bool:
        """Even one less: false, after switching on so many."""
        return count(Lamp, lambda y: on[y]) <= most - 1

    return System("lamps", (switch_on, switch_off), (few, fewer))


def round_trip(size: int) -> System:
    """A token goes round a ring and marks where it has been: `mark[at.value] := True`, `at := next[at]`.

    In the first round each state has one mark more, `size` states; from then on all are marked and only the place changes, another
    `size`. They form one path into a circle, so the last is 2*size - 1 steps away.
    """

    class Node(Index, size=size):
        pass

    following = Constant("following", Node, to=Node, values=lambda n: (n + 1) % size)
    at = Variable("at", to=Node, init="node0")
    marked = Variable("marked", Node, to=Bool, init=False)

    @action
    def go() -> None:
        marked[at.value] = True
        at.value = following[at.value]

    @invariant(premise=lambda n: marked[n])
    def behind(n: Node) -> Bool:
        """Where the token has gone on from, there is a mark, unless it is still at its start."""
        return implies(following[n] == at.value, marked[n] | (at.value == "node0"))

    @invariant()
    def unmarked_somewhere() -> Bool:
        """Some node has no mark: false, after one round."""
        return exists(Node, lambda n: ~marked[n])

    return System("round-trip", (go,), (behind, unmarked_somewhere))


def grid(rows: int, columns: int) -> System:
    """Lights in a grid, with a switch for each row and column that turns over every light of its line.

    A pattern is "row switch xor column switch", and two settings give the same one exactly if all switches differ: 2 ** (rows +
    columns - 1) patterns. The nearest setting has at most half of the switches on: (rows + columns) // 2 steps.
    """

    class Row(Index, size=rows):
        pass

    class Column(Index, size=columns):
        pass

    lit = Variable("lit", Row, Column, to=Bool, init=False)

    @action(by="r")
    def flip_row(r: Row) -> None:
        for c in each(Column):
            lit[r, c] = ~lit[r, c]

    @action(by="c")
    def flip_column(c: Column) -> None:
        for r in each(Row):
            lit[r, c] = ~lit[r, c]

    @invariant(premise=lambda a, b, x, y: (a != b) & (x != y) & lit[a, x])
    def rectangles(a: Row, b: Row, x: Column, y: Column) -> Bool:
        """Of the four corners of any rectangle, an even number is lit."""
        return (lit[a, x] ^ lit[a, y]) == (lit[b, x] ^ lit[b, y])

    @invariant()
    def somewhere_dark() -> Bool:
        """Never is everything lit: false, with all switches of the shorter side."""
        return exists(Row, lambda r: exists(Column, lambda c: ~lit[r, c]))

    return System("grid", (flip_row, flip_column), (rectangles, somewhere_dark))


def cyclic_shift() -> System:
    """Three digits 0, 1, 2 that change places in a circle, all at once: 3 states in a ring, the last 2 steps away.

    One after the other, the assignments would lose a digit; at once, the three are a permutation for ever.
    """

    class Cell(Index, size=3):
        pass

    before = Constant("before", Cell, to=Cell, values=lambda c: (c + 2) % 3)
    place = Constant("place", Cell, to=Int.between(0, 2), values=lambda c: c)
    digit = Variable("digit", Cell, to=Int.between(0, 2), init=lambda c: place[c])

    @action
    def shift() -> None:
        for c in each(Cell):
            digit[c] = digit[before[c]]

    @invariant()
    def all_different(a: Cell, b: Cell) -> Bool:
        """No digit is lost."""
        return implies(a != b, digit[a] != digit[b])

    @invariant()
    def unturned() -> Bool:
        """The first digit is not 1: false, after two shifts."""
        return digit["cell0"] != 1

    return System("cyclic-shift", (shift,), (all_different, unturned))


def two_registers() -> System:
    """Two registers that exchange their values: 2 states. And a choice that copies the larger: from (0, 2) to (2, 2), a third."""
    a = Variable("a", to=Int.between(0, 2), init=0)
    b = Variable("b", to=Int.between(0, 2), init=2)

    @action
    def exchange() -> None:
        a.value = b.value
        b.value = a.value

    @action
    def level() -> None:
        top = ite(a.value >= b.value, a.value, b.value)
        a.value = top
        b.value = top

    @invariant(premise=lambda: a.value == b.value)
    def two_somewhere() -> Bool:
        """One of the two is 2."""
        return (a.value == 2) | (b.value == 2)

    @invariant()
    def unequal() -> Bool:
        """They are never equal: false, after one step."""
        return a.value != b.value

    return System("two-registers", (exchange, level), (two_somewhere, unequal))
