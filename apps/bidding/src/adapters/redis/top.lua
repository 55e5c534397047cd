-- The best of both sides: KEYS asks, bids, meta. Answers seq, epoch, state, h1, h2, best ask's score, best bid's, number of asks, of bids.
local at = redis.call('HMGET', KEYS[3], 'seq', 'epoch', 'state', 'h1', 'h2')
if not at[1] then return false end
local function best(key)
  return redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')[2] or ''
end
return { at[1], at[2], at[3], at[4], at[5], best(KEYS[1]), best(KEYS[2]), redis.call('ZCARD', KEYS[1]), redis.call('ZCARD', KEYS[2]) }
