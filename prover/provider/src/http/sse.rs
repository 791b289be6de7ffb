//! Server-sent events: lines to messages, and a stream that resumes.

use std::collections::VecDeque;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream;
use reqwest::{Method, Response};

use super::{Client, root, success};
use crate::error::ClientError;
use crate::market::EventStream;
use crate::view::{Cursor, EventView};

/// Most bytes of one message.
const MESSAGE_MAX: usize = 1 << 20;

/// One message: its id and data. Comments and messages without data are none.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Message {
    pub(super) id: String,
    pub(super) data: String,
}

/// Splits bytes, however they come, into messages.
#[derive(Debug, Default)]
pub(super) struct Parser {
    line: Vec<u8>,
    /// A carriage return was last: a line feed after it ends the same line.
    after_return: bool,
    id: String,
    data: String,
    has_data: bool,
}

impl Parser {
    /// Takes the next bytes; completed messages go to `out`.
    ///
    /// # Errors
    /// A message or line above [`MESSAGE_MAX`].
    pub(super) fn push(&mut self, bytes: &[u8], out: &mut VecDeque<Message>) -> Result<(), ClientError> {
        for &byte in bytes {
            let skip = byte == b'\n' && std::mem::take(&mut self.after_return);
            self.after_return = byte == b'\r';
            if skip {
                continue;
            }
            if byte == b'\n' || byte == b'\r' {
                let line = std::mem::take(&mut self.line);
                self.end_line(&String::from_utf8_lossy(&line), out);
            } else {
                self.line.push(byte);
            }
            if self.line.len() + self.data.len() > MESSAGE_MAX {
                return Err(ClientError::Answer { what: format!("events: a message above {MESSAGE_MAX} bytes") });
            }
        }
        Ok(())
    }

    fn end_line(&mut self, line: &str, out: &mut VecDeque<Message>) {
        if line.is_empty() {
            if std::mem::take(&mut self.has_data) {
                out.push_back(Message { id: self.id.clone(), data: std::mem::take(&mut self.data) });
            }
            return;
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "id" => value.clone_into(&mut self.id),
            "data" => {
                if std::mem::replace(&mut self.has_data, true) {
                    self.data.push('\n');
                }
                self.data.push_str(value);
            }
            // The event's name stands in the data, too; comments have an empty field.
            _ => {}
        }
    }
}

struct Source {
    client: Client,
    after: Option<Cursor>,
    open: Option<(Response, Parser)>,
    ready: VecDeque<Message>,
    pause: Duration,
}

/// Events after `after`, for ever: an interruption is one error, then a new connection that goes on after the last event.
pub(super) fn stream(client: Client, after: Option<Cursor>) -> EventStream {
    let pause = client.limits.pause;
    let source = Source { client, after, open: None, ready: VecDeque::new(), pause };
    stream::unfold(source, |mut source| async move {
        let item = source.next().await;
        if item.is_err() {
            source.open = None;
            source.ready.clear();
            tokio::time::sleep(source.pause).await;
            source.pause = source.pause.saturating_mul(2).min(source.client.limits.pause_max);
        } else {
            source.pause = source.client.limits.pause;
        }
        Some((item, source))
    })
    .boxed()
}

impl Source {
    async fn next(&mut self) -> Result<EventView, ClientError> {
        let idle = self.client.limits.idle;
        let lost = |what: String| ClientError::Transport { what: format!("events: {what}") };
        loop {
            if let Some(message) = self.ready.pop_front() {
                let event: EventView = serde_json::from_str(&message.data).map_err(|error| ClientError::Answer {
                    what: format!("events: {}", super::line(&error.to_string())),
                })?;
                let named = message.id.is_empty() || message.id.parse() == Ok(event.cursor());
                if !named {
                    let what = format!("events: {} came under the id {}", event.cursor(), super::line(&message.id));
                    return Err(ClientError::Answer { what });
                }
                // Never twice, also where a node starts again from the beginning.
                if self.after.is_some_and(|after| event.cursor() <= after) {
                    continue;
                }
                self.after = Some(event.cursor());
                return Ok(event);
            }
            let (response, parser) = match &mut self.open {
                Some(open) => open,
                None => {
                    let response = self.connect().await?;
                    self.open.insert((response, Parser::default()))
                }
            };
            match tokio::time::timeout(idle, response.chunk()).await {
                Err(_) => return Err(lost(format!("silent for {} s", idle.as_secs()))),
                Ok(Err(error)) => return Err(lost(root(&error))),
                Ok(Ok(None)) => return Err(lost("the stream ended".to_owned())),
                Ok(Ok(Some(bytes))) => parser.push(&bytes, &mut self.ready)?,
            }
        }
    }

    async fn connect(&self) -> Result<Response, ClientError> {
        let mut request = self.client.request(Method::GET, "/v1/events").header("accept", "text/event-stream");
        if let Some(after) = self.after {
            request = request.header("last-event-id", after.to_string());
        }
        let lost = |what: String| ClientError::Transport { what: format!("events: {what}") };
        let response = tokio::time::timeout(self.client.limits.answer, request.send())
            .await
            .map_err(|_| lost("no answer".to_owned()))?
            .map_err(|error| lost(root(&error)))?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        // A refusal is an answer like every other: bounded in length and time.
        let answer = super::collect(response, "/v1/events", super::ANSWER_MAX, |error| lost(root(&error)));
        let answer = tokio::time::timeout(self.client.limits.answer, answer).await;
        success(answer.map_err(|_| lost("no answer".to_owned()))??)?;
        Err(ClientError::Answer { what: format!("events: http {status}") })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(chunks: &[&[u8]]) -> Vec<(String, String)> {
        let (mut parser, mut out) = (Parser::default(), VecDeque::new());
        for chunk in chunks {
            parser.push(chunk, &mut out).unwrap();
        }
        out.into_iter().map(|Message { id, data }| (id, data)).collect()
    }

    const TEXT: &[u8] =
        b": hello\n\nid: 4:0\nevent: task_opened\ndata: {\"a\":1}\n\nid:4:1\r\ndata:{\r\ndata: }\r\n\r\n\
        event: nothing\n\ndata\n\ndata: cut off";

    #[test]
    fn messages_whatever_the_chunks() {
        let expected =
            [("4:0", "{\"a\":1}"), ("4:1", "{\n}"), ("4:1", "")].map(|(id, data)| (id.to_owned(), data.to_owned()));
        assert_eq!(parse(&[TEXT]), expected);
        for cut in 0..TEXT.len() {
            assert_eq!(parse(&[&TEXT[..cut], &TEXT[cut..]]), expected, "cut at {cut}");
        }
        let bytes: Vec<&[u8]> = TEXT.chunks(1).collect();
        assert_eq!(parse(&bytes), expected);
    }

    #[test]
    fn endless_lines_are_refused() {
        let mut parser = Parser::default();
        let error = parser.push(&vec![b'x'; MESSAGE_MAX + 1], &mut VecDeque::new());
        assert!(matches!(error, Err(ClientError::Answer { .. })));
    }
}
