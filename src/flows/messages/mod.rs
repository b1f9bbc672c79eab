//! Messages: each is written to the outbox in the transaction of the change that it reports, and is delivered later.

pub mod addresses;
pub(crate) mod codes;
pub(crate) mod purpose;
pub(crate) mod shared_counts;
pub mod templates;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

use self::{
    addresses::Address,
    templates::{CODE, MessageContent, Occasion, Stored, USERNAME, composed, filled, has_link},
};
use crate::{
    app::App,
    delivery::{Failure, Medium, Message},
    error::{Error, Result},
    flows::pool_context::PoolContext,
    flows::triggers::{self, Trigger},
    grants, random,
    sealing::hex,
    store::{
        self, Connection, Connections,
        codes::Counter,
        outbox::{NewMessage, Urgency},
        pools::Pool,
        users::User,
    },
};

/// The number of delivery attempts of a message that call the custom message trigger.
const CUSTOM_ATTEMPTS: i32 = 2;

/// The maximum length of a custom message, in characters.
const LONGEST: usize = 20_000;

/// The maximum number of messages that a pool sends to an address within an hour, whoever requests them.
const PER_ADDRESS_AND_HOUR: i32 = 30;
/// The purpose under which messages to an address are counted.
const ADDRESS: &str = "address";

/// Fails if this server cannot send messages of this medium for a pool. This is checked before a message is put into the
/// outbox.
pub fn check(app: &App, pool: &Pool, medium: Medium) -> Result<()> {
    match triggers::function(pool, Trigger::sender(medium)) {
        None => app.delivery.check(medium),
        Some(_) if app.triggers.has_sender() => Ok(()),
        Some(_) => Err(Error::CodeDeliveryFailure(
            "A function sends this pool's messages, but this server's operator has not set sender-key-file.".into(),
        )),
    }
}

/// Puts a message into the outbox, in the transaction of the change that the message reports.
pub async fn send(
    context: &PoolContext<'_>,
    db: &mut Connection,
    user: &User,
    address: &Address,
    told: MessageContent<'_>,
    now: OffsetDateTime,
) -> Result<()> {
    let has = |trigger| triggers::function(context.pool, trigger).is_some();
    let functions = Functions {
        custom: has(Trigger::CustomMessage).then(|| Custom::new(context, user, address, &told)),
        sender: has(Trigger::sender(address.medium())).then(|| Sender::new(context, user, address, &told)),
    };
    put(context, db, &counter(context, address), address, &told, functions, now).await.map(|_| ())
}

/// Fails if [`send`] would refuse a message to this address. Called before anything costly is done for the message.
pub async fn refuse_flooded(
    context: &PoolContext<'_>,
    db: &mut Connection,
    address: &Address,
    now: OffsetDateTime,
) -> Result<()> {
    check(context.app, context.pool, address.medium())?;
    let sent = store::codes::sent(db, &context.pool.id, &counter(context, address), now).await?;
    if sent >= PER_ADDRESS_AND_HOUR { Err(Error::limit_exceeded()) } else { Ok(()) }
}

/// The counter of the messages to an address.
fn counter(context: &PoolContext<'_>, address: &Address) -> Counter {
    let named = format!("{} {}", context.pool.id, address.value.to_lowercase());
    let key = context.app.sealing.derive("address", named.as_bytes());
    Counter { key: format!("address {}", hex(&key)), holder: String::new(), purpose: ADDRESS }
}

/// Pretends to [`send`] a message, for a name that no user has.
///
/// It runs the same statements, so that it takes the same time, and then removes the message from the outbox. It counts
/// messages by the username instead of the address, because many usernames share each made-up address.
pub async fn pretend_to_send(
    context: &PoolContext<'_>,
    db: &mut Connection,
    address: &Address,
    told: MessageContent<'_>,
    now: OffsetDateTime,
) -> Result<()> {
    let name = context.pool.username_key(told.username);
    let counted = shared_counts::row(context.app, context.pool, "nobody", ADDRESS, &name);
    let id = put(context, db, &counted, address, &told, Functions::default(), now).await?;
    Ok(store::outbox::delete(db, &context.pool.id, id).await?)
}

/// Puts a message into the outbox. `counted` is the counter that limits the messages.
async fn put(
    context: &PoolContext<'_>,
    db: &mut Connection,
    counted: &Counter,
    address: &Address,
    told: &MessageContent<'_>,
    functions: Functions,
    now: OffsetDateTime,
) -> Result<Uuid> {
    let (app, pool) = (context.app, context.pool);
    check(app, pool, address.medium())?;
    // This counter counts no guesses, so it needs no limit at which a code is dead (`i32::MAX`).
    if store::codes::note_sent(db, &pool.id, counted, (i32::MAX, None), true, now).await? > PER_ADDRESS_AND_HOUR {
        return Err(Error::limit_exceeded());
    }
    let link = link(context, address, told);
    let mut message = composed(pool, address, told, link.as_deref());
    // The pool may have set this sender before the sender was removed from the list in the server's settings.
    let listed = |sender: &String| app.config.is_local() || grants::allow_sender(&app.config, &pool.id, sender);
    message.from = message.from.filter(listed);
    message.reply_to = message.reply_to.filter(listed);
    let code = told.stored.map(|Stored { sub, purpose, hash }| Code { sub, purpose: purpose.into(), hash: hex(hash) });
    let outgoing = Outgoing { message, functions, code };
    let id = random::time_ordered_uuid(now);
    let plain = serde_json::to_vec(&outgoing).map_err(Error::internal)?;
    let sealed = app.sealing.seal(&bound_to(&pool.id, id), &plain);
    let message = NewMessage {
        id,
        kind: address.medium().kind(),
        urgency: urgency(context, told),
        to: &address.details().destination,
        sealed: &sealed,
    };
    store::outbox::insert(db, &pool.id, &message, now).await?;
    Ok(id)
}

/// The urgency of a message. Nobody waits in front of a screen for messages that an operator causes, and there may be
/// thousands of them.
fn urgency(context: &PoolContext<'_>, told: &MessageContent<'_>) -> Urgency {
    match told.occasion {
        Occasion::Invitation => Urgency::Unawaited,
        _ if !context.has_client() => Urgency::Unawaited,
        Occasion::Verification | Occasion::Reset | Occasion::SignIn => Urgency::Awaited,
    }
}

/// Tells the delivery job that a transaction with a message was committed. Without this signal, the job finds the
/// message by itself, within a second.
pub fn sent(app: &App) {
    app.messages_waiting.notify_waiters();
}

/// A message as it is stored in the outbox.
#[derive(Serialize, Deserialize)]
struct Outgoing {
    #[serde(flatten)]
    message: Message,
    #[serde(flatten)]
    functions: Functions,
    /// The code in the message, if a newer code may have replaced it by the time of a delivery attempt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    code: Option<Code>,
}

/// The functions of the pool that have a part in the delivery of a message.
#[derive(Default, Serialize, Deserialize)]
struct Functions {
    /// The call to the pool's custom message trigger, if the pool has one, that must precede the delivery.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    custom: Option<Custom>,
    /// The call to the pool's function that sends messages in Keystead's place, if the pool has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sender: Option<Sender>,
}

/// A code as it was stored when its message was written.
#[derive(Serialize, Deserialize)]
struct Code {
    sub: Uuid,
    purpose: String,
    hash: String,
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
    fn new(context: &PoolContext<'_>, user: &User, address: &Address, told: &MessageContent<'_>) -> Self {
        let link = link(context, address, told);
        let mut request = json!({
            "userAttributes": triggers::attributes_of(user),
            "codeParameter": CODE,
            "usernameParameter": USERNAME,
            "clientMetadata": context.metadata,
        });
        if link.is_some() {
            request["linkParameter"] = json!("{##Click Here##}");
        }
        let response = json!({"smsMessage": null, "emailMessage": null, "emailSubject": null});
        Self {
            event: context.event(&format!("CustomMessage_{}", told.source), &user.username, request, response),
            username: told.username.to_owned(),
            secret: told.secret.to_owned(),
            link,
        }
    }

    fn filled(&self, template: &str) -> String {
        filled(template, &self.username, &self.secret, self.link.as_deref())
    }
}

#[derive(Serialize, Deserialize)]
struct Sender {
    event: Value,
    secret: String,
}

impl Sender {
    fn new(context: &PoolContext<'_>, user: &User, address: &Address, told: &MessageContent<'_>) -> Self {
        let (trigger, kind) = match address.medium() {
            Medium::Email => (Trigger::CustomEmailSender, "customEmailSenderRequestV1"),
            Medium::Sms => (Trigger::CustomSmsSender, "customSMSSenderRequestV1"),
        };
        let metadata = if context.metadata.is_empty() { Value::Null } else { json!(context.metadata) };
        // The address that the message is for may not be the user's yet: it is when its code comes back.
        let mut attributes = triggers::attributes_of(user);
        let (name, value) = (address.attribute.name(), json!(address.value));
        if attributes.insert(name.to_owned(), value.clone()).as_ref() != Some(&value) {
            attributes.insert(address.attribute.verified().into(), json!("false"));
        }
        let request = json!({
            "type": kind,
            "code": null,
            "clientMetadata": metadata,
            "userAttributes": attributes,
        });
        let source = format!("{}_{}", trigger.name(), told.source);
        Self { event: context.event(&source, &user.username, request, json!({})), secret: told.secret.to_owned() }
    }
}

/// A message from the outbox whose final wording is not decided yet.
pub struct OpenedMessage {
    message: Message,
    functions: Functions,
    code: Option<Code>,
}

/// Opens a message from the outbox.
///
/// After two failed attempts, the custom message trigger is not called again, because a code in the pool's own wording
/// is better than no code.
pub fn open(app: &App, pool_id: &str, id: Uuid, sealed: &[u8], attempts: i32) -> Result<OpenedMessage, Failure> {
    let unopened = || failure("it cannot be opened with this sealing key");
    let plain = app.sealing.open(&bound_to(pool_id, id), sealed).map_err(|_| unopened())?;
    let Outgoing { message, mut functions, code } = serde_json::from_slice(&plain).map_err(|_| unopened())?;
    functions.custom = functions.custom.filter(|_| attempts <= CUSTOM_ATTEMPTS);
    Ok(OpenedMessage { message, functions, code })
}

impl OpenedMessage {
    /// Whether the message's code is no longer valid.
    ///
    /// The code may have been used, or replaced by the code of a later message, which may have arrived already.
    pub async fn is_void(&self, db: &Connections, pool_id: &str) -> sqlx::Result<bool> {
        let Some(code) = &self.code else { return Ok(false) };
        let mut db = db.acquire().await?;
        let stored = store::codes::find(&mut db, pool_id, code.sub, &code.purpose).await?;
        Ok(stored.is_none_or(|stored| hex(&stored.hash) != code.hash))
    }

    /// Whether a function of the pool must be called.
    pub fn asks(&self) -> bool {
        self.functions.custom.is_some() || self.functions.sender.is_some()
    }

    /// Lets the sender function of `pool` send the message, if it has one. Returns `false` if it has none, so that the
    /// message has to be delivered in the usual way. `id` is the message's; it stays the same when the message is tried
    /// again.
    ///
    /// Does not use the database.
    pub async fn handed_over(&self, app: &App, pool: Option<&Pool>, id: Uuid) -> Result<bool, Failure> {
        let (Some(Sender { event, secret }), Some(pool)) = (&self.functions.sender, pool) else { return Ok(false) };
        let mut event = event.clone();
        event["request"]["messageId"] = json!(id);
        let called = triggers::custom_sender(app, pool, self.message.medium, event, secret).await;
        called.map_err(|cause| failure(&format!("the function that sends messages: {}", cause.kind())))
    }

    /// Returns the message ready for delivery, in the wording of the custom message trigger of `pool` if one is to be
    /// called.
    ///
    /// Does not use the database.
    pub async fn worded(self, app: &App, pool: Option<&Pool>) -> Result<Message, Failure> {
        match (self.functions.custom, pool) {
            (Some(custom), Some(pool)) => in_own_words(app, pool, self.message, &custom).await,
            _ => Ok(self.message),
        }
    }
}

async fn in_own_words(app: &App, pool: &Pool, mut message: Message, custom: &Custom) -> Result<Message, Failure> {
    let called = triggers::custom_message(app, pool, &custom.event).await;
    let response = called.map_err(|cause| failure(&format!("the custom message trigger: {}", cause.kind())))?;
    let own = |member: &str| {
        let text = response.as_ref().and_then(|response| response.get(member)).and_then(Value::as_str);
        text.filter(|text| !text.is_empty())
    };
    let body = own(if message.medium == Medium::Email { "emailMessage" } else { "smsMessage" });
    match body {
        // Without its code or link, the message would be useless.
        Some(body)
            if (body.contains(CODE) || (custom.link.is_some() && has_link(body)))
                && body.chars().count() <= LONGEST =>
        {
            message.html = body.contains('<') || custom.link.is_some();
            message.body = custom.filled(body);
        }
        Some(_) => {
            tracing::warn!(pool = pool.id, "a custom message lacks {CODE} or is too long: the pool's own was sent")
        }
        None => {}
    }
    if let Some(subject) = own("emailSubject") {
        message.subject = custom.filled(subject).replace(['\r', '\n'], " ");
    }
    Ok(message)
}

/// A failure that may be temporary.
pub fn failure(text: &str) -> Failure {
    Failure { text: text.into(), permanent: false }
}

fn bound_to(pool_id: &str, id: Uuid) -> String {
    format!("outbox {pool_id} {id}")
}

/// Makes the signature of a confirmation link. It shows that the link is from a message, so that nobody can guess codes
/// with made-up links.
pub fn link_signature(app: &App, client_id: &str, username: &str, code: &str) -> String {
    hex(&app.sealing.derive("confirmation link", format!("{client_id} {code} {username}").as_bytes()))
}

/// The link that confirms a sign-up, if this is the e-mail of a sign-up and the pool confirms sign-ups by links.
fn link(context: &PoolContext<'_>, address: &Address, told: &MessageContent<'_>) -> Option<String> {
    let links = context.pool.confirms_by_link() && address.medium() == Medium::Email;
    if !links || !matches!(told.source, "SignUp" | "ResendCode") {
        return None;
    }
    let signature = link_signature(context.app, context.client_id, told.username, told.secret);
    let parameters = [
        ("client_id", context.client_id),
        ("user_name", told.username),
        ("confirmation_code", told.secret),
        ("signature", &signature),
    ];
    let base = format!("{}/confirmUser", context.app.public_url);
    url::Url::parse_with_params(&base, parameters).ok().map(String::from)
}
