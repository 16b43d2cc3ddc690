//! Runs boot scenarios: one QEMU with an NBFT, another with the NVMe/TCP target.

use std::fs;
use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use nbft_tests::vm::architecture::Architecture;
use nbft_tests::vm::initramfs;
use nbft_tests::vm::modules::Kernel;
use nbft_tests::vm::run::{Setting, run};
use nbft_tests::vm::scenario::{DEBIAN, Scenario, read_optional};
use nbft_tests::vm::{Result, compare};
use tempfile::TempDir;

const HELP: &str = "\
Usage: nbft-vm [OPTION]... SCENARIO_DIR[@RELEASE]...

Boots each scenario's machines and compares what the host script prints with `expected`. A scenario for several releases of
Debian runs in each, or in the given one.

    --kernel VERSION  boot this kernel only (default: every one the scenario is for)
    --debian SUITE    the Debian of hosts that boot one, for scenarios that name no release (default: bookworm)
    --bin-dir DIR     where the commands under test lie
                      (default: target/image/usr/bin, or of a host of another
                      architecture: target/architectures/ARCHITECTURE/usr/bin)
    --jobs N          run N scenarios at once (default: 1)
    --make            only make the initrds that the hosts boot, for a later run
    --show            print the host script's output as it comes
    --keep DIR        keep consoles, initramfs and output in DIR/SCENARIO
    --accept          write the output to `expected` instead of comparing
    -h, --help        print this

Exit codes: 0 all passed, 1 some failed, 64 usage.
";

struct Options {
    jobs: usize,
    kernel: Option<String>,
    debian: String,
    bin_dir: Option<PathBuf>,
    make: bool,
    show: bool,
    keep: Option<PathBuf>,
    accept: bool,
    scenarios: Vec<PathBuf>,
}

#[derive(Clone, Copy, PartialEq)]
enum Verdict {
    Passed,
    Skipped,
    Failed,
}

fn main() -> ExitCode {
    let options = match parse() {
        Ok(Some(options)) => options,
        Ok(None) => {
            print!("{HELP}");
            return ExitCode::SUCCESS;
        }
        Err(why) => {
            eprintln!("nbft-vm: {why}; see nbft-vm --help");
            return ExitCode::from(64);
        }
    };
    let (mut scenarios, mut verdicts) = (Vec::new(), Vec::new());
    for dir in &options.scenarios {
        match Scenario::load(dir) {
            Ok(scenario) => scenarios.push(scenario),
            Err(why) => {
                say(&format!("FAILED {}: {why}", dir.display()));
                verdicts.push(Verdict::Failed);
            }
        }
    }
    verdicts.extend(all(&scenarios, &options));
    let count = |wanted: Verdict| verdicts.iter().filter(|verdict| **verdict == wanted).count();
    let (passed, failed, skipped) = (count(Verdict::Passed), count(Verdict::Failed), count(Verdict::Skipped));
    let skipped = match skipped {
        0 => String::new(),
        _ => format!(", {skipped} skipped"),
    };
    say(&format!("{passed} passed, {failed} failed{skipped}"));
    if failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Prints a line. A reader that is gone ends the run: nobody would see what comes of it.
fn say(line: &str) {
    if writeln!(io::stdout(), "{line}").is_err() {
        std::process::exit(74);
    }
}

/// Runs scenarios, as many at once as the options say.
fn all(scenarios: &[Scenario], options: &Options) -> Vec<Verdict> {
    let (next, verdicts) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..options.jobs {
            scope.spawn(|| {
                while let Some(scenario) = scenarios.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let found = every_machine(scenario, options);
                    verdicts.lock().expect("no thread panics").extend(found);
                }
            });
        }
    });
    verdicts.into_inner().expect("no thread panics")
}

/// The command line; nothing where it asks for help.
fn parse() -> std::result::Result<Option<Options>, lexopt::Error> {
    use lexopt::prelude::*;
    let mut options = Options {
        jobs: 1,
        kernel: None,
        debian: DEBIAN.to_owned(),
        bin_dir: None,
        make: false,
        show: false,
        keep: None,
        accept: false,
        scenarios: Vec::new(),
    };
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Short('h') | Long("help") => return Ok(None),
            Long("kernel") => options.kernel = Some(parser.value()?.string()?),
            Long("debian") => options.debian = parser.value()?.string()?,
            Long("jobs") => options.jobs = parser.value()?.parse::<NonZeroUsize>()?.get(),
            Long("bin-dir") => options.bin_dir = Some(parser.value()?.into()),
            Long("keep") => options.keep = Some(parser.value()?.into()),
            Long("make") => options.make = true,
            Long("show") => options.show = true,
            Long("accept") => options.accept = true,
            Value(dir) => options.scenarios.push(dir.into()),
            _ => return Err(argument.unexpected()),
        }
    }
    if let Some(dir) = options.bin_dir.as_deref().filter(|dir| !dir.is_dir()) {
        return Err(format!("--bin-dir {}: no such folder", dir.display()).into());
    }
    if options.scenarios.is_empty() {
        return Err("no scenario folder given".into());
    }
    Ok(Some(options))
}

/// Runs a scenario on each kernel and in each release it is for, and says what came of it.
fn every_machine(scenario: &Scenario, options: &Options) -> Vec<Verdict> {
    let (kernels, releases) = (&scenario.settings.kernels, &scenario.settings.releases);
    let mut machines = scenario.settings.machines(&options.debian);
    machines.retain(|(_, kernel)| options.kernel.as_ref().is_none_or(|wanted| wanted == kernel));
    if machines.is_empty() {
        let name = &scenario.name;
        say(&format!("skipped {name}: it is for kernel {} only", kernels.join(", ")));
        return vec![Verdict::Skipped];
    }
    let mut verdicts = Vec::new();
    for (release, kernel) in machines {
        let mut name = scenario.name.clone();
        if !releases.is_empty() {
            name.push_str(&format!("@{release}"));
        }
        if kernels.len() > 1 {
            name.push_str(&format!(" ({kernel})"));
        }
        let start = Instant::now();
        verdicts.push(match one(scenario, &kernel, &release, options) {
            Ok(remark) => {
                say(&format!("ok {name} ({:.1} s){remark}", start.elapsed().as_secs_f32()));
                Verdict::Passed
            }
            Err(why) => {
                say(&format!("FAILED {name}: {}", why.trim_end()));
                Verdict::Failed
            }
        });
    }
    verdicts
}

/// Runs one scenario on one kernel, in one release of Debian. Success is a remark for the result line.
fn one(scenario: &Scenario, version: &str, debian: &str, options: &Options) -> Result<&'static str> {
    // The folder of this package's sources, from which the workspace is one up.
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let cache = std::env::var_os("NBFT_CACHE")
        .filter(|dir| !dir.is_empty())
        .map_or_else(|| workspace.join("target/cache"), PathBuf::from);
    let architecture = scenario.settings.architecture;
    let open = |architecture: Architecture| Kernel::open(&cache.join(architecture.kernel(version)));
    let (kernel, target_kernel) = (open(architecture)?, open(Architecture::X86_64)?);
    let bin_dir = options
        .bin_dir
        .clone()
        .unwrap_or_else(|| workspace.join(architecture.commands()));
    let setting = |temporary: &TempDir| Setting {
        kernel: &kernel,
        target_kernel: &target_kernel,
        bin_dir: &bin_dir,
        cache: &cache,
        debian,
        dir: temporary.path().to_owned(),
        show: options.show,
    };
    if options.make {
        return initramfs::host(scenario, &setting(&temporary()?)).map(|_| ", made");
    }
    let mut tries = 0;
    let (temporary, result) = loop {
        let temporary = temporary()?;
        let result = run(scenario, &setting(&temporary));
        tries += 1;
        match result.as_ref().map(|outcome| &outcome.crash) {
            Ok(Some(crash)) if tries < 3 => {
                let name = &scenario.name;
                say(&format!("again {name}: a machine crashed: {crash}"));
            }
            _ => break (temporary, result),
        }
    };
    if let Some(keep) = &options.keep {
        keep_files(temporary.path(), &keep.join(&scenario.name))?;
    }
    let outcome = result?;

    let path = scenario.expected_path(version);
    let expected = read_optional(&path)?;
    let expected = expected.as_deref().unwrap_or_default();
    let difference = compare::difference(expected, &outcome.output);
    let known = scenario.known_difference(debian)?;
    let mut report = match &outcome.failure {
        None if difference == known => return Ok(""),
        None if options.accept => {
            if debian == DEBIAN {
                let text = compare::accept(expected, &outcome.output);
                fs::write(&path, text).map_err(|e| format!("{}: {e}", path.display()))?;
            } else {
                scenario.accept_difference(debian, difference.as_deref())?;
            }
            return Ok(", accepted");
        }
        Some(why) => format!("{why}\n"),
        None => "the host did not print what was expected\n".to_owned(),
    };
    let difference = match known {
        Some(known) => compare::difference(&known, &difference.unwrap_or_default()),
        None => difference,
    };
    match difference {
        _ if outcome.output.is_empty() => report.push_str("(the host printed nothing)\n"),
        Some(difference) => report.push_str(&difference),
        None => report.push_str("(the output is as expected)\n"),
    }
    for (role, console) in outcome.consoles {
        report.push_str(&format!("--- last lines of the {role}'s console:\n{console}\n"));
    }
    Ok(report).and_then(Err)
}

/// A folder for the machines' files. Sockets lie in it too, so its path has to be short.
fn temporary() -> Result<TempDir> {
    let folder = tempfile::Builder::new().prefix("nbft-vm.").tempdir();
    folder.map_err(|e| format!("{}: {e}", std::env::temp_dir().display()))
}

fn keep_files(from: &Path, to: &Path) -> Result<()> {
    let failed = |e: std::io::Error| format!("{}: {e}", to.display());
    fs::create_dir_all(to).map_err(failed)?;
    for entry in fs::read_dir(from).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if entry.file_type().map_err(failed)?.is_file() {
            fs::copy(entry.path(), to.join(entry.file_name())).map_err(failed)?;
        }
    }
    Ok(())
}
