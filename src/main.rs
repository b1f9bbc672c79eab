//! The `keystead` binary, which runs the command line.

use std::process::ExitCode;

/// This allocator returns memory to the system after a flood of requests; the default allocator would keep it. This
/// matters because each password hash takes 19 MiB for a moment.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // The allocator requests huge pages. They take more memory in an idle server, and no gain from them was measurable.
    #[cfg(target_os = "linux")]
    let _ = rustix::thread::disable_transparent_huge_pages(true);
    keystead::cli::run()
}
