//! Connections: accepts them, bounds their number and their patience, ends them.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;

use crate::rate::Client;
use crate::shared::Shared;

/// Most connections at a time; more wait in the system's backlog.
const CONNECTIONS_MAX: usize = 512;
/// Longest time for the first request's head to come in.
const FIRST_HEAD_TIMEOUT: Duration = Duration::from_secs(5);
/// Longest time between an answer and the end of the next head: a client that keeps its connection may lie idle for a
/// while, and one that polls every few seconds should not find it closed.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// Greatest head of a request, and of what is read at once.
const HEAD_LEN_MAX: usize = 8 * 1024;
/// Most connections of one client elsewhere, so that none takes all of them.
const CONNECTIONS_PER_CLIENT_MAX: usize = 64;
/// What requests under way get when the node ends.
const GRACE: Duration = Duration::from_secs(3);
/// Pause after the system could not accept, for want of descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// How many connections each client elsewhere has; at most one entry for each connection.
type Open = Arc<Mutex<BTreeMap<Client, usize>>>;

/// One of a client's connections.
struct Share {
    client: Client,
    open: Open,
}

impl Share {
    fn take(client: Client, open: &Open) -> Option<Share> {
        let mut counts = open.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(client).or_insert(0);
        if client != Client::Loopback && *count >= CONNECTIONS_PER_CLIENT_MAX {
            return None;
        }
        *count += 1;
        Some(Share { client, open: Arc::clone(open) })
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut counts = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.client) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.client);
            }
        }
    }
}

/// Serves until the node closes, then lets requests under way end.
pub(crate) async fn serve(listener: TcpListener, router: Router, shared: Arc<Shared>) {
    let mut closing = shared.closing.subscribe();
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let open = Open::default();
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            biased;
            _ = closing.wait_for(|closing| *closing) => break,
            accepted = accept(&listener, &places) => accepted,
        };
        while connections.try_join_next().is_some() {}
        let Some((stream, client, place)) = accepted else {
            tokio::time::sleep(ACCEPT_PAUSE).await;
            continue;
        };
        match Share::take(client, &open) {
            Some(share) => {
                let served = connection(stream, client, router.clone(), closing.clone());
                connections.spawn(async move {
                    served.await;
                    drop((place, share));
                });
            }
            None => shared.metrics.limited("connections"),
        }
    }
    drop(listener);
    let ended = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(GRACE, ended).await.is_err() {
        connections.shutdown().await;
    }
}

async fn accept(listener: &TcpListener, places: &Arc<Semaphore>) -> Option<(TcpStream, Client, OwnedSemaphorePermit)> {
    let place = Arc::clone(places).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, address)) => Some((stream, Client::of(address.ip()), place)),
        Err(error) => {
            tracing::warn!(%error, "a connection could not be accepted");
            None
        }
    }
}

async fn connection(stream: TcpStream, client: Client, router: Router, mut closing: watch::Receiver<bool>) {
    // Events are small and awaited.
    let _ = stream.set_nodelay(true);
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT).max_buf_size(HEAD_LEN_MAX);
    let (asked, router) = (AtomicBool::new(false), TowerToHyperService::new(router));
    let service = service_fn(|mut request: hyper::Request<Incoming>| {
        asked.store(true, Ordering::Relaxed);
        request.extensions_mut().insert(client);
        router.call(request)
    });
    let served = builder.serve_connection(TokioIo::new(stream), service);
    let first_head = tokio::time::sleep(FIRST_HEAD_TIMEOUT);
    tokio::pin!(served, first_head);
    let (mut open, mut patient) = (true, true);
    loop {
        tokio::select! {
            result = &mut served => {
                if let Err(error) = result {
                    tracing::debug!(%error, "connection");
                }
                break;
            }
            _ = closing.wait_for(|closing| *closing), if open => {
                open = false;
                served.as_mut().graceful_shutdown();
            }
            () = &mut first_head, if patient => {
                patient = false;
                if !asked.load(Ordering::Relaxed) {
                    tracing::debug!("connection: the first request did not come in time");
                    break;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_client_elsewhere_has_its_share_of_the_connections() {
        let (open, stranger) = (Open::default(), Client::V4([10, 0, 0, 1]));
        let mut shares: Vec<Share> =
            std::iter::from_fn(|| Share::take(stranger, &open)).take(CONNECTIONS_MAX).collect();
        assert_eq!(shares.len(), CONNECTIONS_PER_CLIENT_MAX);
        assert!(Share::take(Client::V4([10, 0, 0, 2]), &open).is_some(), "another has its own");
        shares.pop();
        let again = Share::take(stranger, &open);
        assert!(again.is_some() && Share::take(stranger, &open).is_none());
        drop((again, shares));
        assert!(open.lock().expect("no panic").is_empty(), "nothing is remembered of who has gone");
        let here: Vec<_> = (0..CONNECTIONS_MAX).map(|_| Share::take(Client::Loopback, &open)).collect();
        assert!(here.iter().all(Option::is_some), "this machine has all of them");
    }
}
