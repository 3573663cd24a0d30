-- Times are UTC milliseconds. `blob` is PostgreSQL's bytea.
create table realm (
    only_one bigint primary key check (only_one = 1),
    epoch text not null,
    head bigint not null,
    floor bigint not null,
    -- The last number in access_changes.
    access bigint not null,
    made_ms bigint not null
);
create table events (
    seq bigint primary key,
    event_id text not null unique,
    scope text not null,
    device_id text not null,
    lane text not null,
    dseq bigint not null,
    kind text not null,
    h text not null,
    raw blob not null,
    received_ms bigint not null,
    -- The device's clock was more than a day off.
    odd_clock bigint not null,
    -- Another row has the same place in its chain.
    forked bigint not null
);
create index events_by_scope on events (scope, seq);
create index events_by_place on events (scope, device_id, lane, dseq);
create table chains (
    scope text not null,
    device_id text not null,
    lane text not null,
    n bigint not null,
    max_dseq bigint not null,
    xor_h text not null,
    primary key (scope, device_id, lane)
);
-- How much of each scope there is, how much of that in its last segment, and where its whole segments end.
create table scopes (
    scope text primary key,
    n bigint not null,
    bytes bigint not null,
    open_n bigint not null,
    open_bytes bigint not null
);
create table segments (
    scope text not null,
    to_seq bigint not null,
    n bigint not null,
    primary key (scope, to_seq)
);
create table accounts (
    account_id text primary key,
    name text not null unique,
    password text not null,
    role text not null,
    made_ms bigint not null
);
create table persons (
    person text primary key,
    account_id text not null,
    position bigint not null
);
create index persons_by_account on persons (account_id, position);
create table members (
    scope text not null,
    account_id text not null,
    primary key (scope, account_id)
);
create table access_changes (
    no bigint primary key,
    account_id text not null
);
create table devices (
    account_id text not null,
    device_id text not null,
    name text not null,
    made_ms bigint not null,
    seen_ms bigint not null,
    revoked bigint not null,
    primary key (account_id, device_id)
);
create table sign_ins (
    token_hash text primary key,
    account_id text not null,
    device_id text not null,
    made_ms bigint not null,
    expires_ms bigint not null
);
create index sign_ins_by_account on sign_ins (account_id);
-- One-time codes: an invitation, a second device, a forgotten password.
create table codes (
    code_hash text primary key,
    purpose text not null,
    account_id text not null,
    expires_ms bigint not null
)
