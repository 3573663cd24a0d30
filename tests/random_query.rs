//! Random queries over random tables, within the grammar that the SQL front supports. Types are kept track of, so that
//! most of what is made has an answer; values are small, so that sums stay within every engine's whole numbers.

use crate::Seeded;

#[derive(Debug)]
pub struct RandomQuery {
    pub sql: String,
    /// Whether the rows have one order only.
    pub ordered: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Int,
    Float,
    Text,
    Bool,
    Date,
}

const COLUMNS: [(&str, Kind); 7] = [
    ("id", Kind::Int),
    ("n", Kind::Int),
    ("m", Kind::Int),
    ("x", Kind::Float),
    ("s", Kind::Text),
    ("b", Kind::Bool),
    ("d", Kind::Date),
];
const TEXTS: [&str; 6] = ["a", "b", "ab", "Ba", "", "c d"];

struct Maker<'a> {
    chance: &'a mut Seeded,
    /// The alias that columns are said with, if any.
    tables: Vec<&'static str>,
}

impl RandomQuery {
    pub fn new(chance: &mut Seeded) -> Self {
        let data = tables(chance);
        let mut maker = Maker { chance, tables: vec!["t"] };
        let (body, ordered) = match maker.chance.below(6) {
            0 | 1 => maker.plain(),
            2 => maker.grouped(),
            3 => maker.windowed(),
            4 => maker.joined(),
            _ => maker.combined(),
        };
        Self { sql: format!("with {data} {body}"), ordered }
    }
}

fn value(kind: Kind, chance: &mut Seeded) -> String {
    match kind {
        Kind::Int => (chance.below(13) as i64 - 4).to_string(),
        // Quarters are exact in binary: sums do not depend on their order.
        Kind::Float => format!("{}e0", (chance.below(33) as f64 - 12.0) / 4.0),
        Kind::Text => format!("'{}'", TEXTS[chance.below(6) as usize]),
        Kind::Bool => chance.one_in(2).to_string(),
        Kind::Date => format!("date '2026-{:02}-{:02}'", 1 + chance.below(3), 1 + chance.below(28)),
    }
}

fn tables(chance: &mut Seeded) -> String {
    let table = |name: &str, rows: u64, chance: &mut Seeded| {
        let rows: Vec<String> = (0..rows)
            .map(|id| {
                let cells = COLUMNS.iter().map(|(column, kind)| match *column {
                    "id" => id.to_string(),
                    _ if chance.one_in(5) => "null".to_owned(),
                    _ => value(*kind, chance),
                });
                format!("({})", cells.collect::<Vec<_>>().join(", "))
            })
            .collect();
        let cast = |(name, kind): &(&str, Kind)| {
            let ty = match kind {
                Kind::Int => "bigint",
                Kind::Float => "double",
                Kind::Text => "varchar",
                Kind::Bool => "boolean",
                Kind::Date => "date",
            };
            format!("cast({name} as {ty}) as {name}")
        };
        let columns: Vec<String> = COLUMNS.iter().map(cast).collect();
        format!("{name} as (select {} from (values {}) as v(id, n, m, x, s, b, d))", columns.join(", "), rows.join(", "))
    };
    let (t, u) = (1 + chance.below(12), 1 + chance.below(6));
    let t = table("t", t, chance);
    let u = table("u", u, chance);
    format!("{t}, {u}")
}

impl Maker<'_> {
    fn pick<'x>(&mut self, from: &[&'x str]) -> &'x str {
        from[self.chance.below(from.len() as u64) as usize]
    }

    fn column(&mut self, kind: Kind) -> String {
        let fitting: Vec<&str> = COLUMNS.iter().filter(|(_, own)| *own == kind).map(|(name, _)| *name).collect();
        let name = self.pick(&fitting);
        let tables = self.tables.clone();
        format!("{}.{name}", self.pick(&tables))
    }

    fn kind(&mut self) -> Kind {
        [Kind::Int, Kind::Int, Kind::Float, Kind::Text, Kind::Bool, Kind::Date][self.chance.below(6) as usize]
    }

    fn expr(&mut self, kind: Kind, depth: u64) -> String {
        if depth == 0 || self.chance.one_in(4) {
            return if self.chance.one_in(3) { value(kind, self.chance) } else { self.column(kind) };
        }
        let next = depth - 1;
        if self.chance.one_in(6) {
            let (test, yes, no) = (self.expr(Kind::Bool, next), self.expr(kind, next), self.expr(kind, next));
            return if self.chance.one_in(3) {
                format!("case when {test} then {yes} end")
            } else {
                format!("case when {test} then {yes} else {no} end")
            };
        }
        if self.chance.one_in(8) {
            let (a, b) = (self.expr(kind, next), self.expr(kind, next));
            let name = self.pick(&["coalesce", "nullif", "greatest", "least"]);
            return format!("{name}({a}, {b})");
        }
        match kind {
            Kind::Int => {
                let (a, b) = (self.expr(Kind::Int, next), self.expr(Kind::Int, next));
                match self.chance.below(10) {
                    0 => format!("({a} // nullif({b}, 0))"),
                    1 => format!("({a} % nullif({b}, 0))"),
                    2 => format!("abs({a})"),
                    3 => format!("(-{a})").replace("--", "- -"),
                    4 => format!("length({})", self.expr(Kind::Text, next)),
                    5 => {
                        let part = self.pick(&["year", "month", "day", "week", "isodow", "quarter", "doy"]);
                        format!("extract({part} from {})", self.expr(Kind::Date, next))
                    }
                    6 => format!("({a} * {b})"),
                    7 => format!("({a} - {b})"),
                    8 => format!("cast({} as bigint)", self.expr(Kind::Bool, next)),
                    _ => format!("({a} + {b})"),
                }
            }
            Kind::Float => {
                let a = self.expr(Kind::Float, next);
                match self.chance.below(6) {
                    0 => format!("({} / 4)", self.expr(Kind::Int, next)),
                    1 => format!("round({a})"),
                    2 => format!("floor({a})"),
                    3 => format!("cast({} as double)", self.expr(Kind::Int, next)),
                    4 => format!("({a} * {})", self.expr(Kind::Float, next)),
                    _ => format!("({a} + {})", self.expr(Kind::Float, next)),
                }
            }
            Kind::Text => {
                let a = self.expr(Kind::Text, next);
                match self.chance.below(7) {
                    0 => format!("upper({a})"),
                    1 => format!("({a} || {})", self.expr(Kind::Text, next)),
                    2 => format!("substr({a}, 1, {})", self.chance.below(4)),
                    3 => format!("replace({a}, 'a', 'zz')"),
                    4 => format!("cast({} as varchar)", self.expr(Kind::Int, next)),
                    5 => format!("lpad({a}, {}, '*')", self.chance.below(5)),
                    _ => format!("left({a}, {})", self.chance.below(4)),
                }
            }
            Kind::Bool => match self.chance.below(9) {
                0 => format!("(not {})", self.expr(Kind::Bool, next)),
                1 => format!("({} and {})", self.expr(Kind::Bool, next), self.expr(Kind::Bool, next)),
                2 => format!("({} or {})", self.expr(Kind::Bool, next), self.expr(Kind::Bool, next)),
                3 => {
                    let kind = self.kind();
                    format!("({} is {}null)", self.expr(kind, next), self.pick(&["", "not "]))
                }
                4 => {
                    let kind = self.kind();
                    let list: Vec<String> = (0..1 + self.chance.below(3)).map(|_| self.expr(kind, 0)).collect();
                    let null = if self.chance.one_in(5) { ", null" } else { "" };
                    format!("({} {}in ({}{null}))", self.expr(kind, next), self.pick(&["", "not "]), list.join(", "))
                }
                5 => format!("({} like {})", self.expr(Kind::Text, next), self.pick(&["'a%'", "'%b'", "'_'", "'%a%'"])),
                6 => {
                    let kind = self.kind();
                    let (a, b) = (self.expr(kind, next), self.expr(kind, next));
                    format!("({a} is {}distinct from {b})", self.pick(&["", "not "]))
                }
                _ => {
                    let kind = self.kind();
                    let (a, b) = (self.expr(kind, next), self.expr(kind, next));
                    format!("({a} {} {b})", self.pick(&["=", "<>", "<", "<=", ">", ">="]))
                }
            },
            Kind::Date => {
                let a = self.expr(Kind::Date, next);
                match self.chance.below(3) {
                    0 => format!("({a} + {})", self.chance.below(40)),
                    1 => format!("last_day({a})"),
                    _ => format!("cast(date_trunc('{}', {a}) as date)", self.pick(&["month", "week", "year"])),
                }
            }
        }
    }

    fn condition(&mut self) -> String {
        if self.chance.one_in(3) {
            return String::new();
        }
        match self.chance.below(8) {
            0 => format!(" where {} in (select u.n from u)", self.column(Kind::Int)),
            1 => {
                let not = self.pick(&["", "not "]);
                format!(
                    " where {not}exists (select 1 from u where u.n = {} and u.m > {})",
                    self.column(Kind::Int),
                    self.chance.below(4)
                )
            }
            2 => format!(" where {} > (select min(u.x) from u)", self.column(Kind::Float)),
            3 => format!(" where {} not in (select u.s from u where u.id < 2)", self.column(Kind::Text)),
            _ => format!(" where {}", self.expr(Kind::Bool, 2)),
        }
    }

    /// Sort keys that leave no ties: some expressions, then the row's own number.
    fn order(&mut self) -> String {
        let mut keys: Vec<String> = (0..self.chance.below(3))
            .map(|_| {
                let kind = self.kind();
                let key = self.column(kind);
                format!("{key}{}{}", self.pick(&["", " desc", " asc"]), self.pick(&["", " nulls first", " nulls last"]))
            })
            .collect();
        for table in self.tables.clone() {
            keys.push(format!("{table}.id"));
        }
        keys.join(", ")
    }

    fn list(&mut self, n: u64, depth: u64) -> String {
        let items: Vec<String> = (0..n)
            .map(|at| {
                let kind = self.kind();
                format!("{} as c{at}", self.expr(kind, depth))
            })
            .collect();
        items.join(", ")
    }

    fn plain(&mut self) -> (String, bool) {
        let n = 1 + self.chance.below(4);
        let (list, condition) = (self.list(n, 3), self.condition());
        if self.chance.one_in(4) {
            return (format!("select distinct {list} from t{condition}"), false);
        }
        let limit = if self.chance.one_in(3) {
            format!(" limit {} offset {}", self.chance.below(5), self.chance.below(3))
        } else {
            String::new()
        };
        let order = self.order();
        (format!("select {list} from t{condition} order by {order}{limit}"), true)
    }

    fn aggregate(&mut self) -> String {
        let call = match self.chance.below(12) {
            0 => "count(*)".to_owned(),
            1 => {
                let kind = self.kind();
                format!("count({}{})", self.pick(&["", "distinct "]), self.expr(kind, 1))
            }
            2 | 3 => format!("sum({}{})", self.pick(&["", "distinct "]), self.expr(Kind::Int, 1)),
            4 => format!("sum({})", self.column(Kind::Float)),
            5 => format!("avg({})", self.expr(Kind::Int, 1)),
            6 => format!("median({})", self.column(Kind::Int)),
            7 => format!("bool_and({})", self.expr(Kind::Bool, 1)),
            8 => format!("bool_or({})", self.expr(Kind::Bool, 1)),
            9 => {
                // By the row's own number, so that nothing ties.
                let kind = self.kind();
                format!("{}({}, {}.id)", self.pick(&["arg_max", "arg_min"]), self.column(kind), self.tables[0])
            }
            _ => {
                let kind = self.kind();
                format!("{}({})", self.pick(&["min", "max"]), self.expr(kind, 1))
            }
        };
        if self.chance.one_in(4) { format!("{call} filter (where {})", self.expr(Kind::Bool, 1)) } else { call }
    }

    fn grouped(&mut self) -> (String, bool) {
        let kind = self.kind();
        let key = self.expr(kind, 1);
        let (a, b, condition) = (self.aggregate(), self.aggregate(), self.condition());
        let having = if self.chance.one_in(3) { format!(" having count(*) > {}", self.chance.below(3)) } else { String::new() };
        if self.chance.one_in(4) {
            return (format!("select {a} as a, {b} as b from t{condition}{having}"), true);
        }
        let nulls = self.pick(&["", " nulls first", " desc", " desc nulls first"]);
        (format!("select {key} as k, {a} as a, {b} as b from t{condition} group by {key}{having} order by k{nulls}"), true)
    }

    fn windowed(&mut self) -> (String, bool) {
        let partition = if self.chance.one_in(2) {
            let kind = self.kind();
            format!("partition by {} ", self.column(kind))
        } else {
            String::new()
        };
        let order = self.order();
        let frames = [
            "",
            " rows between 1 preceding and current row",
            " rows between unbounded preceding and 1 preceding",
            " rows between 1 following and 3 following",
            " rows between current row and unbounded following",
            " rows between 2 preceding and 1 following",
            " rows between unbounded preceding and unbounded following",
        ];
        let kind = self.kind();
        let call = match self.chance.below(9) {
            0 => format!("row_number() over ({partition}order by {order})"),
            1 => {
                // Ties on purpose.
                let (name, key) = (self.pick(&["rank", "dense_rank", "percent_rank", "cume_dist"]), self.column(kind));
                let nulls = self.pick(&["", " nulls first", " desc"]);
                format!("{name}() over ({partition}order by {key}{nulls})")
            }
            2 => {
                let (name, value) = (self.pick(&["lag", "lead"]), self.column(kind));
                format!("{name}({value}, {}) over ({partition}order by {order})", self.chance.below(3))
            }
            3 => {
                let (name, value, frame) = (self.pick(&["first_value", "last_value"]), self.column(kind), self.pick(&frames));
                format!("{name}({value}) over ({partition}order by {order}{frame})")
            }
            4 => format!("ntile({}) over ({partition}order by {order})", 1 + self.chance.below(5)),
            5 => {
                let (value, key) = (self.column(Kind::Int), self.column(kind));
                format!("sum({value}) over ({partition}order by {key})")
            }
            6 => format!("count(*) over ({partition}order by {order}{})", self.pick(&frames)),
            7 => {
                let (name, value) = (self.pick(&["min", "max"]), self.column(kind));
                format!("{name}({value}) over ({partition}order by {order}{})", self.pick(&frames))
            }
            _ => {
                let (name, value) = (self.pick(&["sum", "avg", "count"]), self.column(Kind::Int));
                format!("{name}({value}) over ({partition}order by {order}{})", self.pick(&frames))
            }
        };
        let condition = self.condition();
        (format!("select t.id, {call} as w from t{condition} order by t.id"), true)
    }

    fn joined(&mut self) -> (String, bool) {
        let how = self.pick(&["join", "left join", "right join", "full join", "semi join", "anti join"]);
        let kind = self.kind();
        let column = self.column(kind).replace("t.", "");
        let more = if self.chance.one_in(3) { format!(" and t.m {} u.m", self.pick(&["<", ">=", "<>"])) } else { String::new() };
        if matches!(how, "semi join" | "anti join") {
            let list = self.list(2, 1);
            return (format!("select t.id, {list} from t {how} u on t.{column} = u.{column}{more} order by t.id"), true);
        }
        self.tables = vec!["t", "u"];
        let list = self.list(2, 2);
        let condition = if self.chance.one_in(3) { format!(" where {}", self.expr(Kind::Bool, 1)) } else { String::new() };
        let order = "t.id nulls first, u.id nulls first";
        (
            format!("select t.id, u.id as uid, {list} from t {how} u on t.{column} = u.{column}{more}{condition} order by {order}"),
            true,
        )
    }

    fn combined(&mut self) -> (String, bool) {
        let how = self.pick(&["union", "union all", "intersect", "except", "intersect all", "except all"]);
        let kind = self.kind();
        let (a, condition) = (self.expr(kind, 1), self.condition());
        self.tables = vec!["u"];
        let b = self.expr(kind, 1);
        (format!("select {a} as k from t{condition} {how} select {b} from u"), false)
    }
}
