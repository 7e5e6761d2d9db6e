"""JSON as docs/spec/README.md wants it read and written. Numbers are floats, so that True is never 1."""

import json
import math
import re

from .encodings import MAX_COUNT
from .fault import malformed

SPACE = re.compile(r"[ \t\n\r]*")
NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
PLAIN = re.compile(r'[^"\\\x00-\x1f]*')
HEX4 = re.compile(r"[0-9a-fA-F]{4}")
ESCAPES = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
WORDS = {"true": True, "false": False, "null": None}


def parse(text, max_depth, max_values):
    """The value of a text, or a Fault MALFORMED."""
    reader = _Reader(text, max_depth, max_values)
    value = reader.value(0)
    reader.end()
    return value


class _Reader:
    def __init__(self, text, max_depth, max_values):
        self.text = text
        self.at = 0
        self.max_depth = max_depth
        self.left = max_values

    def value(self, depth):
        if depth > self.max_depth:
            raise malformed("the JSON is nested too deep")
        self.left -= 1
        if self.left < 0:
            raise malformed("the JSON has too many values")
        self.space()
        mark = self.text[self.at : self.at + 1]
        if mark == "{":
            return self.object(depth)
        if mark == "[":
            return self.list(depth)
        if mark == '"':
            return self.string()
        for word, value in WORDS.items():
            if self.text.startswith(word, self.at):
                self.at += len(word)
                return value
        return self.number()

    def object(self, depth):
        members = {}
        self.at += 1
        if self.taken("}"):
            return members
        while True:
            self.space()
            if self.text[self.at : self.at + 1] != '"':
                raise malformed("the JSON needs a quoted key")
            key = self.string()
            if key in members:
                raise malformed("the JSON has a key twice")
            if not self.taken(":"):
                raise malformed("the JSON needs a colon")
            members[key] = self.value(depth + 1)
            if self.taken("}"):
                return members
            if not self.taken(","):
                raise malformed("the JSON needs a comma or the end of an object")

    def list(self, depth):
        values = []
        self.at += 1
        if self.taken("]"):
            return values
        while True:
            values.append(self.value(depth + 1))
            if self.taken("]"):
                return values
            if not self.taken(","):
                raise malformed("the JSON needs a comma or the end of a list")

    def string(self):
        parts = []
        self.at += 1
        while True:
            plain = PLAIN.match(self.text, self.at)
            parts.append(plain.group())
            self.at = plain.end()
            mark = self.text[self.at : self.at + 1]
            if mark == '"':
                self.at += 1
                return _joined(parts)
            if mark != "\\":
                raise malformed("the JSON has a string that does not end, or a control character in one")
            parts.append(self.escape())

    def escape(self):
        letter = self.text[self.at + 1 : self.at + 2]
        if letter == "u":
            digits = HEX4.match(self.text, self.at + 2)
            if not digits:
                raise malformed("the JSON has a bad escape")
            self.at += 6
            return chr(int(digits.group(), 16))
        if letter not in ESCAPES or letter == "":
            raise malformed("the JSON has an unknown escape")
        self.at += 2
        return ESCAPES[letter]

    def number(self):
        match = NUMBER.match(self.text, self.at)
        if not match:
            raise malformed("the JSON has an unexpected character, or ends too early")
        text = match.group()
        value = float(text)
        if math.isinf(value):
            raise malformed("the JSON has a number that is too large")
        if value == 0 and math.copysign(1, value) < 0:
            raise malformed("the JSON has a negative zero")
        if not re.search(r"[.eE]", text) and abs(value) > MAX_COUNT and text != canonical(value):
            raise malformed("the JSON has an integer that a double does not hold")
        self.at = match.end()
        return value

    def space(self):
        self.at = SPACE.match(self.text, self.at).end()

    def taken(self, mark):
        self.space()
        if self.text[self.at : self.at + 1] != mark:
            return False
        self.at += 1
        return True

    def end(self):
        self.space()
        if self.at < len(self.text):
            raise malformed("the JSON goes on after its end")


def _joined(parts):
    """Two escapes may be the halves of one character; half of one alone is no text."""
    try:
        return "".join(parts).encode("utf-16-le", "surrogatepass").decode("utf-16-le")
    except UnicodeDecodeError:
        raise malformed("the JSON has a lone surrogate") from None


def canonical(value):
    """RFC 8785. A Fault for what has no canonical form."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    members = sorted(value.items(), key=lambda member: _code_units(member[0]))
    return "{" + ",".join(f"{_string(key)}:{canonical(member)}" for key, member in members) + "}"


def _code_units(key):
    return key.encode("utf-16-be", "surrogatepass")


def _string(text):
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise malformed("a lone surrogate has no canonical form") from None
    return json.dumps(text, ensure_ascii=False)


def _number(value):
    """ECMAScript's Number::toString, from the shortest digits, which are what repr gives."""
    if math.isnan(value) or math.isinf(value):
        raise malformed("the number has no canonical form")
    if value == 0:
        return "0"
    sign = "-" if value < 0 else ""
    mantissa, _, power = repr(abs(value)).partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    # value = 0.digits × 10^n
    n = len(whole) + int(power or "0") - (len(whole + fraction) - len(digits))
    digits = digits.rstrip("0")
    k = len(digits)
    if k <= n <= 21:
        return sign + digits + "0" * (n - k)
    if 0 < n <= 21:
        return sign + digits[:n] + "." + digits[n:]
    if -6 < n <= 0:
        return sign + "0." + "0" * -n + digits
    exponent = f"e{'+' if n > 0 else '-'}{abs(n - 1)}"
    return sign + (digits if k == 1 else digits[0] + "." + digits[1:]) + exponent


def as_object(value):
    if not isinstance(value, dict):
        raise malformed("something is not an object that must be one")
    return value


def as_list(value):
    if not isinstance(value, list):
        raise malformed("something is not a list that must be one")
    return value


def as_text(value):
    if not isinstance(value, str):
        raise malformed("something is not a text that must be one")
    return value
