//! Means and intervals over seeds.

/// A mean with the half-width of its 95 % interval.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Mean {
    /// The mean.
    pub mean: f64,
    /// Half the interval's width; 0 of fewer than two values.
    pub half: f64,
}

impl Mean {
    /// Of one value for each seed, by Student's t.
    pub fn of(values: &[f64]) -> Mean {
        let n = values.len() as f64;
        if values.is_empty() {
            return Mean::default();
        }
        let mean = values.iter().sum::<f64>() / n;
        if values.len() < 2 {
            return Mean { mean, half: 0.0 };
        }
        let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (n - 1.0);
        Mean { mean, half: student(values.len() - 1) * (variance / n).sqrt() }
    }

    /// `mean +- half`.
    pub fn shown(&self) -> String {
        format!("{} +- {}", digits(self.mean), digits(self.half))
    }
}

/// The 97.5 % point of Student's t; Abramowitz and Stegun, table 26.10, and 1.96 plus the first term of its expansion beyond.
fn student(freedom: usize) -> f64 {
    const TABLE: [f64; 10] = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228];
    match freedom {
        0 => 0.0,
        1..=10 => TABLE[freedom - 1],
        _ => 1.96 + 2.4 / freedom as f64,
    }
}

/// Where the line of least squares through `points` crosses zero; `None` where it is flat.
pub fn root(points: &[(f64, f64)]) -> Option<f64> {
    let n = points.len() as f64;
    let (x, y) = points.iter().fold((0.0, 0.0), |(x, y), point| (x + point.0 / n, y + point.1 / n));
    let (sxy, sxx) = points
        .iter()
        .fold((0.0, 0.0), |(sxy, sxx), point| (sxy + (point.0 - x) * (point.1 - y), sxx + (point.0 - x).powi(2)));
    let slope = sxy / sxx;
    (slope.is_finite() && slope != 0.0).then(|| x - y / slope)
}

/// A number of four significant digits without needless zeros.
pub fn digits(value: f64) -> String {
    if !value.is_finite() {
        return if value > 0.0 { "infinite" } else { "none" }.to_owned();
    }
    if value == 0.0 {
        return "0".to_owned();
    }
    let places = (3 - value.abs().log10().floor() as i32).clamp(0, 9) as usize;
    let text = format!("{value:.places$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mean_has_an_interval() {
        let mean = Mean::of(&[1.0, 2.0, 3.0]);
        assert_eq!((mean.mean, (mean.half * 1000.0).round()), (2.0, 2484.0));
        assert_eq!(Mean::of(&[5.0]), Mean { mean: 5.0, half: 0.0 });
        assert_eq!(Mean::of(&[]), Mean::default());
    }

    #[test]
    fn a_line_crosses_zero() {
        assert_eq!(root(&[(0.0, 2.0), (1.0, 1.0), (4.0, -2.0)]), Some(2.0));
        assert_eq!(root(&[(0.0, 1.0), (1.0, 1.0)]), None);
    }

    #[test]
    fn numbers_are_short() {
        let shown = [0.0, 1.0, -0.25, 1234.5678, 0.000_123_456, 179.0, f64::INFINITY].map(digits);
        assert_eq!(shown, ["0", "1", "-0.25", "1235", "0.0001235", "179", "infinite"]);
    }
}
