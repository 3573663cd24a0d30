//! Writes a backup and the rows that are in it, for other programs to look at: `backup FOLDER`.

use std::{fs, path::PathBuf};

use tests::careless_log;

fn main() {
    let folder = PathBuf::from(std::env::args().nth(1).expect("a folder"));
    fs::create_dir_all(&folder).expect("the folder");
    let mut log = careless_log(11, 40);
    archive::in_order(&mut log.rows);
    let bytes = archive::write(&log.rows, &log.user(), 1_763_700_000_000).expect("a backup");
    let (about, again) = archive::read(&bytes).expect("it reads what it wrote");
    assert_eq!((about.rows, again.iter().map(|row| &row.raw).eq(log.rows.iter().map(|row| &row.raw))), (log.rows.len(), true));
    fs::write(folder.join("spotter.zip"), bytes).expect("the backup");
    fs::write(folder.join("rows.json"), archive::json(&log.rows)).expect("the rows");
}
