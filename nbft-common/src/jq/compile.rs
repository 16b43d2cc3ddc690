//! From text to a program, with the position of errors.

use std::fmt;

use jaq_core::compile::Undefined;
use jaq_core::data::JustLut;
use jaq_core::load::lex::{Lexer, Token};
use jaq_core::load::parse::{Def, Parser, Term};
use jaq_core::load::{self, Arena, File, Loader};
use jaq_core::{Compiler, Filter};

use super::rewrite::Rewriter;
use super::source::Source;
use super::value::Value;
use super::{Library, RunError, functions, library};

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

impl Error {
    /// An error about the whole program.
    pub(super) fn of(error: RunError) -> Self {
        Self {
            line: 1,
            column: 1,
            message: error.0,
        }
    }
}

/// The definition that the program becomes.
const MAIN: &str = "__main__";

/// Longest program, in bytes: the stack must do for one in which each byte is a term inside of the one before it.
const LONGEST: usize = 32 << 10;

/// Parts of jq that these filters leave out. nbft-dump(8) has the same list.
const LEFT_OUT: &str = "match test capture scan split/2 splits sub gsub \
    now mktime gmtime localtime strftime strflocaltime strptime todate fromdate date dateadd datesub \
    fromdateiso8601 todateiso8601 dateiso8601 \
    input inputs input_filename input_line_number debug stderr env halt halt_error $ENV $__loc__ $__prog_args \
    modulemeta get_search_list get_jq_origin get_prog_origin builtins \
    acos acosh asin asinh atan atan2 atanh cbrt copysign cos cosh drem erf erfc exp exp10 exp2 expm1 fdim fma fmax fmin fmod \
    frexp gamma hypot j0 j1 jn ldexp lgamma lgamma_r log log10 log1p log2 logb modf nearbyint nextafter nexttoward pow \
    pow10 remainder rint scalb scalbln significand sin sinh tan tanh tgamma trunc y0 y1 yn \
    @base32 @base32d";

/// Compiles a program that may use this library and these variables (`$name`). Gives whether it recurses, too.
pub(super) fn compile(
    code: &str,
    library: &Library,
    variables: &[String],
) -> Result<(Filter<JustLut<Value>>, bool), Error> {
    let source = &Source::new(code);
    let mut body = parse(source)?;
    let library = library::needed_by(code, library);
    let Some(mut library) = load::parse(&library, |parser| parser.defs()) else {
        return Err(error(source, &source.text, "its library does not parse"));
    };
    let mut rewriter = Rewriter::default();
    rewriter.rewrite(&mut body);
    if let Some(deepest) = rewriter.too_deep {
        return Err(error(source, deepest, "nested too deeply"));
    }
    library
        .iter_mut()
        .for_each(|definition| rewriter.definition(definition));
    let main = Def {
        name: MAIN,
        args: Vec::new(),
        body,
    };
    let arena = Arena::default();
    let start = File { code: MAIN, path: () };
    let modules = Loader::new(library.into_iter().chain([main])).load(&arena, start);
    let Ok(modules) = modules else {
        return Err(error(source, &source.text, "cannot be loaded"));
    };
    Compiler::default()
        .with_funs(functions::functions())
        .with_global_vars(variables.iter().map(String::as_str))
        .compile(modules)
        .map(|filter| (filter, rewriter.recursive))
        .map_err(|errors| {
            let errors = errors.into_iter().flat_map(|(_, errors)| errors);
            first(source, errors.map(|(name, what)| undefined(source, name, &what)))
        })
}

fn undefined(source: &Source, name: &str, what: &Undefined) -> Error {
    let call = match what {
        Undefined::Filter(arity) => format!("{name}/{arity}"),
        _ => name.to_owned(),
    };
    if LEFT_OUT.split(' ').any(|left_out| left_out == name || left_out == call) {
        return left_out(source, name, &call);
    }
    match what {
        Undefined::Filter(_) => error(source, name, format!("undefined function {call}")),
        other => error(source, name, format!("undefined {} {name}", other.as_str())),
    }
}

fn left_out(source: &Source, place: &str, what: &str) -> Error {
    error(source, place, format!("{what} is left out of this jq"))
}

/// Deepest nesting of brackets. The parser recurses for each level.
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

fn parse<'a>(source: &'a Source) -> Result<Term<&'a str>, Error> {
    let code = &*source.text;
    if let Some(at) = too_deep(code) {
        return Err(error(source, at, "nested too deeply"));
    }
    if code.len() > LONGEST {
        return Err(error(source, code, format!("longer than {} KiB", LONGEST >> 10)));
    }
    let tokens = Lexer::new(code).lex().map_err(|errors| {
        let errors = errors.into_iter();
        first(
            source,
            errors.map(|(expected, at)| error(source, at, format!("expected {}", expected.as_str()))),
        )
    })?;
    if let Some(Token(word @ ("import" | "include" | "module"), _)) = tokens.first() {
        return Err(left_out(source, word, word));
    }
    Parser::new(&tokens).parse(|parser| parser.term()).map_err(|errors| {
        let errors = errors.into_iter().map(|(expected, found)| {
            let place = Token::opt_as_str(found, code);
            let what = match found {
                Some(Token("?", _)) if rest(code, place).starts_with("?//") => {
                    return left_out(source, place, "?//");
                }
                Some(Token(found, _)) => format!("`{}`", found.chars().take(20).collect::<String>()),
                None => "the end".to_owned(),
            };
            error(source, place, format!("expected {}, found {what}", expected.as_str()))
        });
        first(source, errors)
    })
}

/// The code from the beginning of this part on.
fn rest<'a>(code: &'a str, part: &str) -> &'a str {
    let offset = (part.as_ptr() as usize).wrapping_sub(code.as_ptr() as usize);
    code.get(offset..).unwrap_or_default()
}

/// The error that comes first in the program.
fn first(source: &Source, errors: impl Iterator<Item = Error>) -> Error {
    errors
        .min_by_key(|error| (error.line, error.column))
        .unwrap_or_else(|| error(source, &source.text, "wrong"))
}

/// An error at this part of the program.
fn error(source: &Source, part: &str, message: impl Into<String>) -> Error {
    let code = source.original;
    let before = code.get(..source.offset(part)).unwrap_or(code);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    Error {
        line: before.matches('\n').count() + 1,
        column: before.get(line_start..).unwrap_or_default().chars().count() + 1,
        message: message.into(),
    }
}
