#!/usr/bin/env python3
"""A second implementation of digest and .zpred: writes small.txt (python3 small.py > small.txt).

Standard library only, from the layouts in the crate's documentation; it shares nothing with the Rust code. The example
is a system of 14 rows over 17 wires, in which q = private[0] is split into bits and compared with p = public[0].
"""
from hashlib import sha256

R = 21888242871839275222246405745257275088548364400416034343698204186575808495617
PUBLICS, WIRES = 4, 17
ONE, OUTCOME, BINDING, ROOT, DECLARED, P, Q, BIT, PRODUCT, INVERSE = 0, 1, 2, 3, 4, 5, 6, 7, 15, 16
ROWS = (
    # Binding is held by a row of its own.
    [({BINDING: 1}, {ONE: 1}, {BINDING: 1})]
    # Each bit b: b (b - 1) = 0.
    + [({bit: 1}, {ONE: -1, bit: 1}, {}) for bit in range(BIT, BIT + 8)]
    # q is its bits.
    + [({BIT + i: 1 << i for i in range(8)}, {ONE: 1}, {Q: 1})]
    # product = p q; (p - q) inverse = outcome; (p - q) (1 - outcome) = 0; (product + 3 - declared) 1 = 0.
    + [({P: 1}, {Q: 1}, {PRODUCT: 1})]
    + [({P: 1, Q: -1}, {INVERSE: 1}, {OUTCOME: 1})]
    + [({P: 1, Q: -1}, {ONE: 1, OUTCOME: -1}, {})]
    + [({ONE: 3, DECLARED: -1, PRODUCT: 1}, {ONE: 1}, {})]
)


def u32(number):
    return number.to_bytes(4, "little")


def scalar(number):
    return (number % R).to_bytes(32, "big")


def number(value):
    out = bytearray()
    while value >= 128:
        out.append(value % 128 + 128)
        value //= 128
    return bytes(out + bytes([value]))


def numbers(*values):
    return b"".join(map(number, values))


def digest():
    nonzeros = [sum(len(row[k]) for row in ROWS) for k in range(3)]
    out = b"zera/r1cs/v1" + R.to_bytes(32, "big") + b"".join(map(u32, [PUBLICS, WIRES, len(ROWS)] + nonzeros))
    for row in ROWS:
        for terms in row:
            out += u32(len(terms)) + b"".join(u32(wire) + scalar(terms[wire]) for wire in sorted(terms))
    return sha256(out).digest()


def manifest():
    name = lambda text: bytes([len(text)]) + text.encode()
    return b"\x01" + u32(7) + u32(1) + u32(1) + name("small-example") + b"\x01" + name("product_plus_3")


def matrices():
    pool, body = [], b""
    for row in ROWS:
        for terms in row:
            body += number(len(terms))
            least = 0
            for wire in sorted(terms):
                if terms[wire] not in pool:
                    pool.append(terms[wire])
                body += numbers(wire - least, pool.index(terms[wire]))
                least = wire + 1
    return numbers(PUBLICS, WIRES, len(pool)) + b"".join(map(scalar, pool)) + number(len(ROWS)) + body


def tape():
    difference, equal, select, ten, quotient, remainder = range(WIRES, WIRES + 6)
    out = b"\x01" + numbers(WIRES, 6, 1, 1, 3) + scalar(1000) + scalar(3) + scalar(10)
    thousand, three, tenth, one, minus_one, zero = 3, 4, 5, 0, 1, 2
    for opcode, *operands in [
        (1, P, 0),
        (2, Q, 0),
        (3, BINDING),
        (5, ROOT, thousand, 1, P, one),
        (7, Q, 8, *range(BIT, BIT + 8)),
        (6, PRODUCT, P, Q),
        (5, DECLARED, three, 1, PRODUCT, one),
        (5, difference, zero, 2, P, one, Q, minus_one),
        (8, INVERSE, difference),
        (9, equal, difference),
        (5, OUTCOME, one, 1, equal, minus_one),
        (10, select, equal, P, Q),
        (4, ten, tenth),
        (11, quotient, remainder, select, ten),
    ]:
        out += bytes([opcode]) + numbers(*operands)
    return out


def spans():
    items = [(0, 1, "binding"), (1, 9, "bits of q"), (11, 2, "p != q")]
    out, end = number(len(items)), 0
    for start, length, text in items:
        out += numbers(start - end, length) + bytes([len(text)]) + text.encode()
        end = start + length
    return out


def booleans():
    bits = sum(1 << wire for wire in [OUTCOME, *range(BIT, BIT + 8)])
    return bits.to_bytes((WIRES + 7) // 8, "little")


def main():
    program = sha256(b"small example").digest()
    sections = [manifest(), matrices(), tape(), b"certificate", spans(), booleans()]
    file = b"\x89zpred\r\n" + u32(1) + b"".join(u32(len(section)) for section in sections) + program
    file += b"".join(sections)
    file += sha256(file).digest()
    manifest_hash = sha256(manifest()).digest()
    print("# One small artefact. Origin: small.py beside this file, an implementation of its own.")
    print("digest =", digest().hex())
    print("manifest_hash =", manifest_hash.hex())
    print("predicate_id =", sha256(b"zera/predicate/v1" + digest() + program + manifest_hash).hexdigest())
    print("file =", file.hex())


main()
