//! The command by itself. What it does is in the library, which `nbft` shares.

fn main() -> std::process::ExitCode {
    nbft_dump::main()
}
