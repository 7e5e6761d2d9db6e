"""Segments of beats in five steps; the first that fails is named. docs/spec/beats.md."""

from .crypto import sha256, verifies
from .encodings import from_base64, from_hex, from_utf8, is_decimal, is_hash
from .fault import Fault, malformed
from .merkle import leaf_hash, root_of
from .strict_json import as_list, as_object, as_text, parse

MAX_SEGMENT = 268_435_456
LIMITS = (8, 1_000)
DOMAIN = "writ/beat/v1\n"
CONTRADICTIONS = {"KEY_CLONED", "BEAT_EQUIVOCATION", "MEASUREMENTS_CHANGED"}


class Beat:
    def __init__(self, text):
        entry = as_object(parse(text, *LIMITS))
        self.leaf = as_text(entry.get("leaf"))
        self.named = as_object(parse(self.leaf, *LIMITS))
        self.reasons = as_list(self.named.get("reasons"))
        signed = as_text(entry.get("signed"))
        if not signed.startswith(DOMAIN):
            raise malformed("what was signed is no beat")
        said = as_object(parse(signed[len(DOMAIN) :], *LIMITS))
        self.boot_epoch = as_text(said.get("boot_epoch"))
        self.lease = as_text(said.get("lease_id"))
        self.previous = as_text(said.get("previous_beat"))
        self.runtime = as_text(said.get("runtime_id"))
        self.sequence = as_text(said.get("sequence"))
        if not is_decimal(self.sequence) or (self.previous != "" and not is_hash(self.previous)):
            raise malformed("a sequence is not a decimal number, or a beat is not named by its hash")
        self.signed = signed.encode()
        self.hash = sha256(self.signed).hex()
        self.signature = from_base64(as_text(entry.get("signature")))

    @property
    def contradicts(self):
        return any(isinstance(reason, str) and reason in CONTRADICTIONS for reason in self.reasons)


def verify_beats(count, root, segment, keys):
    """`segment`: the inflated bytes. `keys`: lists of hex keys by runtime id, or None. Never raises a Fault."""
    step = "format"
    try:
        beats = _parse(count, segment)
        step = "root"
        if root_of([leaf_hash(beat.leaf.encode()) for beat in beats]).hex() != root:
            raise Fault("PROOF_WRONG", "the root is not that of the beats")
        step = "beat"
        for line, beat in enumerate(beats):
            _check_named(line, beat)
        step = "signature"
        if keys is not None:
            for line, beat in enumerate(beats):
                _check_signed(line, beat, keys.get(beat.runtime, []))
        step = "order"
        gaps = _find_gaps(beats)
    except Fault as fault:
        return {"valid": False, "failed_step": step, "failed_line": fault.index, "code": fault.code}
    return {"valid": True, "anchored": keys is not None, "gaps": gaps}


def _parse(count, segment):
    if len(segment) > MAX_SEGMENT:
        raise Fault("TOO_LARGE", f"the segment is larger than {MAX_SEGMENT} bytes")
    lines = from_utf8(segment).split("\n")
    if len(lines) != count:
        raise malformed("the segment does not hold as many beats as the record says")
    beats = []
    for line, text in enumerate(lines):
        try:
            beats.append(Beat(text))
        except Fault as fault:
            raise fault.at(line) from None
    return beats


def _check_named(line, beat):
    h = sha256(b"writ/runtime/v1\n", beat.runtime.encode()).hex()
    named = {
        "beat": beat.hash,
        "boot_epoch": beat.boot_epoch,
        "sequence": beat.sequence,
        "runtime": f"{h[:8]}-{h[8:12]}-{h[12:16]}-{h[16:20]}-{h[20:32]}",
    }
    if any(beat.named.get(name) != value for name, value in named.items()):
        raise Fault("LINK_WRONG", "the leaf names another beat than the one that was signed", line)


def _check_signed(line, beat, keys):
    if not keys:
        raise Fault("UNKNOWN_KEY", f"there is no key of the runtime {beat.runtime}", line)
    if not any(verifies(from_hex(key), beat.signed, beat.signature) for key in keys):
        raise Fault("SIGNATURE_WRONG", "the beat is not signed by its runtime", line)


def _find_gaps(beats):
    gaps = []
    lasts = {}
    for line, beat in enumerate(beats):
        last = lasts.get(beat.lease)
        if not beat.contradicts:
            lasts[beat.lease] = beat
        if last is None:
            continue
        ahead = int(beat.sequence) - int(last.sequence)
        if ahead < 0:
            raise Fault("LINK_WRONG", "an older beat follows a newer one", line)
        if beat.hash == last.hash:
            raise Fault("LINK_WRONG", "the same beat comes twice", line)
        if ahead == 0 and not beat.contradicts:
            raise Fault("LINK_WRONG", "two beats of one sequence, and nothing is held against them", line)
        if ahead == 1 and beat.previous != last.hash and "PREVIOUS_BEAT_DIFFERS" not in beat.reasons:
            raise Fault("LINK_WRONG", "it names another beat before it than the one that was taken", line)
        if ahead > 1:
            gaps.append({"lease_id": beat.lease, "after": last.sequence, "before": beat.sequence})
    return gaps
