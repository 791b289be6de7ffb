use crate::circuit::{Circuit, private_bits, private_cell};
use ark_bn254::Fr;
use ark_ff::{BigInteger, Field, One, PrimeField, UniformRand, Zero};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use zera_library::gadgets::field::{
    self, Cell, canonical_bits, compose, decode, encode, equal_bit, inverse_or_zero, is_canonical,
};

/// `k r + delta` in 256 bits; `None` where it does not fit.
fn around(k: u64, delta: i64) -> Option<Cell> {
    let mut sum = ark_ff::BigInt::<5>::zero();
    for _ in 0..k {
        let [a, b, c, d] = Fr::MODULUS.0;
        sum.add_with_carry(&ark_ff::BigInt([a, b, c, d, 0]));
    }
    let step = ark_ff::BigInt::<5>::from(delta.unsigned_abs());
    let borrowed = if delta < 0 { sum.sub_with_borrow(&step) } else { sum.add_with_carry(&step) };
    (!borrowed && sum.0[4] == 0).then(|| sum.to_bytes_le()[..32].try_into().unwrap())
}

fn edges() -> Vec<Cell> {
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let mut cells: Vec<Cell> = (0..=5).flat_map(|k| (-3..=3).filter_map(move |delta| around(k, delta))).collect();
    cells.push([0xff; 32]);
    for bit in 0..256 {
        let mut cell = [0; 32];
        cell[bit / 8] = 1 << (bit % 8);
        cells.push(cell);
        // r - 1 with one bit turned, where the comparison is decided.
        let mut near = around(1, -1).unwrap();
        near[bit / 8] ^= 1 << (bit % 8);
        cells.push(near);
    }
    cells.extend((0..20).map(|_| encode(&Fr::rand(&mut rng))));
    cells
}

/// Below r, byte for byte from the highest.
fn below_r(cell: &Cell) -> bool {
    let modulus = Fr::MODULUS.to_bytes_le();
    cell.iter().rev().cmp(modulus.iter().rev()).is_lt()
}

#[test]
fn bytes_are_canonical_where_they_are_below_r() {
    let circuit = Circuit::new(32, 1, |builder| {
        let bits = private_bits(builder, 0..32);
        vec![is_canonical(builder, &bits).lc().clone()]
    });
    assert_eq!(circuit.rows, 91);
    for cell in edges() {
        let z = circuit.assign(&cell);
        assert_eq!(circuit.declared(&z), [Fr::from(u8::from(below_r(&cell)))], "{cell:02x?}");
        assert_eq!(decode(&cell).is_some(), below_r(&cell));
    }
}

/// The bits of every element are those of its canonical integer, and the other decomposition below 2^254 is refused.
#[test]
fn the_bits_of_a_cell_are_the_canonical_ones() {
    let circuit = Circuit::new(32, 3, |builder| {
        let cell = private_cell(builder, 0);
        let bits = canonical_bits(builder, &cell);
        vec![compose(&bits[..127]), compose(&bits[127..]), bits[253].lc().clone()]
    });
    assert_eq!(circuit.rows, 343);
    let first = circuit.wires.start;
    for cell in edges() {
        let z = circuit.assign(&cell);
        let element = Fr::from_le_bytes_mod_order(&cell);
        let integer = element.into_bigint();
        let part = |range: std::ops::Range<usize>| {
            range.rev().fold(Fr::zero(), |sum, bit| sum + sum + Fr::from(u8::from(integer.get_bit(bit))))
        };
        assert_eq!(circuit.declared(&z), [part(0..127), part(127..254), part(253..254)]);
        for bit in 0..253 {
            assert_eq!(z[first + bit], Fr::from(u8::from(integer.get_bit(bit))));
        }
    }
    // 5 as 5 + r: every bit is 0 or 1 and they add up, so only the comparison is left to refuse it.
    let forged = around(1, 5).unwrap();
    let z = circuit.assign(&encode(&Fr::from(5)));
    let mut other = z.clone();
    let set = |bit: usize| forged[bit / 8] >> (bit % 8) & 1 == 1;
    assert!(set(253));
    for bit in 0..253 {
        other[first + bit] = Fr::from(u8::from(set(bit)));
    }
    let matrices = &circuit.artefact.matrices;
    let holds = |row: usize| matrices.a.dot(row, &other) * matrices.b.dot(row, &other) == matrices.c.dot(row, &other);
    let start = matrices.rows() - 4 - circuit.rows;
    let body: Vec<bool> = (start..matrices.rows()).map(holds).collect();
    let splits = (0..body.len()).find(|at| !body[*at]).unwrap();
    assert!(splits >= 254, "row {splits} of the gadget refuses first");
    // Inverses of zero tests, and only where the tested value is zero; the test's answer is the next wire.
    for wire in circuit.movable(&z, 1) {
        assert!(wire >= first + 253 && z[wire].is_zero() && z[wire + 1].is_one(), "wire {wire}");
    }
}

#[test]
fn arithmetic() {
    let circuit = Circuit::new(64, 6, |builder| {
        let [a, b] = [0, 1].map(|at| private_cell(builder, at));
        let (inverse, zero) = inverse_or_zero(builder, &a);
        let equal = equal_bit(builder, &a, &b);
        vec![a.add(&b), a.sub(&b), builder.mul(&a, &b), inverse, zero.lc().clone(), equal.lc().clone()]
    });
    assert_eq!(circuit.rows, 3 + 2 + 1);
    let mut rng = ChaCha8Rng::seed_from_u64(4);
    let mut elements = vec![Fr::zero(), Fr::one(), -Fr::one()];
    elements.extend((0..5).map(|_| Fr::rand(&mut rng)));
    for a in &elements {
        for b in &elements {
            let [x, y] = [a, b].map(encode);
            let native =
                [field::add(&x, &y), field::sub(&x, &y), field::mul(&x, &y)].map(|c| decode(&c.unwrap()).unwrap());
            assert_eq!(native, [*a + b, *a - b, *a * b]);
            assert_eq!(field::equal(&x, &y), Some(a == b));
            let inverse = field::inverse(&x).map(|inverse| decode(&inverse).unwrap());
            assert_eq!(inverse, a.inverse());
            let z = circuit.assign(&[x, y].concat());
            let flags = [a.is_zero(), a == b].map(|flag| Fr::from(u8::from(flag)));
            let expected = [native[0], native[1], native[2], inverse.unwrap_or_default(), flags[0], flags[1]];
            assert_eq!(circuit.declared(&z), expected);
            // The inverses of zero tests are free where the tested value is zero, and used nowhere else.
            let free = usize::from(a.is_zero()) + usize::from(a == b);
            assert_eq!(circuit.movable(&z, 1).len(), free, "{a} {b}");
        }
    }
    let bad = around(1, 0).unwrap();
    let good = [0; 32];
    for (x, y) in [(bad, good), (good, bad)] {
        assert_eq!([field::add(&x, &y), field::sub(&x, &y), field::mul(&x, &y)], [None; 3]);
        assert_eq!(field::equal(&x, &y), None);
    }
    assert_eq!(field::inverse(&bad), None);
    assert_eq!(field::inverse(&good), None);
}
