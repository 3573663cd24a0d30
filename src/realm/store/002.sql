-- Set once the first account was made, for ever: an erased one does not make the server anybody's again.
alter table realm add column claimed bigint not null default 0;
update realm set claimed = 1 where exists (select 1 from accounts);
-- What a browser's requests show beside the token, which it keeps encrypted. Empty for other clients.
alter table sign_ins add column secret_hash text not null default '';
alter table sign_ins add column seen_ms bigint not null default 0;
update sign_ins set seen_ms = made_ms;
-- Which sign-in made a code. Empty for the server's own terminal.
alter table codes add column made_by text not null default '';
alter table codes add column made_on text not null default ''
