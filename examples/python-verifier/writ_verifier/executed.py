"""Step 9: what was executed, beside what was authorized. docs/spec/evidence.md, executed."""

from .encodings import is_hash, is_text
from .fault import Fault

REPORTS = ("started", "completed", "completed_late", "terminated")


def check_executed(case):
    erased = False
    for chain in case.chains:
        _check_reporters(chain)
        start = next((item for item in chain.items if item.record["kind"] == "started"), None)
        if start is not None:
            _check_start(start, chain.decision.content)
        erased = erased or any(_is_erased(item) for item in (chain.decision, chain.redemption, start))
    return "erased" if erased else "ok"


def _check_reporters(chain):
    for item in chain.items:
        if item.record["kind"] in REPORTS and item.record["actor"]["id"] != chain.redemption.record["actor"]["id"]:
            raise _differs("it is reported by another than who redeemed", item)


def _check_start(start, authorized):
    data = start.record["data"]
    if "code" in data and not is_hash(data["code"]):
        raise _differs("the start names code by no digest", start)
    if authorized is None:
        return
    registered = _member(_member(authorized.get("facts"), "runtime"), "code")
    if "code" in data and is_text(registered) and data["code"] != registered:
        raise _differs("other code was started than the runtime was authorized as", start)
    content = start.content or {}
    if "dig" in content and (not is_text(content["dig"]) or content["dig"] != authorized["claims"].get("dig")):
        raise _differs("it was started with other parameters than those that were authorized", start)


def _is_erased(item):
    return item is not None and item.record["payload"] is not None and item.content is None


def _member(value, name):
    return value.get(name) if isinstance(value, dict) else None


def _differs(text, item):
    return Fault("EXECUTED_DIFFERS", text, item.index)
