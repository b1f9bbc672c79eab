//! Tests of a good token, and of tokens with one part spoiled, each of which must give exactly the right error.

use std::sync::LazyLock;

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RsaEncoding, RsaKeyPair},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::json;
use strum::IntoEnumIterator as _;

use super::*;
use crate::tokens::{PublicKey, SigningAlgorithm, new_key};

const PUBLIC_URL: &str = "https://auth.example.com";
const ISSUER: &str = "https://auth.example.com/us-east-1_Ab1";
const NOW: i64 = 1_770_000_000;

/// A pool with its keys, both in the server's form and as key pairs that can sign anything.
struct Pool {
    keys: PoolKeys,
    access: RsaKeyPair,
    id: RsaKeyPair,
    id_kid: String,
    /// The key of another pool.
    foreign: RsaKeyPair,
    foreign_public: PublicKey,
}

static POOL: LazyLock<Pool> = LazyLock::new(|| {
    let [access, id, foreign] = std::array::from_fn(|_| new_key(SigningAlgorithm::Rs256).unwrap());
    let signing = |(public, pkcs8): &(PublicKey, Vec<u8>)| SigningKey::from_pkcs8(public, pkcs8).unwrap();
    let verifying = [(access.0.kid.clone(), access.0.verifying().unwrap())].into();
    let verifying_ids = [(id.0.kid.clone(), id.0.verifying().unwrap())].into();
    let pair = |pkcs8: &[u8]| RsaKeyPair::from_pkcs8(pkcs8).unwrap();
    Pool {
        keys: PoolKeys { access: signing(&access), id: signing(&id), verifying, verifying_ids },
        access: pair(&access.1),
        id: pair(&id.1),
        id_kid: id.0.kid,
        foreign: pair(&foreign.1),
        foreign_public: foreign.0,
    }
});

fn header() -> Value {
    json!({"alg": "RS256", "kid": POOL.keys.access.kid})
}

fn claims() -> Value {
    json!({
        "sub": Uuid::from_u128(1), "cognito:groups": ["admins"], "iss": ISSUER, "client_id": "client",
        "origin_jti": Uuid::from_u128(2), "event_id": Uuid::from_u128(3), "token_use": "access",
        "scope": format!("openid {ACCESS_SCOPE} email"), "auth_time": NOW - 60, "exp": NOW + 1, "iat": NOW - 60,
        "jti": Uuid::from_u128(4), "username": "ada",
    })
}

/// Returns the good claims with one of them replaced.
fn claims_with(name: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[name] = value;
    claims
}

fn encode(bytes: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// Makes a token with this header and these claims, and a genuine signature by this key.
fn made(header: &Value, claims: &Value, pair: &RsaKeyPair, padding: &'static dyn RsaEncoding) -> String {
    let signed = format!("{}.{}", encode(header.to_string()), encode(claims.to_string()));
    let mut signature = vec![0; pair.public_modulus_len()];
    pair.sign(padding, &SystemRandom::new(), signed.as_bytes(), &mut signature).unwrap();
    format!("{signed}.{}", encode(signature))
}

/// Makes a token of the pool with these claims.
fn signed(claims: &Value) -> String {
    made(&header(), claims, &POOL.access, &RSA_PKCS1_SHA256)
}

fn verified(token: &str) -> Result<Value, Error> {
    verify_access(token, &POOL.keys, ISSUER, NOW, ACCESS_SCOPE).map(|claims| serde_json::to_value(claims).unwrap())
}

#[test]
fn a_good_token_gives_all_of_its_claims() {
    assert_eq!(verified(&signed(&claims())), Ok(claims()));
}

#[test]
fn a_token_of_a_user_without_groups_has_none() {
    let mut claims = claims();
    claims.as_object_mut().unwrap().remove("cognito:groups");
    assert_eq!(verified(&signed(&claims)), Ok(claims));
}

#[test]
fn each_spoiled_header_is_invalid_though_the_signature_is_genuine() {
    for (member, value) in [
        ("alg", json!("none")),
        ("alg", json!("HS256")),
        ("alg", json!("RS384")),
        ("alg", json!("PS256")),
        ("alg", json!(null)),
        ("jku", json!("https://evil.example/keys")),
        ("jwk", serde_json::to_value(&POOL.foreign_public).unwrap()),
        ("x5u", json!("https://evil.example/certificate")),
        ("x5c", json!(["MIIB"])),
        ("crit", json!(["exp"])),
        ("crit", json!([])),
        ("kid", json!("unknown")),
        ("kid", json!("")),
        ("kid", json!(null)),
        ("kid", json!(POOL.id_kid)),
    ] {
        let mut header = header();
        header[member] = value.clone();
        let token = made(&header, &claims(), &POOL.access, &RSA_PKCS1_SHA256);
        assert_eq!(verified(&token), Err(Error::Invalid), "{member}: {value}");
    }
}

#[test]
fn a_genuine_signature_by_another_algorithm_is_invalid() {
    let mut header = header();
    header["alg"] = json!("RS384");
    assert_eq!(verified(&made(&header, &claims(), &POOL.access, &RSA_PKCS1_SHA384)), Err(Error::Invalid));
}

#[test]
fn the_key_of_id_tokens_signs_no_access_tokens() {
    let header = json!({"alg": "RS256", "kid": POOL.id_kid});
    assert_eq!(verified(&made(&header, &claims(), &POOL.id, &RSA_PKCS1_SHA256)), Err(Error::Invalid));
}

#[test]
fn each_spoiled_signature_is_no_signature() {
    let good = signed(&claims());
    let (signed_part, signature) = good.rsplit_once('.').unwrap();
    let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).unwrap();
    let with = |signature: &[u8]| format!("{signed_part}.{}", encode(signature));
    let flipped = |at: usize| {
        let mut signature = signature.clone();
        signature[at] ^= 1;
        with(&signature)
    };
    let other = signed(&claims_with("sub", json!(Uuid::from_u128(9))));
    for (what, token) in [
        ("another key", made(&header(), &claims(), &POOL.foreign, &RSA_PKCS1_SHA256)),
        ("another hash", made(&header(), &claims(), &POOL.access, &RSA_PKCS1_SHA384)),
        ("its first bit", flipped(0)),
        ("its last bit", flipped(signature.len() - 1)),
        ("cut", with(&signature[1..])),
        ("longer", with(&[&signature[..], &[0]].concat())),
        ("empty", with(&[])),
        ("another token's", format!("{signed_part}.{}", other.rsplit_once('.').unwrap().1)),
    ] {
        assert_eq!(verified(&token), Err(Error::Signature), "{what}");
    }
}

#[test]
fn each_spoiled_claim_gives_its_error() {
    for (name, value, error) in [
        ("token_use", json!("id"), Error::Invalid),
        ("token_use", json!("ACCESS"), Error::Invalid),
        ("token_use", json!(["access"]), Error::Invalid),
        ("iss", json!("https://auth.example.com/us-east-1_Ab2"), Error::Invalid),
        ("iss", json!("https://evil.example/us-east-1_Ab1"), Error::Invalid),
        ("iss", json!(format!("{ISSUER}/")), Error::Invalid),
        ("iss", json!([ISSUER]), Error::Invalid),
        ("sub", json!("ada"), Error::Invalid),
        ("origin_jti", json!("x"), Error::Invalid),
        ("exp", json!("soon"), Error::Invalid),
        ("exp", json!(NOW), Error::Expired),
        ("exp", json!(NOW - 1), Error::Expired),
        ("exp", json!(-1), Error::Expired),
        ("scope", json!("openid"), Error::Scopes),
        ("scope", json!(""), Error::Scopes),
        ("scope", json!(format!("{ACCESS_SCOPE}s")), Error::Scopes),
        ("scope", json!(format!("x{ACCESS_SCOPE}")), Error::Scopes),
        ("scope", json!(format!("openid,{ACCESS_SCOPE}")), Error::Scopes),
        ("scope", json!(ACCESS_SCOPE.to_uppercase()), Error::Scopes),
    ] {
        assert_eq!(verified(&signed(&claims_with(name, value.clone()))), Err(error), "{name}: {value}");
    }
}

#[test]
fn each_claim_but_the_groups_is_needed() {
    for name in claims().as_object().unwrap().keys().filter(|name| *name != "cognito:groups") {
        let mut claims = claims();
        claims.as_object_mut().unwrap().remove(name);
        assert_eq!(verified(&signed(&claims)), Err(Error::Invalid), "{name}");
    }
    for none in [json!([]), json!({}), json!("claims"), json!(null)] {
        assert_eq!(verified(&signed(&none)), Err(Error::Invalid), "{none}");
    }
}

#[test]
fn the_first_check_that_fails_names_the_error() {
    let spoiled = |names: &[&str]| {
        let mut claims = claims();
        for name in names {
            claims[name] = match *name {
                "token_use" => json!("id"),
                "iss" => json!("https://evil.example/us-east-1_Ab1"),
                "exp" => json!(NOW),
                _ => json!("openid"),
            };
        }
        claims
    };
    let all = spoiled(&["token_use", "iss", "exp", "scope"]);
    assert_eq!(verified(&made(&header(), &all, &POOL.foreign, &RSA_PKCS1_SHA256)), Err(Error::Signature));
    assert_eq!(verified(&signed(&all)), Err(Error::Invalid));
    assert_eq!(verified(&signed(&spoiled(&["token_use", "exp"]))), Err(Error::Invalid));
    assert_eq!(verified(&signed(&spoiled(&["iss", "exp", "scope"]))), Err(Error::Invalid));
    assert_eq!(verified(&signed(&spoiled(&["exp", "scope"]))), Err(Error::Expired));
}

#[test]
fn what_is_asked_for_decides() {
    let token = signed(&claims());
    let asked = |issuer: &str, now: i64, scope: &str| {
        verify_access(&token, &POOL.keys, issuer, now, scope).map(|claims| claims.username)
    };
    assert_eq!(asked(ISSUER, NOW, "openid"), Ok("ada".to_owned()));
    assert_eq!(asked(ISSUER, NOW, "email"), Ok("ada".to_owned()));
    assert_eq!(asked(ISSUER, NOW, "phone"), Err(Error::Scopes));
    assert_eq!(asked(ISSUER, NOW + 1, "openid"), Err(Error::Expired));
    assert_eq!(asked(PUBLIC_URL, NOW, "openid"), Err(Error::Invalid));
}

#[test]
fn what_has_not_the_form_of_a_token_is_invalid() {
    let good = signed(&claims());
    let [head, body, signature] = good.split('.').collect::<Vec<_>>()[..] else { panic!("{good}") };
    for token in [
        String::new(),
        "words".into(),
        "a.b.c".into(),
        "..".into(),
        format!("{head}.{body}"),
        format!("{good}.{signature}"),
        format!("{good}="),
        format!("{good}\n"),
        format!(" {good}"),
        format!("{head}.{body}.!"),
        format!("{}.{body}.{signature}", encode("{}")),
        format!("{}.{body}.{signature}", encode("[]")),
    ] {
        assert_eq!(verified(&token), Err(Error::Invalid), "{token:?}");
    }
}

#[test]
fn a_token_that_was_signed_here_verifies_whatever_else_it_says() {
    let read: AccessClaims = serde_json::from_value(claims()).unwrap();
    assert_eq!(verified(&sign(&read, &POOL.keys.access).unwrap()), Ok(claims()));
    let issued = IssuedAccess {
        claims: read,
        device_key: Some("device".into()),
        version: Some(2),
        aud: Some("https://api.example.com".into()),
        context: Context { acr: "urn:cognito:loa:3".into(), amr: vec!["swk".into()] },
    };
    assert_eq!(verified(&sign(&issued, &POOL.keys.access).unwrap()), Ok(claims()));
}

#[test]
fn a_token_names_its_algorithm_and_key_and_nothing_else_in_its_header() {
    let read: AccessClaims = serde_json::from_value(claims()).unwrap();
    for (key, kid) in [(&POOL.keys.access, &POOL.keys.access.kid), (&POOL.keys.id, &POOL.id_kid)] {
        let token = sign(&read, key).unwrap();
        let head = BASE64_URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap();
        assert_eq!(String::from_utf8(head).unwrap(), format!(r#"{{"alg":"RS256","kid":"{kid}"}}"#));
    }
}

/// A pool whose access tokens are verified by one key of each algorithm, as after changes of the algorithm.
fn pool_of_all_algorithms() -> (PoolKeys, Vec<(SigningKey, PublicKey)>) {
    let made = SigningAlgorithm::iter().map(|algorithm| {
        let (public, pkcs8) = new_key(algorithm).unwrap();
        (SigningKey::from_pkcs8(&public, &pkcs8).unwrap(), public)
    });
    let made: Vec<_> = made.collect();
    let verifying = made.iter().map(|(_, public)| (public.kid.clone(), public.verifying().unwrap())).collect();
    let spare = || {
        let (public, pkcs8) = new_key(SigningAlgorithm::EdDsa).unwrap();
        SigningKey::from_pkcs8(&public, &pkcs8).unwrap()
    };
    (PoolKeys { access: spare(), id: spare(), verifying, verifying_ids: HashMap::new() }, made)
}

#[test]
fn each_algorithm_verifies_with_its_own_key_and_under_its_own_name_only() {
    let (keys, made) = pool_of_all_algorithms();
    let verified = |token: &str| verify_access(token, &keys, ISSUER, NOW, ACCESS_SCOPE).map(|claims| claims.username);
    let read: AccessClaims = serde_json::from_value(claims()).unwrap();
    for (key, public) in &made {
        let token = sign(&read, key).unwrap();
        assert_eq!(verified(&token), Ok("ada".to_owned()));
        let [_, body, signature] = token.split('.').collect::<Vec<_>>()[..] else { panic!("{token}") };
        let named = |alg: &str, kid: &str| {
            let header = json!({"alg": alg, "kid": kid}).to_string();
            format!("{}.{body}.{signature}", encode(header))
        };
        let own = public.numbers.algorithm().name();
        for alg in ["none", "HS256", "RS256", "RS384", "PS256", "ES256", "ES384", "EdDSA", "Ed25519"] {
            for (_, other) in &made {
                // With the right name and kid, it is the token itself again.
                let its = other.numbers.algorithm().name();
                let expected = match alg == its {
                    true if other == public => Ok("ada".to_owned()),
                    // Of the same algorithm there is no other key here, so the signature has another form.
                    true => Err(Error::Signature),
                    false => Err(Error::Invalid),
                };
                assert_eq!(verified(&named(alg, &other.kid)), expected, "{own} as {alg} by the {its} key");
            }
        }
    }
}

#[test]
fn no_public_key_is_a_secret_for_hmac() {
    let (keys, made) = pool_of_all_algorithms();
    for (_, public) in &made {
        let jwk = serde_json::to_value(public).unwrap();
        let header = json!({"alg": "HS256", "kid": public.kid});
        let signed = format!("{}.{}", encode(header.to_string()), encode(claims().to_string()));
        let numbers = ["n", "x", "y"].into_iter().filter_map(|name| jwk[name].as_str());
        let secrets = numbers.flat_map(|text| [text.as_bytes().to_vec(), BASE64_URL_SAFE_NO_PAD.decode(text).unwrap()]);
        for secret in secrets.chain([jwk.to_string().into_bytes()]) {
            let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, &secret);
            let token = format!("{signed}.{}", encode(aws_lc_rs::hmac::sign(&key, signed.as_bytes())));
            assert_eq!(verify_access(&token, &keys, ISSUER, NOW, ACCESS_SCOPE).err(), Some(Error::Invalid));
        }
    }
}

#[test]
fn a_token_may_be_known_unless_it_names_another_key() {
    let named = |header: Value| POOL.keys.may_know(&format!("{}.e30.x", encode(header.to_string())));
    assert!(named(json!({"alg": "RS256", "kid": POOL.keys.access.kid})));
    assert!(named(json!({"alg": "ES256", "kid": POOL.id_kid})));
    assert!(!named(json!({"alg": "RS256", "kid": POOL.foreign_public.kid})));
    // No other keys would make these good.
    for header in [json!({"alg": "RS256"}), json!({"alg": "RS256", "kid": null}), json!({"kid": "x"}), json!([])] {
        assert!(named(header.clone()), "{header}");
    }
    assert!(POOL.keys.may_know("words"));
}

/// Makes a token whose signature is not genuine.
fn unsigned(claims: &Value) -> String {
    format!("{}.{}.{}", encode("{}"), encode(claims.to_string()), encode("nobody"))
}

#[test]
fn the_pool_is_what_follows_the_servers_address_in_the_issuer() {
    let longest = "a".repeat(55);
    for pool in ["us-east-1_Ab1", "local_Z9", "_", "-", "0", &longest] {
        let token = unsigned(&json!({"iss": format!("{PUBLIC_URL}/{pool}")}));
        assert_eq!(unverified_pool(&token, PUBLIC_URL), Ok(pool.to_owned()), "{pool}");
    }
}

#[test]
fn an_issuer_that_is_no_pool_of_this_server_is_invalid() {
    for issuer in [
        "us-east-1_Ab1".to_owned(),
        PUBLIC_URL.into(),
        format!("{PUBLIC_URL}us-east-1_Ab1"),
        format!("{PUBLIC_URL}//us-east-1_Ab1"),
        format!("{PUBLIC_URL}/us-east-1_Ab1/"),
        format!("{PUBLIC_URL}/../us-east-1_Ab1"),
        format!("{PUBLIC_URL}/us.east"),
        format!("{PUBLIC_URL}/us east"),
        format!("{PUBLIC_URL}/üs-east-1_Ab1"),
        format!("{PUBLIC_URL}/us-east-1_Ab1?"),
        format!("{PUBLIC_URL}/{}", "a".repeat(56)),
        format!("{PUBLIC_URL}/{}", "a".repeat(57)),
        "https://evil.example/us-east-1_Ab1".into(),
    ] {
        assert_eq!(unverified_pool(&unsigned(&json!({"iss": issuer})), PUBLIC_URL), Err(Error::Invalid), "{issuer}");
    }
    for token in ["words".to_owned(), "a.b.c".into(), unsigned(&json!({})), unsigned(&json!({"iss": 1}))] {
        assert_eq!(unverified_pool(&token, PUBLIC_URL), Err(Error::Invalid), "{token}");
    }
}

#[test]
fn the_subject_is_read_without_a_signature_if_it_is_a_users() {
    let sub = Uuid::from_u128(7);
    assert_eq!(unverified_subject(&unsigned(&json!({"sub": sub, "aud": "client"}))), Some(sub));
    assert_eq!(unverified_subject(&signed(&claims())), Some(Uuid::from_u128(1)));
    // The subject of an app client that acts for itself is its client ID.
    for claims in [json!({"sub": "3n4b5urk1ft4fl3mg5e62d9ado"}), json!({"sub": 1}), json!({}), json!([])] {
        assert_eq!(unverified_subject(&unsigned(&claims)), None, "{claims}");
    }
    assert_eq!(unverified_subject("words"), None);
}

#[test]
fn an_id_token_names_its_client_and_user_even_when_it_has_expired() {
    let claims = json!({"token_use": "id", "iss": ISSUER, "aud": "client", "sub": Uuid::nil(), "exp": 1});
    let id_header = json!({"alg": "RS256", "kid": POOL.id_kid});
    let by_id = |claims: &Value| made(&id_header, claims, &POOL.id, &RSA_PKCS1_SHA256);
    let verified = |token: &str| verify_id(token, &POOL.keys, ISSUER);
    assert_eq!(verified(&by_id(&claims)), Ok(("client".to_owned(), Uuid::nil())));
    for (name, value) in [
        ("token_use", json!("access")),
        ("iss", json!("http://localhost:9229/us-east-1_Another00")),
        ("aud", json!(["client"])),
        ("sub", json!("ada")),
    ] {
        let mut spoiled = claims.clone();
        spoiled[name] = value;
        assert_eq!(verified(&by_id(&spoiled)), Err(Error::Invalid), "{name}");
    }
    assert_eq!(verified(&signed(&claims)), Err(Error::Invalid), "the key of access tokens signs no ID tokens");
    let foreign = made(&id_header, &claims, &POOL.foreign, &RSA_PKCS1_SHA256);
    assert_eq!(verified(&foreign), Err(Error::Signature));
}
