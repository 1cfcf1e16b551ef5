import { randomFillSync } from 'node:crypto'

const pool = Buffer.alloc(8 * 128)
let used = pool.length
let lastMillis = 0
let counter = 0

/**
 * A new UUIDv7: sorts by creation time within this process, also inside one millisecond.
 * Source: RFC 9562 section 5.7, with the 12 `rand_a` bits as the counter of section 6.2 method 1.
 */
export function newId(millis = Date.now()): string {
  if (millis > lastMillis) {
    lastMillis = millis
    counter = 0
  } else if (++counter > 0xfff) {
    // The counter is spent: borrow the next millisecond rather than give up the order.
    lastMillis++
    counter = 0
  }
  if (used === pool.length) {
    randomFillSync(pool)
    used = 0
  }
  const random = pool.subarray(used, (used += 8))
  random[0] = (random[0]! & 0x3f) | 0x80
  const time = lastMillis.toString(16).padStart(12, '0')
  const tail = random.toString('hex')
  return `${time.slice(0, 8)}-${time.slice(8)}-7${counter.toString(16).padStart(3, '0')}-${tail.slice(0, 4)}-${tail.slice(4)}`
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

export function isId(value: unknown): value is string {
  return typeof value === 'string' && UUID.test(value)
}
