-- A whole book at one moment: KEYS asks, bids, meta. Answers seq, epoch, state, h1, h2, (member, score)... of asks, then of bids.
local at = redis.call('HMGET', KEYS[3], 'seq', 'epoch', 'state', 'h1', 'h2')
if not at[1] then return false end
return { at[1], at[2], at[3], at[4], at[5], redis.call('ZRANGE', KEYS[1], 0, -1, 'WITHSCORES'), redis.call('ZRANGE', KEYS[2], 0, -1, 'WITHSCORES') }
