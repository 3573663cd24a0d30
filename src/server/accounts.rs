//! Accounts, sign-ins, devices, one-time codes. Passwords and tokens are stored as hashes; time and chance are handed in.

use argon2::{
    Algorithm, Argon2, Params, PasswordVerifier as _, Version,
    password_hash::{PasswordHash, PasswordHasher as _, SaltString},
};
use ledger::{DeviceId, EntityId};
use wire::{Code, Problem};

use crate::{
    replicate::realm,
    store::{Sql, Store, StoreErr, Val, read, write},
};

/// Argon2id, OWASP Password Storage Cheat Sheet: m = 19 MiB, t = 2, p = 1.
const ARGON_KIB: u32 = 19 * 1024;
const ARGON_PASSES: u32 = 2;
const SIGN_IN_MS: u64 = 365 * 24 * 60 * 60 * 1000;
const LINK_MS: u64 = 10 * 60 * 1000;
const INVITE_MS: u64 = 14 * 24 * 60 * 60 * 1000;
const RESET_MS: u64 = 24 * 60 * 60 * 1000;
pub const PASSWORD_MIN: usize = 10;
pub const PASSWORD_MAX: usize = 200;
pub const NAME_MAX: usize = 60;
pub const PERSONS_MAX: usize = 32;

/// 256 bits of the system's chance, as text that fits an address.
pub fn secret() -> Result<String, Problem> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|err| Problem::new(Code::Internal, err.to_string()))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// What is stored of a secret that has 256 bits: nobody can guess backwards from it, so it needs no slow hash.
pub fn hashed(secret: &str) -> String {
    blake3::derive_key("spotter 2026 sign-in token", secret.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn argon() -> Argon2<'static> {
    let params = Params::new(ARGON_KIB, ARGON_PASSES, 1, None).expect("the figures are within Argon2's limits");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

/// Takes some 20 ms and 19 MiB: not more than a few at once.
pub fn hash_password(password: &str) -> Result<String, Problem> {
    let wrong = |err: &dyn std::fmt::Display| Problem::new(Code::Internal, err.to_string());
    let mut salt = [0; 16];
    getrandom::fill(&mut salt).map_err(|err| wrong(&err))?;
    let salt = SaltString::encode_b64(&salt).map_err(|err| wrong(&err))?;
    Ok(argon().hash_password(password.as_bytes(), &salt).map_err(|err| wrong(&err))?.to_string())
}

fn verify(password: &str, stored: &str) -> bool {
    PasswordHash::new(stored).is_ok_and(|stored| argon().verify_password(password.as_bytes(), &stored).is_ok())
}

/// A name as it is compared: one person cannot be another by a capital letter.
pub fn tidy_name(name: &str) -> Result<String, Problem> {
    let name = name.trim().to_lowercase();
    let fits = !name.is_empty() && name.chars().count() <= NAME_MAX && !name.chars().any(char::is_control);
    if fits { Ok(name) } else { Err(Problem::new(Code::BadRequest, format!("a name has 1 to {NAME_MAX} characters"))) }
}

pub fn check_password(password: &str) -> Result<(), Problem> {
    let chars = password.chars().count();
    if PASSWORD_MIN <= chars && chars <= PASSWORD_MAX {
        return Ok(());
    }
    Err(Problem::new(Code::BadRequest, format!("a password has {PASSWORD_MIN} to {PASSWORD_MAX} characters")))
}

/// An installation that signs in.
#[derive(Debug, Clone)]
pub struct NewDevice {
    pub device_id: DeviceId,
    pub name: String,
    /// The person whose rows it holds, if it holds any.
    pub person: Option<EntityId>,
}

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    pub account_id: String,
    pub device_id: String,
    pub token_hash: String,
    pub admin: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct Device {
    pub device_id: String,
    pub name: String,
    pub made_ms: u64,
    pub seen_ms: u64,
    pub revoked: bool,
    /// The one that asks.
    pub this: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct Account {
    pub account_id: String,
    pub name: String,
    pub admin: bool,
    /// In the order they joined; the first is whom new rows are about.
    pub persons: Vec<String>,
    pub devices: Vec<Device>,
}

pub struct SignedIn {
    pub token: String,
    pub account_id: String,
}

pub fn is_empty(store: &dyn Store) -> Result<bool, Problem> {
    Ok(read(store, |sql| Ok(sql.one("select 1 from accounts limit 1", &[])?.is_none()))?)
}

/// Looked at before a password is hashed: whoever may not come in costs nothing.
pub fn may_sign_up(store: &dyn Store, invite: Option<&str>, now_ms: u64) -> Result<(), Problem> {
    let code = invite.map(hashed).unwrap_or_default();
    let found = read(store, |sql| {
        let first = sql.one("select 1 from accounts limit 1", &[])?.is_none();
        let select = "select 1 from codes where code_hash = $1 and purpose = 'invite' and expires_ms >= $2";
        Ok(first || sql.one(select, &[Val::from(&code[..]), Val::from(now_ms)])?.is_some())
    })?;
    match (found, invite) {
        (true, _) => Ok(()),
        (false, None) => Err(uninvited()),
        (false, Some(_)) => Err(used()),
    }
}

fn uninvited() -> Problem {
    Problem::new(Code::Forbidden, "this server takes new people by invitation only")
}

/// Changes that every reader has long heard of.
const CHANGES_KEPT: u64 = 10_000;

fn access_changed(sql: &mut dyn Sql, account_id: &str) -> Result<(), StoreErr> {
    let no = realm(sql)?.access + 1;
    sql.run("insert into access_changes (no, account_id) values ($1, $2)", &[Val::from(no), Val::from(account_id)])?;
    sql.run("delete from access_changes where no < $1", &[Val::from(no.saturating_sub(CHANGES_KEPT))])?;
    sql.run("update realm set access = $1", &[Val::from(no)]).map(drop)
}

/// Adds a person to an account; somebody else's stays theirs.
fn add_person(sql: &mut dyn Sql, account_id: &str, person: &EntityId) -> Result<(), StoreErr> {
    let person = person.to_string();
    if let Some(record) = sql.one("select account_id from persons where person = $1", &[Val::from(&person[..])])? {
        let own = record[0].text() == account_id;
        return if own { Ok(()) } else { Err(Problem::new(Code::Taken, "this profile belongs to another account").into()) };
    }
    let count = "select count(*) from persons where account_id = $1";
    let n = sql.one(count, &[Val::from(account_id)])?.map_or(0, |record| record[0].number());
    if PERSONS_MAX as u64 <= n {
        return Err(Problem::new(Code::Forbidden, format!("an account has at most {PERSONS_MAX} profiles")).into());
    }
    let insert = "insert into persons (person, account_id, position) values ($1, $2, $3)";
    sql.run(insert, &[Val::from(person), Val::from(account_id), Val::from(n)])?;
    access_changed(sql, account_id)?;
    Ok(())
}

/// A device signs in: listed, its person added, a token stored. A device that was shut out stays out.
fn enter(sql: &mut dyn Sql, account_id: &str, device: &NewDevice, token: &str, now_ms: u64) -> Result<(), StoreErr> {
    let key = [Val::from(account_id), Val::from(device.device_id.as_str())];
    if let Some(record) = sql.one("select revoked from devices where account_id = $1 and device_id = $2", &key)?
        && record[0].number() != 0
    {
        return Err(Problem::new(Code::Forbidden, "this device was shut out of the account").into());
    }
    if let Some(person) = &device.person {
        add_person(sql, account_id, person)?;
    }
    let upsert = "insert into devices (account_id, device_id, name, made_ms, seen_ms, revoked) values ($1, $2, $3, $4, $4, 0) \
        on conflict (account_id, device_id) do update set name = excluded.name, seen_ms = excluded.seen_ms";
    let [account, id] = key.clone();
    sql.run(upsert, &[account, id, Val::from(&device.name[..]), Val::from(now_ms)])?;
    let insert = "insert into sign_ins (token_hash, account_id, device_id, made_ms, expires_ms) values ($1, $2, $3, $4, $5)";
    let [account, id] = key;
    sql.run(insert, &[Val::from(hashed(token)), account, id, Val::from(now_ms), Val::from(now_ms + SIGN_IN_MS)])?;
    sql.run("delete from sign_ins where expires_ms < $1", &[Val::from(now_ms)])?;
    Ok(())
}

fn spend(sql: &mut dyn Sql, code: &str, purpose: &str, now_ms: u64) -> Result<Option<String>, StoreErr> {
    let hash = Val::from(hashed(code));
    let select = "select account_id, expires_ms from codes where code_hash = $1 and purpose = $2";
    let found = sql.one(select, &[hash.clone(), Val::from(purpose)])?;
    let Some(record) = found.filter(|record| now_ms <= record[1].number()) else { return Ok(None) };
    sql.run("delete from codes where code_hash = $1", &[hash])?;
    Ok(Some(record[0].text().to_owned()))
}

fn used() -> Problem {
    Problem::new(Code::CodeUsed, "this code was used, or its time is over: ask for a new one")
}

/// The first account needs no invitation, and administers.
pub fn sign_up(
    store: &dyn Store,
    name: &str,
    password_hash: String,
    invite: Option<String>,
    device: NewDevice,
    now_ms: u64,
) -> Result<SignedIn, Problem> {
    let (name, token, account_id) = (tidy_name(name)?, secret()?, secret()?[..32].to_owned());
    let (answer, account) = (token.clone(), account_id.clone());
    write(store, move |sql| {
        let first = sql.one("select 1 from accounts limit 1", &[])?.is_none();
        if !first {
            let Some(invite) = &invite else {
                return Err(uninvited().into());
            };
            if spend(sql, invite, "invite", now_ms)?.is_none() {
                return Err(used().into());
            }
        }
        if sql.one("select 1 from accounts where name = $1", &[Val::from(&name[..])])?.is_some() {
            return Err(Problem::new(Code::Taken, "this name is taken: choose another, or sign in").into());
        }
        let insert = "insert into accounts (account_id, name, password, role, made_ms) values ($1, $2, $3, $4, $5)";
        let role = if first { "admin" } else { "member" };
        sql.run(
            insert,
            &[Val::from(&account_id[..]), Val::from(&name[..]), Val::from(&password_hash[..]), Val::from(role), Val::from(now_ms)],
        )?;
        enter(sql, &account_id, &device, &token, now_ms)
    })?;
    Ok(SignedIn { token: answer, account_id: account })
}

/// Checks the password outside of any write: that takes long.
pub fn sign_in(store: &dyn Store, name: &str, password: &str, device: NewDevice, now_ms: u64) -> Result<SignedIn, Problem> {
    let name = tidy_name(name)?;
    let found = read(store, |sql| sql.one("select account_id, password from accounts where name = $1", &[Val::from(&name[..])]))?;
    let wrong = || Problem::new(Code::WrongPassword, "the name or the password is wrong");
    let Some(record) = found else {
        // As slow as a wrong password, so that nobody learns which names there are.
        hash_password(password)?;
        return Err(wrong());
    };
    if !verify(password, record[1].text()) {
        return Err(wrong());
    }
    enter_account(store, record[0].text().to_owned(), device, now_ms)
}

fn enter_account(store: &dyn Store, account_id: String, device: NewDevice, now_ms: u64) -> Result<SignedIn, Problem> {
    let token = secret()?;
    let (answer, account) = (token.clone(), account_id.clone());
    write(store, move |sql| enter(sql, &account_id, &device, &token, now_ms))?;
    Ok(SignedIn { token: answer, account_id: account })
}

/// A second device, by the code that the first one showed.
pub fn join(store: &dyn Store, code: String, device: NewDevice, now_ms: u64) -> Result<SignedIn, Problem> {
    let token = secret()?;
    let answer = token.clone();
    let account_id = write(store, move |sql| {
        let Some(account_id) = spend(sql, &code, "link", now_ms)? else { return Err(used().into()) };
        enter(sql, &account_id, &device, &token, now_ms)?;
        Ok(account_id)
    })?;
    Ok(SignedIn { token: answer, account_id })
}

/// A forgotten password, by an administrator's code. Every other sign-in ends.
pub fn reset_password(store: &dyn Store, code: String, password_hash: String, now_ms: u64) -> Result<(), Problem> {
    write(store, move |sql| {
        let Some(account_id) = spend(sql, &code, "reset", now_ms)? else { return Err(used().into()) };
        let update = "update accounts set password = $1 where account_id = $2";
        sql.run(update, &[Val::from(&password_hash[..]), Val::from(&account_id[..])])?;
        sql.run("delete from sign_ins where account_id = $1", &[Val::from(&account_id[..])])?;
        access_changed(sql, &account_id)?;
        Ok(())
    })
    .map_err(Problem::from)
}

/// Whose token it is. An unknown, old or shut-out one is nobody's.
pub fn identify(store: &dyn Store, token: &str, now_ms: u64) -> Result<Option<Identity>, Problem> {
    let token_hash = hashed(token);
    let select = "select s.account_id, s.device_id, a.role, s.expires_ms from sign_ins s \
        join accounts a on a.account_id = s.account_id \
        join devices d on d.account_id = s.account_id and d.device_id = s.device_id \
        where s.token_hash = $1 and d.revoked = 0";
    let found = store.glance(select, &[Val::from(&token_hash[..])])?.into_iter().next();
    Ok(found.filter(|record| now_ms < record[3].number()).map(|record| Identity {
        account_id: record[0].text().to_owned(),
        device_id: record[1].text().to_owned(),
        token_hash,
        admin: record[2].text() == "admin",
    }))
}

/// Whether a sign-in still holds.
pub fn holds(sql: &mut dyn Sql, token_hash: &str) -> Result<bool, StoreErr> {
    let select = "select 1 from sign_ins s join devices d on d.account_id = s.account_id and d.device_id = s.device_id \
        where s.token_hash = $1 and d.revoked = 0";
    Ok(sql.one(select, &[Val::from(token_hash)])?.is_some())
}

pub fn seen(store: &dyn Store, who: &Identity, now_ms: u64) -> Result<(), Problem> {
    let key = [Val::from(now_ms), Val::from(&who.account_id[..]), Val::from(&who.device_id[..])];
    let update = "update devices set seen_ms = $1 where account_id = $2 and device_id = $3";
    Ok(write(store, move |sql| sql.run(update, &key).map(drop))?)
}

pub fn sign_out(store: &dyn Store, who: &Identity) -> Result<(), Problem> {
    let (hash, account) = (who.token_hash.clone(), who.account_id.clone());
    Ok(write(store, move |sql| {
        sql.run("delete from sign_ins where token_hash = $1", &[Val::from(&hash[..])])?;
        access_changed(sql, &account)
    })?)
}

/// Shuts a device out; its rows stay.
pub fn revoke(store: &dyn Store, who: &Identity, device_id: &str) -> Result<(), Problem> {
    let (account, device) = (who.account_id.clone(), device_id.to_owned());
    write(store, move |sql| {
        let key = [Val::from(&account[..]), Val::from(&device[..])];
        if sql.run("update devices set revoked = 1 where account_id = $1 and device_id = $2", &key)? == 0 {
            return Err(Problem::new(Code::NotFound, "the account has no such device").into());
        }
        sql.run("delete from sign_ins where account_id = $1 and device_id = $2", &key)?;
        access_changed(sql, &account)?;
        Ok(())
    })
    .map_err(Problem::from)
}

pub fn add_own_person(store: &dyn Store, who: &Identity, person: EntityId) -> Result<(), Problem> {
    let account = who.account_id.clone();
    Ok(write(store, move |sql| add_person(sql, &account, &person))?)
}

pub fn account(store: &dyn Store, who: &Identity) -> Result<Account, Problem> {
    Ok(read(store, |sql| {
        let own = [Val::from(&who.account_id[..])];
        let record = sql.one("select name, role from accounts where account_id = $1", &own)?;
        let record = record.ok_or_else(|| StoreErr::Database("a sign-in without its account".to_owned()))?;
        let persons = sql.rows("select person from persons where account_id = $1 order by position, person", &own)?;
        let select =
            "select device_id, name, made_ms, seen_ms, revoked from devices where account_id = $1 order by made_ms, device_id";
        let devices = sql.rows(select, &own)?;
        Ok(Account {
            account_id: who.account_id.clone(),
            name: record[0].text().to_owned(),
            admin: record[1].text() == "admin",
            persons: persons.iter().map(|record| record[0].text().to_owned()).collect(),
            devices: devices
                .iter()
                .map(|record| Device {
                    device_id: record[0].text().to_owned(),
                    name: record[1].text().to_owned(),
                    made_ms: record[2].number(),
                    seen_ms: record[3].number(),
                    revoked: record[4].number() != 0,
                    this: record[0].text() == who.device_id,
                })
                .collect(),
        })
    })?)
}

fn make_code(store: &dyn Store, purpose: &'static str, account_id: &str, now_ms: u64, lasts_ms: u64) -> Result<String, Problem> {
    // 128 bits are enough for something that lives for minutes or days, and half as long to scan.
    let code = secret()?[..32].to_owned();
    let (hash, account) = (hashed(&code), account_id.to_owned());
    write(store, move |sql| {
        sql.run("delete from codes where expires_ms < $1", &[Val::from(now_ms)])?;
        let insert = "insert into codes (code_hash, purpose, account_id, expires_ms) values ($1, $2, $3, $4)";
        sql.run(insert, &[Val::from(&hash[..]), Val::from(purpose), Val::from(&account[..]), Val::from(now_ms + lasts_ms)])
            .map(drop)
    })?;
    Ok(code)
}

pub fn make_link(store: &dyn Store, who: &Identity, now_ms: u64) -> Result<(String, u64), Problem> {
    Ok((make_code(store, "link", &who.account_id, now_ms, LINK_MS)?, now_ms + LINK_MS))
}

pub fn make_invite(store: &dyn Store, now_ms: u64) -> Result<(String, u64), Problem> {
    Ok((make_code(store, "invite", "", now_ms, INVITE_MS)?, now_ms + INVITE_MS))
}

pub fn make_reset(store: &dyn Store, name: &str, now_ms: u64) -> Result<(String, u64), Problem> {
    let name = tidy_name(name)?;
    let found = read(store, |sql| sql.one("select account_id from accounts where name = $1", &[Val::from(&name[..])]))?;
    let record = found.ok_or_else(|| Problem::new(Code::NotFound, "there is no such account"))?;
    Ok((make_code(store, "reset", record[0].text(), now_ms, RESET_MS)?, now_ms + RESET_MS))
}

/// Everything of an account: its rows and their bodies too. Places in the log stay empty; nothing else moves.
pub fn erase(store: &dyn Store, who: &Identity, password: &str) -> Result<(), Problem> {
    let own = [Val::from(&who.account_id[..])];
    let found = read(store, |sql| sql.one("select password from accounts where account_id = $1", &own))?;
    if !found.is_some_and(|record| verify(password, record[0].text())) {
        return Err(Problem::new(Code::WrongPassword, "the password is wrong"));
    }
    let account = who.account_id.clone();
    Ok(write(store, move |sql| {
        let own = [Val::from(&account[..])];
        for record in sql.rows("select person from persons where account_id = $1", &own)? {
            let scope = [Val::from(format!("u:{}", record[0].text()))];
            for table in ["events", "chains", "scopes", "segments"] {
                sql.run(&format!("delete from {table} where scope = $1"), &scope)?;
            }
        }
        for table in ["persons", "members", "devices", "sign_ins", "codes", "accounts"] {
            sql.run(&format!("delete from {table} where account_id = $1"), &own)?;
        }
        access_changed(sql, &account)
    })?)
}
