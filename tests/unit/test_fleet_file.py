"""Fleet files: what a good one means, and that a bad one is told where and why, all of it at once."""

from __future__ import annotations

import json
import os
import pickle
import re
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from udproof.protocol.assembly import PARTS, parts_of
from udproof.protocol.fleet import Fleet, Grouping, HostEntry, Span, VmEntry
from udproof.protocol.fleet_file import FleetFileError, Mistake, parse_fleet, read_fleet, schema, starter
from udproof.protocol.fleets import path_of, shipped


def mistakes_in(text: str) -> tuple[Mistake, ...]:
    with pytest.raises(FleetFileError) as raised:
        parse_fleet(text, "fleet.toml")
    return raised.value.mistakes


# --- what a good file means


def test_a_generated_set_follows_the_documented_rule() -> None:
    fleet = parse_fleet('name = "x"\n[[set]]\nname = "web"\nvms = 14\nhosts_per_domain = 2\n', "x")
    assert [host.name for host in fleet.hosts[:4]] == ["web-ud0-a", "web-ud0-b", "web-ud1-a", "web-ud1-b"]
    assert [host.step for host in fleet.hosts] == [f"step-{n}" for n in range(5) for _ in range(2)]
    assert [vm.name for vm in fleet.vms] == [f"web-{n}" for n in range(14)]
    assert [vm.domain for vm in fleet.vms] == [0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1, 2, 3]
    assert [sum(vm.domain == n for vm in fleet.vms) for n in range(5)] == [3, 3, 3, 3, 2]  # as documented for 14 on 5
    # web-0, web-5 and web-10 are the VMs of domain 0, dealt to its two hosts in turn.
    assert [vm.host for vm in fleet.vms if vm.domain == 0] == ["web-ud0-a", "web-ud0-b", "web-ud0-a"]
    assert {vm.availability_set for vm in fleet.vms} == {"web"}
    assert all(vm.eligible for vm in fleet.vms)


def test_a_set_generated_for_fault_domains() -> None:
    fleet = parse_fleet('name = "x"\nwalk.grouping = "fault-domain"\n[[set]]\nname = "web"\nvms = 4\n', "x")
    assert fleet.grouping is Grouping.FAULT_DOMAIN
    assert [(host.name, host.step) for host in fleet.hosts] == [(f"web-fd{n}-a", f"fd-{n}") for n in range(3)]
    assert [(vm.host, vm.domain) for vm in fleet.vms] == [("web-fd0-a", 0), ("web-fd1-a", 1), ("web-fd2-a", 2), ("web-fd0-a", 0)]


def test_hosts_beyond_the_alphabet_are_named_as_columns_are() -> None:
    fleet = parse_fleet('name = "x"\n[[set]]\nname = "w"\nvms = 1\nupdate_domains = 1\nhosts_per_domain = 703\n', "x")
    names = [host.name.removeprefix("w-ud0-") for host in fleet.hosts]
    assert [names[n] for n in (0, 25, 26, 51, 52, 701, 702)] == ["a", "z", "aa", "az", "ba", "zz", "aaa"]


def test_the_documented_defaults() -> None:
    fleet = parse_fleet('name = "x"\nset = [{ name = "web", vms = 1 }]\n', "x")
    timing = fleet.timing
    assert (timing.notice, timing.recovery, timing.pause_limit) == (900, 1800, 30)
    assert (timing.quiescing, timing.paused, timing.applying) == (Span(f(0), f(5)), Span(f(0), f(0)), Span(f(5), f(20)))
    assert (timing.watchdog, timing.restoring, timing.rollback) == (15, Span(f(5), f(5)), Span(f(5), f(10)))
    assert (timing.clock_sync_delay, timing.clock_sync_bound) == (5, 10)
    assert (fleet.attempts, fleet.approval, fleet.check_placement, fleet.expect) == (2, "any", True, None)
    assert fleet.grouping is Grouping.UPDATE_DOMAIN
    assert len(fleet.hosts) == 5


def f(seconds: int) -> Fraction:
    return Fraction(seconds)


def test_every_key_arrives() -> None:
    fleet = parse_fleet(
        """
        name = "all"
        expect = { violated = ["pause-bounded", "clock-synchronised"] }
        walk = { notice = "1.5s", recovery = "0s", attempts = 3, approval = "nobody", placement_rule = "unchecked" }
        limits = { pause = "1s", clock_sync = "2s" }
        guest_clock = { sync_delay = "3s" }
        [host_update]
        quiescing = { least = "1ms", most = "2ms" }
        paused    = { least = "3ms", most = "4ms" }
        applying  = { least = "5ms", most = "6ms" }
        watchdog  = "7ms"
        restoring = { least = "8ms", most = "9ms" }
        rollback  = { least = "10ms", most = "11ms" }
        [[set]]
        name = "db"
        update_domains = 20
        [[host]]
        name = "same name"
        step = "first"
        [[host]]
        name = "empty"
        step = "second"
        [[vm]]
        name = "same name"
        host = "same name"
        set = "db"
        update_domain = 19
        eligible = false
        [[vm]]
        name = "alone"
        host = "same name"
        """,
        "all",
    )
    ms = [Fraction(n, 1000) for n in range(12)]
    timing = fleet.timing
    assert (timing.notice, timing.recovery) == (Fraction(3, 2), 0)
    assert (timing.pause_limit, timing.clock_sync_bound, timing.clock_sync_delay) == (1, 2, 3)
    assert (timing.quiescing, timing.paused) == (Span(ms[1], ms[2]), Span(ms[3], ms[4]))
    assert (timing.applying, timing.watchdog) == (Span(ms[5], ms[6]), ms[7])
    assert (timing.restoring, timing.rollback) == (Span(ms[8], ms[9]), Span(ms[10], ms[11]))
    assert (fleet.name, fleet.attempts, fleet.approval, fleet.check_placement) == ("all", 3, "nobody", False)
    assert fleet.expect == ("pause-bounded", "clock-synchronised")
    assert fleet.hosts == (HostEntry("same name", "first"), HostEntry("empty", "second"))
    assert fleet.vms == (VmEntry("same name", "same name", "db", 19, False), VmEntry("alone", "same name", None, 0, True))


def test_expectations() -> None:
    rest = '[[set]]\nname = "web"\nvms = 1\n'
    assert parse_fleet(f'name = "x"\nexpect = "proved"\n{rest}', "x").expect == "proved"
    assert parse_fleet(f'name = "x"\nexpect.violated = "pause-bounded"\n{rest}', "x").expect == ("pause-bounded",)


WRITTEN_OUT = """\
name = "x"
[[set]]
name = "db"
update_domains = 2
[[host]]
name = "rack1"
[[host]]
name = "rack2"
[[vm]]
name = "db-0"
host = "rack1"
set = "db"
update_domain = 0
[[vm]]
name = "db-1"
host = "rack2"
set = "db"
update_domain = 1
"""


def test_the_step_of_a_host_follows_from_its_vms() -> None:
    fleet = parse_fleet(WRITTEN_OUT, "x")
    assert fleet.hosts == (HostEntry("rack1", "step-0"), HostEntry("rack2", "step-1"))


def test_a_written_out_fleet_by_fault_domains() -> None:
    text = WRITTEN_OUT.replace('name = "rack1"', 'name = "rack1"\nfault_domain = 2')
    text = text.replace('name = "rack2"', 'name = "rack2"\nfault_domain = 0\nstep = "early"')
    fleet = parse_fleet(text + '[walk]\ngrouping = "fault-domain"\n', "x")
    assert fleet.hosts == (HostEntry("rack1", "fd-2"), HostEntry("rack2", "early"))
    assert [vm.domain for vm in fleet.vms] == [2, 0]


def test_a_lone_vm_may_stand_on_a_generated_host() -> None:
    text = 'name = "x"\n[[set]]\nname = "web"\nvms = 2\n[[vm]]\nname = "gpu"\nhost = "web-ud1-a"\neligible = false\n'
    assert parse_fleet(text, "x").vms[-1] == VmEntry("gpu", "web-ud1-a", None, 0, False)


def test_a_name_may_be_anything_of_one_line() -> None:
    name = "<b>\u202e'\"&; rm -rf \\ \x1b[31m" + "é" * 100
    fleet = parse_fleet(f"name = {json.dumps(name)}\n[[set]]\nname = {json.dumps(name)}\nvms = 1\n", "x")
    assert fleet.name == name
    assert fleet.vms[0].name == f"{name}-0"


# --- mistakes, each counted by hand: line, column, where, and the essential words

SET = '[[set]]\nname = "web"\nvms = 2\n'
HEAD = f'name = "x"\n{SET}'  # four lines

LONE = HEAD + '[[vm]]\nname = "a"\nhost = "web-ud0-a"\n'  # seven lines
SAME_STEP = WRITTEN_OUT.replace('"rack1"\n[', '"rack1"\nstep = "s"\n[').replace('"rack2"\n[', '"rack2"\nstep = "s"\n[')
ONE_HOST = WRITTEN_OUT.replace('[[host]]\nname = "rack2"\n', "").replace("rack2", "rack1")
HALF_FAULT_DOMAINS = WRITTEN_OUT.replace('"rack1"\n[', '"rack1"\nfault_domain = 0\n[') + '[walk]\ngrouping = "fault-domain"'


def edited(old: str, new: str) -> str:
    assert WRITTEN_OUT.count(old) >= 1
    return WRITTEN_OUT.replace(old, new)


MISTAKES = {
    "unit": (HEAD + "[walk]\nnotice = 15\n", "6:10: walk.notice", '15 has no unit; write "15s"'),
    "unit in quotes": (HEAD + '[walk]\nnotice = "15"\n', "6:10: walk.notice", '"15" has no unit; write "15s"'),
    "unknown unit": (HEAD + '[limits]\npause  =  "5 parsec"', "6:11: limits.pause", 'unknown unit "parsec"; the units are'),
    "negative": (HEAD + '[guest_clock]\nsync_delay = "-5s"', "6:14: guest_clock.sync_delay", "negative; a duration is 0 or more"),
    "time of day": (
        HEAD + "[walk]\nnotice = 00:15:00",
        "6:10: walk.notice",
        "time of day 00:15:00 is not a duration; write a text",
    ),
    "unknown key": (HEAD + "[walk]\natempts = 2", "6:1: walk.atempts", 'key "atempts" is unknown; did you mean attempts?'),
    "key of another table": (HEAD + '[walk]\n\n  pause = "30s"', "7:3: walk.pause", "unknown; pause belongs to [limits]"),
    "key of nothing": (HEAD + "[limits]\nzzz = 1", "6:1: limits.zzz", "unknown; the keys here are pause, clock_sync"),
    "plural table": (HEAD + '[[vms]]\nname = "a"', "5:3: vms", "unknown; did you mean vm?"),
    "one bracket": (HEAD + '[vm]\nname = "a"', "5:2: vm", "not an array of tables; write [[vm]], with two brackets"),
    "no name": (f"# comment\n{SET}", "1:1: the file", 'the key name is missing; write name = "my-fleet"'),
    "no host": (HEAD + '[[vm]]\nname = "a"', '5:3: vm "a"', "the key host is missing; write host = "),
    "no most": (
        HEAD + '[host_update]\npaused = { least = "1s" }',
        "6:10: host_update.paused",
        "the key most is missing; write most =",
    ),
    "number for a name": (HEAD.replace('"x"', "7"), "1:8: name", "7 is not a name; write a text in quotes"),
    "empty name": (HEAD.replace('"x"', '""'), "1:8: name", "the name is empty; write at least one character"),
    "line break in a name": (HEAD.replace('"x"', '"a\\nb"'), "1:8: name", 'the name "a\\nb" contains a line break'),
    "long name": (HEAD.replace("x", "x" * 10_001), "1:8: name", "the name has 10001 characters; a name has at most 10000"),
    "choice": (
        HEAD + '[walk]\ngrouping = "domain"',
        "6:12: walk.grouping",
        'none of its values; write "update-domain" or "fault-domain"',
    ),
    "attempts": (HEAD + "[walk]\nattempts = 4", "6:12: walk.attempts", "4 is out of range; write a whole number from 1 to 3"),
    "attempts true": (
        HEAD + "[walk]\nattempts = true",
        "6:12: walk.attempts",
        "true is not a whole number; write a whole number from 1 to 3",
    ),
    "21 domains": (
        HEAD + "update_domains = 21",
        '5:18: set "web", update_domains',
        "21 is out of range; write a whole number from 1 to 20",
    ),
    "4 fault domains": (
        HEAD + "fault_domains = 4",
        '5:17: set "web", fault_domains',
        "out of range; write a whole number from 1 to 3",
    ),
    "0 VMs": (HEAD.replace("2", "0"), '4:7: set "web", vms', "0 is out of range; write a whole number from 1 to 2000"),
    "truth": (LONE + 'eligible = "no"', '8:12: vm "a", eligible', '"no" is not a truth value; write true or false'),
    "least over most": (
        HEAD + '[host_update]\nrollback = { least = "9s", most = "8s" }',
        "6:12: host_update.rollback",
        "least (9 s) is more than most (8 s)",
    ),
    "not a table": (
        HEAD + '[host_update]\npaused = "0s"',
        "6:10: host_update.paused",
        '"0s" is not a table; write a table with the keys least, most',
    ),
    "not a whole table": ("walk = 3\n" + HEAD, "1:8: walk", "3 is not a table; write a table with the keys grouping, notice"),
    "expectation": (
        'expect = "refuted"\n' + HEAD,
        "1:10: expect",
        '"refuted" is not an expectation; write "proved", or { violated',
    ),
    "expects nothing": ("expect = { violated = [] }\n" + HEAD, "1:10: expect", "violated names no property"),
    "expects twice": ('expect = { violated = ["a", "a"] }\n' + HEAD, "1:10: expect", "violated names a property twice"),
    "expects a number": ("expect = { violated = [5] }\n" + HEAD, "1:10: expect", "5 is not a name; write a text in quotes"),
    "expects more": ('expect = { violated = "a", proved = "b" }\n' + HEAD, "1:10: expect", "a table is not an expectation; write"),
    "date": (HEAD + "[walk]\nnotice = 2020-01-01", "6:10: walk.notice", "the date 2020-01-01 is not a duration"),
    "fraction": (HEAD + "[walk]\nattempts = 1.5", "6:12: walk.attempts", "1.5 is not a whole number"),
    "huge number": (
        HEAD + "[walk]\nattempts = 1" + "0" * 99,
        "6:12: walk.attempts",
        "a number of very many digits is out of range",
    ),
    "array": (HEAD + "[limits]\npause = []", "6:9: limits.pause", "an array is not a duration"),
    "fault domain of no set": (
        edited('"rack1"\n[', '"rack1"\nfault_domain = 2\n[')
        .replace('"rack2"\n[', '"rack2"\nfault_domain = 1\n[')
        .replace("update_domains = 2", 'fault_domains = 2\n[walk]\ngrouping = "fault-domain"'),
        '15:8: vm "db-0", host',
        'the set "db" has 2 fault domains, and this host is in 2 (see line 7)',
    ),
    "no VM": ('name = "x"', "1:1: the file", "the fleet has no VM; add [[vm]] tables"),
    "set without VMs": (HEAD + '[[set]]\nname = "db"', '5:3: set "db"', 'no VM is in the set "db"; give it vms = 10'),
    "hosts for nothing": (
        edited("update_domains = 2", "hosts_per_domain = 2"),
        '4:20: set "db", hosts_per_domain',
        "generates nothing without vms",
    ),
    "two sets": (HEAD + SET, '6:8: set "web", name', 'there is another set of the name "web" (see line 3); give each set'),
    "two hosts": (edited("rack2", "rack1"), '8:8: host "rack1", name', 'another host of the name "rack1" (see line 6)'),
    "two VMs": (edited("db-1", "db-0"), '15:8: vm "db-0", name', 'another VM of the name "db-0" (see line 10)'),
    "generated VM again": (
        HEAD + '[[vm]]\nname = "web-1"\nhost = "web-ud0-a"',
        '6:8: vm "web-1", name',
        '"web-1" that its set generates (see line 3)',
    ),
    "unknown host": (
        edited('"rack2"\nset', '"rakc2"\nset'),
        '16:8: vm "db-1", host',
        'there is no host "rakc2"; did you mean "rack2"?',
    ),
    "strange host": (edited('"rack2"\nset', '"zzz"\nset'), '16:8: vm "db-1", host', 'no host "zzz"; add a [[host]] with this name'),
    "unknown set": (
        edited('set = "db"\nupdate_domain = 1', 'set = "dbb"\nupdate_domain = 1'),
        '17:7: vm "db-1", set',
        'there is no set "dbb"; did you mean "db"?',
    ),
    "domain of no set": (LONE + "update_domain = 0", '8:17: vm "a", update_domain', 'the VM "a" is in no set; name its set'),
    "no domain": (
        edited("update_domain = 1\n", ""),
        '14:3: vm "db-1"',
        'of the set "db" has no update_domain; write update_domain = 0 (at most 1)',
    ),
    "domain too high": (
        edited("update_domain = 1", "update_domain = 2"),
        '18:17: vm "db-1", update_domain',
        'the set "db" has 2 update domains, and so no number 2 (see line 2); write one from 0 to 1',
    ),
    "domain below 0": (
        edited("update_domain = 1", "update_domain = -1"),
        '18:17: vm "db-1", update_domain',
        "-1 is out of range; write a whole number from 0 to 19",
    ),
    "member of a generated set": (
        LONE + 'set = "web"\nupdate_domain = 0',
        '8:7: vm "a", set',
        'the set "web" is generated (vms = 2), so no further VM can be in it (see line 4)',
    ),
    "no step": (
        HEAD + '[[host]]\nname = "spare"',
        '5:3: host "spare"',
        "does not follow from its VMs: no VM of a set stands on it; say in which step",
    ),
    "two steps": (ONE_HOST, '5:3: host "rack1"', "its VMs have the update domains 0 and 1; say in which step"),
    "placement": (
        SAME_STEP,
        '18:8: vm "db-1", host',
        'VM "db-1" (update domain 1, host "rack2") and VM "db-0" (update domain 0, host "rack1") '
        'are both updated in the step "s", '
        'which pauses two domains of the set "db" together (see line 11); place them in different steps, '
        'or write placement_rule = "unchecked"',
    ),
    "no fault domain": (HALF_FAULT_DOMAINS, '8:3: host "rack2"', "has no fault_domain; write fault_domain = 0 (or 1, or 2)"),
    "fault domain 3": (
        edited('name = "rack1"', 'name = "rack1"\nfault_domain = 3'),
        '7:16: host "rack1", fault_domain',
        "3 is out of range; write a whole number from 0 to 2",
    ),
    "too many VMs": (
        HEAD + '[[set]]\nname = "big"\nvms = 1999',
        "1:1: the file",
        "the fleet has 2001 VMs; a fleet has at most 2000 VMs",
    ),
    "too many hosts": (
        HEAD + "hosts_per_domain = 401",
        "1:1: the file",
        "the fleet has 2005 hosts; a fleet has at most 2000 hosts",
    ),
    "too many tables": (HEAD + '[[host]]\nname = "a"\n' * 2001, "5:3: host", "there are 2001 of them; a fleet has at most 2000"),
    "inline": (
        'name = "x"\nset = [ { name = "web", vms = 1 },\n        { name = "db", vmms = 1, vms = 1 } ]',
        '3:24: set "db", vmms',
        "did you mean vms?",
    ),
    "nameless": (
        'name = "x"\nset = [ { name = "web", vms = 1 }, 5 ]',
        "2:36: set number 2",
        "5 is not a table; write a table with the keys name, vms",
    ),
    "dotted": (HEAD.replace('name = "x"', 'name = "x"\nwalk.notice = 9'), "2:15: walk.notice", "9 has no unit"),
}


@pytest.mark.parametrize(("text", "place", "words"), MISTAKES.values(), ids=MISTAKES.keys())
def test_each_mistake_has_its_place_and_its_sentence(text: str, place: str, words: str) -> None:
    (mistake,) = mistakes_in(text)
    assert f"{mistake.line}:{mistake.column}: {mistake.where}" == place
    assert words in f"{mistake.what}; {mistake.right}"


SYNTAX = {
    "bare duration": (HEAD + "[walk]\nnotice = 15min\n", 6, 12, "more after the value"),
    "bare word": (HEAD + "[walk]\ngrouping = update-domain\n", 6, 12, 'no value; write a text in double quotes ("30s")'),
    "True": (HEAD + "[walk]\neligible = True\n", 6, 12, "true or false"),
    "no equals": ("name\n", 1, 5, "no = after the key"),
    "no key": ("\n = 3\n", 2, 2, "begins no statement"),
    "open text": ('name = "x\n' + SET, 1, 10, "may not stand in a text; close the text in its line"),
    "open literal": ("name = 'x", 1, 10, "no closing quotation mark"),
    "open array": ('expect = { violated = ["a"', 1, 27, "lacks a comma or its closing bracket"),
    "open header": ("[walk\n", 1, 6, "lacks its closing bracket"),
    "half header": ("[[vm]\n", 1, 5, "close [table] with ] and [[array]] with ]]"),
    "key twice": ('name = "x"\n  name = "y"\n', 2, 3, "this key is given twice; keep one"),
    "table twice": ('[host]\nname = "a"\n[host]\n', 3, 1, "this table is given twice; keep one of the two; only [[set]]"),
    "table in two places": ("walk.attempts = 1\n[walk]\n", 2, 1, "given"),
    "escape": ('name = "C:\\path"\n', 1, 11, "the backslash begins no known escape"),
    "control character": ('name = "\x1b[31m"\n', 1, 9, "may not stand in a text"),
    "broken inline table": ("[host_update]\npaused = { least = '0s',\n most = '0s' }\n", 2, 25, "there is no key here"),
    "no such date": ("name = 2020-13-01", 1, 12, "more after the value"),
    "long number": ("name = 1\nvm = " + "9" * 5000, 2, 6, "this number is too long to be read"),
    "many dots": ("name = 1\n" + "a." * 1001 + "a = 1", 2, 1, "over 1000 dots"),
    "half a character": ("name = '\ud800'", 1, 9, "half a surrogate pair is no character"),
    "deep": ("name = " + "[" * 3000, 1, 1, "nested too deeply"),
}


@pytest.mark.parametrize(("text", "line", "column", "words"), SYNTAX.values(), ids=SYNTAX.keys())
def test_what_is_no_toml_has_its_place_too(text: str, line: int, column: int, words: str) -> None:
    (mistake,) = mistakes_in(text)
    assert (mistake.line, mistake.column) == (line, column)
    assert words in f"{mistake.what}; {mistake.right}"


def test_all_mistakes_are_told_at_once_in_the_order_of_their_places() -> None:
    text = (
        "[walk]\n"
        'grouping = "domain"\n'
        "attempts = 9\n"
        "[limits]\n"
        "paus = 1\n"
        "[[vm]]\n"
        'host = "web-ud0-a"\n'
        "[[set]]\n"
        'name = "web"\n'
        "vms = 0\n"
        "[host_update]\n"
        'paused = { least = "2s", most = "1s" }\n'
    )
    assert [(mistake.line, mistake.column) for mistake in mistakes_in(text)] == [
        (1, 1),  # no name
        (2, 12),
        (3, 12),
        (5, 1),
        (6, 3),  # no name
        (10, 7),
        (12, 10),
    ]


def test_a_wrong_key_does_not_hide_a_broken_rule_elsewhere() -> None:
    name, notice, host, domain = 'name = "db-0"', "notice = 3", '"rakc2"\nset', "update_domain = 5"
    text = WRITTEN_OUT.replace('"rack2"\nset', host).replace("update_domain = 0", domain) + f"[walk]\n{notice}\n"
    assert name in text
    assert [(mistake.line, mistake.where) for mistake in mistakes_in(text)] == [
        (13, 'vm "db-0", update_domain'),
        (16, 'vm "db-1", host'),
        (20, "walk.notice"),
    ]
    unplaceable = WRITTEN_OUT.replace('name = "rack2"', 'name = "rack2"\nstep = "step-0"') + f"[walk]\n{notice}\n"
    assert [(mistake.line, mistake.where) for mistake in mistakes_in(unplaceable)] == [
        (17, 'vm "db-1", host'),
        (21, "walk.notice"),
    ]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('name = "rack1"', 'nam = "rack1"'),  # the VM's host is the one without a name
        ('name = "rack1"', 'name = "rack1"\nsteps = 1'),
        ('name = "db"', 'nme = "db"'),
        ("update_domains = 2", "update_domains = 99"),
        ('set = "db"\nupdate_domain = 0', 'set = "db"\nupdate_domain = "0"'),
        ("[[host]]\nname", "[[hosts]]\nname"),
    ],
)
def test_a_mistake_brings_no_false_ones_after_it(old: str, new: str) -> None:
    assert old in WRITTEN_OUT
    text = WRITTEN_OUT.replace(old, new, 1)
    line = text[: text.index(new)].count("\n") + 1
    last = line + new.count("\n")
    for mistake in mistakes_in(text):
        assert line - 1 <= mistake.line <= last


def test_an_unchecked_placement_is_read_and_seen() -> None:
    fleet = read_fleet(path_of("bad-placement"))
    assert not fleet.check_placement
    assert [(first.name, second.name) for first, second in fleet.misplaced()] == [("db-0", "db-1")]


# --- how it is printed


def test_the_message_shows_the_line_and_a_caret() -> None:
    with pytest.raises(FleetFileError) as raised:
        parse_fleet(HEAD + "[walk]\nnotice = 15\n\tattempts = 9\r\n", "fleet.toml")
    assert str(raised.value) == (
        'fleet.toml:6:10: walk.notice: 15 has no unit; write "15s" for seconds, or "15min" for minutes\n'
        "    notice = 15\n"
        "             ^\n"
        "fleet.toml:7:13: walk.attempts: 9 is out of range; write a whole number from 1 to 3\n"
        "        attempts = 9\n"
        "                   ^"
    )


def test_the_message_is_safe_for_a_terminal() -> None:
    with pytest.raises(FleetFileError) as raised:
        parse_fleet('"\\u001b]0;x\\u0007" = 1\nname = "\x1b[31m', "evil\x1b[2J\n.toml")
    assert "\x1b" not in str(raised.value)
    with pytest.raises(FleetFileError) as raised:
        parse_fleet('"\\u001b]0;x\\u0007" = "\u202e"\n' + HEAD + '[[vm]]\nname = "\\u001b"\nhost = "\\u009b2J"', "x")
    assert all(line.isprintable() for line in str(raised.value).split("\n"))
    assert "\\x9b2J" in str(raised.value)


def test_the_caret_stands_below_wide_characters_and_in_long_lines() -> None:
    text = str(FleetFileError("x", mistakes_in('name = "x"\nset = [{ name = "日本", vms = 0 }]')))
    _, line, caret = text.split("\n")
    assert line == '    set = [{ name = "日本", vms = 0 }]'
    assert caret.index("^") == line.index("0") + 2  # each of the two takes two columns
    long = 'name = "x"\nset = [{ name = "' + "a" * 5000 + '", vms = 0 }]  # ' + "b" * 5000
    sentence, line, caret = str(FleetFileError("x", mistakes_in(long))).split("\n")
    assert line[caret.index("^")] == "0"
    assert len(sentence) < 250
    assert len(line) < 150


def test_hundreds_of_mistakes_are_counted_and_not_all_spelled_out() -> None:
    with pytest.raises(FleetFileError) as raised:
        parse_fleet(HEAD + "[[vm]]\n" * 300, "x")
    assert len(raised.value.mistakes) == 600
    assert str(raised.value).endswith("x: and 500 more mistakes")


def test_the_error_can_be_sent_to_another_process() -> None:
    with pytest.raises(FleetFileError) as raised:
        parse_fleet("name = 1", "x")
    copy = pickle.loads(pickle.dumps(raised.value))
    assert (str(copy), copy.mistakes) == (str(raised.value), raised.value.mistakes)


# --- files


@pytest.mark.parametrize(
    ("content", "line", "column", "sentence"),
    [
        (b"", 1, 1, "it is empty; run udproof init to write a fleet to begin with"),
        (b" \n\t\n", 1, 1, "it is empty; run udproof init to write a fleet to begin with"),
        (b"\xef\xbb\xbfname = 'x'", 1, 1, "it begins with a byte order mark; save it as UTF-8 without BOM"),
        ("name = 'x'".encode("utf-16"), 1, 1, "it is UTF-16; save it as UTF-8 without BOM"),
        (b"\x7fELF\x00\x01", 1, 1, "it is a binary file (byte 4 is NUL); a fleet file is TOML text"),
        ("\u00e9 = 1\nab = '".encode() + b"\xe9'", 2, 7, "byte 13 (0xe9) is not UTF-8; save the file as UTF-8"),
        (b"#" * 10_000_001, 1, 1, "it is larger than 10 MB; a fleet of 2000 VMs takes less than 1 MB: check the path"),
    ],
    ids=["empty", "blank", "BOM", "UTF-16", "binary", "latin-1", "10 MB"],
)
def test_a_file_that_is_no_text(tmp_path: Path, content: bytes, line: int, column: int, sentence: str) -> None:
    path = tmp_path / "fleet.toml"
    path.write_bytes(content)
    with pytest.raises(FleetFileError) as raised:
        read_fleet(path)
    assert str(raised.value) == f"{path}:{line}:{column}: the file: {sentence}"


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret.toml"
    secret.write_text(HEAD)
    secret.chmod(0)
    cases = {
        tmp_path / "none.toml": "there is no such file",
        tmp_path: "this is a directory",
        Path("a\0b"): "it cannot be read",
        secret / "below": "it cannot be read",
    }
    if os.access(secret, os.R_OK):  # root reads everything
        assert read_fleet(secret).name == "x"
    else:
        cases[secret] = "it cannot be read"
    for path, what in cases.items():
        with pytest.raises(FleetFileError) as raised:
            read_fleet(path)
        assert raised.value.mistakes[0].what.startswith(what)


# --- the shipped fleets, the starter and the schema


def test_the_shipped_fleets() -> None:
    fleets = {name: read_fleet(path_of(name)) for name in shipped()}
    sizes = {name: (len({host.step for host in x.hosts}), len(x.hosts), len(x.vms)) for name, x in fleets.items()}
    assert (
        sizes.items()
        >= {
            "bad-placement": (1, 2, 2),
            "default": (5, 5, 10),
            "fault-domains": (3, 3, 6),
            "large": (20, 80, 160),
            "lone-vm": (1, 1, 1),
            "teaching": (3, 3, 5),
            "twenty-domains": (20, 20, 20),
            "two-sets": (3, 3, 6),
        }.items()
    )
    assert all(fleet.name == name for name, fleet in fleets.items())
    assert {name for name, fleet in fleets.items() if fleet.misplaced()} == {"bad-placement"}
    assert {name: fleet.expect for name, fleet in fleets.items() if fleet.expect != "proved"} == {
        "bad-placement": None,
        "first-approves": ("prepared-before-approved", "tolerance-respected"),
        "overlapping-jobs": ("one-domain-paused", "recovery-kept"),
        "slow-detection": ("pause-bounded",),
        "time-out": ("capacity-kept",),
        "undrained": ("tolerance-respected",),
    }
    assert [vm.name for vm in fleets["teaching"].vms if not vm.eligible] == ["gpu-0"]
    for fleet in fleets.values():
        spans = [value for value in vars_of(fleet) if isinstance(value, Span)]
        times = [value for value in vars_of(fleet) if isinstance(value, Fraction)]
        times += [time for span in spans for time in (span.least, span.most)]
        assert len(times) == 16
        assert all(time % 5 == 0 for time in times)
        timing = fleet.timing
        longest = timing.paused.most + min(timing.applying.most, timing.watchdog) + max(timing.restoring.most, timing.rollback.most)
        assert longest < timing.pause_limit


def vars_of(fleet: Fleet) -> list[object]:
    return [getattr(fleet.timing, name) for name in fleet.timing.__slots__]


def test_an_unknown_shipped_fleet_names_those_that_there_are() -> None:
    with pytest.raises(KeyError, match=r"'\.\./secret'; there are bad-placement, breakdown"):
        path_of("../secret")


def test_the_starter_reads_as_the_default_fleet() -> None:
    fleet, default = parse_fleet(starter(), "starter"), read_fleet(path_of("default"))
    assert (fleet.timing, fleet.hosts, fleet.vms) == (default.timing, default.hosts, default.vms)
    assert fleet.name == "my-fleet"


def test_the_starter_shows_every_key_and_its_examples_are_right_too() -> None:
    whole = re.sub(r"(?m)^# ?(?=\[|[a-z_]+ += |$)", "", starter())
    twice = mistakes_in(whole)
    assert [mistake.where for mistake in twice] == ["walk.approval"]
    assert twice[0].what == "it is told twice who approves (see line 68)"
    whole = whole.replace('approval = "any" ', "# ", 1)
    fleet = parse_fleet(whole, "starter")
    assert (len(fleet.hosts), len(fleet.vms), fleet.expect) == (7, 13, "proved")
    assert set(parts_of(fleet)) == {*PARTS} - {"tenant"}
    written = parse_fleet(whole.replace('"update-domain"', '"fault-domain"'), "starter")
    assert [host.step for host in written.hosts] == ["fd-0", "fd-1", "fd-2", "step-0", "step-1"]
    keys = {key for node in nodes(schema()) for key in node.get("properties", {})} - {"violated", "expect"}
    assert all(re.search(rf"\b{key}\b *[=\]]", whole) for key in keys)


def nodes(node: object) -> list[dict[str, object]]:
    if isinstance(node, list):
        return [inner for item in node for inner in nodes(item)]
    if isinstance(node, dict):
        return [node, *(inner for item in node.values() for inner in nodes(item))]
    return []


def test_the_schema_is_closed_and_describes_every_key() -> None:
    tables = [node for node in nodes(schema()) if node.get("type") == "object"]
    assert len(tables) == 20  # the file, its 14 tables, the spans, sets, hosts, VMs, and the expectation
    for table in tables:
        assert table["additionalProperties"] is False
        assert all("description" in key for key in table["properties"].values())
    assert schema()["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema() is not schema()


def test_the_schema_tells_the_defaults_as_a_file_would() -> None:
    walk = schema()["$defs"]["WalkTable"]["properties"]
    assert {key: value["default"] for key, value in walk.items()} == {
        "grouping": "update-domain",
        "notice": "15min",
        "recovery": "30min",
        "attempts": 2,
        "approval": "any",
        "placement_rule": "checked",
    }
    assert schema()["$defs"]["HostUpdateTable"]["properties"]["rollback"]["default"] == {"least": "5s", "most": "10s"}
    assert "null" not in json.dumps(schema())


def test_an_editor_agrees_with_the_reader() -> None:
    jsonschema = pytest.importorskip("jsonschema")
    tomllib = pytest.importorskip("tomllib")
    jsonschema.Draft202012Validator.check_schema(schema())
    validator = jsonschema.Draft202012Validator(schema())
    for text in [starter(), WRITTEN_OUT, *(path_of(name).read_text() for name in shipped())]:
        assert validator.is_valid(tomllib.loads(text))
    of_shape = ["unit", "negative", "unknown key", "plural table", "one bracket", "no name", "no host", "no most", "choice"]
    of_shape += ["number for a name", "empty name", "line break in a name", "attempts", "attempts true", "21 domains", "0 VMs"]
    of_shape += ["truth", "not a table", "expectation", "expects nothing", "expects twice", "domain below 0", "fault domain 3"]
    for name in of_shape:
        assert not validator.is_valid(tomllib.loads(MISTAKES[name][0])), name


def test_pydantic_is_not_imported_before_a_file_is_read() -> None:
    code = "import sys, udproof.protocol.fleet_file; sys.exit('pydantic' in sys.modules)"
    paths = os.pathsep.join(path for path in sys.path if path)
    subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ, "PYTHONPATH": paths})


# --- whatever the text is


def is_fleet_or_refused(text: str) -> None:
    try:
        fleet = parse_fleet(text, "x")
    except FleetFileError as error:
        assert error.mistakes
        lines = text.split("\n")
        for mistake in error.mistakes:
            assert 1 <= mistake.line <= len(lines)
            assert 1 <= mistake.column <= len(lines[mistake.line - 1]) + 1
        assert all(line.isprintable() for line in str(error).split("\n"))
    else:
        assert isinstance(fleet, Fleet)
        assert fleet.vms
        hosts = {host.name for host in fleet.hosts}
        assert all(vm.host in hosts for vm in fleet.vms)
        assert not (fleet.check_placement and fleet.misplaced())


@settings(deadline=None)
@given(st.text() | st.text('[]{}"=.#\n name' + "vmsethostwalk0123456789", max_size=60))
def test_any_text_is_a_fleet_or_refused(text: str) -> None:
    is_fleet_or_refused(text)


@settings(deadline=None, max_examples=50)
@given(st.binary())
def test_any_bytes_are_a_fleet_or_refused(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.mktemp("fuzz") / "fleet.toml"
    path.write_bytes(content)
    try:
        read_fleet(path)
    except FleetFileError as error:
        assert all(line.isprintable() for line in str(error).split("\n"))


@settings(deadline=None)
@given(st.data())
def test_any_mutation_of_a_good_file_is_a_fleet_or_refused(data: st.DataObject) -> None:
    text = data.draw(
        st.sampled_from([starter(), WRITTEN_OUT, path_of("teaching").read_text(), path_of("fault-domains").read_text()])
    )
    for _ in range(data.draw(st.integers(1, 4))):
        if data.draw(st.booleans()):
            start = data.draw(st.integers(0, len(text)))
            end = min(len(text), start + data.draw(st.integers(0, 6)))
            text = text[:start] + data.draw(st.text("[]{}\"'=,.#\n 0123x\x1b\u2028", max_size=4)) + text[end:]
        else:  # whole lines: dropped, doubled, moved
            lines = text.split("\n")
            line = lines.pop(data.draw(st.integers(0, len(lines) - 1)))
            for _ in range(data.draw(st.integers(0, 2))):
                lines.insert(data.draw(st.integers(0, len(lines))), line)
            text = "\n".join(lines)
    is_fleet_or_refused(text)


junk = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 30)
    | st.floats(allow_nan=False)
    | st.sampled_from(["", "30s", "web", "a", "proved"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["name", "least", "x"]), inner, max_size=2),
    max_leaves=4,
).filter(lambda value: "None" not in repr(value))


@settings(deadline=None)
@given(st.data())
def test_any_value_in_any_key_is_a_fleet_or_refused(data: st.DataObject) -> None:
    known = {
        "set": ["name", "vms", "update_domains", "fault_domains", "hosts_per_domain"],
        "host": ["name", "step", "fault_domain"],
        "vm": ["name", "host", "set", "update_domain", "eligible"],
        "walk": ["grouping", "notice", "attempts", "placement_rule"],
        "host_update": ["paused", "watchdog"],
    }
    lines = ['name = "x"']
    for _ in range(data.draw(st.integers(0, 6))):
        table = data.draw(st.sampled_from(list(known)))
        header = f"[[{table}]]" if table in ("set", "host", "vm") else f"[{table}]"
        lines.append(header)
        for key in data.draw(st.lists(st.sampled_from(known[table]), unique=True)):
            value = data.draw(st.sampled_from(['"a"', '"b"', "1", "2", '"1s"', "true"]) | junk.map(toml_of))
            lines.append(f"{key} = {value}")
    is_fleet_or_refused("\n".join(lines))


def toml_of(value: object) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {toml_of(item)}" for key, item in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml_of, value)) + "]"
    return json.dumps(value).replace("Infinity", "inf")
