//! Keystead with deliberate faults built in, for the fault test.

use std::process::ExitCode;

fn main() -> ExitCode {
    keystead::cli::run()
}
