//! Points as rows, in Edwards form and in Montgomery form `v^2 = u^3 + 168698 u^2 + u`.
//!
//! Edwards `(x, y)` and Montgomery `(u, v)` are the same point where `u = (1 + y) / (1 - y)` and `v = u / x`. Montgomery
//! additions cost half as much and are incomplete: each function says when its denominators are not zero.

use super::curve::{A, D, Point};
use ark_bn254::Fr;
use ark_ff::{Field, MontFp, One};
use zera_ir::{Bit, Builder, Lc};

/// Montgomery's coefficient of `u^2`: `2 (a + d) / (a - d)`. That of `v^2` is `4 / (a - d) = 1`.
pub const MONTGOMERY_A: Fr = MontFp!("168698");

/// A point in Edwards form.
#[derive(Clone, Debug)]
pub struct Edwards {
    pub x: Lc,
    pub y: Lc,
}

/// A point in Montgomery form, not the neutral element.
#[derive(Clone, Debug)]
pub struct Montgomery {
    pub u: Lc,
    pub v: Lc,
}

impl Edwards {
    pub fn constant(point: &Point) -> Edwards {
        Edwards { x: Lc::constant(point.x), y: Lc::constant(point.y) }
    }

    /// Whether the curve's equation holds: five rows.
    pub fn is_on_curve(&self, builder: &mut Builder) -> Bit {
        let (xx, yy) = (builder.mul(&self.x, &self.x), builder.mul(&self.y, &self.y));
        let both = builder.mul(&xx, &yy);
        let one = Fr::one();
        let difference = Lc::combine([(A, &xx), (one, &yy), (-D, &both)]).add_constant(-one);
        builder.is_zero(&difference)
    }

    /// `bit ? self : other`: two rows.
    pub fn select(builder: &mut Builder, bit: &Bit, this: &Edwards, other: &Edwards) -> Edwards {
        Edwards { x: builder.select(bit, &this.x, &other.x), y: builder.select(bit, &this.y, &other.y) }
    }

    /// `2 self`, for a point on the curve: five rows.
    ///
    /// With `p = x y` and `e = a x^2 + y^2 = 1 + d p^2`: `x' e = 2 p` and `y' (2 - e) = y^2 - a x^2 = e - 2 a x^2`. As
    /// `d` is not a square, neither `1 + d p^2` nor `1 - d p^2` is zero (the law is complete).
    pub fn double(&self, builder: &mut Builder) -> Edwards {
        let p = builder.mul(&self.x, &self.y);
        let pp = builder.mul(&p, &p);
        let xx = builder.mul(&self.x, &self.x);
        let (one, two) = (Fr::one(), Fr::from(2));
        let e = pp.scale(D).add_constant(one);
        let x = builder.quotient_assume_nonzero(&p.scale(two), &e);
        let y = builder.quotient_assume_nonzero(&e.add_scaled(&xx, -two * A), &e.scale(-one).add_constant(two));
        Edwards { x, y }
    }

    /// `self + other`, for points on the curve: six rows, complete.
    pub fn add(&self, builder: &mut Builder, other: &Edwards) -> Edwards {
        let sum = Sum::new(builder, self, other);
        let x = builder.quotient_assume_nonzero(&sum.x, &sum.x_over);
        let y = builder.quotient_assume_nonzero(&sum.y, &sum.y_over);
        Edwards { x, y }
    }

    /// Whether each coordinate of `one + other` differs from this point's: ten rows. Any pairs will do; the answer
    /// means something where `one` and `other` are on the curve.
    pub fn differs_from_sum(&self, builder: &mut Builder, one: &Edwards, other: &Edwards) -> [Bit; 2] {
        let sum = Sum::new(builder, one, other);
        [(&self.x, &sum.x_over, &sum.x), (&self.y, &sum.y_over, &sum.y)].map(|(coordinate, over, numerator)| {
            let product = builder.mul(coordinate, over);
            builder.is_zero(&product.sub(numerator)).not()
        })
    }

    /// The Montgomery form of a point whose order is neither 1 nor 2: two rows.
    ///
    /// Only those two have `y = 1` or `x = 0`.
    pub fn to_montgomery(&self, builder: &mut Builder) -> Montgomery {
        let one = Fr::one();
        let u = builder.quotient_assume_nonzero(&self.y.add_constant(one), &self.y.scale(-one).add_constant(one));
        let v = builder.quotient_assume_nonzero(&u, &self.x);
        Montgomery { u, v }
    }
}

/// A sum before the divisions: `x / x_over`, `y / y_over`.
struct Sum {
    x: Lc,
    x_over: Lc,
    y: Lc,
    y_over: Lc,
}

impl Sum {
    /// Four rows: `beta = x1 y2`, `gamma = y1 x2`, `delta = (y1 - a x1) (x2 + y2)`, `tau = beta gamma`. Then
    /// `x (1 + d tau) = beta + gamma` and `y (1 - d tau) = y1 y2 - a x1 x2 = delta + a beta - gamma`.
    fn new(builder: &mut Builder, p: &Edwards, q: &Edwards) -> Sum {
        let one = Fr::one();
        let beta = builder.mul(&p.x, &q.y);
        let gamma = builder.mul(&p.y, &q.x);
        let delta = builder.mul(&p.y.add_scaled(&p.x, -A), &q.x.add(&q.y));
        let tau = builder.mul(&beta, &gamma);
        Sum {
            x: beta.add(&gamma),
            x_over: tau.scale(D).add_constant(one),
            y: delta.add_scaled(&beta, A).sub(&gamma),
            y_over: tau.scale(-D).add_constant(one),
        }
    }
}

impl Montgomery {
    /// A known point; `None` for those without a form here, of order 1 and 2.
    pub fn coordinates(point: &Point) -> Option<(Fr, Fr)> {
        let one = Fr::one();
        let u = (one + point.y) * (one - point.y).inverse()?;
        Some((u, u * point.x.inverse()?))
    }

    /// `self + other` where `self` is neither `other` nor `-other`, so that the `u` differ: three rows.
    pub fn add_assume_distinct(&self, builder: &mut Builder, other: &Montgomery) -> Montgomery {
        let slope = builder.quotient_assume_nonzero(&other.v.sub(&self.v), &other.u.sub(&self.u));
        self.third(builder, &other.u, &slope)
    }

    /// `2 self + other`, as `(self + other) + self`, where `self` is neither `other` nor `-other` and `2 self` is not
    /// `-other`: five rows.
    ///
    /// With the slope `s` of the first line, `u_R = s^2 - A - u_P - u_Q`, the second slope is `t - s` where
    /// `t (u_P - u_R) = 2 v_P`; `R = P + Q` is neither `P` (then `Q` were neutral) nor `-P`.
    pub fn double_and_add_assume_distinct(&self, builder: &mut Builder, other: &Montgomery) -> Montgomery {
        let first = builder.quotient_assume_nonzero(&other.v.sub(&self.v), &other.u.sub(&self.u));
        let square = builder.mul(&first, &first);
        let between = square.sub(&self.u).sub(&other.u).add_constant(-MONTGOMERY_A);
        let turn = builder.quotient_assume_nonzero(&self.v.scale(Fr::from(2)), &self.u.sub(&between));
        self.third(builder, &between, &turn.sub(&first))
    }

    /// What a line of this slope through this point and one at `other_u` makes their sum: two rows.
    fn third(&self, builder: &mut Builder, other_u: &Lc, slope: &Lc) -> Montgomery {
        let square = builder.mul(slope, slope);
        let u = square.sub(&self.u).sub(other_u).add_constant(-MONTGOMERY_A);
        let v = builder.mul(slope, &self.u.sub(&u)).sub(&self.v);
        Montgomery { u, v }
    }

    /// The Edwards form: three rows, for every point.
    ///
    /// `x = u / v = v / (u^2 + A u + 1)`, whose denominator has no root as `A^2 - 4` is not a square, and
    /// `y = (u - 1) / (u + 1)`, where `u = -1` would need `v^2 = A - 2 = d`.
    pub fn to_edwards(&self, builder: &mut Builder) -> Edwards {
        let one = Fr::one();
        let square = builder.mul(&self.u, &self.u);
        let over = square.add_scaled(&self.u, MONTGOMERY_A).add_constant(one);
        let x = builder.quotient_assume_nonzero(&self.v, &over);
        let y = builder.quotient_assume_nonzero(&self.u.add_constant(-one), &self.u.add_constant(one));
        Edwards { x, y }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the denominators rely on.
    #[test]
    fn squares_and_non_squares() {
        let four = Fr::from(4);
        assert_eq!(MONTGOMERY_A * (A - D), Fr::from(2) * (A + D));
        assert_eq!(four, A - D);
        assert!(!(MONTGOMERY_A.square() - four).legendre().is_qr());
        assert!(!(MONTGOMERY_A - Fr::from(2)).legendre().is_qr());
        assert_eq!(MONTGOMERY_A - Fr::from(2), D);
        assert_eq!(MONTGOMERY_A + Fr::from(2), A);
    }
}
