//! Second factors: the challenges that ask for them, and how users switch them on and off (docs/cognito.md 4.3, 4.2).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    context::Door,
    error::{Error, Key, Result, Text},
    factor::{AddressAttribute, MfaConfiguration, SecondFactor},
    flows::{
        accounts::{factors, password, software_token},
        messages::{addresses::Address, codes::SentAs},
        sign_in::{
            one_time_code,
            proof::{Proof, Step},
            step::{Outcome, Parameters, Person, SignIn},
        },
    },
    pending::{AfterPassword, Carried, Challenge, EmailOtp, Pending, SecondCode, SentCode},
    session_text,
    store::{
        self, Connection,
        pools::Pool,
        software_tokens::SoftwareToken,
        users::{Mfa, User},
    },
};

/// Returns the user's authenticator app, if it is verified.
async fn verified_app(db: &mut Connection, pool: &Pool, user: &User) -> Result<Option<SoftwareToken>> {
    let token = store::software_tokens::find(db, &pool.id, user.sub).await?;
    Ok(token.filter(|token| token.secret.is_some()))
}

/// Whether a user may set up an authenticator app during a sign-in. Only users without a second factor may.
pub async fn may_set_up(db: &mut Connection, pool: &Pool, user: &User) -> Result<bool> {
    Ok(factors::enabled(pool, user).is_empty() && verified_app(db, pool, user).await?.is_none())
}

/// Asks for the second factor of a person who has proved the first.
pub async fn ask(sign_in: &SignIn<'_>, person: Person, carried: Carried) -> Result<Outcome> {
    let pool = sign_in.pool;
    let Some(user) = &person.user else { return Err(Error::wrong_credentials("nobody has this name")) };
    let mut db = sign_in.app.db.acquire().await?;
    let app = verified_app(&mut db, pool, user).await?;
    drop(db);
    let methods = factors::offered(pool, user, app.is_some());
    let preferred = methods.iter().find(|method| user.mfa.preferred == Some(**method)).copied();
    match (preferred, methods.as_slice()) {
        (Some(method), _) | (None, &[method]) => ask_for(sign_in, person, (method, app), carried).await,
        (None, []) if factors::enabled(pool, user).is_empty() && pool.has_mfa(SecondFactor::SoftwareTokenMfa) => {
            let offered = json!([SecondFactor::SoftwareTokenMfa]).to_string();
            let parameters = parameters([("MFAS_CAN_SETUP", offered), ("USER_ID_FOR_SRP", user.username.clone())]);
            let state =
                Pending::MfaSetup { verified: false, after: AfterPassword::new(password::set_at(user), carried) };
            sign_in.challenge(&person, state, parameters, Vec::new()).await
        }
        (None, []) => Err(Error::InvalidParameter(
            "The user has no second factor that can be used: its address is not verified. An operator can verify it."
                .into(),
        )),
        (None, several) => {
            let parameters = parameters([
                ("MFAS_CAN_CHOOSE", json!(several).to_string()),
                ("USER_ID_FOR_SRP", user.username.clone()),
            ]);
            let state = Pending::SelectMfaType(AfterPassword::new(password::set_at(user), carried));
            sign_in.challenge(&person, state, parameters, Vec::new()).await
        }
    }
}

async fn ask_for(
    sign_in: &SignIn<'_>,
    person: Person,
    (method, app): (SecondFactor, Option<SoftwareToken>),
    carried: Carried,
) -> Result<Outcome> {
    let Some(user) = &person.user else { return Err(Error::wrong_credentials("nobody has this name")) };
    let after = AfterPassword::new(password::set_at(user), carried);
    let name = ("USER_ID_FOR_SRP", user.username.clone());
    let send = async |attribute: AddressAttribute| {
        let address = Address::verified(user, attribute)
            .ok_or_else(|| Error::wrong_credentials("the address of the second factor is not verified"))?;
        one_time_code::send(sign_in, &person, &address, SentAs::SecondFactor).await
    };
    let (state, mut parameters) = match method {
        SecondFactor::SoftwareTokenMfa => {
            let name = app.and_then(|app| app.friendly_name).unwrap_or_else(|| "TOTP device".to_owned());
            (Pending::SoftwareTokenMfa(after), self::parameters([("FRIENDLY_DEVICE_NAME", name)]))
        }
        SecondFactor::SmsMfa => {
            let (sent, parameters) = send(AddressAttribute::PhoneNumber).await?;
            (Pending::SmsMfa(SecondCode { sent, after }), parameters)
        }
        SecondFactor::EmailOtp => {
            let (sent, parameters) = send(AddressAttribute::Email).await?;
            (Pending::EmailOtp(EmailOtp::Second(SecondCode { sent, after })), parameters)
        }
    };
    parameters.extend(self::parameters([name]));
    sign_in.challenge(&person, state, parameters, Vec::new()).await
}

fn parameters<const N: usize>(pairs: [(&str, String); N]) -> Map<String, Value> {
    pairs.into_iter().map(|(name, value)| (name.to_owned(), Value::String(value))).collect()
}

/// Checks the answer to a second factor's challenge.
pub async fn finish(sign_in: &SignIn<'_>, person: Person, pending: Challenge, responses: &Parameters) -> Result<Step> {
    let (app, pool) = (sign_in.app, sign_in.pool);
    let (Some(user), Some((method, after)), Some(challenge)) =
        (&person.user, pending.state.second_factor(), pending.state.name())
    else {
        return Err(session_text::unfit());
    };
    let (free, now) = (app.config.free_password_failures, app.clock.now());
    let name = password::attempts_name(app, pool, &person.username, Some(user));
    password::refuse_locked(app, pool, &person.username, Some(user)).await?;
    let mut tx = app.db.begin().await?;
    let user = recheck(sign_in, &mut tx, &pending, user.sub).await?;
    let chosen_app = verified_app(&mut tx, pool, &user).await?;
    let offered = factors::offered(pool, &user, chosen_app.is_some());
    if let Pending::SelectMfaType(after) = &pending.state {
        let answer = sign_in.required(responses, "ANSWER")?;
        let Some(method) = offered.into_iter().find(|method| method.to_string() == answer) else {
            return Err(Error::InvalidParameter("ANSWER is none of MFAS_CAN_CHOOSE.".into()));
        };
        tx.commit().await?;
        let person = Person { user: Some(user), ..person };
        return ask_for(sign_in, person, (method, chosen_app), after.carried.clone()).await.map(Step::Asked);
    }
    if matches!(pending.state, Pending::MfaSetup { verified: false, .. }) {
        return Err(Error::InvalidParameter(
            "Verify the software token first: AssociateSoftwareToken, then VerifySoftwareToken, with this session."
                .into(),
        ));
    }
    if let Some(method) = method {
        // Since the challenge, the method may have been switched off or the address changed.
        let address = method.attribute().and_then(|name| Address::verified(&user, name));
        let to = pending.state.sent_code().map(|sent| &sent.to);
        if !offered.contains(&method) || address.is_some_and(|address| to != Some(&address.value)) {
            return Err(session_text::unfit());
        }
        let sent = pending.state.sent_code();
        match prove(sign_in, &mut tx, (method, sent), &user, responses).await? {
            Code::Right => {}
            Code::Used => {
                return Err(Error::ExpiredCode(Text::keyed(
                    Key::CodeUsed,
                    "Your software token has already been used once.",
                )));
            }
            Code::Wrong => {
                // A wrong code does not use up the challenge.
                drop(tx);
                password::count_failure(app, pool, &person.username, Some(&user)).await?;
                return Err(mismatch());
            }
        }
    }
    let carried = after.carried.clone();
    let locked = match free {
        0 => false,
        // In a sign-in by custom challenges, more challenges may follow, so failures are not forgiven yet.
        _ if carried.custom.is_some() => store::login_attempts::is_locked(&mut *tx, &pool.id, &name, now).await?,
        _ => !store::login_attempts::forgive(&mut tx, &pool.id, &name, now).await?,
    };
    if locked {
        // Other requests locked the name meanwhile. The error must not reveal that this code is right.
        return Err(mismatch());
    }
    let username = person.username;
    Ok(Proof::SecondFactor { tx, username, user, challenge, carried }.into())
}

/// The result of checking a code.
enum Code {
    Right,
    Wrong,
    /// The code is right, but was used before.
    Used,
}

/// Checks the code of a second factor, in a transaction that has locked the user's row. An authenticator app's code is
/// used up.
async fn prove(
    sign_in: &SignIn<'_>,
    db: &mut Connection,
    (method, sent): (SecondFactor, Option<&SentCode>),
    user: &User,
    responses: &Parameters,
) -> Result<Code> {
    let (app, pool) = (sign_in.app, sign_in.pool);
    let code = sign_in.required(responses, method.response())?;
    if let Some(sent) = sent {
        return Ok(if one_time_code::fits(app, sent, code) { Code::Right } else { Code::Wrong });
    }
    let token = store::software_tokens::find(db, &pool.id, user.sub).await?;
    let step = match token.and_then(|token| token.secret) {
        Some(sealed) => software_token::check(app, pool, user.sub, &sealed, code, app.clock.now())?,
        None => None,
    };
    match step {
        None => Ok(Code::Wrong),
        Some(step) if store::software_tokens::use_step(db, &pool.id, user.sub, step).await? => Ok(Code::Right),
        Some(_) => Ok(Code::Used),
    }
}

fn mismatch() -> Error {
    Error::CodeMismatch("Invalid code received for user".into())
}

/// Locks the user and uses up the challenge. Fails if the user may no longer sign in, or if the password that was
/// proved has changed.
pub async fn recheck(sign_in: &SignIn<'_>, db: &mut Connection, pending: &Challenge, sub: Uuid) -> Result<User> {
    let pool = sign_in.pool;
    let user = store::users::lock_shared(db, &pool.id, sub).await?.ok_or_else(session_text::unfit)?;
    let taken = sign_in.use_up(db, pending).await?;
    sign_in.may_sign_in(&user)?;
    if taken.state.password_set_at() != Some(&password::set_at(&user)) {
        return Err(session_text::unfit());
    }
    Ok(user)
}

/// The API's `SMSMfaSettingsType`, and the corresponding types of the other factors.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Preference {
    pub enabled: bool,
    pub preferred_mfa: bool,
}

/// What a request says about each second factor. A second factor that the request leaves out stays as it is.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Preferences {
    #[serde(rename = "SMSMfaSettings", default)]
    pub sms: Option<Preference>,
    #[serde(rename = "SoftwareTokenMfaSettings", default)]
    pub software_token: Option<Preference>,
    #[serde(rename = "EmailMfaSettings", default)]
    pub email: Option<Preference>,
    #[serde(rename = "WebAuthnMfaSettings", default)]
    pub passkey: Option<Preference>,
}

impl Preferences {
    /// Preferences that change nothing.
    pub const NONE: Self = Self { sms: None, software_token: None, email: None, passkey: None };

    /// Reads `MFAOptions`, the older form of preferences, which knows only text messages: a list with the one option
    /// switches them on, and an empty list switches them off.
    pub fn of_options(options: &[MfaOption]) -> Result<Self> {
        if options.iter().any(|one| *one != MfaOption::sms()) {
            return Err(Error::InvalidParameter(
                "MFAOptions: only DeliveryMedium SMS with AttributeName phone_number is possible; set other factors with \
                 SetUserMFAPreference or AdminSetUserMFAPreference."
                    .into(),
            ));
        }
        let sms = Preference { enabled: !options.is_empty(), preferred_mfa: false };
        Ok(Self { sms: Some(sms), ..Self::NONE })
    }

    fn methods(&self) -> [(SecondFactor, Option<Preference>); 3] {
        [
            (SecondFactor::SoftwareTokenMfa, self.software_token),
            (SecondFactor::SmsMfa, self.sms),
            (SecondFactor::EmailOtp, self.email),
        ]
    }

    /// Whether the request switches off a factor that the user has switched on.
    pub fn switch_off(&self, on: &Mfa) -> bool {
        let is_off = |one: Option<Preference>| one.is_some_and(|one| !one.enabled);
        self.methods().into_iter().any(|(method, one)| is_off(one) && on.enabled.contains(&method))
            || (is_off(self.passkey) && on.passkey)
    }
}

/// The service model's `MFAOptionType`: the older form in which a user's MFA by text message is set and shown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct MfaOption {
    delivery_medium: String,
    attribute_name: String,
}

impl MfaOption {
    fn sms() -> Self {
        Self { delivery_medium: "SMS".into(), attribute_name: AddressAttribute::PhoneNumber.name().into() }
    }

    /// Returns the `MFAOptions` of a user. They show nothing but MFA by text message.
    pub fn of(mfa: &Mfa) -> Vec<Self> {
        if mfa.enabled.contains(&SecondFactor::SmsMfa) { vec![Self::sms()] } else { Vec::new() }
    }
}

/// Switches second factors on and off, in a transaction that has locked the user's row. Returns `false` if nothing
/// changed.
pub async fn prefer(
    db: &mut Connection,
    pool: &Pool,
    user: &User,
    preferences: Preferences,
    (by, now): (Door, OffsetDateTime),
) -> Result<bool> {
    let no_delivery = |method: SecondFactor| {
        Text::keyed(Key::NoMethod, format!("User does not have delivery config set to turn on {method}"))
    };
    let asked = preferences.methods();
    let refuse = |text: Text| Err(Error::InvalidParameter(text));
    let mut mfa: Mfa = user.mfa.clone();
    for (method, preference) in asked.into_iter().filter_map(|(method, one)| Some((method, one?))) {
        mfa.switch_off(method);
        if !preference.enabled {
            continue;
        }
        match method.attribute() {
            Some(name) if Address::verified(user, name).is_none() => {
                return refuse(no_delivery(method));
            }
            None => {
                let token = store::software_tokens::find(db, &pool.id, user.sub).await?;
                if token.is_none_or(|token| token.secret.is_none()) {
                    return refuse(match by {
                        Door::Operator => no_delivery(method),
                        Door::Api | Door::Pages => "User has not verified software token mfa".into(),
                    });
                }
            }
            Some(_) => {}
        }
        mfa.enabled.push(method);
    }
    let had = !factors::enabled(pool, user).is_empty();
    if had
        && pool.settings.mfa_configuration == MfaConfiguration::On
        && !mfa.enabled.iter().any(|method| pool.has_mfa(*method))
    {
        let words = "A second factor is required in this user pool: the last one cannot be switched off.";
        return refuse(Text::keyed(Key::LastMethod, words));
    }
    let mut preferred = asked.iter().filter(|(_, one)| one.is_some_and(|one| one.enabled && one.preferred_mfa));
    if let Some((method, _)) = preferred.next() {
        if preferred.next().is_some() {
            return refuse("Only one MFA method can be preferred.".into());
        }
        mfa.preferred = Some(*method);
    }
    if let Some(passkey) = preferences.passkey {
        mfa.passkey = passkey.enabled;
    }
    // The list is sorted into the order in which second factors are offered, so that a repeated request changes
    // nothing.
    mfa.enabled.sort();
    if mfa == user.mfa {
        return Ok(false);
    }
    store::users::update_mfa(db, &pool.id, user.sub, &mfa, now).await?;
    Ok(true)
}
