//! The `keystead` binary: runs the command line.

use std::process::ExitCode;

/// Returns memory after a flood of requests, which the system's allocator would keep. Hashing one password takes 19 MiB
/// for a moment.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // The allocator asks for huge pages. They cost memory at rest and saved nothing measurable.
    #[cfg(target_os = "linux")]
    let _ = rustix::thread::disable_transparent_huge_pages(true);
    keystead::cli::run()
}
