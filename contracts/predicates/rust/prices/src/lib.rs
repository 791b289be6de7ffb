//! Nine prices from nine sources: are trimmed mean and median both at least what is asked?
//!
//! Public: prices 9 x u32 | least trimmed mean u32 | least median u32. No private input.

#![no_std]

use zera_predicate_sdk::{inputs, predicate};

const SOURCES: usize = 9;

inputs! {
    struct Question { prices: [u32; SOURCES], mean_min: u32, median_min: u32 }
}

predicate! {
    fn predicate(question: Question) -> bool {
        let mut prices = question.prices;
        sort(&mut prices);
        // The least and the greatest price do not count.
        let trimmed = &prices[1..SOURCES - 1];
        let sum: u64 = trimmed.iter().map(|price| u64::from(*price)).sum();
        let mean_holds = sum >= u64::from(question.mean_min) * trimmed.len() as u64;
        mean_holds && prices[SOURCES / 2] >= question.median_min
    }
}

/// Insertion sort as one writes it: the inner loop ends early.
fn sort(values: &mut [u32]) {
    for i in 1..values.len() {
        let mut j = i;
        while j > 0 && values[j - 1] > values[j] {
            values.swap(j - 1, j);
            j -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::predicate;
    use zera_predicate_sdk::testing::{run, Outcome};

    fn ask(prices: [u32; 9], mean_min: u32, median_min: u32) -> Outcome {
        let mut public = [0; 44];
        let numbers = prices.iter().chain([&mean_min, &median_min]);
        public.chunks_mut(4).zip(numbers).for_each(|(bytes, n)| bytes.copy_from_slice(&n.to_le_bytes()));
        run(&public, &[], predicate)
    }

    #[test]
    fn one_wild_price_changes_nothing() {
        let prices = [104, 101, 0, 103, 107, 105, 102, 106, u32::MAX];
        assert_eq!(ask(prices, 104, 104), Outcome::True);
        assert_eq!(ask(prices, 105, 104), Outcome::False);
        assert_eq!(ask(prices, 104, 105), Outcome::False);
    }
}
