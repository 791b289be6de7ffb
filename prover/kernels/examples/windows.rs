//! Sums in G1 and G2 at every width of windows around the one that is chosen: what the rule in `msm/window.rs` is held against.
//!
//! `cargo run --release -p zera-kernels --example windows -- [LOG_N,..]`, one thread; microseconds, best of five.

use std::time::{Duration, Instant};

use ark_bn254::{Fr, G1Affine, G1Projective, G2Affine, G2Projective};
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::Field;
use zera_field::{Backend, Cpu, WithBackend};
use zera_kernels::msm::{Table, sum_at, window};

struct Sweep<'a> {
    g1: &'a [G1Affine],
    g2: &'a [G2Affine],
    scalars: &'a [Fr],
}

impl WithBackend for Sweep<'_> {
    type Output = ();
    fn with<B: Backend>(self, backend: B) {
        let Sweep { g1, g2, scalars } = self;
        let (first, second) = (Table::<B::Fq>::new(backend, g1), Table::<B::Fq2>::new(backend, g2));
        let chosen = window::width_for(scalars.len());
        for width in (chosen.saturating_sub(3).max(2)..=chosen + 3).filter(|width| window::WIDTHS.contains(width)) {
            let one = best(|| sum_at::<B, _, ark_bn254::g1::Config>(backend, &first, scalars, width));
            let two = best(|| sum_at::<B, _, ark_bn254::g2::Config>(backend, &second, scalars, width));
            let mark = if width == chosen { "  <- chosen" } else { "" };
            println!("{:>8}  {width:>5}  {:>9}  {:>9}{mark}", scalars.len(), one.as_micros(), two.as_micros());
        }
    }
}

fn best<T>(work: impl Fn() -> T) -> Duration {
    let time = |_| {
        let start = Instant::now();
        std::hint::black_box(work());
        start.elapsed()
    };
    (0..5).map(time).min().expect("five")
}

fn main() {
    let sizes = std::env::args().nth(1).unwrap_or_else(|| "10,12,14,16".to_owned());
    let sizes: Vec<u32> = sizes.split(',').map(|size| size.parse().expect("powers of two, with commas")).collect();
    let cpu = Cpu::from_environment().expect("a backend");
    let n = 1usize << sizes.iter().max().expect("a size");
    let (mut one, mut two) = (G1Projective::from(G1Affine::generator()), G2Projective::from(G2Affine::generator()));
    let (mut g1, mut g2, mut scalars) = (Vec::new(), Vec::new(), vec![Fr::from(3u64).pow([1_000_003])]);
    for _ in 0..n {
        g1.push(one);
        g2.push(two);
        one += G1Affine::generator();
        two += G2Affine::generator();
        scalars.push(scalars[scalars.len() - 1].square());
    }
    let (g1, g2) = (G1Projective::normalize_batch(&g1), G2Projective::normalize_batch(&g2));
    println!("{}, one thread\n{:>8}  {:>5}  {:>9}  {:>9}", cpu.name(), "points", "width", "g1 us", "g2 us");
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a thread");
    for size in sizes {
        let n = 1 << size;
        pool.install(|| cpu.with(Sweep { g1: &g1[..n], g2: &g2[..n], scalars: &scalars[..n] }));
    }
}
