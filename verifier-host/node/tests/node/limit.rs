//! Requests that are slow, and too many at a time.

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use zera_node::{REQUESTS_MAX, Rate, RateLimits};

use crate::network::*;

/// A request whose body is announced and does not come.
async fn stalled(network: &Network) -> TcpStream {
    let mut stream = TcpStream::connect(network.node.addr()).await.expect("a connection");
    let head =
        "POST /v1/tx HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{\"tx\":";
    stream.write_all(head.as_bytes()).await.expect("sent");
    stream
}

async fn answer(mut stream: TcpStream) -> String {
    let mut text = vec![0; 4096];
    let read =
        tokio::time::timeout(Duration::from_secs(20), stream.read(&mut text)).await.expect("in time").expect("read");
    String::from_utf8_lossy(&text[..read]).into_owned()
}

#[tokio::test]
async fn more_requests_than_may_be_are_told_to_come_back_and_slow_ones_end() {
    let network = Network::new().await;
    let mut slow = Vec::new();
    for _ in 0..REQUESTS_MAX {
        slow.push(stalled(&network).await);
    }
    let start = Instant::now();
    let full = loop {
        let response = network.http.get(network.url("/v1/status")).send().await.expect("an answer");
        if response.status() == 503 {
            break response;
        }
        assert!(start.elapsed() < Duration::from_secs(4), "all places are taken");
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    assert_eq!(full.headers()["retry-after"], "1");
    assert_eq!(network.get("/readyz").await.0, 200, "health is told all the same");
    // Five seconds later they are told to go.
    let text = answer(slow.pop().expect("some")).await;
    assert!(text.starts_with("HTTP/1.1 408 ") && text.contains("E_TIMEOUT"), "{text}");
    let start = Instant::now();
    while network.get("/v1/status").await.0 != 200 {
        assert!(start.elapsed() < Duration::from_secs(4), "places are free again");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    network.node.shutdown().await.expect("a clean end");
}

#[tokio::test]
async fn a_head_that_is_too_large_or_no_http_is_refused() {
    let network = Network::new().await;
    for (request, expected) in [
        (format!("GET /livez HTTP/1.1\r\nhost: x\r\nlong: {}\r\n\r\n", "x".repeat(64 * 1024)), "HTTP/1.1 431 "),
        (format!("GET /{} HTTP/1.1\r\nhost: x\r\n\r\n", "x".repeat(64 * 1024)), "HTTP/1.1 4"),
        ("nonsense\r\n\r\n".to_owned(), "HTTP/1.1 400 "),
    ] {
        let mut stream = TcpStream::connect(network.node.addr()).await.expect("a connection");
        // It may be cut off before all of it is sent.
        let _ = stream.write_all(request.as_bytes()).await;
        let text = answer(stream).await;
        assert!(text.starts_with(expected), "{expected}: {text}");
    }
    network.node.shutdown().await.expect("a clean end");
}

#[tokio::test]
async fn a_head_of_8_kib_is_the_most() {
    let network = Network::new().await;
    for (len, expected) in [(7 * 1024, "HTTP/1.1 200 "), (9 * 1024, "HTTP/1.1 431 ")] {
        let mut stream = TcpStream::connect(network.node.addr()).await.expect("a connection");
        let request = format!("GET /livez HTTP/1.1\r\nhost: x\r\nlong: {}\r\n\r\n", "x".repeat(len));
        let _ = stream.write_all(request.as_bytes()).await;
        let text = answer(stream).await;
        assert!(text.starts_with(expected), "{len}: {text}");
    }
    network.node.shutdown().await.expect("a clean end");
}

#[tokio::test]
async fn a_first_head_that_does_not_come_ends_the_connection_and_a_kept_one_may_rest() {
    let network = Network::new().await;
    let mut kept = TcpStream::connect(network.node.addr()).await.expect("a connection");
    let request = b"GET /livez HTTP/1.1\r\nhost: x\r\n\r\n";
    let mut text = vec![0; 4096];
    kept.write_all(request).await.expect("sent");
    assert!(kept.read(&mut text).await.expect("read") > 0);
    for head in ["", "GET /livez HTTP/1.1\r\nhost:"] {
        let mut slow = TcpStream::connect(network.node.addr()).await.expect("a connection");
        slow.write_all(head.as_bytes()).await.expect("sent");
        let read = tokio::time::timeout(Duration::from_secs(20), slow.read(&mut text)).await.expect("in time");
        // Closed, or cut off.
        assert!(!read.is_ok_and(|len| len > 0), "{head}");
    }
    kept.write_all(request).await.expect("sent");
    assert!(kept.read(&mut text).await.expect("read") > 0, "longer than a first head may take");
    network.node.shutdown().await.expect("a clean end");
}

#[tokio::test]
async fn a_client_that_asks_too_often_is_told_when_to_come_back() {
    const BURST: u32 = 8;
    let rate = Rate { burst: BURST, refill: Duration::from_secs(3600) };
    let network = Network::limited(config(mem()), RateLimits { remote: rate, loopback: rate }).await;
    for _ in 0..BURST {
        network.ok("/v1/status").await;
    }
    for path in ["/v1/status", "/v1/events", "/metrics", "/nowhere"] {
        let response = network.http.get(network.url(path)).send().await.expect("an answer");
        assert_eq!(response.status(), 429, "{path}");
        let wait: u64 = response.headers()["retry-after"].to_str().expect("text").parse().expect("seconds");
        assert!((1..=3601).contains(&wait), "{wait}");
    }
    let (status, body) = network.post("/v1/tx", &serde_json::json!({ "tx": "00" })).await;
    assert_eq!((status, &body["error"]["code"]), (429, &serde_json::json!("E_LIMIT")));
    // Health is told to everyone, and blocks are made.
    for path in ["/livez", "/readyz"] {
        for _ in 0..2 * BURST {
            assert_eq!(network.get(path).await.0, 200);
        }
    }
    network.node.shutdown().await.expect("a clean end");
}
