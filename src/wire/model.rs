//! The service model, from `cognito-idp.json`: the operations, and the types and constraints of their members.
//!
//! [`model`] adds `keystead.json`, which has Keystead's own operations. These may use shapes of `cognito-idp.json`.
//!
//! `script/extract-service-model` makes `cognito-idp.json` from the `botocore` package (Apache-2.0).

use std::{
    collections::{BTreeMap, HashMap},
    sync::{LazyLock, OnceLock},
};

use regex::Regex;
use serde::Deserialize;

/// Returns the model of the user-pools API (version 2016-04-18) and of Keystead's own operations.
pub fn model() -> &'static Model {
    static MODEL: LazyLock<Model> = LazyLock::new(|| {
        let file: File = serde_json::from_str(include_str!("cognito-idp.json")).expect("the model file is well formed");
        let own: File = serde_json::from_str(include_str!("keystead.json")).expect("the model file is well formed");
        let (mut operations, mut shapes) = (file.operations, file.shapes);
        operations
            .extend(own.operations.into_iter().map(|(name, one)| (name, Operation { is_extension: true, ..one })));
        shapes.extend(own.shapes);
        Model { operations, shapes }
    });
    &MODEL
}

#[derive(Deserialize)]
struct File {
    operations: HashMap<String, Operation>,
    shapes: HashMap<String, Shape>,
}

/// All operations and shapes.
pub struct Model {
    operations: HashMap<String, Operation>,
    shapes: HashMap<String, Shape>,
}

/// One operation of the API.
#[derive(Deserialize)]
pub struct Operation {
    /// Whether the caller must sign the request with SigV4.
    pub signed: bool,
    /// The name of the input's shape.
    pub input: String,
    /// The name of the output's shape; `None` if the response has no body.
    pub output: Option<String>,
    /// The names of the exceptions that the operation declares.
    pub errors: Vec<String>,
    /// Whether this is one of Keystead's own operations, which have the target prefix `KeysteadService.`
    #[serde(skip)]
    pub is_extension: bool,
}

/// A type with its constraints.
#[derive(Deserialize)]
pub(super) struct Shape {
    #[serde(rename = "type")]
    pub kind: Kind,
    #[serde(default)]
    pub min: Option<i64>,
    #[serde(default)]
    pub max: Option<i64>,
    #[serde(default)]
    pub pattern: Option<String>,
    #[serde(default, rename = "enum")]
    pub values: Vec<String>,
    #[serde(default)]
    pub required: Vec<String>,
    #[serde(default)]
    pub sensitive: bool,
    #[serde(default)]
    pub document: bool,
    #[serde(default)]
    pub members: BTreeMap<String, String>,
    #[serde(default)]
    pub member: Option<String>,
    #[serde(default)]
    pub value: Option<String>,
    #[serde(skip)]
    regex: OnceLock<Regex>,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq, Debug)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    Structure,
    List,
    Map,
    String,
    Blob,
    Boolean,
    Integer,
    Long,
    Timestamp,
}

impl Model {
    /// Returns the operation with this name, if there is one.
    pub fn operation(&self, name: &str) -> Option<&Operation> {
        self.operations.get(name)
    }

    /// Returns the names of all operations, sorted.
    pub fn operation_names(&self) -> Vec<&str> {
        let mut names: Vec<_> = self.operations.keys().map(String::as_str).collect();
        names.sort_unstable();
        names
    }

    /// Returns the names of the members of an operation's output, sorted. There are none if the output is empty, or if
    /// there is no such operation.
    pub fn output_members(&self, operation: &str) -> Vec<&str> {
        self.operation(operation)
            .and_then(|operation| operation.output.as_deref())
            .map(|shape| self.shape(shape).members.keys().map(String::as_str).collect())
            .unwrap_or_default()
    }

    pub(super) fn shape(&self, name: &str) -> &Shape {
        self.shapes.get(name).expect("the model names only shapes it has")
    }
}

/// Makes an input with every member that an operation has, for tests. The strings in it need not match the members'
/// patterns.
#[cfg(test)]
pub fn sample_input(operation: &str) -> serde_json::Value {
    let model = model();
    model.sample(&model.operation(operation).expect("an operation of the model").input, 0)
}

#[cfg(test)]
impl Model {
    fn sample(&self, shape: &str, depth: usize) -> serde_json::Value {
        use serde_json::{Value, json};
        let shape = self.shape(shape);
        if shape.document || depth > 8 {
            return json!({});
        }
        let of = |shape: &Option<String>| self.sample(shape.as_deref().expect("the model names it"), depth + 1);
        match shape.kind {
            Kind::Structure => Value::Object(
                shape.members.iter().map(|(name, member)| (name.clone(), self.sample(member, depth + 1))).collect(),
            ),
            Kind::List => json!([of(&shape.member)]),
            Kind::Map => json!({"key": of(&shape.value)}),
            Kind::String if shape.pattern.as_deref().is_some_and(|one| one.starts_with("[0-9a-fA-F]{8}-")) => {
                json!(uuid::Uuid::nil())
            }
            Kind::String | Kind::Blob => json!(shape.values.first().map_or("x", String::as_str)),
            Kind::Boolean => json!(true),
            Kind::Integer | Kind::Long | Kind::Timestamp => json!(1),
        }
    }
}

impl Shape {
    /// Returns the pattern, if the shape has one. It is compiled on first use.
    pub(super) fn regex(&self) -> Option<&Regex> {
        let pattern = self.pattern.as_deref()?;
        Some(self.regex.get_or_init(|| Regex::new(&translated(pattern)).expect("a test compiles every pattern")))
    }
}

/// Translates a pattern of the model to the syntax of the `regex` crate. Patterns of the model have Java's syntax and
/// must match the whole string.
fn translated(pattern: &str) -> String {
    // This is the only pattern with a look-behind, which means "does not end with a period".
    if pattern == r"^[0-9A-Za-z\.\-_]*(?<!\.)$" {
        return r"\A(?:[0-9A-Za-z.\-_]*[0-9A-Za-z\-_])?\z".to_owned();
    }
    // The API's own documentation has custom domains such as `auth.example.com`, which the model's pattern excludes. So
    // dots are added.
    if pattern == r"^[a-z0-9](?:[a-z0-9\-]{0,61}[a-z0-9])?$" {
        return r"\A[a-z0-9](?:[a-z0-9\-.]{0,61}[a-z0-9])?\z".to_owned();
    }
    // In Java, `\S`, `\s` and `\w` distinguish only ASCII characters, and the hyphen in `0-9-_` is literal.
    let body = pattern
        .replace(r"[\S]", r"[^ \t\n\x0B\x0C\r]")
        .replace(r"\s", r" \t\n\x0B\x0C\r")
        .replace(r"\w", "0-9A-Za-z_")
        .replace("0-9-_", r"0-9\-_");
    format!(r"\A(?:{body})\z")
}

#[cfg(test)]
mod tests;
