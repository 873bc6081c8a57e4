"""The gallery: every kept run replays, is as short as any, and is drawn again byte for byte; the page shows what is kept.

The decisive steps were read off the protocol's text, as the lengths in `test_counterexamples` were: which of two runs of the same
length is kept is a choice, what decides it is not. After a wanted change: `python docs/generate.py`, look at the pictures, read the
page.
"""

import re
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "docs"))
import exhibits

from udproof.counterexamples import gallery
from udproof.counterexamples.explain import cause, decisive, told
from udproof.counterexamples.picture import timing_svg
from udproof.counterexamples.table import markdown, plain
from udproof.engines.explore import Explore
from udproof.engines.verdict import Limits
from udproof.protocol import mutants

ENTRIES = {entry.name: entry for entry in gallery.entries()}

# Of each mistake: the steps of a shortest run, and what its last step is, whoever it is about.
SHORTEST = {
    "TwoDomainsAtOnce": (9, r"host-\d (pauses its VMs|reboots, .*)"),
    "RecoverySkipped": (13, r"host-\d (pauses its VMs|reboots, .*)"),
    "AnnouncedWhileRecovering": (12, r"host-\d (pauses its VMs|reboots, .*)"),
    "RetriedAtOnce": (17, r"host-\d (pauses its VMs|reboots, .*)"),
    "ImpactAfterRemoval": (6, r"(host-\d pauses its VMs|close step-\d)"),
    "ClosedOnFirstReport": (13, r"(web-ud0-[ab] pauses its VMs|close step-0)"),
    "EventIdReused": (15, r"announce step-\d"),
    "EarlyStart": (4, r"host-\d (pauses its VMs|reboots, .*)"),
    "EventSpansDomains": (1, r"announce step-\d"),
    "EventIdChangesOnStart": (3, r"start event web@step-\d.*"),
    "SilentFreeze": (3, r"host-\d pauses its VMs"),
    "CotenantIgnored": (5, r"rack-\w pauses its VMs"),
    "IneligibleInPlace": (6, r"host-2 pauses its VMs"),
    "PauseOverrun": (7, r"30 s pass"),
    "RollbackUnbounded": (9, r"15 s pass"),
    "WatchdogStartsOver": (10, r"15 s pass"),
    "MemoryTorn": (5, r"host-\d applies the update without pausing its VMs"),
    "NoResync": (11, r"10 s pass"),
    "SlewNotStep": (11, r"10 s pass"),
    "PulledBack": (11, r"the clock of web-\d is corrected twice, and is ahead now"),
    # And of the parts. Announce, approve, start, begin, freeze are 5, and whoever cancels then makes the 6th.
    "CancelledStillRuns": (6, r"cancel step-0: its events vanish"),
    "OverlappingJobs": (11, r"web-ud\d-a pauses its VMs"),  # 5 of one job, its begin, the 5 of the other; the order is open
    "GateIgnored": (20, r"web-ud\d-a pauses its VMs"),  # a whole step (12 with the clock), ill, recovery, finish, and 5
    # Decided, sent and taken make the 5 to an impact 8. Those with the command doubled, applied, failed, heard and closed: 16.
    # Recovery, to be tried again: 18. The other step's 8, and take, begin, freeze by the late command.
    "CommandWithoutNumber": (29, r"web-ud\d-a pauses its VMs"),
    "NumberForgotten": (29, r"web-ud\d-a pauses its VMs"),
    "ClosedOverSilentHost": (19, r"web-ud\d-a pauses its VMs"),  # 5 to be sent, closed, recovery, retry; 8; and 3 of the first
    "SentBeforeDecided": (5, r"web-ud\d-a pauses its VMs"),  # announce, sent, taken, begin, freeze
    "BlindWrite": (17, r"web-ud\d-a pauses its VMs"),  # wait, take-over, 2 announced, wait, and twice 6 from start to freeze
    "DecisionNotDurable": (17, r"web-ud\d-a pauses its VMs"),  # twice 8 and a take-over
    "HangUndetected": (7, r"30 s pass"),  # 5, the hang, and the wait
    "NaiveLeader": (4, r"web-\d approves event web@step-0, .*"),  # announced, read, prepared, approved
    "RecoverAtStarted": (6, r"the agent of web-\d reads that its event is started, .*"),  # announced, read, prepared, wait, start
    "SlowPoll": (7, r"10 s pass"),  # announce, wait, start, begin, freeze, apply, and longer than streaming bears
    "StaleReplica": (4, r"the endpoint of web-\d changes over to a replica .*"),  # announced, shown, read
    "MigrationUnbounded": (5, r"30 s pass"),  # announce, approve, start, migrate
    "MigrationOutlivesStep": (15, r"close step-0"),  # 3, migrate, fail; 7 of the other host's failed update; reboot, boot
    # And of what the other properties rest on; `test_counterexamples` has the reasons.
    "ApprovalOutlivesEvent": (8, r"close step-2"),
    "DoneWithAnOldHost": (14, r"finish step-1"),
    "RebootedNeedlessly": (4, r"host-\d reboots, whether or not web-\d may be updated in place"),
    "BegunTwice": (6, r"host-\d begins its update: devices drain"),
    "ReportedTooSoon": (8, r"host-\d is updated, says so, and restores its VMs"),
}


def test_every_kept_run_is_expected_here_and_has_its_files() -> None:
    assert list(ENTRIES) == list(SHORTEST) and len(SHORTEST) >= 20
    kept = {path.name for path in gallery.FOLDER.iterdir() if path.suffix in (".json", ".svg")}
    assert kept == {path.name for entry in ENTRIES.values() for path in (entry.trace, entry.picture)}


@pytest.mark.parametrize("name", SHORTEST)
def test_a_kept_run_replays_and_its_last_step_decides(name: str) -> None:
    trace, prop = exhibits.kept(ENTRIES[name])
    steps, last = SHORTEST[name]
    assert len(trace.steps) == decisive(trace, prop) == steps
    assert re.fullmatch(last, told(trace)[-1])


@pytest.mark.parametrize("name", SHORTEST)
def test_no_run_is_shorter(name: str) -> None:
    system = exhibits.broken(name)
    (verdict,) = Explore().verify(system, (system.named(mutants.named(name).breaks),), Limits(stop_at_first=True)).verdicts
    assert verdict.trace is not None
    assert len(verdict.trace.steps) == SHORTEST[name][0]


@pytest.mark.parametrize("name", SHORTEST)
def test_the_run_and_its_picture_are_made_again_byte_for_byte(name: str) -> None:
    entry = ENTRIES[name]
    trace, prop = exhibits.kept(entry)
    assert gallery.text(trace) == entry.trace.read_text(encoding="utf-8")
    assert timing_svg(trace, prop) == entry.picture.read_text(encoding="utf-8"), "look at the picture, then docs/generate.py"
    ElementTree.fromstring(entry.picture.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", SHORTEST)
def test_a_lesson_has_two_sentences_and_its_cause_was_judged(name: str) -> None:
    entry = ENTRIES[name]
    sentences = re.split(r"(?<=[.?])\s+(?=[A-Z\"])", entry.lesson)
    assert len(sentences) == 2, sentences
    assert entry.judged.startswith("Right") and entry.judged.endswith(".")


def test_the_page_shows_every_kept_run() -> None:
    page = (Path(exhibits.__file__).parent / "gallery.md").read_text(encoding="utf-8")
    for name, entry in ENTRIES.items():
        trace, prop = exhibits.kept(entry)
        assert f"## {name}\n" in page and entry.lesson in page and entry.judged in page
        assert page.count(markdown(plain(cause(trace, prop)))) >= 2, "beside the picture, and for those who do not see it"
