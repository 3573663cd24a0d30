//! The laws that a machine can check. Each failure says what is wrong, why it matters, and the way out.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use anyhow::{Context as _, Result, bail};

use crate::{
    circles::{CIRCLE_MAX, FUNCTION_MAX, circles, long_functions, named},
    pwa::walk,
    rooms::{Never, ROOMS, Room},
    shell::{House, output, say},
};

pub(crate) fn check(house: &House) -> Result<()> {
    let mut broken = Vec::new();
    edges(house, &mut broken)?;
    forbidden(house, &mut broken)?;
    doors(house, &mut broken)?;
    shapes(house, &mut broken)?;
    words(house, &mut broken)?;
    actions(house, &mut broken)?;
    sql(house, &mut broken)?;
    documents(house, &mut broken)?;
    manifest(house, &mut broken)?;
    colours(house, &mut broken)?;
    if broken.is_empty() {
        say("    all laws hold");
        return Ok(());
    }
    for law in &broken {
        say(&format!("  ✗ {law}"));
    }
    bail!("{} law(s) broken", broken.len())
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| path.display().to_string())
}

/// Who may name whom: the manifests say the same as the table.
fn edges(house: &House, broken: &mut Vec<String>) -> Result<()> {
    let metadata = output(&mut house.cargo(&["metadata", "--no-deps", "--format-version", "1"]))?;
    let metadata: serde_json::Value = serde_json::from_str(&metadata)?;
    let packages = metadata["packages"].as_array().context("packages")?;
    let rooms: BTreeSet<&str> = ROOMS.iter().map(|room| room.name).collect();
    for room in ROOMS {
        let Some(package) = packages.iter().find(|package| package["name"] == room.name) else {
            broken.push(format!("room {} has no crate: take it out of xtask/rooms.rs", room.name));
            continue;
        };
        let named: BTreeSet<&str> = package["dependencies"]
            .as_array()
            .context("dependencies")?
            .iter()
            .filter(|dependency| dependency["kind"].is_null())
            .filter_map(|dependency| dependency["name"].as_str())
            .filter(|name| rooms.contains(name))
            .collect();
        let allowed: BTreeSet<&str> = room.knows.iter().copied().collect();
        for name in named.difference(&allowed) {
            broken.push(format!(
                "{} names {name}: dependencies point inward; move the type, or add the edge with a decision note",
                room.name
            ));
        }
        for name in allowed.difference(&named) {
            broken.push(format!("{} no longer names {name}: take the edge out of xtask/rooms.rs", room.name));
        }
    }
    for entry in fs::read_dir(house.root.join("src"))? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if !rooms.contains(name.as_str()) {
            broken.push(format!("src/{name} is no room: every folder there is one, with a line in xtask/rooms.rs"));
        }
    }
    Ok(())
}

/// What a room must never compile in, by listing names: asking for the inverse of a tree lies both ways.
fn forbidden(house: &House, broken: &mut Vec<String>) -> Result<()> {
    for room in ROOMS {
        let mut args =
            vec!["tree", "--package", room.name, "--edges", "normal,no-proc-macro", "--prefix", "none", "--format", "{p}"];
        if room.wasm {
            args.extend(["--target", "wasm32-unknown-unknown"]);
        }
        let tree = output(&mut house.cargo(&args))?;
        let names: BTreeSet<&str> =
            tree.lines().filter_map(|line| line.split(' ').next()).filter(|name| *name != room.name).collect();
        for pattern in patterns(room) {
            let hit = names.iter().find(|name| match pattern.strip_suffix('*') {
                Some(prefix) => name.starts_with(prefix),
                None => **name == pattern,
            });
            if let Some(hit) = hit {
                broken.push(format!("{} compiles in {hit}, which it must never know", room.name));
            }
        }
    }
    Ok(())
}

fn patterns(room: &Room) -> Vec<&'static str> {
    room.never.iter().flat_map(|word| if Never::of(word).is_empty() { vec![*word] } else { Never::of(word).to_vec() }).collect()
}

/// No knots within a room, and no function that nobody can hold in mind.
fn shapes(house: &House, broken: &mut Vec<String>) -> Result<()> {
    for room in ROOMS {
        let folder = house.root.join("src").join(room.name);
        let (mut paths, mut files) = (Vec::new(), BTreeMap::new());
        walk(&folder, &mut paths)?;
        for path in paths.into_iter().filter(|path| path.extension().is_some_and(|end| end == "rs")) {
            let text = read(&path)?;
            let place = path.strip_prefix(&house.root)?.display().to_string();
            for (name, lines) in long_functions(&text, FUNCTION_MAX) {
                broken.push(format!("{place}: {name} has {lines} lines: cut it where a comment would stand"));
            }
            let module = path.strip_prefix(&folder)?.with_extension("").to_string_lossy().replace('/', "::");
            if !["lib", "main", "build"].contains(&module.as_str()) {
                files.insert(module, text);
            }
        }
        for circle in circles(&named(&files), CIRCLE_MAX) {
            broken.push(format!(
                "src/{}: {} name each other in a circle: move what they share below them, or hand in who acts",
                room.name,
                circle.join(", ")
            ));
        }
    }
    Ok(())
}

/// A stranger reads on the door what belongs in a room and what never does.
fn doors(house: &House, broken: &mut Vec<String>) -> Result<()> {
    for room in ROOMS {
        let door = read(&house.root.join("src").join(room.name).join("lib.rs"))?;
        let head: String = door.lines().take_while(|line| line.starts_with("//!")).collect();
        if !head.contains("Belongs:") || !head.contains("Never:") {
            broken.push(format!("the door of {} does not say what belongs there and what never does", room.name));
        }
    }
    Ok(())
}

fn words(house: &House, broken: &mut Vec<String>) -> Result<()> {
    let mut files = Vec::new();
    for folder in ["src", "tests", "xtask", "benches"] {
        walk(&house.root.join(folder), &mut files)?;
    }
    // Put together here, so that this file does not break its own law.
    let banned = [["#[ign", "ore"].concat(), ["tod", "o!("].concat(), ["dbg", "!("].concat(), ["#[should_", "panic"].concat()];
    for file in files.iter().filter(|file| file.extension().is_some_and(|ext| ext == "rs")) {
        let text = read(file)?;
        let name = file.strip_prefix(&house.root).unwrap_or(file).display();
        for word in &banned {
            if text.contains(word.as_str()) {
                broken.push(format!("{name} says {word}: a test that does not run, or code that is not there, is not done"));
            }
        }
        if text.lines().any(|line| line.ends_with(' ')) {
            broken.push(format!("{name} has a line that ends in a space"));
        }
        if text.contains(&["cfg(", "target_arch"].concat()) && !name.to_string().starts_with("tests/") {
            broken.push(format!("{name} asks for the target: put what differs into a room of its own"));
        }
    }
    Ok(())
}

/// What a person does becomes a fact in one place.
fn actions(house: &House, broken: &mut Vec<String>) -> Result<()> {
    let mut files = Vec::new();
    walk(&house.root.join("src/app"), &mut files)?;
    for file in files.iter().filter(|file| file.extension().is_some_and(|ext| ext == "rs")) {
        let name = file.strip_prefix(&house.root).unwrap_or(file).display().to_string();
        if !name.starts_with("src/app/actions") && read(file)?.contains("Fact::") {
            broken
                .push(format!("{name} makes a fact: screens call src/app/actions, where its ids, its moment and its way back are"));
        }
    }
    Ok(())
}

fn sql(house: &House, broken: &mut Vec<String>) -> Result<()> {
    let mut files = Vec::new();
    walk(&house.root.join("sql/models"), &mut files)?;
    for file in files.iter().filter(|file| file.extension().is_some_and(|ext| ext == "sql")) {
        let text = read(file)?.to_lowercase();
        let name = file.strip_prefix(&house.root).unwrap_or(file).display().to_string();
        if !text.starts_with("-- one row per ") {
            broken.push(format!("{name}: line one says what a row is, as in “-- One row per …”"));
        }
        if text.contains("source(") != name.contains("/staging/") {
            broken.push(format!("{name}: staging says source(), and nothing else does"));
        }
        let in_between = file.file_name().is_some_and(|name| name.to_string_lossy().starts_with("int_"));
        if in_between != name.contains("/intermediate/") {
            broken.push(format!("{name}: what is named int_ is in intermediate, and nothing else is"));
        }
        for word in ["now()", "current_date", "current_timestamp", "random()"] {
            if text.contains(word) {
                broken.push(format!(
                    "{name} says {word}: a model gives the same rows whenever it runs; take today as a parameter of the question"
                ));
            }
        }
    }
    Ok(())
}

fn documents(house: &House, broken: &mut Vec<String>) -> Result<()> {
    let architecture = read(&house.root.join("ARCHITECTURE.md"))?;
    for room in ROOMS {
        if !architecture.contains(&format!("`src/{}`", room.name)) {
            broken.push(format!("ARCHITECTURE.md does not name `src/{}`", room.name));
        }
    }
    let mut notes = Vec::new();
    walk(&house.root.join("docs/decisions"), &mut notes)?;
    for note in notes {
        let text = read(&note)?;
        for part in ["## Context", "## Options", "## Chosen", "## Evidence"] {
            if !text.contains(part) {
                broken.push(format!("{} has no “{part}”", note.display()));
            }
        }
    }
    Ok(())
}

/// Whoever sees little sees what can be read and what can be tapped: the contrast of every pair of tokens that meet, in each
/// theme, and no size that does not grow with the text that somebody chose.
fn colours(house: &House, broken: &mut Vec<String>) -> Result<()> {
    const GROUNDS: [&str; 3] = ["paper", "raised", "sunken"];
    const TEXT: [&str; 6] = ["ink", "ink-2", "accent", "done", "amber", "red"];
    let css = read(&house.root.join("public/style.css"))?;
    let light = tokens(&css, ":root {");
    let dark = tokens(&css, ":root[data-theme=\"dark\"], :root[data-theme=\"black\"] {");
    if dark != tokens(&css, ":root:not([data-theme=\"light\"]) {") {
        broken.push("public/style.css: dark by the system and dark by choice have different colours".to_owned());
    }
    let mut black = dark.clone();
    black.extend(tokens(&css, "\n  :root[data-theme=\"black\"] {"));
    for (theme, colours) in [("light", light), ("dark", dark), ("black", black)] {
        let grounds =
            GROUNDS.iter().flat_map(|ground| TEXT.iter().map(move |text| (*text, *ground, 4.5)).chain([("outline", *ground, 3.0)]));
        let others = [
            ("on-accent", "accent", 4.5),
            ("accent", "accent-soft", 4.5),
            ("outline", "accent-soft", 3.0),
            ("done", "done-soft", 4.5),
        ];
        for (front, ground, least) in grounds.chain(others) {
            let pair = colours.get(front).zip(colours.get(ground));
            let (a, b) = pair.with_context(|| format!("public/style.css: --{front} or --{ground} is no oklch() in {theme}"))?;
            let contrast = (a.max(*b) + 0.05) / (a.min(*b) + 0.05);
            if contrast < least {
                broken.push(format!(
                    "public/style.css, {theme}: --{front} on --{ground} is {contrast:.2}:1, and {least}:1 is needed"
                ));
            }
        }
    }
    for control in ["  .tick {", "  .chip {", "  input, select, textarea {", "  .segments [aria-checked=\"true\"] {"] {
        let rule = css.lines().find(|line| line.starts_with(control)).unwrap_or_default();
        if !rule.contains("var(--outline)") {
            broken.push(format!("public/style.css:{control} has no edge of --outline, so it can hardly be seen"));
        }
    }
    if css.lines().any(|line| line.split(';').any(|rule| rule.contains("font") && rule.contains("px"))) {
        broken.push(
            "public/style.css gives a size of text in px: whoever wants larger text says so in the browser, and rem follows"
                .to_owned(),
        );
    }
    Ok(())
}

/// The colours of one block of tokens, by name, as how bright they are (WCAG's relative luminance).
fn tokens(css: &str, block: &str) -> BTreeMap<String, f64> {
    let body = css.split_once(block).and_then(|(_, rest)| rest.split_once('}')).map_or("", |(body, _)| body);
    let colour = |declaration: &str| {
        let (name, value) = declaration.split_once(": oklch(")?;
        let value = value.split_once(')')?.0;
        let mut parts =
            value.split([' ', '/']).filter(|part| !part.is_empty()).map(|part| part.trim_end_matches('%').parse::<f64>());
        let (light, chroma, hue) = (parts.next()?.ok()? / 100.0, parts.next()?.ok()?, parts.next()?.ok()?.to_radians());
        parts.next().is_none().then(|| {
            (name.rsplit("--").next().unwrap_or_default().to_owned(), luminance(light, chroma * hue.cos(), chroma * hue.sin()))
        })
    };
    body.split(';').filter_map(colour).collect()
}

/// From OKLab, by the matrices of its definition.
fn luminance(light: f64, a: f64, b: f64) -> f64 {
    let l = (light + 0.396_337_777_4 * a + 0.215_803_757_3 * b).powi(3);
    let m = (light - 0.105_561_345_8 * a - 0.063_854_172_8 * b).powi(3);
    let s = (light - 0.089_484_177_5 * a - 1.291_485_548_0 * b).powi(3);
    let shown = |linear: f64| linear.clamp(0.0, 1.0);
    let red = shown(4.076_741_662_1 * l - 3.307_711_591_3 * m + 0.230_969_929_2 * s);
    let green = shown(-1.268_438_004_6 * l + 2.609_757_401_1 * m - 0.341_319_396_5 * s);
    let blue = shown(-0.004_196_086_3 * l - 0.703_418_614_7 * m + 1.707_614_701_0 * s);
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

/// The mistakes that installed apps are full of.
fn manifest(house: &House, broken: &mut Vec<String>) -> Result<()> {
    let manifest: serde_json::Value = serde_json::from_str(&read(&house.root.join("manifest.webmanifest"))?)?;
    for field in ["id", "name", "short_name", "description", "start_url", "scope", "display", "icons", "screenshots", "shortcuts"] {
        if manifest[field].is_null() {
            broken.push(format!("manifest.webmanifest has no {field}"));
        }
    }
    let mut purposes = BTreeSet::new();
    for list in ["icons", "screenshots"] {
        for item in manifest[list].as_array().into_iter().flatten() {
            let source = item["src"].as_str().unwrap_or_default();
            if !house.root.join("public").join(source.trim_start_matches('/')).is_file() {
                broken.push(format!("manifest.webmanifest names {source}, which is not in public/"));
            }
            purposes.extend(item["purpose"].as_str());
        }
    }
    if purposes != BTreeSet::from(["any", "maskable"]) {
        broken.push("manifest.webmanifest: icons for “any” and for “maskable” are apart, and both are there".to_owned());
    }
    Ok(())
}
