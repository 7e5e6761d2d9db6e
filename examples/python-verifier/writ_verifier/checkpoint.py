"""Signed notes, verifier keys, checkpoints and who has cosigned them, the trust file. docs/spec/checkpoint.md."""

import re
from typing import NamedTuple, Optional

from .crypto import sha256, verifies
from .encodings import from_base64, is_count, is_decimal
from .fault import Fault, malformed
from .strict_json import as_list, as_object, as_text, parse

MAX_NOTE = 131_072
MAX_SIGNATURES = 64
SIGNATURE, COSIGNATURE = 1, 4
MAX_TIME = 2**63 - 1
WHITE = "\t-\r \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
CONTROL = "\x00-\x1f\x7f-\x9f"
NAME = re.compile(f"[^+{WHITE}{CONTROL}]{{1,255}}")
LINE = re.compile("\u2014 ([^ ]+) ([^ ]+)")
VKEY = re.compile(r"([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)")


class Note(NamedTuple):
    text: str
    """What is signed."""
    signatures: list
    """(name, key hash, signature) of each line."""


class VerifierKey(NamedTuple):
    name: str
    key_hash: bytes
    key: bytes


class Checkpoint(NamedTuple):
    origin: str
    size: int
    root: bytes


def parse_note(note):
    if len(note.encode("utf-16-le")) // 2 > MAX_NOTE or re.search(r"[\x00-\x09\x0b-\x1f]", note):
        raise malformed("the note is too long or holds characters that are not allowed")
    text, split, tail = note.rpartition("\n\n")
    if not split or not note.endswith("\n"):
        raise malformed("the note has no empty line before its signatures")
    lines = tail[:-1].split("\n")
    if len(lines) > MAX_SIGNATURES:
        raise malformed("the note has too many signatures")
    return Note(text + "\n", [_parse_line(line) for line in lines])


def _parse_line(line):
    match = LINE.fullmatch(line)
    if not match or not NAME.fullmatch(match.group(1)):
        raise malformed("the note has a signature line of another form")
    data = from_base64(match.group(2))
    if len(data) < 5:
        raise malformed("the note has a signature that is too short")
    return match.group(1), data[:4], data[4:]


def parse_verifier_key(text, algorithm=SIGNATURE):
    match = VKEY.fullmatch(text)
    if not match or not NAME.fullmatch(match.group(1)):
        raise malformed("the verifier key is not NAME+HASH+KEY")
    name, digits, encoded = match.groups()
    data = from_base64(encoded)
    if len(data) != 33 or data[0] != algorithm:
        raise malformed("the verifier key is not an Ed25519 key, or for something else")
    key_hash = sha256(name.encode(), b"\n", data)[:4]
    if key_hash.hex() != digits:
        raise malformed("the verifier key's hash is not that of its name and key")
    return VerifierKey(name, key_hash, data[1:])


def parse_checkpoint(text):
    lines = text.split("\n")
    if lines.pop() != "" or len(lines) < 3 or "" in lines:
        raise malformed("the checkpoint is not three or more lines")
    origin, size, encoded = lines[:3]
    root = from_base64(encoded)
    if not is_decimal(size) or len(root) != 32:
        raise malformed("the checkpoint's size or root is of another form")
    return Checkpoint(origin, int(size), root)


class Witnesses(NamedTuple):
    vkeys: list
    quorum: int


class TrustedLog(NamedTuple):
    origin: str
    vkey: str
    witnesses: Optional[Witnesses] = None


def verify_checkpoint(note_text, log):
    """The checkpoint, and how many of the log's witnesses have cosigned it (None: it has none), or a Fault."""
    note = parse_note(note_text)
    checkpoint = parse_checkpoint(note.text)
    key = parse_verifier_key(log.vkey)
    if checkpoint.origin != log.origin or key.name != log.origin:
        raise Fault("WRONG_ORIGIN", "the checkpoint is of another log")
    own = [signature for name, key_hash, signature in note.signatures if (name, key_hash) == (key.name, key.key_hash)]
    if not own:
        raise Fault("UNKNOWN_KEY", "the checkpoint has no signature by the trusted key")
    if not all(verifies(key.key, note.text.encode(), signature) for signature in own):
        raise Fault("SIGNATURE_WRONG", "the checkpoint's signature does not verify")
    if log.witnesses is None:
        return checkpoint, None
    cosignatures = count_cosignatures(note, log.witnesses.vkeys)
    if cosignatures < log.witnesses.quorum:
        raise Fault("COSIGNATURES_LACKING", "too few of the trusted witnesses vouch for the checkpoint")
    return checkpoint, cosignatures


def count_cosignatures(note, vkeys):
    keys = [parse_verifier_key(vkey, COSIGNATURE) for vkey in vkeys]
    return len({key.key for key in keys if any(_is_cosigned(note.text, key, line) for line in note.signatures)})


def _is_cosigned(text, key, line):
    name, key_hash, data = line
    time = int.from_bytes(data[:8], "big")
    if (name, key_hash) != (key.name, key.key_hash) or len(data) != 8 + 64 or time > MAX_TIME:
        return False
    return verifies(key.key, f"cosignature/v1\ntime {time}\n{text}".encode(), data[8:])


def _read_witnesses(holder):
    if "witnesses" not in holder:
        return None
    witnesses = as_object(holder["witnesses"])
    vkeys = [as_text(vkey) for vkey in as_list(witnesses.get("vkeys"))]
    quorum = witnesses.get("quorum")
    if not is_count(quorum) or quorum > len(vkeys):
        raise malformed("a quorum is no whole number from 0 to that of the witnesses")
    return Witnesses(vkeys, int(quorum))


class Trust(NamedTuple):
    logs: dict
    """TrustedLogs by origin."""
    tokens: list
    """JWKs."""


def parse_trust(text):
    root = as_object(parse(text, 8, 10_000))
    for_all = _read_witnesses(root)
    logs = {}
    for entry in map(as_object, as_list(root.get("logs"))):
        log = TrustedLog(as_text(entry.get("origin")), as_text(entry.get("vkey")), _read_witnesses(entry) or for_all)
        logs.setdefault(log.origin, log)
    keys = list(map(as_object, as_list(as_object(root.get("tokens", {"keys": []})).get("keys"))))
    for key in keys:
        for member in ("kty", "crv", "x", "kid"):
            as_text(key.get(member))
    return Trust(logs, keys)
