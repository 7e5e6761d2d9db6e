"""Execution tokens, offline. docs/spec/token.md."""

from .crypto import verifies
from .encodings import from_base64url, from_utf8, is_count
from .fault import Fault, malformed
from .strict_json import as_object, parse

MAX_TOKEN = 8_192
SKEW_SECONDS = 5


def verify_token(token, keys, audience, now_ms, **wanted):
    """`wanted` may hold `issuer` and `parameters_digest` (None: there are none). The claims, or a Fault."""
    claims = read_token(token, keys)
    _check_claims(claims, audience, now_ms, wanted)
    return claims


def read_token(token, keys):
    """Whose token it is. What its claims mean at this moment is left to the caller."""
    header, claims, signed, signature = _parse(token)
    if header.get("typ") != "exec+jwt" or header.get("alg") not in ("EdDSA", "Ed25519"):
        raise Fault("WRONG_TYPE", "typ is not exec+jwt, or alg not EdDSA")
    if not set(header) <= {"alg", "kid", "typ"}:
        raise Fault("WRONG_TYPE", "the header has members of unknown meaning")
    kid = header.get("kid")
    key = next((key for key in keys if isinstance(kid, str) and key.get("kid") == kid), None)
    if key is None or key.get("kty") != "OKP" or key.get("crv") != "Ed25519":
        raise Fault("UNKNOWN_KEY", "no trusted key has this kid")
    if not verifies(from_base64url(key["x"]), signed, signature):
        raise Fault("SIGNATURE_WRONG", "the signature does not verify")
    return claims


def claims_of(token):
    """Unverified."""
    return _parse(token)[1]


def is_sufficient(claims):
    return claims.get("use") == "offline"


def _parse(token):
    parts = token.split(".")
    if len(token) > MAX_TOKEN or len(parts) != 3:
        raise malformed("the token is too long, or does not have three parts")
    header, claims = (as_object(parse(from_utf8(from_base64url(part)), 8, 500)) for part in parts[:2])
    return header, claims, f"{parts[0]}.{parts[1]}".encode(), from_base64url(parts[2])


def _check_claims(claims, audience, now_ms, wanted):
    exp, nbf = claims.get("exp"), claims.get("nbf")
    if not is_count(exp) or not is_count(nbf):
        raise malformed("exp and nbf must be whole seconds")
    if now_ms >= (exp + SKEW_SECONDS) * 1000:
        raise Fault("EXPIRED", "the token has expired")
    if now_ms < (nbf - SKEW_SECONDS) * 1000:
        raise Fault("NOT_YET_VALID", "the token is not valid yet")
    if claims.get("aud") != audience:
        raise Fault("WRONG_AUDIENCE", "the token is for another audience")
    if "issuer" in wanted and claims.get("iss") != wanted["issuer"]:
        raise Fault("WRONG_ISSUER", "the token is by another issuer")
    if "parameters_digest" in wanted and claims.get("dig") != wanted["parameters_digest"]:
        raise Fault("PARAMETERS_DIFFER", "the parameters are not those that were authorized")
