//! Every operation of every backend against arkworks, and products against plain big integers.
//!
//! Values are edges of the representations (limbs of zeros and ones, multiples of `2^52` and `2^64`, both ends of the field)
//! and uniform; operations follow one another, so that bounds are met from below and from above.

use ark_bn254::{Fq, Fq2, Fr};
use ark_ff::{AdditiveGroup, Field, One, PrimeField, Zero};
use num_bigint::BigUint;
use rand::SeedableRng;
use zera_field::{
    Avx512Ifma, Backend, ExtensionLanes, LANES, Lanes, Mask, Modulus, Packed, Portable, PrimeLanes, Work,
};

type Eight<E> = [E; LANES];

fn edges<M: Modulus>() -> Vec<M> {
    let two = M::from(2u64);
    let mut values = vec![M::zero(), M::one(), -M::one(), two, -two];
    for bits in [51, 52, 53, 63, 64, 103, 104, 128, 156, 192, 207, 208, 252, 253] {
        let power = two.pow([bits]);
        values.extend([power, power - M::one(), -power, M::one() - power]);
    }
    // The same edges as Montgomery words: what lies in memory and in limbs.
    let radix = two.pow([256u64]).inverse().expect("odd prime");
    let radix_52 = two.pow([260u64]).inverse().expect("odd prime");
    let plain = values.clone();
    values.extend(plain.iter().map(|value| *value * radix));
    values.extend(plain.iter().map(|value| *value * radix_52));
    values
}

fn samples<M: Modulus>(random: &mut impl rand::RngCore, n: usize) -> Vec<M> {
    let mut values = edges::<M>();
    values.extend((0..n).map(|_| M::rand(random)));
    values
}

fn mask(lanes: impl Fn(usize) -> bool) -> Mask {
    (0..LANES).fold(0, |mask, i| mask | Mask::from(lanes(i)) << i)
}

/// All operations on eight pairs.
struct Operations<L: Lanes> {
    token: L::Token,
    a: Eight<L::Element>,
    b: Eight<L::Element>,
    c: Eight<L::Element>,
}

impl<L: Lanes> Work for Operations<L> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Operations { token, a, b, c } = self;
        let at = |f: &dyn Fn(usize) -> L::Element| -> Eight<L::Element> { std::array::from_fn(f) };
        let [x, y, z] = [&a, &b, &c].map(|values| L::from_array(token, values));
        assert_eq!(x.to_array(), a, "there and back");
        assert_eq!(L::reduce(x.add(y)).to_array(), at(&|i| a[i] + b[i]), "sum");
        assert_eq!(x.add_reduced(y).to_array(), at(&|i| a[i] + b[i]), "reduced sum");
        assert_eq!(L::reduce(x.sub(y)).to_array(), at(&|i| a[i] - b[i]), "difference");
        assert_eq!(x.sub_reduced(y).to_array(), at(&|i| a[i] - b[i]), "reduced difference");
        assert_eq!(x.sub_two(y, z).to_array(), at(&|i| a[i] - b[i] - c[i]), "two differences");
        assert_eq!(x.times(y).to_array(), at(&|i| a[i] * b[i]), "product");
        assert_eq!(L::square(x.loose()).to_array(), at(&|i| a[i].square()), "square");
        // Factors as large as they get.
        assert_eq!(L::mul(x.sub(y), z.sub(x)).to_array(), at(&|i| (a[i] - b[i]) * (c[i] - a[i])), "of differences");
        assert_eq!(L::mul(x.add(y), z.sub(y)).to_array(), at(&|i| (a[i] + b[i]) * (c[i] - b[i])), "of both");
        assert_eq!(L::square(x.sub(z)).to_array(), at(&|i| (a[i] - c[i]).square()), "of a difference");
        assert_eq!(L::square(x.add(z)).to_array(), at(&|i| (a[i] + c[i]).square()), "of a sum");
        assert_eq!(x.canonical().to_array(), a, "canonical");

        for (loose, value) in
            [(x.loose(), at(&|i| a[i])), (x.sub(y), at(&|i| a[i] - b[i])), (x.add(y), at(&|i| a[i] + b[i]))]
        {
            let zero = mask(|i| value[i].is_zero());
            assert_eq!(L::is_zero(loose), zero, "zeros");
            assert_eq!(L::maybe_zero(loose) & zero, zero, "zeros missed");
        }
        for bits in [0, 0xff, 0x0f, 0x55, 0x81] {
            let chosen = at(&|i| if bits >> i & 1 == 1 { a[i] } else { b[i] });
            assert_eq!(L::select(bits, x, y).to_array(), chosen, "choice");
            let negated = at(&|i| if bits >> i & 1 == 1 { -a[i] } else { a[i] });
            assert_eq!(L::negate(bits, x.canonical()).to_array(), negated, "choice of negation");
        }
        assert_eq!(x.exchange::<1>().to_array(), at(&|i| a[i ^ 1]), "exchange 1");
        assert_eq!(x.exchange::<2>().to_array(), at(&|i| a[i ^ 2]), "exchange 2");
        assert_eq!(x.exchange::<4>().to_array(), at(&|i| a[i ^ 4]), "exchange 4");
        assert_eq!(L::splat(token, a[3]).to_array(), [a[3]; LANES], "splat");

        let rows = [x, y, z, x.add_reduced(y), y.sub_reduced(z), x, z, y];
        let columns = L::transpose(rows).map(L::to_array);
        let rows = rows.map(L::to_array);
        for (i, column) in columns.iter().enumerate() {
            assert_eq!(*column, at(&|j| rows[j][i]), "transposition");
        }

        let mut stored = [L::Stored::default(); LANES];
        x.sub_two(y, z).store(&mut stored);
        assert_eq!(L::load(token, &stored).to_array(), at(&|i| a[i] - b[i] - c[i]), "memory");
        let mut points = [Packed { x: L::Stored::default(), y: L::Stored::default() }; LANES];
        L::store_points(x.sub_reduced(y), z, &mut points);
        let (again, second) = L::load_points(token, points.each_ref());
        assert_eq!(again.to_array(), at(&|i| a[i] - b[i]), "points, x");
        assert_eq!(second.to_array(), c, "points, y");
        let mut canonical = points;
        L::store_points(x.canonical(), y.canonical(), &mut canonical);
        let negated: [Packed<L::Stored>; LANES] =
            canonical.map(|point| Packed { x: point.x, y: L::negate_stored(&point.y) });
        assert_eq!(L::load_points(token, negated.each_ref()).1.to_array(), at(&|i| -b[i]), "negation");

        if a.iter().all(|a| !a.is_zero()) {
            let inverses = x.invert(token).to_array();
            assert_eq!(inverses, at(&|i| a[i].inverse().expect("not zero")), "inverses");
        }
    }
}

/// What only the extension has, on eight triples.
struct Extension<L: ExtensionLanes> {
    token: L::Token,
    a: Eight<Fq2>,
    b: Eight<Fq2>,
    c: Eight<Fq2>,
}

impl<L: ExtensionLanes> Work for Extension<L> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Extension { token, a, b, c } = self;
        let at = |f: &dyn Fn(usize) -> Fq2| -> Eight<Fq2> { std::array::from_fn(f) };
        // As large as reduced values get, too: what `sub_two` and sums leave.
        let [x, y, z] = [&a, &b, &c].map(|values| L::from_array(token, values));
        let (v, w) = (x.sub_reduced(y), z.add_reduced(y));
        let (d, e) = (at(&|i| a[i] - b[i]), at(&|i| c[i] + b[i]));
        let (c0, c1) = x.coefficients();
        assert_eq!((c0.to_array(), c1.to_array()), (a.map(|a| a.c0), a.map(|a| a.c1)), "coefficients");
        assert_eq!(L::new(c1, c0).to_array(), a.map(|a| Fq2::new(a.c1, a.c0)), "of coefficients");
        let nonresidue = Fq2::new(Fq::from(9u64), Fq::one());
        for (lanes, values) in [(x, a), (y, b), (v, d), (w, e)] {
            assert_eq!(lanes.conjugate().to_array(), values.map(|a| Fq2::new(a.c0, -a.c1)), "conjugate");
            assert_eq!(lanes.negated().to_array(), values.map(|a| -a), "negated");
            assert_eq!(lanes.times_nonresidue().to_array(), values.map(|a| a * nonresidue), "non-residue");
            let deep = lanes.negated().times_nonresidue().times_nonresidue().conjugate();
            let expected = values.map(|a| -(a * nonresidue * nonresidue)).map(|a| Fq2::new(a.c0, -a.c1));
            assert_eq!(deep.to_array(), expected, "all three");
            assert_eq!(lanes.scale(c1).to_array(), at(&|i| values[i] * Fq2::new(a[i].c1, Fq::zero())), "scaled");
            assert_eq!(L::product(&lanes, &w).to_array(), at(&|i| values[i] * e[i]), "product");
            assert_eq!(L::squared(&lanes).to_array(), values.map(|a| a * a), "square");
        }
        assert_eq!(L::dot([(&v, &w)], []).to_array(), at(&|i| d[i] * e[i]), "one product");
        let pairs = [(&x, &y), (&v, &w), (&w, &w), (&z, &v), (&v, &v), (&y, &y), (&w, &x)];
        let sum =
            |i: usize| a[i] * b[i] + d[i] * e[i] + e[i] * e[i] + c[i] * d[i] + d[i] * d[i] + b[i] * b[i] + e[i] * a[i];
        assert_eq!(L::dot(pairs, []).to_array(), at(&sum), "seven products");
        let (two, three) = (v.add(v), x.sub(z));
        let loose = |i: usize| (d[i] + d[i]) * e[i] + (a[i] - c[i]) * d[i];
        assert_eq!(L::dot([], [(&two, &w), (&three, &v)]).to_array(), at(&loose), "loose products");
        let mixed = |i: usize| loose(i) + e[i] * e[i] + d[i] * d[i];
        assert_eq!(L::dot([(&w, &w), (&v, &v)], [(&two, &w), (&three, &v)]).to_array(), at(&mixed), "mixed products");
        let tripled = |i: usize| loose(i) + (d[i] + d[i]) * d[i];
        assert_eq!(L::dot([], [(&two, &w), (&three, &v), (&two, &v)]).to_array(), at(&tripled), "three loose products");
        for from in [[0, 1, 2, 3, 4, 5, 6, 7], [8, 9, 10, 11, 12, 13, 14, 15], [7, 0, 15, 8, 3, 3, 11, 2]] {
            let chosen = |i: usize| if from[i] < 8 { d[from[i] as usize] } else { e[from[i] as usize - 8] };
            assert_eq!(v.pick(w, &from).to_array(), at(&chosen), "picked");
        }
    }
}

fn extends<B: Backend>(backend: B, values: &[Fq2]) {
    for shift in [0, 1, 7, 29] {
        for start in 0..values.len() {
            let at = |stride: usize| {
                std::array::from_fn(|i| values[(start * stride + i * 5 + shift * stride) % values.len()])
            };
            backend.run(Extension::<B::Fq2> { token: backend, a: at(1), b: at(2), c: at(3) });
        }
    }
}

fn conforms<L: Lanes, B: Backend>(backend: B, token: L::Token, values: &[L::Element], random: &mut impl rand::RngCore) {
    // Every value beside others: rotations of the list.
    for shift in [0, 1, 7, 8, 29, (random.next_u32() as usize) % values.len()] {
        for start in (0..values.len()).step_by(3) {
            let at = |stride: usize| {
                std::array::from_fn(|i| values[(start * stride + i * 5 + shift * stride) % values.len()])
            };
            backend.run(Operations::<L> { token, a: at(1), b: at(2), c: at(3) });
        }
    }
}

fn backend<B: Backend>(backend: B) {
    let random = &mut rand_chacha::ChaCha20Rng::seed_from_u64(1);
    let fq = samples::<Fq>(random, 200);
    conforms::<B::Fq, B>(backend, backend, &fq, random);
    conforms::<B::Fr, B>(backend, backend, &samples::<Fr>(random, 200), random);
    let pairs: Vec<Fq2> = (0..400).map(|i| Fq2::new(fq[i * 7 % fq.len()], fq[(i * 13 + i / 50) % fq.len()])).collect();
    conforms::<B::Fq2, B>(backend, backend, &pairs, random);
    extends(backend, &pairs);
    let mut zeros = vec![Fq2::zero(), Fq2::one(), Fq2::new(Fq::zero(), Fq::one())];
    zeros.extend(&pairs[..30]);
    conforms::<B::Fq2, B>(backend, backend, &zeros, random);
    extends(backend, &zeros);
}

#[test]
fn portable_is_arkworks() {
    backend(Portable);
}

#[test]
fn avx512ifma_is_arkworks() {
    match Avx512Ifma::detect() {
        Some(token) => backend(token),
        None => eprintln!("not run: this processor has no avx512ifma"),
    }
}

/// Operations on the largest and the smallest reduced values: what comes out is right, and reduced again.
struct Extremes<L: ExtensionLanes> {
    token: L::Token,
}

impl<L: ExtensionLanes> Work for Extremes<L> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let token = self.token;
        let check = |lanes: L, expected: Fq2, what: &str| {
            let mut rows = [[0; 8]; LANES];
            lanes.store(&mut rows);
            assert!(rows.iter().all(|row| row[3] >> 63 == 0 && row[7] >> 63 == 0), "{what} is not below 2^255");
            assert_eq!(lanes.to_array(), [expected; LANES], "{what}");
        };
        // Coefficients 0 and 2^255 - 1, all four combinations.
        let values: Vec<(L, Fq2)> = (0..4)
            .map(|i| {
                let word = |k: usize, top: u64| if i >> k & 1 == 1 { top } else { 0 };
                let [c0, c1] =
                    [0, 1].map(|k| [word(k, u64::MAX), word(k, u64::MAX), word(k, u64::MAX), word(k, u64::MAX >> 1)]);
                let row = [c0[0], c0[1], c0[2], c0[3], c1[0], c1[1], c1[2], c1[3]];
                let lanes = L::load(token, &[row; LANES]);
                (lanes, lanes.to_array()[0])
            })
            .collect();
        let zero = L::zero(token);
        let nonresidue = Fq2::new(Fq::from(9u64), Fq::one());
        for (x, a) in &values {
            check(x.times_nonresidue(), *a * nonresidue, "non-residue");
            check(x.negated(), -*a, "negated");
            check(x.conjugate(), Fq2::new(a.c0, -a.c1), "conjugate");
            check(L::squared(x), a.square(), "square");
            for (y, b) in &values {
                check(L::product(x, y), *a * b, "product");
                let p = (x, y);
                check(L::dot([p; 7], []), *a * b * Fq2::from(7u64), "seven products");
                // Loose values from 0 to 2^255 + 3 p.
                for (loose, c) in [(x.sub(zero), *a), (x.add(*x), *a + a), (zero.sub(*x), -*a), (x.loose(), *a)] {
                    let p2 = (&loose, y);
                    check(L::dot([], [p2; 3]), c * b * Fq2::from(3u64), "three loose products");
                    let expected = (c * b + *a * b).double();
                    check(L::dot([p; 2], [p2; 2]), expected, "mixed products");
                }
            }
        }
    }
}

#[test]
fn extremes_stay_reduced() {
    match Avx512Ifma::detect() {
        Some(token) => token.run(Extremes::<<Avx512Ifma as Backend>::Fq2> { token }),
        None => eprintln!("not run: this processor has no avx512ifma"),
    }
}

struct Integers<L: PrimeLanes> {
    token: L::Token,
    a: Eight<L::Element>,
}

impl<L: PrimeLanes> Work for Integers<L>
where
    L::Element: Modulus,
{
    type Output = ();

    #[inline(always)]
    fn run(self) {
        assert_eq!(L::integers(self.token, &self.a), self.a.map(|a| a.into_bigint().0), "integers");
    }
}

fn integers<B: Backend>(backend: B) {
    let random = &mut rand_chacha::ChaCha20Rng::seed_from_u64(2);
    for eight in samples::<Fr>(random, 200).as_chunks::<LANES>().0 {
        backend.run(Integers::<B::Fr> { token: backend, a: *eight });
    }
    for eight in samples::<Fq>(random, 200).as_chunks::<LANES>().0 {
        backend.run(Integers::<B::Fq> { token: backend, a: *eight });
    }
}

#[test]
fn integers_are_arkworks() {
    integers(Portable);
    if let Some(token) = Avx512Ifma::detect() {
        integers(token);
    }
}

/// `x -> x^2 - x - c`, a thousand times over each lane, where a wrong bound would show in the end.
struct Walk<L: Lanes> {
    token: L::Token,
    start: Eight<L::Element>,
}

impl<L: Lanes> Work for Walk<L> {
    type Output = Eight<L::Element>;

    #[inline(always)]
    fn run(self) -> Self::Output {
        let c = L::from_array(self.token, &self.start);
        let mut x = c;
        for _ in 0..1000 {
            let wide = L::mul(x.sub(c), x.add(c));
            x = wide.sub_two(x, c);
        }
        x.to_array()
    }
}

fn walk<M: Modulus>(backend: impl Fn(Eight<M>) -> Eight<M>) {
    let p = BigUint::from_slice(&M::WORDS.iter().flat_map(|w| [*w as u32, (*w >> 32) as u32]).collect::<Vec<_>>());
    let random = &mut rand_chacha::ChaCha20Rng::seed_from_u64(1);
    for values in edges::<M>().chunks_exact(LANES).map(<[M]>::to_vec).chain([(0..8).map(|_| M::rand(random)).collect()])
    {
        let start: Eight<M> = values.try_into().expect("eight");
        let ends = backend(start);
        for (start, end) in start.iter().zip(ends) {
            let c: BigUint = start.into_bigint().into();
            let mut x = c.clone();
            for _ in 0..1000 {
                x = (&x * &x + &p * &p - &c * &c + &p + &p - &x - &c) % &p;
            }
            let end: BigUint = end.into_bigint().into();
            assert_eq!(end, x, "{} from {start}", M::NAME);
        }
    }
}

#[test]
fn long_walks_end_where_big_integers_do() {
    walk::<Fq>(|start| Portable.run(Walk::<<Portable as Backend>::Fq> { token: Portable, start }));
    walk::<Fr>(|start| Portable.run(Walk::<<Portable as Backend>::Fr> { token: Portable, start }));
    if let Some(token) = Avx512Ifma::detect() {
        walk::<Fq>(|start| token.run(Walk::<<Avx512Ifma as Backend>::Fq> { token, start }));
        walk::<Fr>(|start| token.run(Walk::<<Avx512Ifma as Backend>::Fr> { token, start }));
    }
}
