//! One select: from, where, group by, having, windows, qualify, the list, distinct.

use sqlparser::ast::{
    Distinct, Expr, GroupByExpr, Select, SelectFlavor, SelectItem, SelectItemQualifiedWildcardKind, WildcardAdditionalOptions,
};

use super::{
    calls::{calls, forbid_aggregates},
    expr::{eval, mask},
    frame::{Field, Frame},
    from::sources,
    group::grouped,
    place::refuse,
    scope::Scope,
    selected::Selected,
    tree::{listed, output_name},
    window,
};
use crate::{
    column::Columns,
    error::{Res, SqlErr},
};

pub(super) fn select(select: &Select, scope: &Scope<'_>) -> Res<Selected> {
    let Select {
        select_token: _,
        distinct,
        top,
        top_before_distinct: _,
        projection,
        exclude,
        into,
        from,
        lateral_views,
        prewhere,
        selection,
        group_by,
        cluster_by,
        distribute_by,
        sort_by,
        having,
        named_window,
        qualify,
        window_before_qualify: _,
        value_table_mode,
        connect_by,
        flavor,
    } = select;
    if top.is_some()
        || exclude.is_some()
        || into.is_some()
        || !lateral_views.is_empty()
        || prewhere.is_some()
        || !cluster_by.is_empty()
        || !distribute_by.is_empty()
        || !sort_by.is_empty()
        || !named_window.is_empty()
        || value_table_mode.is_some()
        || connect_by.is_some()
        || *flavor != SelectFlavor::Standard
    {
        return refuse(select, "this clause of select is not supported");
    }
    let mut frame = sources(from, selection.as_ref(), scope)?;
    if let Some(condition) = selection {
        forbid_aggregates(condition)?;
        frame = frame.filter(&mask(condition, &frame, scope)?);
        scope.step(|| format!("where {condition}"), frame.rows);
    }

    // What stands after grouping.
    let (mut aggregates, mut windows): (Vec<&Expr>, Vec<&Expr>) = (Vec::new(), Vec::new());
    for expr in projection.iter().filter_map(expr_of).chain(having).chain(qualify) {
        calls(expr, &mut aggregates, &mut windows)?;
    }

    let GroupByExpr::Expressions(keys, modifiers) = group_by else {
        return refuse(select, "group by all is not supported");
    };
    if !modifiers.is_empty() {
        return refuse(select, "rollup, cube and grouping sets are not supported");
    }
    if !keys.is_empty() || !aggregates.is_empty() || having.is_some() {
        frame = grouped(&frame, keys, projection, &aggregates, scope)?;
        scope.step(|| format!("group by {}", listed(keys)), frame.rows);
        if let Some(having) = having {
            frame = frame.filter(&mask(having, &frame, scope)?);
        }
    }
    with_windows(&mut frame, &windows, scope)?;
    if let Some(condition) = qualify {
        frame = frame.filter(&mask(condition, &frame, scope)?);
    }

    let out = Selected { rows: frame.rows, columns: columns(projection, &frame, scope)?, frame: Some(frame) };
    match distinct {
        None => Ok(out),
        Some(Distinct::Distinct) => Ok(out.distinct()),
        Some(Distinct::On(_)) => refuse(select, "distinct on is not supported"),
    }
}

fn expr_of(item: &SelectItem) -> Option<&Expr> {
    match item {
        SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => Some(expr),
        _ => None,
    }
}

/// Works the windows out, each once.
fn with_windows(frame: &mut Frame, windows: &[&Expr], scope: &Scope<'_>) -> Res<()> {
    let mut memo = window::Memo::default();
    for expr in windows {
        if let Expr::Function(function) = expr
            && frame.known(expr).is_none()
        {
            let column = window::window(function, frame, scope, &mut memo).map_err(|err| err.at(*expr))?;
            scope.step(|| format!("window {expr}"), frame.rows);
            frame.computed.push(((*expr).clone(), column));
        }
    }
    Ok(())
}

/// The columns of the select list.
fn columns(projection: &[SelectItem], frame: &Frame, scope: &Scope<'_>) -> Res<Columns> {
    let named = |field: &Field| (field.name.clone(), field.data.clone());
    let mut columns = Columns::new();
    for item in projection {
        match item {
            SelectItem::UnnamedExpr(expr) => columns.push((output_name(expr), eval(expr, frame, scope)?)),
            SelectItem::ExprWithAlias { expr, alias } => columns.push((alias.value.clone(), eval(expr, frame, scope)?)),
            SelectItem::Wildcard(options) => {
                plain_wildcard(options).map_err(|err| err.at(item))?;
                columns.extend(frame.fields.iter().map(named));
            }
            SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(name), options) => {
                plain_wildcard(options).map_err(|err| err.at(item))?;
                let wanted = name.to_string();
                let own = |field: &&Field| field.relation.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(&wanted));
                let before = columns.len();
                columns.extend(frame.fields.iter().filter(own).map(named));
                if columns.len() == before {
                    return refuse(name, format!("no table {wanted}"));
                }
            }
            other => return refuse(other, "this form of select list is not supported"),
        }
    }
    Ok(columns)
}

fn plain_wildcard(options: &WildcardAdditionalOptions) -> Res<()> {
    let WildcardAdditionalOptions { wildcard_token: _, opt_ilike, opt_exclude, opt_except, opt_replace, opt_rename } = options;
    if opt_ilike.is_some() || opt_exclude.is_some() || opt_except.is_some() || opt_replace.is_some() || opt_rename.is_some() {
        return Err(SqlErr::new("options after * are not supported"));
    }
    Ok(())
}
