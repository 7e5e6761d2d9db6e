"""Step 10, where a token is held against the evidence. docs/spec/evidence.md, grant."""

from .fault import Fault
from .strict_json import canonical
from .tokens import claims_of, read_token


def check_grant(case, token):
    decision = case.chains[0].decision
    claims = dict(claims_of(token) if case.trust is None else read_token(token, case.trust.tokens))
    if claims.pop("leaf", None) != decision.leaf_hash.hex():
        raise Fault("LINK_WRONG", "the token names another record", decision.index)
    if decision.record["data"]["decision"] != "ALLOW":
        raise Fault("CLAIMS_WRONG", "the record that the token names allowed nothing", decision.index)
    if decision.content is None:
        return "erased"
    if canonical(claims) != canonical(decision.content["claims"]):
        raise Fault("CLAIMS_WRONG", "the token says something else than its record", decision.index)
    return "not_anchored" if case.trust is None else "ok"
