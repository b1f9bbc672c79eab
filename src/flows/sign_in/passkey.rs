//! Sign-ins with a passkey: the WEB_AUTHN challenge (docs/cognito.md 2.2) and its answer.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::{Map, Value};
use time::Duration;
use uuid::Uuid;

use crate::{
    app::App,
    change,
    context::Door,
    error::{Error, Key as Reason, Result, Text},
    factor::{Factor, MfaConfiguration},
    flows::{
        accounts::factors,
        sign_in::{
            decoys,
            proof::Proof,
            step::{Available, Outcome, Person, SignIn},
        },
        triggers::{self, Trigger},
    },
    pending::{Ceremony, Challenge, Kept, PasskeyBefore, Pending, ReadBefore},
    random,
    sealing::sha256,
    session_text::{self, Opened},
    store::{
        self, Connection,
        audit::Event,
        batches::{FoundPasskey, UsedPasskey},
        clients::Versions,
        passkeys::{Backup, Key},
        pools::Pool,
        sessions::OpenedWith,
        users::{Status, User},
    },
    user_queue::Turn,
    webauthn::{self, Assertion, Descriptor, RelyingParty, StoredCredential},
};

/// The maximum number of audit rows per user, hour and kind about passkeys that are not as they were: that may have been
/// copied, or whose flag BE changed. The number is limited, because a person who has the passkey can cause any number of
/// these events. The server's log has all of them.
const ODDITIES_NOTED_PER_HOUR: i64 = 10;

/// The relying party of the pool, if one is configured.
///
/// If this user needs a second factor, the relying party requires user verification.
pub fn relying_party(sign_in: &SignIn<'_>, user: Option<&User>) -> Option<RelyingParty> {
    let mut rp = factors::relying_party_of(sign_in.pool, &sign_in.app.config.app_origins)?;
    rp.user_verification_required |= user.is_some_and(|user| factors::is_needed(sign_in.pool, user));
    Some(rp)
}

/// The person's passkeys that may answer the challenge, and what the second call needs to know of them.
///
/// An unknown person gets made-up passkeys, the same on every call.
pub fn usable(
    sign_in: &SignIn<'_>,
    person: &Person,
    passkeys: Vec<FoundPasskey>,
) -> (Vec<Descriptor>, Vec<PasskeyBefore>) {
    let Some(rp) = relying_party(sign_in, None) else { return Default::default() };
    if person.user.is_none() {
        return (decoy_passkeys(sign_in, &person.username), Vec::new());
    }
    // If the pool's RP ID was changed, passkeys that were created for the previous RP ID cannot be used
    // (docs/cognito.md 3.1).
    let usable = passkeys.into_iter().filter(|one| one.rp_id == rp.id);
    let both = usable.map(|FoundPasskey { credential_id, transports, key, .. }| {
        let before = key.map(|key| PasskeyBefore {
            id: credential_hash(&credential_id),
            key: BASE64_URL_SAFE_NO_PAD.encode(key.public_key),
            sign_count: key.sign_count,
            backup_eligible: key.backup_eligible,
            roaming: key.attachment.as_deref() == Some(ROAMING),
        });
        (Descriptor { id: credential_id, transports }, before)
    });
    let (descriptors, before): (Vec<_>, Vec<_>) = both.unzip();
    (descriptors, before.into_iter().flatten().collect())
}

/// The attachment of a roaming authenticator, such as a security key.
const ROAMING: &str = "cross-platform";

/// What identifies a passkey among those of one user, in the state of a sign-in.
fn credential_hash(id: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(&sha256(id)[..12])
}

/// What identifies the name under which somebody signs in, in the state of the sign-in.
fn name_hash(sign_in: &SignIn<'_>, username: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(&sha256(sign_in.pool.username_key(username).as_bytes())[..16])
}

/// Makes up zero to three passkeys for a name. Their number and kind vary from name to name, as with real users.
fn decoy_passkeys(sign_in: &SignIn<'_>, username: &str) -> Vec<Descriptor> {
    const TRANSPORTS: [&[&str]; 4] = [&["hybrid", "internal"], &["internal"], &["hybrid", "internal"], &["nfc", "usb"]];
    const LENGTHS: [usize; 4] = [32, 16, 20, 32];
    let (app, pool) = (sign_in.app, sign_in.pool);
    let seed = decoys::seed(app, pool, "decoy passkey", &decoys::id(app, pool, username));
    let count = match seed[0] {
        0..128 => 0,
        128..208 => 1,
        208..240 => 2,
        _ => 3,
    };
    let decoy = |n: u8| {
        let kind = usize::from(seed[1 + usize::from(n)]);
        let transports = TRANSPORTS[kind % 4].iter().map(|&transport| transport.to_owned()).collect();
        Descriptor {
            id: decoys::credential_id(app, pool, &[&seed[..], &[n]].concat(), LENGTHS[kind / 4 % 4]),
            transports,
        }
    };
    (0..count).map(decoy).collect()
}

/// Returns a WEB_AUTHN challenge for a person.
pub async fn start(sign_in: &SignIn<'_>, person: &Person, available: Available) -> Result<Outcome> {
    let rp = relying_party(sign_in, person.user.as_ref()).ok_or_else(not_configured)?;
    let challenge: [u8; 32] = random::bytes();
    let options = webauthn::request_options(&rp, &challenge, &available.passkeys);
    let mut parameters = Map::new();
    parameters.insert("CREDENTIAL_REQUEST_OPTIONS".into(), Value::String(options.to_string()));
    let challenge = BASE64_URL_SAFE_NO_PAD.encode(challenge);
    // On the pages, a sign-in always takes a transaction.
    let reads_again = available.keys.is_empty() || sign_in.context.door == Door::Pages;
    let read = person.user.as_ref().filter(|_| !reads_again).map(|user| ReadBefore {
        name: name_hash(sign_in, &person.username),
        pool: sign_in.named.versions.pool,
        client: sign_in.named.versions.client,
        user_verification: rp.user_verification_required,
        both_factors: counts_as_both(sign_in, user),
        passkeys: available.keys,
    });
    let state = Pending::WebAuthn(Ceremony { challenge, rp_id: rp.id, discoverable: false, read: read.map(Box::new) });
    sign_in.challenge(person, state, parameters, available.factors).await
}

/// Returns a WEB_AUTHN challenge for a person who has given no username.
///
/// Any passkey of the pool that the authenticator lists (a discoverable credential) may answer; its user handle
/// identifies the user.
pub async fn start_discoverable(sign_in: &SignIn<'_>) -> Result<Outcome> {
    let mut rp = relying_party(sign_in, None).ok_or_else(not_configured)?;
    if !sign_in.pool.allows_factor(Factor::WebAuthn) {
        return Err(Error::InvalidParameter("WEB_AUTHN is not an available challenge.".into()));
    }
    // The person is not known yet and may need a second factor, unless the pool has none.
    rp.user_verification_required |= sign_in.pool.settings.mfa_configuration != MfaConfiguration::Off;
    let challenge: [u8; 32] = random::bytes();
    let options = webauthn::request_options(&rp, &challenge, &[]);
    let mut parameters = Map::new();
    parameters.insert("CREDENTIAL_REQUEST_OPTIONS".into(), Value::String(options.to_string()));
    let challenge = BASE64_URL_SAFE_NO_PAD.encode(challenge);
    let state = Pending::WebAuthn(Ceremony { challenge, rp_id: rp.id, discoverable: true, read: None });
    sign_in.challenge_of_whom((None, None), state, parameters, vec![Factor::WebAuthn]).await
}

/// The user whom a discoverable passkey identifies, and the challenge that the passkey answers.
pub struct Discovered {
    pub person: Person,
    /// The subject in the user handle.
    pub sub: Uuid,
    pub pending: Challenge,
    /// The turn in the queue of this subject. It ends when it is dropped.
    pub turn: Turn,
}

/// Finds the user whom an assertion's user handle identifies (Web Authentication Level 3, section 7.2, step 6).
pub async fn discover(sign_in: &SignIn<'_>, opened: Opened, credential: &str) -> Result<Discovered> {
    let (app, pool) = (sign_in.app, sign_in.pool);
    let pending = sign_in.pending(opened).await?;
    let is_ours = pending.client_id == sign_in.client.id && pending.sub.is_none() && sign_in.is_of_this_door(&pending);
    if !matches!(&pending.state, Pending::WebAuthn(ceremony) if ceremony.discoverable) || !is_ours {
        return Err(session_text::unfit());
    }
    let assertion = Assertion::parse(credential).map_err(|error| Error::InvalidParameter(error.to_string().into()))?;
    let sub = assertion.subject().unwrap_or_default();
    let mut turn = app.user_queue.of_name(&pool.id, &sub.to_string()).await?;
    let user = {
        let mut db = app.db.acquire().await?;
        store::users::find_by_sub(&mut db, &pool.id, sub).await?
    };
    let username = user.as_ref().map_or_else(|| sub.to_string(), |user| user.username.clone());
    if triggers::function(pool, Trigger::PreAuthentication).is_some() {
        // The turn is given up while the trigger runs, because nothing is proved yet: anybody could send this user
        // handle and make the user wait for a slow trigger.
        drop(turn);
        triggers::pre_authentication(&sign_in.context, &username, user.as_ref()).await?;
        turn = app.user_queue.of_name(&pool.id, &sub.to_string()).await?;
    }
    Ok(Discovered { person: Person { username, user }, sub, pending, turn })
}

/// An assertion that was verified with what the first call had read, and what to write if nothing of that has changed.
pub struct Verified {
    pub sub: Uuid,
    pub user_version: i64,
    pub with: OpenedWith,
    pub methods: Vec<&'static str>,
    pub passkey: UsedPasskey,
}

/// Verifies an assertion with what the first call of the sign-in read, without a query.
///
/// Returns `None` if this is not enough to sign the person in; then [`prove`] decides.
pub fn verify(sign_in: &SignIn<'_>, pending: &Challenge, username: &str, credential: &str) -> Result<Option<Verified>> {
    let Pending::WebAuthn(ceremony) = &pending.state else { return Ok(None) };
    let (Kept::Sealed { user_version }, false) = (pending.kept, ceremony.discoverable) else { return Ok(None) };
    let Some(mut rp) = relying_party(sign_in, None) else { return Ok(None) };
    let Ok(assertion) = Assertion::parse(credential) else { return Ok(None) };
    let before = ceremony.read.as_deref();
    let hash = credential_hash(&assertion.credential_id);
    let found = before.and_then(|before| before.passkeys.iter().find(|passkey| passkey.id == hash));
    let key = found.and_then(|passkey| {
        Some(Key {
            public_key: BASE64_URL_SAFE_NO_PAD.decode(&passkey.key).ok()?,
            sign_count: passkey.sign_count,
            backup_eligible: passkey.backup_eligible,
            attachment: passkey.roaming.then(|| ROAMING.to_owned()),
        })
    });
    let sub = pending.sub.unwrap_or_default();
    rp.user_verification_required |= before.is_some_and(|before| before.user_verification);
    let (old, public_key) = key.as_ref().map(|key| (key.sign_count, key.public_key.clone())).unzip();
    // A decoy is verified, too, so that known and unknown passkeys take the same time.
    let stored = stored_credential(key, &assertion.credential_id);
    let verified = webauthn::verify_assertion(&rp, &challenge_bytes(ceremony)?, sub, &stored, &assertion);
    let (Some(before), Some(found), Some(old_sign_count), Some(public_key), Ok(verified)) =
        (before, found, old, public_key, verified)
    else {
        return Ok(None);
    };
    let same_versions = Versions { client: before.client, pool: before.pool } == sign_in.named.versions;
    let same_name = before.name == name_hash(sign_in, username)
        || Uuid::try_parse(&sign_in.pool.username_key(username)).is_ok_and(|named| Some(named) == pending.sub);
    if !same_versions || !same_name {
        return Ok(None);
    }
    let mut methods = vec![method_of(found.roaming)];
    if before.both_factors {
        methods.push("mfa");
    }
    Ok(Some(Verified {
        sub,
        user_version,
        with: OpenedWith::Passkey(assertion.credential_id.clone()),
        methods,
        passkey: UsedPasskey {
            credential_id: assertion.credential_id,
            public_key,
            backup_eligible: found.backup_eligible,
            old_sign_count,
            sign_count: verified.sign_count.into(),
            backup_state: verified.backup_state,
        },
    }))
}

/// Fails if this user may not sign in with a passkey. This may have changed since the challenge was sent.
fn may_finish(sign_in: &SignIn<'_>, user: &User) -> Result<()> {
    sign_in.may_sign_in(user)?;
    let enough = !factors::is_needed(sign_in.pool, user) || factors::passkeys_suffice(sign_in.pool, user);
    if user.status != Status::Confirmed || !enough || !sign_in.pool.allows_factor(Factor::WebAuthn) {
        return Err(Error::wrong_credentials("passkeys sign this user in no more"));
    }
    Ok(())
}

/// The stored passkey in the form that `webauthn` verifies, or a decoy if there is none.
fn stored_credential(key: Option<Key>, credential_id: &[u8]) -> StoredCredential {
    let stored = key.map_or_else(decoy_key, |key| StoredCredential {
        id: Vec::new(),
        public_key: key.public_key,
        sign_count: u32::try_from(key.sign_count).unwrap_or(u32::MAX),
        backup_eligible: key.backup_eligible,
    });
    StoredCredential { id: credential_id.to_vec(), ..stored }
}

/// Verifies an assertion with locks. This decides the passkey sign-ins that [`verify`] does not.
///
/// Everything happens in one transaction. This function locks the user's row, takes the challenge, locks the passkey's
/// row, verifies the assertion against that row and updates the row. The receiver of the proof then inserts the session
/// and commits. If the assertion does not verify, this function commits, so that the challenge stays taken.
///
/// A deletion of the passkey is either committed before, so that the passkey has no row to lock, or waits until the
/// session is stored.
pub async fn prove(sign_in: &SignIn<'_>, person: Person, pending: Challenge, credential: &str) -> Result<Proof> {
    let (app, pool) = (sign_in.app, sign_in.pool);
    let assertion = Assertion::parse(credential);
    let mut tx = app.db.begin().await?;
    // The locks are taken in the common order. Only then is the challenge used up, which is the first effect.
    let sub = person.user.as_ref().map_or_else(Uuid::nil, |user| user.sub);
    let user = store::users::lock_shared(&mut tx, &pool.id, sub).await?;
    let credential_id = assertion.as_ref().map(|assertion| assertion.credential_id.clone()).unwrap_or_default();
    let key = store::passkeys::lock(&mut tx, &pool.id, sub, &credential_id).await?;
    let taken = sign_in.use_up(&mut tx, &pending).await?;
    let Pending::WebAuthn(ceremony) = &taken.state else { return Err(session_text::unfit()) };
    let assertion = match assertion {
        Ok(assertion) => assertion,
        Err(error) => {
            tx.commit().await?;
            return Err(Error::InvalidParameter(error.to_string().into()));
        }
    };
    let known = key.is_some();
    let attachment = key.as_ref().and_then(|key| key.attachment.clone());
    // The user's current state decides: since the challenge, the user may have come to need a second factor.
    let rp = &relying_party(sign_in, user.as_ref()).ok_or_else(not_configured)?;
    // A decoy is verified, too, so that known and unknown passkeys take the same time.
    let mut stored = stored_credential(key, &credential_id);
    let challenge = challenge_bytes(ceremony)?;
    let mut verified = webauthn::verify_assertion(rp, &challenge, sub, &stored, &assertion);
    let oddity = match &verified {
        Err(webauthn::Error::PossibleClone) if known => Some(Event::PasskeyCloneSuspected),
        Err(webauthn::Error::BackupEligibilityChanged) if known => Some(Event::PasskeyBackupEligibilityChanged),
        _ => None,
    };
    if let Some(event) = oddity {
        note_oddity(sign_in, &mut tx, sub, event, &credential_id).await?;
    }
    let changed = oddity == Some(Event::PasskeyBackupEligibilityChanged);
    if changed && pool.passkey_policy.accept_changed_backup_eligibility {
        stored.backup_eligible = !stored.backup_eligible;
        verified = webauthn::verify_assertion(rp, &challenge, sub, &stored, &assertion);
    }
    let (Some(user), Ok(verified), true) = (user, &verified, known) else {
        tx.commit().await?;
        tracing::info!(reason = verified.err().map(|error| error.to_string()), "passkey sign-in refused");
        if changed {
            return Err(no_longer_as_registered());
        }
        let refusal = Error::wrong_credentials("the passkey does not verify");
        // Without a username, the person chose from the passkey manager's list. That list can be corrected only by a
        // signal from the application, which must therefore learn that the passkey was deleted.
        return Err(if ceremony.discoverable && was_deleted(app, pool, &assertion).await? {
            deleted()
        } else {
            refusal
        });
    };
    if let Err(refusal) = may_finish(sign_in, &user) {
        tx.commit().await?;
        return Err(refusal);
    }
    store::passkeys::update_used(
        &mut tx,
        &pool.id,
        sub,
        &credential_id,
        verified.sign_count,
        Backup { eligible: stored.backup_eligible, state: verified.backup_state },
        app.clock.now(),
    )
    .await?;
    let (with, methods) = proved_by(sign_in, &user, credential_id, attachment.as_deref());
    Ok(Proof::Enough { tx, user, with, methods })
}

async fn note_oddity(
    sign_in: &SignIn<'_>,
    db: &mut Connection,
    sub: Uuid,
    event: Event,
    credential_id: &[u8],
) -> Result<()> {
    let (pool_id, trail) = (&sign_in.pool.id, change::user_trail(sign_in.app, &sign_in.context));
    let noted = store::audit::count_since(db, pool_id, sub, event, trail.at - Duration::HOUR).await?;
    if noted < ODDITIES_NOTED_PER_HOUR {
        let _ = store::audit::insert(db, pool_id, &trail, event.of_passkey(sub, credential_id)).await?;
    }
    Ok(())
}

/// Returns what opens the session, and the `amr` methods that the passkey proves: `hwk` for a roaming authenticator,
/// `swk` for any other, and `mfa` if the passkey counts as both factors.
fn proved_by(
    sign_in: &SignIn<'_>,
    user: &User,
    credential_id: Vec<u8>,
    attachment: Option<&str>,
) -> (OpenedWith, Vec<&'static str>) {
    let mut methods = vec![method_of(attachment == Some(ROAMING))];
    if counts_as_both(sign_in, user) {
        methods.push("mfa");
    }
    (OpenedWith::Passkey(credential_id), methods)
}

fn method_of(roaming: bool) -> &'static str {
    if roaming { "hwk" } else { "swk" }
}

/// Whether the user's passkeys count as both factors. Such a passkey has to verify its user.
fn counts_as_both(sign_in: &SignIn<'_>, user: &User) -> bool {
    factors::is_needed(sign_in.pool, user) && factors::passkeys_suffice(sign_in.pool, user)
}

/// Whether the passkey that made an assertion was deleted in this pool.
///
/// For any other passkey, the result is `false`. It reveals neither whether the passkey exists nor whether it belongs
/// to another user pool.
pub async fn was_deleted(app: &App, pool: &Pool, assertion: &Assertion) -> Result<bool> {
    let Some(sub) = assertion.subject() else { return Ok(false) };
    Ok(store::audit::was_deleted(&app.db, &pool.id, sub, &assertion.credential_id).await?)
}

/// The error that tells the application that the passkey was deleted, so that the application can signal it to the
/// passkey manager.
fn deleted() -> Error {
    Error::NotAuthorized("This passkey was deleted.".into())
}

/// The error for a passkey whose flag BE changed. Only the holder of the private key gets it.
fn no_longer_as_registered() -> Error {
    let words = "This passkey is no longer as it was registered: whether it may be backed up has changed. Sign in another way and register a new passkey.";
    Error::NotAuthorized(Text::keyed(Reason::PasskeyChanged, words))
}

fn challenge_bytes(ceremony: &Ceremony) -> Result<Vec<u8>> {
    BASE64_URL_SAFE_NO_PAD.decode(&ceremony.challenge).map_err(Error::internal)
}

/// A valid public key in place of the key of a passkey that does not exist: twice the generator point of P-256. Its
/// private key is known to everybody, so the callers refuse its assertions even if they verify.
fn decoy_key() -> StoredCredential {
    const X: &str = "7cf27b188d034f7e8a52380304b51ac3c08969e277f21b35a60b48fc47669978";
    const Y: &str = "07775510db8ed040293d9ac69f7430dbba7dade63ce982299e04b79d227873d1";
    let bytes =
        |hex: &str| (0..32).filter_map(|i| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).ok()).collect::<Vec<_>>();
    let mut public_key = vec![0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20];
    public_key.extend(bytes(X));
    public_key.extend([0x22, 0x58, 0x20]);
    public_key.extend(bytes(Y));
    StoredCredential { id: Vec::new(), public_key, sign_count: 0, backup_eligible: true }
}

fn not_configured() -> Error {
    Error::InvalidParameter("The user pool has no relying party ID; set one with SetUserPoolMfaConfig.".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_decoy_key_is_a_key() {
        // The error about the signature below shows that the key was accepted, because the signature is checked after
        // the key.
        let rp = RelyingParty {
            id: "localhost".into(),
            user_verification_required: false,
            app_origins: Vec::new(),
            related_origins: Vec::new(),
        };
        let mut authenticator = crate::dev::authenticator::Authenticator::new();
        let spoil = Default::default();
        let options = webauthn::creation_options(&rp, &[1; 32], (Uuid::nil(), "u"), &webauthn::ALGORITHMS, &[]);
        authenticator.create(&options, "http://localhost", &spoil).unwrap();
        let options = webauthn::request_options(&rp, &[2; 32], &[]);
        let answer = authenticator.get(&options, "http://localhost", &spoil).unwrap();
        let assertion = Assertion::parse(&answer.to_string()).unwrap();
        let stored = StoredCredential { id: assertion.credential_id.clone(), ..decoy_key() };
        let refusal = webauthn::verify_assertion(&rp, &[2; 32], Uuid::nil(), &stored, &assertion);
        assert_eq!(refusal, Err(webauthn::Error::Signature));
    }
}
