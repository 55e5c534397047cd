-- The index in its form of tables. An edition is built beside the one that answers, and takes its place at once.
create table editions (
  only_row boolean primary key default true check (only_row),
  live integer not null,
  next integer,
  last integer not null
);
insert into editions (live, last) values (1, 1);

create table documents (
  edition integer not null,
  product_id uuid not null,
  version bigint not null,
  is_listed boolean not null,
  brand text not null,
  brand_key text not null,
  style_key text not null,
  category text not null,
  title text not null,
  release_date date,
  created_at timestamptz not null,
  lowest_ask bigint,
  last_sold_at timestamptz,
  sales bigint not null,
  lexemes tsvector not null,
  primary key (edition, product_id)
);
create index documents_lexemes on documents using gin (lexemes);
create index documents_style on documents (style_key text_pattern_ops);
create index documents_brand on documents (edition, brand_key text_pattern_ops);

create table document_variants (
  edition integer not null,
  product_id uuid not null,
  position integer not null,
  size text not null,
  lowest_ask bigint,
  primary key (edition, product_id, position)
);

-- Every word that a document has: what a mistaken word may have meant.
create table vocabulary (
  edition integer not null,
  word text not null,
  primary key (edition, word)
);
