//! The API's description against the API: every answer that any of these tests gets is checked with it.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use ed25519_dalek::Signer;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use zera_host::Action;
use zera_library::range::{self, Input};
use zera_node::{OPENAPI, ROUTES};

use crate::network::{key as key_of, *};

fn document() -> &'static Value {
    static DOCUMENT: OnceLock<Value> = OnceLock::new();
    DOCUMENT.get_or_init(|| serde_json::from_str(OPENAPI).expect("JSON"))
}

fn followed(value: &'static Value) -> &'static Value {
    match value.get("$ref").and_then(Value::as_str) {
        Some(name) => document().pointer(name.strip_prefix('#').expect("of this document")).expect("it is there"),
        None => value,
    }
}

fn hex_digits(text: &str) -> bool {
    text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

fn decimal(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) && (text == "0" || !text.starts_with('0'))
}

/// The patterns of the document, each with what it says.
fn matches(pattern: &str, text: &str) -> bool {
    match pattern {
        "^[0-9a-f]{64}$" => text.len() == 64 && hex_digits(text),
        "^[0-9a-f]{512}$" => text.len() == 512 && hex_digits(text),
        "^([0-9a-f]{2})*$" => text.len().is_multiple_of(2) && hex_digits(text),
        "^(0|[1-9][0-9]*)$" => decimal(text),
        "^(0|[1-9][0-9]*):(0|[1-9][0-9]*)$" => {
            text.split_once(':').is_some_and(|(height, index)| decimal(height) && decimal(index))
        }
        other => panic!("the pattern {other} is not known here"),
    }
}

fn is_of(kind: &str, value: &Value) -> bool {
    match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        "integer" => value.is_u64() || value.is_i64(),
        other => panic!("the type {other} is not known here"),
    }
}

/// A whole number; bounds say nothing of anything else.
fn number(value: &Value) -> Option<i128> {
    value.as_u64().map(i128::from).or_else(|| value.as_i64().map(i128::from))
}

fn len(count: usize) -> Option<i128> {
    i128::try_from(count).ok()
}

/// What of `value` does not fit `schema`, as JSON Schema says it; a keyword that is not known here is an error of ours.
fn fits(schema: &'static Value, value: &Value) -> Result<(), String> {
    let wrong = |what: &str| Err(format!("{what}: {value:.200}"));
    for (keyword, rule) in schema.as_object().expect("a schema") {
        match keyword.as_str() {
            "$ref" => fits(followed(schema), value)?,
            "description" => {}
            "type" if !is_of(rule.as_str().expect("a type"), value) => return wrong("type"),
            "const" if rule != value => return wrong("const"),
            "enum" if !rule.as_array().expect("a list").contains(value) => return wrong("enum"),
            "pattern" if !value.as_str().is_some_and(|text| matches(rule.as_str().expect("a pattern"), text)) => {
                return wrong("pattern");
            }
            "minLength" if value.as_str().is_some_and(|text| len(text.len()) < number(rule)) => {
                return wrong("minLength");
            }
            "minimum" if number(value).is_some_and(|value| Some(value) < number(rule)) => return wrong("minimum"),
            "maximum" if number(value).is_some_and(|value| Some(value) > number(rule)) => return wrong("maximum"),
            "maxItems" if value.as_array().is_some_and(|list| len(list.len()) > number(rule)) => {
                return wrong("maxItems");
            }
            "anyOf" | "oneOf" => {
                let found: Vec<_> = rule.as_array().expect("a list").iter().map(|schema| fits(schema, value)).collect();
                let count = found.iter().filter(|found| found.is_ok()).count();
                if count == 0 || (keyword == "oneOf" && count > 1) {
                    return wrong(keyword);
                }
            }
            "items" => value.as_array().into_iter().flatten().try_for_each(|item| fits(rule, item))?,
            "required" => {
                for name in rule.as_array().expect("a list") {
                    if value.get(name.as_str().expect("a name")).is_none() {
                        return wrong(&format!("{name} is missing"));
                    }
                }
            }
            "properties" => {
                for (name, schema) in rule.as_object().expect("properties") {
                    if let Some(value) = value.get(name) {
                        fits(schema, value).map_err(|why| format!("{name}: {why}"))?;
                    }
                }
            }
            "additionalProperties" => {
                assert_eq!(rule, false);
                let known = schema["properties"].as_object().expect("properties");
                let unknown = value.as_object().into_iter().flat_map(Map::keys).find(|name| !known.contains_key(*name));
                if let Some(name) = unknown {
                    return wrong(&format!("{name} is not documented"));
                }
            }
            "type" | "const" | "enum" | "pattern" | "minLength" | "minimum" | "maximum" | "maxItems" => {}
            other => panic!("the keyword {other} is not known here"),
        }
    }
    Ok(())
}

/// The operation that answers `method path`, by the document's own templates.
fn operation(method: &str, path: &str) -> Option<&'static Value> {
    let is_of = |template: &str| {
        let (template, path): (Vec<_>, Vec<_>) = (template.split('/').collect(), path.split('/').collect());
        template.len() == path.len()
            && template.iter().zip(&path).all(|(t, p)| t == p || (t.starts_with('{') && !p.is_empty()))
    };
    let paths = document()["paths"].as_object().expect("paths");
    paths.iter().find(|(template, _)| is_of(template)).and_then(|(_, methods)| methods.get(method))
}

/// What was asked, as far as the document speaks of it.
pub struct Asked {
    pub method: String,
    pub path: String,
    pub query: Vec<(String, String)>,
    pub body: Option<Value>,
}

/// Checks an answer with the document: its status, kind, headers and body; and that what the document forbids to ask is
/// not answered as if it were allowed.
pub fn check(asked: &Asked, response: &Answer) {
    let Asked { method, path, .. } = asked;
    let shown = format!("{method} {path} {}: {:.300}", response.status, response.text);
    let json = || serde_json::from_str(&response.text).unwrap_or_else(|_| panic!("not JSON: {shown}"));
    let Some(operation) = operation(method, path) else {
        assert!(matches!(response.status, 404 | 405), "not documented: {shown}");
        fits(&document()["components"]["schemas"]["Error"], &json()).unwrap_or_else(|why| panic!("{why}: {shown}"));
        return;
    };
    let documented = operation["responses"].get(response.status.to_string());
    let documented = followed(documented.unwrap_or_else(|| panic!("the status is not documented: {shown}")));
    for header in documented.get("headers").and_then(Value::as_object).into_iter().flat_map(Map::keys) {
        assert!(response.headers.contains(&header.to_ascii_lowercase()), "{header} is missing: {shown}");
    }
    let (kind, content) = documented["content"].as_object().and_then(|kinds| kinds.iter().next()).expect("one kind");
    assert_eq!(&response.kind, kind, "{shown}");
    let body = if kind == "application/json" { json() } else { Value::String(response.text.clone()) };
    fits(&content["schema"], &body).unwrap_or_else(|why| panic!("{why}: {shown}"));
    if response.status < 400 {
        // A route that takes no parameters ignores a query.
        let known = operation.get("parameters").and_then(Value::as_array);
        let known: Vec<_> = known.into_iter().flatten().filter(|known| known["in"] == "query").collect();
        for (name, value) in asked.query.iter().filter(|_| !known.is_empty()) {
            let found = known.iter().find(|known| known["name"] == *name);
            let found = found.unwrap_or_else(|| panic!("{name} is not documented: {shown}"));
            let value: Value = value.parse::<u64>().map_or_else(|_| json!(value), |number| json!(number));
            fits(&found["schema"], &value).unwrap_or_else(|why| panic!("{name}: {why}: {shown}"));
        }
        if let Some(schema) = operation.pointer("/requestBody/content/application~1json/schema") {
            let body = asked.body.as_ref().unwrap_or_else(|| panic!("answered without a body: {shown}"));
            fits(schema, body).unwrap_or_else(|why| panic!("the body: {why}: {shown}"));
        }
    }
}

/// An answer, as far as the document speaks of it.
pub struct Answer {
    pub status: u16,
    pub kind: String,
    pub headers: BTreeSet<String>,
    pub text: String,
}

#[test]
fn the_document_has_the_routes_of_the_router_and_no_others() {
    let routes: BTreeSet<(String, String)> = ROUTES.iter().map(|(m, p)| ((*m).to_owned(), (*p).to_owned())).collect();
    let mut documented = BTreeSet::new();
    for (path, methods) in document()["paths"].as_object().expect("paths") {
        for (method, operation) in methods.as_object().expect("methods") {
            documented.insert((method.clone(), path.clone()));
            // Every parameter of the path is described.
            for name in path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')) {
                let known = operation["parameters"].as_array().expect("parameters");
                assert!(known.iter().any(|known| known["name"] == name && known["in"] == "path"), "{path}: {name}");
            }
        }
    }
    assert_eq!(documented, routes);
    // And the page for people names each of them.
    let page = include_str!("../../docs/api.md");
    for (method, path) in ROUTES {
        let named = format!("`{} {path}", method.to_uppercase());
        assert!(page.contains(&named), "docs/api.md: {named}");
    }
}

/// Every object is closed and asks for all it names, but for bodies with optional fields.
#[test]
fn objects_are_closed() {
    fn walk(at: &str, value: &Value, count: &mut usize) {
        if value["type"] == "object" && value.get("properties").is_some() {
            *count += 1;
            assert_eq!(value["additionalProperties"], false, "{at}");
            let names: BTreeSet<_> = value["properties"].as_object().expect("properties").keys().cloned().collect();
            let required: BTreeSet<String> =
                serde_json::from_value(value["required"].clone()).expect("a list of names");
            assert!(required == names || at.ends_with("/QueryBody"), "{at}");
        }
        match value {
            Value::Object(fields) => {
                fields.iter().for_each(|(name, value)| walk(&format!("{at}/{name}"), value, count))
            }
            Value::Array(items) => items.iter().for_each(|value| walk(at, value, count)),
            _ => {}
        }
    }
    let mut count = 0;
    walk("", document(), &mut count);
    assert!(count > 40, "{count}");
}

#[test]
fn the_check_itself_refuses() {
    let schema = |name: &str| &document()["components"]["schemas"][name];
    let good = json!({ "hash": "ab".repeat(32), "pending": true });
    assert_eq!(fits(schema("Pending"), &good), Ok(()));
    for bad in [
        json!({ "hash": "ab".repeat(32) }),
        json!({ "hash": "ab".repeat(32), "pending": false }),
        json!({ "hash": "AB".repeat(32), "pending": true }),
        json!({ "hash": "ab".repeat(31), "pending": true }),
        json!({ "hash": "ab".repeat(32), "pending": true, "more": 1 }),
        json!([good]),
    ] {
        assert!(fits(schema("Pending"), &bad).is_err(), "{bad}");
    }
    let event = json!({ "height": 1, "index": 0, "event": "task_expired", "task": "00".repeat(32) });
    assert_eq!(fits(schema("Event"), &event), Ok(()));
    let mut other = event.clone();
    other["event"] = json!("task_final");
    assert!(fits(schema("Event"), &other).is_err(), "the fields of another event");
    for bad in [json!(-1), json!(1.5), json!("1"), json!(null)] {
        assert!(fits(schema("Number"), &bad).is_err(), "{bad}");
    }
}

/// Every operation is answered well and, where it can be, badly; [`Network`] checks each answer with the document.
#[tokio::test]
async fn a_walk_over_all_routes_meets_the_document() {
    let mut network = Network::new().await;
    let served = Served::new(range::NAME);
    let contract = network.serve(&served, asker(), vec![]).await;
    let public = Input { x: 50, lo: 20, hi: 80 }.encode();
    let ask = Action::Call { contract, entry: "ask".to_owned(), input: served.request(&public, 100) };
    network.done(OWNER, ask).await;
    let task = network.ok("/v1/tasks").await["tasks"][0]["id"].as_str().expect("an id").to_owned();
    let id = task.parse().expect("an id");
    network.done(ALICE, Action::Lock { task: id }).await;
    let answer = served.answer(network.chain, ALICE, &network.task(&id).await);
    let bad = zera_market::Answer { proof: Box::new([0xff; 256]), ..answer.clone() };
    assert_eq!(network.run(ALICE, Action::Submit { task: id, answer: bad }).await["ending"], "rejected");
    let accepted = network.done(ALICE, Action::Submit { task: id, answer }).await;
    let rule = zera_host::RuleName::new("open_fee").expect("a name");
    network.done(ALICE, Action::Propose { rule, value: 1_100_000 }).await;
    network.done(ALICE, Action::Support { proposal: 0, amount: zera_abi::Amount::from_units(50_000_000) }).await;
    let gap = network.tx(BOB, 1, Action::Lock { task: id }).sign(&key(BOB)).expect("its own key");
    assert_eq!(network.send(&gap).await.0, 202);

    let (key, name) = (served.keys.verifying.id(), range::NAME);
    let (hash, height) = (accepted["hash"].as_str().expect("a hash"), &accepted["height"]);
    let state = hex(b"state");
    let good = [
        "/livez".to_owned(),
        "/readyz".to_owned(),
        "/metrics".to_owned(),
        "/version".to_owned(),
        "/v1/openapi.json".to_owned(),
        "/v1/status".to_owned(),
        format!("/v1/blocks/{height}"),
        format!("/v1/blocks/{height}/txs?from=0"),
        format!("/v1/tx/{hash}"),
        format!("/v1/tx/{hash}/wait?timeout_ms=1"),
        format!("/v1/accounts/{contract}"),
        "/v1/tasks?state=accepted&limit=1".to_owned(),
        format!("/v1/tasks?after={task}"),
        format!("/v1/tasks/{task}"),
        format!("/v1/contracts/{contract}"),
        format!("/v1/contracts/{contract}/storage/{state}"),
        "/v1/predicates".to_owned(),
        format!("/v1/predicates/{name}"),
        format!("/v1/names/{name}"),
        format!("/v1/keys/{key}"),
        "/v1/market".to_owned(),
        "/v1/rules/0".to_owned(),
        "/v1/cost".to_owned(),
        "/v1/proposals?state=voting&limit=1".to_owned(),
        "/v1/proposals/0".to_owned(),
        "/v1/events/list?since=0:0&limit=1000".to_owned(),
    ];
    let mut walked: BTreeSet<String> = BTreeSet::new();
    let mut note = |method: &str, path: &str| {
        let path = path.split('?').next().expect("a path");
        let operation = operation(method, path).expect("documented");
        walked.insert(operation["operationId"].as_str().expect("an id").to_owned());
    };
    for path in &good {
        network.ok(path).await;
        note("get", path);
    }
    assert_eq!(network.ok("/v1/openapi.json").await, *document());
    assert_eq!(network.get(&format!("/v1/tx/{}", gap.hash())).await.0, 202);
    let query = format!("/v1/contracts/{contract}/query");
    for entry in ["echo", "fail", "nothing"] {
        let body = json!({ "entry": entry, "input": "00", "caller": "00".repeat(32) });
        assert_eq!(network.post(&query, &body).await.0, 200);
    }
    note("post", &query);
    network.block().await;
    note("post", "/v1/dev/block");
    let file = (served.predicate.artefact)().encode();
    let sha256: [u8; 32] = Sha256::digest(&file).into();
    let path = format!("/v1/artefacts/{}", hex(&sha256));
    let predicate = (served.predicate.artefact)().predicate_id();
    let put = network.http.put(network.url(&format!("{path}?predicate={predicate}")));
    let signature = key_of(OWNER).sign(&zera_node::artefact_message(&network.chain, &sha256)).to_bytes();
    let put = put.header("content-type", "application/octet-stream").header("zera-signature", hex(&signature));
    assert_eq!(answered(put.body(file)).await.0, 201);
    note("put", &path);
    network.ok(&path).await;
    note("get", &path);
    let path = crate::sealed::waiting(&mut network).await;
    note("post", &path);
    network.ok(&path).await;
    note("get", &path);
    let ask = Action::Call { contract, entry: "ask".to_owned(), input: served.request(&public, 150) };
    network.done(OWNER, ask).await;
    let open = network.ok("/v1/tasks?state=open").await["tasks"][0]["id"].as_str().expect("an id").to_owned();
    let path = crate::decline::told(&network, &open.parse().expect("an id")).await;
    note("post", &path);
    network.ok(&path).await;
    note("get", &path);
    let again = network.ok(&format!("/v1/blocks/{height}/txs")).await["txs"][0]["bytes"].clone();
    assert_eq!(network.post("/v1/tx", &json!({ "tx": again })).await.0, 200, "in a block already");
    note("post", "/v1/tx");
    // The stream: its head by hand, each of its events by the document.
    let response = network.http.get(network.url("/v1/events")).send().await.expect("an answer");
    assert_eq!((response.status().as_u16(), &response.headers()["content-type"] == "text/event-stream"), (200, true));
    note("get", "/v1/events");
    let documented = document()["paths"].as_object().expect("paths").values();
    let all: BTreeSet<String> = documented
        .flat_map(|methods| methods.as_object().expect("methods").values())
        .map(|operation| operation["operationId"].as_str().expect("an id").to_owned())
        .collect();
    assert_eq!(walked, all);

    // Badly: nothing of this is there, and nothing of this is a request.
    for (_, path) in ROUTES {
        let text = |value: &str| {
            let part = |part: &str| if part.starts_with('{') { value.to_owned() } else { part.to_owned() };
            path.split('/').map(part).collect::<Vec<_>>().join("/")
        };
        for value in ["0", "-1", "zz", "%00", "AB", &"ab".repeat(32), "99999999999999999999999"] {
            if *path != "/v1/events" {
                network.get(&text(value)).await;
                network.get(&format!("{}?unknown=1", text(value))).await;
            }
            network.post(&text(value), &json!({ "tx": "00", "more": 1 })).await;
            network.post(&text(value), &json!([])).await;
        }
    }
    assert_eq!(network.get("/readyz").await.0, 200);
    network.node.shutdown().await.expect("a clean end");
}
