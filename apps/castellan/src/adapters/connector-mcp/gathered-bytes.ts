/** Smallest room that is made, bytes. */
const ROOM = 4 * 1024

/**
 * Joins pieces of a message. They are copied into one growing room, so that a megabyte that comes byte by byte costs about
 * a megabyte, and not an object for each byte.
 */
export class GatheredBytes {
  #room: Buffer | null = null
  #size = 0

  get size(): number {
    return this.#size
  }

  add(piece: Buffer): void {
    if (piece.length === 0) return
    const needed = this.#size + piece.length
    if (this.#room === null || this.#room.length < needed) {
      const larger = Buffer.allocUnsafeSlow(Math.max(ROOM, needed, this.#size * 2))
      this.#room?.copy(larger, 0, 0, this.#size)
      this.#room = larger
    }
    piece.copy(this.#room, this.#size)
    this.#size = needed
  }

  /** Everything so far, followed by the last piece; nothing is held afterwards. */
  take(last?: Buffer): Buffer {
    if (this.#room === null) return last ?? Buffer.alloc(0)
    if (last !== undefined) this.add(last)
    const all = this.#room.subarray(0, this.#size)
    this.#room = null
    this.#size = 0
    return all
  }
}
