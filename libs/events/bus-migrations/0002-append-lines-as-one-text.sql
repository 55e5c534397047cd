-- The lines of all rows in one text, parted by U+0001, which JSON never holds unescaped: as an array of texts every quotation mark
-- in them would be escaped by the client and read back by the server.
create function bus_append_joined(topics text[], parts int[], counts int[], batches text) returns void language sql as $$
  select bus_append(topics, parts, counts, string_to_array(batches, E'\x01'));
$$;
