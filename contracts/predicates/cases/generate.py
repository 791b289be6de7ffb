#!/usr/bin/env python3
"""Cases of the example predicates, by an implementation of its own: `python3 generate.py` writes `*.json` anew.

A file is a list of {"name", "public", "private", "outcome"}: inputs in hex; outcome 0 false, 1 true, 2 trap, 3 bound exceeded.
The standard library only. What is made here by hand is checked at the end against published vectors.
"""
import functools
import hashlib
import json
import random
import re
import struct
from pathlib import Path

HERE = Path(__file__).parent
RNG = random.Random()
FALSE, TRUE, TRAP, BOUND = range(4)
FILES = {}


def case(file, name, outcome, public=b"", private=b""):
    rows = FILES.setdefault(file, [])
    if rows:
        first = rows[0]
        assert (len(first["public"]), len(first["private"])) == (2 * len(public), 2 * len(private)), (file, name)
    rows.append({"name": name, "public": public.hex(), "private": private.hex(), "outcome": int(outcome)})


def flipped(data, bit):
    out = bytearray(data)
    out[bit // 8] ^= 1 << bit % 8
    return bytes(out)


def le(value, size):
    return (value % (1 << 8 * size)).to_bytes(size, "little")


# ---- SHA-256 (the compression through hashlib: one block with its padding), Keccak, AES ----

def sha256():
    for message in (b"", b"abc", b"x" * 55, RNG.randbytes(40)):
        block = message + b"\x80" + bytes(55 - len(message)) + (8 * len(message)).to_bytes(8, "big")
        digest = hashlib.sha256(message).digest()
        case("sha256", f"{len(message)} bytes", TRUE, block + digest)
        case("sha256", f"{len(message)} bytes, a digest bit flipped", FALSE, block + flipped(digest, RNG.randrange(256)))
        case("sha256", f"{len(message)} bytes, a block bit flipped", FALSE, flipped(block, RNG.randrange(512)) + digest)


def rotl(x, n, width=64):
    n %= width
    return (x << n | x >> (width - n)) & ((1 << width) - 1)


def keccak_f(lanes):
    a = {(x, y): lanes[x + 5 * y] for x in range(5) for y in range(5)}
    lfsr = 1
    for _ in range(24):
        c = [a[x, 0] ^ a[x, 1] ^ a[x, 2] ^ a[x, 3] ^ a[x, 4] for x in range(5)]
        a = {(x, y): v ^ c[(x - 1) % 5] ^ rotl(c[(x + 1) % 5], 1) for (x, y), v in a.items()}
        b, x, y = {(0, 0): a[0, 0]}, 1, 0
        for t in range(24):
            b[y, (2 * x + 3 * y) % 5] = rotl(a[x, y], (t + 1) * (t + 2) // 2)
            x, y = y, (2 * x + 3 * y) % 5
        a = {(x, y): b[x, y] ^ (~b[(x + 1) % 5, y] & b[(x + 2) % 5, y]) for x, y in b}
        for j in range(7):
            a[0, 0] ^= (lfsr & 1) << (2**j - 1)
            lfsr = (lfsr << 1 ^ (0x171 if lfsr & 0x80 else 0)) & 0xFF
    return [a[i % 5, i // 5] & (2**64 - 1) for i in range(25)]


def sponge(data, pad):
    data = bytearray(data + bytes([pad]) + bytes(-(len(data) + 1) % 136))
    data[-1] ^= 0x80
    state = [0] * 25
    for at in range(0, len(data), 136):
        for i, lane in enumerate(struct.unpack("<17Q", data[at : at + 136])):
            state[i] ^= lane
        state = keccak_f(state)
    return struct.pack("<4Q", *state[:4])


def keccak256(data):
    return sponge(data, 0x01)


def keccak():
    for name, state in (("zero", [0] * 25), ("ones", [2**64 - 1] * 25), ("random", [RNG.getrandbits(64) for _ in range(25)])):
        before, after = (struct.pack("<25Q", *lanes) for lanes in (state, keccak_f(state)))
        case("keccak", name, TRUE, after, before)
        case("keccak", f"{name}, a bit of lane 24 flipped", FALSE, flipped(after, 1599), before)
        case("keccak", f"{name}, another state before", FALSE, after, flipped(before, RNG.randrange(1600)))


def times(a, b):
    product = 0
    while b:
        product ^= a if b & 1 else 0
        a, b = a << 1 ^ (0x11B if a & 0x80 else 0), b >> 1
    return product


def sbox(x):
    inverse = x
    for _ in range(6):
        inverse = times(times(inverse, inverse), x)
    inverse = times(inverse, inverse)
    return inverse ^ rotl(inverse, 1, 8) ^ rotl(inverse, 2, 8) ^ rotl(inverse, 3, 8) ^ rotl(inverse, 4, 8) ^ 0x63


SBOX = [sbox(x) for x in range(256)]


def aes128_encrypt(key, block):
    words, constant = [list(key[i : i + 4]) for i in range(0, 16, 4)], 1
    for i in range(4, 44):
        word = words[-1]
        if i % 4 == 0:
            word = [SBOX[b] for b in word[1:] + word[:1]]
            word[0] ^= constant
            constant = times(constant, 2)
        words.append([a ^ b for a, b in zip(word, words[-4])])
    keys = [sum(words[i : i + 4], []) for i in range(0, 44, 4)]
    state = [a ^ b for a, b in zip(block, keys[0])]
    for round in range(1, 11):
        state = [SBOX[state[(i + 4 * (i % 4)) % 16]] for i in range(16)]
        if round < 10:
            mixed = []
            for c in range(0, 16, 4):
                for i in range(4):
                    s = [state[c + (i + k) % 4] for k in range(4)]
                    mixed.append(times(2, s[0]) ^ times(3, s[1]) ^ s[2] ^ s[3])
            state = mixed
        state = [a ^ b for a, b in zip(state, keys[round])]
    return bytes(state)


def aes128():
    fips = bytes(range(16)), bytes.fromhex("00112233445566778899aabbccddeeff")
    for name, (key, block) in (("FIPS 197", fips), ("zero", (bytes(16), bytes(16))), ("random", (RNG.randbytes(16), RNG.randbytes(16)))):
        cipher = aes128_encrypt(key, block)
        case("aes128", name, TRUE, block + cipher, key)
        case("aes128", f"{name}, another key", FALSE, block + cipher, flipped(key, RNG.randrange(128)))
        case("aes128", f"{name}, another ciphertext", FALSE, block + flipped(cipher, RNG.randrange(128)), key)


# ---- Integers ----

def prices():
    def ask(name, values, mean_min, median_min):
        ordered = sorted(values)
        holds = sum(ordered[1:-1]) >= 7 * mean_min and ordered[4] >= median_min
        case("prices", name, holds, struct.pack("<11I", *values, mean_min, median_min))

    shuffled = [104, 101, 0, 103, 107, 105, 102, 106, 2**32 - 1]
    ask("at both bounds", shuffled, 104, 104)
    ask("below the mean", shuffled, 105, 104)
    ask("below the median", shuffled, 104, 105)
    ask("all greatest", [2**32 - 1] * 9, 2**32 - 1, 2**32 - 1)
    ask("all zero, nothing asked", [0] * 9, 0, 0)
    ask("all zero", [0] * 9, 0, 1)
    ask("sum one short", [1, 7, 7, 7, 7, 7, 7, 6, 99], 7, 7)
    ask("sorted downwards", list(range(90, 0, -10)), 50, 50)
    for i in range(8):
        values = [RNG.randrange(2**32) for _ in range(9)]
        middle = sorted(values)
        ask(f"random {i}", values, sum(middle[1:-1]) // 7 + RNG.randrange(2), middle[4] - RNG.randrange(2))


def tables(path):
    """The constant tables of a C header."""
    text, found = (HERE / "../c" / path).read_text(), {}
    for name, dims, body in re.findall(r"(\w+)((?:\[\d+\])+) = \{(.*?)\};", text, re.S):
        numbers, dims = [int(n) for n in re.findall(r"-?\d+", body)], [int(n) for n in re.findall(r"\d+", dims)]
        found[name] = numbers if len(dims) == 1 else [numbers[i : i + dims[1]] for i in range(0, len(numbers), dims[1])]
    return found


def mlp():
    t = tables("mlp/mlp_weights.h")

    def scores(x):
        hidden = [max(0, b + sum(w * v for w, v in zip(row, x))) >> 7 for row, b in zip(t["WEIGHT1"], t["BIAS1"])]
        return [b + sum(w * v for w, v in zip(row, hidden)) for row, b in zip(t["WEIGHT2"], t["BIAS2"])]

    inputs = [("zero", [0] * 64), ("greatest", [127] * 64), ("least", [-128] * 64)]
    inputs += [(f"random {i}", [RNG.randrange(-128, 128) for _ in range(64)]) for i in range(4)]
    for name, x in inputs:
        best = max(range(10), key=scores(x).__getitem__)
        case("mlp", name, TRUE, struct.pack("<64bB", *x, best))
        case("mlp", f"{name}, another class", FALSE, struct.pack("<64bB", *x, (best + 1 + RNG.randrange(9)) % 10))
    case("mlp", "no such class", FALSE, struct.pack("<64bB", *x, 255))


def forest():
    t = tables("forest_model.h")

    def walk(tree, n, x):
        if n >= 15:
            return t["LEAF"][tree][n - 15]
        greater = x[t["FEATURE"][tree][n]] > t["THRESHOLD"][tree][n]
        return walk(tree, 2 * n + 2 if greater else 2 * n + 1, x)

    inputs = [("zero", [0] * 16), ("greatest", [65535] * 16)]
    inputs += [(f"random {i}", [RNG.randrange(65536) for _ in range(16)]) for i in range(5)]
    # At a threshold itself the left child is taken.
    nodes = [(k, n) for k in range(8) for n in range(15)]
    first = [next((t["THRESHOLD"][k][n] for k, n in nodes if t["FEATURE"][k][n] == f), 0) for f in range(16)]
    inputs += [("at thresholds", first)]
    for name, x in inputs:
        total = sum(walk(tree, 0, x) for tree in range(8))
        for bound, holds in ((total - 1, TRUE), (total, FALSE)):
            for file in ("forest", "gbdt_nested"):
                case(file, f"{name}, {'above' if holds else 'at'} the bound", holds, struct.pack("<16Hi", *x, bound))
    for file in ("forest", "gbdt_nested"):
        case(file, "least bound", TRUE, struct.pack("<16Hi", *x, -(2**31)))
        case(file, "greatest bound", FALSE, struct.pack("<16Hi", *x, 2**31 - 1))


def read32():
    array = [RNG.randrange(2**32) for _ in range(32)]
    for index in (0, 1, 15, 16, 31, 32, 200, 255):
        case("read32", f"index {index}", TRUE, struct.pack("<32IBI", *array, index, array[index % 32]))
        case("read32", f"index {index}, the word after", FALSE, struct.pack("<32IBI", *array, index, array[(index + 1) % 32]))


def sort_net():
    lists = [("in order", list(range(32))), ("downwards", list(range(32, 0, -1))), ("equal", [65535] * 32)]
    lists += [(f"random {i}", [RNG.randrange(65536) for _ in range(32)]) for i in range(3)]
    lists += [("zeros and ones", [RNG.randrange(2) for _ in range(32)])]
    for name, values in lists:
        case("sort_net", name, TRUE, struct.pack("<64H", *values, *sorted(values)))
        wrong = sorted(values)
        wrong[RNG.randrange(32)] ^= 1
        case("sort_net", f"{name}, one number changed", FALSE, struct.pack("<64H", *values, *wrong))


def early_exit():
    def ask(name, payments, needed, most):
        total = count = 0
        while total < needed and count < 16:
            total, count = total + payments[count], count + 1
        case("early_exit", name, total >= needed and count <= most, struct.pack("<16HIB", *payments, needed, most))

    values = [RNG.randrange(65536) for _ in range(16)]
    for count in (0, 1, 7, 16):
        ask(f"covered by {count}", values, sum(values[:count]), count)
        ask(f"not covered by {count} less one", values, sum(values[:count]), max(count - 1, 0))
        ask(f"one more than {count} give", values, sum(values[:count]) + 1, count)
    ask("never", values, 2**32 - 1, 255)
    ask("zeros", [0] * 16, 1, 255)


def signed(x, bits):
    x %= 1 << bits
    return x - (1 << bits) if x >> (bits - 1) else x


def division():
    def quotient(a, b, bits):
        a, b = signed(a, bits), signed(b, bits)
        q = abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)
        return None if q == 1 << (bits - 1) else (q, a - q * b)

    def total(a, b):
        a32, b32 = a % 2**32, b % 2**32
        if b32 == 0 or not (wide := quotient(a, b, 64)) or not (narrow := quotient(a32, b32, 32)):
            return None
        parts = [a // b, a % b, *wide, a32 // b32, a32 % b32, *narrow, a32 // 10, a32 % 10]
        return sum(k * v for k, v in zip((1, 3, 5, 7, 11, 13, 17, 19, 23, 29), parts)) % 2**64

    least, least32 = 2**63, 2**31
    pairs = [(7, 2), (2**64 - 7, 2), (7, 2**64 - 2), (0, 1), (2**64 - 1, 2**64 - 1), (least, 1), (least32, 3), (12345678901234567890, 987654321)]
    for a, b in pairs:
        case("division", f"{a} by {b}", TRUE, struct.pack("<3Q", a, b, total(a, b)))
        case("division", f"{a} by {b}, one more", FALSE, struct.pack("<3Q", a, b, (total(a, b) + 1) % 2**64))
    for name, a, b in (("0", 1, 0), ("0 in the low half", 1, 2**32), ("-1 of the least 64-bit number", least, 2**64 - 1), ("-1 of the least 32-bit number", least32, 2**32 - 1)):
        assert total(a, b) is None
        case("division", f"by {name}", TRAP, struct.pack("<3Q", a, b, 0))


def bits():
    for x, n in ((0, 0), (1, 63), (2**63, 1), (2**64 - 1, 32), (0x0123456789ABCDEF, 0), (0x0123456789ABCDEF, 13), (0xF00000000000000F, 255), (2**32, 64)):
        s, text = n % 64, f"{x:064b}"
        leading, trailing = len(text) - len(text.lstrip("0")), len(text) - len(text.rstrip("0"))
        total = leading + 100 * trailing + 10000 * text.count("1") + rotl(x, s) + 3 * rotl(x, 64 - s)
        total += 5 * (x << s & (2**64 - 1)) + 7 * (x >> s) + 11 * (signed(x, 64) >> s)
        case("bits", f"{x:#x} by {n}", TRUE, struct.pack("<QBQ", x, n, total % 2**64))
        case("bits", f"{x:#x} by {n}, one less", FALSE, struct.pack("<QBQ", x, n, (total - 1) % 2**64))


def dispatch():
    operations = [lambda a, b: a + b, lambda a, b: a * b, max, lambda a, b: a ^ b]
    for op, call in enumerate(operations):
        for a, b in ((5, 3), (2**32 - 1, 2**31 + 7), (0, RNG.randrange(2**32))):
            wanted = call(a, b) % 2**32
            case("dispatch", f"operation {op} of {a} and {b}", TRUE, struct.pack("<B3I", op, a, b, wanted))
        case("dispatch", f"operation {op}, one off", FALSE, struct.pack("<B3I", op, a, b, wanted ^ 1))
    for op in (4, 255):
        case("dispatch", f"no operation {op}", TRAP, struct.pack("<B3I", op, 0, 0, 0))


def bounded():
    for x in (1, 2, 3, 7, 18, 19, 25, 27, 2**20, 2**21, 2**32 - 1, 0):
        y, steps = x, 0
        while y != 1 and steps <= 20:
            y, steps = (3 * y + 1) % 2**32 if y % 2 else y // 2, steps + 1
        outcome = TRUE if steps <= 20 else BOUND
        case("bounded", f"{x}", outcome, struct.pack("<IB", x, steps))
        if outcome == TRUE:
            case("bounded", f"{x}, one step more", FALSE, struct.pack("<IB", x, steps + 1))


def trap():
    for way in (0, 1, 2, 3, 255):
        for x in (0, 1, 2, 2**32 - 1):
            number = x if way != 1 else (2**32 - 1) // x if x else 0
            case("trap", f"way {way}, {x}", TRAP if x == 0 and way < 3 else number % 2, struct.pack("<BI", way, x))


# ---- The field, Poseidon, BabyJubJub ----

R = 21888242871839275222246405745257275088548364400416034343698204186575808495617


def cell(x):
    return x.to_bytes(32, "little")


def cells(*values):
    return b"".join(map(cell, values))


PARTIAL = [56, 57, 56, 60, 60, 63, 64, 63, 60, 66, 60, 65, 70, 60, 64, 68]


@functools.cache
def grain(t):
    """Constants and matrix of circomlib's instance of width t, from the LFSR of the reference."""
    head = f"{1:02b}{0:04b}{254:012b}{t:012b}{8:010b}{PARTIAL[t - 2]:010b}" + "1" * 30
    state = [int(bit) for bit in head]

    def step():
        bit = state[62] ^ state[51] ^ state[38] ^ state[23] ^ state[13] ^ state[0]
        state.pop(0)
        state.append(bit)
        return bit

    def number():
        value = 0
        for _ in range(254):
            while not step():
                step()
            value = value << 1 | step()
        return value

    def constant():
        while (value := number()) >= R:
            pass
        return value

    for _ in range(160):
        step()
    constants = [constant() for _ in range((8 + PARTIAL[t - 2]) * t)]
    xy = [number() % R for _ in range(2 * t)]
    return constants, [[pow(xy[i] + xy[t + j], -1, R) for j in range(t)] for i in range(t)]


def poseidon(*inputs):
    t = len(inputs) + 1
    constants, matrix = grain(t)
    state, rounds = [0, *inputs], 8 + PARTIAL[t - 2]
    for r in range(rounds):
        state = [(x + c) % R for x, c in zip(state, constants[r * t :])]
        full = r < 4 or r >= rounds - 4
        state = [pow(x, 5, R) if full or i == 0 else x for i, x in enumerate(state)]
        state = [sum(m * x for m, x in zip(row, state)) % R for row in matrix]
    return state[0]


ORDER = 2736030358979909402780800718157159386076813972158567259200215660948447373041
BASE = (
    5299619240641551281634865583518297030282874472190772894086521144482721001553,
    16950150798460657717958625567821834550301663161624707787222815936182638968203,
)


def plus(p, q):
    (x, y), (u, v) = p, q
    k = 168696 * x * u * y * v
    return (x * v + y * u) * pow(1 + k, -1, R) % R, (y * v - 168700 * x * u) * pow(1 - k, -1, R) % R


def multiply(n, p):
    result = (0, 1)
    while n:
        result = plus(result, p) if n & 1 else result
        p, n = plus(p, p), n >> 1
    return result


def sign(secret, nonce, message):
    """circomlib's equation: S B = R8 + 8 h A, with A = secret B."""
    key, r8 = multiply(secret, BASE), multiply(nonce, BASE)
    h = poseidon(*r8, *key, message)
    return key, (*r8, (nonce + 8 * h * secret) % ORDER)


def merkle(leaf, siblings, index):
    for level, sibling in enumerate(siblings):
        leaf = poseidon(sibling, leaf) if index >> level & 1 else poseidon(leaf, sibling)
    return leaf


def gadgets():
    for file, digest in (("sha_gadget", lambda m: hashlib.sha256(m).digest()), ("keccak_gadget", keccak256)):
        for name, message in (("zero", bytes(64)), ("ones", b"\xff" * 64), ("random", RNG.randbytes(64))):
            case(file, name, TRUE, digest(message), message)
            case(file, f"{name}, a digest bit flipped", FALSE, flipped(digest(message), RNG.randrange(256)), message)
            case(file, f"{name}, a message bit flipped", FALSE, digest(message), flipped(message, RNG.randrange(512)))

    for name, a, b in (("small", 1, 2), ("zero", 0, 0), ("greatest", R - 1, R - 1), ("random", RNG.randrange(R), RNG.randrange(R))):
        case("poseidon", name, TRUE, cell(poseidon(a, b)), cells(a, b))
        case("poseidon", f"{name}, another digest", FALSE, cell((poseidon(a, b) + 1) % R), cells(a, b))
    case("poseidon", "cells swapped", FALSE, cell(poseidon(1, 2)), cells(2, 1))
    case("poseidon", "a cell is the modulus", TRAP, cell(poseidon(0, 2)), cells(R, 2))
    case("poseidon", "a cell is all ones", TRAP, cell(0), cells(1, 2**256 - 1))
    case("poseidon", "the digest is above the modulus", TRAP, cell(poseidon(1, 2) + R), cells(1, 2))

    leaf, siblings = RNG.randrange(R), [RNG.randrange(R) for _ in range(20)]
    for index in (0, 1, 2**20 - 1, 0xA5A5A):
        root = merkle(leaf, siblings, index)
        case("merkle", f"index {index}", TRUE, cell(root), cells(leaf, *siblings) + le(index, 4))
        case("merkle", f"index {index}, another leaf", FALSE, cell(root), cells((leaf + 1) % R, *siblings) + le(index, 4))
        case("merkle", f"index {index}, another place", FALSE, cell(root), cells(leaf, *siblings) + le(index ^ 1 << 7, 4))
    case("merkle", "index of 21 bits", TRAP, cell(root), cells(leaf, *siblings) + le(2**20, 4))
    case("merkle", "greatest index", TRAP, cell(root), cells(leaf, *siblings) + le(2**32 - 1, 4))
    case("merkle", "leaf is the modulus", TRAP, cell(root), cells(R, *siblings) + le(0, 4))
    case("merkle", "last sibling is the modulus", TRAP, cell(root), cells(leaf, *siblings[:-1], R) + le(0, 4))

    message = 1234
    key, signature = sign(0x1234567890ABCDEF, 0xFEDCBA0987654321, message)
    other, _ = sign(99, 5, message)
    x, y, s = signature
    case("eddsa", "verifies", TRUE, cells(*key, message), cells(*signature))
    key2, signature2 = sign(RNG.randrange(ORDER), RNG.randrange(ORDER), R - 1)
    case("eddsa", "random, greatest message", TRUE, cells(*key2, R - 1), cells(*signature2))
    case("eddsa", "another message", FALSE, cells(*key, message + 1), cells(*signature))
    case("eddsa", "another key", FALSE, cells(*other, message), cells(*signature))
    case("eddsa", "S plus one", FALSE, cells(*key, message), cells(x, y, s + 1))
    case("eddsa", "S plus the order", FALSE, cells(*key, message), cells(x, y, s + ORDER))
    case("eddsa", "R8 negated", FALSE, cells(*key, message), cells(R - x, y, s))
    case("eddsa", "R8 off the curve", FALSE, cells(*key, message), cells(x, y ^ 1, s))
    case("eddsa", "key off the curve", FALSE, cells(key[0] ^ 1, key[1], message), cells(*signature))
    case("eddsa", "all zero", FALSE, cells(0, 0, 0), cells(0, 0, 0))
    # The equation holds for these keys; circomlib wants a key whose eightfold is not the neutral point.
    case("eddsa", "key of order 1", FALSE, cells(0, 1, message), cells(*multiply(7, BASE), 7))
    case("eddsa", "key of order 2", FALSE, cells(0, R - 1, message), cells(*multiply(7, BASE), 7))
    case("eddsa", "S is the modulus", TRAP, cells(*key, message), cells(x, y, R))
    case("eddsa", "message is the modulus", TRAP, cells(*key, R), cells(*signature))

    for a, b in ((6, 3), (0, 1), (R - 1, R - 1), (RNG.randrange(R), RNG.randrange(R))):
        wanted = (a * pow(b, -1, R) + a - b) % R
        case("field", f"{a % 2**64} and {b % 2**64}", TRUE, cells(a, b, wanted))
        case("field", f"{a % 2**64} and {b % 2**64}, one more", FALSE, cells(a, b, (wanted + 1) % R))
    case("field", "by 0", TRAP, cells(1, 0, 1))
    case("field", "a is the modulus", TRAP, cells(R, 1, R - 1))
    case("field", "b is the modulus plus one", TRAP, cells(1, R + 1, 1))
    case("field", "the wanted cell is the modulus", TRAP, cells(1, 1, R))


def allowlist():
    siblings, rules = [RNG.randrange(R) for _ in range(8)], [(276, 100), (250, 2**40), (40, 0), (276, 1), (756, 5), (724, 2**64 - 1)]

    def ask(name, outcome, country, balance, index=37, leaf=None, root=0, first=None):
        root += merkle(poseidon(*(leaf or (country, balance))), siblings, index)
        public = cell(root) + b"".join(struct.pack("<HQ", *rule) for rule in [first or rules[0]] + rules[1:])
        case("allowlist", name, outcome, public, struct.pack("<HQB", country, balance, index) + cells(*siblings))

    ask("first rule, at the least balance", TRUE, 276, 100)
    ask("first rule, below; a later rule of the same country does not count", FALSE, 276, 99)
    ask("second rule", TRUE, 250, 2**40)
    ask("second rule, below", FALSE, 250, 2**40 - 1)
    ask("third rule, nothing needed", TRUE, 40, 0, index=0)
    ask("last rule, greatest balance", TRUE, 724, 2**64 - 1, index=255)
    ask("last rule, below", FALSE, 724, 2**64 - 2)
    ask("no rule", FALSE, 999, 2**64 - 1)
    ask("not in the register", FALSE, 756, 6, leaf=(756, 5))
    ask("another root", FALSE, 756, 5, root=1)
    ask("the first country's rule falls to a later one", TRUE, 276, 1, first=(277, 0))


def voter():
    secret, topic, place = RNG.randrange(R), 2024, 0xBEEF
    siblings = [RNG.randrange(R) for _ in range(16)]
    root = merkle(poseidon(secret), siblings, place)
    key, signature = sign(RNG.randrange(ORDER), RNG.randrange(ORDER), root)

    def ask(name, outcome, key=key, topic=topic, secret=secret, siblings=siblings, place=place, signature=signature, once=None):
        nullifier = poseidon(secret % R, topic % R) if once is None else once
        case("voter", name, outcome, cells(*key, topic, nullifier), cells(secret, *siblings) + le(place, 2) + cells(*signature))

    ask("may vote", TRUE)
    ask("may vote on another topic", TRUE, topic=R - 1)
    ask("another nullifier", FALSE, once=1)
    ask("another secret", FALSE, secret=(secret + 1) % R)
    ask("another place", FALSE, place=place ^ 1)
    ask("another register", FALSE, siblings=siblings[::-1])
    ask("another authority", FALSE, key=sign(5, 6, root)[0])
    ask("another signature", FALSE, signature=sign(5, 6, root)[1])
    ask("secret plus the modulus", TRAP, secret=secret + R)
    ask("topic is the modulus", TRAP, topic=R)


def template():
    salt = RNG.randbytes(16)
    for committed, age, least in ((18, 18, 18), (99, 99, 18), (17, 17, 18), (17, 18, 18), (0, 0, 0), (255, 255, 255)):
        digest = hashlib.sha256(bytes([committed]) + salt).digest()
        case("template", f"{age} said, {committed} committed, {least} asked", age == committed and age >= least, digest + bytes([least]), bytes([age]) + salt)


def check():
    """The hand-made parts against published vectors."""
    for n in (0, 3, 135, 136, 200):
        assert sponge(bytes(n), 0x06) == hashlib.sha3_256(bytes(n)).digest()
    assert keccak256(b"").hex() == "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"
    assert aes128_encrypt(bytes(range(16)), bytes.fromhex("00112233445566778899aabbccddeeff")).hex() == "69c4e0d86a7b0430d8cdb78070b4c55a"
    # circomlib's tests: test/poseidoncircuit.js.
    assert poseidon(1, 2) == 7853200120776062878684798364095072458815029376092732009249414926327459813530
    assert poseidon(1, 2, 3, 4) == 18821383157269793795438455681495246036402687001665670618754263018637548127333
    x, y = BASE
    assert (168700 * x * x + y * y - 1 - 168696 * x * x * y * y) % R == 0 and multiply(ORDER, BASE) == (0, 1)


if __name__ == "__main__":
    check()
    integers = (prices, mlp, forest, read32, sort_net, early_exit, division, bits, dispatch, bounded, trap)
    for make in (sha256, keccak, aes128, *integers, gadgets, allowlist, voter, template):
        RNG.seed(f"zera predicates: {make.__name__}")
        make()
    for file, rows in sorted(FILES.items()):
        lines = ",\n".join("  " + json.dumps(row) for row in rows)
        (HERE / f"{file}.json").write_text(f"[\n{lines}\n]\n")
        counts = [sum(row["outcome"] == k for row in rows) for k in range(4)]
        print(f"{file}: false, true, trap, bound: {counts}; public {len(rows[0]['public']) // 2}, private {len(rows[0]['private']) // 2}")
