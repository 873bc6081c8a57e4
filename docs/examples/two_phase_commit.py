"""Two-phase commit, after Gray and Lamport, "Consensus on Transaction Commit" (2006): three resource managers."""

from udproof.language import Bool, Enumeration, Index, System, Variable, action, forall, implies, invariant, member, require


class Rm(Index, size=3):
    """A resource manager."""


class Phase(Enumeration):
    """What a resource manager has done."""

    working = member()
    prepared = member()
    committed = member()
    aborted = member()


class Decision(Enumeration):
    """What the transaction manager has decided."""

    none = member()
    commit = member()
    abort = member()


phase = Variable("phase", Rm, to=Phase, init=Phase.working)
decision = Variable("decision", to=Decision, init=Decision.none)
heard = Variable("heard", Rm, to=Bool, init=False)  # the transaction manager has received rm's "prepared"
sent = Variable("sent", Rm, to=Bool, init=False)  # rm's "prepared" is among the messages


@action(by="rm")
def prepare(rm: Rm) -> None:
    """A resource manager prepares and says so."""
    require(phase[rm] == Phase.working)
    phase[rm] = Phase.prepared
    sent[rm] = True


@action(by="rm")
def give_up(rm: Rm) -> None:
    """A working resource manager aborts on its own."""
    require(phase[rm] == Phase.working)
    phase[rm] = Phase.aborted


@action(by="transaction manager")
def hear(rm: Rm) -> None:
    """The transaction manager receives a "prepared"."""
    require((decision.value == Decision.none) & sent[rm])
    heard[rm] = True


@action(by="transaction manager")
def commit() -> None:
    """The transaction manager commits when all are prepared."""
    require((decision.value == Decision.none) & forall(Rm, lambda rm: heard[rm]))
    decision.value = Decision.commit


@action(by="transaction manager")
def abort() -> None:
    """The transaction manager may abort until it has committed."""
    require(decision.value == Decision.none)
    decision.value = Decision.abort


@action(by="rm")
def learn_commit(rm: Rm) -> None:
    """A resource manager receives the commit."""
    require(decision.value == Decision.commit)
    phase[rm] = Phase.committed


@action(by="rm")
def learn_abort(rm: Rm) -> None:
    """A resource manager receives the abort."""
    require(decision.value == Decision.abort)
    phase[rm] = Phase.aborted


@invariant(
    source="Gray and Lamport 2006, TCConsistent",
    premise=lambda a, b: phase[a] == Phase.committed,
    cause=lambda a, b: f"{a} has committed and {b} has aborted",
)
def consistent(a: Rm, b: Rm) -> Bool:
    """No resource manager commits while another aborts."""
    return implies(phase[a] == Phase.committed, phase[b] != Phase.aborted)


system = System(
    "two-phase-commit",
    actions=(prepare, give_up, hear, commit, abort, learn_commit, learn_abort),
    properties=(consistent,),
)
