//! What people are told: the pool's templates, and messages put into the outbox.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    app::App,
    delivery::{Failure, Medium, Message},
    error::{Error, Result},
    flows::triggers::{self, Cause, Trigger},
    random,
    sealing::hex,
    store::{self, pools::Pool, users::User},
};

/// An address of a user that a message can go to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// `email` or `phone_number`
    pub attribute: &'static str,
    pub value: String,
}

/// `CodeDeliveryDetailsType`: where a code went, without saying it in full.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeliveryDetails {
    pub attribute_name: &'static str,
    pub delivery_medium: Medium,
    pub destination: String,
}

/// What a message is for: which of the pool's templates it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occasion {
    /// A code that proves an address.
    Verification,
    /// A code in place of a forgotten password.
    Reset,
    /// A code that signs in.
    SignIn,
    /// The first password of a user whom an operator made.
    Invitation,
}

impl Address {
    /// The user's address of this attribute, if there is one.
    pub fn of(user: &User, attribute: &'static str) -> Option<Self> {
        let value = user.attributes.get(attribute)?.as_str().filter(|value| !value.is_empty())?;
        Some(Self { attribute, value: value.to_owned() })
    }

    /// The same if the user proved to read what goes there.
    pub fn verified(user: &User, attribute: &'static str) -> Option<Self> {
        let verified = user.attributes.get(&format!("{attribute}_verified")).is_some_and(|value| value == "true");
        Self::of(user, attribute).filter(|_| verified)
    }

    pub fn medium(&self) -> Medium {
        if self.attribute == "email" { Medium::Email } else { Medium::Sms }
    }

    pub fn details(&self) -> DeliveryDetails {
        DeliveryDetails {
            attribute_name: self.attribute,
            delivery_medium: self.medium(),
            destination: match self.medium() {
                Medium::Email => masked_email(&self.value),
                Medium::Sms => masked_phone(&self.value),
            },
        }
    }
}

/// The attribute of this name that has an address, if it is one.
pub fn address_attribute(name: &str) -> Option<&'static str> {
    ["email", "phone_number"].into_iter().find(|known| *known == name)
}

/// `b***@g***`
fn masked_email(email: &str) -> String {
    let first = |text: &str| text.chars().next().map(String::from).unwrap_or_default();
    let (name, domain) = email.split_once('@').unwrap_or((email, ""));
    format!("{}***@{}***", first(name), first(domain))
}

/// `+*******1234`
fn masked_phone(phone: &str) -> String {
    let digits: Vec<char> = phone.chars().skip(1).collect();
    let hidden = digits.len().saturating_sub(4);
    format!("+{}{}", "*".repeat(hidden), digits[hidden..].iter().collect::<String>())
}

/// The address that a code would go to if the pool had a person of this name: the same on every call.
pub fn decoy_address(app: &App, pool: &Pool, username: &str) -> Address {
    let username = &pool.username_key(username);
    if username.starts_with('+') && username.len() > 5 {
        return Address { attribute: "phone_number", value: username.to_owned() };
    }
    if username.contains('@') {
        return Address { attribute: "email", value: username.to_owned() };
    }
    if pool.settings.auto_verified_attributes.iter().any(|name| name == "phone_number") {
        return decoy_address_of(app, pool, username, "phone_number");
    }
    let name = format!("{} {}", pool.id, pool.username_key(username));
    let seed = app.sealing.derive("decoy address", name.as_bytes());
    let letter = |n: u8| char::from(b'a' + n % 26);
    Address { attribute: "email", value: format!("{}@{}", letter(seed[0]), letter(seed[1])) }
}

/// Placeholders of templates.
const CODE: &str = "{####}";
const USERNAME: &str = "{username}";

/// Around the text of a link.
const LINK: (&str, &str) = ("{##", "##}");

/// Attempts at a message in the words of the custom message trigger.
const CUSTOM_ATTEMPTS: i32 = 2;

/// Characters of a custom message, at most.
const LONGEST: usize = 20_000;

/// Messages that an address gets within an hour, whoever asked for them.
const PER_ADDRESS_AND_HOUR: i32 = 30;

/// What a message says.
pub struct Told<'a> {
    pub occasion: Occasion,
    /// What a custom message trigger is told of it: the part after `CustomMessage_`.
    pub source: &'static str,
    /// As the person is to be called.
    pub username: &'a str,
    /// The code or password that it carries.
    pub secret: &'a str,
}

/// The same for one attribute.
pub fn decoy_address_of(app: &App, pool: &Pool, username: &str, attribute: &'static str) -> Address {
    let username = &pool.username_key(username);
    if (attribute == "email" && username.contains('@')) || (attribute != "email" && username.starts_with('+')) {
        return Address { attribute, value: username.to_owned() };
    }
    let seed = app.sealing.derive("decoy phone", format!("{} {}", pool.id, pool.username_key(username)).as_bytes());
    let digits: String = seed[..11].iter().map(|byte| char::from(b'0' + byte % 10)).collect();
    match attribute {
        "email" => Address {
            attribute,
            value: format!("{}@{}", char::from(b'a' + seed[11] % 26), char::from(b'a' + seed[12] % 26)),
        },
        _ => Address { attribute, value: format!("+{digits}") },
    }
}

/// Puts a message into the outbox, in the transaction of what it tells.
pub async fn send(
    cause: &Cause<'_>,
    db: &mut PgConnection,
    user: &User,
    address: &Address,
    told: Told<'_>,
    now: OffsetDateTime,
) -> Result<()> {
    let (app, pool) = (cause.app, cause.pool);
    app.delivery.check(address.medium())?;
    let key = app.sealing.derive("address", format!("{} {}", pool.id, address.value.to_lowercase()).as_bytes());
    let sent = store::codes::count_sent(db, &pool.id, &format!("address {}", hex(&key)), "address", now).await?;
    if sent > PER_ADDRESS_AND_HOUR {
        return Err(Error::LimitExceeded("Attempt limit exceeded, please try after some time.".into()));
    }
    let custom = triggers::function(pool, Trigger::CustomMessage).map(|_| Custom::new(cause, user, address, &told));
    let link = link(cause, address, &told);
    let outgoing = Outgoing { message: composed(pool, address, &told, link.as_deref()), custom };
    let id = random::time_ordered_uuid(now);
    let plain = serde_json::to_vec(&outgoing).map_err(Error::internal)?;
    let sealed = app.sealing.seal(&context(&pool.id, id), &plain);
    let kind = address.medium().kind();
    store::outbox::insert(db, &pool.id, id, kind, &address.details().destination, &sealed, now).await?;
    Ok(())
}

/// Tells the job that delivers that a transaction with a message was committed. Without it the job finds out by itself,
/// a second later.
pub fn sent(app: &App) {
    app.messages_waiting.notify_waiters();
}

/// A message as it lies in the outbox.
#[derive(Serialize, Deserialize)]
struct Outgoing {
    #[serde(flatten)]
    message: Message,
    /// Where the pool has a custom message trigger: what to ask it before the message goes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    custom: Option<Custom>,
}

#[derive(Serialize, Deserialize)]
struct Custom {
    event: Value,
    username: String,
    secret: String,
    #[serde(default)]
    link: Option<String>,
}

impl Custom {
    fn new(cause: &Cause<'_>, user: &User, address: &Address, told: &Told<'_>) -> Self {
        let link = link(cause, address, told);
        let mut request = json!({
            "userAttributes": triggers::attributes_of(user),
            "codeParameter": CODE,
            "usernameParameter": USERNAME,
            "clientMetadata": cause.metadata,
        });
        if link.is_some() {
            request["linkParameter"] = json!("{##Click Here##}");
        }
        let response = json!({"smsMessage": null, "emailMessage": null, "emailSubject": null});
        Self {
            event: cause.event(&format!("CustomMessage_{}", told.source), &user.username, request, response),
            username: told.username.to_owned(),
            secret: told.secret.to_owned(),
            link,
        }
    }

    fn filled(&self, template: &str) -> String {
        filled(template, &self.username, &self.secret, self.link.as_deref())
    }
}

/// A message from the outbox, ready to be delivered: in the words of the pool's custom message trigger, if it has one.
///
/// A function that fails twice is not asked again: a code in the pool's own words is better than none.
pub async fn open(app: &App, pool_id: &str, id: Uuid, sealed: &[u8], attempts: i32) -> Result<Message, Failure> {
    let failure = |text: &str| Failure { text: text.into(), permanent: false };
    let unopened = || failure("it cannot be opened with this sealing key");
    let plain = app.sealing.open(&context(pool_id, id), sealed).map_err(|_| unopened())?;
    let Outgoing { mut message, custom } = serde_json::from_slice(&plain).map_err(|_| unopened())?;
    let Some(custom) = custom.filter(|_| attempts <= CUSTOM_ATTEMPTS) else { return Ok(message) };
    let pool = store::pools::find(&app.db, pool_id).await.map_err(|_| failure("its pool could not be read"))?;
    let Some(pool) = pool else { return Ok(message) };
    let called = triggers::custom_message(app, &pool, &custom.event).await;
    let response = called.map_err(|cause| failure(&format!("the custom message trigger: {}", cause.kind())))?;
    let own = |member: &str| {
        let text = response.as_ref().and_then(|response| response.get(member)).and_then(Value::as_str);
        text.filter(|text| !text.is_empty())
    };
    let body = own(if message.medium == Medium::Email { "emailMessage" } else { "smsMessage" });
    match body {
        // One that does not say the code would lock people out.
        Some(body)
            if (body.contains(CODE) || (custom.link.is_some() && has_link(body)))
                && body.chars().count() <= LONGEST =>
        {
            message.html = body.contains('<') || custom.link.is_some();
            message.body = custom.filled(body);
        }
        Some(_) => {
            tracing::warn!(pool = pool_id, "a custom message lacks {CODE} or is too long: the pool's own was sent")
        }
        None => {}
    }
    if let Some(subject) = own("emailSubject") {
        message.subject = custom.filled(subject).replace(['\r', '\n'], " ");
    }
    Ok(message)
}

fn context(pool_id: &str, id: Uuid) -> String {
    format!("outbox {pool_id} {id}")
}

/// What shows that a link was in a message: nobody guesses at codes by links.
pub fn link_signature(app: &App, client_id: &str, username: &str, code: &str) -> String {
    hex(&app.sealing.derive("confirmation link", format!("{client_id} {code} {username}").as_bytes()))
}

/// Where the pool confirms sign-ups by a link: the link.
fn link(cause: &Cause<'_>, address: &Address, told: &Told<'_>) -> Option<String> {
    let template = cause.pool.settings.rest.get("VerificationMessageTemplate")?;
    let links = template["DefaultEmailOption"] == "CONFIRM_WITH_LINK" && address.medium() == Medium::Email;
    if !links || !matches!(told.source, "SignUp" | "ResendCode") {
        return None;
    }
    let signature = link_signature(cause.app, cause.client_id, told.username, told.secret);
    let parameters = [
        ("client_id", cause.client_id),
        ("user_name", told.username),
        ("confirmation_code", told.secret),
        ("signature", &signature),
    ];
    let base = format!("{}/confirmUser", cause.app.public_url);
    url::Url::parse_with_params(&base, parameters).ok().map(String::from)
}

fn composed(pool: &Pool, address: &Address, told: &Told<'_>, link: Option<&str>) -> Message {
    let Told { occasion, username, secret, .. } = *told;
    let settings = &pool.settings;
    let invitation = settings.admin_create_user_config.invite_message_template.as_ref();
    let verification = settings.rest.get("VerificationMessageTemplate");
    let top = |member: &str| text(settings.rest.get(member));
    let of = |template: Option<&Value>, member: &str| text(template.and_then(|template| template.get(member)));
    let (subject, body) = match (occasion, address.medium()) {
        (Occasion::Verification, Medium::Email) if link.is_some() => (
            of(verification, "EmailSubjectByLink").unwrap_or_else(|| "Your verification link".into()),
            of(verification, "EmailMessageByLink").unwrap_or_else(|| {
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
        // A subject is one line.
        subject: filled(&subject, username, secret, None).replace(['\r', '\n'], " "),
        html: body.contains('<') || link.is_some(),
        body: filled(&body, username, secret, link),
    }
}

fn text(value: Option<&Value>) -> Option<String> {
    value.and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
}

/// A template with its placeholders filled in; in HTML (as every text with a link is) the values are escaped.
fn filled(template: &str, username: &str, secret: &str, link: Option<&str>) -> String {
    let escaped = |value: &str| {
        if !template.contains('<') && link.is_none() {
            return value.to_owned();
        }
        value.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
    };
    // One pass: a username that looks like a placeholder stays a username.
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
fn has_link(template: &str) -> bool {
    template.match_indices(LINK.0).any(|(at, _)| linked(&template[at..]).is_some())
}

/// The text of a link's placeholder at the start of a template.
fn linked(template: &str) -> Option<&str> {
    let (text, _) = template.strip_prefix(LINK.0)?.split_once(LINK.1)?;
    (!text.contains('{')).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn destinations_are_masked() {
        let email = Address { attribute: "email", value: "bob@gmail.com".into() };
        assert_eq!(email.details().destination, "b***@g***");
        let phone = Address { attribute: "phone_number", value: "+15555551234".into() };
        assert_eq!(phone.details().destination, "+*******1234");
        let short = Address { attribute: "phone_number", value: "+123".into() };
        assert_eq!(short.details().destination, "+123");
    }

    #[test]
    fn placeholders_are_filled_once_and_escaped_in_html() {
        assert_eq!(filled("{username}: {####} {x", "{####}", "12", None), "{####}: 12 {x");
        assert_eq!(filled("<b>{username}</b>", "<i>&", "12", None), "<b>&lt;i&gt;&amp;</b>");
        assert_eq!(filled("{username}", "<i>&", "12", None), "<i>&");
        let link = filled("{##Go & see##} {##", "u", "12", Some("https://a.example/?a=1&b=2"));
        assert_eq!(link, "<a href=\"https://a.example/?a=1&amp;b=2\">Go &amp; see</a> {##");
    }
}
