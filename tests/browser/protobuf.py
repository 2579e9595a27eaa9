"""The few rules of protobuf's wire format that Google's check-in and connection server use."""
import struct


def varint(number):
    """A whole number, seven bits a byte, low ones first."""
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes(out + bytes([number]))


def whole(tag, number):
    """A field holding a whole number."""
    return varint(tag << 3) + varint(number)


def fixed64(tag, number):
    """A field holding eight bytes."""
    return varint(tag << 3 | 1) + struct.pack("<Q", number)


def data(tag, value):
    """A field holding bytes, text or a message within."""
    value = value.encode() if isinstance(value, str) else value
    return varint(tag << 3 | 2) + varint(len(value)) + value


def read(message):
    """(tag, value) of each field: numbers as int, everything else as bytes."""
    fields, at = [], 0
    while at < len(message):
        head, at = _read_varint(message, at)
        value, at = _read_value(message, at, head & 7)
        fields.append((head >> 3, value))
    return fields


def _read_value(message, at, wire):
    if wire == 0:
        return _read_varint(message, at)
    if wire in (1, 5):
        size = 8 if wire == 1 else 4
        return int.from_bytes(message[at:at + size], "little"), at + size
    if wire == 2:
        size, at = _read_varint(message, at)
        return message[at:at + size], at + size
    raise ValueError(f"Wire type {wire} does not occur in these messages.")


def _read_varint(message, at):
    number = shift = 0
    while True:
        byte = message[at]
        number |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return number, at
