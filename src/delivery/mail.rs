//! Sends mail by SMTP.

use std::time::Duration;

use lettre::{
    AsyncSmtpTransport, AsyncTransport, Tokio1Executor,
    message::{
        Mailbox, MultiPart, SinglePart,
        header::{ContentType, Header, HeaderName, HeaderValue, MIME_VERSION_1_0},
    },
    transport::smtp,
};

use uuid::Uuid;

use super::{Failure, Message};
use crate::config::Config;

/// The time limit for each step of a conversation with the mail server.
const PATIENCE: Duration = Duration::from_secs(10);

/// The mail server.
pub struct Mail {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl Mail {
    /// Returns the configured mail server, if there is one. The error text names the setting that is wrong.
    pub fn new(config: &Config) -> Result<Option<Self>, String> {
        let from = config.mail_from.parse().map_err(|cause| format!("mail-from: {cause}"))?;
        let Some(url) = &config.smtp_url else { return Ok(None) };
        let builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(url.expose())
            // The cause might repeat the URL, which holds a password.
            .map_err(|_| "smtp-url: write it as smtps://user:password@host:465 or smtp://host:587?tls=required")?;
        Ok(Some(Self { transport: builder.timeout(Some(PATIENCE)).build(), from }))
    }

    /// Hands one message to the mail server. `id` identifies its row of the outbox.
    pub(super) async fn send(&self, id: Uuid, message: &Message) -> Result<(), Failure> {
        let mail = self.compose(id, message).map_err(|text| Failure { text, permanent: true })?;
        match self.transport.send(mail).await {
            Ok(_) => Ok(()),
            Err(cause) => {
                // A 55x reply concerns this message. Other refusals, for example of Keystead's password at the mail
                // server, concern all messages and may be temporary.
                let refused = |code: smtp::response::Code| code.category == smtp::response::Category::MailSystem;
                let permanent = cause.is_permanent() && cause.status().is_some_and(refused);
                Err(Failure { permanent, text: described(&cause) })
            }
        }
    }

    /// Makes the mail. All attempts at a message have the same Message-ID, so that mail programs can drop a repetition
    /// (RFC 5322 section 3.6.4).
    fn compose(&self, id: Uuid, message: &Message) -> Result<lettre::Message, String> {
        let mailbox = |text: &str| text.parse::<Mailbox>().map_err(|cause| format!("an address: {cause}"));
        let from = message.from.as_deref().map(mailbox).transpose()?.unwrap_or_else(|| self.from.clone());
        // The recipient must be a bare address. The form `name <address>` is refused.
        let to: lettre::Address = message.to.parse().map_err(|cause| format!("the recipient: {cause}"))?;
        let message_id = format!("<{id}@{}>", from.email.domain());
        let mut builder = lettre::Message::builder()
            .from(from)
            .to(Mailbox::new(None, to))
            .subject(message.subject.clone())
            .message_id(Some(message_id))
            .header(MIME_VERSION_1_0)
            .header(AutoSubmitted);
        if let Some(reply_to) = &message.reply_to {
            builder = builder.reply_to(mailbox(reply_to)?);
        }
        let built = if message.html {
            builder.multipart(
                MultiPart::alternative()
                    .singlepart(SinglePart::builder().header(ContentType::TEXT_PLAIN).body(plain(&message.body)))
                    .singlepart(SinglePart::builder().header(ContentType::TEXT_HTML).body(message.body.clone())),
            )
        } else {
            builder.header(ContentType::TEXT_PLAIN).body(message.body.clone())
        };
        built.map_err(|cause| cause.to_string())
    }
}

/// Says that no person sent the mail, so that no program answers it (RFC 3834 section 5).
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".into())
    }
}

/// Whether a string is valid as a mail's From header.
pub fn is_mailbox(text: &str) -> bool {
    text.parse::<Mailbox>().is_ok()
}

/// Returns the address in a From header, in lower case; `None` if the header is not valid.
pub fn address_of(text: &str) -> Option<String> {
    text.parse::<Mailbox>().ok().map(|mailbox| mailbox.email.to_string().to_lowercase())
}

/// Converts HTML to plain text: removes the tags, decodes the basic entities and collapses white space.
fn plain(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut inside = false;
    for c in html.chars() {
        match c {
            '<' => inside = true,
            '>' if inside => {
                inside = false;
                text.push(' ');
            }
            c if !inside => text.push(c),
            _ => {}
        }
    }
    let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Describes an error and its causes, outermost first.
fn described(cause: &smtp::Error) -> String {
    let mut text = cause.to_string();
    let mut next = std::error::Error::source(cause);
    while let Some(cause) = next {
        text = format!("{text}: {cause}");
        next = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    #[test]
    fn html_has_a_plain_form() {
        assert_eq!(super::plain("<p>Your code is <b>1234</b>,<br>a &lt;b&gt;</p>"), "Your code is 1234 , a <b>");
    }
}
