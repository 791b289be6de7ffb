//! Keys of snarkjs: development keys for matrices, written as files; files, decoded.
#![allow(dead_code, reason = "each test file uses its own part")]

use zera_iden3::zkey::{Matrix, Point, Points};
use zera_iden3::{Zkey, ZkeyParts, write_zkey};
use zera_params::dev_snarkjs_key;
use zera_prover::{Rows, SnarkjsKey};
use zera_r1cs::Matrices;

/// The development key of these matrices as a file.
pub fn dev_file(matrices: &Matrices) -> Vec<u8> {
    let key = dev_snarkjs_key(matrices).expect("a key");
    let parts = ZkeyParts {
        alpha_g1: key.vk.alpha_g1,
        beta_g1: key.beta_g1,
        beta_g2: key.vk.beta_g2,
        gamma_g2: key.vk.gamma_g2,
        delta_g1: key.delta_g1,
        delta_g2: key.vk.delta_g2,
        ic: &key.vk.gamma_abc_g1,
        a: &key.a_query,
        b_g1: &key.b_g1_query,
        b_g2: &key.b_g2_query,
        c: &key.l_query,
        h: &key.h_query,
    };
    write_zkey(&parts, matrices).expect("lists that fit the matrices")
}

/// What a prover needs of a file.
pub fn decoded(file: &Zkey<'_>) -> SnarkjsKey {
    let header = &file.header;
    let rows = |matrix: Matrix| {
        let terms = file.coefficients.iter().map(|term| term.expect("a term")).filter(|term| term.matrix == matrix);
        let terms = terms.map(|term| (term.row, term.wire, term.value)).collect();
        Rows::new(header.domain, header.wires, terms).expect("checked by the reader")
    };
    SnarkjsKey {
        publics: header.publics,
        alpha_g1: header.alpha_g1,
        beta_g1: header.beta_g1,
        beta_g2: header.beta_g2,
        delta_g1: header.delta_g1,
        delta_g2: header.delta_g2,
        a: all(&file.a),
        b_g1: all(&file.b_g1),
        b_g2: all(&file.b_g2),
        c: all(&file.c),
        h: all(&file.h),
        left: rows(Matrix::A),
        right: rows(Matrix::B),
    }
}

pub fn all<P: Point>(points: &Points<'_, P>) -> Vec<P> {
    points.iter().collect::<Result<_, _>>().expect("points")
}
