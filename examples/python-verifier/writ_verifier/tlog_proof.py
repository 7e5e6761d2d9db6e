"""A leaf, its inclusion proof and a checkpoint in one text. docs/spec/checkpoint.md."""

import re

from .checkpoint import verify_checkpoint
from .encodings import from_base64
from .fault import malformed
from .merkle import check_inclusion

FIRST_LINE = "c2sp.org/tlog-proof@v1"
INDEX = re.compile(r"index (0|[1-9][0-9]{0,18})")
MAX_HASHES = 63


def verify_tlog_proof(text, leaf_hash, log):
    """`log`: a TrustedLog. Index and size, or a Fault."""
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
    checkpoint, _ = verify_checkpoint(note, log)
    check_inclusion(int(index.group(1)), checkpoint.size, leaf_hash, proof, checkpoint.root)
    return int(index.group(1)), checkpoint.size
