//! A file as rows of cells, each with its line.

pub(crate) struct Table {
    pub header: Vec<String>,
    pub rows: Vec<(u64, Result<Vec<String>, String>)>,
    /// Where the header stands.
    pub header_line: u64,
}

impl Table {
    /// Or why it cannot be read.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        // What tells a spreadsheet how cells are parted is no row.
        let mut body = text;
        let mut line = 1;
        if let Some((first, rest)) = text.split_once('\n')
            && first.trim_start().to_ascii_lowercase().starts_with("sep=")
        {
            (body, line) = (rest, 2);
        }
        let first = body.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
        let mut reader =
            csv::ReaderBuilder::new().delimiter(delimiter(first)).flexible(true).has_headers(false).from_reader(body.as_bytes());
        let mut lines = Lines { text: body, at: 0, line };
        let mut record = csv::StringRecord::new();
        let mut table = Self { header: Vec::new(), rows: Vec::new(), header_line: line };
        loop {
            let outcome = reader.read_record(&mut record);
            if matches!(outcome, Ok(false)) {
                break;
            }
            let line = lines.of(record.position());
            let cells = outcome.map(|_| record.iter().map(str::to_owned).collect::<Vec<_>>());
            if !table.header.is_empty() {
                table.rows.push((line, cells.map_err(|err| format!("cannot be read: {err}"))));
                continue;
            }
            let cells = cells.map_err(|err| err.to_string())?;
            if cells.iter().any(|cell| !cell.trim().is_empty()) {
                (table.header, table.header_line) = (cells.iter().map(|cell| cell.trim().to_owned()).collect(), line);
            }
        }
        while table.header.last().is_some_and(String::is_empty) {
            table.header.pop();
        }
        Ok(table)
    }

    /// The column of this name.
    pub(crate) fn at(&self, name: &str) -> Option<usize> {
        self.header.iter().position(|header| header.eq_ignore_ascii_case(name))
    }

    pub(crate) fn has(&self, names: &[&str]) -> bool {
        names.iter().all(|name| self.at(name).is_some())
    }

    /// What each row says, or why it says nothing that can be used.
    pub(crate) fn each<T>(&self, says: impl Fn(u64, &[String]) -> Result<T, String>) -> Vec<(u64, Result<T, String>)> {
        let row = |line: u64, cells: &Result<Vec<String>, String>| match cells {
            Err(reason) => Err(reason.clone()),
            Ok(cells) if cells.iter().all(|cell| cell.trim().is_empty()) => Err("the row is empty".to_owned()),
            Ok(cells) => says(line, cells),
        };
        self.rows.iter().map(|(line, cells)| (*line, row(*line, cells))).collect()
    }

    /// A column's cells, without those of rows that cannot be read.
    pub(crate) fn column(&self, at: usize) -> impl Iterator<Item = &str> {
        self.rows.iter().filter_map(move |(_, row)| Some(row.as_ref().ok()?.get(at)?.trim()))
    }
}

/// Of `,`, `;` and tab what stands most often outside of quotes.
fn delimiter(header: &str) -> u8 {
    let count = |delimiter: char| {
        let mut quoted = false;
        header
            .chars()
            .filter(|c| {
                quoted ^= *c == '"';
                *c == delimiter && !quoted
            })
            .count()
    };
    let most = [',', ';', '\t'].into_iter().rev().max_by_key(|delimiter| count(*delimiter));
    most.map_or(b',', |delimiter| delimiter as u8)
}

/// Line numbers as an editor shows them. The reader's own are one too low after CRLF, because it takes the LF as the
/// beginning of the next row.
struct Lines<'a> {
    text: &'a str,
    at: usize,
    line: u64,
}

impl Lines<'_> {
    fn of(&mut self, position: Option<&csv::Position>) -> u64 {
        let bytes = self.text.as_bytes();
        let mut start = position.map_or(self.at, |position| position.byte() as usize).clamp(self.at, bytes.len());
        while bytes.get(start).is_some_and(|byte| matches!(byte, b'\r' | b'\n')) {
            start += 1;
        }
        self.line += bytes[self.at..start].iter().filter(|byte| **byte == b'\n').count() as u64;
        self.at = start;
        self.line
    }
}
