# The sandbox's driver, part 1 of 4 (values, program, tests, worker: joined in this order, run by
# `python -c`; sandbox.h has the picture): how calls and answers cross between two processes that do
# not trust each other. Frames of JSON on a pipe; plain data only, never pickles.
import json
import os
import struct

MAX_FRAME_BYTES = 64 << 20
MAX_ITERATOR_ITEMS = 1_000_000
MAX_WHY_CHARACTERS = 300


def read_exactly(fd, n_bytes):
    chunks = []
    while n_bytes:
        chunk = os.read(fd, min(n_bytes, 1 << 20))
        if not chunk:
            raise EOFError("the program ended")
        chunks.append(chunk)
        n_bytes -= len(chunk)
    return b"".join(chunks)


def read_frame(fd):
    (n_bytes,) = struct.unpack("<Q", read_exactly(fd, 8))
    if n_bytes > MAX_FRAME_BYTES:
        raise EOFError("the program answered with too much data")
    return json.loads(read_exactly(fd, n_bytes))


def write_frame(fd, value):
    data = json.dumps(value).encode("ascii")
    data = memoryview(struct.pack("<Q", len(data)) + data)
    while data:
        data = data[os.write(fd, data):]


def describe(error):
    """One line of valid UTF-8."""
    try:
        text = type(error).__name__ + ": " + str(error)
    except Exception:
        text = type(error).__name__
    return text[:MAX_WHY_CHARACTERS].replace("\n", " ").encode("utf-8", "replace").decode()


def pack(value):
    """A value as JSON; types that JSON lacks are tagged. Of anything else only its class's name and
    its truth cross."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, float):
        return float(value)
    if isinstance(value, int):
        return int(value) if -(1 << 63) < value < 1 << 63 else {"int": hex(value)}
    if isinstance(value, str):
        return str(value)
    if isinstance(value, list):
        return [pack(item) for item in value]
    if isinstance(value, dict):
        return {"dict": [[pack(key), pack(item)] for key, item in value.items()]}
    for kind, name in ((tuple, "tuple"), (set, "set"), (frozenset, "frozenset"),
                       (type({}.keys()), "frozenset")):
        if isinstance(value, kind):
            return {name: [pack(item) for item in value]}
    return pack_rarer(value)


def pack_rarer(value):
    if isinstance(value, (bytes, bytearray)):
        return {"bytes": list(value)}
    if isinstance(value, complex):
        return {"complex": [value.real, value.imag]}
    if isinstance(value, range):
        return {"range": [value.start, value.stop, value.step]}
    name = type(value).__name__
    if name == "Fraction":
        return {"Fraction": [hex(value.numerator), hex(value.denominator)]}
    if name == "Decimal":
        return {"Decimal": str(value)}
    if hasattr(value, "__next__"):
        items = []
        for item in value:
            items.append(pack(item))
            if len(items) > MAX_ITERATOR_ITEMS:
                raise MemoryError("an endless iterator")
        return {"iterator": items}
    return {"object": [name, bool(value)]}


class Opaque:
    """What stands for an object that cannot cross: equal to nothing, as true as it was."""

    def __init__(self, name, truth):
        self.name, self.truth = name, truth

    def __bool__(self):
        return self.truth is True

    def __repr__(self):
        return "<%s object>" % self.name


def unpack(data):
    if isinstance(data, list):
        return [unpack(item) for item in data]
    if not isinstance(data, dict):
        return data
    ((name, value),) = data.items()
    if name == "dict":
        return {unpack(key): unpack(item) for key, item in value}
    if name in ("tuple", "set", "frozenset", "iterator"):
        items = [unpack(item) for item in value]
        return {"tuple": tuple, "set": set, "frozenset": frozenset, "iterator": iter}[name](items)
    if name == "int":
        return int(value, 16)
    if name == "bytes":
        return bytes(value)
    if name == "complex":
        return complex(*value)
    if name == "range":
        return range(*value)
    if name == "Fraction":
        from fractions import Fraction
        return Fraction(int(value[0], 16), int(value[1], 16))
    if name == "Decimal":
        from decimal import Decimal
        return Decimal(value)
    return Opaque(*value)
