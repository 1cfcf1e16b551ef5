import { randomFillSync } from 'node:crypto'

const SIZE = 16
const pool = Buffer.alloc(SIZE * 256)
let used = pool.length

/** 16 random bytes, taken from many that were drawn at once. */
export function newSalt(): Uint8Array {
  if (used === pool.length) {
    randomFillSync(pool)
    used = 0
  }
  return new Uint8Array(pool.subarray(used, (used += SIZE)))
}
