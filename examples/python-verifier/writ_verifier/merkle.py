"""RFC 6962 trees; proofs by RFC 9162 section 2.1.3.2 and 2.1.4.2. docs/spec/checkpoint.md, Tree and proofs."""

from .crypto import sha256
from .fault import Fault, malformed

MAX_PROOF = 64


def leaf_hash(body):
    return sha256(b"\x00", body)


def node_hash(left, right):
    return sha256(b"\x01", left, right)


def root_of(hashes):
    """Of a whole tree, from the hashes of its leaves."""
    if not hashes:
        return sha256()
    level = list(hashes)
    while len(level) > 1:
        pairs = [node_hash(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
        level = pairs + level[len(level) & ~1 :]
    return level[0]


def _assert_hashes(proof, *others):
    if len(proof) > MAX_PROOF or any(len(value) != 32 for value in [*proof, *others]):
        raise malformed("a hash is not 32 bytes, or the proof is too long")


def check_inclusion(index, size, leaf, proof, root):
    _assert_hashes(proof, leaf, root)
    if not 0 <= index < size:
        raise malformed("the index is not below the size")
    fn, sn, result = index, size - 1, leaf
    for sibling in proof:
        if sn == 0:
            raise Fault("PROOF_WRONG", "the proof has too many hashes")
        if fn & 1 or fn == sn:
            result = node_hash(sibling, result)
            while not fn & 1 and fn != 0:
                fn, sn = fn >> 1, sn >> 1
        else:
            result = node_hash(result, sibling)
        fn, sn = fn >> 1, sn >> 1
    if sn != 0:
        raise Fault("PROOF_WRONG", "the proof has too few hashes")
    if result != root:
        raise Fault("PROOF_WRONG", "the proof leads to another root")


def check_consistency(size1, size2, root1, root2, proof):
    _assert_hashes(proof, root1, root2)
    if not 0 < size1 <= size2:
        raise malformed("the sizes are not in order")
    if size1 == size2:
        if proof or root1 != root2:
            raise Fault("PROOF_WRONG", "equal sizes need equal roots and no proof")
        return
    path = [root1, *proof] if size1 & (size1 - 1) == 0 else list(proof)
    if not path:
        raise Fault("PROOF_WRONG", "the proof has too few hashes")
    fn, sn = size1 - 1, size2 - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    first = second = path[0]
    for sibling in path[1:]:
        if sn == 0:
            raise Fault("PROOF_WRONG", "the proof has too many hashes")
        if fn & 1 or fn == sn:
            first, second = node_hash(sibling, first), node_hash(sibling, second)
            while not fn & 1 and fn != 0:
                fn, sn = fn >> 1, sn >> 1
        else:
            second = node_hash(second, sibling)
        fn, sn = fn >> 1, sn >> 1
    if sn != 0 or first != root1 or second != root2:
        raise Fault("PROOF_WRONG", "the proof leads elsewhere")
