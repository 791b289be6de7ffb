//! A queue of payments: is what is needed covered by so few of them, from the front?
//!
//! Public: payments 16 x u16 | needed u32 | most payments u8.

#![no_std]

use zera_predicate_sdk::{inputs, predicate};

inputs! {
    struct Question { payments: [u16; 16], needed: u32, payments_max: u8 }
}

predicate! {
    fn predicate(question: Question) -> bool {
        let mut sum = 0;
        let mut count = 0;
        while sum < question.needed && count < question.payments.len() {
            sum += u32::from(question.payments[count]);
            count += 1;
        }
        sum >= question.needed && count <= usize::from(question.payments_max)
    }
}
