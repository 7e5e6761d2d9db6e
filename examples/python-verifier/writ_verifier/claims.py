"""Step 8: a token's claims, what was approved, and what a child may. docs/spec/evidence.md, claims."""

from .crypto import sha256, verifies
from .encodings import from_base64url, is_count, is_text, milliseconds
from .fault import Fault
from .strict_json import as_object, as_text, canonical


def check_claims(case):
    erased = False
    for i, chain in enumerate(case.chains):
        claims = _check_token(chain)
        _check_approved(chain)
        _check_descent(chain, claims, case.chains[i + 1] if i + 1 < len(case.chains) else None)
        erased = erased or chain.decision.content is None
    return "erased" if erased else "ok"


def _wrong(text, item):
    return Fault("CLAIMS_WRONG", text, item.index)


def _until(chain):
    return milliseconds(chain.redemption.record["data"]["execute_until"])


def _check_token(chain):
    """The claims, or None where there are none."""
    decision = chain.decision
    record, content = decision.record, decision.content
    if content is None:
        return None
    if record["data"]["decision"] != "ALLOW":
        if "claims" in content:
            raise _wrong("claims of a token for a decision that allowed nothing", decision)
        return None
    claims = content.get("claims")
    if not isinstance(claims, dict) or not _are_of_form(claims):
        raise _wrong("an ALLOW without the claims of its token, or one of another form", decision)
    if claims["execution_id"] != record["execution_id"] or claims["jti"] != record["execution_id"]:
        raise _wrong("the token was made for another execution", decision)
    if claims["log"] != decision.log or claims["bundle"] != record["data"]["bundle_digest"]:
        raise _wrong("the token names another log or another policy", decision)
    if claims["iat"] >= claims["exp"]:
        raise _wrong("the token's times are not in order", decision)
    if chain.redemption is not None:
        _check_redemption(chain, claims)
    return claims


def _are_of_form(claims):
    return (
        all(is_text(claims.get(name)) for name in ("bundle", "execution_id", "jti", "log"))
        and all(is_count(claims.get(name)) for name in ("exp", "iat", "max_duration"))
        and all(name not in claims or is_text(claims[name]) for name in ("dig", "parent"))
        and ("execute_before" not in claims or is_count(claims["execute_before"]))
    )


def _check_redemption(chain, claims):
    item = chain.redemption
    at = milliseconds(item.record["time"])
    if at >= claims["exp"] * 1000:
        raise _wrong("the token had expired when it was redeemed", item)
    granted = [at + claims["max_duration"] * 1000]
    if "execute_before" in claims:
        granted.append(claims["execute_before"] * 1000)
    if _until(chain) != min(granted):
        raise _wrong("the time to execute is not what the token grants", item)
    if item.content is not None and item.content.get("dig") != claims.get("dig"):
        raise _wrong("the parameters that were redeemed are not those that were authorized", item)


def _check_approved(chain):
    opening = chain.items[0]
    used = next((item for item in chain.items[1:] if item.record["kind"] == "decision"), None)
    if used is None or opening.content is None or used.content is None:
        return
    before, after = _asked(opening.content), _asked(used.content)
    if before is None or before != after:
        raise _wrong("what was authorized is not what was approved", used)


def _asked(content):
    request = content.get("request")
    if not isinstance(request, dict):
        return None
    return canonical({
        name: value for name, value in request.items() if name not in ("request_id", "approval_id", "parent_proof")
    })


def _check_descent(chain, claims, parent):
    decision = chain.decision
    if parent is None:
        if claims is not None and ("parent" in claims or "execute_before" in claims):
            raise _wrong("the token names a parent, its record none", decision)
        return
    until = _until(parent)
    if chain.redemption is not None and _until(chain) > until:
        raise _wrong("it may run longer than its parent", chain.redemption)
    if claims is None:
        return
    if claims.get("parent") != parent.execution_id:
        raise _wrong("the token names another parent", decision)
    before = claims.get("execute_before")
    if before is None or before * 1000 > until or claims["exp"] > before:
        raise _wrong("the token lets it run longer than its parent, or outlives it", decision)
    authorized = parent.decision.content
    if authorized is not None and not _has_consent(decision, authorized, parent.execution_id):
        raise _wrong("there is no consent of the parent's runtime to this request", decision)


def _has_consent(decision, authorized, parent_id):
    try:
        key = from_base64url(as_text(as_object(as_object(as_object(authorized["claims"])["cnf"])["jwk"])["x"]))
        request = as_object(decision.content["request"])
        signature = from_base64url(as_text(request["parent_proof"]))
        consent = _consent(request, parent_id)
    except (Fault, KeyError):
        return False
    named = sha256(b"writ/consent/v1\n", signature).hex()
    message = b"writ/parent/v1\n" + canonical(consent).encode()
    return verifies(key, message, signature) and named == decision.record["parent"]["consent"]


def _consent(request, parent_id):
    parameters = request.get("parameters")
    has_digest = isinstance(parameters, dict) and "digest" in parameters
    runtime = request.get("runtime_id")
    return {
        "action": as_text(as_object(request["action"])["name"]),
        "audience": as_text(request["audience"]),
        "parameters_digest": from_base64url(as_text(parameters["digest"])).hex() if has_digest else "",
        "parent_execution_id": parent_id,
        "request_id": as_text(request["request_id"]),
        "resource": _named(request["resource"]),
        "runtime_id": "" if runtime is None else as_text(runtime),
        "subject": _named(request["subject"]),
    }


def _named(value):
    return {name: as_text(as_object(value)[name]) for name in ("id", "type")}
