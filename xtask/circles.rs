//! Files of a room that name each other in a circle: none of them can be read, tested or moved without the others. A file may
//! name its own parts and its parts may name it (`turn.rs` and `turn/…`): that is one thing in several files.

use std::collections::{BTreeMap, BTreeSet};

/// More files than this in one circle are a knot.
pub(crate) const CIRCLE_MAX: usize = 3;

/// Each file's module, and the modules of the room that it names.
pub(crate) type Named = BTreeMap<String, BTreeSet<String>>;

/// `files` are modules by their path within the room (`turn::sealing`), with their text.
pub(crate) fn named(files: &BTreeMap<String, String>) -> Named {
    let mut out = Named::new();
    for (module, text) in files {
        let code = code_of(text);
        let mut paths = Vec::new();
        for (word, base) in [("crate::", Vec::new()), ("super::", parent(module)), ("self::", segments(module))] {
            for (at, _) in code.match_indices(word) {
                let before = code[..at].chars().next_back();
                if !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':') {
                    read_paths(&code[at + word.len()..], &base, &mut paths);
                }
            }
        }
        let whole = paths.iter().filter_map(|path| longest(files, path));
        let others = whole.filter(|name| name != module && !module.starts_with(&format!("{name}::")));
        out.insert(module.clone(), others.collect());
    }
    out
}

/// Without what is said about it, and without its tests.
fn code_of(text: &str) -> String {
    let text = text.split("\n#[cfg(test)]\n").next().unwrap_or_default();
    text.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

fn segments(module: &str) -> Vec<String> {
    module.split("::").map(str::to_owned).collect()
}

fn parent(module: &str) -> Vec<String> {
    let mut path = segments(module);
    path.pop();
    path
}

/// The paths of one `use` tree or expression: `a::b`, or `{a, b::{c, d}}`. Returns how far it was read.
fn read_paths(code: &str, base: &[String], out: &mut Vec<Vec<String>>) -> usize {
    let (mut path, mut word, mut at) = (base.to_vec(), String::new(), 0);
    while let Some(c) = code[at..].chars().next() {
        if c.is_alphanumeric() || c == '_' {
            word.push(c);
            at += c.len_utf8();
        } else if code[at..].starts_with("::") {
            path.push(std::mem::take(&mut word));
            at += 2;
        } else if c == '{' && word.is_empty() {
            at += 1;
            while !code[at..].trim_start().starts_with('}') && at < code.len() {
                at += code[at..].len() - code[at..].trim_start().len();
                at += read_paths(&code[at..], &path, out);
                let rest = code[at..].trim_start();
                at = code.len() - rest.strip_prefix(',').unwrap_or(rest).len();
                if !rest.starts_with([',', '}']) {
                    // Something that no path has: `as`, an operator.
                    return code.len() - code[at..].trim_start_matches(|c: char| c != ',' && c != '}').len();
                }
            }
            return code.len() - code[at..].trim_start().strip_prefix('}').unwrap_or_default().len();
        } else {
            break;
        }
    }
    path.push(word);
    out.push(path);
    at
}

fn longest(files: &BTreeMap<String, String>, path: &[String]) -> Option<String> {
    (1..=path.len()).rev().map(|many| path[..many].join("::")).find(|name| files.contains_key(name))
}

/// Circles of more than `most` files, each with its files in order.
pub(crate) fn circles(named: &Named, most: usize) -> Vec<Vec<String>> {
    let reached: BTreeMap<&String, BTreeSet<&String>> = named.keys().map(|from| (from, reached_from(named, from))).collect();
    let mut out = BTreeSet::new();
    for (one, all) in &reached {
        let circle: Vec<String> = all
            .iter()
            .filter(|other| reached.get(*other).is_some_and(|back| back.contains(one)))
            .map(|name| (*name).clone())
            .collect();
        if most < circle.len() {
            out.insert(circle);
        }
    }
    out.into_iter().collect()
}

fn reached_from<'a>(named: &'a Named, from: &'a String) -> BTreeSet<&'a String> {
    let (mut out, mut left) = (BTreeSet::new(), vec![from]);
    while let Some(next) = left.pop() {
        for other in named.get(next).into_iter().flatten() {
            if out.insert(other) {
                left.push(other);
            }
        }
    }
    out
}

/// Functions longer than this hide what they do.
pub(crate) const FUNCTION_MAX: usize = 100;

/// Names and lengths of longer functions, as rustfmt lays them out: one ends where a brace stands under its first word.
pub(crate) fn long_functions(text: &str, most: usize) -> Vec<(String, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut out = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let Some((before, rest)) = line.split_once("fn ") else { continue };
        let words_only = before.chars().all(|c| c.is_ascii_alphanumeric() || " ()_:".contains(c));
        if !words_only || line.trim_end().ends_with(['}', ';']) {
            continue;
        }
        let indent = &line[..line.len() - line.trim_start().len()];
        let end = format!("{indent}}}");
        let length = lines[at..].iter().position(|line| line.trim_end() == end).map_or(0, |last| last + 1);
        if most < length {
            out.push((rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect(), length));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(all: &[(&str, &str)]) -> BTreeMap<String, String> {
        all.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
    }

    #[test]
    fn a_planted_circle_is_found_and_a_file_and_its_parts_are_none() {
        let knot = files(&[
            ("a", "use crate::{b::{self, Thing}, other};\n"),
            ("b", "// crate::a is only spoken of\nuse std::fmt;\nfn f() { crate::c::g(1) }\n"),
            ("c", "use crate::d;\n#[cfg(test)]\nmod tests { use crate::e; }\n"),
            ("d", "use crate::{\n    other,\n    a::A,\n};\n"),
            ("other", ""),
            ("e", "use self::part::P;\n"),
            ("e::part", "use super::E;\nuse crate::e::Q;\n"),
        ]);
        let named = named(&knot);
        assert_eq!(named["a"], BTreeSet::from(["b".to_owned(), "other".to_owned()]));
        assert_eq!(named["d"], BTreeSet::from(["a".to_owned(), "other".to_owned()]));
        assert_eq!(named["e"], BTreeSet::from(["e::part".to_owned()]));
        assert_eq!(circles(&named, 3), [["a", "b", "c", "d"]]);
        assert!(circles(&named, 4).is_empty());
    }

    #[test]
    fn a_planted_long_function_is_found() {
        let long = format!(
            "impl A {{\n    pub(crate) fn long(\n        &self,\n    ) {{\n{}    }}\n\n    fn short() {{\n    }}\n}}\n",
            "        one();\n".repeat(7)
        );
        assert_eq!(long_functions(&long, 10), [("long".to_owned(), 11)]);
        assert!(long_functions(&long, 11).is_empty());
    }
}
