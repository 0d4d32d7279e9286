//! Cases that are made from small documents.

use spec::Document;

use super::*;
use crate::model::{Body, Message, Request};

const DOCUMENT: &str = r"
openapi: 3.1.0
paths:
  /things/{id}:
    put:
      operationId: put_thing
      parameters:
        - { name: id, in: path, required: true, schema: { type: string, minLength: 1, maxLength: 20, pattern: '^[a-z0-9]+$' } }
        - { name: count, in: query, schema: { type: integer, minimum: 1, maximum: 9 } }
        - { name: kind, in: query, required: true, schema: { type: string, enum: [red, blue] } }
      requestBody:
        required: true
        content:
          application/json:
            schema:
              type: object
              required: [name]
              properties:
                name: { type: string, minLength: 2, maxLength: 4 }
                tags: { type: array, items: { type: string }, maxItems: 2 }
      responses: { '200': { description: Fine. } }
";

fn generator(seed: u64) -> Generator {
    Generator::new(&Document::from_yaml(DOCUMENT).unwrap(), seed).unwrap()
}

fn request(case: &Case) -> &Request {
    match &case.steps[0].send.messages[0] {
        Message::Request(request) => request,
        Message::Exact { .. } => panic!("generated cases are requests"),
    }
}

/// The request for a constraint, in its first round: target, and body as text.
fn probe(constraint: &str) -> (String, String) {
    let case = generator(1).case_named(&format!("generated::put_thing::{constraint}::0")).expect(constraint);
    let Request { target, body, .. } = request(&case);
    let body = match body {
        Body::Whole(bytes) => bytes.lossy().into_owned(),
        _ => String::new(),
    };
    (target.clone(), body)
}

fn parameter(target: &str, name: &str) -> Vec<String> {
    let query = target.split_once('?').map_or("", |(_, query)| query);
    let pairs = url::form_urlencoded::parse(query.as_bytes());
    pairs.filter(|(key, _)| key == name).map(|(_, value)| value.into_owned()).collect()
}

#[test]
fn every_constraint_is_met_at_its_bound_and_broken_past_it() {
    for (constraint, name, expected) in [
        ("query.count/minimum/at", "count", "1"),
        ("query.count/minimum/past", "count", "0"),
        ("query.count/maximum/at", "count", "9"),
        ("query.count/maximum/past", "count", "10"),
        ("query.count/type/leading_zero", "count", "05"),
        ("query.kind/enum/blue", "kind", "blue"),
    ] {
        assert_eq!(parameter(&probe(constraint).0, name), [expected], "{constraint}");
    }
    assert!(parameter(&probe("query.kind/required/missing").0, "kind").is_empty());
    assert!(parameter(&probe("query.count/required/absent").0, "count").is_empty());
    assert_eq!(parameter(&probe("query.count/repeated/broken_last").0, "count").len(), 2);
}

#[test]
fn lengths_count_what_the_namespace_will_have() {
    let id = |constraint: &str| {
        let target = probe(constraint).0;
        let filled = target.replace("{{ns}}", "0123456789ab");
        let segment = filled.trim_start_matches("/things/").split('?').next().unwrap_or_default().to_owned();
        (segment.len(), target.contains("{{ns}}"))
    };
    assert_eq!(id("path.id/maxLength/at"), (20, true));
    assert_eq!(id("path.id/maxLength/past"), (21, true));
    assert_eq!(id("path.id/minLength/at"), (1, false));
    assert_eq!(id("path.id/minLength/past"), (0, false));
}

#[test]
fn what_all_targets_name_alike_is_compared_by_its_status_alone() {
    let generator = generator(1);
    for (constraint, compare) in [("path.id/minLength/at", Compare::Status), ("valid", Compare::All)] {
        let case = generator.case_named(&format!("generated::put_thing::{constraint}::0")).unwrap();
        assert_eq!(
            (&case.steps[0].compare, case.alone),
            (&compare, compare == Compare::Status),
            "{constraint}"
        );
    }
}

#[test]
fn bodies_break_one_constraint_each() {
    let body =
        |constraint: &str| -> serde_json::Value { serde_json::from_str(&probe(constraint).1).unwrap() };
    assert!(body("body.name/required/missing").get("name").is_none());
    assert!(body("body.name/type/number")["name"].is_number());
    assert_eq!(body("body.name/maxLength/past")["name"].as_str().unwrap().chars().count(), 5);
    assert_eq!(body("body.tags/maxItems/past")["tags"].as_array().unwrap().len(), 3);
    assert!(body("body/type/array").is_array());
    assert!(serde_json::from_str::<serde_json::Value>(&probe("body/cut_short").1).is_err());
    assert_eq!(probe("body/required/missing").1, "");
}

#[test]
fn valid_requests_are_valid() {
    let cases = generator(3).cases(400);
    let valid: Vec<&Case> = cases.iter().filter(|case| case.id.contains("::valid::")).collect();
    assert!(valid.len() > 3);
    for case in valid {
        let request = request(case);
        let Body::Whole(body) = &request.body else { panic!("{request:?}") };
        let body: serde_json::Value = serde_json::from_slice(body.as_slice()).unwrap();
        let name = body["name"].as_str().unwrap();
        assert!((2..=4).contains(&name.chars().count()), "{name:?}");
        for count in parameter(&request.target, "count") {
            assert!((1..=9).contains(&count.parse::<i32>().unwrap()), "{count}");
        }
    }
}

#[test]
fn a_seed_makes_the_same_cases_and_another_makes_others() {
    assert_eq!(generator(1).cases(300), generator(1).cases(300));
    let (one, other) = (generator(1).cases(300), generator(2).cases(300));
    let same = one.iter().zip(&other).filter(|(one, other)| one.steps == other.steps).count();
    assert!(same < 200, "{same} of 300 are the same");
}

#[test]
fn as_many_cases_as_there_are_constraints_are_one_for_each() {
    let generator = generator(1);
    let constraints: Vec<Constraint> = generator.constraints().collect();
    let cases = generator.cases(constraints.len());
    let about = cases.iter().map(|case| match &case.origin {
        Origin::Generated { operation, constraint, .. } => {
            Constraint { operation: operation.clone(), name: constraint.clone() }
        }
        other => panic!("{other:?}"),
    });
    assert_eq!(about.collect::<Vec<_>>(), constraints);
}

#[test]
fn a_case_is_made_again_from_its_id() {
    let generator = generator(5);
    for case in generator.cases(200) {
        assert_eq!(generator.case_named(&case.id), Some(case));
    }
    assert_eq!(generator.case_named("generated::put_thing::nothing::0"), None);
}

#[test]
fn a_thousand_different_requests_come_from_one_operation() {
    let cases = generator(1).cases(1_000);
    assert_eq!(cases.len(), 1_000);
    let mut ids: BTreeMap<&str, usize> = BTreeMap::new();
    for case in &cases {
        *ids.entry(&case.id).or_default() += 1;
    }
    assert_eq!(ids.len(), 1_000);
}

#[test]
fn what_cannot_be_made_is_said() {
    let text = DOCUMENT.replace("application/json", "application/octet-stream");
    let generator = Generator::new(&Document::from_yaml(&text).unwrap(), 1).unwrap();
    let unmade: Vec<String> = generator.unmade().iter().map(ToString::to_string).collect();
    assert_eq!(unmade, ["put_thing bodies of application/octet-stream"]);
    assert_eq!(generator.constraints().last().as_ref(), generator.unmade().last());
}
