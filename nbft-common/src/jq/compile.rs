//! From text to a program, with the position of errors.

use std::fmt;

use jaq_core::compile::Undefined;
use jaq_core::data::JustLut;
use jaq_core::load::lex::{Lexer, Token};
use jaq_core::load::parse::{Def, Parser, Term};
use jaq_core::load::{self, Arena, File, Loader};
use jaq_core::{Compiler, Filter};

use super::value::Value;
use super::{functions, library, order};

/// The reason why a program cannot be compiled, with its place: lines and columns count from 1, columns in characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// Line in the program.
    pub line: usize,
    /// Column in that line.
    pub column: usize,
    /// The mistake.
    pub message: String,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.line, self.column, self.message)
    }
}

impl std::error::Error for Error {}

/// The definition that the program becomes.
const MAIN: &str = "__main__";

/// Compiles a program that may use this library and these variables (`$name`).
pub(super) fn compile(code: &str, library: &str, variables: &[String]) -> Result<Filter<JustLut<Value>>, Error> {
    let body = parse(code)?;
    let library = library::needed_by(code, library);
    let Some(mut library) = load::parse(&library, |parser| parser.defs()) else {
        return Err(error(code, code, "its library does not parse"));
    };
    library
        .iter_mut()
        .for_each(|definition| order::rewrite(&mut definition.body));
    let main = Def {
        name: MAIN,
        args: Vec::new(),
        body,
    };
    let arena = Arena::default();
    let start = File { code: MAIN, path: () };
    let modules = Loader::new(library.into_iter().chain([main])).load(&arena, start);
    let Ok(modules) = modules else {
        return Err(error(code, code, "cannot be loaded"));
    };
    Compiler::default()
        .with_funs(functions::functions())
        .with_global_vars(variables.iter().map(String::as_str))
        .compile(modules)
        .map_err(|errors| {
            let errors = errors.into_iter().flat_map(|(_, errors)| errors);
            let errors = errors.map(|(name, what)| match what {
                Undefined::Filter(arity) => error(code, name, &format!("undefined function {name}/{arity}")),
                other => error(code, name, &format!("undefined {} {name}", other.as_str())),
            });
            first(code, errors)
        })
}

/// Deepest nesting of brackets. The parser recurses for each level; far more levels would overflow the stack, which ends
/// the process without a message.
const MAX_DEPTH: usize = 1000;

/// The place where a program nests too deeply. Brackets in strings count too: no program has so many.
fn too_deep(code: &str) -> Option<&str> {
    let mut depth = 0_usize;
    for (at, byte) in code.bytes().enumerate() {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_DEPTH {
            return code.get(at..);
        }
    }
    None
}

fn parse(code: &str) -> Result<Term<&str>, Error> {
    if let Some(at) = too_deep(code) {
        return Err(error(code, at, "nested too deeply"));
    }
    let tokens = Lexer::new(code).lex().map_err(|errors| {
        let errors = errors.into_iter();
        first(
            code,
            errors.map(|(expected, at)| error(code, at, &format!("expected {}", expected.as_str()))),
        )
    })?;
    if tokens.is_empty() {
        // As in jq, an empty program is the identity.
        return Ok(Term::Id);
    }
    let mut body = Parser::new(&tokens).parse(|parser| parser.term()).map_err(|errors| {
        let errors = errors.into_iter().map(|(expected, found)| {
            let what = match found {
                Some(Token(found, _)) => format!("`{}`", found.chars().take(20).collect::<String>()),
                None => "the end".to_owned(),
            };
            let message = format!("expected {}, found {what}", expected.as_str());
            error(code, Token::opt_as_str(found, code), &message)
        });
        first(code, errors)
    })?;
    order::rewrite(&mut body);
    Ok(body)
}

/// The error that comes first in the program.
fn first(code: &str, errors: impl Iterator<Item = Error>) -> Error {
    errors
        .min_by_key(|error| (error.line, error.column))
        .unwrap_or_else(|| error(code, code, "wrong"))
}

/// An error at this part of the program.
fn error(code: &str, part: &str, message: &str) -> Error {
    let offset = (part.as_ptr() as usize).wrapping_sub(code.as_ptr() as usize);
    let before = code.get(..offset).unwrap_or(code);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    Error {
        line: before.matches('\n').count() + 1,
        column: before.get(line_start..).unwrap_or_default().chars().count() + 1,
        message: message.to_owned(),
    }
}
