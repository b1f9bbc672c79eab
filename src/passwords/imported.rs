//! Password hashes that other systems made and that users bring along in an import: which hashes are accepted, and how
//! a password is checked against one.
//!
//! A bcrypt hash has bcrypt's own form (`$2b$…`). The other hashes are PHC strings
//! (<https://github.com/P-H-C/phc-string-format>).

use std::num::NonZeroU32;

use argon2::{
    Argon2, Params, PasswordVerifier as _, Version,
    password_hash::{self, phc::PasswordHash},
};
use aws_lc_rs::pbkdf2;
use scrypt::Scrypt;
use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr};

/// The algorithm that made the hashes of an import file (`PasswordHashingAlgorithmType`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, IntoStaticStr, Serialize, Deserialize)]
#[strum(serialize_all = "UPPERCASE")]
#[serde(rename_all = "UPPERCASE")]
pub enum HashingAlgorithm {
    Bcrypt,
    Scrypt,
    Argon2id,
    #[strum(serialize = "PBKDF2_SHA256")]
    #[serde(rename = "PBKDF2_SHA256")]
    Pbkdf2Sha256,
}

/// The most memory that checking an imported hash may take, in KiB.
const MAX_MEMORY_KIB: u64 = 64 * 1024;
/// How many times the server's own work checking an imported hash may take.
const MAX_TIMES: u64 = 4;

/// The PHC name of PBKDF2 with HMAC-SHA-256.
const PBKDF2_SHA256: &str = "pbkdf2-sha256";

/// What it takes to check a password against a hash.
struct Cost {
    memory_kib: u64,
    /// The work, as the amount of memory in KiB that argon2id passes over in the same time. For the other algorithms,
    /// this was measured and rounded in favor of the usual parameters.
    work: u64,
}

/// Fails if the text is not a hash by this algorithm, or if a check against it would take too much memory or time,
/// compared with the server's own hashes. The error says why, without the hash.
pub fn check(algorithm: HashingAlgorithm, hash: &str, own: &Params) -> Result<(), &'static str> {
    let cost = match algorithm {
        HashingAlgorithm::Bcrypt => bcrypt_cost(hash),
        _ => phc_cost(algorithm, hash),
    };
    let cost = cost.ok_or("cognito:password_hash is not a hash by the job's PasswordHashingAlgorithm.")?;
    if cost.memory_kib > MAX_MEMORY_KIB {
        return Err("Checking this cognito:password_hash would take more than 64 MiB of memory.");
    }
    if cost.work > MAX_TIMES * u64::from(own.m_cost()) * u64::from(own.t_cost()) {
        return Err("Checking this cognito:password_hash would take more than four times as long as the server's own \
                    hashes; raise password-memory-kib or password-iterations, or leave the hash out.");
    }
    Ok(())
}

fn bcrypt_cost(hash: &str) -> Option<Cost> {
    let parts: bcrypt::HashParts = hash.parse().ok()?;
    // Version 2x was made by a faulty implementation, and is computed in another way.
    let genuine = !hash.starts_with("$2x$") && (4..32).contains(&parts.get_cost());
    genuine.then(|| Cost { memory_kib: 4, work: 38 << parts.get_cost() })
}

fn phc_cost(algorithm: HashingAlgorithm, hash: &str) -> Option<Cost> {
    let hash = PasswordHash::new(hash).ok()?;
    hash.salt.as_ref().and(hash.hash.as_ref())?;
    let number = |name: &'static str| hash.params.get_decimal(name).map(u64::from);
    // A hash with other parameters may depend on something that is not in it, such as a secret key (`keyid`).
    let has_only = |names: &[&str]| hash.params.iter().all(|(name, _)| names.contains(&name.as_str()));
    match (algorithm, hash.algorithm.as_str(), hash.version) {
        (HashingAlgorithm::Argon2id, "argon2id", version)
            if version == Some(Version::V0x13.into()) && has_only(&["m", "t", "p"]) =>
        {
            Params::try_from(&hash).ok()?;
            let memory_kib = number("m")?;
            Some(Cost { memory_kib, work: memory_kib.saturating_mul(number("t")?) })
        }
        (HashingAlgorithm::Scrypt, "scrypt", None) => {
            let (n, r, p) = (1_u64.checked_shl(number("ln")?.try_into().ok()?)?, number("r")?, number("p")?);
            // A block has 128 r bytes. Each of the p lanes begins with one block, makes n blocks of it and reads as many.
            // The lanes are computed one after the other.
            let kib = |blocks: u64| blocks.saturating_mul(r).div_ceil(8);
            let cost = Cost { memory_kib: kib(n.max(p)), work: kib(n.saturating_mul(p).saturating_mul(2)) };
            // The library's own check of the parameters can overflow if they are larger than that.
            (cost.memory_kib > MAX_MEMORY_KIB || scrypt::Params::try_from(&hash).is_ok()).then_some(cost)
        }
        (HashingAlgorithm::Pbkdf2Sha256, PBKDF2_SHA256, None) if has_only(&["i", "l"]) => {
            let length = hash.hash.as_ref().map(|output| output.len() as u64);
            let iterations = number("i").filter(|&i| i > 0 && number("l").is_none_or(|l| Some(l) == length))?;
            // Each 32 bytes of the output take all iterations again.
            let blocks = length.unwrap_or_default().div_ceil(32);
            Some(Cost { memory_kib: 1, work: iterations.saturating_mul(blocks) / 8 })
        }
        _ => None,
    }
}

/// Whether the password matches the hash, which is the server's own or was accepted by [`check`].
pub fn verify(argon2: &Argon2<'_>, password: &str, hash: &str) -> Result<bool, password_hash::Error> {
    if hash.starts_with("$2") {
        return bcrypt::verify(password, hash).map_err(|_| password_hash::Error::EncodingInvalid);
    }
    let (password, hash) = (password.as_bytes(), PasswordHash::new(hash)?);
    Ok(match (hash.algorithm.as_str(), &hash.salt, &hash.hash) {
        ("scrypt", ..) => Scrypt::new().verify_password(password, &hash).is_ok(),
        (PBKDF2_SHA256, Some(salt), Some(output)) => {
            let iterations = hash.params.get_decimal("i").and_then(NonZeroU32::new);
            iterations.is_some_and(|iterations| {
                let algorithm = pbkdf2::PBKDF2_HMAC_SHA256;
                pbkdf2::verify(algorithm, iterations, salt, password, output.as_bytes()).is_ok()
            })
        }
        _ => argon2.verify_password(password, &hash).is_ok(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hashes of "Passw0rd!", by Python's `bcrypt` and `argon2-cffi` and by its `hashlib`.
    const HASHES: [(HashingAlgorithm, &str); 4] = [
        (HashingAlgorithm::Bcrypt, "$2b$05$NpYt/2YuRs6iwsJC2czAB.1dcsSrbXB/xhtT7A5exGcG14JEsTAzm"),
        (
            HashingAlgorithm::Argon2id,
            "$argon2id$v=19$m=1024,t=2,p=4$KZukNoukgBhkUAKEHpsOWg$GioWq7iXn32I3G+jL6dZ/pmImIfdnE384lcvT2DjO8Y",
        ),
        (
            HashingAlgorithm::Scrypt,
            "$scrypt$ln=10,r=8,p=1$MDEyMzQ1Njc4OWFiY2RlZg$cEeGiMhK/rz6HHvuBIiNK/biijwzFMyGmmVVmCFONkM",
        ),
        (
            HashingAlgorithm::Pbkdf2Sha256,
            "$pbkdf2-sha256$i=1000$MDEyMzQ1Njc4OWFiY2RlZg$2/6i32L0Bi6MtP2OuJMPcqA89+m4kdqqE3/bAThGMxs",
        ),
    ];

    /// Checks a hash against the cost of a server with the default settings.
    fn checked(algorithm: HashingAlgorithm, hash: &str) -> &'static str {
        match check(algorithm, hash, &Params::new(19_456, 2, 1, None).unwrap()) {
            Ok(()) => "accepted",
            Err(why) if why.contains("64 MiB") => "too large",
            Err(why) if why.contains("four times") => "too slow",
            Err(_) => "not a hash",
        }
    }

    #[test]
    fn a_hash_is_of_one_algorithm_and_matches_one_password() {
        let argon2 = Argon2::default();
        for (made_by, hash) in HASHES {
            for (algorithm, _) in HASHES {
                let expected = if algorithm == made_by { "accepted" } else { "not a hash" };
                assert_eq!(checked(algorithm, hash), expected, "{hash}");
            }
            assert_eq!(verify(&argon2, "Passw0rd!", hash), Ok(true), "{hash}");
            assert_eq!(verify(&argon2, "passw0rd!", hash), Ok(false), "{hash}");
        }
    }

    #[test]
    fn what_costs_too_much_is_not_accepted() {
        for ((algorithm, hash), (old, new), expected) in [
            (HASHES[0], ("$05$", "$12$"), "accepted"),
            (HASHES[0], ("$05$", "$13$"), "too slow"),
            (HASHES[0], ("$05$", "$31$"), "too slow"),
            (HASHES[0], ("$05$", "$32$"), "not a hash"),
            (HASHES[0], ("$2b$", "$2x$"), "not a hash"),
            (HASHES[1], ("m=1024,t=2", "m=65536,t=2"), "accepted"),
            (HASHES[1], ("m=1024,t=2", "m=65536,t=3"), "too slow"),
            (HASHES[1], ("m=1024,t=2", "m=65537,t=1"), "too large"),
            (HASHES[1], ("m=1024", "m=4294967295"), "too large"),
            (HASHES[1], ("t=2", "t=4294967295"), "too slow"),
            (HASHES[1], ("v=19$", ""), "not a hash"),
            (HASHES[1], ("p=4", "p=4,keyid=abcd"), "not a hash"),
            (HASHES[2], ("ln=10,r=8", "ln=16,r=8"), "accepted"),
            (HASHES[2], ("ln=10,r=8,p=1", "ln=16,r=8,p=2"), "too slow"),
            (HASHES[2], ("ln=10,r=8", "ln=17,r=8"), "too large"),
            (HASHES[2], ("ln=10", "ln=63"), "too large"),
            (HASHES[2], ("ln=10", "ln=64"), "not a hash"),
            (HASHES[2], ("r=8,p=1", "r=65536,p=65536"), "too large"),
            (HASHES[2], ("r=8,p=1", "r=8,p=4294967295"), "too large"),
            (HASHES[2], ("r=8", "r=0"), "not a hash"),
            (HASHES[3], ("i=1000", "i=1200000"), "accepted"),
            (HASHES[3], ("i=1000", "i=2000000"), "too slow"),
            (HASHES[3], ("i=1000", "i=0"), "not a hash"),
            (HASHES[3], ("i=1000", "i=1000,l=16"), "not a hash"),
            (HASHES[3], ("i=1000", "i=1000,l=32"), "accepted"),
            (HASHES[3], ("$2/6i32L0Bi6MtP2OuJMPcqA89+m4kdqqE3/bAThGMxs", ""), "not a hash"),
        ] {
            let hash = hash.replace(old, new);
            assert_eq!(checked(algorithm, &hash), expected, "{hash}");
        }
    }
}
