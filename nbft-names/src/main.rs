//! The command as a program of its own. Its work is in the library, which `nbft` shares.

fn main() -> std::process::ExitCode {
    nbft_names::main()
}
