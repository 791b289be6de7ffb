//! `.zpred` files: who may store which, how much is kept, and what a restart finds.

use std::sync::Arc;

use ed25519_dalek::Signer;
use reqwest::Method;
use sha2::{Digest, Sha256};
use zera_abi::PredicateId;
use zera_host::{Action, Publication};
use zera_library::range;
use zera_node::{ArtefactLimits, ArtefactPlace, NodeConfig, UPLOADS_MAX, artefact_message, publication};
use zera_r1cs::Artefact;

use crate::network::*;

fn artefact() -> &'static Artefact {
    (zera_library::by_name(range::NAME).expect("built in").artefact)()
}

/// Other bytes of the same predicate: the certificate is no part of its id.
fn variant(tag: u8) -> Vec<u8> {
    let Artefact { manifest, program_hash, matrices, tape, spans, booleans, .. } = artefact().clone();
    Artefact::new(manifest, program_hash, matrices, tape, vec![tag], spans, booleans).expect("parts that fit").encode()
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// What `who` sends to have a file stored.
struct Put {
    path: [u8; 32],
    predicate: PredicateId,
    signature: String,
    kind: &'static str,
    bytes: Vec<u8>,
}

impl Put {
    fn new(network: &Network, who: u8, bytes: &[u8]) -> Put {
        let path = sha256(bytes);
        let signature = hex(&key(who).sign(&artefact_message(&network.chain, &path)).to_bytes());
        let predicate = artefact().predicate_id();
        Put { path, predicate, signature, kind: "application/octet-stream", bytes: bytes.to_vec() }
    }

    async fn send(self, network: &Network) -> Answered {
        let url = network.url(&format!("/v1/artefacts/{}?predicate={}", hex(&self.path), self.predicate));
        let request = network.http.request(Method::PUT, url).header("content-type", self.kind);
        answered(request.header("zera-signature", self.signature).body(self.bytes)).await
    }
}

async fn published(config: NodeConfig) -> Network {
    let mut network = Network::start(config).await;
    network.done(OWNER, Action::Publish(publication(artefact()))).await;
    network
}

fn code((status, body): &Answered) -> (u16, &str) {
    (*status, body["error"]["code"].as_str().unwrap_or_default())
}

async fn stored(network: &Network) -> Vec<String> {
    let view = network.ok(&format!("/v1/predicates/{}", range::NAME)).await;
    view["artefacts"].as_array().expect("a list").iter().map(|hash| hash.as_str().expect("hex").to_owned()).collect()
}

#[tokio::test]
async fn the_owner_stores_a_file_and_a_restart_has_it() {
    let dir = tempfile::tempdir().expect("a folder");
    let folder = dir.path().join("artefacts");
    let place = || (ArtefactPlace::Folder(folder.clone()), ArtefactLimits::standard());
    let store = mem();
    let network = published(NodeConfig { artefacts: place(), ..config(Arc::clone(&store)) }).await;
    assert_eq!(stored(&network).await, Vec::<String>::new());
    let bytes = artefact().encode();
    let hash = hex(&sha256(&bytes));
    for status in [201, 200] {
        let (got, body) = Put::new(&network, OWNER, &bytes).send(&network).await;
        assert_eq!((got, body["sha256"].as_str()), (status, Some(hash.as_str())), "{body}");
        assert_eq!(body["predicate"], artefact().predicate_id().to_string());
    }
    assert_eq!(stored(&network).await, std::slice::from_ref(&hash));
    network.node.shutdown().await.expect("a clean end");

    // What a crash leaves: a file in the making, and one whose owner's word was not written.
    std::fs::write(folder.join(".tmp-x"), b"half").expect("written");
    std::fs::write(folder.join(format!("{}.zpred", "ab".repeat(32))), b"of nobody").expect("written");
    let network = Network::start(NodeConfig { artefacts: place(), ..config(store) }).await;
    assert_eq!(stored(&network).await, std::slice::from_ref(&hash));
    assert!(!folder.join(".tmp-x").exists());
    assert_eq!(network.get(&format!("/v1/artefacts/{}", "ab".repeat(32))).await.0, 404);
    let response = network.http.get(network.url(&format!("/v1/artefacts/{hash}"))).send().await.expect("an answer");
    let headers = response.headers().clone();
    assert_eq!(headers["content-length"], bytes.len().to_string().as_str());
    let put = Put::new(&network, OWNER, &bytes);
    assert_eq!(headers["zera-signature"], put.signature.as_str(), "whoever mirrors it can show the owner's word");
    assert_eq!(response.bytes().await.expect("a body"), bytes);
    assert_eq!(put.send(&network).await.0, 200);
    network.node.shutdown().await.expect("a clean end");
}

/// Row 101.
#[tokio::test]
async fn what_is_not_the_owners_file_of_this_predicate_is_refused() {
    let network = published(config(mem())).await;
    let bytes = artefact().encode();
    let put = |who, bytes: &[u8]| Put::new(&network, who, bytes);
    let other = (zera_library::special_price::NAME, zera_library::by_name(zera_library::special_price::NAME));
    let other = (other.1.expect("built in").artefact)().encode();
    let cases = [
        ("a stranger's word", put(ALICE, &bytes), 403, "E_UNAUTH"),
        (
            "the word for another file",
            Put { signature: put(OWNER, &other).signature, ..put(OWNER, &bytes) },
            403,
            "E_UNAUTH",
        ),
        ("no word", Put { signature: String::new(), ..put(OWNER, &bytes) }, 400, "E_ENC"),
        ("half a word", Put { signature: "00".repeat(63), ..put(OWNER, &bytes) }, 400, "E_ENC"),
        ("JSON", Put { kind: "application/json", ..put(OWNER, &bytes) }, 415, "E_ENC"),
        (
            "a predicate that is not published",
            Put { predicate: PredicateId([1; 32]), ..put(OWNER, &bytes) },
            404,
            "E_NOT_FOUND",
        ),
        ("other bytes than the path's", Put { bytes: other.clone(), ..put(OWNER, &bytes) }, 400, "E_ENC"),
        ("no artefact", put(OWNER, b"nonsense"), 400, "E_ENC"),
        ("nothing", put(OWNER, b""), 400, "E_ENC"),
        ("another predicate", put(OWNER, &other), 422, "E_STATE"),
    ];
    for (what, put, status, name) in cases {
        let answer = put.send(&network).await;
        assert_eq!(code(&answer), (status, name), "{what}: {}", answer.1);
    }
    let path = format!("/v1/artefacts/{}", hex(&sha256(&bytes)));
    let plain = network.http.put(network.url(&path)).header("content-type", "application/octet-stream");
    assert_eq!(answered(plain.body(bytes.clone())).await.0, 400, "no predicate");
    assert_eq!(network.get("/v1/artefacts/zz").await.0, 400);
    assert_eq!(stored(&network).await, Vec::<String>::new(), "nothing of it is kept");
    assert_eq!(put(OWNER, &bytes).send(&network).await.0, 201);
    network.node.shutdown().await.expect("a clean end");
}

/// Row 102: broken anywhere, with the right digest and the owner's word for it.
#[tokio::test]
async fn broken_files_are_refused_wherever_they_are_broken() {
    let limits = ArtefactLimits { per_predicate_max: 1000, ..ArtefactLimits::standard() };
    let network = published(NodeConfig { artefacts: (ArtefactPlace::Memory, limits), ..config(mem()) }).await;
    let bytes = artefact().encode();
    let step = bytes.len() / 60;
    for at in (0..bytes.len()).step_by(step) {
        let mut flipped = bytes.clone();
        flipped[at] ^= 0x11;
        // With its checksum made right, too, so that every section is read.
        let mut sealed = flipped.clone();
        let end = sealed.len() - 32;
        let seal = sha256(&sealed[..end]);
        sealed[end..].copy_from_slice(&seal);
        for bad in [flipped, bytes[..at].to_vec()] {
            let answer = Put::new(&network, OWNER, &bad).send(&network).await;
            assert_eq!(code(&answer), (400, "E_ENC"), "byte {at}: {}", answer.1);
        }
        if at < end {
            let answer = Put::new(&network, OWNER, &sealed).send(&network).await;
            // Another predicate, no artefact, or in what no id covers: another file of this predicate.
            assert!(matches!(answer.0, 201 | 400 | 422), "byte {at}: {}", answer.1);
        }
    }
    assert_eq!(network.get("/readyz").await.0, 200);
    network.node.shutdown().await.expect("a clean end");
}

#[tokio::test]
async fn a_publication_that_lies_has_no_file() {
    let mut network = Network::start(config(mem())).await;
    let lie = Publication { private_len: 4, ..publication(artefact()) };
    network.done(OWNER, Action::Publish(lie)).await;
    let answer = Put::new(&network, OWNER, &artefact().encode()).send(&network).await;
    assert_eq!(code(&answer), (422, "E_STATE"), "{}", answer.1);
    network.node.shutdown().await.expect("a clean end");
}

/// Row 103.
#[tokio::test]
async fn a_file_a_predicate_and_the_store_have_their_limits() {
    let len = variant(0).len();
    let standard = ArtefactLimits::standard();
    let with = |limits| NodeConfig { artefacts: (ArtefactPlace::Memory, limits), ..config(mem()) };
    for (len_max, status) in [(len - 1, 413), (len, 201)] {
        let network = published(with(ArtefactLimits { len_max, ..standard })).await;
        assert_eq!(Put::new(&network, OWNER, &variant(0)).send(&network).await.0, status);
        network.node.shutdown().await.expect("a clean end");
    }
    let room = u64::try_from(2 * len + 1).expect("small");
    for limits in [ArtefactLimits { per_predicate_max: 2, ..standard }, ArtefactLimits { total_max: room, ..standard }]
    {
        let network = published(with(limits)).await;
        for (tag, expected) in [(0, (201, "")), (1, (201, "")), (2, (422, "E_LIMIT")), (1, (200, ""))] {
            let answer = Put::new(&network, OWNER, &variant(tag)).send(&network).await;
            assert_eq!(code(&answer), expected, "{tag}: {}", answer.1);
        }
        assert_eq!(stored(&network).await.len(), 2);
        network.node.shutdown().await.expect("a clean end");
    }
    const { assert!(UPLOADS_MAX < 8, "each is held in memory") };
}
