"""The bytes of docs/protocol.md: its six messages, decoded strictly and encoded again.

A message is a dict of its fields. A range of task ids is a Python range; texts are a list of bytes.
"""
import struct

MAGIC, VERSION = 0xD1, 0x02
ID_LIMIT = 2**62


class Bad(ValueError):
    """These bytes are no message of the protocol."""


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, count):
        if count > len(self.data) - self.at:
            raise Bad("ends too early")
        self.at += count
        return self.data[self.at - count:self.at]

    def finish(self):
        if self.at != len(self.data):
            raise Bad("ends too late")


class Int:
    def __init__(self, code, accepts=lambda value: True):
        self.code, self.accepts = "<" + code, accepts

    def read(self, reader):
        value, = struct.unpack(self.code, reader.take(struct.calcsize(self.code)))
        if not self.accepts(value):
            raise Bad(f"{value} is out of bounds")
        return value

    def write(self, value):
        return struct.pack(self.code, value)


class Bytes:
    def read(self, reader):
        return reader.take(U32.read(reader))

    def write(self, value):
        return U32.write(len(value)) + value


class Range:
    def read(self, reader):
        first, count = U64.read(reader), U64.read(reader)
        if not (1 <= first < ID_LIMIT and 1 <= count < ID_LIMIT):
            raise Bad("a range is out of bounds")
        return range(first, first + count)

    def write(self, value):
        return U64.write(value.start) + U64.write(len(value))


class Texts:
    def read(self, reader):
        return unpack(BYTES.read(reader))

    def write(self, value):
        return BYTES.write(pack(value))


class List:
    def __init__(self, item):
        self.item = item

    def read(self, reader):
        return [self.item.read(reader) for _ in range(U32.read(reader))]

    def write(self, value):
        return U32.write(len(value)) + b"".join(map(self.item.write, value))


class Ints:
    """A list of integers."""

    def __init__(self, code):
        self.code = code

    def format(self, count):
        return f"<{count}{self.code}"

    def read(self, reader):
        count = U32.read(reader)
        return list(struct.unpack(self.format(count), reader.take(count * struct.calcsize(self.format(1)))))

    def write(self, value):
        return U32.write(len(value)) + struct.pack(self.format(len(value)), *value)


class Record:
    def __init__(self, **fields):
        self.fields = fields

    def read(self, reader):
        value = {name: field.read(reader) for name, field in self.fields.items()}
        texts = 0 if value.get("outcome") == SKIPPED else len(value.get("ids", ()))
        if "texts" in value and len(value["texts"]) != texts:
            raise Bad("not as many texts as ids")
        if "lines" in value and not value["lines"].endswith(b"\n"):
            raise Bad("not whole lines")
        if "took" in value:
            check_result(value)
        return value

    def write(self, value):
        return b"".join(field.write(value[name]) for name, field in self.fields.items())


def pack(texts):
    """Each text with its length in front."""
    return b"".join([part for text in texts for part in (LENGTH.pack(len(text)), text)])


def unpack(packed):
    texts, at, length = [], 0, LENGTH.unpack_from
    try:
        while at < len(packed):
            end = at + 4 + length(packed, at)[0]
            texts.append(packed[at + 4:end])
            at = end
    except struct.error:
        at = -1
    if at != len(packed):
        raise Bad("texts end too early, or too late")
    return texts


def check_result(result):
    count, took, output = len(result["ids"]), result["took"], result["output"]
    spent = result["ended"] - result["started"]
    if spent < 0:
        raise Bad("ended before it started")
    if result["outcome"] == SKIPPED:
        if took or output:
            raise Bad("what was skipped has not run")
        return
    succeeded = result["outcome"] == SLEPT or (result["outcome"], result["status"]) == (EXITED, 0)
    if count > 1 and (not succeeded or result["errors"] or (output and len(unpack(output)) != count)):
        raise Bad("a result of several tasks that do not all go together")
    if took and (count == 1 or len(took) != count or sum(took) > spent):
        raise Bad("the times of several tasks do not go together")


LENGTH = struct.Struct("<I")
U8, U16, U32, U64, I32, I64 = map(Int, ("B", "H", "I", "Q", "i", "q"))
ID, BOOL = Int("Q", lambda value: value != 0), Int("B", lambda value: value < 2)
BYTES, RANGE, TEXTS = Bytes(), Range(), Texts()

SLEPT, EXITED, SIGNALLED, FAILED, TIMED_OUT, LOST, INTERRUPTED, SKIPPED = range(8)
LINE, WORDS, PIECE = range(3)
OUTCOME = Int("B", lambda value: value <= SKIPPED)
FORM = Int("B", lambda value: value <= PIECE)
VERDICT = Int("B", lambda value: value <= 2)
STATE = Int("B", lambda value: value <= 4)

SETTLED = Record(ids=RANGE, attempt=U32)
ASSIGNMENT = Record(ids=RANGE, attempt=U32, attempts=U32, texts=TEXTS)
RESULT = Record(ids=RANGE, attempt=U32, attempts=U32, slot=U32, outcome=OUTCOME, status=I32, started=I64, ended=I64,
                took=Ints("Q"), cpu=U64, max_rss=U64, texts=TEXTS, output=BYTES, errors=BYTES, reason=BYTES)
RECEIPT = Record(worker=U64, ids=RANGE, attempt=U32, verdict=VERDICT, duration=U64, digest=U64)

# The text of a task whose form is PIECE.
PIECE_TEXT = Record(name=BYTES, file=BYTES, offset=U64, size=U64, data=BYTES)

FRAGMENT = Record(id=ID, attempt=U32, errors=BOOL, offset=U64, text=BYTES, lines=BYTES)

LANE, PRESENCE, RESULTS, RECEIPTS, ANNOUNCEMENT, LIVE_OUTPUT = range(1, 7)
KINDS = {
    LANE: Record(worker=ID, ventilator=ID, sequence=ID, batch=U64,
                 settled=List(SETTLED), recalled=List(RANGE), abort=BOOL, live=BOOL, form=FORM, header=BYTES,
                 tasks=List(ASSIGNMENT)),
    PRESENCE: Record(worker=ID, name=BYTES, inbox=BYTES, lane_port=U16, slots=U32, workloads=BOOL, pool=BYTES,
                     command=BYTES, reaches_sink=BOOL, ventilator=U64, sequence=U64, batch=U64,
                     running=List(RANGE), queued=List(RANGE), finished=List(RANGE)),
    RESULTS: Record(worker=U64, name=BYTES, batch=U64, results=List(RESULT)),
    RECEIPTS: Record(ventilator=ID, batch=U64, resumed=BOOL, command=BYTES, refusal=BYTES, more=BOOL, live=BOOL,
                     receipts=List(RECEIPT)),
    ANNOUNCEMENT: Record(ventilator=ID, batch=U64, name=BYTES, feedback=BYTES, sender=BYTES, command=BYTES, state=STATE,
                         tasks=U64, elapsed=U64, forget_failed=BOOL, workloads=BOOL, workers=U32, slots=U64,
                         busy_slots=U64, time_left=U64, oldest=U64, oldest_age=U64),
    LIVE_OUTPUT: Record(worker=ID, name=BYTES, batch=U64, fragments=List(FRAGMENT)),
}


def decode_piece(text):
    """The fields of a piece of the input; raises Bad."""
    reader = Reader(text)
    piece = PIECE_TEXT.read(reader)
    reader.finish()
    if len(piece["data"]) != (0 if piece["file"] else piece["size"]):
        raise Bad("a piece that has not its size")
    return piece


def decode(data):
    """The kind and the fields of a message; raises Bad."""
    reader = Reader(data)
    magic, version, kind = reader.take(3)
    if magic == MAGIC and version != VERSION:
        raise Bad(f"it is of version {version} of the protocol, and this is version {VERSION}")
    if magic != MAGIC or kind not in KINDS:
        raise Bad("an unknown kind")
    fields = KINDS[kind].read(reader)
    reader.finish()
    return kind, fields


def encode(kind, **fields):
    return bytes((MAGIC, VERSION, kind)) + KINDS[kind].write(fields)
