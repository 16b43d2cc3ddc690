//! Terms that mean something else to jaq-core than to jq, in terms that mean the same to both.
//!
//! - `(1, 2) + (10, 20)` is 11, 12, 21, 22 in jq: the right side is the outer loop. In jaq-core the right side is the
//!   inner loop, so such a term becomes `right as $x | left + $x`, with a variable name that no program can contain. The
//!   same goes for the parts of a string.
//! - An update is a loop over paths in jq: `paths |= f` becomes a call of `modify`, `paths = f` one of `assign`, both in
//!   `paths.rs`, and `paths += f` is `f as $x | paths |= . + $x`.
//! - The state of `reduce` and `foreach` is the last result of the update, or null without one. jaq-core goes on with each
//!   result by itself. Where there may be several results, or none, the state becomes the array of them.
//! - A definition that calls itself begins with a call of `guard`, which keeps recursion within bounds.

use jaq_core::load::lex::StrPart;
use jaq_core::load::parse::{BinaryOp, Def, Pattern, Term};
use jaq_core::ops::Math;
use jaq_core::path::{Opt, Part, Path};

/// A variable, and functions in Rust. No program can contain such names.
const RIGHT: &str = "$ right";
const VALUES: &[&str] = &["$ 0", "$ 1", "$ 2", "$ 3", "$ 4", "$ 5", "$ 6", "$ 7"];
pub(super) const MODIFY: &str = " modify";
pub(super) const ASSIGN: &str = " assign";
pub(super) const GUARD: &str = " guard";

/// Most definitions inside of each other. The compiler's memory grows with the square of their number.
const MAX_DEPTH: usize = 1000;

type T<'s> = Term<&'s str>;

/// Rewrites terms and definitions.
#[derive(Default)]
pub(super) struct Rewriter<'s> {
    /// The definitions around the term: name, number of arguments, whether it is called inside of itself.
    inside: Vec<(&'s str, usize, bool)>,
    /// Whether any definition is called inside of itself.
    pub(super) recursive: bool,
    /// A definition inside of more others than the compiler has memory for.
    pub(super) too_deep: Option<&'s str>,
}

impl<'s> Rewriter<'s> {
    /// Rewrites a term and all terms in it.
    pub(super) fn rewrite(&mut self, term: &mut T<'s>) {
        self.children(term);
        match term {
            Term::Str(..) => parts_in_order(term),
            Term::Obj(_) => entries_in_order(term),
            Term::BinOp(left, operator @ (BinaryOp::Math(_) | BinaryOp::Cmp(_)), right)
                if !single(left) && !single(right) =>
            {
                let left = binary(std::mem::take(&mut **left), operator.clone(), Term::Var(RIGHT));
                *term = bound(std::mem::take(&mut **right), left);
            }
            Term::BinOp(paths, operator, value) => {
                let operator = match operator {
                    BinaryOp::Update => None,
                    BinaryOp::UpdateMath(math) => Some(BinaryOp::Math(*math)),
                    BinaryOp::UpdateAlt => Some(BinaryOp::Alt),
                    BinaryOp::Assign => {
                        let arguments = vec![std::mem::take(&mut **paths), std::mem::take(&mut **value)];
                        *term = Term::Call(ASSIGN, arguments);
                        return;
                    }
                    _ => return,
                };
                let (paths, value) = (std::mem::take(&mut **paths), std::mem::take(&mut **value));
                *term = match operator {
                    None => Term::Call(MODIFY, vec![paths, value]),
                    Some(operator) => {
                        let update = binary(Term::Id, operator, Term::Var(RIGHT));
                        bound(value, Term::Call(MODIFY, vec![paths, update]))
                    }
                };
            }
            Term::Fold(name, _, _, rest) => {
                let (reduce, mut rest_iter) = (*name == "reduce", std::mem::take(rest).into_iter());
                match (rest_iter.next(), rest_iter.next()) {
                    (Some(start), Some(update)) if !single(&update) => {
                        let update = binary(index("-1"), BinaryOp::Pipe(None), update);
                        rest.extend([array(Term::Var(RIGHT)), array(update)]);
                        if reduce {
                            let fold = std::mem::take(term);
                            *term = bound(start, binary(fold, BinaryOp::Pipe(None), index("-1")));
                        } else {
                            let each =
                                Term::Path(Box::default(), Path(vec![(Part::Range(None, None), Opt::Essential)]));
                            rest.push(match rest_iter.next() {
                                Some(last) => binary(each, BinaryOp::Pipe(None), last),
                                None => each,
                            });
                            *term = bound(start, std::mem::take(term));
                        }
                    }
                    (start, update) => rest.extend(start.into_iter().chain(update).chain(rest_iter)),
                }
            }
            _ => {}
        }
    }

    fn children(&mut self, term: &mut T<'s>) {
        match term {
            Term::Id | Term::Recurse | Term::Num(_) | Term::Var(_) | Term::Break(_) => {}
            Term::Str(_, parts) => parts.iter_mut().for_each(|part| {
                if let StrPart::Term(term) = part {
                    self.rewrite(term);
                }
            }),
            Term::Arr(inner) => inner.iter_mut().for_each(|inner| self.rewrite(inner)),
            Term::Neg(inner) | Term::Label(_, inner) => self.rewrite(inner),
            Term::Obj(entries) => entries.iter_mut().for_each(|(key, value)| {
                self.rewrite(key);
                value.iter_mut().for_each(|value| self.rewrite(value));
            }),
            Term::BinOp(left, operator, right) => {
                self.rewrite(left);
                if let BinaryOp::Pipe(Some(pattern)) = operator {
                    self.in_pattern(pattern);
                }
                self.rewrite(right);
            }
            Term::Fold(_, items, pattern, rest) => {
                self.rewrite(items);
                self.in_pattern(pattern);
                rest.iter_mut().for_each(|rest| self.rewrite(rest));
            }
            Term::TryCatch(tried, caught) => {
                self.rewrite(tried);
                caught.iter_mut().for_each(|caught| self.rewrite(caught));
            }
            Term::IfThenElse(cases, otherwise) => {
                for (condition, then) in cases {
                    self.rewrite(condition);
                    self.rewrite(then);
                }
                otherwise.iter_mut().for_each(|otherwise| self.rewrite(otherwise));
            }
            Term::Def(definitions, rest) => {
                definitions
                    .iter_mut()
                    .for_each(|definition| self.definition(definition));
                self.rewrite(rest);
            }
            Term::Call(name, arguments) => {
                let called = |(own, count, _): &&mut (&str, usize, bool)| own == name && *count == arguments.len();
                let called = self.inside.iter_mut().rev().find(called);
                let again = called.is_some();
                self.recursive |= again;
                if let Some((.., called)) = called {
                    *called = true;
                }
                for argument in arguments {
                    self.rewrite(argument);
                    // Each call of itself may add a layer to the argument.
                    if again && !matches!(argument, Term::Call(_, none) if none.is_empty()) {
                        guard(argument);
                    }
                }
            }
            Term::Path(start, path) => {
                self.rewrite(start);
                for (part, _) in &mut path.0 {
                    match part {
                        Part::Index(index) => self.rewrite(index),
                        Part::Range(from, to) => from.iter_mut().chain(to).for_each(|bound| self.rewrite(bound)),
                    }
                }
            }
        }
    }

    /// Rewrites a definition.
    pub(super) fn definition(&mut self, Def { name, args, body }: &mut Def<&'s str>) {
        self.inside.push((name, args.len(), false));
        if self.inside.len() > MAX_DEPTH {
            self.too_deep.get_or_insert(name);
        }
        self.rewrite(body);
        if let Some((.., true)) = self.inside.pop() {
            guard(body);
        }
    }

    fn in_pattern(&mut self, pattern: &mut Pattern<&'s str>) {
        match pattern {
            Pattern::Var(_) => {}
            Pattern::Arr(patterns) => patterns.iter_mut().for_each(|pattern| self.in_pattern(pattern)),
            Pattern::Obj(entries) => entries.iter_mut().for_each(|(key, pattern)| {
                self.rewrite(key);
                self.in_pattern(pattern);
            }),
        }
    }
}

/// Makes the first one of several parts of a string the inner loop.
fn parts_in_order(term: &mut T<'_>) {
    let several = |part: &StrPart<&str, T>| matches!(part, StrPart::Term(term) if !single(term));
    let Term::Str(format, parts) = term else { return };
    // From the end: each part that may have several results splits the string into a sum of two.
    let (Some(first), Some(last)) = (parts.iter().position(several), parts.iter().rposition(several)) else {
        return;
    };
    if first < last {
        let right = Term::Str(*format, parts.split_off(last));
        let mut left = std::mem::take(term);
        parts_in_order(&mut left);
        *term = bound(right, binary(left, BinaryOp::Math(Math::Add), Term::Var(RIGHT)));
    }
}

/// Evaluates the keys and values of an object from the first to the last: jaq-core drops the error of one if a later one
/// has no result.
fn entries_in_order(term: &mut T<'_>) {
    let Term::Obj(entries) = term else { return };
    let parts = entries
        .iter_mut()
        .flat_map(|(key, value)| std::iter::once(key).chain(value));
    let several: Vec<&mut T> = parts.filter(|part| !single(part)).collect();
    if several.len() < 2 || several.len() > VALUES.len() {
        return;
    }
    let mut values = Vec::new();
    for (part, name) in several.into_iter().zip(VALUES) {
        values.push((std::mem::replace(part, Term::Var(name)), *name));
    }
    for (value, name) in values.into_iter().rev() {
        let object = std::mem::take(term);
        *term = binary(value, BinaryOp::Pipe(Some(Pattern::Var(name))), object);
    }
}

fn binary<'s>(left: T<'s>, operator: BinaryOp<&'s str>, right: T<'s>) -> T<'s> {
    Term::BinOp(Box::new(left), operator, Box::new(right))
}

/// `value as $x | then`.
fn bound<'s>(value: T<'s>, then: T<'s>) -> T<'s> {
    binary(value, BinaryOp::Pipe(Some(Pattern::Var(RIGHT))), then)
}

fn array(inner: T<'_>) -> T<'_> {
    Term::Arr(Some(Box::new(inner)))
}
/// `.[index]`.
fn index(index: &str) -> T<'_> {
    let part = Part::Index(Term::Num(index));
    Term::Path(Box::default(), Path(vec![(part, Opt::Essential)]))
}

/// Makes the term fail where recursion has reached a bound.
fn guard(term: &mut T<'_>) {
    let guarded = std::mem::take(term);
    *term = binary(Term::Call(GUARD, Vec::new()), BinaryOp::Pipe(None), guarded);
}

/// Whether a term is known to have one result, or an error. The frequent cases are enough: a term in doubt is only slower.
fn single(term: &T) -> bool {
    match term {
        Term::Id | Term::Num(_) | Term::Var(_) | Term::Arr(_) => true,
        Term::Str(_, parts) => parts
            .iter()
            .all(|part| !matches!(part, StrPart::Term(term) if !single(term))),
        Term::Neg(term) => single(term),
        Term::Obj(entries) => entries
            .iter()
            .all(|(key, value)| single(key) && value.iter().all(single)),
        Term::BinOp(_, BinaryOp::Comma | BinaryOp::Pipe(Some(Pattern::Arr(_) | Pattern::Obj(_))), _) => false,
        Term::BinOp(left, _, right) => single(left) && single(right),
        Term::IfThenElse(cases, otherwise) => {
            let otherwise = otherwise.as_ref().is_none_or(|otherwise| single(otherwise));
            otherwise && cases.iter().all(|(condition, then)| single(condition) && single(then))
        }
        Term::Path(term, path) => {
            let one = |part: &(Part<T>, Opt)| matches!(part, (Part::Index(index), Opt::Essential) if single(index));
            single(term) && path.0.iter().all(one)
        }
        Term::Call(MODIFY, _) => true,
        Term::Call(ASSIGN, arguments) => arguments.last().is_some_and(single),
        Term::Call(name, _) => name.starts_with('@'),
        _ => false,
    }
}
