//! The wording of the pages, in the languages of `locales/` (Project Fluent). Pure.
//!
//! A new language needs a file in `locales/` and a line in `FILES`. Tests check that every file has the messages of the
//! English one, that the messages used by pages exist, and that every message is used.

use std::{borrow::Cow, sync::LazyLock};

use fluent_bundle::{FluentArgs, FluentResource, concurrent::FluentBundle};
use fluent_langneg::{NegotiationStrategy, accepted_languages, negotiate_languages};
use unic_langid::{CharacterDirection, LanguageIdentifier};

/// Language tags and files. The first language is used where no other fits, and for messages that another lacks.
const FILES: [(&str, &str); 7] = [
    ("en", include_str!("../locales/en.ftl")),
    ("ar", include_str!("../locales/ar.ftl")),
    ("de", include_str!("../locales/de.ftl")),
    ("es", include_str!("../locales/es.ftl")),
    ("fr", include_str!("../locales/fr.ftl")),
    ("ja", include_str!("../locales/ja.ftl")),
    ("pt", include_str!("../locales/pt.ftl")),
];

struct Language {
    tag: &'static str,
    id: LanguageIdentifier,
    direction: CharacterDirection,
    bundle: FluentBundle<FluentResource>,
}

static LANGUAGES: LazyLock<Vec<Language>> = LazyLock::new(|| {
    let language = |(tag, file): (&'static str, &str)| {
        let id: LanguageIdentifier = tag.parse().expect("a language tag");
        let resource = FluentResource::try_new(file.to_owned()).unwrap_or_else(|(resource, _)| resource);
        let direction = id.character_direction();
        let mut bundle = FluentBundle::new_concurrent(vec![id.clone()]);
        // Most filled-in values are written from left to right, such as addresses. In a sentence that is written from
        // right to left, isolation marks keep their characters in order.
        bundle.set_use_isolating(direction == CharacterDirection::RTL);
        let _ = bundle.add_resource(resource);
        Language { tag, id, direction, bundle }
    };
    FILES.into_iter().map(language).collect()
});

/// Returns an `Accept-Language` list without the languages that it refuses (`q=0`, RFC 9110 section 12.4.2).
fn accepted(list: &str) -> String {
    let refused = |one: &&str| {
        let weight = one.split(';').find_map(|part| part.trim().strip_prefix("q="));
        weight.is_some_and(|weight| weight.trim().parse::<f32>().is_ok_and(|weight| weight == 0.0))
    };
    list.split(',').filter(|one| !refused(one)).collect::<Vec<_>>().join(",")
}

/// The messages of one language.
#[derive(Clone, Copy)]
pub struct Texts(&'static Language);

impl Texts {
    /// Chooses a language: that of the tag `asked`, or else one that the browser accepts (`Accept-Language`), or else
    /// English.
    pub fn choose(asked: Option<&str>, accept_language: Option<&str>) -> Self {
        let wanted = asked.and_then(|tag| tag.parse::<LanguageIdentifier>().ok());
        let mut wanted: Vec<LanguageIdentifier> = wanted.into_iter().collect();
        wanted.extend(accepted_languages::parse(&accepted(accept_language.unwrap_or_default())));
        let available: Vec<_> = LANGUAGES.iter().map(|language| language.id.clone()).collect();
        let chosen = negotiate_languages(&wanted, &available, None, NegotiationStrategy::Lookup);
        let found = chosen.first().and_then(|id| LANGUAGES.iter().find(|language| language.id == **id));
        Self(found.unwrap_or(&LANGUAGES[0]))
    }

    /// Returns the messages of each language.
    pub fn all() -> impl Iterator<Item = Self> {
        LANGUAGES.iter().map(Self)
    }

    /// The language's tag.
    pub fn language(&self) -> &'static str {
        self.0.tag
    }

    /// The direction in which the language is written, as the HTML attribute `dir` names it.
    pub fn direction(&self) -> &'static str {
        if self.0.direction == CharacterDirection::RTL { "rtl" } else { "ltr" }
    }

    /// Returns a message by its ID.
    pub fn say(&self, id: &str) -> Cow<'static, str> {
        self.with(id, None)
    }

    /// Returns a message with a value for its one placeholder.
    pub fn say1(&self, id: &str, name: &'static str, value: impl AsRef<str>) -> Cow<'static, str> {
        let mut args = FluentArgs::new();
        args.set(name, value.as_ref().to_owned());
        self.with(id, Some(&args)).into_owned().into()
    }

    /// Returns a message with a number for its one placeholder. The number chooses the plural form, if the message has
    /// several.
    pub fn say_number(&self, id: &str, name: &'static str, number: usize) -> Cow<'static, str> {
        let mut args = FluentArgs::new();
        args.set(name, number);
        self.with(id, Some(&args)).into_owned().into()
    }

    /// Returns a message with values for its two placeholders.
    pub fn say2(&self, id: &str, first: (&'static str, &str), second: (&'static str, &str)) -> Cow<'static, str> {
        let mut args = FluentArgs::new();
        for (name, value) in [first, second] {
            args.set(name, value.to_owned());
        }
        self.with(id, Some(&args)).into_owned().into()
    }

    fn with(&self, id: &str, args: Option<&FluentArgs<'_>>) -> Cow<'static, str> {
        let pattern = |language: &'static Language| {
            let pattern = language.bundle.get_message(id)?.value()?;
            Some((language, pattern))
        };
        let Some((language, pattern)) = pattern(self.0).or_else(|| pattern(&LANGUAGES[0])) else {
            return id.to_owned().into();
        };
        Cow::Owned(language.bundle.format_pattern(pattern, args, &mut Vec::new()).into_owned())
    }

    /// Whether this language has a message with this ID.
    pub fn has(&self, id: &str) -> bool {
        self.0.bundle.has_message(id)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Returns the IDs of a file's messages, and the placeholders of each.
    fn messages(file: &str) -> Vec<(String, BTreeSet<String>)> {
        let mut messages: Vec<(String, BTreeSet<String>)> = Vec::new();
        for line in file.lines().filter(|line| !line.starts_with('#')) {
            // The plural forms of a message stand on lines without an ID.
            if let Some((id, _)) = line.split_once(" = ") {
                messages.push((id.to_owned(), BTreeSet::new()));
            }
            let names = line.split('$').skip(1).filter_map(|rest| rest.split(|c: char| !c.is_alphanumeric()).next());
            if let Some((_, places)) = messages.last_mut() {
                places.extend(names.map(str::to_owned));
            }
        }
        messages
    }

    #[test]
    fn every_language_says_everything_with_the_same_places() {
        let english = messages(FILES[0].1);
        assert!(english.len() > 150);
        for (tag, file) in FILES {
            assert_eq!(messages(file), english, "{tag}");
            assert!(FluentResource::try_new(file.to_owned()).is_ok(), "{tag}");
        }
    }

    #[test]
    fn every_text_that_pages_name_is_there_and_none_is_forgotten() {
        let mut sources = String::new();
        for folder in ["templates", "src/http/pages", "src/http/pages/account", "src/http"] {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_file() {
                    sources.push_str(&std::fs::read_to_string(path).unwrap());
                }
            }
        }
        let english = Texts::choose(None, None);
        let named = ["say(\"", "say1(\"", "say2(\"", "say_number(\""].map(|call| sources.split(call).skip(1));
        for id in named.into_iter().flatten().filter_map(|rest| rest.split('"').next()).filter(|id| id.len() < 60) {
            assert!(english.has(id) || !id.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'), "{id}");
        }
        for (id, _) in messages(FILES[0].1) {
            let used = id.starts_with("attribute-") || id == "language-name" || sources.contains(&format!("\"{id}\""));
            assert!(used, "{id} stands in locales/ and nowhere else");
        }
    }

    #[test]
    fn the_language_is_the_one_asked_for_or_the_browsers_or_english() {
        let chosen = |asked, accept| Texts::choose(asked, accept).language();
        assert_eq!(chosen(None, None), "en");
        assert_eq!(chosen(Some("de"), Some("fr")), "de");
        assert_eq!(chosen(Some("de-CH"), None), "de");
        assert_eq!(chosen(Some("xx"), Some("nl-BE, ja;q=0.5")), "ja");
        assert_eq!(chosen(Some("\u{0}<script>"), Some(";;;,,,q=")), "en");
    }

    #[test]
    fn places_are_filled() {
        assert_eq!(Texts::choose(None, None).say1("continue-as", "name", "ada"), "Continue as ada");
        // Arabic is written from right to left, the name from left to right.
        let arabic = Texts::choose(Some("ar-EG"), None);
        assert_eq!(arabic.say1("continue-as", "name", "ada"), "المتابعة باسم \u{2068}ada\u{2069}");
    }

    #[test]
    fn a_number_chooses_the_plural_form() {
        let said = |language, number| Texts::choose(Some(language), None).say_number("policy-length", "count", number);
        assert_eq!(said("en", 8), "At least 8 characters");
        assert_eq!(said("ar", 8), "\u{2068}8\u{2069} أحرف على الأقل");
        assert_eq!(said("ar", 12), "\u{2068}12\u{2069} حرفًا على الأقل");
    }

    #[test]
    fn only_arabic_is_written_from_right_to_left() {
        let from_right = Texts::all().filter(|texts| texts.direction() == "rtl").map(|texts| texts.language());
        assert_eq!(from_right.collect::<Vec<_>>(), ["ar"]);
    }
}
