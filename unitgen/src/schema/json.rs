//! The table as JSON Schema, draft 2020-12: what editors complete and underline by.

use serde_json::{Map, Value, json};

use super::{Key, Kind, NAME, Need, Table, VALUE, VARIABLE, services, tables};

/// The schema's text, as it is kept beside the manifests.
///
/// # Panics
/// Never: everything in it is a text, a number or a list.
#[must_use]
pub fn text() -> String {
    let mut text = serde_json::to_string_pretty(&schema()).expect("texts and numbers are always JSON");
    text.push('\n');
    text
}

/// The schema.
#[must_use]
pub fn schema() -> Value {
    let tables = tables();
    let mut schema = table("", &tables);
    schema.insert("$schema".to_owned(), json!("https://json-schema.org/draft/2020-12/schema"));
    schema.insert("title".to_owned(), json!("Portcullis manifest, schema 1"));
    Value::Object(schema)
}

fn table(path: &str, tables: &[Table]) -> Map<String, Value> {
    let Some(table) = tables.iter().find(|table| table.path == path) else { return Map::new() };
    let properties: Map<String, Value> =
        table.keys.iter().map(|key| (key.name.to_owned(), property(path, key, tables))).collect();
    let required: Vec<&str> = table.keys.iter().filter(|key| key.need == Need::Always).map(|key| key.name).collect();
    let mut object = Map::new();
    object.insert("type".to_owned(), json!("object"));
    object.insert("description".to_owned(), json!(table.about));
    object.insert("properties".to_owned(), Value::Object(properties));
    object.insert("additionalProperties".to_owned(), json!(false));
    if !required.is_empty() {
        object.insert("required".to_owned(), json!(required));
    }
    object.extend(links(path));
    object
}

/// What keys of one table demand of each other.
fn links(path: &str) -> Map<String, Value> {
    fields(match path {
        "services.NAME" => json!({ "allOf": services::links() }),
        "jobs.NAME" => json!({
            "oneOf": [{ "required": ["program"] }, { "required": ["restart"] }],
            "dependentRequired": { "late_start": ["schedule"] },
        }),
        _ => json!({}),
    })
}

fn property(path: &str, key: &Key, tables: &[Table]) -> Value {
    let below = if path.is_empty() { key.name.to_owned() } else { format!("{path}.{}", key.name) };
    let mut object = match key.kind {
        Kind::Text(pattern) => shaped(pattern),
        Kind::Choice(words) => fields(json!({ "type": "string", "enum": words })),
        Kind::Whole(min, max) if min == max => fields(json!({ "type": "integer", "const": min })),
        Kind::Whole(min, max) => fields(json!({ "type": "integer", "minimum": min, "maximum": max })),
        Kind::Flag => fields(json!({ "type": "boolean" })),
        Kind::Texts(pattern, 0) => fields(json!({ "type": "array", "items": shaped(pattern) })),
        Kind::Texts(pattern, min) => fields(json!({ "type": "array", "items": shaped(pattern), "minItems": min })),
        Kind::Choices(words) => {
            fields(json!({ "type": "array", "items": { "type": "string", "enum": words }, "uniqueItems": true }))
        }
        Kind::Table => table(&below, tables),
        Kind::Tables => fields(json!({
            "type": "object",
            "additionalProperties": table(&format!("{below}.NAME"), tables),
            "propertyNames": shaped(NAME),
        })),
        Kind::Variables => fields(json!({
            "type": "object",
            "additionalProperties": shaped(VALUE),
            "propertyNames": shaped(VARIABLE),
        })),
    };
    object.insert("description".to_owned(), json!(described(key)));
    object.entry("examples").or_insert_with(|| example(key).map_or_else(|| json!([]), |value| json!([value])));
    if let Some(default) = key.default.and_then(|default| serde_json::from_str::<Value>(default).ok()) {
        object.insert("default".to_owned(), default);
    }
    Value::Object(object)
}

fn described(key: &Key) -> String {
    match key.default {
        Some(default) if serde_json::from_str::<Value>(default).is_err() => {
            format!("{} Without it: {default}.", key.about)
        }
        Some(_) | None => key.about.to_owned(),
    }
}

/// An example that TOML and JSON write alike.
fn example(key: &Key) -> Option<Value> {
    serde_json::from_str(key.example).ok()
}

fn shaped(pattern: &str) -> Map<String, Value> {
    if pattern.is_empty() {
        fields(json!({ "type": "string" }))
    } else {
        fields(json!({ "type": "string", "pattern": pattern }))
    }
}

fn fields(object: Value) -> Map<String, Value> {
    match object {
        Value::Object(fields) => fields,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => Map::new(),
    }
}
