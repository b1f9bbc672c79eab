//! Imports users from a CSV file in Amazon Cognito's format (GetCSVHeader): the file's columns, and what happens to
//! each row.

use std::collections::HashMap;

use crate::{
    app::App,
    error::{Error, Result},
    factor::SecondFactor,
    flows::accounts::{
        attributes::{Attribute, check_required, check_verified, checked},
        names,
        new_user::{self, NewUser},
    },
    passwords::{HashingAlgorithm, Passwords},
    store::{
        self, Connection,
        audit::{Event, Trail},
        pools::Pool,
        user_imports::RowOutcome,
        users::{Mfa, Password, Status},
    },
    wire,
};

/// The column with the new user's name.
const USERNAME: &str = "cognito:username";
/// The column that switches on codes by text message as the second factor.
const MFA: &str = "cognito:mfa_enabled";
/// The column with the hash of the user's password, in the file of a job that names a hashing algorithm (docs/cognito.md
/// 3.4).
const PASSWORD_HASH: &str = "cognito:password_hash";

/// The columns of a file for this pool, in Amazon Cognito's order.
pub fn header(pool: &Pool) -> Vec<String> {
    const STANDARD: [&str; 19] = [
        "name",
        "given_name",
        "family_name",
        "middle_name",
        "nickname",
        "preferred_username",
        "profile",
        "picture",
        "website",
        "email",
        "email_verified",
        "gender",
        "birthdate",
        "zoneinfo",
        "locale",
        "phone_number",
        "phone_number_verified",
        "address",
        "updated_at",
    ];
    let custom =
        pool.settings.schema_attributes.iter().filter(|one| one.name.contains(':')).map(|one| one.name.clone());
    STANDARD.map(str::to_owned).into_iter().chain(custom).chain([MFA, USERNAME].map(str::to_owned)).collect()
}

/// Whether a file's header names only columns of this pool, each once, and includes the username column. The column of
/// password hashes must be there if the job names the algorithm that made them, and must not be there otherwise.
pub fn header_fits(pool: &Pool, columns: &[String], hashed_by: Option<HashingAlgorithm>) -> bool {
    let mut known = header(pool);
    known.extend(hashed_by.map(|_| PASSWORD_HASH.to_owned()));
    let mut sorted: Vec<_> = columns.iter().collect();
    sorted.sort_unstable();
    sorted.dedup();
    sorted.len() == columns.len()
        && columns.iter().all(|column| known.contains(column))
        && columns.iter().any(|column| column == USERNAME)
        && columns.iter().any(|column| column == PASSWORD_HASH) == hashed_by.is_some()
}

/// Creates the user of a row, in the caller's transaction. Returns the row's outcome and, if the row fails, the reason,
/// which contains none of the row's values. `hashed_by` is the algorithm that made the row's password hash.
pub async fn import(
    db: &mut Connection,
    pool: &Pool,
    trail: &Trail,
    mut row: HashMap<String, String>,
    (passwords, hashed_by): (&Passwords, Option<HashingAlgorithm>),
) -> Result<(RowOutcome, Option<String>)> {
    let hash = row.remove(PASSWORD_HASH);
    if let (Some(hash), Some(algorithm)) = (&hash, hashed_by)
        && let Err(why) = passwords.check_imported(algorithm, hash)
    {
        return Ok((RowOutcome::Failed, Some(why.to_owned())));
    }
    match db.part(async |db| make(db, pool, trail, row, hash).await).await {
        Ok(()) => Ok((RowOutcome::Imported, None)),
        // A row is skipped if a user already signs in with one of its names (username, address, preferred username).
        Err(Error::UsernameExists(_)) => Ok((RowOutcome::Skipped, None)),
        // The row itself causes these errors. Any other error may be temporary, so the row is tried again.
        Err(refusal @ (Error::InvalidParameter(_) | Error::AliasExists(_) | Error::NotAuthorized(_))) => {
            Ok((RowOutcome::Failed, Some(refusal.to_string())))
        }
        Err(other) => Err(other),
    }
}

async fn make(
    db: &mut Connection,
    pool: &Pool,
    trail: &Trail,
    mut row: HashMap<String, String>,
    hash: Option<String>,
) -> Result<()> {
    let invalid = |text: &'static str| Error::InvalidParameter(text.into());
    let typed = row.remove(USERNAME).unwrap_or_default();
    if !wire::is_username(&typed) {
        return Err(invalid("cognito:username must have 1 to 128 characters, none of them blank."));
    }
    let wants_mfa = row.remove(MFA).is_some_and(|value| value.eq_ignore_ascii_case("true"));
    let given: Vec<_> = row.into_iter().map(|(name, value)| Attribute { name, value: Some(value) }).collect();
    let mut attributes = checked(pool, &given, None, true)?;
    let (sub, username) = names::of_new_user(pool, &typed, &mut attributes)?;
    check_verified(&attributes)?;
    check_required(pool, &attributes)?;
    let verified = |name: &str| attributes.get(&format!("{name}_verified")).is_some_and(|value| value == "true");
    // Without a hash, the user sets the first password with ForgotPassword, which usually needs a verified address.
    if !verified("email") && !verified("phone_number") {
        return Err(invalid("A user needs an address that is verified: email_verified or phone_number_verified."));
    }
    if wants_mfa && !verified("phone_number") {
        return Err(invalid("cognito:mfa_enabled needs a phone_number that is verified."));
    }
    let status = if hash.is_some() { Status::Confirmed } else { Status::ResetRequired };
    // The SRP verifier is made from the password, when it is first seen (decision 0013).
    let password = hash.map(|hash| Password { hash, srp_verifier: None });
    let new = NewUser { sub, username, password, status, attributes, take_alias: false };
    let _ = new_user::insert(db, pool, trail, Event::UserImported, new, "User already exists").await?;
    if wants_mfa {
        let mfa = Mfa { enabled: vec![SecondFactor::SmsMfa], ..Mfa::default() };
        store::users::update_mfa(db, &pool.id, sub, &mfa, trail.at).await?;
    }
    Ok(())
}

/// Stores the file of an import job, given by the pool's ID and the job's ID. Fails if the job has already started or
/// ended.
pub async fn keep_file(app: &App, (pool_id, job_id): (&str, &str), file: &[u8], trail: &Trail) -> Result<()> {
    let mut tx = app.db.begin().await?;
    if !store::user_imports::put_file(&mut tx, pool_id, job_id, file).await? {
        return Err(Error::PreconditionNotMet("The job was started before, or has ended.".into()));
    }
    let _ = store::audit::insert(&mut tx, pool_id, trail, Event::ImportUploaded.of(job_id)).await?;
    Ok(tx.commit().await?)
}
