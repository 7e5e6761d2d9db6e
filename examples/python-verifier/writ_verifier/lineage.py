"""Step 6: how the records of a file link to one another. docs/spec/evidence.md, lineage."""

from .fault import Fault

MAX_ANCESTORS = 16


def check_lineage(case):
    for chain in case.chains:
        _check_chain(chain)
    if len(case.chains) > MAX_ANCESTORS + 1:
        raise Fault("TOO_LARGE", f"more than {MAX_ANCESTORS} ancestors")
    for i, chain in enumerate(case.chains):
        _check_causes(chain, case.chains[i + 1 :])
        _check_parent(chain, case.chains[i + 1 :])


def _wrong(text, item):
    return Fault("LINK_WRONG", text, item.index)


def _check_chain(chain):
    opening = chain.items[0].record
    before = None
    for item in chain.items:
        record = item.record
        if record.get("execution_id") != chain.execution_id:
            raise _wrong("the record is of another execution", item)
        is_decision = record["kind"] == "decision"
        is_approved = opening.get("state") == "APPROVAL_PENDING" and record.get("state") == "AUTHORIZED"
        if not is_decision if before is None else is_decision and not is_approved:
            raise _wrong("a lineage begins with its decision, and has no other but the one after an approval", item)
        if record.get("previous") != (None if before is None else before.leaf_hash.hex()):
            raise _wrong("the record does not link to the one before it", item)
        before = item


def _check_causes(chain, ancestors):
    for item in chain.items:
        data = item.record["data"]
        if item.record["kind"] != "revoked" or "ancestor" not in data:
            continue
        named = next((other for other in ancestors if other.execution_id == data["ancestor"]), None)
        ends = [other for other in named.items if other.leaf_hash.hex() == data.get("ancestor_record")] if named else []
        if not ends or ends[0].record.get("state") not in ("REVOKED", "LOST"):
            raise _wrong("it was revoked with an execution that had not ended", item)


def _check_parent(chain, ancestors):
    decision = chain.decision
    link = decision.record.get("parent")
    if link is None:
        if ancestors:
            raise _wrong("it descends from none, and more records are given", decision)
        return
    if decision.record.get("state") != "AUTHORIZED":
        raise _wrong("what was not allowed is no child", decision)
    if not ancestors or ancestors[0].execution_id != link["execution_id"]:
        raise _wrong("the records of its parent are not given next", decision)
    parent = ancestors[0]
    redemption = parent.redemption
    if redemption is None or redemption.leaf_hash.hex() != link["leaf"]:
        raise _wrong("it does not link to the redemption of its parent", decision)
    if link["depth"] != len(ancestors):
        raise _wrong("it says another number of ancestors", decision)
    later = parent.items[parent.items.index(redemption) :]
    end = next((item for item in later if item.record.get("state") != "REDEEMED"), None)
    if end is not None and end.log == decision.log and decision.index > end.index:
        raise _wrong("it was authorized after its parent had ended", decision)
