//! Verifies attestation statements (section 8).
//!
//! Keystead asks for no attestation, so browsers send the format `none` or, from some authenticators, `packed` signed
//! with the passkey's own key. Other clients may send other formats. A statement is verified as its format says, but
//! nothing is concluded from it: Keystead has no list of trusted manufacturers (section 7.1 steps 23 and 24), and stores
//! only the name of the format. Formats that would need much code are refused (decision 0047).

use serde_cbor_2::Value as Cbor;

use super::{Error, attestation::AttestationObject, certificate::Certificate, cose::PublicKey};
use crate::sealing::sha256;

/// Verifies the attestation statement of an object with this public key (section 7.1 steps 21 and 22).
pub(super) fn verify(object: &AttestationObject, key: &PublicKey, client_data_hash: &[u8; 32]) -> Result<(), Error> {
    match object.fmt.as_str() {
        // Section 8.7.
        "none" if object.statement.is_empty() => Ok(()),
        "none" => Err(Error::Malformed("an attestation of format none carries a statement".into())),
        "packed" => packed(object, key, client_data_hash),
        "fido-u2f" => fido_u2f(object, key, client_data_hash),
        "apple" => apple(object, key, client_data_hash),
        "tpm" | "android-key" | "android-safetynet" | "compound" => Err(not_asked_for()),
        _ => Err(Error::NotSupported("its attestation format is unknown".into())),
    }
}

fn not_asked_for() -> Error {
    Error::NotSupported("its attestation is of a kind that was not asked for".into())
}

/// Section 8.2.
fn packed(object: &AttestationObject, key: &PublicKey, client_data_hash: &[u8; 32]) -> Result<(), Error> {
    let algorithm = object.number("alg")?;
    let signature = object.bytes("sig")?;
    let signed = [&object.auth_data[..], client_data_hash].concat();
    if object.member("x5c").is_some() {
        let chain = object.certificates()?;
        let certificate = chain.first().ok_or_else(|| object.malformed())?;
        certificate.verify(algorithm, &signed, signature)?;
        return certificate.check_packed(object.parts.aaguid);
    }
    // ECDAA was part of earlier versions of the specification.
    if object.member("ecdaaKeyId").is_some() {
        return Err(not_asked_for());
    }
    if algorithm != i128::from(key.algorithm().number()) {
        return Err(object.malformed());
    }
    key.verify(&signed, signature)
}

/// Section 8.6.
fn fido_u2f(object: &AttestationObject, key: &PublicKey, client_data_hash: &[u8; 32]) -> Result<(), Error> {
    let chain = object.certificates()?;
    let ([certificate], PublicKey::Es256 { point }) = (chain.as_slice(), key) else { return Err(object.malformed()) };
    let parts = &object.parts;
    let signed = [&[0], &parts.rp_id_hash[..], client_data_hash, &parts.credential_id, point].concat();
    // The certificate's key must be one on P-256 too, which the algorithm ES256 demands.
    certificate.verify(key.algorithm().number().into(), &signed, object.bytes("sig")?)
}

/// Section 8.8.
fn apple(object: &AttestationObject, key: &PublicKey, client_data_hash: &[u8; 32]) -> Result<(), Error> {
    let chain = object.certificates()?;
    let certificate = chain.first().ok_or_else(|| object.malformed())?;
    let nonce = sha256(&[&object.auth_data[..], client_data_hash].concat());
    certificate.check_apple(&nonce, key)
}

impl AttestationObject {
    fn member(&self, name: &str) -> Option<&Cbor> {
        self.statement.get(&Cbor::Text(name.to_owned()))
    }

    fn number(&self, name: &str) -> Result<i128, Error> {
        match self.member(name) {
            Some(Cbor::Integer(number)) => Ok(*number),
            _ => Err(self.malformed()),
        }
    }

    fn bytes(&self, name: &str) -> Result<&[u8], Error> {
        match self.member(name) {
            Some(Cbor::Bytes(bytes)) => Ok(bytes),
            _ => Err(self.malformed()),
        }
    }

    /// Returns the certificates in `x5c`: that of the authenticator, and then perhaps those that issued it.
    fn certificates(&self) -> Result<Vec<Certificate>, Error> {
        let Some(Cbor::Array(chain)) = self.member("x5c") else { return Err(self.malformed()) };
        let parse = |one: &Cbor| match one {
            Cbor::Bytes(der) => Certificate::parse(der),
            _ => Err(self.malformed()),
        };
        chain.iter().map(parse).collect()
    }

    fn malformed(&self) -> Error {
        Error::Malformed(format!("its attestation statement is not one of the format {}", self.fmt))
    }
}

#[cfg(test)]
mod tests;
