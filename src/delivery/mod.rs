//! The channels through which messages reach people: mail by SMTP, and text messages by a webhook. The development
//! inbox can take the place of each.

mod inbox;
mod mail;
mod sms;

use serde::{Deserialize, Serialize};

pub use inbox::Inbox;
pub use mail::{address_of, is_mailbox};

use crate::{
    config::Config,
    error::{Error, Result},
};

/// How a message is sent (`DeliveryMediumType`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Medium {
    Email,
    Sms,
}

impl Medium {
    /// Returns the `kind` that messages of this medium have in the outbox.
    pub fn kind(self) -> &'static str {
        match self {
            Self::Email => "message.email",
            Self::Sms => "message.sms",
        }
    }
}

/// A message to a person. It contains a code or a password, so it is sealed at rest and never logged.
#[derive(Clone, Serialize, Deserialize)]
pub struct Message {
    pub medium: Medium,
    /// An e-mail address, or a phone number with `+`.
    pub to: String,
    /// The sender, if the pool's settings have one.
    pub from: Option<String>,
    pub reply_to: Option<String>,
    pub subject: String,
    pub body: String,
    /// Whether the body is HTML.
    pub html: bool,
}

/// Why a message was not delivered. The text contains no secrets.
#[derive(Debug, thiserror::Error)]
#[error("{text}")]
pub struct Failure {
    pub text: String,
    /// Whether another attempt is unlikely to succeed.
    pub permanent: bool,
}

/// The channels through which this server delivers messages: mail, text messages and the development inbox.
pub struct Delivery {
    mail: Option<mail::Mail>,
    sms: Option<sms::Webhook>,
    /// The development inbox, which gets the messages of channels that are not configured. It exists only on a server
    /// that is meant to be reached only from its own machine.
    pub inbox: Option<Inbox>,
}

impl Delivery {
    /// Makes the channels that are configured.
    pub fn new(config: &Config) -> Result<Self> {
        Ok(Self {
            mail: mail::Mail::new(config).map_err(Error::internal)?,
            sms: sms::Webhook::new(config).map_err(Error::internal)?,
            inbox: config.development_inbox().then(Inbox::default),
        })
    }

    /// Checks the settings of the channels. The error text names the setting that is wrong.
    pub fn check_settings(config: &Config) -> Result<(), String> {
        mail::Mail::new(config)?;
        sms::Webhook::new(config)?;
        Ok(())
    }

    /// Fails if this server has no channel for messages of this medium. This is checked before a message is put into
    /// the outbox.
    pub fn check(&self, medium: Medium) -> Result<()> {
        let (configured, setting) = match medium {
            Medium::Email => (self.mail.is_some(), "smtp-url"),
            Medium::Sms => (self.sms.is_some(), "sms-webhook-url"),
        };
        if configured || self.inbox.is_some() {
            return Ok(());
        }
        Err(Error::CodeDeliveryFailure(
            format!("This server cannot send such messages: its operator has not set {setting}.").into(),
        ))
    }

    /// Whether this server has a channel for messages of this medium.
    pub fn has(&self, medium: Medium) -> bool {
        self.check(medium).is_ok()
    }

    /// Delivers one message through the channel of its medium. If that channel is not configured, puts it into the
    /// inbox.
    pub async fn deliver(&self, id: uuid::Uuid, message: Message) -> Result<(), Failure> {
        match (message.medium, &self.mail, &self.sms, &self.inbox) {
            (Medium::Email, Some(mail), ..) => mail.send(id, &message).await,
            (Medium::Sms, _, Some(sms), _) => sms.send(id, &message).await,
            (.., Some(inbox)) => {
                inbox.put(id, message);
                Ok(())
            }
            _ => Err(Failure {
                text: "no mail server or webhook for this message is configured".into(),
                permanent: false,
            }),
        }
    }
}
