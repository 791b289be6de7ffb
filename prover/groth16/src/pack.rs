//! Packed keys: what an engine makes of a proving key, as a file that is used where it lies.
//!
//! ```text
//! numbers and words in this machine's order
//!   0     8    magic, "zerapack"
//!   8     4    version, 1
//!   12    4    0x01020304: the order
//!   16    16   name of the engine's form, then zeros
//!   32    32   SHA-256 of what the key was made of: of a .zkey, or of arkworks' proving key
//!   64    4    reduction: 0 coefficients (arkworks' keys), 1 odd coset (snarkjs')
//!   68    4    public wires, without wire 0
//!   72    8    wires, with wire 0
//!   80    8    size of the domain
//!   88    448  alpha and beta in G1, beta in G2, delta in G1, delta in G2: coordinates of 4 words, Montgomery form, R = 2^256
//!   536   256  16 sections, each its start and its length (u64): points of A, B1, B2, H, L; for each of these lists the
//!              indices of those that are not infinity, of no length where all are; of the matrices A and B the starts of
//!              rows, wires, values, of no length where there are no matrices
//!   792   32   SHA-256 of the SHA-256s of every MiB from 4096 on
//!   824   32   SHA-256 of bytes 0..824
//!   4096  ..   sections, each at a multiple of 64
//! ```
//!
//! The file is this machine's own: another form of coordinates, another order of bytes, or another version is refused, and
//! made again. It holds nothing secret.
//!
//! # What is trusted
//! A packed key is only written of a key whose points were checked. Opening it checks every byte against the digest in it, at
//! more than a GB a second a thread, so damage is found; and every index, so that nothing in it makes a prover panic. Whoever
//! may write the file can still put other points there: keep it in a folder of one's own, and verify each proof before it
//! leaves the house.

use std::io::{self, Seek, SeekFrom, Write};
use std::ops::Range;

use ark_bn254::{Fq, Fq2, G1Affine, G2Affine};
use ark_ff::{BigInt, PrimeField};
use rayon::prelude::*;
use sha2::{Digest, Sha256};
use zera_kernels::{Bases, Engine, FormError, NttError, Parts, Slice};
use zera_r1cs::Matrices;

use crate::assignment::domain_size;
use crate::error::ProveError;
use crate::prover::{Fixed, Prover, Reduction};
use crate::rows::Rows;
use crate::zkey::SnarkjsProver;

/// What such a file starts with.
pub const MAGIC: &[u8; 8] = b"zerapack";
/// The version that this build reads and writes.
pub const VERSION: u32 = 1;

const ORDER: u32 = 0x0102_0304;
const FORM_LEN: usize = 16;
const LISTS: usize = 5;
const SECTIONS: usize = 2 * LISTS + 6;
const FIXED_LEN: usize = 14 * 32;
/// Bytes of the header that its own digest covers.
const COVERED: usize = 88 + FIXED_LEN + 16 * SECTIONS + 32;
/// Where the sections start.
const START: usize = 4096;
/// A section starts at a multiple of this: a cache line, and a point.
const ALIGN: usize = 64;
/// Bytes that are hashed at a time.
const CHUNK: usize = 1 << 20;

const _: () = assert!(COVERED == 824 && COVERED + 32 <= START);

/// Why bytes are not the packed key that was asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PackError {
    /// Another kind of file, or less than its header.
    #[error("packed key: does not start as one")]
    Magic,
    /// Of another version, or of a machine with another order of bytes.
    #[error("packed key: version {got}, this build reads {VERSION} in its own order of bytes")]
    Version {
        /// The file's.
        got: u32,
    },
    /// The header is damaged.
    #[error("packed key: the header does not have its digest")]
    Header,
    /// In the form of another engine.
    #[error("packed key: in the form {got:?}, expected {expected:?}")]
    Form {
        /// The engine's.
        expected: String,
        /// The file's.
        got: String,
    },
    /// Made of another key.
    #[error("packed key: made of another key")]
    Source,
    /// For a circuit of other sizes.
    #[error("packed key: wires, publics and domain {got:?}, the circuit has {expected:?}")]
    Sizes {
        /// The circuit's.
        expected: [usize; 3],
        /// The file's.
        got: [usize; 3],
    },
    /// Of arkworks where snarkjs' was asked for, or the reverse.
    #[error("packed key: for the other reduction")]
    Reduction,
    /// The content is damaged.
    #[error("packed key: the content does not have its digest")]
    Content,
    /// A section is not in the file.
    #[error("packed key: section {section} is not in the file")]
    Section {
        /// Its number.
        section: usize,
    },
    /// A list is none.
    #[error("packed key: {0}")]
    List(#[from] FormError),
    /// Rows are none.
    #[error("packed key: matrix {matrix} is not one of its sizes")]
    Rows {
        /// 0 for A, 1 for B.
        matrix: usize,
    },
    /// One of the points that there is one of is none.
    #[error("packed key: a fixed point is not on its curve")]
    Point,
    /// Lists do not fit each other.
    #[error("packed key: {0}")]
    Key(#[from] ProveError),
}

impl From<NttError> for PackError {
    fn from(error: NttError) -> PackError {
        PackError::Key(error.into())
    }
}

impl Prover {
    /// Writes the key as a packed one, made of what has this digest, from the start of `out`. `engine` has taken the key.
    ///
    /// # Errors
    /// Those of `out`; [`io::ErrorKind::Unsupported`] where the engine keeps no bases as bytes.
    pub fn pack(&self, engine: &dyn Engine, source: &[u8; 32], out: &mut (impl Write + Seek)) -> io::Result<()> {
        write(self, None, engine, source, out)
    }

    /// The key that [`pack`](Self::pack) wrote, for these matrices; its lists stay where they are.
    ///
    /// # Errors
    /// [`PackError`].
    pub fn unpack(
        engine: &dyn Engine,
        packed: &Slice,
        source: &[u8; 32],
        matrices: &Matrices,
    ) -> Result<Prover, PackError> {
        let file = File::open(engine, packed, source)?;
        if file.reduction != Reduction::Coefficients {
            return Err(PackError::Reduction);
        }
        let expected = [matrices.wires as usize, matrices.publics as usize, domain_size(matrices)];
        let got = [file.wires, file.publics, file.domain];
        if got != expected {
            return Err(PackError::Sizes { expected, got });
        }
        file.prover(engine)
    }
}

impl SnarkjsProver {
    /// Writes the key as a packed one, as [`Prover::pack`].
    ///
    /// # Errors
    /// As [`Prover::pack`].
    pub fn pack(&self, engine: &dyn Engine, source: &[u8; 32], out: &mut (impl Write + Seek)) -> io::Result<()> {
        write(&self.prover, Some([&self.left, &self.right]), engine, source, out)
    }

    /// The key that [`pack`](Self::pack) wrote; its lists and matrices stay where they are.
    ///
    /// # Errors
    /// [`PackError`].
    pub fn unpack(engine: &dyn Engine, packed: &Slice, source: &[u8; 32]) -> Result<SnarkjsProver, PackError> {
        let file = File::open(engine, packed, source)?;
        if file.reduction != Reduction::Odd {
            return Err(PackError::Reduction);
        }
        // A start for each row is there, so the domain is in proportion to the file.
        let [left, right] = [file.rows(0)?, file.rows(1)?];
        let prover = file.prover(engine)?;
        Ok(SnarkjsProver { prover, left, right })
    }
}

fn write(
    prover: &Prover,
    rows: Option<[&Rows; 2]>,
    engine: &dyn Engine,
    source: &[u8; 32],
    out: &mut (impl Write + Seek),
) -> io::Result<()> {
    let unsupported = || io::Error::new(io::ErrorKind::Unsupported, FormError::None);
    let form = engine.form().filter(|form| form.len() <= FORM_LEN).ok_or_else(unsupported)?;
    let lists = [prover.a.parts(), prover.b_g1.parts(), prover.b_g2.parts(), prover.h.parts(), prover.l.parts()];
    let mut sections: [&[u8]; SECTIONS] = [&[]; SECTIONS];
    for (i, list) in lists.into_iter().enumerate() {
        let list = list.ok_or_else(unsupported)?;
        sections[i] = list.points;
        sections[LISTS + i] = list.kept.unwrap_or_default();
    }
    for (i, part) in rows.into_iter().flatten().flat_map(Rows::parts).enumerate() {
        sections[2 * LISTS + i] = part;
    }

    // The header comes last: without it, what is there is no packed key.
    out.seek(SeekFrom::Start(0))?;
    out.write_all(&[0; START])?;
    let mut content = Chunks::default();
    let mut places = Vec::with_capacity(16 * SECTIONS);
    let mut at = START;
    for section in sections {
        places.extend_from_slice(&(at as u64).to_ne_bytes());
        places.extend_from_slice(&(section.len() as u64).to_ne_bytes());
        let padding = [0; ALIGN];
        for part in [section, &padding[..section.len().next_multiple_of(ALIGN) - section.len()]] {
            out.write_all(part)?;
            content.update(part);
            at += part.len();
        }
    }

    let mut header = Vec::with_capacity(START);
    header.extend_from_slice(MAGIC);
    for number in [VERSION, ORDER] {
        header.extend_from_slice(&number.to_ne_bytes());
    }
    header.extend_from_slice(form.as_bytes());
    header.resize(32, 0);
    header.extend_from_slice(source);
    for number in [u32::from(prover.reduction == Reduction::Odd), prover.publics as u32] {
        header.extend_from_slice(&number.to_ne_bytes());
    }
    for number in [prover.a.len() as u64, prover.domain as u64] {
        header.extend_from_slice(&number.to_ne_bytes());
    }
    prover.fixed.put(&mut header);
    header.extend_from_slice(&places);
    header.extend_from_slice(&content.finish());
    assert_eq!(header.len(), COVERED, "the layout above");
    let digest = Sha256::digest(&header);
    header.extend_from_slice(&digest);
    out.seek(SeekFrom::Start(0))?;
    out.write_all(&header)?;
    out.flush()
}

/// The digest of the content, as it comes.
#[derive(Default)]
struct Chunks {
    chunk: Sha256,
    len: usize,
    all: Sha256,
}

impl Chunks {
    fn update(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let (now, later) = bytes.split_at(bytes.len().min(CHUNK - self.len));
            self.chunk.update(now);
            self.len += now.len();
            bytes = later;
            if self.len == CHUNK {
                self.all.update(self.chunk.finalize_reset());
                self.len = 0;
            }
        }
    }

    fn finish(mut self) -> [u8; 32] {
        if self.len > 0 {
            self.all.update(self.chunk.finalize());
        }
        self.all.finalize().into()
    }
}

/// The same of bytes that are there, on the current rayon pool.
fn digest(content: &[u8]) -> [u8; 32] {
    let chunks: Vec<_> = content.par_chunks(CHUNK).map(Sha256::digest).collect();
    let mut all = Sha256::new();
    chunks.iter().for_each(|chunk| all.update(chunk));
    all.finalize().into()
}

impl Fixed {
    fn put(&self, out: &mut Vec<u8>) {
        let Fixed { alpha_g1, beta_g1, beta_g2, delta_g1, delta_g2 } = self;
        let g1 = |point: &G1Affine| [point.x, point.y];
        let g2 = |point: &G2Affine| [point.x.c0, point.x.c1, point.y.c0, point.y.c1];
        let coordinates = [g1(alpha_g1), g1(beta_g1)].concat().into_iter().chain(g2(beta_g2));
        for coordinate in coordinates.chain(g1(delta_g1)).chain(g2(delta_g2)) {
            out.extend_from_slice(bytemuck::bytes_of(&coordinate.0.0));
        }
    }

    /// None of them is infinity in a key that a verifier takes, and zeros are on no curve.
    fn take(bytes: &[u8]) -> Option<Fixed> {
        let mut words = bytes.as_chunks::<32>().0.iter();
        let mut next = || {
            let integer = BigInt(bytemuck::pod_read_unaligned(words.next()?));
            (integer < Fq::MODULUS).then(|| Fq::new_unchecked(integer))
        };
        let mut pair = || Some([next()?, next()?]);
        let g1 = |[x, y]: [Fq; 2]| Some(G1Affine::new_unchecked(x, y)).filter(G1Affine::is_on_curve);
        let g2 = |[x0, x1]: [Fq; 2], [y0, y1]: [Fq; 2]| {
            Some(G2Affine::new_unchecked(Fq2::new(x0, x1), Fq2::new(y0, y1))).filter(G2Affine::is_on_curve)
        };
        Some(Fixed {
            alpha_g1: g1(pair()?)?,
            beta_g1: g1(pair()?)?,
            beta_g2: g2(pair()?, pair()?)?,
            delta_g1: g1(pair()?)?,
            delta_g2: g2(pair()?, pair()?)?,
        })
    }
}

/// A packed key whose digests were compared.
struct File<'a> {
    bytes: &'a Slice,
    reduction: Reduction,
    publics: usize,
    wires: usize,
    domain: usize,
    fixed: Fixed,
    sections: [Range<u64>; SECTIONS],
}

impl<'a> File<'a> {
    fn open(engine: &dyn Engine, bytes: &'a Slice, source: &[u8; 32]) -> Result<File<'a>, PackError> {
        let header: &[u8; START] = bytes.first_chunk().ok_or(PackError::Magic)?;
        let mut rest = &header[..COVERED];
        let mut take = |len: usize| {
            let (now, later) = rest.split_at(len);
            rest = later;
            now
        };
        let u32_of = |bytes: &[u8]| u32::from_ne_bytes(bytes.try_into().expect("four bytes are taken"));
        let u64_of = |bytes: &[u8]| u64::from_ne_bytes(bytes.try_into().expect("eight bytes are taken"));
        if take(8) != MAGIC {
            return Err(PackError::Magic);
        }
        let (version, order) = (u32_of(take(4)), u32_of(take(4)));
        if (version, order) != (VERSION, ORDER) {
            return Err(PackError::Version { got: version });
        }
        let covered: [u8; 32] = Sha256::digest(&header[..COVERED]).into();
        if header[COVERED..COVERED + 32] != covered {
            return Err(PackError::Header);
        }
        let form = take(FORM_LEN);
        let expected = engine.form().ok_or(FormError::None)?;
        let got = String::from_utf8_lossy(form);
        let got = got.trim_end_matches('\0');
        if got != expected {
            return Err(PackError::Form { expected: expected.to_owned(), got: got.to_owned() });
        }
        if take(32) != source {
            return Err(PackError::Source);
        }
        let reduction = if u32_of(take(4)) == 1 { Reduction::Odd } else { Reduction::Coefficients };
        let publics = u32_of(take(4)) as usize;
        let [wires, domain] =
            [u64_of(take(8)), u64_of(take(8))].map(|number| usize::try_from(number).unwrap_or(usize::MAX));
        let fixed = Fixed::take(take(FIXED_LEN)).ok_or(PackError::Point)?;
        let mut sections = [const { 0..0 }; SECTIONS];
        for section in &mut sections {
            let start = u64_of(take(8));
            *section = start..start.saturating_add(u64_of(take(8)));
        }
        if digest(&bytes[START..]) != take(32) {
            return Err(PackError::Content);
        }
        Ok(File { bytes, reduction, publics, wires, domain, fixed, sections })
    }

    fn section(&self, section: usize) -> Result<Slice, PackError> {
        let Range { start, end } = self.sections[section].clone();
        let part = || self.bytes.part(usize::try_from(start).ok()?..usize::try_from(end).ok()?);
        part().ok_or(PackError::Section { section })
    }

    fn parts(&self, list: usize, len: usize) -> Result<Parts<Slice>, PackError> {
        let kept = self.section(LISTS + list)?;
        let points = self.section(list)?;
        // A list of infinities has neither points nor a length of indices to tell it from one that has all.
        let kept = if kept.is_empty() && (len == 0 || !points.is_empty()) { None } else { Some(kept) };
        Ok(Parts { len, points, kept })
    }

    fn prover(&self, engine: &dyn Engine) -> Result<Prover, PackError> {
        let File { publics, wires, domain, .. } = *self;
        let privates = wires.checked_sub(publics + 1).ok_or(PackError::Section { section: 0 })?;
        let h = match self.reduction {
            Reduction::Coefficients => domain.saturating_sub(1),
            Reduction::Odd => domain,
        };
        let g1 = |list, len| -> Result<Box<dyn Bases<_>>, PackError> { Ok(engine.adopt_g1(self.parts(list, len)?)?) };
        Ok(Prover {
            reduction: self.reduction,
            domain,
            publics,
            fixed: self.fixed.clone(),
            a: g1(0, wires)?,
            b_g1: g1(1, wires)?,
            b_g2: engine.adopt_g2(self.parts(2, wires)?)?,
            h: g1(3, h)?,
            l: g1(4, privates)?,
            quotients: engine.quotients(domain)?,
        })
    }

    fn rows(&self, matrix: usize) -> Result<Rows, PackError> {
        let refuse = || PackError::Rows { matrix };
        let [starts, of, values] = [0, 1, 2].map(|part| self.section(2 * LISTS + 3 * matrix + part));
        let wires = u32::try_from(self.wires).map_err(|_| refuse())?;
        let rows = Rows::adopt(wires, [starts?, of?, values?]).ok_or_else(refuse)?;
        if rows.len() == self.domain { Ok(rows) } else { Err(refuse()) }
    }
}
