//! One-time codes: the first account, an invitation, a second device, a forgotten password. A code ends with whoever made
//! it, and with the password of whom it is about.

use wire::{Code, Problem};

use super::{Identity, hashed, holds, secret, tidy_name};
use crate::store::{Sql, Store, StoreErr, Val, read, write};

const LINK_MS: u64 = 10 * 60 * 1000;
const INVITE_MS: u64 = 14 * 24 * 60 * 60 * 1000;
const RESET_MS: u64 = 24 * 60 * 60 * 1000;

/// Makes the account that administers; only the server's own terminal gives it away.
pub(super) const FIRST: &str = "first";
pub(super) const INVITE: &str = "invite";
pub(super) const LINK: &str = "link";
pub(super) const RESET: &str = "reset";

/// Whether the server still waits for its first account. Once is for ever: nobody walks in after the last one was erased.
pub(super) fn waits_for_first(sql: &mut dyn Sql) -> Result<bool, StoreErr> {
    let claimed = sql.one("select claimed from realm", &[])?.map_or(Ok(false), |record| record.get(0))?;
    Ok(!claimed)
}

pub(super) fn first_is_made(sql: &mut dyn Sql) -> Result<(), StoreErr> {
    sql.run("update realm set claimed = 1", &[])?;
    sql.run("delete from codes where purpose = $1", &[Val::from(FIRST)]).map(drop)
}

/// What an invitation is spent as: the first one makes the administrator.
pub(super) fn door(sql: &mut dyn Sql) -> Result<&'static str, StoreErr> {
    Ok(if waits_for_first(sql)? { FIRST } else { INVITE })
}

/// Whose code it is, if it holds.
pub(super) fn look(sql: &mut dyn Sql, code: &str, purpose: &str, now_ms: u64) -> Result<Option<String>, StoreErr> {
    let select = "select account_id, expires_ms from codes where code_hash = $1 and purpose = $2";
    let Some(record) = sql.one(select, &[Val::from(hashed(code)), Val::from(purpose)])? else { return Ok(None) };
    let account_id = record.get(0)?;
    Ok((now_ms <= record.get(1)?).then_some(account_id))
}

pub(super) fn spend(sql: &mut dyn Sql, code: &str, purpose: &str, now_ms: u64) -> Result<Option<String>, StoreErr> {
    let found = look(sql, code, purpose, now_ms)?;
    if found.is_some() {
        sql.run("delete from codes where code_hash = $1", &[Val::from(hashed(code))])?;
    }
    Ok(found)
}

pub(super) fn used() -> Problem {
    Problem::new(Code::CodeUsed, "this code was used, or its time is over: ask for a new one")
}

/// What a device that is shut out has made.
pub(super) fn end_of_device(sql: &mut dyn Sql, account_id: &str, device_id: &str) -> Result<(), StoreErr> {
    let key = [Val::from(account_id), Val::from(device_id)];
    sql.run("delete from codes where made_by = $1 and made_on = $2", &key).map(drop)
}

/// Links that a device made which goes; its invitations are with their people already, and hold.
pub(super) fn end_of_sign_in(sql: &mut dyn Sql, who: &Identity) -> Result<(), StoreErr> {
    let key = [Val::from(&who.account_id[..]), Val::from(&who.device_id[..]), Val::from(LINK)];
    sql.run("delete from codes where made_by = $1 and made_on = $2 and purpose = $3", &key).map(drop)
}

/// Everything into an account, and everything that somebody made who was in it.
pub(super) fn end_of_account(sql: &mut dyn Sql, account_id: &str) -> Result<(), StoreErr> {
    sql.run("delete from codes where account_id = $1 or made_by = $1", &[Val::from(account_id)]).map(drop)
}

/// `purpose` is asked for inside the write, where nothing can change any more.
fn make(
    store: &dyn Store,
    purpose: fn(&mut dyn Sql) -> Result<&'static str, StoreErr>,
    about: &str,
    by: Option<&Identity>,
    (now_ms, lasts_ms): (u64, u64),
) -> Result<(String, u64), Problem> {
    // 128 bits are enough for something that lives for minutes or days, and half as long to scan.
    let code = secret()?[..32].to_owned();
    let (hash, about, by) = (hashed(&code), about.to_owned(), by.cloned());
    write(store, move |sql| {
        if let Some(by) = &by
            && !holds(sql, &by.token_hash)?
        {
            return Err(Problem::new(Code::SignIn, "the sign-in has ended").into());
        }
        sql.run("delete from codes where expires_ms < $1", &[Val::from(now_ms)])?;
        let purpose = purpose(sql)?;
        let (made_by, made_on) = by.as_ref().map_or(("", ""), |by| (&by.account_id[..], &by.device_id[..]));
        let insert = "insert into codes (code_hash, purpose, account_id, expires_ms, made_by, made_on) \
            values ($1, $2, $3, $4, $5, $6)";
        let values = [
            Val::from(&hash[..]),
            Val::from(purpose),
            Val::from(&about[..]),
            Val::from(now_ms + lasts_ms),
            Val::from(made_by),
            Val::from(made_on),
        ];
        sql.run(insert, &values).map(drop)
    })?;
    Ok((code, now_ms + lasts_ms))
}

pub fn make_link(store: &dyn Store, who: &Identity, now_ms: u64) -> Result<(String, u64), Problem> {
    make(store, |_| Ok(LINK), &who.account_id, Some(who), (now_ms, LINK_MS))
}

/// At the server's own terminal. Where nobody is yet, it makes the account that administers.
pub fn make_invite(store: &dyn Store, now_ms: u64) -> Result<(String, u64), Problem> {
    make(store, door, "", None, (now_ms, INVITE_MS))
}

pub fn invite_by(store: &dyn Store, who: &Identity, now_ms: u64) -> Result<(String, u64), Problem> {
    make(store, door, "", Some(who), (now_ms, INVITE_MS))
}

/// At the server's own terminal.
pub fn make_reset(store: &dyn Store, name: &str, now_ms: u64) -> Result<(String, u64), Problem> {
    make(store, |_| Ok(RESET), &account_of(store, name)?, None, (now_ms, RESET_MS))
}

pub fn reset_by(store: &dyn Store, who: &Identity, name: &str, now_ms: u64) -> Result<(String, u64), Problem> {
    make(store, |_| Ok(RESET), &account_of(store, name)?, Some(who), (now_ms, RESET_MS))
}

fn account_of(store: &dyn Store, name: &str) -> Result<String, Problem> {
    let name = tidy_name(name)?;
    let found = read(store, |sql| sql.one("select account_id from accounts where name = $1", &[Val::from(&name[..])]))?;
    let record = found.ok_or_else(|| Problem::new(Code::NotFound, "there is no such account"))?;
    Ok(record.get(0)?)
}
