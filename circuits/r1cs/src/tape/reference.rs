//! The plain interpreter: every value a scalar, every operation as its name says. Slow, and what is meant.

use super::{Operation, Tape, TapeError, TapeInputs};
use ark_bn254::Fr;
use ark_ff::{AdditiveGroup, BigInt, Field, One, PrimeField, Zero};

impl Tape {
    /// What [`Self::run`] computes, computed without ranges and lanes: for tests and benches.
    ///
    /// # Errors
    /// Those of [`Self::run`].
    #[doc(hidden)]
    pub fn run_reference(&self, inputs: &TapeInputs<'_>) -> Result<Vec<Fr>, TapeError> {
        self.check_lengths(inputs)?;
        let mut z = vec![Fr::ZERO; self.registers()];
        z[0] = Fr::ONE;
        for (at, operation) in self.operations.iter().enumerate() {
            self.step(operation, inputs, &mut z).map_err(|bits| TapeError::Range { operation: at, bits })?;
        }
        z.truncate(self.wires as usize);
        Ok(z)
    }

    /// One operation; the error is the number of bits that a value did not fit.
    fn step(&self, operation: &Operation, inputs: &TapeInputs<'_>, z: &mut [Fr]) -> Result<(), u32> {
        match *operation {
            Operation::PublicByte { to, index } => z[to as usize] = Fr::from(inputs.public[index as usize]),
            Operation::PrivateByte { to, index } => z[to as usize] = Fr::from(inputs.private[index as usize]),
            Operation::Binding { to } => z[to as usize] = inputs.binding,
            Operation::Constant { to, scalar } => z[to as usize] = self.scalars[scalar as usize],
            Operation::Linear { to, constant, first, len } => {
                let mut sum = self.scalars[constant as usize];
                for &(register, scalar) in self.terms(first, len) {
                    let value = &z[register as usize];
                    match scalar {
                        0 => sum += value,
                        1 => sum -= value,
                        // Skipping zeros pays: most values are bits, and most bits of small numbers are 0.
                        _ if value.is_zero() => {}
                        _ => sum += self.scalars[scalar as usize] * value,
                    }
                }
                z[to as usize] = sum;
            }
            Operation::Multiply { to, left, right } => z[to as usize] = z[left as usize] * z[right as usize],
            Operation::Bits { from, first, len } => {
                let BigInt(limbs) = z[from as usize].into_bigint();
                if !fits(&limbs, len) {
                    return Err(len);
                }
                for (bit, &to) in self.targets(first, len).iter().enumerate() {
                    let set = limbs[bit / 64] >> (bit % 64) & 1 == 1;
                    z[to as usize] = if set { Fr::ONE } else { Fr::ZERO };
                }
            }
            Operation::InverseOrZero { to, from } => z[to as usize] = z[from as usize].inverse().unwrap_or(Fr::ZERO),
            Operation::IsZero { to, from } => {
                z[to as usize] = if z[from as usize].is_zero() { Fr::ONE } else { Fr::ZERO };
            }
            Operation::Select { to, condition, then, otherwise } => {
                let chosen = if z[condition as usize].is_zero() { otherwise } else { then };
                z[to as usize] = z[chosen as usize];
            }
            Operation::Divide { quotient, remainder, dividend, divisor } => {
                let dividend = integer(&z[dividend as usize])?;
                let divisor = integer(&z[divisor as usize])?;
                z[quotient as usize] = Fr::from(dividend.checked_div(divisor).unwrap_or(0));
                z[remainder as usize] = Fr::from(dividend.checked_rem(divisor).unwrap_or(dividend));
            }
            Operation::Lookup { to, operands, table } => {
                let mut index = 0;
                for (place, operand) in operands.into_iter().enumerate() {
                    let value = &z[operand as usize];
                    if value.is_one() {
                        index |= 1 << place;
                    } else if !value.is_zero() {
                        return Err(1);
                    }
                }
                z[to as usize] = if table >> index & 1 == 1 { Fr::ONE } else { Fr::ZERO };
            }
        }
        Ok(())
    }
}

/// Whether all bits from `len` on are 0.
fn fits(limbs: &[u64; 4], len: u32) -> bool {
    limbs.iter().enumerate().all(|(at, limb)| {
        let below = len.saturating_sub(at as u32 * 64);
        below >= 64 || limb >> below == 0
    })
}

/// The canonical integer, below 2^128.
fn integer(value: &Fr) -> Result<u128, u32> {
    match value.into_bigint() {
        BigInt([low, high, 0, 0]) => Ok(u128::from(high) << 64 | u128::from(low)),
        _ => Err(128),
    }
}
