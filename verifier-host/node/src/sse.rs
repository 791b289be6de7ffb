//! Events as a stream that resumes.
//!
//! A stream is a cursor into the store. Whatever it sends it reads there, page by page, and only waits for a block where
//! the store has nothing further. So there is no seam between replay and following, a slow reader reads older pages, and
//! the same cursor always gives the same events.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::response::sse::{Event as Frame, KeepAlive, KeepAliveStream, Sse};
use futures_util::stream::{self, Stream};
use tokio::sync::{OwnedSemaphorePermit, watch};
use zera_abi::Height;
use zera_host::PlacedEvent;

use crate::shared::{Shared, Unavailable};
use crate::view::EventView;

/// Events that are read at once.
const PAGE: usize = 256;
/// Pause after which a comment shows that the connection lives.
const KEEP_ALIVE: Duration = Duration::from_secs(10);

/// The place of an event: its height and its index within the block.
pub(crate) type Cursor = (Height, u32);

/// Reads `HEIGHT:INDEX`, decimal without signs, spaces or leading zeros.
pub(crate) fn parse_cursor(text: &str) -> Option<Cursor> {
    let (height, index) = text.split_once(':')?;
    let canonical = |digits: &str| {
        digits.bytes().all(|b| b.is_ascii_digit()) && (digits == "0" || !digits.starts_with('0')) && !digits.is_empty()
    };
    if !canonical(height) || !canonical(index) {
        return None;
    }
    Some((Height(height.parse().ok()?), index.parse().ok()?))
}

struct Reader {
    shared: Arc<Shared>,
    cursor: Option<Cursor>,
    page: VecDeque<PlacedEvent>,
    head: watch::Receiver<Height>,
    closing: watch::Receiver<bool>,
    _place: OwnedSemaphorePermit,
}

impl Reader {
    /// The next event, once there is one; `None` where the node ends or the store fails: the client comes back.
    async fn next(&mut self) -> Option<PlacedEvent> {
        loop {
            if let Some(event) = self.page.pop_front() {
                self.cursor = Some((event.height, event.index));
                return Some(event);
            }
            if *self.closing.borrow() {
                return None;
            }
            // Before reading: a block that lands after it is a change.
            self.head.borrow_and_update();
            let cursor = self.cursor;
            let page = self.shared.ask(move |chain| Ok::<_, Unavailable>(chain.events(cursor, PAGE)?)).await.ok()?;
            if page.is_empty() {
                tokio::select! {
                    changed = self.head.changed() => changed.ok()?,
                    _ = self.closing.wait_for(|closing| *closing) => return None,
                }
            }
            self.page = page.into();
        }
    }
}

/// The stream of the events after `cursor`. It keeps `place` for as long as it lives.
pub(crate) fn follow(
    shared: Arc<Shared>,
    cursor: Option<Cursor>,
    place: OwnedSemaphorePermit,
) -> Sse<KeepAliveStream<impl Stream<Item = Result<Frame, Infallible>>>> {
    let (head, closing) = (shared.head.subscribe(), shared.closing.subscribe());
    let reader = Reader { shared, cursor, page: VecDeque::new(), head, closing, _place: place };
    let frames = stream::unfold(reader, |mut reader| async move {
        let event = reader.next().await?;
        Some((Ok(frame(&event)), reader))
    });
    Sse::new(frames).keep_alive(KeepAlive::new().interval(KEEP_ALIVE))
}

fn frame(placed: &PlacedEvent) -> Frame {
    let view = EventView(placed);
    // Strings, numbers and booleans under fixed keys: there is no value that JSON can not hold.
    let data = serde_json::to_string(&view).expect("an event is plain JSON");
    Frame::default().id(format!("{}:{}", placed.height, placed.index)).event(placed.event.name()).data(data)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_has_one_spelling() {
        assert_eq!(parse_cursor("0:0"), Some((Height(0), 0)));
        assert_eq!(parse_cursor("12:4294967295"), Some((Height(12), u32::MAX)));
        for bad in
            ["", ":", "1", "1:", ":1", "01:0", "1:00", "+1:0", "-1:0", " 1:0", "1:0 ", "1:4294967296", "1:2:3", "x:0"]
        {
            assert_eq!(parse_cursor(bad), None, "{bad}");
        }
        assert_eq!(parse_cursor("18446744073709551616:0"), None);
    }
}
