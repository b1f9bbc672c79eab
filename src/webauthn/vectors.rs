//! Tests with the test vectors of Web Authentication Level 3, section "Test Vectors".

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    ALGORITHMS, Assertion, CoseAlgorithm, Error, RelyingParty, StoredCredential, verify_assertion, verify_registration,
};

fn bytes(vector: &Value, ceremony: &str, member: &str) -> Vec<u8> {
    let hex = vector[ceremony][member].as_str().expect(member);
    (0..hex.len() / 2).map(|i| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).expect("hex")).collect()
}

fn text(vector: &Value, ceremony: &str, member: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes(vector, ceremony, member))
}

/// Runs both ceremonies of a vector, with the responses in the form that a client would send.
fn run(vector: &Value) -> Result<(), Error> {
    let rp = RelyingParty {
        id: "example.org".into(),
        user_verification_required: false,
        app_origins: Vec::new(),
        related_origins: Vec::new(),
    };
    let id = text(vector, "registration", "credential_id");
    let credential = json!({"id": id, "rawId": id, "type": "public-key", "response": {
        "clientDataJSON": text(vector, "registration", "clientDataJSON"),
        "attestationObject": text(vector, "registration", "attestationObject")}});
    let algorithms = [ALGORITHMS[0], ALGORITHMS[1], CoseAlgorithm::EdDsa];
    let made = verify_registration(&rp, &bytes(vector, "registration", "challenge"), &algorithms, &credential)?;
    assert_eq!(made.id, bytes(vector, "registration", "credential_id"));
    let assertion = json!({"id": id, "rawId": id, "type": "public-key", "response": {
        "clientDataJSON": text(vector, "authentication", "clientDataJSON"),
        "authenticatorData": text(vector, "authentication", "authenticatorData"),
        "signature": text(vector, "authentication", "signature")}});
    let assertion = Assertion::parse(&assertion.to_string())?;
    let stored = StoredCredential {
        id: made.id,
        public_key: made.public_key,
        sign_count: made.sign_count,
        backup_eligible: made.backup_eligible,
    };
    let challenge = bytes(vector, "authentication", "challenge");
    verify_assertion(&rp, &challenge, Uuid::nil(), &stored, &assertion).map(|_| ())
}

#[test]
fn vectors_of_the_specification() {
    let vectors: Vec<Value> =
        serde_json::from_str(include_str!("../../tests/vectors/webauthn-level-3.json")).expect("the vectors are JSON");
    let outcomes: Vec<String> = vectors
        .iter()
        .filter(|vector| vector["registration"].is_object())
        .map(|vector| {
            let outcome = run(vector).map_or_else(|error| error.to_string(), |()| "accepted".into());
            format!("{}: {outcome}", vector["name"].as_str().expect("a name"))
        })
        .collect();
    // Ceremonies in frames of other origins are refused on purpose. ES384, ES512 and Ed448 are refused because they are
    // not offered, and the attestations of TPMs and Android because they are not verified here.
    let not_asked_for = "The credential is not supported: its attestation is of a kind that was not asked for.";
    let not_offered = "The credential is not supported: its algorithm or key size was not offered.";
    let framed = "The origin https://example.org (framed by another origin) is not allowed for this relying party ID: it must be https on that name or one below it, http on localhost only, or an app origin of the settings.";
    let expected = [
        "none.ES256: accepted".to_owned(),
        "packed-self.ES256: accepted".into(),
        format!("none.ES256.crossOrigin: {framed}"),
        format!("none.ES256.topOrigin: {framed}"),
        "none.ES256.long-credential-id: accepted".into(),
        "packed.ES256: accepted".into(),
        format!("packed.ES384: {not_offered}"),
        format!("packed.ES512: {not_offered}"),
        "packed.RS256: accepted".into(),
        "packed.EdDSA: accepted".into(),
        format!("packed.Ed448: {not_offered}"),
        format!("tpm.ES256: {not_asked_for}"),
        format!("android-key.ES256: {not_asked_for}"),
        "apple.ES256: accepted".into(),
        "fido-u2f.ES256: accepted".into(),
    ];
    assert_eq!(outcomes, expected);
}
