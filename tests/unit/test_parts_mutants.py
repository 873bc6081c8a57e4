"""Each mistake in a part beyond the core: a run by hand that breaks the property, and no run is shorter.

The runs below were written by asking what the mistake allows and what has to happen before. Each is replayed by the reference
semantics, and the search has to find one of the same length: if it found a shorter one, the run here would not be understood.
"""

from __future__ import annotations

import pytest
from tests.systems.story import check_shortest

from udproof.protocol import agent, breakdown, cancellation, health, jobs, metadata, migration
from udproof.protocol.mutants import ALL

# A step is opened, its event approved and started, and its host pauses its VM: 5 steps.
TO_PAUSE = "announce step-0; approve web-0 web@step-0; start web@step-0; begin web-ud0-a; freeze web-ud0-a"
# Then the update succeeds, the VM's clock is set, and the step is closed, recovers and is done: 9 more.
THROUGH = (
    f"{TO_PAUSE}; apply web-ud0-a; wait 5; restore web-ud0-a; wait 5; resume web-ud0-a; synchronise web-0; "
    "close step-0; wait 10; finish step-0"
)
SECOND = "announce step-1; approve web-0 web@step-1; start web@step-1; begin web-ud1-a; freeze web-ud1-a"
RUNS = {
    # tenants: 15 s of notice, 5 s to read, 5 s to prepare; VMs web-0 (a stream that can take 5 s) and web-2 share an event
    "ApproveTooEarly": "announce step-0; read web-0; approve web-0 web@step-0",
    "FirstToReadApproves": "announce step-0; read web-0; approve web-0 web@step-0",
    "NaiveLeader": "announce step-0; read web-0; prepare web-0; approve web-0 web@step-0",
    "ApproveForeign": "announce step-0; read web-0; approve web-1 web@step-0",
    "ApproveAfterFailedDrain": "announce step-0; read web-2; prepare web-2; approve web-2 web@step-0",
    "RecoverAtStarted": "announce step-1; read web-1; prepare web-1; approve web-1 web@step-1; start web@step-1; read web-1",
    "HostNameMatch": "announce step-0; read web-0; read web-2; wait 15; start web@step-0; "
    "begin rack-0; freeze rack-0; apply rack-0; wait 10",
    "FreezeIgnored": "announce step-0; read web-0; read web-2; wait 15; start web@step-0; "
    "begin rack-0; freeze rack-0; apply rack-0; wait 10",
    "EverybodyDrains": "announce step-0; read web-0; read web-1; read web-2",
    "SlowPoll": "announce step-0; wait 15; start web@step-0; begin rack-0; freeze rack-0; apply rack-0; wait 10",
    "SlowDrain": "announce step-0; read web-0; read web-2; wait 15; start web@step-0; "
    "begin rack-0; freeze rack-0; apply rack-0; wait 10",
    # cancellation
    "CancelledStillRuns": TO_PAUSE.replace("freeze", "cancel step-0; freeze"),
    "SuspendedStillRuns": TO_PAUSE.replace("freeze", "suspend step-0; freeze"),
    "ResumedUnderOldEvent": "announce step-0; suspend step-0; go_on step-0",
    "CancelledIdShownAgain": "announce step-0; cancel step-0",
    "AnnouncedWhileSuspended": "announce step-0; suspend step-0; announce step-1",
    # metadata: both agents have to read and prepare in time, since their deadlines would stop the notice from passing
    "IncarnationFrozen": "announce step-0; refresh web-0; read web-0; refresh web-1; read web-1; prepare web-0; prepare web-1; "
    "approve web-0 web@step-0; start web@step-0",
    "StaleReplica": "announce step-0; refresh web-0; read web-0; answered_by_a_replica web-0",
    "ErrorMeansGone": "announce step-0; refresh web-0; read web-0; fail_to_read web-0",
    # health: an ill VM in one domain, and a pause in the other
    "GateIgnored": THROUGH.replace("close step-0", "fall_ill web-0; close step-0") + "; " + SECOND,
    "TimeoutMeansHealthy": THROUGH.replace("close step-0", "fall_ill web-0; close step-0") + "; " + SECOND,
    "OneWellIsEnough": THROUGH.replace("close step-0", "fall_ill web-0; close step-0") + "; " + SECOND,
    # a second job
    "OverlappingJobs": "announce step-0; approve web-0 web@step-0; start web@step-0; begin web-ud0-a; second_pass; "
    f"{SECOND}; freeze web-ud0-a",
    "SecondJobInRecovery": f"{THROUGH}; {SECOND}; apply web-ud1-a; wait 5; restore web-ud1-a; wait 5; resume web-ud1-a; "
    f"close step-1; second_pass; {SECOND}",
    # hosts that hang or fail
    "HangUndetected": f"{TO_PAUSE}; hang web-ud0-a; wait 30",
    "FailureUntold": "fail web-ud0-a",
    "FailureEventTooShort": "fail web-ud0-a; close_failure web-ud0-a",
    "WorkingHostSwitchedOff": "find_out web-ud0-a",
    # migration
    "MigrationUnbounded": "announce step-0; approve gpu-0 gpu@step-0; start gpu@step-0; migrate gpu-0; wait 30",
    "MigrationsTogether": "announce step-0; approve gpu-0 gpu@step-0; start gpu@step-0; migrate gpu-0; migrate gpu-1",
    "MigrationUnannounced": "announce step-0; migrate gpu-0",
    "MigrationOutlivesStep": "announce step-0; approve gpu-0 gpu@step-0; start gpu@step-0; "
    "migrate gpu-1; fail_to_migrate gpu-1; begin rack-1; freeze rack-1; apply rack-1; wait 10; roll_back rack-1; wait 5; "
    "resume_old rack-1; reboot gpu-0; boot rack-0; close step-0",
    "MovedVmFrozen": "announce step-0; approve gpu-0 gpu@step-0; start gpu@step-0; "
    "migrate gpu-0; arrive gpu-0; begin rack-0; freeze rack-0",
    "RebootedForNobody": "announce step-0; approve gpu-0 gpu@step-0; start gpu@step-0; migrate gpu-0; arrive gpu-0; reboot gpu-0",
    "RebootedUnderSwitchOver": "announce step-0; approve gpu-0 gpu@step-0; start gpu@step-0; migrate gpu-0; reboot gpu-0",
}


@pytest.mark.parametrize("name", RUNS)
def test_the_run_by_hand_breaks_the_property_and_none_is_shorter(name: str) -> None:
    check_shortest(name, RUNS[name])


def test_every_mistake_in_a_further_part_has_its_run() -> None:
    parts = (agent, breakdown, cancellation, health, jobs, metadata, migration)
    assert {mutant.name for part in parts for mutant in part.MUTANTS} == set(RUNS)


def test_there_are_more_than_forty_named_mistakes() -> None:
    assert len(ALL) > 40
