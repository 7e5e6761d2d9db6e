"""Records and payloads. docs/spec/record.md, docs/spec/payload.md."""

from .crypto import sha256
from .encodings import from_utf8, is_count, is_decimal, is_hash, is_text, is_time
from .fault import Fault, malformed
from .strict_json import as_object, as_text, canonical, parse

MAX_BODY = 65_535
SALT = 32
LIMITS = (40, 2_000_000)

"""Kind → the steps that it may be, and whether it may come more than once."""
TRANSITIONS = {
    "decision": ({(None, "AUTHORIZED"), (None, "APPROVAL_PENDING"), ("APPROVAL_PENDING", "AUTHORIZED")}, True),
    "approval_decided": ({("APPROVAL_PENDING", "APPROVAL_PENDING"), ("APPROVAL_PENDING", "REJECTED")}, True),
    "redeemed": ({("AUTHORIZED", "REDEEMED")}, False),
    "redeem_refused": (
        {(state, state) for state in ("AUTHORIZED", "REDEEMED", "COMPLETED", "FAILED", "REVOKED", "LOST")},
        False,
    ),
    "started": ({("REDEEMED", "REDEEMED")}, False),
    "completed": ({("REDEEMED", "COMPLETED"), ("REDEEMED", "FAILED")}, False),
    "completed_late": ({("REDEEMED", "LOST"), ("LOST", "LOST"), ("REVOKED", "REVOKED")}, False),
    "terminated": (
        {("REDEEMED", "FAILED"), ("REDEEMED", "LOST"), ("LOST", "LOST"), ("REVOKED", "REVOKED")},
        False,
    ),
    "lost": ({("REDEEMED", "LOST")}, False),
    "revoked": ({("AUTHORIZED", "REVOKED"), ("REDEEMED", "REVOKED")}, False),
}
OTHER_KINDS = (
    "log_opened log_closed heads_observed signing_key_changed caller_key_changed binding_changed bundle_published bundle_signed "
    "activation_requested activation_refused bundle_activated shadow_changed runtime_registered runtime_state_changed runtime_ended "
    "reference_values_changed beat_refused beats payload_erased"
).split()
KINDS = {**{kind: (set(), False) for kind in OTHER_KINDS}, **TRANSITIONS}
DECISIONS = ("ALLOW", "DENY", "REQUIRE_APPROVAL")


def _is_actor(value):
    return isinstance(value, dict) and is_text(value.get("id")) and is_text(value.get("proof"))


def _is_parent(value):
    return (
        isinstance(value, dict)
        and is_hash(value.get("consent"))
        and is_hash(value.get("leaf"))
        and is_count(value.get("depth"))
        and is_text(value.get("execution_id"))
    )


REQUIRED = {
    "v": lambda value: isinstance(value, float) and value == 1,
    "kind": lambda value: is_text(value) and value in KINDS,
    "engine": is_text,
    "time": is_time,
    "actor": _is_actor,
    "payload": lambda value: value is None or is_hash(value),
    "data": lambda value: isinstance(value, dict),
}
OPTIONAL = {
    "execution_id": is_text,
    "state": is_text,
    "previous": is_hash,
    "parent": _is_parent,
    "epoch": is_decimal,
}


def parse_record(body):
    if len(body) > MAX_BODY:
        raise Fault("TOO_LARGE", f"a record is larger than {MAX_BODY} bytes")
    text = from_utf8(body)
    record = as_object(parse(text, *LIMITS))
    if canonical(record) != text:
        raise malformed("the record is not canonical JSON")
    for name, is_of_form in REQUIRED.items():
        if name not in record or not is_of_form(record[name]):
            raise malformed(f"the record's {name} is missing or of another form")
    for name, is_of_form in OPTIONAL.items():
        if name in record and not is_of_form(record[name]):
            raise malformed(f"the record's {name} is of another form")
    if record["kind"] == "decision":
        as_text(record["data"].get("bundle_digest"))
        if record["data"].get("decision") not in DECISIONS:
            raise malformed("the decision is none of the three")
    return record


def open_payload(payload, commitment):
    """The content of the payload that a record commits to."""
    if len(payload) < SALT or sha256(b"writ/payload/v1\n", payload).hex() != commitment:
        raise Fault("PAYLOAD_DIFFERS", "the payload is not the one that the record commits to")
    return as_object(parse(from_utf8(payload[SALT:]), *LIMITS))
