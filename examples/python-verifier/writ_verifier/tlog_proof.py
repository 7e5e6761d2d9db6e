"""A leaf, its inclusion proof and a checkpoint in one text, and who has cosigned it. docs/spec/checkpoint.md."""

import re

from .checkpoint import COSIGNATURE, parse_note, parse_verifier_key, verify_checkpoint
from .crypto import verifies
from .encodings import from_base64
from .fault import Fault, malformed
from .merkle import check_inclusion

FIRST_LINE = "c2sp.org/tlog-proof@v1"
INDEX = re.compile(r"index (0|[1-9][0-9]{0,18})")
MAX_HASHES = 63
MAX_TIME = 2**63 - 1


def verify_tlog_proof(text, leaf_hash, origin, vkey, witnesses=None):
    """`witnesses`: `vkeys` and `quorum`, or None. Index and size, or a Fault."""
    head, split, note = text.partition("\n\n")
    lines = head.split("\n") if split else []
    if not lines or lines.pop(0) != FIRST_LINE:
        raise malformed(f"the proof does not begin with {FIRST_LINE}")
    if lines and lines[0].startswith("extra "):
        from_base64(lines.pop(0)[len("extra ") :])
    index = INDEX.fullmatch(lines.pop(0)) if lines else None
    if not index or len(lines) > MAX_HASHES:
        raise malformed("the proof has no index, or too many hashes")
    proof = [from_base64(line) for line in lines]
    if any(len(value) != 32 for value in proof):
        raise malformed("the proof has a hash that is not 32 bytes")
    checkpoint = verify_checkpoint(note, origin, vkey)
    if witnesses is not None and _count(note, witnesses["vkeys"]) < witnesses["quorum"]:
        raise Fault("COSIGNATURES_LACKING", "too few of the trusted witnesses vouch for the checkpoint")
    check_inclusion(int(index.group(1)), checkpoint.size, leaf_hash, proof, checkpoint.root)
    return int(index.group(1)), checkpoint.size


def _count(note_text, vkeys):
    note = parse_note(note_text)
    keys = [parse_verifier_key(vkey, COSIGNATURE) for vkey in dict.fromkeys(vkeys)]
    return sum(any(_is_cosigned(note.text, key, line) for line in note.signatures) for key in keys)


def _is_cosigned(text, key, line):
    name, key_hash, data = line
    time = int.from_bytes(data[:8], "big")
    if (name, key_hash) != (key.name, key.key_hash) or len(data) != 8 + 64 or time > MAX_TIME:
        return False
    return verifies(key.key, f"cosignature/v1\ntime {time}\n{text}".encode(), data[8:])
