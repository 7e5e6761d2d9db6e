"""Records of a log in a file, read once from beginning to end. docs/spec/archive.md."""

from .checkpoint import parse_checkpoint, parse_note, verify_checkpoint
from .crypto import sha256
from .encodings import from_base64, from_utf8
from .fault import Fault, malformed
from .merkle import leaf_hash, node_hash, root_of
from .records import LIMITS, SALT
from .strict_json import as_list, as_object, as_text, canonical, parse

BLOCK = 256
MAX_HEAD = 1024 * 1024
MAX_BLOCK = 256 * 1024 * 1024
MAX_HASHES = 64
MAX_SIZE = 2**53
ABSENT = object()


class Head:
    def __init__(self, line):
        root = as_object(parse(from_utf8(line[:-1]), 4, 1_000))
        if not isinstance(root.get("v"), float) or root["v"] != 1 or root.get("type") != "writ-archive":
            raise malformed("the file is no archive of version 1")
        self.log = as_text(root.get("log"))
        self.checkpoint = as_text(root.get("checkpoint"))
        self.first, self.past = _position(root.get("first")), _position(root.get("past"))
        if self.first >= self.past:
            raise malformed("the archive holds no records")
        self.left, self.right = _hashes(root.get("left")), _hashes(root.get("right"))
        if set(root) != {"v", "type", "log", "checkpoint", "first", "past", "left", "right"}:
            raise malformed("the head has other members")
        if canonical(root).encode() + b"\n" != line:
            raise malformed("the head is not canonical JSON")


def _position(value):
    text = as_text(value)
    if not text.isascii() or not text.isdigit() or (text[0] == "0" and text != "0") or len(text) > 16:
        raise malformed("a position is no decimal")
    if int(text) >= MAX_SIZE or int(text) % BLOCK != 0:
        raise malformed("a position is no multiple of 256")
    return int(text)


def _hashes(value):
    hashes = [from_base64(as_text(one)) for one in as_list(value)]
    if len(hashes) > MAX_HASHES or any(len(one) != 32 for one in hashes):
        raise malformed("a hash is not 32 bytes, or there are too many")
    return hashes


def verify_archive(file, trust):
    """`file` is open for bytes; `trust` is what parse_trust gives, or None. Raises no Fault."""
    reading = _Reading(file)
    try:
        digest = reading.run(trust)
    except Fault as fault:
        index = reading.index if fault.index is None else fault.index
        return {
            "valid": False,
            "failed_step": reading.step,
            "failed_index": None if index is None else str(index),
            "code": fault.code,
            "reason": fault.text,
        }
    return {
        "valid": True,
        "anchored": trust is not None,
        "digest": digest.hex(),
        "erased": reading.erased,
        "log": reading.head.log,
        "first": reading.head.first,
        "past": reading.head.past,
    }


class _Reading:
    def __init__(self, file):
        self.file = file
        self.step = "format"
        self.index = None
        self.head = None
        self.erased = 0

    def run(self, trust):
        line = self.file.readline(MAX_HEAD)
        if not line.endswith(b"\n"):
            raise malformed("the file does not begin with its head")
        self.head = head = Head(line)
        self.step = "checkpoint"
        checkpoint = _check_checkpoint(head, trust)
        tree = _Tree(0, head.left, head.first)
        digests = []
        for self.index in range(head.first, head.past, BLOCK):
            self.step = "format"
            content = self._take_block()
            digests.append(sha256(content))
            records = _records_of(content)
            self.step = "payload"
            for i, record in enumerate(records):
                self._check_payload(self.index + i, *record)
            tree.add(self.index, BLOCK, root_of([leaf_hash(body) for body, _, _ in records]))
        self.index = None
        self.step = "tree"
        tree.add_all(head.past, head.right, checkpoint.size)
        if tree.root() != checkpoint.root:
            raise Fault("PROOF_WRONG", "the records do not lead to the checkpoint's root")
        self.step = "digest"
        digest = sha256(sha256(line), *digests)
        if self.file.read(len(digest) + 1) != digest:
            raise malformed("the archive does not end with its digest")
        return digest

    def _take_block(self):
        prefix = self.file.read(4)
        length = int.from_bytes(prefix, "big")
        if len(prefix) != 4 or length > MAX_BLOCK:
            raise malformed("the archive is cut off, or has a block that is too large")
        content = self.file.read(length)
        if len(content) != length or self.file.read(32) != sha256(content):
            raise malformed("a block is damaged")
        return content

    def _check_payload(self, index, body, payload, segment):
        said = _said(body)
        commitment = said.get("payload")
        if not isinstance(commitment, str):
            commitment = None
        if payload is None:
            self.erased += commitment is not None
        elif len(payload) < SALT or sha256(b"writ/payload/v1\n", payload).hex() != commitment:
            raise Fault("PAYLOAD_DIFFERS", "the payload is not the one that the record commits to", index)
        data = said.get("data")
        names = said.get("kind") == "beats" and isinstance(data, dict)
        named = data.get("segment_sha256", ABSENT) if names else ABSENT
        if (ABSENT if segment is None else sha256(segment).hex()) != named:
            raise Fault("PAYLOAD_DIFFERS", "the segment of beats is not the one that the record names", index)


def _check_checkpoint(head, trust):
    checkpoint = parse_checkpoint(parse_note(head.checkpoint).text)
    if checkpoint.origin != head.log:
        raise Fault("WRONG_ORIGIN", "the checkpoint is of another log")
    if not head.past <= checkpoint.size < MAX_SIZE:
        raise malformed("the checkpoint does not cover the records")
    expected = len(_subtrees(0, head.first)), len(_subtrees(head.past, checkpoint.size))
    if (len(head.left), len(head.right)) != expected:
        raise Fault("PROOF_WRONG", "there are too many or too few hashes beside the records")
    if trust is None:
        return checkpoint
    if head.log not in trust.logs:
        raise Fault("UNKNOWN_KEY", f"the trust file has no key for the log {head.log}")
    return verify_checkpoint(head.checkpoint, trust.logs[head.log])[0]


def _records_of(content):
    """(body, payload, segment) of each record; None where there is none."""
    bodies, at = [], 0
    for _ in range(BLOCK):
        body, at = _take(content, at, 2)
        bodies.append(body)
    parts = []
    for _ in range(2 * BLOCK):
        part, at = _take(content, at, 4)
        parts.append(part or None)
    if at != len(content):
        raise malformed("a block holds more than its records")
    return list(zip(bodies, parts[:BLOCK], parts[BLOCK:]))


def _take(content, at, width):
    start = at + width
    end = start + int.from_bytes(content[at:start], "big")
    if start > len(content) or end > len(content):
        raise malformed("a block is shorter than its records")
    return content[start:end], end


def _said(body):
    """As far as it can be read: that it is a record at all is for the verifier of evidence."""
    try:
        return as_object(parse(from_utf8(body), *LIMITS))
    except Fault:
        return {}


def _subtrees(start, end):
    """(start, width) of the largest perfect subtrees, from left to right."""
    found = []
    while start < end:
        width = 1
        while start % (2 * width) == 0 and start + 2 * width <= end:
            width *= 2
        found.append((start, width))
        start += width
    return found


class _Tree:
    """Of perfect subtrees that come from left to right; those that are siblings become one at once."""

    def __init__(self, start, hashes, end):
        self.subtrees = []
        self.add_all(start, hashes, end)

    def add_all(self, start, hashes, end):
        for (at, width), value in zip(_subtrees(start, end), hashes):
            self.add(at, width, value)

    def add(self, start, width, value):
        while self.subtrees and self.subtrees[-1][1] == width and start % (2 * width) != 0:
            start, _, left = self.subtrees.pop()
            width, value = 2 * width, node_hash(left, value)
        self.subtrees.append((start, width, value))

    def root(self):
        value = self.subtrees[-1][2]
        for _, _, left in reversed(self.subtrees[:-1]):
            value = node_hash(left, value)
        return value
