//! A row that anybody can read. Whoever makes figures is given these, so what is encrypted never comes to them.

use serde_json::Value;

use crate::{
    body::Body,
    fact::{Fact, VERSION},
    row::Row,
    upcast,
};

#[derive(Debug, Clone, Copy)]
pub struct ClearRow<'a> {
    row: &'a Row,
    body: &'a Value,
}

impl Row {
    /// `None` for one that is encrypted.
    pub fn clear(&self) -> Option<ClearRow<'_>> {
        match &self.body {
            Body::Clear(body) => Some(ClearRow { row: self, body }),
            Body::Sealed(_) => None,
        }
    }

    /// The row's meaning at the newest version, where this build knows it and may.
    pub fn fact(&self) -> Option<Fact> {
        self.clear()?.fact()
    }
}

/// Those of some rows that anybody can read.
pub fn clear_rows<'a>(rows: impl IntoIterator<Item = &'a Row>) -> impl Iterator<Item = ClearRow<'a>> {
    rows.into_iter().filter_map(Row::clear)
}

impl<'a> ClearRow<'a> {
    pub fn row(self) -> &'a Row {
        self.row
    }

    pub fn body(self) -> &'a Value {
        self.body
    }

    /// What it says in a field.
    pub fn said(self, field: &str) -> Option<&'a Value> {
        self.row.hdr.get(field).or_else(|| self.body.get(field))
    }

    pub fn fact(self) -> Option<Fact> {
        let Row { kind, v, hdr, .. } = self.row;
        let (version, body) = upcast::upcast(upcast::STEPS, kind, *v, self.body.clone());
        if version != VERSION {
            return None;
        }
        Fact::from_parts(kind, hdr, &body)
    }
}
