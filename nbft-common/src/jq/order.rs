//! jq's order of results where both sides of an operator, or several parts of a string, have several results.
//!
//! `(1, 2) + (10, 20)` is 11, 12, 21, 22 in jq: the right side is the outer loop. In jaq-core the right side is the inner
//! loop, so such a term becomes `right as $x | left + $x`, with a variable name that no program can contain.

use jaq_core::load::lex::StrPart;
use jaq_core::load::parse::{BinaryOp, Def, Pattern, Term};
use jaq_core::path::Part;

const RIGHT: &str = "$ right";

type T<'s> = Term<&'s str>;

/// Rewrites a term and all terms in it.
pub(super) fn rewrite(term: &mut T) {
    children(term);
    match term {
        Term::Str(format, parts) => {
            // From the end: a part that may have several results splits the string into a sum of two.
            let several = |part: &StrPart<&str, T>| matches!(part, StrPart::Term(term) if !single(term));
            let (Some(first), Some(last)) = (parts.iter().position(several), parts.iter().rposition(several)) else {
                return;
            };
            if first < last {
                let right = Term::Str(*format, parts.split_off(last));
                let mut left = std::mem::take(term);
                rewrite(&mut left);
                *term = swapped(left, BinaryOp::Math(jaq_core::ops::Math::Add), right);
            }
        }
        Term::BinOp(left, BinaryOp::Math(_) | BinaryOp::Cmp(_), right) if !single(left) && !single(right) => {
            if let Term::BinOp(left, operator, right) = std::mem::take(term) {
                *term = swapped(*left, operator, *right);
            }
        }
        _ => {}
    }
}

fn swapped<'s>(left: T<'s>, operator: BinaryOp<&'s str>, right: T<'s>) -> T<'s> {
    let inner = Term::BinOp(Box::new(left), operator, Box::new(Term::Var(RIGHT)));
    let bind = BinaryOp::Pipe(Some(Pattern::Var(RIGHT)));
    Term::BinOp(Box::new(right), bind, Box::new(inner))
}

/// Whether a term is known to have one result at most. The cheap cases are enough: a term in doubt is only slower.
fn single(term: &T) -> bool {
    match term {
        Term::Id | Term::Num(_) | Term::Var(_) | Term::Arr(_) => true,
        Term::Str(_, parts) => parts
            .iter()
            .all(|part| !matches!(part, StrPart::Term(term) if !single(term))),
        Term::Neg(term) => single(term),
        Term::BinOp(left, BinaryOp::Math(_) | BinaryOp::Cmp(_) | BinaryOp::Pipe(_), right) => {
            single(left) && single(right)
        }
        Term::Path(term, path) => {
            let one = |part: &Part<T>| matches!(part, Part::Index(index) if single(index));
            single(term) && path.0.iter().all(|(part, _)| one(part))
        }
        Term::Call(name, _) => name.starts_with('@'),
        _ => false,
    }
}

fn children(term: &mut T) {
    match term {
        Term::Id | Term::Recurse | Term::Num(_) | Term::Var(_) | Term::Break(_) => {}
        Term::Str(_, parts) => parts.iter_mut().for_each(|part| {
            if let StrPart::Term(term) = part {
                rewrite(term);
            }
        }),
        Term::Arr(inner) => inner.iter_mut().for_each(|inner| rewrite(inner)),
        Term::Neg(inner) | Term::Label(_, inner) => rewrite(inner),
        Term::Obj(entries) => entries.iter_mut().for_each(|(key, value)| {
            rewrite(key);
            value.iter_mut().for_each(rewrite);
        }),
        Term::BinOp(left, operator, right) => {
            rewrite(left);
            if let BinaryOp::Pipe(Some(pattern)) = operator {
                in_pattern(pattern);
            }
            rewrite(right);
        }
        Term::Fold(_, items, pattern, rest) => {
            rewrite(items);
            in_pattern(pattern);
            rest.iter_mut().for_each(rewrite);
        }
        Term::TryCatch(tried, caught) => {
            rewrite(tried);
            caught.iter_mut().for_each(|caught| rewrite(caught));
        }
        Term::IfThenElse(cases, otherwise) => {
            for (condition, then) in cases {
                rewrite(condition);
                rewrite(then);
            }
            otherwise.iter_mut().for_each(|otherwise| rewrite(otherwise));
        }
        Term::Def(definitions, rest) => {
            let bodies = definitions.iter_mut().map(|Def { body, .. }| body);
            bodies.for_each(rewrite);
            rewrite(rest);
        }
        Term::Call(_, arguments) => arguments.iter_mut().for_each(rewrite),
        Term::Path(start, path) => {
            rewrite(start);
            for (part, _) in &mut path.0 {
                match part {
                    Part::Index(index) => rewrite(index),
                    Part::Range(from, to) => from.iter_mut().chain(to).for_each(rewrite),
                }
            }
        }
    }
}

fn in_pattern(pattern: &mut Pattern<&str>) {
    match pattern {
        Pattern::Var(_) => {}
        Pattern::Arr(patterns) => patterns.iter_mut().for_each(in_pattern),
        Pattern::Obj(entries) => entries.iter_mut().for_each(|(key, pattern)| {
            rewrite(key);
            in_pattern(pattern);
        }),
    }
}
