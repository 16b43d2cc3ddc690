//! Values at paths: set, deleted, updated. Each update of jq comes to these: `rewrite.rs` sees to it.

use jaq_core::box_iter::box_once;
use jaq_core::data::JustLut;
use jaq_core::{Cv, Exn, ValR, ValT as _, ValXs};

use super::limits::MAX_LEVELS;
use super::operators::order_all;
use super::value::{Value, fail};

type D = JustLut<Value>;

/// The value with another one at this path.
pub(super) fn set(value: Value, path: &Value, new: Value) -> ValR<Value> {
    let Value::Array(path) = path else {
        return fail("Path must be specified as an array");
    };
    if path.len() > MAX_LEVELS as usize {
        return fail("Path too deep");
    }
    set_at(value, path, new)
}

fn set_at(value: Value, path: &[Value], new: Value) -> ValR<Value> {
    let Some((key, rest)) = path.split_first() else {
        return Ok(new);
    };
    let child = value.clone().index(key)?;
    if rest.is_empty() {
        return value.set(key, new);
    }
    // The child must have one owner only: then it is changed in place.
    let value = match key {
        Value::Object(_) => value,
        _ => value.set(key, Value::Null)?,
    };
    value.set(key, set_at(child, rest, new)?)
}

/// The value without what is at these paths; a path that leads nowhere is no error.
pub(super) fn delete(value: Value, paths: Value) -> ValR<Value> {
    let Value::Array(paths) = paths else {
        return fail("Paths must be specified as an array");
    };
    let mut keys: Vec<&[Value]> = Vec::new();
    for path in paths.iter() {
        match path {
            Value::Array(path) if path.len() > MAX_LEVELS as usize => return fail("Path too deep"),
            Value::Array(path) => keys.push(path),
            other => return fail(format_args!("Path must be specified as array, not {}", other.kind())),
        }
    }
    keys.sort_by(|left, right| order_all(left.iter(), right.iter()));
    match keys.first() {
        None => Ok(value),
        Some([]) => Ok(Value::Null),
        Some(_) => delete_sorted(value, &keys, 0),
    }
}

/// Deletes at paths that have a key at this depth, and the same keys before it.
fn delete_sorted(mut value: Value, paths: &[&[Value]], depth: usize) -> ValR<Value> {
    let mut gone = Vec::new();
    for same in paths.chunk_by(|left, right| left.get(depth) == right.get(depth)) {
        // The shortest of the paths is the first one: if it ends here, all that the others name goes too.
        let Some((path, key)) = same.first().and_then(|path| Some((path, path.get(depth)?))) else {
            continue;
        };
        if path.len() == depth + 1 {
            gone.push(key);
            continue;
        }
        let child = value.clone().index(key)?;
        if !matches!(child, Value::Null) {
            value = value.set(key, delete_sorted(child, same, depth + 1)?)?;
        }
    }
    value.without(&gone)
}

/// `paths |= update`: the first result of the update replaces the value. Without a result, the path is deleted after all
/// others have been updated.
pub(super) fn modify(mut cv: Cv<'_, D>) -> ValXs<'_, Value> {
    let (update, context) = cv.0.pop_fun();
    update_all(cv, |old| update.run((context.clone(), old)).next().transpose())
}

/// `paths = value`.
pub(super) fn assign(mut cv: Cv<'_, D>) -> ValXs<'_, Value> {
    let new = cv.0.pop_var();
    update_all(cv, |_| Ok(Some(new.clone())))
}

/// Updates the value at each path that the last argument gives for the input.
fn update_all<'a>(
    (mut context, input): Cv<'a, D>,
    mut update: impl FnMut(Value) -> Result<Option<Value>, Exn<'a, Value>>,
) -> ValXs<'a, Value> {
    let (paths, context) = context.pop_fun();
    let mut all = || {
        let mut value = input.clone();
        let mut gone = Vec::new();
        for found in paths.paths((context.clone(), (input.clone(), Default::default()))) {
            let mut path: Vec<Value> = found?.1.iter().cloned().collect();
            path.reverse();
            let old = path.iter().try_fold(value.clone(), |value, key| value.index(key))?;
            let path = Value::array(path);
            match update(old)? {
                Some(new) => value = set(value, &path, new)?,
                None => gone.push(path),
            }
        }
        Ok(delete(value, Value::array(gone))?)
    };
    box_once(all())
}
