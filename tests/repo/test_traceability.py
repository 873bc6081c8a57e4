"""Every rule is carried or says why not, every name of a carrier is in the model, and what is claimed under a fault is verified."""

from __future__ import annotations

import os
from dataclasses import replace

import generate
import pytest
import traceability
from tests.systems.results import outcomes

from udproof.engines.explore import Explore
from udproof.engines.verdict import Limits
from udproof.properties import ALL, of
from udproof.protocol.assembly import protocol
from udproof.protocol.faults import FAULTS, Fault, allowed
from udproof.protocol.fleet import Network
from udproof.protocol.fleet_file import read_fleet
from udproof.protocol.fleets import path_of
from udproof.protocol.rules import BadRules, parsed, rules

# How many rules of each kind the published texts were read to have.
NUMBERED = {"E": 11, "W": 12, "V": 7, "F": 20, "P": 14, "L": 6}


def test_every_rule_is_there() -> None:
    assert {rule.id for rule in rules()} == {f"{letter}{number + 1}" for letter, most in NUMBERED.items() for number in range(most)}


def test_every_carrier_is_in_the_model() -> None:
    known = traceability.known()
    missing = [(rule.id, kind, name) for rule in rules() for kind, name in rule.carried if name not in known[kind]]
    assert not missing


def test_every_property_carries_a_rule() -> None:
    carriers = {name for rule in rules() for kind, name in rule.carried if kind == "property"}
    assert carriers == {prop.name for prop in ALL}


def test_rules_name_a_file_that_is_there() -> None:
    pages = {page for kind in traceability.known().values() for page in kind.values()}
    assert not [page for page in pages if not (generate.DOCS / page.partition("#")[0]).exists()]


RULE = """
[source.A]
what = "a text"
[[rule]]
id = "E1"
says = "so"
mark = "documented"
source = ["A"]
carried = ["action start"]
"""


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (RULE.replace('["action start"]', "[]"), "rule E1 needs a source, and carriers or a reason why there are none."),
        (RULE.replace('["A"]', '["B"]'), "rule E1: there is no source B."),
        (RULE.replace("action start", "start"), "rule E1: 'start' is no carrier; write a kind"),
        (RULE + RULE[RULE.index("[[rule]]") :], "rule E1 is there twice."),
    ],
)
def test_a_rule_out_of_form_is_refused(text: str, sentence: str) -> None:
    assert parsed(RULE)[0].carried == (("action", "start"),)
    with pytest.raises(BadRules) as refusal:
        parsed(text)
    assert str(refusal.value).startswith(sentence)


NIGHTLY = os.environ.get("UDPROOF_TEST_PROFILE") == "nightly"
QUICK = ("hang", "failed-read", "cancellation")


@pytest.mark.parametrize("fault", [fault for fault in FAULTS if NIGHTLY or fault.name in QUICK], ids=lambda fault: fault.name)
def test_under_each_fault_what_is_claimed_holds_and_the_rest_fails(fault: Fault) -> None:
    fleet = traceability.small_fleet(fault)
    assert fault.budget(fleet) == 1
    assert [other.name for other in FAULTS if other.budget(fleet)] == [fault.name]
    system = protocol(fleet, of(fleet))
    found = outcomes(Explore().verify(system, system.checks, Limits()))
    assert {name for name, outcome in found.items() if outcome != "proved"} == set(fault.fails)
    assert {*fault.fails, *fault.provided} <= set(found)


def test_every_budget_of_a_fleet_file_is_a_fault() -> None:
    budgets = {"cancellations", "suspensions", "ill", "hangs", "host_failures", "failures", "losses", "duplicates", "reorderings"}
    keys = {key for key in traceability.known()["key"] if key.partition(".")[2] in {*budgets, "failed_reads", "failovers"}}
    assert {fault.key for fault in FAULTS} == keys


def test_a_verdict_tells_the_faults_that_were_allowed_and_those_that_were_ruled_out() -> None:
    assert allowed(read_fleet(path_of("teaching"))) == ()
    told = allowed(read_fleet(path_of("failover")))
    assert told[0] == "fault allowed: a command is lost, once in a run at most"
    assert told[-1] == "fault allowed: the lead changes hands, and the old leader does not know, once in a run at most"
    quiet = replace(read_fleet(path_of("network")), network=Network(losses=0, duplicates=2, reorderings=0))
    assert allowed(quiet) == (
        "no fault: a command is lost",
        "fault allowed: a command is doubled, 2 times in a run at most",
        "no fault: a command is overtaken by a later one",
    )
