//! The steps of signing in, shared by InitiateAuth, RespondToAuthChallenge and their Admin forms.

use serde_json::Map;
use uuid::Uuid;

use super::{
    custom_challenge, devices, migration, new_password, next, one_time_code, passkey,
    proof::Proof,
    second_factor, secret_hash, srp_proof,
    step::{Available, Outcome, Parameters, Person, SignIn, missing, shown},
};
use crate::{
    context::Door,
    error::{Error, Result},
    factor::{ChallengeName, Factor, MfaConfiguration},
    flows::{
        accounts::{
            auth_events, factors, network,
            password::{self, Known},
            sign_up,
        },
        sessions::refresh,
        triggers::{self, Trigger},
    },
    pending::{Challenge, EmailOtp, Kept, Pending},
    secret::Secret,
    session_text::{self, Opened},
    store::{
        self,
        batches::{FoundPasskey, PersonToFind},
        sessions::OpenedWith,
        users::{Status, User},
    },
    user_queue::Turn,
};

/// What the first statement of a step reads about a person, beside the person's own row.
#[derive(Clone, Copy)]
enum Wants {
    Passkeys,
    /// The SRP verifier, or whether the user owes one.
    Srp,
}

/// The person of a step, as its first statement found them.
struct Found {
    username: String,
    user: Option<User>,
    passkeys: Vec<FoundPasskey>,
    known: Known,
}

impl SignIn<'_> {
    /// Takes the first step (InitiateAuth). `session` comes from a sign-up that was just confirmed.
    pub async fn begin(&self, flow: &str, parameters: &Parameters, session: Option<&str>) -> Result<Outcome> {
        // In these flows, the statement that finds the person, or the session to refresh, also finds out whether the
        // client and the pool are current. In all others, a statement of its own does.
        let is_found_out = match flow {
            "REFRESH_TOKEN_AUTH" | "REFRESH_TOKEN" => true,
            "USER_AUTH" | "USER_SRP_AUTH" | "USER_PASSWORD_AUTH" | "ADMIN_USER_PASSWORD_AUTH" | "ADMIN_NO_SRP_AUTH" => {
                !self.is_nameless(parameters)
            }
            _ => false,
        };
        if !is_found_out {
            self.confirm().await?;
        }
        if !flow.starts_with("REFRESH") {
            network::check(self.client, self.address)?;
            if let Some(address) = self.asker() {
                self.app.budgets.spend_sign_in(&self.pool.id, address)?;
            }
        }
        // If triggers are called before anything is proved, the turn is taken after those calls. Otherwise, anybody
        // could enter a user's name and make that user wait for slow triggers.
        let first = [Trigger::PreAuthentication, Trigger::UserMigration, Trigger::DefineAuthChallenge];
        let asks_first = first.into_iter().any(|trigger| triggers::function(self.pool, trigger).is_some());
        let turn = if asks_first { None } else { self.turn(parameters).await? };
        match (flow, self.context.door) {
            ("ADMIN_USER_PASSWORD_AUTH" | "ADMIN_NO_SRP_AUTH", Door::Api | Door::Pages)
            | ("USER_PASSWORD_AUTH", Door::Operator) => {
                Err(Error::InvalidParameter("Initiate Auth method not supported".into()))
            }
            ("ADMIN_USER_PASSWORD_AUTH" | "ADMIN_NO_SRP_AUTH", Door::Operator) => {
                if !self.client.settings.allows_flow("ALLOW_ADMIN_USER_PASSWORD_AUTH") {
                    return Err(Error::InvalidParameter("Auth flow not enabled for this client".into()));
                }
                self.password(parameters, turn).await
            }
            ("USER_PASSWORD_AUTH", Door::Api | Door::Pages) => {
                self.flow_enabled(flow)?;
                self.password(parameters, turn).await
            }
            ("REFRESH_TOKEN_AUTH" | "REFRESH_TOKEN", _) => self.refresh(parameters).await,
            ("USER_SRP_AUTH", _) => {
                self.flow_enabled(flow)?;
                let Found { username, user, known, .. } = self.find(parameters, Wants::Srp, None).await?;
                let person = self.known_or_hidden(&username, user)?;
                let _turn = self.before(&person, parameters, turn).await?;
                let client_public = self.required(parameters, "SRP_A")?;
                srp_proof::start(self, &person, client_public, Available::nothing(), &known).await
            }
            ("CUSTOM_AUTH", _) => {
                self.flow_enabled(flow)?;
                let person = self.person(parameters).await?;
                triggers::pre_authentication(&self.context, &person.username, person.user.as_ref()).await?;
                next::go_on(self, custom_challenge::begin(self, person, parameters).await?).await
            }
            ("USER_AUTH", _) if self.is_nameless(parameters) => {
                self.flow_enabled(flow)?;
                self.check_nameless(parameters)?;
                passkey::start_discoverable(self).await
            }
            ("USER_AUTH", _) => {
                self.flow_enabled(flow)?;
                let Found { username, user, passkeys, .. } = self.find(parameters, Wants::Passkeys, None).await?;
                let person = self.known_or_hidden(&username, user)?;
                let available = self.available_of(&person, passkeys);
                let _turn = self.before(&person, parameters, turn).await?;
                if let Some(session) = session
                    && let Some(tokens) = self.after_sign_up(&person, session).await?
                {
                    return Ok(tokens);
                }
                self.choice(person, available, parameters).await
            }
            _ => {
                self.flow_enabled(flow)?;
                Err(Error::InvalidParameter(format!("{flow} is not supported by Keystead yet.").into()))
            }
        }
    }

    /// Takes a further step (RespondToAuthChallenge).
    pub async fn respond(
        &self,
        challenge: ChallengeName,
        session: Option<&str>,
        responses: &Parameters,
    ) -> Result<Outcome> {
        network::check(self.client, self.address)?;
        // The answer to a custom challenge needs no turn, because the challenge is used up before a trigger verifies
        // the answer.
        let _turn = match challenge {
            ChallengeName::CustomChallenge => None,
            _ => self.turn(responses).await?,
        };
        // The challenge that is chosen or answered.
        let answered = match (challenge, responses.get("ANSWER")) {
            (ChallengeName::SelectChallenge, Some(answer)) => match answer.parse() {
                Err(_) | Ok(ChallengeName::SelectChallenge) => {
                    let words = format!("{} is not an available challenge.", shown(answer));
                    return Err(Error::InvalidParameter(words.into()));
                }
                Ok(chosen) => chosen,
            },
            (ChallengeName::SelectChallenge, None) => return Err(missing("ANSWER")),
            (other, _) => other,
        };
        let session = session.map(str::to_owned).or_else(|| match challenge {
            ChallengeName::PasswordVerifier | ChallengeName::DeviceSrpAuth | ChallengeName::DevicePasswordVerifier => {
                srp_proof::session_of(responses)
            }
            _ => None,
        });
        let session = session.ok_or_else(|| Error::InvalidParameter("Missing required parameter Session".into()))?;
        let now = self.app.clock.now();
        let opened = session_text::open(&self.app.sealing, &self.pool.id, &self.client.id, &session, now)?;
        if answered == ChallengeName::WebAuthn
            && let Some(credential) = responses.get("CREDENTIAL").filter(|given| !given.is_empty())
        {
            if self.is_nameless(responses) {
                self.confirm().await?;
                self.flow_enabled("USER_AUTH")?;
                self.check_nameless(responses)?;
                return self.nameless_passkey(opened, credential).await;
            }
            if let Some(pending) = &opened.challenge
                && let Some(outcome) = self.passkey_at_once(pending, responses, credential).await?
            {
                return Ok(outcome);
            }
        }
        let (pending, Found { username, user, known, .. }) = match opened.challenge {
            Some(pending) if matches!(pending.state, Pending::PasswordVerifier { .. }) => {
                let found = self.find(responses, Wants::Srp, Some(&pending)).await?;
                (pending, found)
            }
            _ => {
                self.confirm().await?;
                let pending = self.pending(opened).await?;
                let username = self.username(responses)?;
                let user = store::users::find(&self.app.db, &self.pool.id, &self.pool.username_key(username)).await?;
                (pending, Found { username: username.to_owned(), user, passkeys: Vec::new(), known: Known::default() })
            }
        };
        let person = self.known_or_hidden(&username, user)?;
        let decoy = || pending.bounds.decoy.as_ref() == Some(&self.decoy_mark(&person));
        if !self.is_of_this_door(&pending)
            || pending.client_id != self.client.id
            || pending.sub != person.user.as_ref().map(|user| user.sub)
            || (person.user.is_none() && !decoy())
        {
            return Err(session_text::unfit());
        }
        self.still_enabled(&pending.state)?;
        match &pending.state {
            // A person who may choose a factor may choose again, even after another factor's challenge.
            Pending::SelectChallenge {}
            | Pending::Password {}
            | Pending::PasswordSrp {}
            | Pending::WebAuthn(_)
            | Pending::EmailOtp(EmailOtp::First(_))
            | Pending::SmsOtp(_) => {
                let factor = answered.factor().ok_or_else(session_text::unfit)?;
                self.answer_factor(person, pending, (challenge, factor), responses).await
            }
            state => {
                // Every other challenge can be answered only under its own name.
                if state.name() != Some(answered) || answered != challenge {
                    return Err(session_text::unfit());
                }
                let step = match state {
                    Pending::NewPasswordRequired { .. } => {
                        new_password::respond(self, person, pending, responses).await?.into()
                    }
                    Pending::PasswordVerifier { .. } => {
                        srp_proof::finish(self, person, pending, responses, known).await?.into()
                    }
                    Pending::CustomChallenge { .. } => {
                        custom_challenge::respond(self, person, pending, responses).await?
                    }
                    Pending::DeviceSrpAuth { .. } | Pending::DevicePasswordVerifier { .. } => {
                        devices::respond(self, person, pending, responses).await?
                    }
                    Pending::EmailOtp(EmailOtp::Second(_))
                    | Pending::SoftwareTokenMfa(_)
                    | Pending::SmsMfa(_)
                    | Pending::SelectMfaType(_)
                    | Pending::MfaSetup { .. } => second_factor::finish(self, person, pending, responses).await?,
                    // First factors are handled above, and the other states are not challenges of a sign-in.
                    Pending::SignUp {}
                    | Pending::SignedUp {}
                    | Pending::PageStep { .. }
                    | Pending::PasskeyRegistration(_)
                    | Pending::WebAuthnRegistration(_)
                    | Pending::SelectChallenge {}
                    | Pending::Password {}
                    | Pending::PasswordSrp {}
                    | Pending::WebAuthn(_)
                    | Pending::EmailOtp(EmailOtp::First(_))
                    | Pending::SmsOtp(_) => return Err(session_text::unfit()),
                };
                next::go_on(self, step).await
            }
        }
    }

    /// Handles the choice of a first factor, or its proof.
    async fn answer_factor(
        &self,
        person: Person,
        pending: Challenge,
        (challenge, factor): (ChallengeName, Factor),
        responses: &Parameters,
    ) -> Result<Outcome> {
        let Some(given) = responses.get(factor.response()).filter(|given| !given.is_empty()) else {
            if challenge == ChallengeName::SelectChallenge {
                return self.select(person, &pending, factor).await;
            }
            return Err(missing(factor.response()));
        };
        match factor {
            Factor::WebAuthn => next::after(self, passkey::prove(self, person, pending, given).await?).await,
            Factor::Password => self.text_password(person, given, Some(pending), Known::default()).await,
            Factor::PasswordSrp => {
                let available = self.take_choice(&person, &pending, factor).await?;
                srp_proof::start(self, &person, given, available, &Known::default()).await
            }
            Factor::EmailOtp | Factor::SmsOtp if pending.state.name() == Some(factor.challenge()) => {
                next::after(self, one_time_code::finish(self, person, pending, given).await?).await
            }
            Factor::EmailOtp | Factor::SmsOtp => Err(session_text::unfit()),
        }
    }

    /// Checks a password that the request contains (as opposed to an SRP proof), in any flow. `answers` is the
    /// challenge that the password answers, if any. A wrong password does not use up that challenge.
    async fn text_password(
        &self,
        person: Person,
        password: &str,
        answers: Option<Challenge>,
        known: Known,
    ) -> Result<Outcome> {
        let Person { username, user } = person;
        let (app, pool) = (self.app, self.pool);
        let given = || Secret::from(password.to_owned());
        let user = password::check(app, pool, self.hides_existence(), &username, user, given(), &known).await?;
        let proof = Proof::Password { username, user: user.clone(), answers: answers.map(Box::new) };
        let outcome = next::after(self, proof).await?;
        if !matches!(&outcome, Outcome::Next(next) if next.name == ChallengeName::NewPasswordRequired) {
            // If this fails, the sign-in succeeds nevertheless, and the next sign-in tries again.
            let refreshed = password::refresh(app, pool, &user, given(), &known).await;
            let _ = refreshed.inspect_err(|cause| tracing::warn!(%cause, "hashing a password anew"));
        }
        Ok(outcome)
    }

    /// Checks a passkey's assertion with what the first call of the sign-in read, and signs the person in by one
    /// statement, which does nothing unless all that was read is still so. Returns `None` if more is needed.
    async fn passkey_at_once(
        &self,
        pending: &Challenge,
        responses: &Parameters,
        credential: &str,
    ) -> Result<Option<Outcome>> {
        // Browser sessions are not written in batches, and neither are sign-ins that name a device in a pool that
        // remembers devices.
        let names_device = self.device_key.is_some() && self.pool.devices().is_some();
        if self.context.door == Door::Pages || names_device || !self.is_of_this_door(pending) {
            return Ok(None);
        }
        let username = self.username(responses)?;
        match passkey::verify(self, pending, username, credential)? {
            Some(verified) => next::together(self, pending, verified).await,
            None => Ok(None),
        }
    }

    /// Checks the assertion of a passkey whose user handle identifies the user.
    async fn nameless_passkey(&self, opened: Opened, credential: &str) -> Result<Outcome> {
        let passkey::Discovered { person, sub, pending, turn: _turn } =
            passkey::discover(self, opened, credential).await?;
        let known = person.user.is_some();
        let outcome = match passkey::prove(self, person, pending, credential).await {
            Ok(proof) => next::after(self, proof).await,
            Err(refusal) => Err(refusal),
        };
        // The event is recorded here by the subject, because the request has no username by which the caller could
        // record it.
        let response = auth_events::response_of(&outcome, |one| !matches!(one, Outcome::Next(_)));
        if let Some(response) = response.filter(|_| known) {
            auth_events::note(self.app, &self.context, self.pool, sub, "SignIn", response, None);
        }
        outcome
    }

    /// Whether the request omits the username and may do so, so that a passkey must identify the user. The sign-in
    /// pages may omit the username, and so may clients that the pool's passkey policy allows.
    fn is_nameless(&self, parameters: &Parameters) -> bool {
        let allowed = self.context.door == Door::Pages || self.pool.passkey_policy.allows_nameless(&self.client.id);
        allowed && !parameters.contains_key("USERNAME")
    }

    /// Checks the SECRET_HASH of a request without a username. The hash is computed with an empty username.
    fn check_nameless(&self, parameters: &Parameters) -> Result<()> {
        secret_hash::check(self.context.door, self.client, "", parameters.get("SECRET_HASH").map(String::as_str))
    }

    /// Waits for a turn in the queue of the request's username. Returns `None` if the request has no username.
    ///
    /// Because of the queue, a flood of guesses at one name delays only requests for that name, and each guess is
    /// checked only after the earlier ones were counted.
    async fn turn(&self, parameters: &Parameters) -> Result<Option<Turn>> {
        let Some(username) = parameters.get("USERNAME") else { return Ok(None) };
        let key = self.pool.username_key(username);
        // A subject may be written in several ways; all of them share one queue.
        let key = Uuid::try_parse(&key).map_or(key, |sub| sub.to_string());
        self.app.user_queue.of_name(&self.pool.id, &key).await.map(Some)
    }

    /// Signs in with a password that the request contains. If necessary, the user is first migrated to this pool.
    async fn password(&self, parameters: &Parameters, turn: Option<Turn>) -> Result<Outcome> {
        let password = self.required(parameters, "PASSWORD")?;
        let Found { username, user, known, .. } = self.find(parameters, Wants::Srp, None).await?;
        let user = match user {
            Some(user) => Some(user),
            None => self.migrated(&username, password).await?,
        };
        let person = self.known_or_hidden(&username, user)?;
        // Without a turn, other guesses may have been counted since the lockout was read.
        let known = Known { unlocked: known.unlocked && turn.is_some(), ..known };
        let _turn = self.before(&person, parameters, turn).await?;
        self.text_password(person, password, None, known).await
    }

    /// Creates the user of a name, if only the pool's user migration trigger knows that user.
    async fn migrated(&self, username: &str, password: &str) -> Result<Option<User>> {
        if triggers::function(self.pool, Trigger::UserMigration).is_none() {
            return Ok(None);
        }
        // The lockout applies to passwords that the trigger checks just as to passwords that the server checks.
        password::refuse_locked(self.app, self.pool, username, None).await?;
        migration::user(&self.context, self.client, username, Some(password)).await
    }

    /// Calls the pool's pre authentication trigger, and then waits for a turn unless the caller already has one.
    async fn before(&self, person: &Person, parameters: &Parameters, turn: Option<Turn>) -> Result<Option<Turn>> {
        triggers::pre_authentication(&self.context, &person.username, person.user.as_ref()).await?;
        match turn {
            Some(turn) => Ok(Some(turn)),
            None => self.turn(parameters).await,
        }
    }

    /// Handles USER_AUTH with the `Session` of ConfirmSignUp (docs/cognito.md 4.1).
    ///
    /// The code that confirmed the sign-up is the proof, if the pool lets users sign in with codes. Returns `None` if
    /// the person must choose a factor as usual.
    async fn after_sign_up(&self, person: &Person, session: &str) -> Result<Option<Outcome>> {
        // On the pages, the session is a proof in every pool, because the person has just entered or chosen the
        // password, or needs none.
        let codes_sign_in = self.pool.uses_codes() || self.context.door == Door::Pages;
        if !codes_sign_in {
            return Ok(None);
        }
        let Some(user) = &person.user else { return Ok(None) };
        let now = self.app.clock.now();
        let mut tx = self.app.db.begin().await?;
        let Some(user) = store::users::lock_shared(&mut tx, &self.pool.id, user.sub).await? else { return Ok(None) };
        let step = Pending::SignedUp {};
        if user.status != Status::Confirmed
            || factors::is_needed(self.pool, &user)
            || !sign_up::take_session(self.app, &mut tx, self.client, user.sub, &step, session, now).await?
        {
            return Ok(None);
        }
        self.may_sign_in(&user)?;
        let proof = Proof::Enough { tx, user, with: OpenedWith::SignUp, methods: vec!["otp"] };
        next::after(self, proof).await.map(Some)
    }

    /// Handles the person's choice of a factor in USER_AUTH.
    async fn choice(&self, person: Person, available: Available, parameters: &Parameters) -> Result<Outcome> {
        let preferred = parameters.get("PREFERRED_CHALLENGE").and_then(|factor| factor.parse::<Factor>().ok());
        let Some(preferred) = preferred.filter(|factor| available.factors.contains(factor)) else {
            return self.challenge(&person, Pending::SelectChallenge {}, Map::new(), available.factors).await;
        };
        match (preferred, parameters.get("PASSWORD"), parameters.get("SRP_A")) {
            (Factor::Password, Some(password), _) => self.text_password(person, password, None, Known::default()).await,
            (Factor::PasswordSrp, _, Some(public)) => {
                srp_proof::start(self, &person, public, available, &Known::default()).await
            }
            _ => self.challenge_of(person, preferred, available).await,
        }
    }

    /// Returns the challenge of a factor.
    async fn challenge_of(&self, person: Person, factor: Factor, available: Available) -> Result<Outcome> {
        let state = match factor {
            Factor::WebAuthn => return passkey::start(self, &person, available).await,
            Factor::EmailOtp | Factor::SmsOtp => return one_time_code::start(self, &person, factor, available).await,
            Factor::Password => Pending::Password {},
            Factor::PasswordSrp => Pending::PasswordSrp {},
        };
        self.challenge(&person, state, Map::new(), available.factors).await
    }

    /// The factors that this person can use now. The factors of a decoy are the same on every call.
    async fn available(&self, person: &Person) -> Result<Available> {
        // The query runs for an unknown person, too, so that known and unknown persons take the same time.
        let sub = person.user.as_ref().map_or_else(Uuid::nil, |user| user.sub);
        let mut db = self.app.db.acquire().await?;
        let passkeys = store::passkeys::list(&mut db, &self.pool.id, sub).await?;
        Ok(self.available_of(person, passkeys.into_iter().map(FoundPasskey::without_key).collect()))
    }

    /// Like [`Self::available`], with the person's passkeys already read.
    fn available_of(&self, person: &Person, passkeys: Vec<FoundPasskey>) -> Available {
        let mut factors = Vec::new();
        let one_suffices = match &person.user {
            Some(user) => !factors::is_needed(self.pool, user),
            None => self.pool.settings.mfa_configuration != MfaConfiguration::On,
        };
        let passkeys_suffice =
            one_suffices || person.user.as_ref().is_some_and(|user| factors::passkeys_suffice(self.pool, user));
        for factor in Factor::SENT {
            let can = match &person.user {
                Some(user) => factors::address(user, factor).is_some(),
                None => one_time_code::decoy_has(self, &person.username, factor),
            };
            if can && one_suffices && self.pool.allows_factor(factor) {
                factors.push(factor);
            }
        }
        let confirmed = person.user.as_ref().is_none_or(|user| user.status == Status::Confirmed);
        let (passkeys, keys) = if confirmed && passkeys_suffice && self.pool.allows_factor(Factor::WebAuthn) {
            passkey::usable(self, person, passkeys)
        } else {
            Default::default()
        };
        if !passkeys.is_empty() {
            factors.push(Factor::WebAuthn);
        }
        let has_password = match &person.user {
            Some(user) => user.password_hash.is_some(),
            // In pools where people can sign up without a password, some users have only another factor. So some decoys
            // have no password either.
            None => {
                !self.pool.uses_codes()
                    || factors.is_empty()
                    || one_time_code::decoy_has(self, &person.username, Factor::Password)
            }
        };
        // If the client hides which users exist, a user with no factor at all is offered the password factors, as an
        // unknown person is. So the list does not reveal that the account exists.
        let asked_in_vain = factors.is_empty() && self.hides_existence();
        if (has_password || asked_in_vain) && self.pool.allows_factor(Factor::Password) {
            factors.splice(0..0, [Factor::PasswordSrp, Factor::Password]);
        }
        Available { factors, passkeys, keys }
    }

    /// Continues with the challenge of the chosen factor.
    async fn select(&self, person: Person, pending: &Challenge, chosen: Factor) -> Result<Outcome> {
        let available = self.take_choice(&person, pending, chosen).await?;
        self.challenge_of(person, chosen, available).await
    }

    /// Uses up the session in which a factor was chosen, because the next challenge has a new session. Returns the
    /// factors that are available now.
    async fn take_choice(&self, person: &Person, pending: &Challenge, chosen: Factor) -> Result<Available> {
        let available = self.available(person).await?;
        if !available.factors.contains(&chosen) {
            return Err(Error::InvalidParameter(format!("{chosen} is not an available challenge.").into()));
        }
        self.use_up_alone(pending).await?;
        Ok(available)
    }

    async fn refresh(&self, parameters: &Parameters) -> Result<Outcome> {
        if !self.client.settings.allows_flow("ALLOW_REFRESH_TOKEN_AUTH") {
            return Err(Error::InvalidParameter("REFRESH_TOKEN_AUTH flow not enabled for this client".into()));
        }
        if self.client.settings.rotation_grace().is_some() {
            return Err(Error::InvalidParameter(
                "Refresh token rotation is enabled for this client; use GetTokensFromRefreshToken.".into(),
            ));
        }
        let token = self.required(parameters, "REFRESH_TOKEN")?;
        let given = parameters.get("SECRET_HASH").map(String::as_str);
        if !self.client.secrets.is_empty() && given.is_none() {
            secret_hash::check(self.context.door, self.client, "", None)?;
        }
        // Clients compute the hash with the username or, after a sign-in with an alias, with the subject.
        let prove = |user: &User| {
            secret_hash::check(self.context.door, self.client, &user.username, given)
                .or_else(|_| secret_hash::check(self.context.door, self.client, &user.sub.to_string(), given))
        };
        let asked = refresh::Asked { token, scope: None, device_key: self.device_key };
        Ok(Outcome::Tokens(refresh::refresh(&self.context, (self.named, self.freshness), asked, prove).await?))
    }

    /// Finds the person that a request is about. An unknown person becomes a decoy if the client hides which users
    /// exist.
    async fn person(&self, parameters: &Parameters) -> Result<Person> {
        let username = self.username(parameters)?;
        let user = store::users::find(&self.app.db, &self.pool.id, &self.pool.username_key(username)).await?;
        self.known_or_hidden(username, user)
    }

    /// Returns the request's username after checking the SECRET_HASH.
    fn username<'p>(&self, parameters: &'p Parameters) -> Result<&'p str> {
        let username = self.required(parameters, "USERNAME")?;
        // PostgreSQL cannot store this character, and would refuse the whole statement that this request shares with
        // others.
        if username.contains('\0') {
            return Err(Error::nul());
        }
        secret_hash::check(
            self.context.door,
            self.client,
            username,
            parameters.get("SECRET_HASH").map(String::as_str),
        )?;
        Ok(username)
    }

    fn known_or_hidden(&self, username: &str, user: Option<User>) -> Result<Person> {
        if user.is_none() && !self.hides_existence() {
            return Err(Error::UserNotFound);
        }
        Ok(Person { username: username.to_owned(), user })
    }

    /// Finds the user whom a request names, and finds out whether the client and the pool are current, if possible in a
    /// batch with other requests.
    ///
    /// `answered` is the challenge that the request answers, if it is sealed in a string. Fails if it was used before.
    async fn find(&self, parameters: &Parameters, wants: Wants, answered: Option<&Challenge>) -> Result<Found> {
        let username = self.username(parameters)?.to_owned();
        let key = self.pool.username_key(&username);
        let request = PersonToFind {
            pool_id: self.pool.id.clone(),
            client_id: self.client.id.clone(),
            versions: self.named.versions,
            username_key: key.clone(),
            decoy_name: password::attempts_name(self.app, self.pool, &username, None),
            passkeys: matches!(wants, Wants::Passkeys),
            srp: matches!(wants, Wants::Srp),
            challenge: answered.and_then(|pending| match pending.kept {
                Kept::Sealed { user_version } => Some((pending.id, user_version)),
                Kept::Row => None,
            }),
        };
        if let Some(found) = self.app.batchers.find_people.run(request).await? {
            // A client that was read for this call counts as it was read.
            if !self.freshness.is_current() {
                self.freshness.found(found.current)?;
            }
            if !found.unused {
                return Err(session_text::used());
            }
            let now = self.app.clock.now();
            let known = Known {
                unlocked: found.locked_until.is_none_or(|until| until <= now),
                srp_verifier: Some(found.srp_verifier).filter(|_| matches!(wants, Wants::Srp)),
                owes_verifier: Some(found.owes_verifier).filter(|_| matches!(wants, Wants::Srp)),
            };
            return Ok(Found { username, user: found.user, passkeys: found.passkeys, known });
        }
        self.confirm().await?;
        if let Some(pending) = answered {
            let mut db = self.app.db.acquire().await?;
            if !store::challenges::is_unused(&mut db, &self.pool.id, pending).await? {
                return Err(session_text::used());
            }
        }
        let user = store::users::find(&self.app.db, &self.pool.id, &key).await?;
        let passkeys = match (&user, wants) {
            (Some(user), Wants::Passkeys) => {
                let mut db = self.app.db.acquire().await?;
                store::passkeys::list(&mut db, &self.pool.id, user.sub).await?
            }
            _ => Vec::new(),
        };
        let passkeys = passkeys.into_iter().map(FoundPasskey::without_key).collect();
        Ok(Found { username, user, passkeys, known: Known::default() })
    }

    /// Fails if the client no longer allows any of the flows in which this challenge is sent.
    fn still_enabled(&self, state: &Pending) -> Result<()> {
        let flows: &[&str] = match state {
            Pending::SelectChallenge {}
            | Pending::Password {}
            | Pending::PasswordSrp {}
            | Pending::WebAuthn(_)
            | Pending::EmailOtp(EmailOtp::First(_))
            | Pending::SmsOtp(_) => &["USER_AUTH"],
            Pending::PasswordVerifier { custom: None, .. } => &["USER_SRP_AUTH", "USER_AUTH"],
            Pending::PasswordVerifier { .. } | Pending::CustomChallenge { .. } => &["CUSTOM_AUTH"],
            // These follow a password, which may be proved in several flows.
            _ => return Ok(()),
        };
        let mut outcomes = flows.iter().map(|flow| self.flow_enabled(flow));
        outcomes.clone().find(Result::is_ok).or_else(|| outcomes.next()).unwrap_or(Ok(()))
    }

    fn flow_enabled(&self, flow: &str) -> Result<()> {
        let settings = &self.client.settings;
        if !self.context.door.is_bound_by_flows() {
            return Ok(());
        }
        // ALLOW_USER_AUTH permits sign-ins with a password only through USER_AUTH.
        if settings.allows_flow(&format!("ALLOW_{flow}")) {
            return Ok(());
        }
        Err(Error::InvalidParameter(format!("{flow} flow not enabled for this client").into()))
    }
}
