//! What the cryptography of an operation costs by itself, on this machine and in this run.

use std::{hint::black_box, time::Duration};

use argon2::{Algorithm, Argon2, Params, Version};
use aws_lc_rs::{
    rand::SystemRandom,
    rsa::KeySize,
    signature::{
        ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair,
        RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair, UnparsedPublicKey,
    },
};
use keystead::config::Config;
use rustix::time::{ClockId, clock_gettime};

use super::load::Signing;

/// Microseconds of processor time of each piece, on one thread.
pub struct Cryptography {
    pub rsa_signature: f64,
    pub rsa_verification: f64,
    pub ecdsa_signature: f64,
    pub ecdsa_verification: f64,
    pub argon2id: f64,
}

impl Cryptography {
    pub fn measure(config: &Config) -> Self {
        let (random, message) = (SystemRandom::new(), [7_u8; 600]);
        let rsa = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
        let mut rsa_signed = vec![0; rsa.public_modulus_len()];
        rsa.sign(&RSA_PKCS1_SHA256, &random, &message, &mut rsa_signed).unwrap();
        let rsa_public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, rsa.public_key());
        let token_key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let passkey = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
        let assertion = passkey.sign(&random, &message).unwrap();
        let passkey_public = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, passkey.public_key());
        let params = Params::new(config.password_memory_kib, config.password_iterations, 1, None).unwrap();
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let mut signature = vec![0; rsa.public_modulus_len()];
        Self {
            rsa_signature: microseconds(|| rsa.sign(&RSA_PKCS1_SHA256, &random, &message, &mut signature).unwrap()),
            rsa_verification: microseconds(|| rsa_public.verify(&message, &rsa_signed).unwrap()),
            ecdsa_signature: microseconds(|| _ = black_box(token_key.sign(&random, &message).unwrap())),
            ecdsa_verification: microseconds(|| passkey_public.verify(&message, assertion.as_ref()).unwrap()),
            argon2id: microseconds(|| {
                let mut hash = [0; 32];
                argon2.hash_password_into(b"Right-Passw0rd", &[7; 16], &mut hash).unwrap();
                black_box(hash);
            }),
        }
    }

    /// The access token and the ID token of a new session.
    pub fn tokens(&self, signing: Signing) -> f64 {
        match signing {
            Signing::Rs256 => 2.0 * self.rsa_signature,
            Signing::Es256 => 2.0 * self.ecdsa_signature,
        }
    }

    pub fn print(&self) {
        println!(
            "cryptography, µs of processor time: RSA signature {:.0}, RSA verification {:.1}, ECDSA signature {:.1}, \
             ECDSA verification {:.1}, argon2id {:.0}",
            self.rsa_signature, self.rsa_verification, self.ecdsa_signature, self.ecdsa_verification, self.argon2id
        );
    }
}

/// Does it again and again for a while. The smallest mean of several parts, because other programs can only slow it.
fn microseconds(mut work: impl FnMut()) -> f64 {
    let part = |work: &mut dyn FnMut()| {
        let (before, mut count) = (thread_time(), 0.0);
        while thread_time() - before < Duration::from_millis(40) {
            work();
            count += 1.0;
        }
        (thread_time() - before).as_secs_f64() * 1e6 / count
    };
    (0..7).map(|_| part(&mut work)).fold(f64::INFINITY, f64::min)
}

/// The processor time of this thread.
fn thread_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap())
}
