"""Texts and the values that they stand for. Each of these takes one spelling only. docs/spec/README.md, Encodings."""

import base64
import binascii
import re

from .fault import malformed

MAX_COUNT = 2**53 - 1
HASH = re.compile(r"[0-9a-f]{64}")
HEX = re.compile(r"(?:[0-9a-f]{2})*")
DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}")
TIME = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})\.([0-9]{3})Z")


def from_utf8(data):
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise malformed("the bytes are not UTF-8") from None


def from_base64(text):
    return _canonical(text, base64.b64decode, lambda data: base64.b64encode(data).decode("ascii"))


def from_base64url(text):
    def decode(unpadded):
        return base64.urlsafe_b64decode(unpadded + "=" * (-len(unpadded) % 4))

    return _canonical(text, decode, lambda data: base64.urlsafe_b64encode(data).decode("ascii").rstrip("="))


def _canonical(text, decode, encode):
    """What encodes to the same text again is canonical; nothing else is taken."""
    try:
        data = decode(text)
    except (binascii.Error, ValueError):
        raise malformed("the text is not base64") from None
    if encode(data) != text:
        raise malformed("the text is not canonical base64")
    return data


def from_hex(text):
    if not HEX.fullmatch(text):
        raise malformed("the text is not hex")
    return bytes.fromhex(text)


def is_text(value):
    return isinstance(value, str)


def is_hash(value):
    return isinstance(value, str) and HASH.fullmatch(value) is not None


def is_decimal(value):
    return isinstance(value, str) and DECIMAL.fullmatch(value) is not None


def is_count(value):
    return isinstance(value, float) and value.is_integer() and 0 <= value <= MAX_COUNT


def is_time(value):
    return isinstance(value, str) and _milliseconds(value) is not None


def milliseconds(time):
    """Unix milliseconds of what is_time takes."""
    return _milliseconds(time)


def _milliseconds(text):
    match = TIME.fullmatch(text)
    if not match:
        return None
    year, month, day, hour, minute, second, fraction = map(int, match.groups())
    if not 1 <= month <= 12 or not 1 <= day <= _days_of(year, month) or hour > 23 or minute > 59 or second > 59:
        return None
    return (((_days_before(year, month) + day - 1) * 24 + hour) * 60 + minute) * 60_000 + second * 1000 + fraction


def _is_leap(year):
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def _days_of(year, month):
    return 29 if month == 2 and _is_leap(year) else (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)[month - 1]


def _days_before(year, month):
    """Days from 1 January 1970 to the first of this month."""
    past = year - 1
    days = past * 365 + past // 4 - past // 100 + past // 400 - 719_162
    return days + sum(_days_of(year, earlier) for earlier in range(1, month))
