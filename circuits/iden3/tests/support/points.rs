//! A key of points without meaning over the rows of `example.rs`.

use ark_bn254::{Fr, G1Affine, G2Affine};
use ark_ec::AffineRepr;
use zera_iden3::ZkeyParts;

/// Every list of a key over 5 wires, 2 of them public, and a domain of 8; infinity here and there.
pub struct Lists {
    pub ic: Vec<G1Affine>,
    pub a: Vec<G1Affine>,
    pub b_g1: Vec<G1Affine>,
    pub b_g2: Vec<G2Affine>,
    pub c: Vec<G1Affine>,
    pub h: Vec<G1Affine>,
}

fn point<P: AffineRepr<ScalarField = Fr>>(multiple: u64) -> P {
    (P::generator() * Fr::from(multiple)).into()
}

fn list<P: AffineRepr<ScalarField = Fr>, const N: usize>(multiples: [u64; N]) -> Vec<P> {
    multiples.map(point).to_vec()
}

impl Lists {
    pub fn new() -> Lists {
        Lists {
            ic: list([21, 22, 23]),
            a: list([31, 32, 33, 0, 35]),
            b_g1: list([0, 42, 43, 44, 0]),
            b_g2: list([0, 42, 43, 44, 0]),
            c: list([51, 0]),
            h: list([61, 62, 63, 64, 65, 66, 67, 68]),
        }
    }

    pub fn parts(&self) -> ZkeyParts<'_> {
        ZkeyParts {
            alpha_g1: point(11),
            beta_g1: point(12),
            beta_g2: point(12),
            gamma_g2: point(13),
            delta_g1: point(14),
            delta_g2: point(14),
            ic: &self.ic,
            a: &self.a,
            b_g1: &self.b_g1,
            b_g2: &self.b_g2,
            c: &self.c,
            h: &self.h,
        }
    }
}
