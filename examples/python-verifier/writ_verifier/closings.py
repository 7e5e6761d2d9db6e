"""How closed logs ended, as records in other logs say. docs/spec/evidence.md, step 2."""

from .checkpoint import Checkpoint, count_cosignatures, parse_note
from .encodings import is_decimal, is_hash
from .fault import Fault
from .merkle import check_inclusion
from .records import parse_record


def check_closings(case):
    notes = dict(case.notes)  # what is signed: a log's own checkpoint, or the one in which its closing is proved
    for log, item in case.closings:
        if log in case.checkpoints:
            raise Fault("MALFORMED", f"a checkpoint and a closing of the log {log}, or two closings", item.index)
        if case.trust is not None and log not in case.trust.logs:
            raise Fault("UNKNOWN_KEY", f"the trust file has no key for the log {log}", item.index)
        if item.log not in case.checkpoints:
            raise Fault("MALFORMED", f"there is no checkpoint of the log {item.log}", item.index)
        try:
            record = parse_record(item.body)
        except Fault as fault:
            raise fault.at(item.index) from None
        size, root = record["data"].get("size"), record["data"].get("root")
        if record["kind"] != "log_closed" or record["data"].get("log") != log or not is_decimal(size) or not is_hash(root):
            raise Fault("MALFORMED", f"the record does not say how the log {log} ended", item.index)
        head = case.checkpoints[item.log]
        try:
            check_inclusion(item.index, head.size, item.leaf_hash, item.proof, head.root)
        except Fault as fault:
            raise Fault("PROOF_WRONG", f"the closing is not in the log {item.log}: {fault.text}", item.index) from None
        note = notes[item.log]
        witnesses = None if case.trust is None else case.trust.logs[log].witnesses
        if witnesses is not None:
            case.cosignatures[log] = count_cosignatures(parse_note(note), witnesses.vkeys)
            if case.cosignatures[log] < witnesses.quorum:
                raise Fault("COSIGNATURES_LACKING", f"too few of the witnesses of {log} vouch for its end", item.index)
        case.checkpoints[log] = Checkpoint(log, int(size), bytes.fromhex(root))
        notes[log] = note
