#!/usr/bin/env python3
"""A second implementation of the statement: writes statement.txt (python3 statement.py > statement.txt).

Standard library only, from the design's prose and Poseidon's reference script; it shares nothing with the Rust crates.
"""
from hashlib import sha256

R = 21888242871839275222246405745257275088548364400416034343698204186575808495617
PARTIAL = [56, 57, 56, 60, 60, 63, 64, 63, 60, 66, 60, 65, 70, 60, 64, 68]


def grain(t, full, partial):
    state = "01" + "0000" + f"{254:012b}{t:012b}{full:010b}{partial:010b}" + "1" * 30
    state = [int(bit) for bit in state]

    def clock():
        bit = state[62] ^ state[51] ^ state[38] ^ state[23] ^ state[13] ^ state[0]
        state.pop(0)
        state.append(bit)
        return bit

    for _ in range(160):
        clock()
    while True:
        while clock() == 0:
            clock()
        yield clock()


def parameters(t):
    full, partial = 8, PARTIAL[t - 2]
    bits = grain(t, full, partial)
    draw = lambda: int("".join(str(next(bits)) for _ in range(254)), 2)
    constants = []
    while len(constants) < t * (full + partial):
        value = draw()
        if value < R:
            constants.append(value)
    while True:
        numbers = [draw() % R for _ in range(2 * t)]
        if len(set(numbers)) == 2 * t:
            break
    matrix = [[pow(x + y, -1, R) for y in numbers[t:]] for x in numbers[:t]]
    return full, partial, constants, matrix


CACHE = {}


def poseidon(inputs):
    t = len(inputs) + 1
    if t not in CACHE:
        CACHE[t] = parameters(t)
    full, partial, constants, matrix = CACHE[t]
    state = [0] + list(inputs)
    for r in range(full + partial):
        state = [(x + constants[r * t + i]) % R for i, x in enumerate(state)]
        if full // 2 <= r < full // 2 + partial:
            state[0] = pow(state[0], 5, R)
        else:
            state = [pow(x, 5, R) for x in state]
        state = [sum(m * x for m, x in zip(row, state)) % R for row in matrix]
    return state[0]


def input_root(data):
    root = len(data)
    elements = [int.from_bytes(data[i : i + 31], "little") for i in range(0, len(data), 31)]
    if not elements:
        return poseidon([root])
    for i in range(0, len(elements), 15):
        root = poseidon([root] + elements[i : i + 15])
    return root


def digest(*parts):
    return sha256(b"".join(parts)).digest()


def some(label, length=32):
    """Bytes from a label, as many as asked for."""
    blocks = (sha256(f"{label}/{i}".encode()).digest() for i in range(length // 32 + 1))
    return b"".join(blocks)[:length]


def u64(number):
    return number.to_bytes(8, "little")


def line(name, *fields):
    print(name, *(field.hex() if field else "-" for field in fields[:-1]), "=", fields[-1].hex())


def main():
    assert poseidon([1, 2]) == 7853200120776062878684798364095072458815029376092732009249414926327459813530
    print("# Statement vectors: name, fields in hex (- for no bytes), = and the value in hex.")
    print("# Origin: statement.py beside this file, an implementation of its own.")
    print("# Integers are little-endian bytes; binding and input_root are 32 big-endian bytes below r.")
    for case, number in [("a", 0), ("b", 1), ("c", 2**64 - 1), ("d", 0x0102030405060708)]:
        chain, contract, code = some(f"chain {case}"), some(f"contract {case}"), some(f"code {case}")
        line("task_id", chain, contract, u64(number), digest(b"zera/task/v1", chain, contract, u64(number)))
        line("direct_task_id", contract, chain, digest(b"zera/direct/v1", contract, chain))
        line("contract_address", contract, u64(number), code, digest(b"zera/address/v1", contract, u64(number), code))
        matrices, program, manifest = some(f"matrices {case}"), some(f"program {case}"), some(f"manifest {case}")
        line("predicate_id", matrices, program, manifest, digest(b"zera/predicate/v1", matrices, program, manifest))
        task, key, predicate, provider = (some(f"{what} {case}") for what in ("task", "key", "predicate", "provider"))
        bound = digest(b"zera/statement/v1", chain, task, key, predicate, provider, u64(number))
        bound = bytes([bound[0] & 0x1F]) + bound[1:]
        line("binding", chain, task, key, predicate, provider, u64(number), bound)
    for length in (0, 1, 448 + 64 * 4):
        data = some("bytes", length)
        line("key_id", data, digest(data))
        line("code_hash", data, digest(data))
    # Around the edges of an element (31 bytes), a block (465 bytes) and two blocks; zeros that padding could hide.
    for length in (0, 1, 30, 31, 32, 62, 63, 131, 434, 464, 465, 466, 496, 929, 930, 931, 1024):
        data = some("input", length)
        line("input_root", data, input_root(data).to_bytes(32, "big"))
    for data in (bytes(1), bytes(31), bytes(32), b"\xff" * 31, b"\x01", b"\x01\x00", b"\xff" * 465):
        line("input_root", data, input_root(data).to_bytes(32, "big"))


main()
