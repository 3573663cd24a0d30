//! Where a browser keeps the pool's files: in OPFS, or in IndexedDB where no worker may write to OPFS. What lies in one of
//! them is never left behind for the other.

/// A place for files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Home {
    /// A folder of OPFS.
    Folder,
    /// A database with strict durability.
    Database,
}

/// What a start sees of one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Seen {
    /// Files there can be written.
    pub usable: bool,
    /// There is a pool, whether it can be written or not.
    pub filled: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Where {
    In(Home),
    /// It depends on what is in the database, which nobody has opened yet.
    LookInDatabase,
    /// What is stored here cannot be reached, or nothing can be stored at all.
    Nowhere,
}

/// `known` is where the pool was, as far as it was written down beside it. A folder that has a pool decides by itself: its
/// starts open no second database.
pub fn home(known: Option<Home>, folder: Seen, database: Option<Seen>) -> Where {
    match (known, database) {
        (Some(Home::Database), Some(Seen { usable, .. })) => in_if(usable, Home::Database),
        (Some(Home::Folder) | None, _) if folder.filled => in_if(folder.usable, Home::Folder),
        (_, None) => Where::LookInDatabase,
        (_, Some(database)) if database.usable && database.filled => Where::In(Home::Database),
        _ if folder.usable => Where::In(Home::Folder),
        // Whoever was here before was in the folder, and may be there again tomorrow.
        (Some(Home::Folder), _) => Where::Nowhere,
        (_, Some(database)) => in_if(database.usable, Home::Database),
    }
}

fn in_if(usable: bool, home: Home) -> Where {
    if usable { Where::In(home) } else { Where::Nowhere }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REFUSED: Seen = Seen { usable: false, filled: false };
    const BEHIND_A_DOOR: Seen = Seen { usable: false, filled: true };
    const EMPTY: Seen = Seen { usable: true, filled: false };
    const FILLED: Seen = Seen { usable: true, filled: true };
    const ALL: [Seen; 4] = [REFUSED, BEHIND_A_DOOR, EMPTY, FILLED];
    const KNOWN: [Option<Home>; 3] = [None, Some(Home::Folder), Some(Home::Database)];

    #[test]
    fn files_are_kept_where_the_rows_are_and_else_where_they_can_be_written() {
        use Home::{Database, Folder};
        let cases = [
            ("a first start", None, EMPTY, Some(REFUSED), Where::In(Folder)),
            ("a first start without OPFS", None, REFUSED, Some(EMPTY), Where::In(Database)),
            ("a first start without either", None, REFUSED, Some(REFUSED), Where::Nowhere),
            ("every other start", Some(Folder), FILLED, None, Where::In(Folder)),
            ("every other start, in the database", Some(Database), REFUSED, Some(FILLED), Where::In(Database)),
            ("an update of the browser brought OPFS", Some(Database), EMPTY, Some(FILLED), Where::In(Database)),
            ("and nobody knows any more where it was", None, EMPTY, Some(FILLED), Where::In(Database)),
            ("it could not be written down where it was", Some(Folder), REFUSED, Some(FILLED), Where::In(Database)),
            ("OPFS is refused, and files are seen in it", None, BEHIND_A_DOOR, None, Where::Nowhere),
            ("OPFS is refused, and files were in it", Some(Folder), REFUSED, Some(EMPTY), Where::Nowhere),
            ("OPFS was cleared", Some(Folder), EMPTY, Some(REFUSED), Where::In(Folder)),
            ("the database was cleared", Some(Database), REFUSED, Some(EMPTY), Where::In(Database)),
            ("the database cannot be opened today", Some(Database), EMPTY, Some(REFUSED), Where::Nowhere),
        ];
        for (name, known, folder, database, expected) in cases {
            assert_eq!(home(known, folder, database), expected, "{name}");
        }
    }

    #[test]
    fn no_pool_is_begun_beside_one_that_is_there() {
        for known in KNOWN {
            for folder in ALL {
                let early = home(known, folder, None);
                for database in ALL {
                    let chosen = home(known, folder, Some(database));
                    let what = format!("{known:?} {folder:?} {database:?} {chosen:?}");
                    assert_ne!(chosen, Where::LookInDatabase, "{what}");
                    assert!(early == Where::LookInDatabase || early == chosen, "{what}: looking changed nothing");
                    match chosen {
                        Where::In(Home::Folder) => {
                            assert!(folder.usable, "{what}");
                            assert!(folder.filled || !(database.usable && database.filled), "{what}: the rows are in the other");
                        }
                        Where::In(Home::Database) => {
                            assert!(database.usable, "{what}");
                            assert!(
                                database.filled || known == Some(Home::Database) || !folder.filled,
                                "{what}: the rows are in the other"
                            );
                            assert!(known != Some(Home::Folder) || database.filled, "{what}: the rows were in the other");
                        }
                        _ => {}
                    }
                }
            }
        }
    }
}
