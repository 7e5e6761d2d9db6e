"""An evidence file in nine steps; the first that fails is named. docs/spec/evidence.md."""

from .checkpoint import parse_checkpoint, parse_note, verify_checkpoint
from .claims import check_claims
from .closings import check_closings
from .encodings import from_base64, from_utf8, is_decimal
from .executed import check_executed
from .fault import Fault, malformed
from .grant import check_grant
from .lineage import check_lineage
from .merkle import check_inclusion, leaf_hash
from .records import LIMITS, open_payload, parse_record
from .strict_json import as_list, as_object, as_text, parse
from .transitions import check_transitions

MAX_FILE = 67_108_864
MAX_RECORDS = 100_000


class Item:
    """A record on its way through the steps. `record` is set by the third, `content` by the fifth."""

    def __init__(self, entry):
        entry = as_object(entry)
        self.log = as_text(entry.get("log"))
        if not is_decimal(entry.get("index")):
            raise malformed("an index is not a decimal number")
        self.index = int(entry["index"])
        self.body = from_base64(as_text(entry.get("body")))
        if "payload" not in entry:
            raise malformed("a payload is neither given nor null")
        self.payload = None if entry["payload"] is None else from_base64(as_text(entry["payload"]))
        self.proof = [from_base64(as_text(value)) for value in as_list(entry.get("proof"))]
        self.leaf_hash = leaf_hash(self.body)
        self.record = None
        self.content = None


class Chain:
    """The records of one execution."""

    def __init__(self, execution_id, items):
        self.execution_id = execution_id
        self.items = items

    @property
    def decision(self):
        for item in self.items:
            if item.record["kind"] == "decision" and item.record.get("state") == "AUTHORIZED":
                return item
        return self.items[0]

    @property
    def redemption(self):
        return next((item for item in self.items if item.record["kind"] == "redeemed"), None)

    def described(self):
        return {
            "id": self.execution_id,
            "decision": self.decision.record["data"]["decision"],
            "state": self.items[-1].record.get("state"),
        }


class Case:
    def __init__(self, chains, notes, closings, trust):
        self.chains = chains
        self.closings = closings
        self.items = [item for chain in chains for item in chain.items]
        self.notes = notes
        self.trust = trust
        self.checkpoints = {}
        self.cosignatures = {}
        """How many of the trusted witnesses have cosigned each checkpoint, None where none are named; by log."""


def verify_evidence(data, trust, token=None):
    """`data`: the file's bytes. `trust`: what parse_trust gives, or None. `token`: to be held against it. Raises no Fault."""
    steps = []
    step = "format"
    try:
        case = _parse_file(data, trust)
        steps.append((step, "ok"))
        for step, check in STEPS:
            steps.append((step, check(case) or "ok"))
        if token is not None:
            step = "grant"
            steps.append((step, check_grant(case, token)))
    except Fault as fault:
        return {
            "valid": False,
            "anchored": False,
            "failed_step": step,
            "failed_index": None if fault.index is None else str(fault.index),
            "code": fault.code,
            "reason": fault.text,
            "steps": dict(steps),
        }
    execution, *ancestors = (chain.described() for chain in case.chains)
    return {
        "valid": True,
        "anchored": trust is not None,
        "steps": dict(steps),
        "checkpoints": [
            {"log": log, "size": str(one.size), "cosignatures": case.cosignatures.get(log)}
            for log, one in case.checkpoints.items()
        ],
        "execution": execution,
        "ancestors": ancestors,
    }


def _parse_file(data, trust):
    if len(data) > MAX_FILE:
        raise Fault("TOO_LARGE", f"the file is larger than {MAX_FILE} bytes")
    root = as_object(parse(from_utf8(data), *LIMITS))
    version = root.get("v")
    if not isinstance(version, float) or version != 1 or root.get("type") != "writ-evidence":
        raise malformed("the file is not Writ evidence of version 1")
    lineages = [root, *map(as_object, as_list(root.get("ancestors", [])))]
    notes = {}
    for entry in map(as_object, as_list(root.get("checkpoints"))):
        log = as_text(entry.get("log"))
        if log in notes:
            raise malformed("two checkpoints of one log")
        notes[log] = as_text(entry.get("note"))
    closings = []
    for entry in map(as_object, as_list(root.get("closings", []))):
        closings.append((as_text(entry.get("log")), Item(entry.get("record"))))
    left = MAX_RECORDS
    chains = []
    for lineage in lineages:
        records = as_list(lineage.get("records"))
        if not records:
            raise malformed("the file holds no record")
        left -= len(records)
        if left < 0:
            raise Fault("TOO_LARGE", f"the file holds more than {MAX_RECORDS} records")
        chains.append(Chain(as_text(lineage.get("execution_id")), [Item(entry) for entry in records]))
    return Case(chains, notes, closings, trust)


def _check_checkpoints(case):
    for log, note in case.notes.items():
        if case.trust is None:
            checkpoint = parse_checkpoint(parse_note(note).text)
            if checkpoint.origin != log:
                raise Fault("WRONG_ORIGIN", "the checkpoint is of another log")
        elif log not in case.trust.logs:
            raise Fault("UNKNOWN_KEY", f"the trust file has no key for the log {log}")
        else:
            checkpoint, case.cosignatures[log] = verify_checkpoint(note, case.trust.logs[log])
        case.checkpoints[log] = checkpoint
    check_closings(case)
    for item in case.items:
        if item.log not in case.checkpoints:
            raise Fault("MALFORMED", f"there is no checkpoint of the log {item.log}", item.index)
    return "not_anchored" if case.trust is None else "ok"


def _check_records(case):
    for item in case.items:
        try:
            item.record = parse_record(item.body)
        except Fault as fault:
            raise fault.at(item.index) from None


def _check_inclusion(case):
    for item in case.items:
        checkpoint = case.checkpoints[item.log]
        try:
            check_inclusion(item.index, checkpoint.size, item.leaf_hash, item.proof, checkpoint.root)
        except Fault as fault:
            raise Fault("PROOF_WRONG", f"the record is not in the log: {fault.text}", item.index) from None


def _check_payloads(case):
    erased = False
    for item in case.items:
        commitment = item.record["payload"]
        if commitment is None and item.payload is not None:
            raise Fault("PAYLOAD_DIFFERS", "a payload where the record commits to none", item.index)
        if commitment is None:
            continue
        if item.payload is None:
            erased = True
            continue
        try:
            item.content = open_payload(item.payload, commitment)
        except Fault as fault:
            raise fault.at(item.index) from None
    return "erased" if erased else "ok"


STEPS = (
    ("checkpoint", _check_checkpoints),
    ("record", _check_records),
    ("inclusion", _check_inclusion),
    ("payload", _check_payloads),
    ("lineage", check_lineage),
    ("transitions", check_transitions),
    ("claims", check_claims),
    ("executed", check_executed),
)
