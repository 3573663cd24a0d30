//! Copies every file under `sql/` into a static table. Paths are relative to the room and the text itself is
//! written down, so that two checkouts that share one target folder can never serve each other's models.

use std::{env, fmt::Write as _, fs, path::Path};

fn main() {
    // Asked at run time: the compiled script may come from another checkout that shared the target folder.
    let root = Path::new(&env::var("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR")).join("../../sql");
    println!("cargo::rerun-if-changed=../../sql");
    println!("cargo::rerun-if-changed=embed.rs");
    let mut files = Vec::new();
    walk(&root, &root, &mut files);
    files.sort();
    let mut out = String::from("pub(crate) static FILES: &[(&str, &str)] = &[\n");
    for path in files {
        let text = fs::read_to_string(root.join(&path)).expect("files in sql/ are UTF-8");
        writeln!(out, "    ({path:?}, {text:?}),").expect("writing to a string");
    }
    out.push_str("];\n");
    let target = Path::new(&env::var("OUT_DIR").expect("cargo sets OUT_DIR")).join("files.rs");
    fs::write(target, out).expect("OUT_DIR is writable");
}

fn walk(root: &Path, folder: &Path, files: &mut Vec<String>) {
    for file in fs::read_dir(folder).expect("sql/ is readable") {
        let path = file.expect("sql/ is readable").path();
        if path.is_dir() {
            if path.file_name().is_some_and(|name| name != "target" && name != "logs") {
                walk(root, &path, files);
            }
        } else if path.extension().is_some_and(|ext| ext == "sql" || ext == "csv") {
            let name = path.strip_prefix(root).expect("walked from root");
            files.push(name.to_str().expect("names in sql/ are UTF-8").replace('\\', "/"));
        }
    }
}
