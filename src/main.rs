//! The `keystead` binary: runs the command line.

use std::process::ExitCode;

/// Gives memory back after a flood, which the system's allocator keeps: a password's hash takes 19 MiB for a moment.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    keystead::cli::run()
}
