"""What a check says when it does not hold, and how the answer is put together."""


class Fault(Exception):
    """Stops a verification: a code of docs/spec/README.md, words, and the record or line to blame, if there is one."""

    def __init__(self, code, text, index=None):
        super().__init__(text)
        self.code = code
        self.text = text
        self.index = index

    def at(self, index):
        """The same, blamed on this record or line unless another one is to blame already."""
        return Fault(self.code, self.text, index if self.index is None else self.index)


def malformed(text):
    return Fault("MALFORMED", text)


def verdict(check, *args, **named):
    """Of a check that answers nothing more than whether it holds."""
    try:
        check(*args, **named)
    except Fault as fault:
        return {"valid": False, "code": fault.code}
    return {"valid": True}
