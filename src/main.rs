//! The `keystead` binary: runs the command line.

use std::process::ExitCode;

/// Gives memory back after a flood, which the system's allocator keeps: a password's hash takes 19 MiB for a moment.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // The allocator asks for huge pages, which cost memory at rest and save nothing that was measured.
    #[cfg(target_os = "linux")]
    let _ = rustix::thread::disable_transparent_huge_pages(true);
    keystead::cli::run()
}
