"""The shape of a fleet file: every key, what it means, what it may be, and what it is when it is absent.

The pydantic models below are the one definition. From them come the check of a file, the JSON Schema for editors, and
the sentences about a mistake (`fleet_shape`). Only the shape is described here, key by key; whether the parts fit
together (does the VM's host exist?) is the business of `fleet_rules`.

Defaults are the documented numbers: 15 min notice of a freeze and 30 min of recovery between steps, a pause under 30 s,
at most 20 update domains and at most 3 fault domains, 5 update domains unless said otherwise. The stages of the host
update are not documented; theirs are chosen so that the longest pause is 0 + 15 (the watchdog cuts `applying`) + 10
(the rollback) = 25 s.

pydantic is used here and in `fleet_shape` only, and both are imported when a file is read.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from typing import Annotated, Any, Literal, NoReturn, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, PlainValidator, WithJsonSchema
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import PydanticCustomError, core_schema

from udproof.protocol import durations
from udproof.protocol.fleet_mistakes import show

MAX_ENTRIES = 2_000  # hosts, and VMs, of one fleet
MAX_UPDATE_DOMAINS = 20  # documented
MAX_FAULT_DOMAINS = 3  # documented
MAX_NAME = 10_000  # characters


# --- the kinds of values


def _refuse(what: str, right: str) -> NoReturn:
    # `fleet_shape` knows this type of error, and takes the two sentences from its context.
    raise PydanticCustomError("udproof", "{what}; {right}", {"what": what, "right": right})


def _seconds(value: object) -> Fraction:
    if isinstance(value, str):
        try:
            return durations.parse_duration(value)
        except durations.DurationError as error:
            _refuse(error.what, error.right)
    if isinstance(value, int | float) and not isinstance(value, bool):
        number = abs(value) if isinstance(value, int) and abs(value) <= 10**6 else 30
        _refuse(f"{show(value)} has no unit", f'write "{number}s" for seconds, or "{number}min" for minutes')
    _refuse(f"{show(value)} is not a duration", 'write a text like "30s" or "15min"')


def _name(value: object) -> str:
    if not isinstance(value, str):
        _refuse(f"{show(value)} is not a name", "write a text in quotes")
    if not value:
        _refuse("the name is empty", "write at least one character")
    if len(value) > MAX_NAME:
        _refuse(f"the name has {len(value)} characters", f"a name has at most {MAX_NAME}")
    if any(character in value for character in "\n\r\0"):
        _refuse(f"the name {show(value)} contains a line break or a NUL character", "write a name of one line")
    return value


def _expectation(value: object) -> Literal["proved"] | tuple[str, ...]:
    right = 'write "proved", or { violated = ["pause-bounded"] } with the properties that must be violated'
    if value == "proved":
        return "proved"
    if not isinstance(value, dict) or list(value) != ["violated"]:
        _refuse(f"{show(value)} is not an expectation", right)
    names = value["violated"]
    names = [names] if isinstance(names, str) else names
    if not isinstance(names, list) or not names:
        _refuse("violated names no property", right)
    properties = tuple(_name(name) for name in names)
    if len(set(properties)) < len(properties):
        _refuse("violated names a property twice", "name each property once")
    return properties


Duration: TypeAlias = Annotated[
    Fraction,
    PlainValidator(_seconds),
    WithJsonSchema({"type": "string", "pattern": durations.PATTERN, "examples": ["30s", "15min", "1min 30s"]}),
]
_NAME = {"type": "string", "minLength": 1, "maxLength": MAX_NAME, "pattern": r"^[^\n\r\u0000]*$"}
Name: TypeAlias = Annotated[str, PlainValidator(_name), WithJsonSchema(_NAME)]
Expectation: TypeAlias = Annotated[
    Literal["proved"] | tuple[str, ...],
    PlainValidator(_expectation),
    WithJsonSchema(
        {
            "oneOf": [
                {"const": "proved"},
                {
                    "type": "object",
                    "properties": {
                        "violated": {
                            "description": "The properties that must turn out to be violated.",
                            "oneOf": [
                                _NAME,
                                {"type": "array", "items": _NAME, "minItems": 1, "uniqueItems": True},
                            ],
                        }
                    },
                    "required": ["violated"],
                    "additionalProperties": False,
                },
            ]
        }
    ),
]


# --- the tables


class _Table(BaseModel):
    # `strict`: a 1 is no true, and "5" is no 5. `extra`: a misspelt key must not pass for an absent one.
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, defer_build=True)  # built as parts of `FleetTable`, once


class SpanTable(_Table):
    """The least and the most time that a stage takes."""

    least: Duration = Field(description="The least time that the stage takes.", examples=["0s"])
    most: Duration = Field(description="The most time that the stage takes.", examples=["5s"])


def _seconds_of(text: str, description: str) -> Any:
    return Field(default=durations.parse_duration(text), description=description)


def _span_of(least: str, most: str, description: str) -> Any:
    span = SpanTable.model_validate({"least": least, "most": most})
    return Field(default=span, description=description)


def _rows_of(key: str, description: str) -> Any:
    return Field(default=[], alias=key, max_length=MAX_ENTRIES, description=description)


class WalkTable(_Table):
    """The table [walk]."""

    grouping: Literal["update-domain", "fault-domain"] = Field(
        default="update-domain", description="What the walk goes by: one update domain, or one fault domain, at a time."
    )
    notice: Duration = _seconds_of("15min", "From an event's first sight to its NotBefore.")
    recovery: Duration = _seconds_of("30min", "From the end of one step to the start of the next.")
    attempts: int = Field(
        default=2, ge=1, le=3, description="How often a step is announced before its failed hosts are left as they are."
    )
    approval: Literal["any", "nobody"] = Field(
        default="any", description="Who may approve an event early: any VM of its scope, or nobody."
    )
    placement_rule: Literal["checked", "unchecked"] = Field(
        default="checked",
        description="Whether VMs of one set on hosts of one step must share a domain (unchecked: see what goes wrong).",
    )


class HostUpdateTable(_Table):
    """The table [host_update]."""

    quiescing: SpanTable = _span_of("0s", "5s", "The VMs still run while their devices drain.")
    paused: SpanTable = _span_of("0s", "0s", "The VMs are frozen; the host has not been touched yet.")
    applying: SpanTable = _span_of("5s", "20s", "The host restarts in place; the watchdog may cut this short.")
    watchdog: Duration = _seconds_of("15s", "The time in applying after which the host rolls back.")
    restoring: SpanTable = _span_of("5s", "5s", "The updated host takes the VMs back.")
    rollback: SpanTable = _span_of("5s", "10s", "The host, rolled back to its old version, takes the VMs back.")


class LimitsTable(_Table):
    """The table [limits]."""

    pause: Duration = _seconds_of("30s", "Every pause of a VM must be shorter than this.")
    clock_sync: Duration = _seconds_of("10s", "After a resume a guest clock must be late for less than this.")


class GuestClockTable(_Table):
    """The table [guest_clock]."""

    sync_delay: Duration = _seconds_of("5s", "The host sets a late guest clock no later than this after the resume.")


_Workload: TypeAlias = Literal["real_time", "streaming", "transcoding", "networking"]
_WORKLOAD = "What pauses can hurt; its tolerance is under [tolerance]. Absent: an ordinary VM, which can take any pause."
_DRAINS = "Whether the VM prepares when it is told of an event. Only with [tenants]."


class TenantsTable(_Table):
    """The table [tenants]."""

    approval: Literal["any", "each", "leader", "nobody"] = Field(
        default="each",
        description="Who approves an event early: any VM in it that is prepared itself, the VMs in it when each is prepared, "
        "the first VM of the set when each is prepared, or nobody.",
    )
    poll: Duration = _seconds_of("5s", "An agent reads a change of its document no later than this.")
    preparation: SpanTable = _span_of("0s", "5s", "From reading of an event to being prepared for it.")


def _budget(most: int, description: str) -> Any:
    return Field(default=0, ge=0, le=most, description=description)


class EventsTable(_Table):
    """The table [events]."""

    cancellations: int = _budget(2, "How many steps may be called off in a run, before anything of them starts.")
    suspensions: int = _budget(2, "How often the walk may be suspended in a run; the step is announced again.")


class MetadataTable(_Table):
    """The table [metadata]."""

    staleness: Duration = _seconds_of("0s", "What a VM reads is out of date for no longer than this.")
    failed_reads: int = _budget(3, "How many reads may fail in a run.")


class JobsTable(_Table):
    """The table [jobs]."""

    second: Literal["after", "at-once"] = Field(
        default="after", description="When a second job over all steps begins: after the first, or at once, beside it."
    )


class HealthTable(_Table):
    """The table [health]."""

    ill: int = _budget(3, "How many VMs may fall ill in a run, after the update of their host.")
    gate: bool = Field(default=True, description="Whether nothing is announced while a VM is ill.")
    recovery: Literal["dwell", "time-out"] = Field(
        default="dwell",
        description="What recovery means: the time passes in any case, or the walk waits for health, and no longer than that.",
    )


class FaultsTable(_Table):
    """The table [faults]."""

    hangs: int = _budget(2, "How many hosts may hang in a run, in the middle of their update.")
    detection: Duration = _seconds_of("5s", "A host that hangs is found out after this, and is taken for failed.")
    host_failures: int = _budget(2, "How many hosts may fail in a run; their VMs restart elsewhere.")


class MigrationTable(_Table):
    """The table [migration]."""

    switch_over: SpanTable = _span_of("0s", "5s", "How long a VM is frozen while it moves.")
    failures: int = _budget(2, "How many migrations may fail in a run, and end in a reboot.")


class NetworkTable(_Table):
    """The table [network]."""

    losses: int = _budget(2, "How many commands may be lost in a run.")
    duplicates: int = _budget(2, "How many commands may be doubled in a run.")
    reorderings: int = _budget(2, "How many commands may be overtaken by later ones in a run.")


class ControllerTable(_Table):
    """The table [controller]."""

    lease: Duration = _seconds_of("10s", "A replica may take over when the leader has not renewed its lease for this long.")
    failovers: int = Field(default=1, ge=1, le=3, description="How often a replica may take over in a run.")


class ToleranceTable(_Table):
    """The table [tolerance]."""

    real_time: Duration | None = Field(default=None, description="For a real-time event.")
    streaming: Duration | None = Field(default=None, description="For a stream.")
    transcoding: Duration | None = Field(default=None, description="For a transcoding.")
    networking: Duration | None = Field(default=None, description="For networking at high throughput.")


class SetTable(_Table):
    """One [[set]]: an availability set, generated with its hosts and VMs if vms is given, else written out."""

    name: Name = Field(description="The name of the set.", examples=["web"])
    vms: int | None = Field(
        default=None,
        ge=1,
        le=MAX_ENTRIES,
        description="Generates so many VMs: web-0, web-1, ...; VM number i is in domain i mod the number of domains.",
    )
    update_domains: int = Field(default=5, ge=1, le=MAX_UPDATE_DOMAINS, description="How many update domains the set has.")
    fault_domains: int = Field(
        default=MAX_FAULT_DOMAINS, ge=1, le=MAX_FAULT_DOMAINS, description="How many fault domains the set has."
    )
    hosts_per_domain: int = Field(
        default=1,
        ge=1,
        le=MAX_ENTRIES,
        description="Generates so many hosts for each domain: web-ud0-a, web-ud0-b, ...; "
        "the VMs of the domain are dealt to them in turn. Only with vms.",
    )
    workload: _Workload | None = Field(default=None, description=f"For the generated VMs. {_WORKLOAD}")
    drains: bool | None = Field(default=None, description=f"For the generated VMs, true if absent. {_DRAINS}")


class HostTable(_Table):
    """One [[host]]."""

    name: Name = Field(description="The name of the host.", examples=["rack1"])
    step: Name | None = Field(
        default=None,
        description="The step of the walk in which the host is updated. Absent: it follows from the domain "
        "of the host's VMs (step-0, step-1, ...), or from the host's fault domain (fd-0, fd-1, ...).",
    )
    fault_domain: int | None = Field(
        default=None,
        ge=0,
        le=MAX_FAULT_DOMAINS - 1,
        description="The fault domain of the host, from 0. Required when the walk goes by fault domains.",
    )


class VmTable(_Table):
    """One [[vm]]."""

    name: Name = Field(description="The name of the VM.", examples=["db-0"])
    host: Name = Field(description="The host on which the VM runs.", examples=["rack1"])
    availability_set: Name | None = Field(
        default=None, alias="set", description="The availability set of the VM. Absent: the VM stands alone."
    )
    update_domain: int | None = Field(
        default=None,
        ge=0,
        le=MAX_UPDATE_DOMAINS - 1,
        description="The update domain of the VM within its set, from 0.",
    )
    eligible: bool = Field(default=True, description="Whether an update may use the in-place way for this VM.")
    workload: _Workload | None = Field(default=None, description=_WORKLOAD)
    drains: bool | None = Field(default=None, description=f"True if absent. {_DRAINS}")


class FleetTable(_Table):
    """A fleet file of udproof: hosts, VMs, and how a cloud updates the hosts under the running VMs."""

    model_config = ConfigDict(title="udproof fleet")

    name: Name = Field(description="The name of the fleet.", examples=["my-fleet"])
    expect: Expectation | None = Field(
        default=None, description="What verify is to find. Meeting the expectation is a success, missing it a failure."
    )
    walk: WalkTable = Field(default=WalkTable(), description="How the controller walks over the fleet.")
    host_update: HostUpdateTable = Field(default=HostUpdateTable(), description="How long each stage of a host's update takes.")
    limits: LimitsTable = Field(default=LimitsTable(), description="The bounds to prove; none is ever assumed.")
    guest_clock: GuestClockTable = Field(default=GuestClockTable(), description="The clock within a VM.")
    events: EventsTable = Field(default=EventsTable(), description="What may happen to events besides starting and ending.")
    jobs: JobsTable | None = Field(default=None, description="A second job. Absent: there is one.")
    health: HealthTable | None = Field(
        default=None, description="Health after an update. Absent: every VM comes back well, and the recovery time passes."
    )
    faults: FaultsTable = Field(default=FaultsTable(), description="What hosts may do wrong, by budget.")
    migration: MigrationTable | None = Field(
        default=None,
        description="Live migration for VMs that may not be updated in place. Absent: their hosts reboot.",
    )
    network: NetworkTable | None = Field(default=None, description="Commands and reports as messages. Absent: they arrive at once.")
    controller: ControllerTable | None = Field(
        default=None, description="Two replicas of the controller. Absent: there is one, which does not fail. Only with [network]."
    )
    metadata: MetadataTable | None = Field(
        default=None, description="What a VM reads of its events. Absent: the truth. Only with [tenants]."
    )
    tenants: TenantsTable | None = Field(
        default=None, description="The agents in the VMs. Absent: any VM may approve at any moment, as [walk] approval says."
    )
    tolerance: ToleranceTable = Field(
        default=ToleranceTable(), description="The longest interruption that each workload can take while it is not prepared."
    )
    sets: list[SetTable] = _rows_of("set", "The availability sets, generated or written out.")
    hosts: list[HostTable] = _rows_of("host", "The hosts that are written out.")
    vms: list[VmTable] = _rows_of("vm", "The VMs that are written out.")


# --- what the models say of themselves


class _JsonSchema(GenerateJsonSchema):
    """pydantic's own generator, for a language without null."""

    schema_dialect = "https://json-schema.org/draft/2020-12/schema"

    def nullable_schema(self, schema: core_schema.NullableSchema) -> dict[str, Any]:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> dict[str, Any]:
        if schema.get("default") is None:  # absent, as a file says it
            return self.generate_inner(schema["schema"])
        return super().default_schema(schema)

    def encode_default(self, dft: Any) -> Any:
        if isinstance(dft, Fraction):
            return durations.format_duration(dft).replace(" ", "")
        if isinstance(dft, _Table):
            return {key: self.encode_default(value) for key, value in dft if value is not None}
        return super().encode_default(dft)

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False  # a title that repeats the key is noise in an editor


@cache
def json_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a fleet file. The caller must not change it."""
    schema = FleetTable.model_json_schema(schema_generator=_JsonSchema)
    for table in schema["$defs"].values():
        del table["title"]  # the name of a Python class
    return {"$schema": _JsonSchema.schema_dialect, **schema}
