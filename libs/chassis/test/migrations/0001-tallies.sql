create table tallies (user_id text primary key, bids int not null);
