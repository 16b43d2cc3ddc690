//! Each command's parser, its --help and its page know the same options, and the command takes them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::support::manual::page;
use crate::support::{Folder, command, commands, run, workspace};

/// A long option's short form, and whether a value follows.
type Options = BTreeMap<String, (Option<char>, bool)>;

/// The Rust sources of a crate, but not their tests.
fn sources(folder: &Path) -> String {
    let mut text = String::new();
    for entry in std::fs::read_dir(folder).expect("src").flatten() {
        let path = entry.path();
        if path.is_dir() {
            text += &sources(&path);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            text += &std::fs::read_to_string(&path).expect("source");
        }
    }
    text
}

/// Arms of the parser: `Short('x') | Long("name") =>`. Whether they take a value is for the help to say.
fn parsed(name: &str) -> BTreeMap<String, Option<char>> {
    let text = sources(&workspace(name).join("src"));
    let mut options = BTreeMap::new();
    for (before, after) in text
        .match_indices("Long(\"")
        .map(|(at, found)| text.split_at(at + found.len()))
    {
        let long = after.split('"').next().expect("a name");
        let short = before.strip_suffix(" | Long(\"").and_then(|before| {
            let (_, letter) = before.rsplit_once("Short('")?;
            letter.strip_suffix("')")?.parse().ok()
        });
        options.insert(long.to_owned(), short);
    }
    let shorts = text.matches("Short('").count();
    let paired = options.values().filter(|short| short.is_some()).count();
    assert_eq!(shorts, paired, "{name}: every short option has a long one");
    options
}

/// Options in a text like `-q, --jq FILTER` or `-h, --help, -V, --version`.
fn read_options(text: &str, options: &mut Options) {
    let mut short = None;
    for part in text.split(", ") {
        if let Some(long) = part.strip_prefix("--") {
            let (long, value) = long.split_once(' ').map_or((long, false), |(long, _)| (long, true));
            let before = options.insert(long.to_owned(), (short.take(), value));
            assert_eq!(before, None, "--{long} is there twice");
        } else {
            let letter = part.strip_prefix('-').and_then(|letter| letter.parse().ok());
            short = Some(letter.unwrap_or_else(|| panic!("no option: {part}")));
        }
    }
    assert_eq!(short, None, "{text}: a short option without a long one");
}

/// Options in the help text: lines that begin with one, up to the column of words.
fn helped(help: &str) -> Options {
    let mut options = Options::new();
    for line in help.lines().map(str::trim_start).filter(|line| line.starts_with('-')) {
        read_options(line.split("  ").next().unwrap_or(line), &mut options);
    }
    options
}

/// Options in the page: `.It Fl q , Fl -jq Ar filter`.
fn documented(page: &str) -> Options {
    let mut options = Options::new();
    for line in page.lines().filter_map(|line| line.strip_prefix(".It Fl ")) {
        let text = format!("-{}", line.replace(" , Fl ", ", -").replace(" Ar ", " "));
        read_options(text.split(" Oc").next().unwrap_or(&text), &mut options);
    }
    options
}

/// The page of a command.
fn page_of(name: &str) -> String {
    page(&format!("{name}.8"))
}

fn help(name: &str) -> String {
    let ran = run(command(name).arg("--help"));
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{name}: {ran:?}");
    ran.stdout
}

#[test]
fn parser_help_and_page_agree() {
    for name in commands() {
        let helped = helped(&help(&name));
        let shorts = |options: &Options| {
            options
                .iter()
                .map(|(long, (short, _))| (long.clone(), *short))
                .collect()
        };
        let in_help: BTreeMap<_, _> = shorts(&helped);
        assert_eq!(in_help, parsed(&name), "{name}: --help, the parser");
        assert_eq!(documented(&page_of(&name)), helped, "{name}: its page, --help");
    }
}

#[test]
fn help_fits_a_screen() {
    for name in commands() {
        let help = help(&name);
        let usage = help.lines().next().unwrap_or_default();
        assert!(
            usage.starts_with("Usage: ") && usage.contains(&format!("{name} ")),
            "{help}"
        );
        assert!(help.lines().count() <= 24, "{name}: {} lines", help.lines().count());
        for line in help.lines() {
            assert!(line.chars().count() <= 80, "{name}: {line}");
        }
    }
}

/// Exit codes that --help lists are those of the page, and the page's are all of sysexits or said to be jq's.
#[test]
fn exit_codes_agree() {
    for name in commands() {
        let page = page_of(&name);
        let help = help(&name);
        let status = help.split_once("\nExit").map_or("", |(_, status)| status);
        let codes = |text: &str| -> BTreeSet<u8> {
            let words = text.split(|c: char| !c.is_ascii_alphanumeric());
            words
                .filter(|word| word.len() != 1 || *word == "0")
                .filter_map(|word| word.parse().ok())
                .collect()
        };
        let section = page.split_once(".Sh EXIT STATUS").expect("EXIT STATUS").1;
        let section = section.split(".Sh ").next().expect("section");
        let listed: BTreeSet<u8> = section
            .lines()
            .filter_map(|line| line.strip_prefix(".It ")?.trim().parse().ok())
            .collect();
        let codes = codes(status);
        assert!(
            !codes.is_empty() && codes.is_subset(&listed),
            "{name}: {codes:?} in --help, {listed:?} on its page"
        );
    }
}

/// The command takes each option, with a value where --help shows one, and no other option.
#[test]
fn commands_take_their_options() {
    let machine = Folder::new();
    for name in commands() {
        let help = help(&name);
        let try_it = |arguments: &[&str]| run(command(&name).args(arguments).env("NBFT_ROOT", machine.path()));
        for unknown in ["--no-such-option", "-?"] {
            let ran = try_it(&[unknown]);
            assert_eq!(
                (ran.code, ran.stderr.contains("invalid option")),
                (Some(64), true),
                "{name}: {ran:?}"
            );
        }
        for (long, (short, value)) in helped(&help) {
            for option in [format!("--{long}")]
                .into_iter()
                .chain(short.map(|letter| format!("-{letter}")))
            {
                if value {
                    let ran = try_it(&[&option]);
                    assert_eq!(ran.code, Some(64), "{name} {option} wants a value: {ran:?}");
                    assert!(ran.stderr.contains("missing argument"), "{name} {option}: {ran:?}");
                } else if long != "version" {
                    let ran = try_it(&[&option, "--help"]);
                    assert_eq!(
                        (ran.code, ran.stdout == help),
                        (Some(0), true),
                        "{name} {option}: {ran:?}"
                    );
                }
            }
        }
        for version in ["--version", "-V"] {
            let ran = try_it(&[version]);
            assert_eq!(ran.stdout, format!("{name} {}\n", env!("CARGO_PKG_VERSION")), "{ran:?}");
        }
        // An argument after -- is no option. nbft-wait takes it for a device and must not wait for that device.
        let before: &[&str] = if name == "nbft-wait" { &["--timeout", "0"] } else { &[] };
        let ran = try_it(&[before, &["--", "--help"]].concat());
        assert_ne!(ran.stdout, help, "{name}: {ran:?}");
    }
}
