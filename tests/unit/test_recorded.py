"""Recordings of Scheduled Events: which are behaviours of the model, which rule the others break, and what is refused."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from udproof.cli.events import judged
from udproof.cli.exits import Code
from udproof.protocol.documents import BadDocument, recordings, stretches
from udproof.protocol.recorded import OutsideOfTheModel, mapped

SAMPLES = Path(__file__).parents[2] / "docs" / "examples" / "recorded-events.json"
JUDGED = {
    "s01": Code.HOLDS,
    "s02": Code.HOLDS,
    "s03": Code.HOLDS,
    "s04": Code.HOLDS,
    "s05": Code.HOLDS,
    "s06": Code.UNDECIDED,
    "s07": Code.UNDECIDED,
    "s08": Code.UNDECIDED,
    "s09": Code.UNDECIDED,
    "s10": Code.HOLDS,
}


def samples() -> dict[str, Any]:
    given = json.loads(SAMPLES.read_text(encoding="utf-8"))
    return {sample["id"][:3]: sample for sample in given["samples"]}


@pytest.mark.parametrize("name", JUDGED)
def test_each_sample_is_a_behaviour_or_outside_of_the_model(name: str) -> None:
    [recording] = recordings(json.dumps({"samples": [samples()[name]]}))
    answer = judged(recording)
    assert answer.code is JUDGED[name], answer.sentence
    assert answer.sentence.startswith("outside of the model: " if answer.code is Code.UNDECIDED else "a behaviour of the model: ")
    assert ("a second job beside the first" in answer.sentence) == (name == "s03")


def test_every_sample_has_its_judgement() -> None:
    assert set(samples()) == set(JUDGED)


def test_the_run_says_what_went_on_between_the_documents() -> None:
    [recording] = recordings(json.dumps(samples()["s05"]))
    assert judged(recording).happened == (
        "document 1: announce step-0.",
        "document 2: cancel step-0: its events vanish.",
    )
    [recording] = recordings(json.dumps(samples()["s04"]))
    assert [line.split(":")[0] for line in judged(recording).happened] == ["document 1", "document 2"]


# --- what is no behaviour: a sample with one thing changed


def altered(name: str, *changes: tuple[int, str, Any]) -> str:
    """A sample in which, in some steps, a field of the first event is another; `+` appends an event, `=` replaces the document."""
    steps = copy.deepcopy(samples()[name]["steps"])
    for step, key, value in changes:
        document = steps[step]["document"]
        if key == "=":
            steps[step]["document"] = value
        elif key == "+":
            document["Events"].append({**document["Events"][0], **value})
        elif key in document:
            document[key] = value
        elif key in steps[step]:
            steps[step][key] = value
        else:
            document["Events"][-1][key] = value
    return json.dumps({"steps": steps})


FIRST = samples()["s02"]["steps"][0]["document"]
ID = "7B1F5E20-3C7D-4E52-9A41-0D6C2F81AA01"
THIRD = {"EventId": "C", "Resources": ["x"], "EventStatus": "Scheduled", "NotBefore": "2026-03-02T10:05:00Z"}
EARLIER = (1, "observed_at_utc", "2026-03-03T10:00:00Z")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (altered("s03", (0, "EventStatus", "Started"), (0, "NotBefore", "")), "step 1 breaks W1: events "),
        (altered("s02", (1, "EventId", "B")), "step 2 breaks E3: event B is Started at once; only a host's failure, a Reboot, is."),
        (altered("s02", (1, "NotBefore", "Mon, 02 Mar 2026 08:30:00 GMT")), "step 2 breaks E4: event "),
        (altered("s02", (0, "NotBefore", "")), f"step 1 breaks E4: event {ID} is Scheduled and has no NotBefore."),
        (altered("s02", (1, "Resources", ["web_vm0"])), "step 2 breaks E8: event "),
        (altered("s02", (1, "DocumentIncarnation", 2)), "step 2 breaks P8: DocumentIncarnation is 2 as before, and"),
        (altered("s02", (2, "DocumentIncarnation", 1)), "step 3 breaks P8: DocumentIncarnation goes back from 3 to 1"),
        (altered("s10", EARLIER), "step 2 breaks P8: DocumentIncarnation goes back from 22 to 2, and no day was silent."),
        (altered("s02", (1, "observed_at_utc", "2026-03-02T08:00:00Z")), "step 2 breaks order: it was read before the one"),
        (altered("s02", (2, "=", {**FIRST, "DocumentIncarnation": 9})), f"step 3 breaks E3: event {ID} is Scheduled again"),
        # three domains announced together: no second job is enough for that, and no single document shows it
        (altered("s03", (0, "+", THIRD)),
         "no run of the model shows step 1 after those before it (W1, W8: "),
    ],
)  # fmt: skip
def test_what_the_platform_does_not_write_is_no_behaviour(text: str, sentence: str) -> None:
    [recording] = recordings(text)
    answer = judged(recording)
    assert answer.code is Code.VIOLATED
    assert answer.sentence.startswith(f"no behaviour: {sentence}"), answer.sentence


@pytest.mark.parametrize(("number", "code"), [(4, Code.VIOLATED), (5, Code.HOLDS)])
def test_the_number_bounds_how_often_the_document_has_changed(number: int, code: Code) -> None:
    """From started to scheduled anew the first event has to go, and the next one to come: two changes."""
    steps = copy.deepcopy(samples()["s02"]["steps"])[:2]
    again = {**steps[0]["document"]["Events"][0], "EventId": "B"}
    steps.append({"document": {"DocumentIncarnation": number, "Events": [again]}})
    [recording] = recordings(json.dumps(steps))
    assert judged(recording).code is code


def test_an_id_that_has_gone_does_not_come_back() -> None:
    steps = copy.deepcopy(samples()["s02"]["steps"])
    steps.append({"document": {**steps[0]["document"], "DocumentIncarnation": 5}})
    [recording] = recordings(json.dumps(steps))
    assert judged(recording).sentence == (
        "no behaviour: step 4 breaks E8: event 7B1F5E20-3C7D-4E52-9A41-0D6C2F81AA01 is back, after it had gone."
    )


def test_a_recording_falls_into_what_one_service_wrote() -> None:
    [recording] = recordings(json.dumps(samples()["s10"]))
    assert [[reading.number for reading in piece.readings] for piece in stretches(recording)] == [[1], [2], [3]]
    assert recording.readings[2].events[0].resources == {"web_vm0"}


def test_a_recording_becomes_steps_and_hosts() -> None:
    steps = copy.deepcopy(samples()["s02"]["steps"])
    failure = {**samples()["s04"]["steps"][0]["document"]["Events"][0], "Resources": ["web_vm3"]}
    steps[1]["document"]["Events"].append(failure)
    [recording] = recordings(json.dumps(steps))
    found = mapped(recording)
    assert found.steps == ({"web_vm0", "web_vm3"},)
    assert found.hosts == (({"web_vm3"}, 0), ({"web_vm0"}, 0))
    assert [(shown.statuses, shown.failures, shown.grown) for shown in found.documents] == [
        ((1,), (False, False), 7),
        ((2,), (True, False), 1),
        ((0,), (False, False), 1),
    ]


def test_events_that_share_some_vms_are_outside_of_the_model() -> None:
    [recording] = recordings(altered("s02", (0, "+", {"EventId": "C", "Resources": ["web_vm0", "x"]})))
    with pytest.raises(OutsideOfTheModel) as refusal:
        mapped(recording)
    assert str(refusal.value) == (
        "one event names web_vm0, web_vm3, and another web_vm0, x; in the model events of the same VMs name the same VMs"
    )


def repeated(*statuses: str) -> str:
    """Events of the same VMs, one after the other, each removed before the next one comes."""
    steps: list[dict[str, Any]] = []
    for number, status in enumerate(statuses):
        shown = {**FIRST["Events"][0], "EventId": f"E{number}", "EventStatus": "Scheduled"}
        steps.append({"DocumentIncarnation": 4 * number + 1, "Events": [shown]})
        if status == "Started":
            steps.append({"DocumentIncarnation": 4 * number + 2, "Events": [{**shown, "EventStatus": status, "NotBefore": ""}]})
        steps.append({"DocumentIncarnation": 4 * number + 4, "Events": []})
    return json.dumps(steps)


@pytest.mark.parametrize(
    ("statuses", "said"),
    [
        (["Started"] * 4, "a behaviour of the model: 12 documents; it takes a second job after the first."),
        (["Started"] * 5, "outside of the model: the same VMs have 5 events; 4 can be followed."),
        (["Scheduled", "Scheduled", "Started", "Started"], "a behaviour of the model: 10 documents."),
        (["Scheduled"] * 3, "outside of the model: 3 events go without having started; in the model 2 do in a run."),
    ],
)
def test_as_many_events_of_the_same_vms_as_the_model_has_can_be_followed(statuses: list[str], said: str) -> None:
    [recording] = recordings(repeated(*statuses))
    assert judged(recording).sentence == said


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", "this is not JSON ("),
        ("3", "the file: steps is missing; it is a list"),
        ("[]", "0 steps; a recording has 1 to 10000"),
        ('{"samples": [3]}', "sample 1: steps is missing; it is a list"),
        ("[3]", "step 1: this is no object; write a document, or one under the key document"),
        ('[{"document": 3}]', "step 1: document is 3; it must be an object"),
        ('[{"DocumentIncarnation": "1", "Events": []}]', 'step 1: DocumentIncarnation is "1"; it must be a whole number'),
        ('[{"DocumentIncarnation": true, "Events": []}]', "step 1: DocumentIncarnation is true; it must be a whole number"),
        ('[{"DocumentIncarnation": 1}]', "step 1: Events is missing; it is a list"),
        (
            altered("s02", (0, "EventStatus", "Completed")),
            "step 1, event 1: EventStatus is 'Completed'; it is Scheduled or Started",
        ),
        (
            altered("s02", (0, "EventType", "Nap")),
            "step 1, event 1: EventType is 'Nap'; it is Freeze, Reboot, Redeploy, Preempt or",
        ),
        (altered("s02", (0, "Resources", [])), "step 1, event 1: Resources is a list of names of VMs, at least one"),
        (altered("s02", (0, "NotBefore", "soon")), "step 1, event 1, NotBefore: 'soon' is no time; write it as "),
        (altered("s02", (0, "+", {})), "step 1: event 7B1F5E20-3C7D-4E52-9A41-0D6C2F81AA01 is there twice"),
    ],
)
def test_what_is_no_recording_is_refused_in_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(BadDocument) as refusal:
        recordings(text)
    assert str(refusal.value).startswith(sentence)
