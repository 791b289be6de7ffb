//! Connections: accepts them, bounds their number and their patience, ends them.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;

/// Most connections at a time; more wait in the system's backlog.
const CONNECTIONS_MAX: usize = 512;
/// Longest time for a request's head to come in, and for a connection to lie idle.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// Greatest head of a request, and of what is read at once.
const HEAD_LEN_MAX: usize = 16 * 1024;
/// What requests under way get when the node ends.
const GRACE: Duration = Duration::from_secs(3);
/// Pause after the system could not accept, for want of descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Serves until `closing`, then lets requests under way end.
pub(crate) async fn serve(listener: TcpListener, router: Router, mut closing: watch::Receiver<bool>) {
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            biased;
            _ = closing.wait_for(|closing| *closing) => break,
            accepted = accept(&listener, &places) => accepted,
        };
        while connections.try_join_next().is_some() {}
        match accepted {
            Some((stream, place)) => {
                connections.spawn(connection(stream, router.clone(), closing.clone(), place));
            }
            None => tokio::time::sleep(ACCEPT_PAUSE).await,
        }
    }
    drop(listener);
    let ended = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(GRACE, ended).await.is_err() {
        connections.shutdown().await;
    }
}

async fn accept(listener: &TcpListener, places: &Arc<Semaphore>) -> Option<(TcpStream, OwnedSemaphorePermit)> {
    let place = Arc::clone(places).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, _)) => Some((stream, place)),
        Err(error) => {
            tracing::warn!(%error, "a connection could not be accepted");
            None
        }
    }
}

async fn connection(
    stream: TcpStream,
    router: Router,
    mut closing: watch::Receiver<bool>,
    place: OwnedSemaphorePermit,
) {
    // Events are small and awaited.
    let _ = stream.set_nodelay(true);
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT).max_buf_size(HEAD_LEN_MAX);
    let served = builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    tokio::pin!(served);
    let mut open = true;
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
        }
    }
    drop(place);
}
