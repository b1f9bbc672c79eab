//! The wording of messages: a pool's templates, and the values that replace their placeholders.

use serde_json::Value;
use uuid::Uuid;

use crate::{
    delivery::{Medium, Message},
    flows::messages::addresses::Address,
    store::pools::Pool,
};

/// The placeholder for a code or a temporary password in a template.
pub const CODE: &str = "{####}";
/// The placeholder for the username in a template.
pub const USERNAME: &str = "{username}";

/// The marks around the text of a link in a template, as in `{##Click here##}`.
const LINK: (&str, &str) = ("{##", "##}");

/// What a message is for, which decides which of the pool's templates it uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occasion {
    /// A code that verifies an address.
    Verification,
    /// A code for choosing a new password in place of a forgotten one.
    Reset,
    /// A code for signing in.
    SignIn,
    /// The first password of a user whom an operator created.
    Invitation,
}

/// The content of a message.
pub struct MessageContent<'a> {
    pub occasion: Occasion,
    /// The trigger source for the custom message trigger, without the prefix `CustomMessage_`.
    pub source: &'static str,
    /// The name by which the message addresses the person.
    pub username: &'a str,
    /// The code or password in the message.
    pub secret: &'a str,
    /// The stored code, if a newer code may replace it before the message is delivered.
    pub stored: Option<Stored<'a>>,
}

/// A code in the table of codes.
#[derive(Clone, Copy)]
pub struct Stored<'a> {
    pub sub: Uuid,
    pub purpose: &'static str,
    pub hash: &'a [u8],
}

/// Writes a message from the pool's templates, or from default texts. `link` is given if the pool confirms this sign-up
/// by a link.
pub fn composed(pool: &Pool, address: &Address, told: &MessageContent<'_>, link: Option<&str>) -> Message {
    let MessageContent { occasion, username, secret, .. } = *told;
    let settings = &pool.settings;
    let invitation = settings.admin_create_user_config.invite_message_template.as_ref();
    let verification = settings.rest.get("VerificationMessageTemplate");
    let top = |member: &str| text(settings.rest.get(member));
    let of = |template: Option<&Value>, member: &str| text(template.and_then(|template| template.get(member)));
    let (subject, body) = match (occasion, address.medium()) {
        (Occasion::Verification, Medium::Email) if link.is_some() => (
            of(verification, "EmailSubjectByLink").unwrap_or_else(|| "Your verification link".into()),
            of(verification, "EmailMessageByLink").filter(|text| has_link(text)).unwrap_or_else(|| {
                "Please click the link below to verify your email address. {##Verify Email##}".into()
            }),
        ),
        (Occasion::Invitation, Medium::Email) => (
            of(invitation, "EmailSubject").unwrap_or_else(|| "Your temporary password".into()),
            of(invitation, "EmailMessage")
                .unwrap_or_else(|| "Your username is {username} and temporary password is {####}".into()),
        ),
        (Occasion::Invitation, Medium::Sms) => (
            String::new(),
            of(invitation, "SMSMessage")
                .unwrap_or_else(|| "Your username is {username} and temporary password is {####}".into()),
        ),
        (Occasion::SignIn, Medium::Email) if settings.email_mfa_configuration.is_some() => (
            of(settings.email_mfa_configuration.as_ref(), "Subject").unwrap_or_else(|| "Your sign-in code".into()),
            of(settings.email_mfa_configuration.as_ref(), "Message")
                .unwrap_or_else(|| "Your sign-in code is {####}".into()),
        ),
        (Occasion::Verification | Occasion::Reset | Occasion::SignIn, Medium::Email) => (
            of(verification, "EmailSubject")
                .or_else(|| top("EmailVerificationSubject"))
                .unwrap_or_else(|| "Your verification code".into()),
            of(verification, "EmailMessage").or_else(|| top("EmailVerificationMessage")).unwrap_or_else(|| {
                match occasion {
                    Occasion::Reset => "Your password reset code is {####}".into(),
                    Occasion::SignIn => "Your sign-in code is {####}".into(),
                    _ => "Your confirmation code is {####}".into(),
                }
            }),
        ),
        (Occasion::SignIn, Medium::Sms) => (
            String::new(),
            of(settings.sms_mfa_configuration.as_ref(), "SmsAuthenticationMessage")
                .or_else(|| top("SmsAuthenticationMessage"))
                .unwrap_or_else(|| "Your authentication code is {####}.".into()),
        ),
        (Occasion::Verification | Occasion::Reset, Medium::Sms) => (
            String::new(),
            of(verification, "SmsMessage")
                .or_else(|| top("SmsVerificationMessage"))
                .unwrap_or_else(|| "Your confirmation code is {####}.".into()),
        ),
    };
    let email = settings.rest.get("EmailConfiguration");
    Message {
        medium: address.medium(),
        to: address.value.clone(),
        from: of(email, "From"),
        reply_to: of(email, "ReplyToEmailAddress"),
        // A subject must be one line.
        subject: filled(&subject, username, secret, None).replace(['\r', '\n'], " "),
        html: body.contains('<') || link.is_some(),
        body: filled(&body, username, secret, link),
    }
}

fn text(value: Option<&Value>) -> Option<String> {
    value.and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
}

/// Fills in a template's placeholders. In HTML (any message with a link is HTML), the values are escaped.
pub fn filled(template: &str, username: &str, secret: &str, link: Option<&str>) -> String {
    let escaped = |value: &str| {
        if !template.contains('<') && link.is_none() {
            return value.to_owned();
        }
        value.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
    };
    // One pass replaces all placeholders, so that a username that looks like a placeholder stays as it is.
    let mut out = String::with_capacity(template.len() + 32);
    let mut rest = template;
    while let Some(start) = rest.find('{') {
        out.push_str(&rest[..start]);
        rest = &rest[start..];
        if let Some((link, text)) = link.zip(linked(rest)) {
            out.push_str(&format!("<a href=\"{}\">{}</a>", escaped(link), escaped(text)));
            rest = &rest[LINK.0.len() + text.len() + LINK.1.len()..];
            continue;
        }
        let known = [(CODE, secret), (USERNAME, username)];
        match known.into_iter().find(|(placeholder, _)| rest.starts_with(placeholder)) {
            Some((placeholder, value)) => {
                out.push_str(&escaped(value));
                rest = &rest[placeholder.len()..];
            }
            None => {
                out.push('{');
                rest = &rest[1..];
            }
        }
    }
    out + rest
}

/// Whether a template has a place for the link.
pub fn has_link(template: &str) -> bool {
    template.match_indices(LINK.0).any(|(at, _)| linked(&template[at..]).is_some())
}

/// Returns the text of the link placeholder that the template begins with. `{####}` is the code placeholder, not a link
/// placeholder with an empty text.
fn linked(template: &str) -> Option<&str> {
    let (text, _) = template.strip_prefix(LINK.0)?.split_once(LINK.1)?;
    (!text.is_empty() && !text.contains('{')).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_filled_once_and_escaped_in_html() {
        assert_eq!(filled("{username}: {####} {x", "{####}", "12", None), "{####}: 12 {x");
        assert_eq!(filled("<b>{username}</b>", "<i>&", "12", None), "<b>&lt;i&gt;&amp;</b>");
        assert_eq!(filled("{username}", "<i>&", "12", None), "<i>&");
        let link = filled("{##Go & see##} {##", "u", "12", Some("https://a.example/?a=1&b=2"));
        assert_eq!(link, "<a href=\"https://a.example/?a=1&amp;b=2\">Go &amp; see</a> {##");
        // A message may contain both a code and a link.
        let both = filled("{####} or {##go##}", "u", "12", Some("https://a.example/"));
        assert_eq!(both, "12 or <a href=\"https://a.example/\">go</a>");
        assert!(!has_link("{####}") && has_link("{####} {##go##}"));
    }
}
