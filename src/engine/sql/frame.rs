//! The rows that an expression is worked out over, and the names it may use for their columns.

use polars::prelude::{BooleanChunked, IdxCa};
use sqlparser::ast::Expr;

use crate::{
    column::{Column, Columns},
    table::Table,
};

#[derive(Debug, Clone)]
pub(super) struct Field {
    /// The table's name or alias, where the column came from one.
    pub(super) relation: Option<String>,
    pub(super) name: String,
    pub(super) data: Column,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Frame {
    pub(super) fields: Vec<Field>,
    pub(super) rows: usize,
    /// Expressions that already have their column: group keys, aggregates and windows.
    pub(super) computed: Vec<(Expr, Column)>,
    /// Columns that there were before the rows were grouped, to be named in a refusal.
    pub(super) grouped: Vec<String>,
}

impl Frame {
    pub(super) fn of_table(relation: &str, table: &Table) -> Self {
        let fields = table
            .columns()
            .map(|(name, data)| Field { relation: Some(relation.to_owned()), name: name.to_owned(), data: data.clone() })
            .collect();
        Self { fields, rows: table.rows(), ..Self::default() }
    }

    /// Columns that belong to no table.
    pub(super) fn of_columns(columns: &Columns, rows: usize) -> Self {
        let field = |(name, data): &(String, Column)| Field { relation: None, name: name.clone(), data: data.clone() };
        Self { fields: columns.iter().map(field).collect(), rows, ..Self::default() }
    }

    /// One row and no column: what `select 1` stands on.
    pub(super) fn unit() -> Self {
        Self { rows: 1, ..Self::default() }
    }

    /// SQL names fold case. Ambiguity is an error, absence is `Ok(None)`.
    pub(super) fn find(&self, relation: Option<&str>, name: &str) -> Result<Option<&Column>, String> {
        let mut found = self.fields.iter().filter(|field| {
            field.name.eq_ignore_ascii_case(name)
                && relation.is_none_or(|wanted| field.relation.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(wanted)))
        });
        match (found.next(), found.next()) {
            (Some(_), Some(_)) => Err(format!("{name} is in more than one table: say which")),
            (Some(field), None) => Ok(Some(&field.data)),
            (None, _) => Ok(None),
        }
    }

    pub(super) fn filter(&self, mask: &BooleanChunked) -> Self {
        self.map(mask.sum().unwrap_or(0) as usize, |column| column.filter(mask))
    }

    pub(super) fn take(&self, rows: &IdxCa) -> Self {
        self.map(rows.len(), |column| column.take(rows))
    }

    /// The column that an expression already has.
    pub(super) fn known(&self, expr: &Expr) -> Option<&Column> {
        self.computed.iter().find(|(known, _)| known == expr).map(|(_, column)| column)
    }

    fn map(&self, rows: usize, change: impl Fn(&Column) -> Column) -> Self {
        Self {
            fields: self.fields.iter().map(|field| Field { data: change(&field.data), ..field.clone() }).collect(),
            rows,
            computed: self.computed.iter().map(|(expr, column)| (expr.clone(), change(column))).collect(),
            grouped: self.grouped.clone(),
        }
    }
}
