//! The manual pages.

use std::collections::BTreeMap;

use super::read;

/// A page of the manual: `nbft-json.5`.
pub fn page(name: &str) -> String {
    read(&format!("man/{name}"))
}

/// A key of nbft-dump's JSON that nbft-json(5) names.
pub struct Key {
    pub name: String,
    pub optional: bool,
}

/// The keys of nbft-json(5) in its order, by object, under the schema's names of the objects.
pub fn keys() -> BTreeMap<String, Vec<Key>> {
    let text = page("nbft-json.5");
    let mut objects = BTreeMap::new();
    let mut object = String::new();
    for line in text.lines().take_while(|line| *line != ".Ss Error codes") {
        if let Some(heading) = line.strip_prefix(".Ss ") {
            object = match heading {
                "Tables" => "table",
                "warnings" => "warning",
                other => other,
            }
            .to_owned();
        } else if let Some((name, kind)) = line.strip_prefix(".It Va ").and_then(|rest| rest.split_once(" Pq ")) {
            let optional = kind.starts_with("optional ");
            let name = name.to_owned();
            objects
                .entry(object.clone())
                .or_insert_with(Vec::new)
                .push(Key { name, optional });
        }
    }
    objects
}
