//! Cases from an OpenAPI document: each constraint met at its bound and broken just past it.
//!
//! Every constraint of every operation is a *probe*: a strategy of `proptest` for whole requests in which that one
//! constraint is at stake and all else is as documented. A case is a probe, a round and the seed of the run; the same
//! three make the same request again, so that a case needs no more than its id to be made again, and the strategy
//! that made it also knows smaller requests of the same kind: see `shrink`.
//!
//! Deliberately absent: an expectation. What a generated request is to be answered is said by the document, as far as
//! it says so, and by the other targets.

mod draft;
mod json;
mod probes;
mod scalar;
mod shrink;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use proptest::strategy::{Strategy as _, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use spec::operations::Place;
use spec::{Document, Operation};

use crate::model::{Body, Case, Compare, Message, Origin, Request, Step};
use draft::Draft;
use probes::Probe;

pub use shrink::shrink;

/// The ids of generated cases begin with this word.
pub const ID: &str = "generated";

/// How often a strategy may throw a value away before a probe counts as not makeable.
const MOST_REJECTS: u32 = 4_096;

/// Makes cases from a document.
#[derive(Debug)]
pub struct Generator {
    seed: u64,
    sources: Vec<Source>,
    unmade: Vec<Constraint>,
}

/// What a document demands of the requests of an operation.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Constraint {
    /// The operation's id, or method and path.
    pub operation: String,
    /// The part of the request, the keyword of the document, and how it is met or broken: `query.limit/maximum/past`.
    pub name: String,
}

impl fmt::Display for Constraint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.operation, self.name)
    }
}

#[derive(Debug)]
struct Source {
    operation: String,
    method: String,
    path: String,
    probe: Probe,
}

/// A request that is all as documented, in parts.
#[derive(Debug, Clone)]
pub(crate) struct ValidRequest {
    /// The request without its body, but with the header that declares it.
    pub(crate) request: Request,
    /// The body.
    pub(crate) body: Option<String>,
    /// The first parameter of the path, as it stands in the target.
    pub(crate) path_segment: Option<String>,
}

impl Generator {
    /// A generator of cases for the operations of a document.
    ///
    /// # Errors
    /// As [`Document::operations`].
    ///
    /// ```
    /// use parity::generate::Generator;
    ///
    /// let document = spec::Document::from_yaml(r#"
    /// openapi: 3.1.0
    /// paths:
    ///   /items:
    ///     get:
    ///       operationId: list_items
    ///       parameters:
    ///         - { name: limit, in: query, schema: { type: integer, maximum: 100 } }
    ///       responses: { '200': { description: The items. } }
    /// "#)?;
    /// let cases = Generator::new(&document, 7)?.cases(50);
    /// assert!(cases.iter().any(|case| case.id == "generated::list_items::query.limit/maximum/past::0"));
    /// assert_eq!(cases, Generator::new(&document, 7)?.cases(50));
    /// # Ok::<(), spec::Error>(())
    /// ```
    pub fn new(document: &Document, seed: u64) -> Result<Self, spec::Error> {
        let mut generator = Self { seed, sources: Vec::new(), unmade: Vec::new() };
        for operation in document.operations()? {
            let by_route = format!("{} {}", operation.method, operation.path);
            let name = operation.id.clone().unwrap_or(by_route);
            let constraint = |what: &str| Constraint { operation: name.clone(), name: what.to_owned() };
            let (probes, unmade) = probes::of(&operation);
            generator.unmade.extend(unmade.iter().map(|what| constraint(what)));
            for probe in probes {
                let source = Source {
                    operation: name.clone(),
                    method: operation.method.clone(),
                    path: operation.path.clone(),
                    probe,
                };
                if tree(&source, seed, 0).is_some() {
                    generator.sources.push(source);
                } else {
                    generator.unmade.push(constraint(&source.probe.constraint));
                }
            }
        }
        Ok(generator)
    }

    /// All constraints, in the order of the document; first those that cases can be made for.
    pub fn constraints(&self) -> impl Iterator<Item = Constraint> {
        let made = self.sources.iter().map(|source| Constraint {
            operation: source.operation.clone(),
            name: source.probe.constraint.clone(),
        });
        made.chain(self.unmade.iter().cloned())
    }

    /// What no case could be made for: bodies of media types that are not understood, patterns of other dialects.
    pub fn unmade(&self) -> &[Constraint] {
        &self.unmade
    }

    /// So many different cases: each constraint once, then each once more with other values, and so on.
    ///
    /// There may be fewer, when the document says so little that nothing else can be made from it.
    pub fn cases(&self, count: usize) -> Vec<Case> {
        let mut cases = Vec::with_capacity(count);
        let mut known = BTreeSet::new();
        for round in 0.. {
            let before = cases.len();
            for source in &self.sources {
                if cases.len() == count {
                    return cases;
                }
                let Some(tree) = tree(source, self.seed, round) else { continue };
                let case = self.case(source, round, &tree.current());
                // A probe of one value makes it in its first round alone.
                if known.insert((&source.operation, &source.probe.constraint, format!("{:?}", case.steps))) {
                    cases.push(case);
                }
            }
            if cases.len() == before {
                break;
            }
        }
        cases
    }

    fn case(&self, source: &Source, round: u32, draft: &Draft) -> Case {
        let constraint = &source.probe.constraint;
        let message = draft::message(&source.method, &source.path, draft);
        let mut step = Step::new(message);
        if !source.probe.is_private {
            // All targets name the same thing of a store that they may share: what is in it is not compared.
            step.compare = Compare::Status;
        }
        Case {
            id: format!("{ID}::{}::{constraint}::{round}", source.operation),
            name: format!("{} with {constraint}", source.operation),
            tags: vec![ID.to_owned()],
            origin: Origin::Generated {
                seed: self.seed,
                operation: source.operation.clone(),
                constraint: constraint.clone(),
            },
            variables: BTreeMap::new(),
            steps: vec![step],
            hostile: false,
            alone: !source.probe.is_private,
            shared_namespace: false,
        }
    }

    /// A request for an operation that is all as documented.
    pub(crate) fn valid(&self, operation: &Operation) -> Option<ValidRequest> {
        let source = self.sources.iter().find(|source| {
            (&source.method, &source.path) == (&operation.method, &operation.path)
                && source.probe.constraint == probes::VALID
        })?;
        let draft = tree(source, self.seed, 0)?.current();
        let Message::Request(request) = draft::message(&source.method, &source.path, &draft) else {
            return None;
        };
        let body = match &request.body {
            Body::Whole(bytes) => bytes.text().map(str::to_owned),
            _ => None,
        };
        let (parts, _) = &draft;
        let segment =
            parts.iter().find(|part| part.place == Place::Path).and_then(|part| part.value.as_deref());
        Some(ValidRequest {
            path_segment: segment.map(draft::encoded),
            request: Request { body: Body::None, ..request },
            body,
        })
    }

    /// The source and the round of the case with this id.
    fn source(&self, id: &str) -> Option<(&Source, u32)> {
        let rest = id.strip_prefix(ID)?.strip_prefix("::")?;
        let (rest, round) = rest.rsplit_once("::")?;
        let (operation, constraint) = rest.split_once("::")?;
        let mut sources = self.sources.iter();
        let source =
            sources.find(|source| source.operation == operation && source.probe.constraint == constraint)?;
        Some((source, round.parse().ok()?))
    }

    /// The case with this id, made again.
    pub fn case_named(&self, id: &str) -> Option<Case> {
        let (source, round) = self.source(id)?;
        Some(self.case(source, round, &tree(source, self.seed, round)?.current()))
    }
}

/// The value that a source makes in a round, with all that is smaller.
fn tree(source: &Source, seed: u64, round: u32) -> Option<Box<dyn ValueTree<Value = Draft>>> {
    let config = Config { max_local_rejects: MOST_REJECTS, failure_persistence: None, ..Config::default() };
    let name = format!("{} {} {round}", source.operation, source.probe.constraint);
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    bytes[8..16].copy_from_slice(&hash(name.as_bytes()).to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    source.probe.recipe.strategy().new_tree(&mut TestRunner::new_with_rng(config, rng)).ok()
}

/// FNV-1a: the same on every machine and in every version, which the standard library's hashes do not promise.
fn hash(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests;
