//! What is done with whole columns: casts, comparisons, functions, groups, order, aggregates. Nothing here knows a query.

pub(crate) mod aggregate;
pub(crate) mod arithmetic;
pub(crate) mod call;
pub(crate) mod cast;
pub(crate) mod compare;
pub(crate) mod date;
pub(crate) mod groups;
pub(crate) mod logic;
mod math;
pub(crate) mod order;
mod text;
pub(crate) mod window;
