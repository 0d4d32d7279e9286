//! One case on its way through all targets, step by step.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::sync::{Mutex, PoisonError};

use futures_util::future::join_all;
use uuid::Uuid;

use super::Engine;
use crate::compare::{Reading, View, agreement, differing_places};
use crate::judge::{Masking, evidence, summary, surroundings, unmet};
use crate::mask::Mask;
use crate::model::{
    Agreement, Capture, Case, Compare, ContractFault, Exchange, ExpectationFault, Message, Step, StepResult,
};
use crate::noise::Noise;
use crate::redact;
use crate::variables::{HOST, NAMESPACE, Variables, fill_message};
use crate::wire::Client;

/// How many hexadecimal digits a namespace has: always the same, so that answers with it in them are of one length.
const NAMESPACE_LENGTH: usize = 12;

/// A case and what it knows of each target.
pub(super) struct Session<'a> {
    engine: &'a Engine,
    case: &'a Case,
    /// By target; the namespace is not among them.
    variables: Vec<Variables>,
    namespaces: Vec<String>,
    /// By the name of a step: the body that each target answered.
    bodies: BTreeMap<&'a str, Vec<Option<String>>>,
}

/// What one target was sent and answered in one step.
struct Sent<'a> {
    index: usize,
    client: &'a Client,
    exchanges: Vec<(Message, Exchange)>,
    /// The answers to the same once more, where noise is learned.
    again: Vec<Exchange>,
}

impl<'a> Session<'a> {
    pub(super) fn new(engine: &'a Engine, case: &'a Case) -> Self {
        let shared = namespace();
        let namespaces = engine.clients.iter();
        let namespaces =
            namespaces.map(|_| if case.shared_namespace { shared.clone() } else { namespace() }).collect();
        let variables = engine.clients.iter().map(|client| {
            // What the case says goes before what the target has under the same name.
            let own = client.target().values.clone();
            own.into_iter().chain(case.variables.clone()).collect()
        });
        Self { engine, case, variables: variables.collect(), namespaces, bodies: BTreeMap::new() }
    }

    /// Sends all steps; what came of them is in `steps`, even when this is given up on the way.
    ///
    /// # Errors
    /// Why nothing can be said about the case.
    pub(super) async fn run(mut self, steps: &Mutex<Vec<StepResult>>) -> Result<(), String> {
        for (index, step) in self.case.steps.iter().enumerate() {
            let sent = self.send(step).await;
            if sent.iter().all(|sent| sent.exchanges.iter().all(|(_, exchange)| is_unreachable(exchange))) {
                return Err("no target could be reached".to_owned());
            }
            let mut result = self.judge(index, step, &sent)?;
            result.expectation.extend(self.remember(step, &sent));
            steps.lock().unwrap_or_else(PoisonError::into_inner).push(result);
        }
        Ok(())
    }

    async fn send(&self, step: &Step) -> Vec<Sent<'a>> {
        let clients = self.engine.clients.iter().enumerate();
        let addressed = clients
            .filter(|(index, _)| step.only.is_none_or(|only| only % self.engine.clients.len() == *index));
        let learns = self.engine.learning.is_some() && !step.send.messages.iter().any(Message::is_write);
        join_all(addressed.map(async |(index, client)| {
            let mut variables = self.variables[index].clone();
            variables.insert(NAMESPACE.to_owned(), self.namespaces[index].clone());
            variables.insert(HOST.to_owned(), client.target().authority());
            let messages: Vec<Message> = (0..step.send.repeat)
                .flat_map(|_| &step.send.messages)
                .map(|message| fill_message(message, &variables))
                .collect();
            let exchanges = self.exchange_all(client, step, &messages).await;
            let again = if learns { self.exchange_all(client, step, &messages).await } else { Vec::new() };
            Sent { index, client, exchanges: messages.into_iter().zip(exchanges).collect(), again }
        }))
        .await
    }

    async fn exchange_all(&self, client: &Client, step: &Step, messages: &[Message]) -> Vec<Exchange> {
        self.engine.requests.fetch_add(messages.len() as u64, Ordering::Relaxed);
        let awaits_close = step.expect.as_ref().is_some_and(|expect| expect.closes == Some(true));
        if step.send.concurrent {
            return join_all(messages.iter().map(|message| client.exchange(message, awaits_close))).await;
        }
        let mut exchanges = Vec::with_capacity(messages.len());
        for message in messages {
            exchanges.push(client.exchange(message, awaits_close).await);
        }
        exchanges
    }

    fn judge(&self, index: usize, step: &Step, sent: &[Sent<'_>]) -> Result<StepResult, String> {
        let operation = sent.first().and_then(|sent| sent.exchanges.first()).and_then(|(message, _)| {
            let operation = self.operation(message)?;
            let by_route = || format!("{} {}", operation.method, operation.path);
            Some(operation.id.clone().unwrap_or_else(by_route))
        });
        let masks: Vec<&Mask> = step.masks.iter().chain(&self.engine.config.mask).collect();
        let mut masking = Masking::new(masks);
        let mut answers = Vec::new();
        for sent in sent {
            let mut views = self.views(step, sent, operation.as_deref(), &mut masking)?;
            if step.send.concurrent {
                views.sort_by_cached_key(View::key);
            }
            let exchanges: Vec<Exchange> =
                sent.exchanges.iter().map(|(_, exchange)| exchange.clone()).collect();
            answers.push((sent.client.target().name.clone(), summary(&exchanges), views));
        }
        let compared =
            if step.compare == Compare::Nothing { Agreement::NotCompared } else { agreement(&answers) };
        let mut expectation = self.unmet(step, sent);
        // The masks of the step are the first ones; one that need not be there need not be met.
        let stale = step.masks.iter().enumerate();
        let stale = stale.filter(|(index, mask)| !mask.optional && !masking.used().contains(index));
        expectation.extend(stale.map(|(_, mask)| ExpectationFault {
            target: ExpectationFault::ALL.to_owned(),
            place: mask.at.clone(),
            expected: "a value for the mask of this step".to_owned(),
            found: "nothing that it covers".to_owned(),
        }));
        Ok(StepResult {
            index,
            operation,
            contract: self.contract_faults(step, sent),
            agreement: hidden(compared),
            expectation,
            masked: masking.masked(),
            evidence: sent
                .iter()
                .map(|sent| {
                    let target = sent.client.target();
                    let shown = sent.exchanges.iter();
                    let shown = shown.map(|(message, exchange)| evidence(message, target, exchange));
                    (target.name.clone(), shown.collect())
                })
                .collect(),
        })
    }

    /// The operation that a message calls.
    ///
    /// Exact bytes and requests without `Host` call none: what is answered to them the document does not say.
    fn operation(&self, message: &Message) -> Option<&spec::Operation> {
        let contract = self.engine.contract.as_ref()?;
        match message {
            Message::Request(request) if request.host => {
                contract.oracle.operation(message.method(), message.path())
            }
            Message::Request(_) | Message::Exact { .. } => None,
        }
    }

    fn views(
        &self,
        step: &Step,
        sent: &Sent<'_>,
        operation: Option<&str>,
        masking: &mut Masking<'_>,
    ) -> Result<Vec<View>, String> {
        let since = match &step.compare {
            Compare::Since(name) => {
                let bodies = self.bodies.get(name.as_str());
                Some(
                    bodies.ok_or_else(|| format!("no step before is named {name:?}"))?[sent.index].as_deref(),
                )
            }
            _ => None,
        };
        let reading = Reading {
            config: &self.engine.config,
            operation,
            compare: &step.compare,
            namespace: &self.namespaces[sent.index],
            since: since.flatten(),
        };
        let mut view = |message: &Message, exchange: &Exchange| {
            let mut view = View::of(exchange, &reading);
            let answer = exchange.answer();
            let around = surroundings(exchange, message.method(), &sent.client.target().values);
            masking.apply(&mut view, operation, answer.map_or(0, |answer| answer.status), &around);
            view
        };
        let views: Vec<View> =
            sent.exchanges.iter().map(|(message, exchange)| view(message, exchange)).collect();
        for (((message, _), again), first) in sent.exchanges.iter().zip(&sent.again).zip(&views) {
            self.learn(operation, sent.client, first, &view(message, again));
        }
        Ok(views)
    }

    fn learn(&self, operation: Option<&str>, client: &Client, first: &View, second: &View) {
        let Some(learned) = &self.engine.learning else { return };
        let found = differing_places(first, second).into_iter().map(|(place, first, second)| {
            let is_secret = redact::is_secret_place(&place);
            let shown = |value: Option<String>| {
                value.map(|text| if is_secret { redact::HIDDEN.to_owned() } else { redact::text(&text) })
            };
            Noise {
                operation: operation.map(str::to_owned),
                place,
                case: self.case.id.clone(),
                target: client.target().name.clone(),
                first: shown(first),
                second: shown(second),
            }
        });
        learned.lock().unwrap_or_else(PoisonError::into_inner).extend(found);
    }

    fn contract_faults(&self, step: &Step, sent: &[Sent<'_>]) -> Vec<ContractFault> {
        let Some(contract) = &self.engine.contract else { return Vec::new() };
        // What is left to the libraries below the servers is not what the document is about.
        if matches!(step.compare, Compare::Error | Compare::Nothing) {
            return Vec::new();
        }
        let mut faults = Vec::new();
        for sent in sent {
            let target = &sent.client.target().name;
            for (message, exchange) in &sent.exchanges {
                let (method, path) = (message.method(), message.path());
                if self.operation(message).is_none() {
                    continue;
                }
                let Some(answer) = exchange.answer() else { continue };
                let headers: Vec<(&str, &str)> = answer
                    .headers
                    .iter()
                    .filter_map(|header| Some((header.name.as_str(), header.value.text()?)))
                    .collect();
                let checked = contract.oracle.check(&spec::Answer {
                    method,
                    path,
                    status: answer.status,
                    headers: &headers,
                    body: answer.body.as_slice(),
                });
                // An echoed message may hold numbers and text that no validator can; the targets are compared in it.
                let checked = checked.iter().filter(|fault| !matches!(fault, spec::Fault::UncheckedBody(_)));
                faults.extend(checked.map(|fault| ContractFault {
                    target: target.clone(),
                    fault: redact::text(&fault.to_string()),
                }));
            }
        }
        faults
    }

    fn unmet(&self, step: &Step, sent: &[Sent<'_>]) -> Vec<ExpectationFault> {
        let Some(expect) = &step.expect else { return Vec::new() };
        let mut faults = Vec::new();
        for sent in sent {
            let target = sent.client.target();
            for (message, exchange) in &sent.exchanges {
                let around = surroundings(exchange, message.method(), &target.values);
                let (variables, namespace) = (&self.variables[sent.index], &self.namespaces[sent.index]);
                faults.extend(unmet(expect, exchange, &target.name, namespace, variables, &around));
            }
        }
        faults
    }

    /// Keeps what later steps name; a value that is to be there and is not is a fault.
    fn remember(&mut self, step: &'a Step, sent: &[Sent<'_>]) -> Vec<ExpectationFault> {
        if let Some(name) = &step.name {
            let mut bodies = vec![None; self.engine.clients.len()];
            for sent in sent {
                let answer = sent.exchanges.last().and_then(|(_, exchange)| exchange.answer());
                bodies[sent.index] = answer.map(|answer| answer.body.lossy().into_owned());
            }
            self.bodies.insert(name, bodies);
        }
        let mut faults = Vec::new();
        for sent in sent {
            for (name, capture) in &step.capture {
                let answer = sent.exchanges.last().and_then(|(_, exchange)| exchange.answer());
                let value = answer.and_then(|answer| match capture {
                    Capture::Header(header) => answer.header(header).map(str::to_owned),
                    Capture::Body(pointer) => {
                        let body: serde_json::Value = serde_json::from_slice(answer.body.as_slice()).ok()?;
                        let value = body.pointer(pointer)?;
                        Some(value.as_str().map_or_else(|| value.to_string(), str::to_owned))
                    }
                });
                match value {
                    Some(value) if step.only.is_some() => {
                        // What one target said is then asked of all.
                        for variables in &mut self.variables {
                            variables.insert(name.clone(), value.clone());
                        }
                    }
                    Some(value) => {
                        self.variables[sent.index].insert(name.clone(), value);
                    }
                    None => faults.push(ExpectationFault {
                        target: sent.client.target().name.clone(),
                        place: format!("capture {name}"),
                        expected: "a value".to_owned(),
                        found: "nothing".to_owned(),
                    }),
                }
            }
        }
        faults
    }
}

fn namespace() -> String {
    let mut token = Uuid::new_v4().simple().to_string();
    token.truncate(NAMESPACE_LENGTH);
    token
}

fn is_unreachable(exchange: &Exchange) -> bool {
    matches!(exchange.ending, crate::model::Ending::NoConnection(_))
}

/// The agreement as a report may show it: secret values are told apart, and not shown.
fn hidden(agreement: Agreement) -> Agreement {
    let Agreement::Split { groups, has_majority, mut differences } = agreement else { return agreement };
    for difference in &mut differences {
        if redact::is_secret_place(&difference.place) {
            let mut known: Vec<String> = Vec::new();
            for value in difference.values.values_mut().flatten() {
                let number = known.iter().position(|other| other == value).unwrap_or(known.len());
                if number == known.len() {
                    known.push(value.clone());
                }
                *value = format!("{} (value {})", redact::HIDDEN, number + 1);
            }
        } else {
            for value in difference.values.values_mut().flatten() {
                *value = redact::text(value);
            }
        }
    }
    Agreement::Split { groups, has_majority, differences }
}
