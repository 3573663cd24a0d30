//! Which app wrote a file, and its sets as that app writes them. An app is one file below and one line here: units, limits,
//! numbering and ids are the plan's and the same for all.

mod hevy;
mod layout;
mod strong;
mod table;

use bridge::Choices;

use self::table::Table;
use crate::raw::RawLog;

struct Dialect {
    /// The app, as people call it.
    app: &'static str,
    /// The app in ids and in the log. An import knows again by it what was imported before: it never changes.
    source: &'static str,
    read: fn(&Table, &Choices) -> Result<RawLog, String>,
}

/// Strong writes its header in the language of the phone: what is nobody else's is taken for its.
const STRONG: Dialect = Dialect { app: "Strong", source: "strong", read: strong::read };

type Is = fn(&Table) -> bool;

/// Apps whose header says who they are.
const OTHERS: [(Is, Dialect); 1] = [(hevy::is, Dialect { app: "Hevy", source: "hevy", read: hevy::read })];

/// Apps that are known by their header and not read.
const UNREAD: [(Is, &str); 1] = [(|table| table.has(&["Exercise", "Category"]), "FitNotes")];

/// Who wrote a file, and what it is for people.
pub(crate) struct Source {
    pub name: &'static str,
    pub format: String,
}

/// Or why the file cannot be read.
pub(crate) fn read(text: &str, choices: &Choices) -> Result<(Source, RawLog), String> {
    let table = Table::read(text)?;
    if let Some((_, app)) = UNREAD.iter().find(|(is, _)| is(&table)) {
        return Err(format!("it looks like an export of {app}, which Spotter does not read yet"));
    }
    let dialect = OTHERS.iter().find(|(is, _)| is(&table)).map_or(&STRONG, |(_, dialect)| dialect);
    let log = (dialect.read)(&table, choices)?;
    let format = format!("{}, {} columns", dialect.app, table.header.len());
    Ok((Source { name: dialect.source, format }, log))
}

/// Whose files are read, in a sentence: `Strong or Hevy`.
pub(crate) fn apps() -> String {
    let others: Vec<&str> = OTHERS.iter().map(|(_, dialect)| dialect.app).collect();
    let mut all = STRONG.app.to_owned();
    for (at, app) in others.iter().enumerate() {
        all.push_str(if at + 1 == others.len() { " or " } else { ", " });
        all.push_str(app);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_app_keeps_its_source_and_is_named() {
        let sources: Vec<&str> =
            [&STRONG].into_iter().chain(OTHERS.iter().map(|(_, dialect)| dialect)).map(|it| it.source).collect();
        // What was imported is known again by these words: they are only ever added to.
        assert_eq!(sources, ["strong", "hevy"]);
        assert_eq!(apps(), "Strong or Hevy");
    }
}
