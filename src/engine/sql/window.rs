//! Window functions: whose partitions and order a query says.

use std::{ops::Range, rc::Rc};

use sqlparser::ast::{Expr, Function, OrderByExpr, WindowFrame, WindowFrameBound, WindowFrameUnits, WindowSpec, WindowType};

use super::{
    calls::{call_of, plain_args},
    expr::{eval, mask},
    frame::Frame,
    group::sort_keys,
    scope::Scope,
};
use crate::{
    column::{Column, index},
    error::{Res, SqlErr},
    kernel::{
        cast::alike,
        groups::Groups,
        order::{Extent, Places},
        window::{framed, neighbours, ntile, over_ranges, rank, share},
    },
    value::Value,
};

pub(super) fn window(function: &Function, frame: &Frame, scope: &Scope<'_>, memo: &mut Memo) -> Res<Column> {
    let Some(WindowType::WindowSpec(spec)) = &function.over else {
        return Err(SqlErr::new("named windows are not supported"));
    };
    let WindowSpec { window_name: None, partition_by, order_by, window_frame } = spec else {
        return Err(SqlErr::new("named windows are not supported"));
    };
    let places = memo.places(partition_by, order_by, || {
        let partition = partition_by.iter().map(|expr| eval(expr, frame, scope)).collect::<Res<Vec<_>>>()?;
        Ok(Places::new(&Groups::by(&partition, frame.rows), &sort_keys(order_by, |expr| eval(expr, frame, scope))?))
    })?;
    let name = function.name.to_string().to_ascii_lowercase();
    Window { function, name: &name, frame, scope, places: &places, extent: window_frame.as_ref(), ordered: !order_by.is_empty() }
        .value()
}

/// A call and the window that it looks at.
struct Window<'w> {
    function: &'w Function,
    name: &'w str,
    frame: &'w Frame,
    scope: &'w Scope<'w>,
    places: &'w Places,
    extent: Option<&'w WindowFrame>,
    ordered: bool,
}

impl Window<'_> {
    fn value(&self) -> Res<Column> {
        match self.name {
            "row_number" | "rank" | "dense_rank" => self.alone().map(|()| rank(self.name, self.places)),
            "percent_rank" | "cume_dist" => self.alone().map(|()| share(self.name, self.places)),
            "ntile" => {
                let buckets = constant(self.args(1)?[0], self.scope)?;
                if self.extent.is_some() || buckets < 1 {
                    return Err(SqlErr::new("ntile takes a number from 1 and no frame"));
                }
                Ok(ntile(buckets, self.places))
            }
            "nth_value" => {
                let args = self.args(2)?;
                let [value, nth] = args.as_slice() else { return Err(SqlErr::new("nth_value needs a value and a number")) };
                let (value, nth) = (self.eval(value)?, constant(nth, self.scope)?);
                let skipped = usize::try_from(nth.saturating_sub(1)).ok();
                let rows = framed(&self.frames()?, self.places, |range| range.clone().nth(skipped?));
                Ok(value.pick(&rows))
            }
            "first_value" | "last_value" => {
                let value = self.eval(self.args(1)?[0])?;
                let last = self.name == "last_value";
                let end = |range: &Range<usize>| if last { range.clone().next_back() } else { range.clone().next() };
                Ok(value.pick(&framed(&self.frames()?, self.places, end)))
            }
            "lag" | "lead" => self.neighbour(),
            _ => self.aggregate(),
        }
    }

    fn eval(&self, expr: &Expr) -> Res<Column> {
        eval(expr, self.frame, self.scope)
    }

    fn plain(&self) -> bool {
        self.function.filter.is_none() && self.function.null_treatment.is_none()
    }

    /// It takes neither arguments nor a frame.
    fn alone(&self) -> Res<()> {
        if !self.plain() || !plain_args(self.function)?.is_empty() || self.extent.is_some() {
            return Err(SqlErr::new(format!("{} takes no arguments and no frame", self.name)));
        }
        Ok(())
    }

    /// At least one argument, and no more than so many.
    fn args(&self, max: usize) -> Res<Vec<&Expr>> {
        let args = plain_args(self.function)?;
        if !self.plain() || args.is_empty() || max < args.len() {
            return Err(SqlErr::new(format!("this form of {} is not supported", self.name)));
        }
        Ok(args)
    }

    fn frames(&self) -> Res<Vec<Range<usize>>> {
        Ok(self.places.frames(extent(self.extent, self.ordered, self.scope)?))
    }

    /// `lag` and `lead`.
    fn neighbour(&self) -> Res<Column> {
        if self.extent.is_some() {
            return Err(SqlErr::new(format!("{} takes no frame", self.name)));
        }
        let args = self.args(3)?;
        let value = self.eval(args[0])?;
        let by = args.get(1).map_or(Ok(1), |by| constant(by, self.scope))?;
        let rows = neighbours(if self.name == "lag" { by.saturating_neg() } else { by }, self.places);
        let found = value.pick(&rows);
        let Some(otherwise) = args.get(2) else { return Ok(found) };
        let (found, otherwise) = alike(&found, &self.eval(otherwise)?)
            .ok_or_else(|| SqlErr::new(format!("the default of {} has another type", self.name)))?;
        // Only where there is no such row: a null that was found stays null.
        found.where_else(&rows.iter().map(|row| Some(row.is_some())).collect(), &otherwise)
    }

    fn aggregate(&self) -> Res<Column> {
        let call = call_of(self.function)?;
        let takes_window = matches!(call.name, "count" | "sum" | "avg" | "min" | "max");
        if self.function.null_treatment.is_some() || call.distinct || !takes_window {
            return Err(SqlErr::new(format!("this form of {} is not supported in a window", self.name)));
        }
        // Nothing for count(*). What the filter leaves out counts as null.
        let mut arg = call.args.first().map(|arg| self.eval(arg)).transpose()?;
        if let Some(filter) = call.filter {
            let wanted = mask(filter, self.frame, self.scope)?;
            let value = arg.unwrap_or_else(|| Column::repeat(&Value::Int(1), self.frame.rows));
            arg = Some(value.where_else(&wanted, &Column::nulls(value.ty(), value.len()))?);
        }
        // The argument in window order, and its values back in row order.
        let arg = arg.map(|arg| arg.take(&index(self.places.order.clone())));
        let by_place = over_ranges(call.name, arg.as_ref(), &self.frames()?)?;
        Ok(by_place.take(&index(self.places.of_rows())))
    }
}

/// How far each row's frame goes.
fn extent(frame: Option<&WindowFrame>, ordered: bool, scope: &Scope<'_>) -> Res<Extent> {
    // The standard's default: to the last peer where there is an order, otherwise everything.
    let default = if ordered { Extent::ToLastPeer } else { Extent::Partition };
    let Some(frame) = frame else { return Ok(default) };
    let default_range = frame.units == WindowFrameUnits::Range
        && frame.start_bound == WindowFrameBound::Preceding(None)
        && matches!(frame.end_bound, None | Some(WindowFrameBound::CurrentRow));
    if default_range {
        return Ok(default);
    }
    if frame.units != WindowFrameUnits::Rows {
        return Err(SqlErr::new(format!("{} frames are not supported: use rows", frame.units)));
    }
    let bound = |bound: &WindowFrameBound| -> Res<Option<i64>> {
        Ok(match bound {
            WindowFrameBound::CurrentRow => Some(0),
            WindowFrameBound::Preceding(None) | WindowFrameBound::Following(None) => None,
            WindowFrameBound::Preceding(Some(by)) => Some(constant(by, scope)?.saturating_neg()),
            WindowFrameBound::Following(Some(by)) => Some(constant(by, scope)?),
        })
    };
    let start = match &frame.start_bound {
        WindowFrameBound::Following(None) => return Err(SqlErr::new("a frame cannot start at unbounded following")),
        start => bound(start)?,
    };
    let end = match frame.end_bound.as_ref().unwrap_or(&WindowFrameBound::CurrentRow) {
        WindowFrameBound::Preceding(None) => return Err(SqlErr::new("a frame cannot end at unbounded preceding")),
        end => bound(end)?,
    };
    Ok(Extent::Rows { start, end })
}

fn constant(expr: &Expr, scope: &Scope<'_>) -> Res<i64> {
    let needed = || SqlErr::new("a constant whole number is needed").at(expr);
    match eval(expr, &Frame::unit(), scope).map_err(|_| needed())? {
        Column::Int(values) => Ok(values.get(0).unwrap_or(0)),
        _ => Err(needed()),
    }
}

/// Windows of one select that share their partitions and order share their places.
#[derive(Debug, Default)]
pub(super) struct Memo {
    known: Vec<(Vec<Expr>, Vec<OrderByExpr>, Rc<Places>)>,
}

impl Memo {
    fn places(&mut self, partition: &[Expr], order: &[OrderByExpr], make: impl FnOnce() -> Res<Places>) -> Res<Rc<Places>> {
        if let Some((.., places)) = self.known.iter().find(|(a, b, _)| a == partition && b == order) {
            return Ok(Rc::clone(places));
        }
        let places = Rc::new(make()?);
        self.known.push((partition.to_vec(), order.to_vec(), Rc::clone(&places)));
        Ok(places)
    }
}
