//! The `keystead` binary: runs the command line.

use std::process::ExitCode;

fn main() -> ExitCode {
    keystead::cli::run()
}
