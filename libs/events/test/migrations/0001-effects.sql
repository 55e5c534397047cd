-- What handlers did, with nothing that would hide an effect that happened twice.
create table effects (
  n        bigint generated always as identity primary key,
  consumer text   not null,
  key      text   not null,
  kseq     bigint not null,
  told     text   not null
);
