//! Accounts, sign-ins, devices, one-time codes. Passwords and tokens are stored as hashes; time and chance are handed in.

mod codes;

pub use codes::{invite_by, make_invite, make_link, make_reset, reset_by};

use argon2::{
    Algorithm, Argon2, Params, PasswordVerifier as _, Version,
    password_hash::{PasswordHash, PasswordHasher as _, SaltString},
};
use ledger::{DeviceId, EntityId, hex};
use wire::{
    Code, Problem,
    api::{Account, Device},
};

use codes::{spend, used};

use crate::{
    replicate::realm,
    store::{Record, Sql, Store, StoreErr, Table, Val, read, tables, write},
};

/// Argon2id, OWASP Password Storage Cheat Sheet: m = 19 MiB, t = 2, p = 1.
const ARGON_KIB: u32 = 19 * 1024;
const ARGON_PASSES: u32 = 2;
const SIGN_IN_MS: u64 = 365 * DAY_MS;
/// A device that was not heard of for so long signs in again.
const IDLE_MS: u64 = 90 * DAY_MS;
/// Being heard of is written down this often.
pub const HEARD_EVERY_MS: u64 = DAY_MS;
const DAY_MS: u64 = 24 * 60 * 60 * 1000;
pub const PASSWORD_MIN: usize = 10;
pub const PASSWORD_MAX: usize = 200;
pub const NAME_MAX: usize = 60;
pub const PERSONS_MAX: usize = 32;
/// The role of whoever administers the server.
const ADMIN: &str = "admin";

/// 256 bits of the system's chance, as text that fits an address.
pub fn secret() -> Result<String, Problem> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|err| Problem::new(Code::Internal, err.to_string()))?;
    Ok(hex(&bytes))
}

/// What is stored of a secret that has 256 bits: nobody can guess backwards from it, so it needs no slow hash.
pub fn hashed(secret: &str) -> String {
    hex(&blake3::derive_key("spotter 2026 sign-in token", secret.as_bytes()))
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
    /// Its token is a cookie, which outlives whatever the app removes: a secret of the device goes with it.
    pub browser: bool,
}

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    pub account_id: String,
    pub device_id: String,
    pub token_hash: String,
    pub admin: bool,
    /// Empty: the token is all there is.
    secret_hash: String,
    pub seen_ms: u64,
    /// However often it is heard of, then it is over.
    pub expires_ms: u64,
}

impl Identity {
    /// Whether what was shown beside the token is enough. A browser keeps its cookie whatever the app forgets, so a cookie
    /// never is; and a token that came with a secret is nothing without it, whichever way it travels.
    pub fn is_opened_by(&self, secret: Option<&str>, by_cookie: bool) -> bool {
        match (self.secret_hash.is_empty(), secret) {
            (true, _) => !by_cookie,
            (false, secret) => secret.is_some_and(|secret| hashed(secret) == self.secret_hash),
        }
    }
}

/// What is handed out once; the server keeps hashes.
#[derive(Debug, Clone)]
pub struct SignedIn {
    pub token: String,
    /// For a browser.
    pub secret: Option<String>,
    pub account_id: String,
}

impl SignedIn {
    fn mint(account_id: String, device: &NewDevice) -> Result<Self, Problem> {
        let secret = device.browser.then(secret).transpose()?;
        Ok(Self { token: self::secret()?, secret, account_id })
    }
}

/// The server has never had an account.
pub fn waits_for_first(store: &dyn Store) -> Result<bool, Problem> {
    Ok(read(store, codes::waits_for_first)?)
}

/// Looked at before a password is hashed: whoever may not come in costs nothing.
pub fn may_sign_up(store: &dyn Store, invite: Option<&str>, now_ms: u64) -> Result<(), Problem> {
    let (first, found) = read(store, |sql| {
        let door = codes::door(sql)?;
        let found = invite.map(|code| codes::look(sql, code, door, now_ms)).transpose()?.flatten();
        Ok((door == codes::FIRST, found.is_some()))
    })?;
    match (found, invite) {
        (true, _) => Ok(()),
        (false, None) => Err(uninvited(first)),
        (false, Some(_)) => Err(used()),
    }
}

fn uninvited(first: bool) -> Problem {
    let detail = match first {
        true => "the first account needs the code that the server printed when it started",
        false => "this server takes new people by invitation only",
    };
    Problem::new(Code::Forbidden, detail)
}

/// Looked at before a password is hashed.
pub fn may_reset(store: &dyn Store, code: &str, now_ms: u64) -> Result<(), Problem> {
    let found = read(store, |sql| codes::look(sql, code, codes::RESET, now_ms))?;
    found.map(drop).ok_or_else(used)
}

/// A device of the account by this name, not shut out. Strangers do not know its id.
pub fn is_known(store: &dyn Store, name: &str, device_id: &DeviceId) -> Result<bool, Problem> {
    let select = "select 1 from devices d join accounts a on a.account_id = d.account_id \
        where a.name = $1 and d.device_id = $2 and d.revoked = 0";
    Ok(read(store, |sql| Ok(sql.one(select, &[Val::from(name), Val::from(device_id.as_str())])?.is_some()))?)
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
        let own = record.get::<&str>(0)? == account_id;
        return if own { Ok(()) } else { Err(Problem::new(Code::Taken, "this profile belongs to another account").into()) };
    }
    let count = "select count(*) from persons where account_id = $1";
    let n = sql.one(count, &[Val::from(account_id)])?.map_or(Ok(0), |record| record.get::<u64>(0))?;
    if PERSONS_MAX as u64 <= n {
        return Err(Problem::new(Code::Forbidden, format!("an account has at most {PERSONS_MAX} profiles")).into());
    }
    let insert = "insert into persons (person, account_id, position) values ($1, $2, $3)";
    sql.run(insert, &[Val::from(person), Val::from(account_id), Val::from(n)])?;
    access_changed(sql, account_id)?;
    Ok(())
}

/// A device signs in: listed, its person added, a token stored, a browser's in the place of its earlier ones. A device that
/// was shut out stays out.
fn enter(sql: &mut dyn Sql, device: &NewDevice, signed: &SignedIn, now_ms: u64) -> Result<(), StoreErr> {
    let account_id = &signed.account_id[..];
    let key = [Val::from(account_id), Val::from(device.device_id.as_str())];
    if let Some(record) = sql.one("select revoked from devices where account_id = $1 and device_id = $2", &key)?
        && record.get(0)?
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
    // A browser has one cookie, so an earlier sign-in of it is one that was lost. A program may have several tokens.
    if device.browser && 0 < sql.run("delete from sign_ins where account_id = $1 and device_id = $2", &key)? {
        // Whoever still listens with one of them is told.
        access_changed(sql, account_id)?;
    }
    let insert = "insert into sign_ins (token_hash, account_id, device_id, made_ms, expires_ms, secret_hash, seen_ms) \
        values ($1, $2, $3, $4, $5, $6, $4)";
    let [account, id] = key;
    let secret_hash = signed.secret.as_deref().map(hashed).unwrap_or_default();
    let values =
        [Val::from(hashed(&signed.token)), account, id, Val::from(now_ms), Val::from(now_ms + SIGN_IN_MS), Val::from(secret_hash)];
    sql.run(insert, &values)?;
    let idle = Val::from(now_ms.saturating_sub(IDLE_MS));
    sql.run("delete from sign_ins where expires_ms < $1 or seen_ms < $2", &[Val::from(now_ms), idle])?;
    Ok(())
}

/// By invitation. The first account's is the server's own, and it administers.
pub fn sign_up(
    store: &dyn Store,
    name: &str,
    password_hash: String,
    invite: Option<String>,
    device: NewDevice,
    now_ms: u64,
) -> Result<SignedIn, Problem> {
    let name = tidy_name(name)?;
    let signed = SignedIn::mint(secret()?[..32].to_owned(), &device)?;
    let answer = signed.clone();
    write(store, move |sql| {
        let door = codes::door(sql)?;
        let first = door == codes::FIRST;
        let Some(invite) = &invite else {
            return Err(uninvited(first).into());
        };
        if spend(sql, invite, door, now_ms)?.is_none() {
            return Err(used().into());
        }
        if first {
            codes::first_is_made(sql)?;
        }
        if sql.one("select 1 from accounts where name = $1", &[Val::from(&name[..])])?.is_some() {
            return Err(Problem::new(Code::Taken, "this name is taken: choose another, or sign in").into());
        }
        let insert = "insert into accounts (account_id, name, password, role, made_ms) values ($1, $2, $3, $4, $5)";
        let role = if first { ADMIN } else { "member" };
        let account_id = Val::from(&signed.account_id[..]);
        sql.run(insert, &[account_id, Val::from(&name[..]), Val::from(&password_hash[..]), Val::from(role), Val::from(now_ms)])?;
        enter(sql, &device, &signed, now_ms)
    })?;
    Ok(answer)
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
    let (account_id, verified): (_, String) = (record.get(0)?, record.get(1)?);
    if !verify(password, &verified) {
        return Err(wrong());
    }
    let signed = SignedIn::mint(account_id, &device)?;
    let answer = signed.clone();
    write(store, move |sql| {
        // Hashing takes a while, in which the password may have been made anew.
        if !is_password(sql, &signed.account_id, &verified)? {
            return Err(wrong().into());
        }
        enter(sql, &device, &signed, now_ms)
    })?;
    Ok(answer)
}

/// Whether the password that was compared with is still the account's.
fn is_password(sql: &mut dyn Sql, account_id: &str, verified: &str) -> Result<bool, StoreErr> {
    let found = sql.one("select password from accounts where account_id = $1", &[Val::from(account_id)])?;
    let stored = found.as_ref().map(|record| record.get::<&str>(0)).transpose()?;
    Ok(stored == Some(verified))
}

/// A second device, by the code that the first one showed.
pub fn join(store: &dyn Store, code: String, device: NewDevice, now_ms: u64) -> Result<SignedIn, Problem> {
    let signed = SignedIn::mint(String::new(), &device)?;
    write(store, move |sql| {
        let Some(account_id) = spend(sql, &code, codes::LINK, now_ms)? else { return Err(used().into()) };
        let signed = SignedIn { account_id, ..signed.clone() };
        enter(sql, &device, &signed, now_ms)?;
        Ok(signed)
    })
    .map_err(Problem::from)
}

/// A forgotten password, by an administrator's code. Every sign-in ends, and every code into the account.
pub fn reset_password(store: &dyn Store, code: String, password_hash: String, now_ms: u64) -> Result<(), Problem> {
    write(store, move |sql| {
        let Some(account_id) = spend(sql, &code, codes::RESET, now_ms)? else { return Err(used().into()) };
        set_password(sql, &account_id, &password_hash)?;
        end_sign_ins(sql, &account_id, "")
    })
    .map_err(Problem::from)
}

fn set_password(sql: &mut dyn Sql, account_id: &str, hash: &str) -> Result<(), StoreErr> {
    sql.run("update accounts set password = $1 where account_id = $2", &[Val::from(hash), Val::from(account_id)]).map(drop)
}

/// All of an account's but one, and every code into it.
fn end_sign_ins(sql: &mut dyn Sql, account_id: &str, but_token_hash: &str) -> Result<(), StoreErr> {
    let key = [Val::from(account_id), Val::from(but_token_hash)];
    sql.run("delete from sign_ins where account_id = $1 and token_hash <> $2", &key)?;
    codes::end_of_account(sql, account_id)?;
    access_changed(sql, account_id)
}

/// The password of whoever is signed in, checked outside of any write; `Ok` is what it was compared with.
fn verified(store: &dyn Store, who: &Identity, password: &str) -> Result<String, Problem> {
    let own = [Val::from(&who.account_id[..])];
    let found = read(store, |sql| sql.one("select password from accounts where account_id = $1", &own))?;
    let stored = found.map(|record| record.get::<String>(0)).transpose()?.filter(|stored| verify(password, stored));
    stored.ok_or_else(|| Problem::new(Code::WrongPassword, "the password is wrong"))
}

/// Every other sign-in ends.
pub fn change_password(store: &dyn Store, who: &Identity, password: &str, fresh: &str) -> Result<(), Problem> {
    let before = verified(store, who, password)?;
    let (hash, who) = (hash_password(fresh)?, who.clone());
    write(store, move |sql| {
        if !is_password(sql, &who.account_id, &before)? {
            return Err(Problem::new(Code::WrongPassword, "the password is wrong").into());
        }
        set_password(sql, &who.account_id, &hash)?;
        end_sign_ins(sql, &who.account_id, &who.token_hash)
    })
    .map_err(Problem::from)
}

pub fn sign_out_others(store: &dyn Store, who: &Identity) -> Result<(), Problem> {
    let who = who.clone();
    Ok(write(store, move |sql| end_sign_ins(sql, &who.account_id, &who.token_hash))?)
}

/// At the server's own terminal.
pub fn grant_admin(store: &dyn Store, name: &str) -> Result<(), Problem> {
    let name = tidy_name(name)?;
    write(store, move |sql| match sql.run("update accounts set role = 'admin' where name = $1", &[Val::from(&name[..])])? {
        0 => Err(Problem::new(Code::NotFound, "there is no such account").into()),
        _ => Ok(()),
    })
    .map_err(Problem::from)
}

/// Whose token it is. An unknown, old, idle or shut-out one is nobody's. See also `Identity::is_opened_by`.
pub fn identify(store: &dyn Store, token: &str, now_ms: u64) -> Result<Option<Identity>, Problem> {
    let token_hash = hashed(token);
    let select = "select s.account_id, s.device_id, a.role, s.expires_ms, s.seen_ms, s.secret_hash from sign_ins s \
        join accounts a on a.account_id = s.account_id \
        join devices d on d.account_id = s.account_id and d.device_id = s.device_id \
        where s.token_hash = $1 and d.revoked = 0";
    let Some(record) = store.glance(select, &[Val::from(&token_hash[..])])?.into_iter().next() else { return Ok(None) };
    let who = Identity {
        account_id: record.get(0)?,
        device_id: record.get(1)?,
        token_hash,
        admin: record.get::<&str>(2)? == ADMIN,
        secret_hash: record.get(5)?,
        seen_ms: record.get(4)?,
        expires_ms: record.get(3)?,
    };
    Ok((now_ms < who.expires_ms && now_ms < who.seen_ms + IDLE_MS).then_some(who))
}

/// Whether a sign-in was not ended by anybody. That its time is over, whoever has a clock sees.
pub fn holds(sql: &mut dyn Sql, token_hash: &str) -> Result<bool, StoreErr> {
    let select = "select 1 from sign_ins s join devices d on d.account_id = s.account_id and d.device_id = s.device_id \
        where s.token_hash = $1 and d.revoked = 0";
    Ok(sql.one(select, &[Val::from(token_hash)])?.is_some())
}

pub fn seen(store: &dyn Store, who: &Identity, now_ms: u64) -> Result<(), Problem> {
    let key = [Val::from(now_ms), Val::from(&who.account_id[..]), Val::from(&who.device_id[..])];
    let token = [Val::from(now_ms), Val::from(&who.token_hash[..])];
    Ok(write(store, move |sql| {
        sql.run("update sign_ins set seen_ms = $1 where token_hash = $2", &token)?;
        sql.run("update devices set seen_ms = $1 where account_id = $2 and device_id = $3", &key).map(drop)
    })?)
}

pub fn sign_out(store: &dyn Store, who: &Identity) -> Result<(), Problem> {
    let who = who.clone();
    Ok(write(store, move |sql| {
        sql.run("delete from sign_ins where token_hash = $1", &[Val::from(&who.token_hash[..])])?;
        codes::end_of_sign_in(sql, &who)?;
        access_changed(sql, &who.account_id)
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
        codes::end_of_device(sql, &account, &device)?;
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
        let device = |record: &Record| {
            let device_id: String = record.get(0)?;
            Ok(Device {
                this: device_id == who.device_id,
                device_id,
                name: record.get(1)?,
                made_ms: record.get(2)?,
                seen_ms: record.get(3)?,
                revoked: record.get(4)?,
            })
        };
        Ok(Account {
            account_id: who.account_id.clone(),
            name: record.get(0)?,
            admin: record.get::<&str>(1)? == ADMIN,
            persons: persons.iter().map(|record| record.get(0)).collect::<Result<_, _>>()?,
            devices: devices.iter().map(device).collect::<Result<_, StoreErr>>()?,
        })
    })?)
}

/// Says that something of an account has changed; whoever listens hears by it that the account is gone.
const OUTLIVES: &str = "access_changes";

/// Everything of an account, in whichever table it is: its rows and their bodies too. Places in the log stay empty; nothing
/// else moves.
pub fn erase(store: &dyn Store, who: &Identity, password: &str) -> Result<(), Problem> {
    verified(store, who, password)?;
    let (account, tables) = (who.account_id.clone(), tables()?);
    Ok(write(store, move |sql| {
        let own = [Val::from(&account[..])];
        for record in sql.rows("select person from persons where account_id = $1", &own)? {
            let scope = [Val::from(format!("u:{}", record.get::<&str>(0)?))];
            for Table { name, .. } in tables.iter().filter(|table| table.has("scope")) {
                sql.run(&format!("delete from {name} where scope = $1"), &scope)?;
            }
        }
        codes::end_of_account(sql, &account)?;
        for Table { name, .. } in tables.iter().filter(|table| table.has("account_id") && table.name != OUTLIVES) {
            sql.run(&format!("delete from {name} where account_id = $1"), &own)?;
        }
        access_changed(sql, &account)
    })?)
}
