//! A way to the node that fails on purpose.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What happens to a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is passed on.
    None,
    /// It is closed without a word.
    Refused,
    /// It is taken, and nothing ever comes.
    Silent,
    /// Something comes that is not HTTP.
    Noise,
    /// HTTP and JSON, and not of this API.
    WrongJson,
    /// A body that is longer than any answer.
    Huge,
    /// The node's own answer, cut off after its first bytes.
    Cut,
}

/// Passes connections on to a node, and breaks those that are open when the fault changes.
pub struct Proxy {
    pub addr: SocketAddr,
    pub fault: watch::Sender<Fault>,
}

impl Proxy {
    pub async fn start(node: SocketAddr) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let (fault, changed) = watch::channel(Fault::None);
        tokio::spawn(async move {
            loop {
                let Ok((client, _)) = listener.accept().await else { return };
                let mut changed = changed.clone();
                let fault = *changed.borrow_and_update();
                tokio::spawn(async move {
                    tokio::select! {
                        _ = changed.changed() => {}
                        () = serve(client, node, fault) => {}
                    }
                });
            }
        });
        Proxy { addr, fault }
    }
}

async fn serve(mut client: TcpStream, node: SocketAddr, fault: Fault) {
    if fault == Fault::Refused {
        return;
    }
    if fault == Fault::None {
        let Ok(mut node) = TcpStream::connect(node).await else { return };
        // An end that is gone is no matter here.
        let _ = copy_bidirectional(&mut client, &mut node).await;
        return;
    }
    let mut request = vec![0; 64 << 10];
    let Ok(len) = client.read(&mut request).await else { return };
    match fault {
        Fault::None | Fault::Refused => {}
        Fault::Silent => std::future::pending().await,
        Fault::Noise => drop(client.write_all(&[0xfe; 4096]).await),
        Fault::WrongJson => {
            let body = r#"{"height": "soon", "tasks": 7, "next": [], "rules": null}"#;
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
            let _ = client.write_all(format!("{head}{body}").as_bytes()).await;
        }
        Fault::Huge => {
            let _ = client.write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n").await;
            while client.write_all(&[b' '; 1 << 16]).await.is_ok() {}
        }
        Fault::Cut => {
            let Ok(mut node) = TcpStream::connect(node).await else { return };
            let (Ok(()), Ok(got)) = (node.write_all(&request[..len]).await, node.read(&mut request).await) else {
                return;
            };
            let _ = client.write_all(&request[..got.min(150)]).await;
        }
    }
}
