-- The best price levels of a book: KEYS asks, bids, meta; ARGV depth. Answers seq, epoch, state, (price, quotes)... of asks, then of bids.
local at = redis.call('HMGET', KEYS[3], 'seq', 'epoch', 'state')
if not at[1] then return false end
local function levels(key, depth)
  local found, from, price, quotes = {}, 0, nil, 0
  while true do
    local chunk = redis.call('ZRANGE', key, from, from + 199, 'WITHSCORES')
    for i = 2, #chunk, 2 do
      if chunk[i] ~= price then
        if price then
          found[#found + 1] = price
          found[#found + 1] = quotes
          if #found >= depth * 2 then return found end
        end
        price, quotes = chunk[i], 0
      end
      quotes = quotes + 1
    end
    if #chunk < 400 then break end
    from = from + 200
  end
  if price then
    found[#found + 1] = price
    found[#found + 1] = quotes
  end
  return found
end
local depth = tonumber(ARGV[1])
return { at[1], at[2], at[3], levels(KEYS[1], depth), levels(KEYS[2], depth) }
