-- One commit's change of one book, all or nothing: KEYS asks, bids, meta.
-- ARGV: epoch, was, seq, state, h1, h2, number removed, (side, member)..., (side, score, member)...
local at = redis.call('HMGET', KEYS[3], 'seq', 'epoch')
local epoch, was, seq = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
if at[1] then
  if tonumber(at[2]) > epoch then return 'FENCED' end
  if tonumber(at[1]) >= seq then return 'DUP' end
  if tonumber(at[1]) ~= was then return 'GAP' end
elseif was > 0 then
  return 'REBUILD'
else
  redis.call('DEL', KEYS[1], KEYS[2])
end
local i = 8
for _ = 1, tonumber(ARGV[7]) do
  redis.call('ZREM', ARGV[i] == 'ask' and KEYS[1] or KEYS[2], ARGV[i + 1])
  i = i + 2
end
while i <= #ARGV do
  redis.call('ZADD', ARGV[i] == 'ask' and KEYS[1] or KEYS[2], ARGV[i + 1], ARGV[i + 2])
  i = i + 3
end
-- Last: whatever stops the script before this leaves a gap, and a gap is rebuilt.
redis.call('HSET', KEYS[3], 'seq', ARGV[3], 'epoch', ARGV[1], 'state', ARGV[4], 'h1', ARGV[5], 'h2', ARGV[6])
return 'OK'
