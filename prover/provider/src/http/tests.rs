//! The adapter against a scripted server: one answer a connection, then it closes.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use zera_abi::{Amount, Height};

use super::*;

/// What a connection gets: bytes, or nothing but a closed door.
type Answers = Vec<Option<String>>;

/// Serves `answers` in order and notes each request's head.
async fn server(answers: Answers) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&asked);
    tokio::spawn(async move {
        for answer in answers {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut head = Vec::new();
            let mut buffer = [0; 1024];
            while !head.windows(4).any(|window| window == b"\r\n\r\n") {
                let len = socket.read(&mut buffer).await.unwrap();
                head.extend_from_slice(&buffer[..len]);
            }
            log.lock().unwrap().push(String::from_utf8_lossy(&head).into_owned());
            if let Some(answer) = answer {
                socket.write_all(answer.as_bytes()).await.unwrap();
                socket.shutdown().await.unwrap();
            }
        }
    });
    (address, asked)
}

fn json(status: &str, body: &str) -> Option<String> {
    let len = body.len();
    Some(format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {len}\r\nconnection: close\r\n\r\n{body}"
    ))
}

fn client(base: &str) -> Client {
    let pause = Duration::from_millis(2);
    let limits = Limits { pause, pause_max: pause, answer: Duration::from_millis(500), ..Limits::local() };
    Client::new(base, Some("secret-token".to_owned()), limits).unwrap()
}

/// That of an account which never locked.
const STANDING: &str = r#"{"staked":"0","backing":"0","unbonding":[],"locks":0,"reserved":"0","margin":"0","liveness":0,"safety":0,"releases":0,"capacity":null,"jailed_until":null,"margin_call":null}"#;

fn account(nonce: u64) -> String {
    format!(
        r#"{{"id":"{}","free":"5","locked":"0","voting":"0","ballots":[],"nonce":{nonce},"contract":false,"standing":{STANDING},"new":1}}"#,
        "11".repeat(32)
    )
}

#[tokio::test]
async fn only_a_missing_answer_is_asked_for_again() {
    let (base, asked) = server(vec![None, None, json("200 OK", &account(7))]).await;
    let found = client(&base).account(&AccountId([0x11; 32])).await.unwrap();
    assert_eq!((found.nonce, found.free), (7, Amount::from_units(5)));
    assert_eq!(asked.lock().unwrap().len(), 3);
    assert!(asked.lock().unwrap()[0].contains("authorization: Bearer secret-token"));

    let error = r#"{"error":{"code":"E_NODE","message":"disk"}}"#;
    let (base, asked) = server(vec![json("500 Internal Server Error", error), json("200 OK", &account(7))]).await;
    let refused = client(&base).account(&AccountId([0x11; 32])).await.unwrap_err();
    assert!(
        matches!(&refused, ClientError::Api { status: 500, code, message } if code == "E_NODE" && message == "disk")
    );
    assert!(refused.is_transient() && !refused.is_transport());
    assert_eq!(asked.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn attempts_end() {
    let (base, asked) = server(vec![None, None, None, json("200 OK", &account(7))]).await;
    let error = client(&base).account(&AccountId([0x11; 32])).await.unwrap_err();
    assert!(error.is_transport());
    assert_eq!(asked.lock().unwrap().len(), 3);
}

#[tokio::test]
async fn where_a_transaction_is() {
    let hash = TxHash([0x22; 32]);
    let result = format!(
        r#"{{"hash":"{hash}","height":9,"status":{{"code":0,"name":"NO"}},"ending":"rejected","fuel_used":3,"fee":"4","data":"00ff","detail":"d"}}"#
    );
    let rejected = r#"{"error":{"code":"E_DEADLINE","message":"expired"}}"#;
    let unknown = r#"{"error":{"code":"E_NOT_FOUND","message":"no"}}"#;
    let pending = format!(r#"{{"hash":"{hash}","pending":true}}"#);
    let (base, _) = server(vec![
        json("200 OK", &result),
        json("202 Accepted", &pending),
        json("409 Conflict", rejected),
        json("404 Not Found", unknown),
        json("400 Bad Request", unknown),
        json("200 OK", &result.replace("22", "23")),
    ])
    .await;
    let client = client(&base);
    let Ok(TxState::Included(found)) = client.tx(&hash).await else { panic!("not included") };
    assert_eq!((found.height, found.is_done(), found.data), (Height(9), false, vec![0, 0xff]));
    assert!(matches!(client.tx(&hash).await, Ok(TxState::Pending)));
    assert!(matches!(client.tx(&hash).await, Ok(TxState::Rejected { reason }) if reason == "expired"));
    assert!(matches!(client.tx(&hash).await, Ok(TxState::Unknown)));
    assert!(matches!(client.tx(&hash).await, Err(ClientError::Api { status: 400, .. })));
    assert!(matches!(client.tx(&hash).await, Err(ClientError::Answer { .. })));
}

#[tokio::test]
async fn nonsense_is_an_error_that_says_where() {
    let (base, _) = server(vec![json("200 OK", "{}"), json("200 OK", "<html>"), json("404 Not Found", "x")]).await;
    let client = client(&base);
    let error = client.status().await.unwrap_err();
    assert!(matches!(&error, ClientError::Answer { what } if what.contains("/v1/status")), "{error}");
    assert!(matches!(client.market().await, Err(ClientError::Answer { .. })));
    assert!(matches!(client.storage(&AccountId([1; 32]), b"k").await, Ok(None)));
}

#[tokio::test]
async fn events_go_on_after_the_last_one_seen() {
    let event = |at: u64, index: u64| {
        let body = format!(r#"{{"height":{at},"index":{index},"event":"task_opened","task":"{}"}}"#, "33".repeat(32));
        format!("id: {at}:{index}\nevent: task_opened\ndata: {body}\n\n")
    };
    let stream = |events: &[String]| {
        let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n: hi\n\n";
        Some(format!("{head}{}", events.concat()))
    };
    let (base, asked) = server(vec![
        stream(&[event(4, 0), event(4, 1), "id: 5:0\ndata: {\"cut".to_owned()]),
        None,
        // A node that starts again from the beginning.
        stream(&[event(4, 1), event(5, 0)]),
    ])
    .await;
    let mut events = client(&base).events(Some(Cursor { height: Height(3), index: 9 }));
    let (mut seen, mut interruptions) = (Vec::new(), 0);
    while seen.len() < 3 {
        match events.next().await.unwrap() {
            Ok(event) => seen.push(event.cursor().to_string()),
            Err(error) => {
                assert!(error.is_transport(), "{error}");
                interruptions += 1;
            }
        }
    }
    assert_eq!(seen, ["4:0", "4:1", "5:0"]);
    assert_eq!(interruptions, 2);
    let asked = asked.lock().unwrap();
    for (request, id) in asked.iter().zip(["3:9", "4:1", "4:1"]) {
        assert!(request.contains(&format!("last-event-id: {id}\r\n")), "{request}");
    }
}

#[test]
fn addresses_of_another_kind_are_refused() {
    for base in ["", "127.0.0.1:1", "https://127.0.0.1", "http://", "file:///etc/passwd"] {
        assert!(Client::new(base, None, Limits::local()).is_err(), "{base}");
    }
    assert!(Client::new("http://127.0.0.1:8700/", None, Limits::local()).is_ok());
}

/// A server that sends `head`, then `chunk` again and again until the client has gone away.
async fn endless(head: &'static str, chunk: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        loop {
            let (mut socket, _) = listener.accept().await.unwrap();
            tokio::spawn(async move {
                let _ = socket.read(&mut [0; 1024]).await;
                let _ = socket.write_all(head.as_bytes()).await;
                while !chunk.is_empty() && socket.write_all(chunk).await.is_ok() {}
                // Without a chunk: silent, the door open.
                let _ = socket.read(&mut [0; 1]).await;
            });
        }
    });
    address
}

fn one_line(error: &ClientError) -> String {
    let text = error.to_string();
    assert!(!text.chars().any(char::is_control) && text.len() < 500, "{text:?}");
    text
}

#[tokio::test]
async fn a_body_without_end_is_cut_off() {
    const HEAD: &str = "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n";
    let error = client(&endless(HEAD, &[b'x'; 1 << 16]).await).status().await.unwrap_err();
    assert!(matches!(&error, ClientError::Answer { what } if what.contains("more than")), "{error}");
    one_line(&error);
    // So is a refusal, also of the event stream.
    const REFUSAL: &str = "HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\n\r\n";
    let mut events = client(&endless(REFUSAL, &[b'x'; 1 << 16]).await).events(None);
    let error = events.next().await.unwrap().unwrap_err();
    assert!(one_line(&error).contains("more than"), "{error}");
    let mut events = client(&endless(REFUSAL, b"").await).events(None);
    assert!(events.next().await.unwrap().unwrap_err().is_transport(), "not waited for without end");
}

#[tokio::test]
async fn a_node_that_accepts_and_never_answers_is_given_up() {
    let error = client(&endless("", b"").await).status().await.unwrap_err();
    assert!(error.is_transport());
    one_line(&error);
    // Nobody listens.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let error = client(&base).status().await.unwrap_err();
    assert!(error.is_transport() && one_line(&error).contains("/v1/status"), "{error}");
}

#[tokio::test]
async fn words_of_a_node_are_one_line_of_bounded_length() {
    let message = format!("a\\nb\\u001b[31m{}", "x".repeat(100_000));
    let body = format!(r#"{{"error":{{"code":"E\\n_X","message":"{message}"}}}}"#).replace("\\\\", "\\");
    let (base, _) = server(vec![json("500 Internal Server Error", &body), json("200 OK", "{\"na\nme\":1}")]).await;
    let client = client(&base);
    let error = client.status().await.unwrap_err();
    assert!(one_line(&error).contains("a b [31mxxx"), "{error}");
    one_line(&client.status().await.unwrap_err());
}

#[tokio::test]
async fn a_list_that_runs_in_circles_ends() {
    let page = |next: &str| json("200 OK", &format!(r#"{{"tasks":[],"next":"{}"}}"#, next.repeat(32)));
    let (base, asked) = server(vec![page("11"), page("22"), page("11"), page("22")]).await;
    let error = client(&base).tasks(None).await.unwrap_err();
    assert!(matches!(&error, ClientError::Answer { what } if what.contains("twice")), "{error}");
    assert_eq!(asked.lock().unwrap().len(), 3);
}
