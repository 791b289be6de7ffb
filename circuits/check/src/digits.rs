//! Equations of bounded integers, and when their digits are the only ones.

use crate::error::Reason;
use crate::facts::{Facts, two_valued};
use crate::form::Form;
use crate::range::{Range, in_bounds, integer};
use ark_bn254::Fr;
use ark_ff::{Field, One, Zero};
use ethnum::I256;

/// `known + sum_i c_i u_i = {0, slack}`: a row with its undetermined part apart.
pub(crate) struct Equation {
    /// The determined part where it is linear; what it is does not matter for uniqueness.
    pub(crate) known: Option<Form>,
    pub(crate) unknown: Form,
    pub(crate) slack: Option<Fr>,
}

impl Equation {
    /// A row `L (L - s) = 0`, or one whose undetermined wires stand under a constant factor or in C.
    pub(crate) fn new(forms: &[Form; 3], pending: impl Fn(u32) -> bool) -> Result<Equation, Reason> {
        let part = |form: &Form| form.filter(&pending);
        let rest = |form: &Form| form.filter(|wire| !pending(wire));
        if let Some((form, size)) = two_valued(forms) {
            return Ok(Equation { known: Some(rest(&form)), unknown: part(&form), slack: Some(size) });
        }
        let [a, b, c] = forms;
        let linear = match (a.as_constant(), b.as_constant()) {
            (Some(factor), _) => Some(b.scale(factor)),
            (_, Some(factor)) => Some(a.scale(factor)),
            _ => None,
        };
        match linear {
            Some(product) => {
                let form = product.add_scaled(c, -Fr::one());
                Ok(Equation { known: Some(rest(&form)), unknown: part(&form), slack: None })
            }
            None if part(a).len() == 0 && part(b).len() == 0 => {
                Ok(Equation { known: None, unknown: part(c).scale(-Fr::one()), slack: None })
            }
            None => Err(Reason::NotLinear),
        }
    }
}

/// Bounded integers with weights, `sum_i weight_i u_i`, with a slack of 0 or 1 under a weight of its own: weight, wire (0 for
/// the slack), range; by the size of the weight.
pub(crate) struct Digits(Vec<(I256, u32, Range)>);

impl Digits {
    /// The terms of `form` for `wires`, the coefficient of the first as the unit.
    pub(crate) fn new(facts: &Facts<'_>, form: &Form, wires: &[u32], slack: Option<Fr>) -> Result<Digits, Reason> {
        let mut digits = Vec::with_capacity(wires.len() + 1);
        let first = *wires.first().ok_or(Reason::Form)?;
        let inverse = form.coefficient(first).inverse().ok_or(Reason::Absent { wire: first })?;
        for &wire in wires {
            let coefficient = form.coefficient(wire);
            if coefficient.is_zero() {
                return Err(Reason::Absent { wire });
            }
            let weight = integer(coefficient * inverse).ok_or(Reason::NotLinear)?;
            digits.push((weight, wire, facts.range_of(wire).ok_or(Reason::Unbounded { wire })?));
        }
        if let Some(size) = slack {
            digits.push((integer(-size * inverse).ok_or(Reason::NotLinear)?, 0, Range::BOOLEAN));
        }
        digits.sort_by_key(|(weight, wire, _)| (weight.abs(), *wire));
        Ok(Digits(digits))
    }

    /// How far two sums can be apart, if only equal digits have equal sums.
    ///
    /// # Correctness
    /// Say two lists of digits differ, last at `k`. The sums differ by at least `|weight_k|` there, and by less below,
    /// because each weight is above what all the lower ones can differ by together.
    pub(crate) fn unique(&self) -> Result<I256, Reason> {
        let mut below = I256::ZERO;
        for (weight, wire, range) in &self.0 {
            if weight.abs() <= below {
                return Err(Reason::Overlap { wire: *wire });
            }
            below = span(below, *weight, *range)?;
        }
        Ok(below)
    }

    /// The sums that digits exist for, where these are all integers of a range: weights `1, m_1, m_1 m_2, ..` but for
    /// their signs, and `m_i` values for digit `i`. As a multiple of the unit.
    pub(crate) fn complete(&self) -> Option<Range> {
        let (mut next, mut least) = (I256::ONE, I256::ZERO);
        for (weight, _, range) in &self.0 {
            if weight.abs() != next {
                return None;
            }
            least += weight.checked_mul(range.lo)?.min(weight.checked_mul(range.hi)?);
            next = next.checked_mul(range.width() + I256::ONE).filter(|next| in_bounds(*next))?;
        }
        Range::new(least, least + next - I256::ONE)
    }
}

/// `below + |weight| (hi - lo)`.
fn span(below: I256, weight: I256, range: Range) -> Result<I256, Reason> {
    let more = weight.abs().checked_mul(range.width()).filter(|more| in_bounds(*more)).ok_or(Reason::Wraps)?;
    Some(below + more).filter(|sum| in_bounds(*sum)).ok_or(Reason::Wraps)
}

/// Shows that an equation determines `wires`. Whether each value of the rest has digits is the result: if not, the row
/// also refuses something. `monomials` are coefficients of undetermined products of bits that are in the equation as
/// well. The caller says what range a form has without this row, and may know of one that it is never negative.
///
/// # Correctness
/// Two assignments that agree on what is determined differ by `D + R = 0`, where `D` comes from the digits, slack
/// included, and `R` from the undetermined rest. Both are sums of integers that together stay below `2^250`, so this
/// holds over the integers. The rest's weights are multiples of `m`, so `m` divides `D`; as `|D| < m`, `D = 0`, and the
/// digits agree ([`Digits::unique`]). Without a rest, `D = 0` at once. The slack may as well count as rest.
pub(crate) fn determine(
    facts: &Facts<'_>,
    equation: &Equation,
    monomials: &[Fr],
    wires: &[u32],
    range: impl Fn(&Form) -> Option<Range>,
    not_negative: Option<&Form>,
) -> Result<bool, Reason> {
    let Equation { known, unknown, slack } = equation;
    let first = *wires.first().ok_or(Reason::Form)?;
    let inverse = unknown.coefficient(first).inverse().ok_or(Reason::Absent { wire: first })?;
    let weight = |coefficient: Fr| integer(coefficient * inverse).ok_or(Reason::NotLinear);
    let mut named_wires = wires.to_vec();
    named_wires.sort_unstable();
    let others = unknown.filter(|wire| named_wires.binary_search(&wire).is_err());
    let mut rest = Vec::with_capacity(others.len() + monomials.len() + 1);
    for (wire, coefficient) in others.terms() {
        rest.push((weight(*coefficient)?, facts.range_of(*wire).ok_or(Reason::Unbounded { wire: *wire })?));
    }
    for coefficient in monomials {
        rest.push((weight(*coefficient)?, Range::BOOLEAN));
    }
    let modulus = rest.iter().fold(I256::ZERO, |modulus, (weight, _)| gcd(modulus, weight.abs()));
    let mut slack_digit = *slack;
    if let Some(size) = slack
        && modulus != I256::ZERO
        && weight(-*size)? % modulus == I256::ZERO
    {
        rest.push((weight(-*size)?, Range::BOOLEAN));
        slack_digit = None;
    }
    let digits = Digits::new(facts, unknown, wires, slack_digit)?;
    let named = digits.unique()?;
    rest.iter().try_fold(named, |total, (weight, range)| span(total, *weight, *range))?;
    if !rest.is_empty() {
        let wire = others.symbols().next().unwrap_or_default();
        return if modulus > named { Ok(false) } else { Err(Reason::Overlap { wire }) };
    }
    let sum = known.as_ref().map(|known| known.scale(-inverse));
    let Some((sum, complete)) = sum.zip(digits.complete()) else { return Ok(false) };
    Ok(range(&sum).is_some_and(|range| {
        let low = complete.lo <= range.lo || complete.lo == I256::ZERO && not_negative == Some(&sum);
        low && range.hi <= complete.hi
    }))
}

fn gcd(mut a: I256, mut b: I256) -> I256 {
    while b != I256::ZERO {
        (a, b) = (b, a % b);
    }
    a
}
