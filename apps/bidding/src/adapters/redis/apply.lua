-- One commit's changes of its books: KEYS asks, bids, meta for each book.
-- ARGV for each book: epoch, was, seq, state, h1, h2, number removed, number added, (side, member)..., (side, score, member)...
-- Answers a word for each book. A change of one book is applied whole or not at all.
local at = 1
local function apply(asks, bids, meta)
  local epoch, was, seq = tonumber(ARGV[at]), tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2])
  local removed = at + 8
  local added = removed + 2 * tonumber(ARGV[at + 6])
  local after = added + 3 * tonumber(ARGV[at + 7])
  local head = at
  at = after
  local known = redis.call('HMGET', meta, 'seq', 'epoch')
  if known[1] then
    if tonumber(known[2]) > epoch then return 'FENCED' end
    if tonumber(known[1]) >= seq then return 'DUP' end
    if tonumber(known[1]) ~= was then return 'GAP' end
  elseif was > 0 then
    return 'REBUILD'
  else
    redis.call('DEL', asks, bids)
  end
  for i = removed, added - 1, 2 do
    redis.call('ZREM', ARGV[i] == 'ask' and asks or bids, ARGV[i + 1])
  end
  for i = added, after - 1, 3 do
    redis.call('ZADD', ARGV[i] == 'ask' and asks or bids, ARGV[i + 1], ARGV[i + 2])
  end
  -- Last: whatever stops the script before this leaves a gap, and a gap is rebuilt.
  redis.call('HSET', meta, 'seq', ARGV[head + 2], 'epoch', ARGV[head], 'state', ARGV[head + 3], 'h1', ARGV[head + 4], 'h2', ARGV[head + 5])
  return 'OK'
end
local answers = {}
for i = 1, #KEYS, 3 do
  answers[#answers + 1] = apply(KEYS[i], KEYS[i + 1], KEYS[i + 2])
end
return answers
