//! Message words 16 to 63.

use super::{WIDTH, XOR, reduce};
use ark_bn254::Fr;
use ark_ff::{Field, PrimeField};
use zera_ir::{Bit, Builder, Int, Interval, Lc};

/// The 64 words as integers; 62 and 63, whose bits nothing reads, are sums of four words.
pub fn expand(builder: &mut Builder, block: &[Vec<Bit>; 16]) -> Vec<Int> {
    let mut bits: Vec<Vec<Bit>> = block.to_vec();
    let mut words: Vec<Int> = block.iter().map(|word| Int::from_bits(word)).collect();
    for t in 16..64 {
        // w[t] = sigma1(w[t - 2]) + w[t - 7] + sigma0(w[t - 15]) + w[t - 16].
        let mut products = Vec::new();
        let small0 = cells(builder, &bits[t - 15], [7, 18], 3, &mut products);
        let small1 = cells(builder, &bits[t - 2], [17, 19], 10, &mut products);
        let cells = small0.add(&small1).add(&sum_of_products(builder, &products));
        let sum = sum_of_two_words(cells).add(&words[t - 7]).add(&words[t - 16]);
        if t < 62 {
            let word = reduce(builder, &sum);
            words.push(Int::from_bits(&word));
            bits.push(word);
        } else {
            words.push(sum);
        }
    }
    words
}

/// A combination that is the sum of two words, as an integer.
fn sum_of_two_words(lc: Lc) -> Int {
    match lc.as_constant().map(|known| known.into_bigint().0) {
        Some([low, ..]) => Int::constant(low),
        None => Int::assume_range(lc, Interval::new(0.into(), (1u64 << 33).into()).expect("below 2^250")),
    }
}

/// A weight and the two bits of a product.
struct Product<'a> {
    weight: Fr,
    factors: [&'a Bit; 2],
}

/// `rotr(x, n0) ^ rotr(x, n1) ^ (x >> shift)`, without the products of its high bits, where the shift has nothing:
/// `a ^ b = a + b - 2 a b`.
fn cells<'a>(
    builder: &mut Builder,
    x: &'a [Bit],
    turns: [usize; 2],
    shift: usize,
    products: &mut Vec<Product<'a>>,
) -> Lc {
    let mut parts = Vec::with_capacity(2 * WIDTH);
    let mut weight = Fr::from(1);
    for i in 0..WIDTH {
        let [a, b] = turns.map(|turn| &x[(i + turn) % WIDTH]);
        match x.get(i + shift) {
            Some(c) => parts.push((weight, builder.lookup([a, b, c], XOR).lc().clone())),
            None => {
                parts.extend([(weight, a.lc().clone()), (weight, b.lc().clone())]);
                products.push(Product { weight: -(weight + weight), factors: [a, b] });
            }
        }
        weight += weight;
    }
    Lc::combine(parts.iter().map(|(weight, lc)| (*weight, lc)))
}

/// `sum weight a b`, two products a row.
///
/// With `x = a + (v / 2) b` and `y = c - (w / 2) d`, since bits are their own squares,
/// `(x - y) (x + y) = a + v a b + (v^2 / 4) b - c + w c d - (w^2 / 4) d`.
fn sum_of_products(builder: &mut Builder, products: &[Product<'_>]) -> Lc {
    let half = Fr::from(2).inverse().expect("2 is not zero");
    let is_known = |product: &&Product<'_>| product.factors.iter().any(|bit| bit.as_constant().is_some());
    let mut sum = Lc::zero();
    let mut alone: Vec<&Product<'_>> = products.iter().filter(is_known).collect();
    let unknown: Vec<&Product<'_>> = products.iter().filter(|product| !is_known(product)).collect();
    let pairs = unknown.chunks_exact(2);
    alone.extend(pairs.remainder());
    for pair in pairs {
        let [[a, b], [c, d]] = [pair[0], pair[1]].map(|product| product.factors.map(Bit::lc));
        let [v, w] = [pair[0], pair[1]].map(|product| product.weight * half);
        let (x, y) = (a.add_scaled(b, v), c.add_scaled(d, -w));
        let difference = builder.mul(&x.sub(&y), &x.add(&y));
        sum = sum.add(&difference).sub(a).add_scaled(b, -v * v).add(c).add_scaled(d, w * w);
    }
    for product in alone {
        let both = builder.and(product.factors[0], product.factors[1]);
        sum = sum.add_scaled(both.lc(), product.weight);
    }
    sum
}
