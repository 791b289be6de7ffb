//! The prover of this repository.

use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use anyhow::Result;
use ark_bn254::{Bn254, Fr};
use ark_groth16::Proof;
use rand::rngs::OsRng;
use rayon::ThreadPool;
use zera_iden3::{read_wtns, read_zkey};
use zera_kernels::{Cpu, CpuEngine};
use zera_prover::{Blinding, SnarkjsProver, Stage, Timings, Watch};

use crate::file;
use crate::peer::Peer;

pub struct Ours {
    name: String,
    prover: SnarkjsProver,
    z: Vec<Fr>,
    timings: Timings,
}

impl Ours {
    pub fn new(zkey: &Path, wtns: &[u8], cpu: Option<&str>) -> Result<Ours> {
        let engine = CpuEngine(Cpu::choose(cpu)?);
        // The file goes before the key is taken, as the command does it.
        let key = file::key(&read_zkey(&file::read(zkey)?)?)?;
        let prover = SnarkjsProver::new(&engine, key)?;
        Ok(Ours { name: format!("zera/{}", engine.0.name()), prover, z: read_wtns(wtns)?, timings: Timings::default() })
    }
}

impl Peer for Ours {
    fn name(&self) -> &str {
        &self.name
    }

    fn prove(&mut self, pool: &ThreadPool) -> Result<(Proof<Bn254>, Duration)> {
        let blinding = Blinding::random(&mut OsRng);
        let watch = Watch { progress: &mut |_| (), cancelled: &AtomicBool::new(false) };
        let start = Instant::now();
        let (proof, timings) = pool.install(|| self.prover.prove(&self.z, &blinding, watch))?;
        self.timings = timings;
        Ok((proof, start.elapsed()))
    }

    fn phases(&self) -> serde_json::Value {
        let phase =
            |stage: Stage| (stage.name().to_owned(), (self.timings.of(stage).as_secs_f64() * 1e5).round() / 100.0);
        Stage::ALL.map(phase).into_iter().map(|(name, ms)| (name, ms.into())).collect::<serde_json::Map<_, _>>().into()
    }
}
