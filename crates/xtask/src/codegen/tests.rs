//! The generators on small documents, and the checked-in files.

use super::*;
use crate::tree;

#[test]
fn generated_files_are_up_to_date() {
    if let Err(faults) = run(&tree::root(), true) {
        panic!("{}", faults.join("\n"));
    }
}

/// A document of one operation, with `get` as the inside of it and `schemas` as components.
fn document(get: &str, schemas: &str) -> Document {
    let text = format!(
        "openapi: 3.1.0\npaths:\n  /items/{{id}}:\n    get:\n{get}\ncomponents:\n  schemas:\n{schemas}\n"
    );
    Document::from_yaml(&text).unwrap_or_else(|error| panic!("{}:\n{text}", causes::Chain(&error)))
}

const SCHEMAS: &str = "    Item:
      description: One thing.
      type: object
      required: [id, size, state]
      properties:
        id: { $ref: '#/components/schemas/Name' }
        size: { type: [integer, 'null'], minimum: 0, description: Null when it is not known. }
        state: { type: string, enum: [new, in use] }
        note: { type: string }
      additionalProperties: false
    Name: { type: string }
    Refusal:
      type: object
      required: [error, message, status_code, request_id]
      properties:
        error: { type: string, const: BadRequest }
        message: { type: string }
        status_code: { type: integer, const: 400 }
        request_id: { type: string }
      additionalProperties: false";

const PARAMETERS: &str = "      operationId: get_item
      parameters:
        - { name: id, in: path, required: true, schema: { type: string, maxLength: 9, pattern: '^[a-z.]+$' } }
        - { name: most, in: query, description: At most., schema: { type: integer, maximum: 10000 } }
";

fn responses(more: &str) -> String {
    format!(
        "      responses:
        '200': {{ description: Fine., content: {{ application/json: {{ schema: {{ $ref: '#/components/schemas/Item' }} }} }} }}
{more}"
    )
}

fn model(get: &str) -> Result<Model, String> {
    model::read(&document(get, SCHEMAS))
}

fn fine() -> Model {
    let refusal = "        '400': { description: Broken., content: { application/json: { schema: { $ref: '#/components/schemas/Refusal' } } } }";
    model(&format!("{PARAMETERS}{}", responses(refusal))).unwrap()
}

/// What stands in a generated text, whatever the white space is.
fn has(text: &str, expected: &str) {
    let plain = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(plain(text).contains(&plain(expected)), "{expected}\nis not in\n{text}");
}

#[test]
fn an_operation_becomes_a_row_of_the_table() {
    has(
        &operations::generate(&fine()),
        r#"Operation { id: "get_item", method: Method::Get, path: "/items/{id}", path_parameters: &["id"], query_parameters: &["most"], has_body: false, statuses: &[200, 400] },"#,
    );
}

#[test]
fn parameters_become_an_input_that_is_read_by_their_rules() {
    let text = whole(&inputs::generate(&fine())).unwrap();
    has(&text, "pub struct GetItem { /// `id` pub id: String, /// At most. pub most: Option<i64>, }");
    has(&text, r#"const ID: TextRule = TextRule::ANY.max_length(9).pattern("^[a-z.]+$");"#);
    has(&text, "const MOST: IntegerRule = IntegerRule::ANY.maximum(10_000);");
    has(&text, "pub fn read(id: &str, query: Option<&str>) -> Result<Self, Problem>");
    has(&text, "let most = query.optional(\"most\").map(|raw| Self::MOST.integer(raw)).transpose();");
}

#[test]
fn schemas_become_types_with_their_members_in_order() {
    let text = whole(&wire::generate(&fine())).unwrap();
    has(
        &text,
        "/// One thing. #[derive(Debug, Clone, PartialEq, Serialize)] pub struct Item { /// `id` pub id: Name, \
         /// Null when it is not known. pub size: Option<u64>, /// `state` pub state: ItemState, /// `note` \
         #[serde(skip_serializing_if = \"Option::is_none\")] pub note: Option<Cow<'static, str>>, }",
    );
    has(&text, "/// `in use` #[serde(rename = \"in use\")] InUse,");
    assert!(!text.contains("Refusal"), "an error's body is the envelope: {text}");
}

#[test]
fn axum_gets_a_route_an_extractor_and_an_enum_of_answers() {
    let model = fine();
    has(
        &axum::routes(&model),
        r#".route("/items/{id}", bodiless(get(documented::<GetItemResponse, _, _>(handlers::get_item))))"#,
    );
    has(
        &axum::params(&model),
        r#"GetItem::read(segment(parts, "id"), parts.uri.query()).map(Self).map_err(invalid)"#,
    );
    has(
        &axum::responses(&model),
        "pub(crate) enum GetItemResponse { /// 200: Fine. Ok(Item), /// 400: Broken. BadRequest(ApiError), }",
    );
}

#[test]
fn a_rule_that_cannot_be_made_is_refused_with_its_place() {
    for (schema, expected) in [
        (
            "{ type: string, pattern: '^a|b$' }",
            "/schema/pattern: a pattern of the form ^[characters]+$ is needed, with ASCII characters, ranges and escaped punctuation in the set",
        ),
        (
            "{ type: string, not: { pattern: 'x' } }",
            "/schema/not/pattern: a refused pattern of the form ^text is needed, with ASCII characters and escaped punctuation in the text",
        ),
        ("{ type: string, enum: [a] }", "/schema/enum: enum is not supported by the code generator"),
        (
            "{ type: integer, multipleOf: 2 }",
            "/schema/multipleOf: multipleOf is not supported by the code generator",
        ),
        ("{ type: integer, minimum: 0.5 }", "/schema: expected minimum to be a whole number"),
        ("{ type: boolean }", "/schema: only a string or an integer is supported as a parameter"),
    ] {
        let parameters = format!(
            "      operationId: get_item\n      parameters: [{{ name: id, in: path, required: true, schema: {schema} }}]\n"
        );
        let found = model(&(parameters + &responses(""))).unwrap_err();
        assert_eq!(
            found,
            format!("openapi/openapi.yaml: /paths/~1items~1{{id}}/get/parameters/0{expected}"),
            "{schema}"
        );
    }
}

#[test]
fn an_operation_that_cannot_be_generated_is_refused_with_its_place() {
    let id = "parameters: [{ name: id, in: path, required: true, schema: { type: string } }]";
    let fine = responses("");
    for (get, expected) in [
        (format!("      {id}\n{fine}"), ": an operationId is needed"),
        (
            format!("      operationId: getItem\n      {id}\n{fine}"),
            "/operationId: expected the name of a Rust function",
        ),
        (
            format!("      operationId: get_item\n{fine}"),
            ": the path parameters are not those of the template",
        ),
        (
            format!(
                "      operationId: get_item\n      parameters: [{{ name: query, in: query, schema: {{ type: string }} }}]\n{fine}"
            ),
            "/parameters/0: the generated code has another meaning for this name",
        ),
        (
            format!(
                "      operationId: get_item\n      {id}\n      requestBody: {{ content: {{ text/plain: {{ schema: {{ type: string }} }} }} }}\n{fine}"
            ),
            "/requestBody/content/text~1plain: text/plain is not supported by the code generator",
        ),
        (
            format!(
                "      operationId: get_item\n      {id}\n{}",
                responses("        '418': { description: Teapot. }")
            ),
            "/responses/418: the status 418 is not supported by the code generator",
        ),
    ] {
        assert_eq!(
            model(&get).unwrap_err(),
            format!("openapi/openapi.yaml: /paths/~1items~1{{id}}/get{expected}"),
            "{get}"
        );
    }
}

#[test]
fn a_schema_that_has_no_type_in_rust_is_refused_with_its_place() {
    for (schema, expected) in [
        ("{ type: object, properties: {} }", ": an object with properties needs additionalProperties: false"),
        (
            "{ type: object, properties: { Upper: { type: string } }, additionalProperties: false }",
            "/properties/Upper: expected a name in small letters, digits and _",
        ),
        (
            "{ type: array, items: { type: string }, uniqueItems: true }",
            "/uniqueItems: uniqueItems is not supported by the code generator",
        ),
        ("{ allOf: [] }", ": a schema without a type is not supported by the code generator"),
        (
            "{ oneOf: [{ type: object, properties: { a: { type: string } } }] }",
            "/oneOf/0: an object of oneOf needs a member with a constant text",
        ),
        (
            "{ type: object, properties: { error: { type: string }, status_code: { type: integer } } }",
            "/properties: expected the members of the error envelope, in its order",
        ),
    ] {
        let get = format!(
            "      operationId: get_item\n      parameters: [{{ name: id, in: path, required: true, schema: {{ type: string }} }}]\n{}",
            responses("")
        );
        let found = model::read(&document(&get, &format!("    Item: {schema}"))).unwrap_err();
        assert_eq!(found, format!("openapi/openapi.yaml: /components/schemas/Item{expected}"), "{schema}");
    }
}

#[test]
fn an_envelope_that_says_another_status_is_refused() {
    let get = responses(
        "        '422': { description: Broken., content: { application/json: { schema: { $ref: '#/components/schemas/Refusal' } } } }",
    );
    assert_eq!(
        model(&format!("{PARAMETERS}{get}")).unwrap_err(),
        "openapi/openapi.yaml: /components/schemas/Refusal/properties/status_code: expected the constant 422, which is the answer's status"
    );
}

#[test]
fn a_file_that_is_generated_no_more_is_named() {
    let root = std::env::temp_dir().join(format!("xtask-codegen-{}", std::process::id()));
    let folder = root.join("crates/wire-spec/src/generated");
    fs::create_dir_all(&folder).unwrap();
    for name in ["mod.rs", "types.rs", "old.rs"] {
        fs::write(folder.join(name), "").unwrap();
    }
    let found = left_over(&root);
    fs::remove_dir_all(&root).unwrap();
    assert_eq!(found, ["crates/wire-spec/src/generated/old.rs is not generated; delete it"]);
}
