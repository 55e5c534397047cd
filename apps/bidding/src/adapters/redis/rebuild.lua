-- Puts a whole book, written under temporary keys, in place of the old one: KEYS asks, bids, meta, new asks, new bids.
-- ARGV: epoch, seq, state, h1, h2.
local epoch = redis.call('HGET', KEYS[3], 'epoch')
if epoch and tonumber(epoch) > tonumber(ARGV[1]) then
  redis.call('DEL', KEYS[4], KEYS[5])
  return 'FENCED'
end
for i = 1, 2 do
  redis.call('DEL', KEYS[i])
  if redis.call('EXISTS', KEYS[i + 3]) == 1 then
    redis.call('RENAME', KEYS[i + 3], KEYS[i])
    redis.call('PERSIST', KEYS[i])
  end
end
redis.call('DEL', KEYS[3])
redis.call('HSET', KEYS[3], 'seq', ARGV[2], 'epoch', ARGV[1], 'state', ARGV[3], 'h1', ARGV[4], 'h2', ARGV[5])
return 'OK'
