"""Hashes, and the one rule for signatures. docs/spec/README.md, Hashes and signatures."""

import hashlib

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
SMALL_ORDER = {
    bytes.fromhex(point)
    for point in (
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    )
}


def sha256(*parts):
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.digest()


def is_good_point(point):
    """Canonical, and not of small order. Whether it is on the curve, OpenSSL finds out."""
    if len(point) != 32:
        return False
    y = point[:31] + bytes([point[31] & 0x7F])
    return int.from_bytes(y, "little") < P and y not in SMALL_ORDER


def verifies(key, message, signature):
    if len(signature) != 64 or not is_good_point(key) or not is_good_point(signature[:32]):
        return False
    if int.from_bytes(signature[32:], "little") >= L:
        return False
    try:
        # OpenSSL's equation is the one without the cofactor, and it compares encoded points.
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True
