//! Requests of the tests as seeds for the fuzzer: `FUZZ_SEEDS=fuzz/seeds/request cargo test --test it`.

use std::path::PathBuf;

use keystead::{
    operations::SUPPORTED,
    sealing::{hex, sha256},
};

/// Longer ones slow a fuzzer down.
const LONGEST: usize = 1_500;

/// Keeps a request, one of each size class per operation, if seeds are asked for.
pub fn keep(operation: &str, body: &str) {
    let (Some(folder), Some(number)) =
        (std::env::var_os("FUZZ_SEEDS"), SUPPORTED.iter().position(|known| *known == operation))
    else {
        return;
    };
    if body.len() > LONGEST {
        return;
    }
    let members: Vec<_> = body.split('"').filter(|part| part.chars().all(char::is_alphabetic)).collect();
    let name = format!("{operation}-{}", &hex(&sha256(members.concat().as_bytes()))[..8]);
    let seed = [&[u8::try_from(number).unwrap()], body.as_bytes()].concat();
    std::fs::write(PathBuf::from(folder).join(name), seed).unwrap();
}
