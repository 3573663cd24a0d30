//! What the SQL front refuses, it refuses where it stands; and parameters. What it answers is in `conformance.rs`.

use std::collections::BTreeMap;

use engine::{Params, Table, query, table_from_csv};

const T: &str = "id,g,n,s\n1,a,10,x\n2,a,,y\n3,b,30,\n4,b,-7,z\n5,,5,x\n";
const U: &str = "g,w\na,1\nb,2\nb,3\nc,4\n";

fn tables() -> BTreeMap<&'static str, Table> {
    BTreeMap::from([("t", table_from_csv(T).expect("CSV")), ("u", table_from_csv(U).expect("CSV"))])
}

fn run(sql: &str) -> Result<String, engine::SqlErr> {
    let tables = tables();
    let table = query(sql, &Params::none().with_int("five", 5), &|name| tables.get(name).cloned())?;
    let rows = table.to_json().into_iter().map(|row| {
        let cells = table.names().iter().map(|name| row[*name].to_string()).collect::<Vec<_>>();
        cells.join(" ")
    });
    Ok(rows.collect::<Vec<_>>().join(" | "))
}

#[test]
fn parameters_stand_for_values() {
    assert_eq!(run("select id from t where id = :five").expect("answered"), "5");
    assert_eq!(run("select :five + 1, ':five'").expect("answered"), "6 \":five\"");
    assert!(run("select :six").expect_err("nobody gave it").reason.contains(":six"));
}

#[test]
fn what_is_not_supported_is_refused_where_it_stands() {
    let cases = [
        ("select regexp_matches(s, 'x') from t", 1, 8),
        ("select sum(n) over (order by id range between 1 preceding and current row) from t", 1, 8),
        ("select id\nfrom t\nwhere s similar to 'x%'", 3, 7),
        ("select id\nfrom t\nwhere id in (select g\n  from u)", 3, 7),
        ("select (select w from u)", 1, 9),
        ("select id from t natural join u", 0, 0),
        ("select 1.5", 1, 8),
        ("select id from t order by all", 0, 0),
        ("select * exclude (id) from t", 0, 0),
        ("select id from t group by rollup (id)", 0, 0),
        ("select nope from t", 1, 8),
        ("select g from t join u on t.g = u.g", 1, 8),
        ("select n + s from t", 1, 8),
        ("select 1 // 0", 1, 8),
        ("select 9223372036854775807 + 1", 1, 8),
        ("select sum(s) from t", 1, 8),
        ("select max(n) from t where max(n) > 1", 1, 28),
        ("insert into t values (1)", 1, 13),
        ("select 1; select 2", 0, 0),
        ("select from", 0, 0),
    ];
    for (sql, line, column) in cases {
        let err = run(sql).expect_err(sql);
        if 0 < line {
            assert_eq!(err.line, line, "{sql}: {err}");
        }
        if 0 < column {
            assert_eq!(err.column, column, "{sql}: {err}");
        }
        assert!(!err.reason.is_empty());
    }
}
