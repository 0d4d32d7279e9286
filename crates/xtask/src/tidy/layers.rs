//! Which crate may use which.

use serde_json::Value;

use crate::tree;

/// A member of the workspace, with what its manifest names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Member {
    name: String,
    dependencies: Vec<Dependency>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Dependency {
    name: String,
    is_for_tests: bool,
}

/// What a crate is in the tree.
#[derive(Debug, Clone, Copy)]
enum Room {
    /// It uses crates of lower layers.
    Layer(u8),
    /// It stands beside the layers and uses what is listed.
    Beside(&'static [&'static str]),
}

/// The layer of what every `main` does.
const LAUNCH: u8 = 4;

/// The layer of the servers, which alone may have a web framework.
const SERVERS: u8 = 5;

/// Every crate that there is or is to be.
const ROOMS: [(&str, Room); 21] = [
    ("causes", Room::Layer(0)),
    ("contract", Room::Layer(0)),
    ("integrations", Room::Layer(1)),
    ("service", Room::Layer(2)),
    ("server", Room::Layer(3)),
    ("wire-code", Room::Layer(3)),
    ("wire-spec", Room::Layer(3)),
    ("launch", Room::Layer(LAUNCH)),
    ("api-actix", Room::Layer(SERVERS)),
    ("api-actix-spec", Room::Layer(SERVERS)),
    ("api-axum", Room::Layer(SERVERS)),
    ("api-axum-spec", Room::Layer(SERVERS)),
    ("api-hyper", Room::Layer(SERVERS)),
    ("spec", Room::Beside(&[])),
    // The five servers are data to it, and it reaches backends by their own programs.
    ("devstack", Room::Beside(&["causes", "contract"])),
    ("testkit", Room::Beside(&["contract", "devstack"])),
    // It is a test in the form of a library, and knows the API from the document alone.
    ("black-box", Room::Beside(&["causes", "spec", "testkit"])),
    // It knows the API from the document alone; its test target starts the servers.
    ("parity", Room::Beside(&["causes", "devstack", "spec"])),
    // It speaks HTTP to servers, and to backends by their drivers; its benches start the servers themselves.
    ("bench", Room::Beside(&["causes", "contract", "devstack", "spec", "testkit"])),
    // What all servers share, without any of them.
    ("bench-parts", Room::Beside(&["contract", "service", "wire-code"])),
    ("xtask", Room::Beside(&["causes", "contract", "spec"])),
];

/// Who may use which of the crates beside the layers: to bring up what is missing, and to read the document.
const USED_BY_LAYERS: [(u8, &str); 2] = [(LAUNCH, "devstack"), (SERVERS, "spec")];

/// What any test may use of the crates beside the layers.
const FOR_TESTS: [&str; 4] = ["black-box", "devstack", "spec", "testkit"];

/// Crates that answer HTTP, or are its vocabulary.
const FRAMEWORKS: [&str; 22] = [
    "actix",
    "actix-http",
    "actix-web",
    "axum",
    "axum-core",
    "axum-extra",
    "axum-server",
    "http",
    "http-body",
    "http-body-util",
    "hyper",
    "hyper-rustls",
    "hyper-util",
    "poem",
    "rocket",
    "salvo",
    "tower",
    "tower-http",
    "tower-layer",
    "tower-service",
    "utoipa-actix-web",
    "utoipa-axum",
];

/// The members of the workspace, from `cargo metadata`.
pub(super) fn members() -> Result<Vec<Member>, String> {
    let cargo = std::env::var_os("CARGO").and_then(|path| path.into_string().ok());
    let cargo = cargo.as_deref().unwrap_or("cargo");
    let text = tree::output_of(cargo, &["metadata", "--no-deps", "--format-version", "1"])?;
    let metadata: Value = serde_json::from_str(&text).map_err(|error| format!("cargo metadata: {error}"))?;
    let list = |value: &Value, name: &str| value[name].as_array().cloned().unwrap_or_default();
    let text_of = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    Ok(list(&metadata, "packages")
        .iter()
        .map(|package| Member {
            name: text_of(&package["name"]),
            dependencies: list(package, "dependencies")
                .iter()
                .map(|dependency| Dependency {
                    name: text_of(&dependency["name"]),
                    is_for_tests: dependency["kind"] == "dev",
                })
                .collect(),
        })
        .collect())
}

fn room(name: &str) -> Option<Room> {
    ROOMS.iter().find(|(room, _)| *room == name).map(|(_, room)| *room)
}

/// Crates use lower layers, tests use `testkit`, and nothing else uses anything of ours.
pub(super) fn directions(members: &[Member]) -> Vec<String> {
    let mut breaches = Vec::new();
    for member in members {
        let Some(own) = room(&member.name) else {
            breaches.push(format!("{} has no room in crates/xtask/src/tidy/layers.rs", member.name));
            continue;
        };
        for dependency in &member.dependencies {
            let name = dependency.name.as_str();
            let Some(other) = room(name) else { continue };
            let is_below = match (own, other) {
                (Room::Layer(own), Room::Layer(other)) => other < own,
                (Room::Layer(own), Room::Beside(_)) => USED_BY_LAYERS.contains(&(own, name)),
                (Room::Beside(list), _) => list.contains(&name),
            };
            // What is held against each other has to be started: by parity's test target, and by nothing else in it.
            let is_target =
                member.name == "parity" && (name.starts_with("api-") || matches!(name, "launch" | "server"));
            let is_measured = member.name == "bench"
                && (name.starts_with("api-")
                    || matches!(name, "integrations" | "launch" | "server" | "service"));
            let is_target = is_target || is_measured;
            let is_for_tests = dependency.is_for_tests && (FOR_TESTS.contains(&name) || is_target);
            if !is_below && !is_for_tests {
                breaches.push(format!("{} must not use {name}", member.name));
            }
        }
    }
    breaches
}

/// Only servers have a web framework, `hyper`, `tower` or `http` among their direct dependencies, and `bench`, whose bare
/// hyper server is the floor that they are measured against.
pub(super) fn frameworks(members: &[Member]) -> Vec<String> {
    let below = members
        .iter()
        .filter(|member| !matches!(room(&member.name), Some(Room::Layer(SERVERS))) && member.name != "bench");
    below
        .flat_map(|member| {
            let found = member.dependencies.iter().filter(|dependency| {
                !dependency.is_for_tests && FRAMEWORKS.contains(&dependency.name.as_str())
            });
            found.map(|dependency| format!("{} must not use {}", member.name, dependency.name))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(name: &str, dependencies: &[&str]) -> Member {
        let dependency = |text: &&str| match text.strip_prefix("dev:") {
            Some(name) => Dependency { name: name.to_owned(), is_for_tests: true },
            None => Dependency { name: (*text).to_owned(), is_for_tests: false },
        };
        Member { name: name.to_owned(), dependencies: dependencies.iter().map(dependency).collect() }
    }

    #[test]
    fn a_crate_uses_only_what_lies_below_it() {
        for (name, dependency, expected) in [
            ("contract", "integrations", Some("contract must not use integrations")),
            ("server", "wire-code", Some("server must not use wire-code")),
            ("service", "testkit", Some("service must not use testkit")),
            ("service", "devstack", Some("service must not use devstack")),
            ("spec", "contract", Some("spec must not use contract")),
            ("devstack", "integrations", Some("devstack must not use integrations")),
            ("devstack", "api-actix", Some("devstack must not use api-actix")),
            ("unheard-of", "serde", Some("unheard-of has no room in crates/xtask/src/tidy/layers.rs")),
            ("service", "integrations", None),
            ("service", "dev:testkit", None),
            ("api-actix", "devstack", Some("api-actix must not use devstack")),
            ("api-actix", "launch", None),
            ("server", "launch", Some("server must not use launch")),
            ("launch", "devstack", None),
            ("api-hyper", "spec", None),
            ("contract", "serde", None),
            ("parity", "dev:api-axum", None),
            ("parity", "api-axum", Some("parity must not use api-axum")),
            ("bench", "dev:service", None),
            ("bench", "service", Some("bench must not use service")),
            ("bench-parts", "wire-code", None),
            ("bench-parts", "dev:api-axum", Some("bench-parts must not use api-axum")),
            ("bench", "dev:api-axum", None),
            ("bench", "api-axum", Some("bench must not use api-axum")),
            ("bench", "testkit", None),
        ] {
            let found = directions(&[member(name, &[dependency])]);
            assert_eq!(found, expected.into_iter().collect::<Vec<_>>(), "{name} uses {dependency}");
        }
    }

    #[test]
    fn only_a_server_has_a_framework() {
        let members = [
            member("server", &["rustls", "http", "dev:hyper"]),
            member("integrations", &["reqwest", "tower"]),
            member("api-actix", &["actix-web", "http"]),
        ];
        assert_eq!(frameworks(&members), ["server must not use http", "integrations must not use tower"]);
    }
}
