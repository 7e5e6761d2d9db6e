#!/usr/bin/python3
"""Verifies evidence that Writ exported, on any machine and without Writ.

    verify.py FILE --trust KEYS     exit 0 valid · 1 not valid · 3 consistent, not anchored (no --trust) · 2 nothing verified
        --token TOKEN               and that the token in this file was granted by the execution's decision
    verify.py --archive FILE [--trust KEYS]   the same of an archive of a log's records
    verify.py --vectors DIR         exit 0 when every vector of test/vectors gets the answer that it expects
    verify.py --batch               one {"family", "name", "input"} per line of stdin, one answer per line of stdout

Needs Python 3.9 and the package `cryptography` (Debian: python3-cryptography). Written from docs/spec alone.
"""

import argparse
import json
import sys
from pathlib import Path

sys.dont_write_bytecode = True  # leaves nothing beside itself

from writ_verifier.answers import FAMILIES, answer  # noqa: E402
from writ_verifier.archive import verify_archive  # noqa: E402
from writ_verifier.checkpoint import parse_trust  # noqa: E402
from writ_verifier.encodings import from_utf8  # noqa: E402
from writ_verifier.evidence import verify_evidence  # noqa: E402
from writ_verifier.fault import Fault  # noqa: E402

VALID, NOT_VALID, NOTHING_VERIFIED, NOT_ANCHORED = 0, 1, 2, 3


def main():
    parser = argparse.ArgumentParser(usage="verify.py FILE [--trust KEYS] [--token TOKEN] [--json] | --archive FILE [--trust KEYS] [--json] | --vectors DIR | --batch")
    parser.add_argument("file", nargs="?", metavar="FILE")
    parser.add_argument("--trust", metavar="KEYS")
    parser.add_argument("--token", metavar="TOKEN")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--archive", metavar="FILE")
    parser.add_argument("--vectors", metavar="DIR")
    parser.add_argument("--batch", action="store_true")
    given = parser.parse_args()
    sys.stdout.reconfigure(encoding="utf-8")
    if given.batch:
        return answer_batch()
    if given.vectors is not None:
        return check_vectors(Path(given.vectors))
    if given.archive is not None:
        return check_archive(given)
    if given.file is None:
        parser.error("FILE, --archive, --vectors or --batch is needed")
    return check_file(given)


def check_archive(given):
    try:
        trust = read_trust(given)
        with open(given.archive, "rb") as file:
            report = verify_archive(file, trust)
    except OSError as error:
        return complain(f"{error.filename} cannot be read: {error.strerror}")
    except Fault as fault:
        return complain(f"{given.trust} is no trust file: {fault.text}")
    print(json.dumps(report, indent=2) if given.json else printable(archive_in_words(report)))
    if not report["valid"]:
        return NOT_VALID
    return VALID if report["anchored"] else NOT_ANCHORED


def archive_in_words(report):
    if not report["valid"]:
        where = "" if report["failed_index"] is None else f", record {report['failed_index']}"
        return f"NOT VALID at step {report['failed_step']}{where}: {report['code']}: {report['reason']}"
    held = f"  records {report['first']} to {report['past'] - 1} of {report['log']}, {report['erased']} payloads erased, digest {report['digest']}"
    anchored = "Valid, and anchored in the keys of the trust file."
    return f"{held}\n{anchored if report['anchored'] else 'Consistent, not anchored: pass --trust KEYS, obtained elsewhere.'}"


def read_trust(given):
    return None if given.trust is None else parse_trust(from_utf8(Path(given.trust).read_bytes()))


def check_file(given):
    try:
        trust = read_trust(given)
        token = None if given.token is None else Path(given.token).read_text("utf-8", "replace").strip()
        data = Path(given.file).read_bytes()
    except OSError as error:
        return complain(f"{error.filename} cannot be read: {error.strerror}")
    except Fault as fault:
        return complain(f"{given.trust} is no trust file: {fault.text}")
    report = verify_evidence(data, trust, token)
    print(json.dumps(report, indent=2) if given.json else printable(in_words(report)))
    if not report["valid"]:
        return NOT_VALID
    return VALID if report["anchored"] else NOT_ANCHORED


def in_words(report):
    lines = [f"  {'✓' if result == 'ok' else '·'} {step:12} {result}" for step, result in report["steps"].items()]
    if not report["valid"]:
        where = "" if report["failed_index"] is None else f", record {report['failed_index']}"
        reason = f"{report['code']}: {report['reason']}"
        return "\n".join([*lines, f"NOT VALID at step {report['failed_step']}{where}: {reason}"])
    lines += [
        f"  execution {one['id']}: {one['decision']}, {one['state'] or 'no state'}"
        for one in (report["execution"], *report["ancestors"])
    ]
    if report["anchored"]:
        lines += [f"  {_vouched(one)}" for one in report["checkpoints"]]
        return "\n".join([*lines, "Valid, and anchored in the keys of the trust file."])
    return "\n".join([*lines, "Consistent, not anchored: pass --trust KEYS, obtained elsewhere."])


def _vouched(checkpoint):
    count = checkpoint["cosignatures"]
    by = "no witnesses are named" if count is None else f"cosigned by {count} of the trusted witnesses"
    rests = "" if count else ": it rests on the operator"
    return f"checkpoint of {checkpoint['log']} at size {checkpoint['size']}, {by}{rests}"


def printable(text):
    """What a file says must not move the cursor of whoever reads it."""
    return "".join(letter if letter.isprintable() or letter == "\n" else "\ufffd" for letter in text)


def check_vectors(folder):
    differing = 0
    for family in sorted(path.name for path in folder.iterdir() if path.is_dir()):
        files = sorted((folder / family).glob("*.json"))
        if family not in FAMILIES or not files:
            return complain(f"{family} is a family that this verifier does not know, or it is empty")
        for file in files:
            vector = json.loads(file.read_text("utf-8"))
            said = answer(family, vector["name"], vector["input"])
            if said != vector["expected"]:
                differing += 1
                print(f"{family}/{file.name}: expected {vector['expected']}, answered {said}")
        print(f"{family}: {len(files)} vectors")
    missing = [family for family in FAMILIES if not (folder / family).is_dir()]
    if missing:
        return complain(f"there are no vectors of {', '.join(missing)} in {folder}")
    print("All agree." if differing == 0 else f"{differing} differ.")
    return VALID if differing == 0 else NOT_VALID


def answer_batch():
    for line in sys.stdin:
        asked = json.loads(line)
        print(json.dumps(answer(asked["family"], asked.get("name", ""), asked["input"])), flush=True)
    return VALID


def complain(text):
    print(text, file=sys.stderr)
    return NOTHING_VERIFIED


if __name__ == "__main__":
    sys.exit(main())
