"""Step 7: the states of an execution, their times, its approval. docs/spec/evidence.md, transitions."""

from .encodings import is_count, is_text, is_time
from .fault import Fault
from .records import KINDS
from .strict_json import canonical


def check_transitions(case):
    for chain in case.chains:
        _check_states(chain)
        _check_times(chain)
        _check_approval(chain)


def _wrong(text, item):
    return Fault("TRANSITION_WRONG", text, item.index)


def _is(value, truth):
    """Of a JSON value: is it this very truth value?"""
    return isinstance(value, bool) and value == truth


def _check_states(chain):
    state = None
    seen = set()
    for item in chain.items:
        record = item.record
        kind, following = record["kind"], record.get("state")
        steps, repeats = KINDS[kind]
        if kind in seen and not repeats:
            raise _wrong(f"a second record of kind {kind}", item)
        seen.add(kind)
        if kind == "decision":
            opened = _opened_by(record)
            if following != opened:
                raise _wrong("it decides the one, its state says the other", item)
            if opened is None:
                state = None
                continue
        if (state, following) not in steps:
            raise _wrong(f"{kind} cannot lead from {state} to {following}", item)
        state = following


def _opened_by(decision):
    verdict = decision["data"]["decision"]
    if verdict == "ALLOW":
        return "AUTHORIZED"
    return "APPROVAL_PENDING" if verdict == "REQUIRE_APPROVAL" and "state" in decision else None


def _check_times(chain):
    redemption = chain.redemption
    if redemption is None:
        return
    until = redemption.record["data"].get("execute_until")
    if not is_time(until):
        raise _wrong("the redemption does not say until when", redemption)
    before = None
    for item in chain.items:
        kind, state, data = item.record["kind"], item.record.get("state"), item.record["data"]
        in_time = item.record["time"] < until
        must_be = kind in ("started", "completed") or (kind == "terminated" and state == "FAILED")
        if must_be and not in_time:
            raise _wrong("it is later than the execution had to have ended", item)
        if before == "REDEEMED" and state == "LOST" and in_time and not _is_lost_with_lease(item, redemption):
            raise _wrong("it is called lost before it had to have ended", item)
        if kind == "completed" and not _is(data.get("succeeded"), state == "COMPLETED"):
            raise _wrong("the completion says the one, its state the other", item)
        if kind == "terminated" and not _is(data.get("succeeded"), False):
            raise _wrong("what was terminated is said to have succeeded", item)
        before = state


def _is_lost_with_lease(item, redemption):
    data, bound = item.record["data"], redemption.record["data"]
    return (
        item.record["kind"] == "lost"
        and data.get("cause") == "LEASE_OVER"
        and all(is_text(bound.get(name)) and data.get(name) == bound[name] for name in ("runtime", "lease_id"))
    )


def _check_approval(chain):
    opening = chain.items[0]
    asked = opening.record["data"]
    if opening.record.get("state") != "APPROVAL_PENDING":
        if opening.record.get("state") == "AUTHORIZED" and "approval" in asked:
            raise _wrong("an approval is said to have been used, and nothing waited for it", opening)
        return
    link = _read_link(asked.get("approval"))
    if link is None or link["id"] != opening.record["execution_id"]:
        raise _wrong("it waits for an approval, and does not say for which", opening)
    requester = opening.record["actor"]["id"]
    deciders = {requester}
    given = 0
    for item in chain.items[1:]:
        record = item.record
        if record["kind"] not in ("approval_decided", "decision"):
            continue
        if record["time"] >= link["expires_at"]:
            raise _wrong("the approval had lapsed", item)
        by, data = record["actor"]["id"], record["data"]
        if record["kind"] == "approval_decided":
            if by in deciders:
                raise _wrong("decided by who asked for it, or twice by the same", item)
            deciders.add(by)
            if not _is(data.get("approve"), record.get("state") == "APPROVAL_PENDING"):
                raise _wrong("it decides the one, its state says the other", item)
            given += 1
            continue
        if given < link["needed"] or by != requester or data["bundle_digest"] != asked["bundle_digest"]:
            raise _wrong("used too early, by another, or under another policy", item)
        if canonical(data.get("approval")) != canonical(link):
            raise _wrong("another approval was used", item)


def _read_link(value):
    if not isinstance(value, dict):
        return None
    link = {name: value.get(name) for name in ("expires_at", "id", "needed")}
    is_good = is_time(link["expires_at"]) and is_text(link["id"]) and is_count(link["needed"]) and link["needed"] > 0
    return link if is_good else None
