//! The report's pictures.

mod bars; // stacked bars
mod lines; // curves on logarithmic axes
mod strips; // every sample as a dot

pub use bars::{Bar, Part, bars};
pub use lines::{Curve, Scale, lines};
pub use strips::{Strip, strips};

/// A name that fits beside a bar: its middle left out where it is long, since kinds and threads stand at its end.
fn clipped(name: &str) -> String {
    const HALF: usize = 19;
    let letters: Vec<char> = name.chars().collect();
    if letters.len() <= 2 * HALF + 2 {
        return name.to_owned();
    }
    letters[..HALF].iter().chain(&['.', '.']).chain(&letters[letters.len() - HALF..]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_keep_both_ends() {
        assert_eq!(clipped("SpecialPriceOraclePredicate, 2 threads"), "SpecialPriceOraclePredicate, 2 threads");
        let clipped = clipped(&format!("{}: first", "long".repeat(16)));
        assert!(clipped.len() == 40 && clipped.starts_with("long") && clipped.ends_with(": first"), "{clipped}");
    }
}
