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
fn a_value_beside_a_column_of_unknown_type_is_unknown_in_every_row() {
    assert_eq!(run("select 1 = x as y from (select null as x from u) as v").expect("answered"), "null | null | null | null");
}

#[test]
fn what_is_not_supported_is_refused_where_it_stands() {
    let cases = [
        ("select regexp_matches(s, 'x') from t", 1, 8),
        ("select sum(n) over (order by id range between 1 preceding and current row) from t", 1, 8),
        ("select id\nfrom t\nwhere s similar to 'x%'", 3, 7),
        ("select id\nfrom t\nwhere id in (select g\n  from u)", 3, 7),
        ("select (select w from u)", 1, 9),
        ("select id from t natural join u", 1, 31),
        ("select 1.5", 1, 8),
        ("select id from t order by all", 1, 0),
        ("select * exclude (id) from t", 1, 8),
        ("select id\nfrom t group by rollup (id)", 0, 0),
        ("select nope from t", 1, 8),
        ("select g from t join u on t.g = u.g", 1, 8),
        ("select n + s from t", 1, 8),
        ("select 1 // 0", 1, 8),
        ("select 9223372036854775807 + 1", 1, 8),
        ("select sum(s) from t", 1, 8),
        ("select max(n) from t where max(n) > 1", 1, 28),
        ("insert into t values (1)", 1, 13),
        ("select 1; select 2", 1, 11),
        ("select from", 0, 0),
        ("\n  select (1", 2, 0),
        ("  ", 1, 0),
        ("with a as (select 1) select * from a join t using (x)", 1, 0),
        ("select * from (values (1, 2), (3))", 1, 0),
        ("select * from t as x(a, b)", 1, 0),
        ("select * from u as x(a, a)", 1, 0),
        ("select id from t where id in (1, 'a', null)", 1, 0),
        ("select id from t union all select id, g from t", 0, 0),
        ("select id from t fetch first 1 rows only", 0, 0),
        ("select id from t limit -1", 1, 0),
        ("drop table t", 1, 0),
    ];
    for (sql, line, column) in cases {
        let err = run(sql).expect_err(sql);
        assert!(0 < err.line && 0 < err.column, "{sql}: {err}");
        if 0 < line {
            assert_eq!(err.line, line, "{sql}: {err}");
        }
        if 0 < column {
            assert_eq!(err.column, column, "{sql}: {err}");
        }
        assert!(!err.reason.is_empty());
    }
}

/// What is said helps: it names what is wrong, and not what follows from it.
#[test]
fn a_refusal_says_what_to_do() {
    let cases = [
        ("select quantile_cont(n, 0.9) from t", "there is no function quantile_cont here; aggregates are count, sum"),
        ("select g, quantile_cont(n, 0.9) from t group by g", "there is no function quantile_cont here"),
        ("select max(quantile_cont(n, 0.9)) from t", "there is no function quantile_cont here"),
        ("select g, n from t group by g", "n is different from row to row of a group: put it into group by"),
        ("select count(*), n from t", "n is different from row to row"),
        ("select rank() from t", "rank needs a window: rank(…) over (…)"),
        ("select nope from t", "no column nope; there are: g, id, n, s"),
        ("select x.id from t", "no column x.id; there are: g, id, n, s"),
        ("select id", "there is no table here to take it from"),
        ("select sum(max(n)) from t", "aggregate is not allowed here"),
        ("select (select n from", "found the end of the query"),
    ];
    for (sql, reason) in cases {
        let err = run(sql).expect_err(sql);
        assert!(err.reason.contains(reason), "{sql}: {err}");
        assert!(0 < err.line && 0 < err.column, "{sql}: {err}");
    }
}
