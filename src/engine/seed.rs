//! Reference rows from CSV. A column whose every cell is a whole number is one of whole numbers; an empty cell is null.

use crate::{
    column::{ints, texts},
    table::Table,
};

pub fn table_from_csv(text: &str) -> Result<Table, String> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let names: Vec<String> = reader.headers().map_err(|err| err.to_string())?.iter().map(str::to_owned).collect();
    let mut cells: Vec<Vec<Option<String>>> = vec![Vec::new(); names.len()];
    for row in reader.records() {
        let row = row.map_err(|err| err.to_string())?;
        for (column, cell) in cells.iter_mut().zip(&row) {
            column.push((!cell.is_empty()).then(|| cell.to_owned()));
        }
    }
    let columns = names.into_iter().zip(cells).map(|(name, cells)| {
        let whole: Option<Vec<Option<i64>>> =
            cells.iter().map(|cell| cell.as_ref().map_or(Some(None), |cell| cell.parse().ok().map(Some))).collect();
        let column = match whole {
            Some(numbers) => ints(numbers.into_iter()),
            None => texts(cells.into_iter()),
        };
        (name, column)
    });
    Ok(Table::new(columns.collect()))
}
