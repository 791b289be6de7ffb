//! rapidsnark, from its shared library.

use std::ffi::{c_char, c_int, c_ulonglong, c_void};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use ark_bn254::{Bn254, Fq, Fq2, G1Affine, G2Affine};
use ark_groth16::Proof;
use libloading::{Library, Symbol};
use rayon::ThreadPool;
use serde_json::Value;

use crate::peer::Peer;

type Create = unsafe extern "C" fn(*mut *mut c_void, *const c_void, c_ulonglong, *mut c_char, c_ulonglong) -> c_int;
type Prove = unsafe extern "C" fn(
    *mut c_void,
    *const c_void,
    c_ulonglong,
    *mut c_char,
    *mut c_ulonglong,
    *mut c_char,
    *mut c_ulonglong,
    *mut c_char,
    c_ulonglong,
) -> c_int;

const TEXT: usize = 1 << 16;

pub struct Rapidsnark {
    library: Library,
    prover: *mut c_void,
    wtns: Vec<u8>,
    /// The prover refers to it.
    _zkey: Vec<u8>,
}

impl Rapidsnark {
    pub fn new(path: &Path, zkey: Vec<u8>, wtns: Vec<u8>) -> Result<Rapidsnark> {
        // SAFETY: the library that the person who measures names; its start-up code is theirs to trust.
        let library = unsafe { Library::new(path) }.with_context(|| path.display().to_string())?;
        let mut prover = std::ptr::null_mut();
        let mut message = vec![0 as c_char; TEXT];
        // SAFETY: `prover.h` declares it so; all buffers outlive the call, and the key outlives the prover.
        let code = unsafe {
            let create: Symbol<'_, Create> = library.get(b"groth16_prover_create")?;
            create(&mut prover, zkey.as_ptr().cast(), zkey.len() as u64, message.as_mut_ptr(), TEXT as u64)
        };
        ensure!(code == 0, "rapidsnark: {}", text(&message));
        Ok(Rapidsnark { library, prover, wtns, _zkey: zkey })
    }
}

impl Peer for Rapidsnark {
    fn name(&self) -> &str {
        "rapidsnark"
    }

    fn prove(&mut self, pool: &ThreadPool) -> Result<(Proof<Bn254>, Duration)> {
        // Its pool has a thread for each processor that the process may use, from the first proof on.
        let processors = std::thread::available_parallelism()?.get();
        let threads = pool.current_num_threads();
        ensure!(threads == processors, "rapidsnark: uses {processors} threads; pin the process to {threads} (taskset)");
        let (mut proof, mut public, mut message) =
            (vec![0 as c_char; TEXT], vec![0 as c_char; TEXT], vec![0 as c_char; TEXT]);
        let (mut proof_len, mut public_len) = (TEXT as u64, TEXT as u64);
        let start = Instant::now();
        // SAFETY: `prover.h` declares it so; all buffers outlive the call and have the lengths given.
        let code = unsafe {
            let prove: Symbol<'_, Prove> = self.library.get(b"groth16_prover_prove")?;
            prove(
                self.prover,
                self.wtns.as_ptr().cast(),
                self.wtns.len() as u64,
                proof.as_mut_ptr(),
                &mut proof_len,
                public.as_mut_ptr(),
                &mut public_len,
                message.as_mut_ptr(),
                TEXT as u64,
            )
        };
        let taken = start.elapsed();
        ensure!(code == 0, "rapidsnark: {}", text(&message));
        Ok((parse(&text(&proof))?, taken))
    }
}

fn text(buffer: &[c_char]) -> String {
    let bytes: Vec<u8> = buffer.iter().map(|c| *c as u8).take_while(|byte| *byte != 0).collect();
    String::from_utf8_lossy(&bytes).into_owned()
}

fn parse(json: &str) -> Result<Proof<Bn254>> {
    let json: Value = serde_json::from_str(json)?;
    let number =
        |value: &Value| -> Result<Fq> { value.as_str().and_then(|text| text.parse().ok()).context("a coordinate") };
    let g1 = |name: &str| Ok::<_, anyhow::Error>(G1Affine::new(number(&json[name][0])?, number(&json[name][1])?));
    let pair = |value: &Value| Ok::<_, anyhow::Error>(Fq2::new(number(&value[0])?, number(&value[1])?));
    let b = G2Affine::new(pair(&json["pi_b"][0])?, pair(&json["pi_b"][1])?);
    Ok(Proof { a: g1("pi_a")?, b, c: g1("pi_c")? })
}
