//! The command as a program of its own. The library does the work, and `nbft` shares the library.

fn main() -> std::process::ExitCode {
    nbft_tls::main()
}
