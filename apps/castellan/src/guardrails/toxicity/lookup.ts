/**
 * Numbers from 1 to 65,535 by hash, in typed arrays: it is asked for every word of every text, and nearly always answers that there
 * is nothing.
 */
export class Lookup {
  #keys = new Int32Array(16)
  #values = new Uint16Array(16)
  #size = 0

  /** 0 when nothing was set. */
  get(hash: number): number {
    return this.#values[this.#place(hash)]!
  }

  set(hash: number, value: number): void {
    const place = this.#place(hash)
    if (this.#values[place] === 0) this.#size++
    this.#keys[place] = hash
    this.#values[place] = value
    // A quarter full at most, so that what is not there is seen at the first look.
    if (this.#size * 4 > this.#keys.length) this.#grow()
  }

  /** Where a hash is, or would be. */
  #place(hash: number): number {
    const mask = this.#keys.length - 1
    let place = (hash ^ (hash >>> 16)) & mask
    while (this.#values[place] !== 0 && this.#keys[place] !== hash) place = (place + 1) & mask
    return place
  }

  #grow(): void {
    const [keys, values] = [this.#keys, this.#values]
    this.#keys = new Int32Array(keys.length * 2)
    this.#values = new Uint16Array(keys.length * 2)
    for (let index = 0; index < keys.length; index++) {
      if (values[index] === 0) continue
      const place = this.#place(keys[index]!)
      this.#keys[place] = keys[index]!
      this.#values[place] = values[index]!
    }
  }
}
