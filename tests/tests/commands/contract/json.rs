//! The JSON as a contract: nbft-json(5), its JSON Schema and what nbft-dump prints say the same.

use std::collections::{BTreeMap, BTreeSet};

use crate::support::manual::{keys, page};
use crate::support::{Folder, command, decoded, from_json, peer_tables, read, run, table};
use boon::{Compiler, SchemaIndex, Schemas};
use nbft_common::table::codes;
use nbft_tests::builder::{kinds, mutants, random};
use serde_json::{Value, json};

fn schema() -> Value {
    from_json(&read("man/nbft-json.schema.json"))
}

/// The names of a schema's array of names, or of its object's keys.
fn names(value: &Value) -> BTreeSet<&str> {
    match value {
        Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
        Value::Object(object) => object.keys().map(String::as_str).collect(),
        other => panic!("neither names nor keys: {other}"),
    }
}

#[test]
fn page_and_schema_name_the_same_keys() {
    let (page, schema) = (keys(), schema());
    let objects = schema["$defs"].as_object().expect("definitions");
    let objects: BTreeMap<_, _> = objects.iter().filter(|(_, def)| def["type"] == "object").collect();
    let all = |keys: BTreeSet<&str>| keys.into_iter().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(
        objects.keys().collect::<Vec<_>>(),
        page.keys().collect::<Vec<_>>().iter().collect::<Vec<_>>()
    );
    for (name, object) in objects {
        let keys = &page[name];
        let documented: BTreeSet<&str> = keys.iter().map(|key| key.name.as_str()).collect();
        assert_eq!(documented.len(), keys.len(), "{name}: a key is on the page twice");
        assert_eq!(all(documented), all(names(&object["properties"])), "{name}: keys");
        let always = keys.iter().filter(|key| !key.optional).map(|key| key.name.as_str());
        assert_eq!(
            all(always.collect()),
            all(names(&object["required"])),
            "{name}: required"
        );
        assert_eq!(object["additionalProperties"], json!(false), "{name}");
    }
}

/// A validator for the schema.
struct Validator {
    schemas: Schemas,
    index: SchemaIndex,
}

impl Validator {
    fn new() -> Self {
        let mut schemas = Schemas::new();
        let mut compiler = Compiler::new();
        compiler.enable_format_assertions();
        compiler.add_resource("nbft.json", schema()).expect("resource");
        let index = compiler.compile("nbft.json", &mut schemas);
        let index = index.unwrap_or_else(|error| panic!("the schema: {error:#}"));
        Self { schemas, index }
    }

    fn accepts(&self, document: &Value) -> bool {
        self.schemas.validate(document, self.index).is_ok()
    }

    #[track_caller]
    fn check(&self, name: &str, document: &Value) {
        if let Err(error) = self.schemas.validate(document, self.index) {
            panic!("{name}: {error:#}");
        }
    }
}

/// A validator that lets everything pass would prove nothing.
#[test]
fn schema_refuses_other_documents() {
    let validator = Validator::new();
    assert!(validator.accepts(&json!([])) && !validator.accepts(&json!({})));
    let table = decoded(&table("security-required")).expect("a good table");
    let table = serde_json::to_value(table).expect("JSON");
    validator.check("untouched", &json!([table]));
    let refused = |pointer: &str, change: &dyn Fn(&mut Value)| {
        let mut table = table.clone();
        change(table.pointer_mut(pointer).expect(pointer));
        assert!(!validator.accepts(&json!([table])), "{pointer}: {table}");
    };
    for pointer in ["", "/host", "/subsystem/0", "/hfi/0", "/discovery/0", "/security/0"] {
        refused(pointer, &|object| object["no_such_key"] = json!(1));
        for key in table.pointer(pointer).and_then(Value::as_object).expect(pointer).keys() {
            let path = format!("{pointer}/{key}");
            refused(&path, &|value| *value = json!(true));
            refused(&path, &|value| *value = Value::Null);
        }
    }
    refused("/hfi/0/ipaddr", &|value| *value = json!("192.0.2.300"));
    refused("/hfi/0/mac_addr", &|value| *value = json!("52-54-00-00-00-01"));
    refused("/hfi/0/dhcp_override", &|value| *value = json!(2));
    refused("/subsystem/0/nsid", &|value| *value = json!(4_294_967_296_u64));
    refused("/host/id", &|value| *value = json!(""));
}

/// The command prints keys in the page's order.
#[test]
fn keys_come_in_the_order_of_the_page() {
    let folder = Folder::new();
    let page = keys();
    for seed in 0..50 {
        let path = folder.file("NBFT", random(seed).build());
        let printed = run(command("nbft-dump").arg(&path)).stdout;
        // The object that the table's last key leads to, and how many of an object's keys are behind us.
        let mut inner = "host";
        let mut behind: BTreeMap<&str, usize> = BTreeMap::new();
        for line in printed.lines() {
            let text = line.trim_start();
            // Keys of a table are indented by two steps, others by more.
            let outer = line.len() - text.len() == 4;
            if let Some((key, _)) = text.strip_prefix('"').and_then(|text| text.split_once("\":")) {
                let object = if outer { "table" } else { inner };
                let from = behind.get(object).copied().unwrap_or_default();
                let at = page[object].iter().skip(from).position(|known| known.name == key);
                let at = at.unwrap_or_else(|| panic!("seed {seed}: {object}.{key} comes too late: {printed}"));
                behind.insert(object, from + at + 1);
                if outer {
                    inner = if key == "warnings" { "warning" } else { key };
                    inner = page.get_key_value(inner).map_or("", |(name, _)| name);
                }
            }
            if text.ends_with('{') {
                behind.remove(inner);
            }
        }
        assert_eq!(behind["table"], page["table"].len(), "seed {seed}: {printed}");
    }
}

/// The page's words for error codes are those of the text output.
#[test]
fn page_has_the_words_of_the_codes() {
    let text = page("nbft-json.5");
    let codes = text.split_once(".Ss Error codes").expect("section").1;
    let mut key = "";
    let mut found = BTreeMap::new();
    for line in codes.lines().take_while(|line| !line.starts_with(".El")) {
        let Some((name, rest)) = line.strip_prefix(".It ").and_then(|line| line.split_once(" Ta ")) else {
            continue;
        };
        let (code, words) = rest.split_once(" Ta ").expect("three columns");
        key = name.strip_prefix("Va ").unwrap_or(key);
        found.insert((key, code.parse::<u8>().expect("code")), words);
    }
    for code in 1..=255 {
        for (key, words) in [
            ("naed", codes::naed(code)),
            ("cipeec", codes::cipeec(code)),
            ("nceec", codes::nceec(code)),
        ] {
            assert_eq!(found.get(&(key, code)).copied(), words, "{key} {code}");
        }
    }
}

mod slow {
    use super::*;

    /// Random descriptions that are tried.
    const RANDOM: u64 = 2_000;
    /// Mutants of each kind of table.
    const MUTANTS: usize = 50;

    /// The objects of a table by the schema's names, and their contents.
    fn objects(table: &Value) -> Vec<(&str, &Value)> {
        let mut all = vec![("table", table)];
        for (key, value) in table.as_object().expect("a table") {
            let name = if key == "warnings" { "warning" } else { key };
            match value {
                Value::Object(_) => all.push((name, value)),
                Value::Array(items) => {
                    all.extend(items.iter().filter(|item| item.is_object()).map(|item| (name, item)))
                }
                _ => {}
            }
        }
        all
    }

    /// Tables of every kind, random ones, mutants, and those of real firmware: their names and their bytes.
    fn tables() -> impl Iterator<Item = (String, Vec<u8>)> {
        let kinds = || {
            kinds()
                .into_iter()
                .map(|(name, table)| (name.to_owned(), table.build()))
        };
        let random = (0..RANDOM).map(|seed| (format!("seed {seed}"), random(seed).build()));
        let small = kinds().filter(|(name, _)| name != "huge");
        let mutants = small.flat_map(|(name, bytes)| {
            let mutants: Vec<_> = mutants(&bytes, MUTANTS, 1).collect();
            mutants
                .into_iter()
                .map(move |bytes| (format!("mutant of {name}"), bytes))
        });
        let real = peer_tables().unwrap_or_default().into_iter().map(|folder| {
            let bytes = std::fs::read(folder.join("NBFT")).expect("NBFT");
            (folder.display().to_string(), bytes)
        });
        kinds().chain(random).chain(mutants).chain(real)
    }

    /// Every table's JSON is as the schema has it; and the schema has nothing that no table shows.
    #[test]
    fn every_dump_is_valid() {
        let validator = Validator::new();
        let mut objects_seen: BTreeMap<String, usize> = BTreeMap::new();
        let mut keys_seen: BTreeMap<(String, String), usize> = BTreeMap::new();
        for (name, bytes) in tables() {
            let Ok(table) = decoded(&bytes) else {
                continue;
            };
            let table = serde_json::to_value(table).expect("JSON");
            for (object, content) in objects(&table) {
                *objects_seen.entry(object.to_owned()).or_default() += 1;
                for key in content.as_object().expect("object").keys() {
                    *keys_seen.entry((object.to_owned(), key.clone())).or_default() += 1;
                }
            }
            validator.check(&name, &json!([table]));
        }
        for (object, keys) in keys() {
            let all = objects_seen.get(&object).copied().unwrap_or_default();
            for key in keys {
                let seen = keys_seen.get(&(object.clone(), key.name.clone()));
                let seen = seen.copied().unwrap_or_default();
                assert!(seen > 0, "{object}.{} is in no table", key.name);
                assert_eq!(seen < all, key.optional, "{object}.{}: {seen} of {all}", key.name);
            }
        }
    }
}
