//! Texts with a point in time. The server writes the time in UTC, and the page's script writes it again, as is usual in
//! the person's language and in their time zone.

use std::borrow::Cow;

use time::{
    OffsetDateTime,
    format_description::{BorrowedFormatItem, well_known::Rfc3339},
    macros::format_description,
};

const DAY: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]");
const MINUTE: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day] [hour]:[minute] UTC");

/// Stands in a text for the time that the template `dated.html` puts there.
pub(super) const PLACE: &str = "\u{fffc}";

/// A text, with a point in time after `before`.
pub(super) struct Dated {
    pub(super) before: String,
    pub(super) time: Time,
    pub(super) after: String,
}

/// A point in time, as a page shows it.
pub(super) struct Time {
    /// How precisely the script shows it: `day` or `minute`.
    pub(super) precision: &'static str,
    /// The time in UTC (RFC 3339), to the second, for the script.
    pub(super) machine: String,
    /// The time in UTC, for browsers without a script.
    pub(super) shown: String,
}

impl Dated {
    /// `text` has [`PLACE`] where the day is to stand.
    pub(super) fn to_the_day(text: &str, at: OffsetDateTime) -> Self {
        Self::of(text, at, "day", DAY)
    }

    /// `text` has [`PLACE`] where the day and the time of day are to stand.
    pub(super) fn to_the_minute(text: &str, at: OffsetDateTime) -> Self {
        Self::of(text, at, "minute", MINUTE)
    }

    fn of(text: &str, at: OffsetDateTime, precision: &'static str, format: &[BorrowedFormatItem<'_>]) -> Self {
        let (before, after) = text.split_once(PLACE).unwrap_or((text, ""));
        Self {
            before: before.to_owned(),
            time: Time {
                precision,
                machine: at.truncate_to_second().format(&Rfc3339).unwrap_or_default(),
                shown: at.format(format).unwrap_or_default(),
            },
            after: after.to_owned(),
        }
    }
}

/// Returns a name without the character that stands for a time.
pub(super) fn without_place(name: &str) -> Cow<'_, str> {
    if name.contains(PLACE) { name.replace(PLACE, "").into() } else { name.into() }
}
