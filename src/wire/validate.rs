//! Checks a request against the service model.
//!
//! A value of the wrong type is a `SerializationException`. All violated constraints together are one
//! `InvalidParameterException` (docs/cognito.md 1.2 and 1.3).

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::model::{Kind, Model, Shape, model};
use crate::error::{Error, Key, Result, Text};

/// How many characters of an input value an error message repeats at most.
const ECHO_LIMIT: usize = 256;

/// How many violations an error message describes at most. Further violations are only counted.
const NAMED_LIMIT: usize = 50;

/// Members in which an empty string means the same as a missing member, namely a user without a password (API
/// reference: SignUp and AdminCreateUser).
const BLANK_IS_NONE: [(&str, &str); 2] = [("SignUp", "Password"), ("AdminCreateUser", "TemporaryPassword")];

/// Checks the input of an operation. Returns it without nulls and unknown members, or fails with an error that says
/// what is wrong with it.
pub fn validated(operation: &str, mut input: Value) -> Result<Map<String, Value>> {
    let model = model();
    for (_, member) in BLANK_IS_NONE.iter().filter(|(name, _)| *name == operation) {
        if let Some(map) = input.as_object_mut()
            && map.get(*member).is_some_and(|value| value == "")
        {
            map.remove(*member);
        }
    }
    let operation = model.operation(operation).expect("only operations of the model are dispatched");
    let shape = &operation.input;
    let strict = operation.is_extension;
    let mut check = Check { model, failures: Vec::new(), first: String::new(), count: 0, hidden: false, strict };
    let Value::Object(out) = check.value(input, model.shape(shape), "")? else {
        return Err(expected_map());
    };
    match check.count {
        0 => Ok(out),
        n => {
            let errors = if n == 1 { "error" } else { "errors" };
            let words = format!("{n} validation {errors} detected: {}", check.failures.join("; "));
            Err(Error::InvalidParameter(Text::keyed(Key::Member(check.first), words)))
        }
    }
}

struct Check {
    model: &'static Model,
    /// Descriptions of the first violations.
    failures: Vec<String>,
    /// The path of the member with the first violation.
    first: String,
    /// The number of all violations.
    count: usize,
    /// Whether the value being checked is inside a sensitive member.
    hidden: bool,
    /// Whether members that are not in the model are refused. They are refused in Keystead's own operations. Some of
    /// these operations replace a whole document of rules, so a rule with a misspelled name would be switched off.
    strict: bool,
}

impl Check {
    /// Checks the value at `path` (empty for the whole input). Returns it without nulls and unknown members.
    fn value(&mut self, value: Value, shape: &'static Shape, path: &str) -> Result<Value> {
        let around = self.hidden;
        self.hidden |= shape.sensitive;
        let cleaned = self.cleaned(value, shape, path);
        self.hidden = around;
        cleaned
    }

    fn cleaned(&mut self, value: Value, shape: &'static Shape, path: &str) -> Result<Value> {
        if shape.document {
            return Ok(value);
        }
        match (shape.kind, value) {
            (Kind::Structure, Value::Object(map)) => self.structure(map, shape, path).map(Value::Object),
            (Kind::Map, Value::Object(map)) => self.map(map, shape, path).map(Value::Object),
            (Kind::Structure | Kind::Map, _) => Err(expected_map()),
            (Kind::List, Value::Array(items)) => self.list(items, shape, path).map(Value::Array),
            (Kind::List, _) => Err(mismatch("Expected list or null")),
            (Kind::String | Kind::Blob, Value::String(text)) => {
                self.fail_all(string_rules(&text, shape), shape, path, &text);
                Ok(Value::String(text))
            }
            (Kind::Boolean, Value::Bool(flag)) => Ok(Value::Bool(flag)),
            (Kind::Integer | Kind::Long, Value::Number(number)) => {
                let whole = whole(&number)
                    .ok_or_else(|| mismatch("A number with a fraction can not be converted to an Integer"))?;
                self.fail_all(number_rules(whole, shape), shape, path, &whole.to_string());
                Ok(Value::from(whole))
            }
            (Kind::Timestamp, value @ Value::Number(_)) => Ok(value),
            (kind, value) => Err(scalar_mismatch(kind, &value)),
        }
    }

    fn structure(
        &mut self,
        mut map: Map<String, Value>,
        shape: &'static Shape,
        path: &str,
    ) -> Result<Map<String, Value>> {
        let mut out = Map::new();
        for (name, member) in &shape.members {
            let member = self.model.shape(member);
            match map.remove(name) {
                None | Some(Value::Null) => {
                    if shape.required.contains(name) {
                        self.fail("Member must not be null", member, &join(path, name), None);
                    }
                }
                Some(value) => {
                    let value = self.value(value, member, &join(path, name))?;
                    out.insert(name.clone(), value);
                }
            }
        }
        if let Some(name) = map.keys().next().filter(|_| self.strict) {
            return Err(Error::InvalidParameter(
                format!("{} is no member of this operation's input.", join(path, name)).into(),
            ));
        }
        Ok(out)
    }

    fn map(&mut self, map: Map<String, Value>, shape: &'static Shape, path: &str) -> Result<Map<String, Value>> {
        let member = self.model.shape(shape.value.as_deref().expect("a map names its values' shape"));
        let length = i64::try_from(map.len()).unwrap_or(i64::MAX);
        self.fail_all(length_rules(length, shape), shape, path, "{}");
        let mut out = Map::new();
        for (key, value) in map {
            if value.is_null() {
                continue;
            }
            let value = self.value(value, member, &format!("{path}.{key}.member"))?;
            out.insert(key, value);
        }
        Ok(out)
    }

    fn list(&mut self, items: Vec<Value>, shape: &'static Shape, path: &str) -> Result<Vec<Value>> {
        let member = self.model.shape(shape.member.as_deref().expect("a list names its members' shape"));
        let length = i64::try_from(items.len()).unwrap_or(i64::MAX);
        let shown = shown_list(&items);
        self.fail_all(length_rules(length, shape), shape, path, &shown);
        let mut out = Vec::with_capacity(items.len());
        let mut broken: Vec<String> = Vec::new();
        for (index, item) in items.into_iter().enumerate() {
            // The violated rules of a list's strings are reported once each, for the list as a whole.
            if let (Kind::String, Value::String(text)) = (member.kind, &item) {
                for rule in string_rules(text, member) {
                    if !broken.contains(&rule) {
                        broken.push(rule);
                    }
                }
                out.push(item);
            } else {
                out.push(self.value(item, member, &format!("{path}.{}.member", index + 1))?);
            }
        }
        if !broken.is_empty() {
            let rule = format!("Member must satisfy constraint: [{}]", broken.join(", "));
            let sensitive = if member.sensitive { member } else { shape };
            self.fail(&rule, sensitive, path, Some(&shown));
        }
        Ok(out)
    }

    fn fail_all(&mut self, rules: Vec<String>, shape: &Shape, path: &str, value: &str) {
        for rule in rules {
            self.fail(&rule, shape, path, Some(value));
        }
    }

    /// Records a violated rule. `value` is `None` for a missing member. The value of a sensitive member is never shown.
    fn fail(&mut self, rule: &str, shape: &Shape, path: &str, value: Option<&str>) {
        self.count += 1;
        if self.count == 1 {
            path.clone_into(&mut self.first);
        }
        if self.failures.len() >= NAMED_LIMIT {
            return;
        }
        let shown: Cow<'_, str> = match value {
            _ if shape.sensitive || self.hidden => "Value".into(),
            None => "Value null".into(),
            Some(value) => format!("Value '{}'", cut(value)).into(),
        };
        self.failures.push(format!("{shown} at '{path}' failed to satisfy constraint: {rule}"));
    }
}

fn string_rules(text: &str, shape: &Shape) -> Vec<String> {
    let mut rules = Vec::new();
    if let (Some(regex), Some(pattern)) = (shape.regex(), &shape.pattern)
        && !regex.is_match(text)
    {
        rules.push(format!("Member must satisfy regular expression pattern: {pattern}"));
    }
    rules.extend(length_rules(i64::try_from(text.chars().count()).unwrap_or(i64::MAX), shape));
    if !shape.values.is_empty() && !shape.values.iter().any(|value| value == text) {
        rules.push(format!("Member must satisfy enum value set: [{}]", shape.values.join(", ")));
    }
    rules
}

fn length_rules(length: i64, shape: &Shape) -> Vec<String> {
    bounds(length, shape, "Member must have length")
}

fn number_rules(number: i64, shape: &Shape) -> Vec<String> {
    bounds(number, shape, "Member must have value")
}

fn bounds(measure: i64, shape: &Shape, what: &str) -> Vec<String> {
    let mut rules = Vec::new();
    if let Some(min) = shape.min.filter(|min| measure < *min) {
        rules.push(format!("{what} greater than or equal to {min}"));
    }
    if let Some(max) = shape.max.filter(|max| measure > *max) {
        rules.push(format!("{what} less than or equal to {max}"));
    }
    rules
}

fn whole(number: &serde_json::Number) -> Option<i64> {
    number.as_i64().or_else(|| {
        let float = number.as_f64()?;
        (float.fract() == 0.0 && float.abs() < 9e15).then_some(float as i64)
    })
}

/// Returns the path of a member: `confirmationCode` for a member of the input, `userAttributes.1.member.name` for a
/// nested member.
fn join(path: &str, name: &str) -> String {
    let mut chars = name.chars();
    let first = chars.next().map(|c| c.to_ascii_lowercase()).into_iter();
    let lower: String = first.chain(chars).collect();
    if path.is_empty() { lower } else { format!("{path}.{lower}") }
}

fn shown_list(items: &[Value]) -> String {
    let items: Vec<_> = items
        .iter()
        .take(20)
        .map(|item| match item {
            Value::String(text) => cut(text).into_owned(),
            Value::Object(_) | Value::Array(_) => "…".to_owned(),
            other => other.to_string(),
        })
        .collect();
    format!("[{}]", items.join(", "))
}

fn cut(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(ECHO_LIMIT) {
        None => Cow::Borrowed(text),
        Some((end, _)) => Cow::Owned(format!("{}…", &text[..end])),
    }
}

fn mismatch(text: &'static str) -> Error {
    Error::Serialization(Some(text.into()))
}

fn expected_map() -> Error {
    mismatch("Expected map or null")
}

/// Makes the error for a value that does not have the expected scalar type.
fn scalar_mismatch(kind: Kind, value: &Value) -> Error {
    let wanted = match kind {
        Kind::Boolean => "a Boolean",
        Kind::Integer => "an Integer",
        Kind::Long => "a Long",
        Kind::Timestamp => "a Timestamp",
        _ => "a String",
    };
    let given = match value {
        Value::Object(_) | Value::Array(_) => {
            return mismatch("Start of structure or map found where not expected.");
        }
        Value::Bool(true) => "TRUE_VALUE",
        Value::Bool(false) => "FALSE_VALUE",
        Value::Number(_) => "NUMBER_VALUE",
        Value::Null => "NULL_VALUE",
        Value::String(_) => "STRING_VALUE",
    };
    Error::Serialization(Some(format!("{given} can not be converted to {wanted}").into()))
}

#[cfg(test)]
mod tests;
