-- Start-time fair queueing of one model's permits (Goyal, Vin and Cheng, SIGCOMM 1996).
-- A person's waiting calls are a list; the person whose first call has the smallest start tag is served first.
-- Costs are seconds of a permit. KEYS: permits held and calls waiting, with the time that each lapses; people who wait,
-- with the start tag of their first call; the calls; people's finish tags; the clock; the prefix of people's lists.
local HELD, WAITING, PEOPLE, CALLS, TAGS, CLOCK, LISTS = unpack(KEYS)
local command, now, capacity, lease = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local KEEP_MS, WAKE_SECONDS, ARRIVAL_STEP = 3600000, 60, 1e-9
if now == 0 then
  local time = redis.call('TIME')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end

local function read_call(call)
  local stored = redis.call('HGET', CALLS, call)
  if not stored then return nil end
  local person, weight, cost, wake = unpack(cjson.decode(stored))
  return { person = person, weight = weight, cost = cost, wake = wake }
end

local function read_clock(field)
  return tonumber(redis.call('HGET', CLOCK, field) or '0')
end

local function change_backlog(weight)
  if redis.call('ZCARD', PEOPLE) == 0 then
    redis.call('HDEL', CLOCK, 'backlog')
  else
    redis.call('HINCRBYFLOAT', CLOCK, 'backlog', weight)
  end
end

-- Gives a call a permit; the clock is the start tag of the call that was served last.
local function grant(call, record, start)
  local finish = start + record.cost / record.weight
  redis.call('HSET', CLOCK, 'time', math.max(read_clock('time'), start))
  redis.call('ZADD', TAGS, finish, record.person)
  redis.call('ZADD', HELD, now + lease, call)
  return finish
end

local function leave_queue(call, record)
  redis.call('ZREM', WAITING, call)
  redis.call('HDEL', CALLS, call)
  redis.call('LREM', LISTS .. record.person, 1, call)
  if redis.call('EXISTS', LISTS .. record.person) == 0 and redis.call('ZREM', PEOPLE, record.person) == 1 then
    change_backlog(-record.weight)
  end
end

-- Frees a permit and charges what it was held for instead of what was expected. While others wait, the clock moves on
-- with what was served, so that no stream of newcomers keeps a person who has used much waiting for ever.
local function free_permit(call, record, seconds)
  redis.call('ZREM', HELD, call)
  redis.call('HDEL', CALLS, call)
  local backlog = read_clock('backlog')
  if backlog <= 0 then return end
  local owed = (seconds - record.cost) / record.weight
  local finish = tonumber(redis.call('ZSCORE', TAGS, record.person) or read_clock('time'))
  redis.call('ZADD', TAGS, finish + owed, record.person)
  if redis.call('ZSCORE', PEOPLE, record.person) then
    redis.call('ZINCRBY', PEOPLE, owed, record.person)
  end
  redis.call('HSET', CLOCK, 'time', read_clock('time') + seconds / backlog)
end

local function drop_lapsed()
  for _, call in ipairs(redis.call('ZRANGEBYSCORE', WAITING, '-inf', now)) do
    local record = read_call(call)
    if record then leave_queue(call, record) else redis.call('ZREM', WAITING, call) end
  end
  for _, call in ipairs(redis.call('ZRANGEBYSCORE', HELD, '-inf', now)) do
    local record = read_call(call)
    if record then free_permit(call, record, record.cost) else redis.call('ZREM', HELD, call) end
  end
end

local function serve_queue()
  while redis.call('ZCARD', HELD) < capacity do
    local first = redis.call('ZRANGE', PEOPLE, 0, 0, 'WITHSCORES')
    if #first == 0 then return end
    local list = LISTS .. first[1]
    local call = redis.call('LPOP', list)
    local record = call and read_call(call)
    if not record then
      if not call then redis.call('ZREM', PEOPLE, first[1]) end
    else
      redis.call('ZREM', WAITING, call)
      local finish = grant(call, record, tonumber(first[2]))
      if redis.call('EXISTS', list) == 1 then
        redis.call('ZADD', PEOPLE, finish, record.person)
      else
        redis.call('ZREM', PEOPLE, record.person)
        change_backlog(-record.weight)
      end
      redis.call('RPUSH', record.wake, call)
      redis.call('EXPIRE', record.wake, WAKE_SECONDS)
    end
  end
end

local function forget_when_idle()
  if redis.call('ZCARD', HELD) == 0 and redis.call('ZCARD', WAITING) == 0 then
    redis.call('DEL', HELD, WAITING, PEOPLE, CALLS, TAGS, CLOCK)
  end
end

local function list_places()
  local tagged, places = {}, {}
  local people = redis.call('ZRANGE', PEOPLE, 0, -1, 'WITHSCORES')
  for index = 1, #people, 2 do
    local tag = tonumber(people[index + 1])
    for _, call in ipairs(redis.call('LRANGE', LISTS .. people[index], 0, -1)) do
      local record = read_call(call)
      tagged[#tagged + 1] = { tag = tag, order = #tagged, call = call }
      if record then tag = tag + record.cost / record.weight end
    end
  end
  table.sort(tagged, function(one, other)
    return one.tag < other.tag or (one.tag == other.tag and one.order < other.order)
  end)
  for place, each in ipairs(tagged) do places[each.call] = place end
  return places
end

local function count_load(status)
  return { status, redis.call('ZCARD', HELD), redis.call('ZCARD', WAITING) }
end

-- Status 0: the call has a permit; 1: it waits; -1: the queue is full.
local function enter(call, person, weight, cost, wake, limit, is_forced)
  drop_lapsed()
  serve_queue()
  local record = { person = person, weight = tonumber(weight), cost = tonumber(cost), wake = wake }
  local has_permit = is_forced == '1' or redis.call('ZCARD', HELD) < capacity
  if not has_permit and redis.call('ZCARD', WAITING) >= tonumber(limit) then return count_load(-1) end
  redis.call('HSET', CALLS, call, cjson.encode({ person, record.weight, record.cost, wake }))
  local start = math.max(read_clock('time'), tonumber(redis.call('ZSCORE', TAGS, person) or '0'))
  if has_permit then
    grant(call, record, start)
  else
    redis.call('ZADD', WAITING, now + lease, call)
    if redis.call('RPUSH', LISTS .. person, call) == 1 then
      -- Of people with the same tag, the one who came first is served first.
      start = start + redis.call('HINCRBY', CLOCK, 'arrivals', 1) * ARRIVAL_STEP
      redis.call('ZADD', PEOPLE, start, person)
      change_backlog(record.weight)
    end
    redis.call('PEXPIRE', LISTS .. person, KEEP_MS)
  end
  for index = 1, 6 do redis.call('PEXPIRE', KEYS[index], KEEP_MS) end
  return count_load(has_permit and 0 or 1)
end

local function leave(call, seconds)
  local record = read_call(call)
  if record and redis.call('ZSCORE', HELD, call) then
    free_permit(call, record, tonumber(seconds))
  elseif record then
    leave_queue(call, record)
  end
  drop_lapsed()
  serve_queue()
  forget_when_idle()
  return count_load(0)
end

-- Renews calls; returns for each its place in the queue, 0 with a permit, -1 where it is not known any more.
local function renew(calls)
  for _, call in ipairs(calls) do
    for _, key in ipairs({ HELD, WAITING }) do
      if redis.call('ZSCORE', key, call) then redis.call('ZADD', key, now + lease, call) end
    end
  end
  drop_lapsed()
  serve_queue()
  local places, found = list_places(), count_load(0)
  for index, call in ipairs(calls) do
    found[index + 3] = places[call] or (redis.call('ZSCORE', HELD, call) and 0) or -1
  end
  return found
end

if command == 'enter' then return enter(unpack(ARGV, 5)) end
if command == 'leave' then return leave(unpack(ARGV, 5)) end
local calls = {}
for index = 5, #ARGV do calls[index - 4] = ARGV[index] end
return renew(calls)
