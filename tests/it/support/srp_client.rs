//! The client's half of SRP, written from the published formulas with another library than the server's.

use aws_lc_rs::hmac;
use base64::{Engine, prelude::BASE64_STANDARD};
use keystead::sealing::sha256;
use num_bigint::BigUint;
use serde_json::{Value, json};

pub const N: &str = "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7EDEE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3BE39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA051015728E5A8AAAC42DAD33170D04507A33A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864D87602733EC86A64521F2B18177B200CBBE117577A615D6C770988C0BAD946E208E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF";
const TIMESTAMP: &str = "Tue Feb 3 04:05:06 UTC 2026";

fn number(hex: &str) -> BigUint {
    BigUint::parse_bytes(hex.as_bytes(), 16).unwrap()
}

fn padded(number: &BigUint) -> Vec<u8> {
    let mut bytes = number.to_bytes_be();
    if bytes[0] & 0x80 != 0 {
        bytes.insert(0, 0);
    }
    bytes
}

fn mac(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), &parts.concat()).as_ref().to_vec()
}

/// A client's half of one proof.
pub struct Client {
    n: BigUint,
    a: BigUint,
}

impl Client {
    pub fn new() -> Self {
        let secret: [u8; 64] = keystead::random::bytes();
        Self { n: number(N), a: BigUint::from_bytes_be(&secret) }
    }

    pub fn public(&self) -> BigUint {
        BigUint::from(2_u8).modpow(&self.a, &self.n)
    }

    /// The answer to a PASSWORD_VERIFIER challenge.
    pub fn answer_of(&self, pool_id: &str, password: &str, parameters: &Value) -> Value {
        let username = parameters["USER_ID_FOR_SRP"].as_str().unwrap();
        self.answer((pool_id.split_once('_').unwrap().1, username), password, parameters)
    }

    /// The answer to a challenge that asks `name` in `space` to prove its password.
    pub fn answer(&self, (space, name): (&str, &str), password: &str, parameters: &Value) -> Value {
        let of = |name: &str| parameters[name].as_str().unwrap();
        let (b, salt) = (number(of("SRP_B")), number(of("SALT")));
        let x = private_key((space, name), password, &salt);
        let k = BigUint::from_bytes_be(&sha256(&[padded(&self.n), vec![2]].concat()));
        let u = BigUint::from_bytes_be(&sha256(&[padded(&self.public()), padded(&b)].concat()));
        let v = BigUint::from(2_u8).modpow(&x, &self.n);
        let base = (&b + &self.n * &k - &k * &v) % &self.n;
        let shared = base.modpow(&(&self.a + &u * &x), &self.n);
        let key = mac(&mac(&padded(&u), &[&padded(&shared)]), &[b"Caldera Derived Key", &[1]]);
        let block = BASE64_STANDARD.decode(of("SECRET_BLOCK")).unwrap();
        let signed = mac(&key[..16], &[space.as_bytes(), name.as_bytes(), &block, TIMESTAMP.as_bytes()]);
        json!({"USERNAME": of("USER_ID_FOR_SRP"), "PASSWORD_CLAIM_SIGNATURE": BASE64_STANDARD.encode(signed),
            "PASSWORD_CLAIM_SECRET_BLOCK": of("SECRET_BLOCK"), "TIMESTAMP": TIMESTAMP})
    }
}

fn private_key((space, name): (&str, &str), password: &str, salt: &BigUint) -> BigUint {
    let identity = sha256(format!("{space}{name}:{password}").as_bytes());
    BigUint::from_bytes_be(&sha256(&[padded(salt), identity.to_vec()].concat()))
}

/// `DeviceSecretVerifierConfig` for a device's password, as Amplify makes it.
pub fn verifier(identity: (&str, &str), password: &str) -> Value {
    let salt = BigUint::from_bytes_be(&keystead::random::bytes::<16>());
    let v = BigUint::from(2_u8).modpow(&private_key(identity, password, &salt), &number(N));
    json!({"Salt": BASE64_STANDARD.encode(padded(&salt)), "PasswordVerifier": BASE64_STANDARD.encode(padded(&v))})
}
