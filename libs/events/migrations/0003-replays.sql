-- Up to which event of each key a consumer knew them when it was put back to be told anew; empty but during a replay.
create table replays (
  consumer text   not null collate "C",
  topic    text   not null collate "C",
  key      text   not null collate "C",
  to_kseq  bigint not null,
  primary key (consumer, topic, key)
);
