//! Which rows belong to which place in the source.

use crate::codec::{CodecError, NUMBER_MAX, count, number, put_number};
use std::ops::Range;
use thiserror::Error;
use zera_abi::wire::Reader;

/// Most bytes of one span's text.
pub const TEXT_MAX: usize = 255;

/// Rows that come from one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// The rows; not empty.
    pub rows: Range<u32>,
    /// The place, for people: `median > threshold`, `price.rs:14`. 1 to 255 bytes, without control characters.
    pub text: String,
}

/// Spans in ascending order, without overlaps. Rows between them belong to no place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spans {
    spans: Vec<Span>,
}

/// Why spans are refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SpansError {
    /// A span is empty or starts before the end of the one before.
    #[error("span {index}: rows {start}..{end} after row {previous}")]
    Order {
        /// Index of the span.
        index: usize,
        /// First row.
        start: u32,
        /// Row after the last one.
        end: u32,
        /// End of the span before.
        previous: u32,
    },
    /// Text that is empty, too long or holds control characters.
    #[error("span {index}: text is empty, above {TEXT_MAX} bytes or holds control characters")]
    Text {
        /// Index of the span.
        index: usize,
    },
}

impl Spans {
    /// Spans in this order.
    ///
    /// # Errors
    /// [`SpansError`].
    pub fn new(spans: Vec<Span>) -> Result<Spans, SpansError> {
        let mut previous = 0;
        for (index, Span { rows, text }) in spans.iter().enumerate() {
            if rows.start < previous || rows.is_empty() {
                return Err(SpansError::Order { index, start: rows.start, end: rows.end, previous });
            }
            previous = rows.end;
            if !is_text(text) {
                return Err(SpansError::Text { index });
            }
        }
        Ok(Spans { spans })
    }

    /// The text of the span that holds this row.
    pub fn text(&self, row: usize) -> Option<&str> {
        let row = u32::try_from(row).ok()?;
        let after = self.spans.partition_point(|span| span.rows.start <= row);
        let span = self.spans.get(after.checked_sub(1)?)?;
        span.rows.contains(&row).then_some(&span.text)
    }

    /// The spans in order.
    pub fn iter(&self) -> impl Iterator<Item = &Span> {
        self.spans.iter()
    }

    /// The row after the last span; 0 without spans.
    pub fn end(&self) -> u32 {
        self.spans.last().map_or(0, |span| span.rows.end)
    }

    /// At least as many bytes as the section has.
    pub(crate) fn len_bound(&self) -> u64 {
        let texts: usize = self.spans.iter().map(|span| 1 + span.text.len()).sum();
        texts as u64 + NUMBER_MAX * (1 + 2 * self.spans.len() as u64)
    }

    /// Appends the section: count; per span the rows skipped since the span before, the number of rows, the text's
    /// length, the text.
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        put_number(out, self.spans.len() as u32);
        let mut previous = 0;
        for Span { rows, text } in &self.spans {
            put_number(out, rows.start - previous);
            put_number(out, rows.end - rows.start);
            previous = rows.end;
            out.push(text.len() as u8);
            out.extend_from_slice(text.as_bytes());
        }
    }

    /// Reads what [`Self::encode`] writes, to the end of `bytes`.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Spans, CodecError> {
        let mut reader = Reader::new(bytes);
        let count = count(&mut reader, "spans", 4, usize::MAX)?;
        let mut spans = Vec::with_capacity(count);
        let mut previous: u32 = 0;
        for _ in 0..count {
            let start = previous.checked_add(number(&mut reader)?).ok_or(CodecError::Number)?;
            let end = start.checked_add(number(&mut reader)?).ok_or(CodecError::Number)?;
            previous = end;
            let len = usize::from(reader.u8()?);
            let text = std::str::from_utf8(reader.take(len)?).map_err(|_| CodecError::Text)?;
            spans.push(Span { rows: start..end, text: text.to_owned() });
        }
        reader.end()?;
        Spans::new(spans).map_err(|error| match error {
            SpansError::Order { .. } => CodecError::Number,
            SpansError::Text { .. } => CodecError::Text,
        })
    }
}

fn is_text(text: &str) -> bool {
    (1..=TEXT_MAX).contains(&text.len()) && !text.chars().any(char::is_control)
}
