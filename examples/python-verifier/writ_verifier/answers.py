"""The families of test/vectors: from a vector's input to the answer that it expects. Its README has the shapes."""

import base64
import io
import json
import struct

from .archive import verify_archive
from .beats import verify_beats
from .checkpoint import TrustedLog, Witnesses, parse_note, parse_trust, parse_verifier_key, verify_checkpoint
from .crypto import is_good_point, verifies
from .evidence import verify_evidence
from .fault import Fault, verdict
from .merkle import check_consistency, check_inclusion, leaf_hash, root_of
from .strict_json import canonical, parse
from .tlog_proof import verify_tlog_proof
from .tokens import is_sufficient, verify_token


def answer(family, name, given):
    """What this verifier says of an input. KeyError: a family that it does not know."""
    return FAMILIES[family](given, name)


def _canonical_json(given, _name):
    if "ieee754" in given:
        value = struct.unpack(">d", bytes.fromhex(given["ieee754"]))[0]
    else:
        value = json.loads(given["json"], parse_int=float)
    try:
        return {"canonical": canonical(value)}
    except Fault:
        return {"refused": True}


def _strict_json(given, _name):
    try:
        return {"accepted": True, "canonical": canonical(parse(given["text"], given["max_depth"], given["max_nodes"]))}
    except Fault:
        return {"accepted": False}


def _merkle(given, name):
    if name.startswith("root-"):
        return {"root": root_of([leaf_hash(bytes.fromhex(body)) for body in given["leaves"]]).hex()}
    proof = [bytes.fromhex(value) for value in given["proof"]]
    if name.startswith("inclusion-"):
        leaf, root = bytes.fromhex(given["leaf_hash"]), bytes.fromhex(given["root"])
        return verdict(check_inclusion, int(given["leaf_index"]), int(given["tree_size"]), leaf, proof, root)
    roots = bytes.fromhex(given["root1"]), bytes.fromhex(given["root2"])
    return verdict(check_consistency, int(given["size1"]), int(given["size2"]), *roots, proof)


def _ed25519(given, _name):
    return {"valid": verifies(*(bytes.fromhex(given[name]) for name in ("public_key", "message", "signature")))}


def _ed25519_key(given, _name):
    return {"accepted": is_good_point(bytes.fromhex(given["public_key"]))}


def _signed_note(given, _name):
    try:
        note = parse_note(given["note"])
    except Fault:
        return {"well_formed": False}
    return {"well_formed": True, "text": note.text, "signatures": [name for name, _, _ in note.signatures]}


def _verifier_key(given, _name):
    try:
        key = parse_verifier_key(given["vkey"])
    except Fault:
        return {"valid": False}
    return {"valid": True, "name": key.name, "key_hash": key.key_hash.hex(), "public_key": key.key.hex()}


def _checkpoint(given, _name):
    try:
        checkpoint, _ = verify_checkpoint(given["note"], TrustedLog(given["origin"], given["vkey"]))
    except Fault as fault:
        return {"valid": False, "code": fault.code}
    return {"valid": True, "size": str(checkpoint.size), "root": checkpoint.root.hex()}


def _tlog_proof(given, _name):
    leaf_hash = bytes.fromhex(given["leaf_hash"])
    witnesses = Witnesses(**given["witnesses"]) if "witnesses" in given else None
    try:
        index, size = verify_tlog_proof(
            given["proof"], leaf_hash, TrustedLog(given["origin"], given["vkey"], witnesses)
        )
    except Fault as fault:
        return {"valid": False, "code": fault.code}
    return {"valid": True, "index": str(index), "tree_size": str(size)}


def _trust(given, _name):
    try:
        parse_trust(given["text"])
    except Fault:
        return {"accepted": False}
    return {"accepted": True}


def _token(given, _name):
    wanted = {name: given[name] for name in ("issuer", "parameters_digest") if name in given}
    try:
        claims = verify_token(given["token"], given["keys"], given["audience"], given["now_ms"], **wanted)
    except Fault as fault:
        return {"valid": False, "sufficient": False, "code": fault.code}
    return {"valid": True, "sufficient": is_sufficient(claims)}


def _beats(given, _name):
    return verify_beats(given["count"], given["root"], given["segment"].encode(), given["keys"])


def _archive(given, _name):
    trust = None if given["trust"] is None else parse_trust(json.dumps(given["trust"]))
    report = verify_archive(io.BytesIO(base64.b64decode(given["archive_base64"])), trust)
    names = ("valid", "anchored", "erased", "digest") if report["valid"] else ("valid", "failed_step", "failed_index", "code")
    return {name: report[name] for name in names}


def _evidence(given, _name):
    data = base64.b64decode(given["evidence_base64"]) if "evidence_base64" in given else given["evidence"].encode()
    trust = None if given["trust"] is None else parse_trust(json.dumps(given["trust"]))
    report = verify_evidence(data, trust, given.get("token"))
    if not report["valid"]:
        return {name: report[name] for name in ("valid", "failed_step", "failed_index", "code")}
    cosignatures = [one["cosignatures"] for one in report["checkpoints"]]
    return {
        "valid": True,
        "anchored": report["anchored"],
        **({} if set(cosignatures) == {None} else {"cosignatures": cosignatures}),
        "decision": report["execution"]["decision"],
        "state": report["execution"]["state"],
        "steps": {step: result for step, result in report["steps"].items() if result != "ok"},
    }


FAMILIES = {
    "canonical-json": _canonical_json,
    "strict-json": _strict_json,
    "merkle": _merkle,
    "ed25519": _ed25519,
    "ed25519-key": _ed25519_key,
    "signed-note": _signed_note,
    "verifier-key": _verifier_key,
    "checkpoint": _checkpoint,
    "tlog-proof": _tlog_proof,
    "trust": _trust,
    "token": _token,
    "beats": _beats,
    "archive": _archive,
    "evidence": _evidence,
}
