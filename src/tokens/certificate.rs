//! The X.509 certificate of a pool's signing key.

use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, KeyUsagePurpose, PKCS_RSA_SHA256};
use time::{Duration, OffsetDateTime};

use crate::error::{Error, Result};

/// How long a certificate is valid (docs/cognito.md 3.6).
const LIFETIME: Duration = Duration::days(10 * 365);

/// Makes the self-signed certificate of a signing key (PKCS#8 DER), as DER.
///
/// The certificate is always the same for the same arguments. So it need not be stored: its serial number is derived
/// from the key, and signatures of RSA with PKCS #1 v1.5 are not random.
pub fn certificate(pool_id: &str, pkcs8: &[u8], made_at: OffsetDateTime) -> Result<Vec<u8>> {
    let failed = |cause: rcgen::Error| Error::internal(format!("making a certificate: {cause}"));
    let key = KeyPair::from_pkcs8_der_and_sign_algo(&pkcs8.into(), &PKCS_RSA_SHA256).map_err(failed)?;
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, pool_id);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.not_before = made_at;
    params.not_after = made_at + LIFETIME;
    Ok(params.self_signed(&key).map_err(failed)?.der().to_vec())
}
