//! The fields of a query or a form.

use std::collections::HashSet;

/// Names and values, in the order in which they came.
#[derive(Clone, Debug, Default)]
pub struct Fields(Vec<(String, String)>);

impl Fields {
    /// Parses an `application/x-www-form-urlencoded` string. Any string is valid.
    pub fn parse(text: &[u8]) -> Self {
        Self(url::form_urlencoded::parse(text).into_owned().collect())
    }

    /// The first value of a field.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
    }

    /// The first value of a field, unless it is missing or empty.
    pub fn given(&self, name: &str) -> Option<&str> {
        self.get(name).filter(|value| !value.is_empty())
    }

    /// Adds the fields of `others`, except those whose names `self` already has.
    pub fn complete(&mut self, others: &Self) {
        let missing: Vec<_> = others.0.iter().filter(|(name, _)| self.get(name).is_none()).cloned().collect();
        self.0.extend(missing);
    }

    /// The name of a field that appears more than once, if there is one.
    pub fn repeated(&self) -> Option<&str> {
        let mut seen = HashSet::new();
        self.names().find(|name| !seen.insert(*name))
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    pub fn values(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(_, value)| value.as_str())
    }

    /// Encodes all fields except those in `without`, followed by those in `more`, as a string again.
    pub fn text(&self, without: &[&str], more: &[(&str, &str)]) -> String {
        let mut out = url::form_urlencoded::Serializer::new(String::new());
        out.extend_pairs(self.0.iter().filter(|(name, _)| !without.contains(&name.as_str())));
        out.extend_pairs(more);
        out.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_repeated_and_written_again() {
        let fields = Fields::parse(b"a=1&b=%C3%A4+x&a=2&c=");
        assert_eq!(fields.get("a"), Some("1"));
        assert_eq!(fields.get("b"), Some("ä x"));
        assert_eq!((fields.get("c"), fields.given("c"), fields.get("d")), (Some(""), None, None));
        assert_eq!(fields.repeated(), Some("a"));
        assert_eq!(Fields::parse(b"a=1&b=2").repeated(), None);
        let mut completed = fields.clone();
        completed.complete(&Fields::parse(b"a=3&d=4"));
        assert_eq!(completed.text(&[], &[]), "a=1&b=%C3%A4+x&a=2&c=&d=4");
        assert_eq!(fields.text(&["a"], &[("lang", "de")]), "b=%C3%A4+x&c=&lang=de");
    }
}
