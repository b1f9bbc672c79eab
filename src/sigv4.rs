//! Verifies AWS Signature Version 4. AWS's own signing library signs the request again with the operator's secret, over
//! the headers that the caller claims to have signed. Then the two signatures are compared in constant time.

use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SigningSettings, sign},
    sign::v4,
};
use time::{Duration, OffsetDateTime, PrimitiveDateTime, macros::format_description};

use crate::{
    app::App,
    call::{Call, Head},
    error::{Error, Result},
    role::Role,
    sealing::{equal, hex, sha256},
    store,
};

/// By how much the caller's clock may differ from the server's.
const MAX_SKEW: Duration = Duration::minutes(5);
const SERVICE: &str = "cognito-idp";
const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// The key that signed a request.
pub struct Signer {
    /// The key's ID.
    pub access_key_id: String,
    /// What the key may do.
    pub role: Role,
    /// The only pool that the key may access; `None` if it may access every pool.
    pub pool_id: Option<String>,
}

/// Verifies that an operator's key signed a request. This checks the signature, the scope, the clock skew, the hash of
/// the body, and that the necessary headers were signed.
pub async fn verify(app: &App, call: &Call) -> Result<Signer> {
    let claim = Claim::read(&call.head, &call.body, &app.config.region, app.clock.now())?;
    let found = store::operators::find(&app.db, &app.sealing, claim.access_key_id()).await?;
    let operator = found.ok_or(Error::UnrecognizedClient)?;
    claim.verify(operator.secret_access_key.expose())?;
    Ok(Signer { access_key_id: claim.access_key_id().to_owned(), role: operator.role, pool_id: operator.pool_id })
}

/// What a request claims about its signature. The checks that need no secret have already been made. This code uses no
/// network and no database.
pub struct Claim<'a> {
    authorization: Authorization<'a>,
    head: &'a Head,
    payload_hash: String,
    at: OffsetDateTime,
    region: &'a str,
}

impl<'a> Claim<'a> {
    /// Reads the headers of a request that arrived at `now` at the server of this region.
    pub fn read(head: &'a Head, body: &[u8], region: &'a str, now: OffsetDateTime) -> Result<Self> {
        let header = head.get("authorization").ok_or(Error::MissingAuthenticationToken)?;
        let authorization = Authorization::parse(header)?;
        let date = head
            .get("x-amz-date")
            .ok_or_else(|| incomplete("Authorization header requires existence of an 'X-Amz-Date' header."))?;
        let at = parse_date(date).ok_or_else(|| incomplete("X-Amz-Date must have the form YYYYMMDD'T'HHMMSS'Z'."))?;
        authorization.check_scope(date, region)?;
        check_skew(at, now, date)?;
        check_signed_headers(&authorization, head)?;
        let payload_hash = hex(&sha256(body));
        if head.get("x-amz-content-sha256").is_some_and(|stated| stated != payload_hash) {
            return Err(mismatch());
        }
        Ok(Self { authorization, head, payload_hash, at, region })
    }

    /// Returns the ID of the key with which the request claims to be signed.
    pub fn access_key_id(&self) -> &str {
        self.authorization.access_key_id
    }

    /// Fails if the request was not signed with this secret.
    pub fn verify(&self, secret: &str) -> Result<()> {
        let Self { authorization, head, payload_hash, at, region } = self;
        let expected = signature(authorization, head, payload_hash, *at, secret, region)?;
        if !equal(expected.as_bytes(), authorization.signature.as_bytes()) {
            return Err(mismatch());
        }
        Ok(())
    }
}

/// The parts of an `Authorization` header.
struct Authorization<'a> {
    access_key_id: &'a str,
    scope: &'a str,
    signed_headers: Vec<&'a str>,
    signature: &'a str,
}

impl<'a> Authorization<'a> {
    fn parse(header: &'a str) -> Result<Self> {
        let parts = header.strip_prefix(ALGORITHM).ok_or(Error::MissingAuthenticationToken)?;
        let part = |name: &str| {
            parts
                .split(',')
                .filter_map(|part| part.trim().split_once('='))
                .find(|(key, _)| *key == name)
                .map(|(_, value)| value)
                .ok_or_else(|| incomplete(&format!("Authorization header requires '{name}' parameter.")))
        };
        let (access_key_id, scope) = part("Credential")?.split_once('/').ok_or_else(|| {
            incomplete("Credential must be of the form <key>/<date>/<region>/<service>/aws4_request.")
        })?;
        Ok(Self {
            access_key_id,
            scope,
            signed_headers: part("SignedHeaders")?.split(';').collect(),
            signature: part("Signature")?,
        })
    }

    fn check_scope(&self, date: &str, region: &str) -> Result<()> {
        let expected = format!("{}/{region}/{SERVICE}/aws4_request", date.get(..8).unwrap_or_default());
        if self.scope != expected {
            return Err(Error::InvalidSignature(
                format!("Credential should be scoped to {expected}; this server's region is {region}.").into(),
            ));
        }
        Ok(())
    }
}

fn check_skew(at: OffsetDateTime, now: OffsetDateTime, date: &str) -> Result<()> {
    if at < now - MAX_SKEW {
        return Err(Error::InvalidSignature(
            format!("Signature expired: {date} is more than 5 minutes ago; check the clock.").into(),
        ));
    }
    if at > now + MAX_SKEW {
        return Err(Error::InvalidSignature(
            format!("Signature not yet current: {date} is in the future; check the clock.").into(),
        ));
    }
    Ok(())
}

/// Fails if the host, date or target header is not signed, because then the signature could be reused for another
/// server, time or operation. Also fails if the request does not have exactly one of each.
fn check_signed_headers(claim: &Authorization<'_>, head: &Head) -> Result<()> {
    for needed in ["host", "x-amz-date", "x-amz-target"] {
        if !claim.signed_headers.contains(&needed) {
            return Err(Error::InvalidSignature(
                format!("'{needed}' must be a 'SignedHeader' in the Authorization header.").into(),
            ));
        }
        if head.headers.iter().filter(|(name, _)| name == needed).count() != 1 {
            return Err(mismatch());
        }
    }
    Ok(())
}

/// Returns the signature that this request has if it is signed with `secret`.
fn signature(
    claim: &Authorization<'_>,
    head: &Head,
    payload_hash: &str,
    at: OffsetDateTime,
    secret: &str,
    region: &str,
) -> Result<String> {
    let identity = Credentials::new(claim.access_key_id, secret, None, None, "operator").into();
    let mut settings = SigningSettings::default();
    // Only the headers that the caller claims to have signed are passed on, so the library need not exclude any.
    settings.excluded_headers = None;
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name(SERVICE)
        .time(SystemTime::from(at))
        .settings(settings)
        .build()
        .map_err(Error::internal)?
        .into();
    let headers = head.headers.iter().filter(|(name, _)| claim.signed_headers.contains(&name.as_str()));
    let headers = headers.map(|(name, value)| (name.as_str(), value.as_str()));
    let body = SignableBody::Precomputed(payload_hash.to_owned());
    // The library needs an absolute URI. The host in it is that of the `Host` header, which is signed.
    let host = head.get("host").unwrap_or_default();
    let request = SignableRequest::new(&head.method, format!("http://{host}{}", head.uri), headers, body)
        .map_err(|_| mismatch())?;
    let (_, signature) = sign(request, &params).map_err(|_| mismatch())?.into_parts();
    Ok(signature)
}

fn parse_date(text: &str) -> Option<OffsetDateTime> {
    let format = format_description!("[year][month][day]T[hour][minute][second]Z");
    Some(PrimitiveDateTime::parse(text, format).ok()?.assume_utc())
}

fn incomplete(text: &str) -> Error {
    Error::IncompleteSignature(text.to_owned().into())
}

fn mismatch() -> Error {
    Error::InvalidSignature(
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access \
         Key and signing method. Consult the service documentation for details."
            .into(),
    )
}
