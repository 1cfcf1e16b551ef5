/*
 * For what comes and goes with every call, where a native Set or Map costs far more than it seems: each time one of these makes
 * room, its old table goes on pointing at the new one. Once a single table has grown old, the garbage collector takes all that
 * follow for alive, with everything that was in them, and moves the remains of thousands of calls about. So what is here lies
 * in arrays that never shrink, for what an array lets go of when it shrinks or grows keeps pointing, too.
 *
 * What is looked for is looked for one by one, the latest first: quick for what passes soon, and for thousands at once.
 */

/** A set of what soon passes. Keeps no order. */
export class PassingSet<T> {
  readonly #items: (T | undefined)[] = []
  #size = 0

  get size(): number {
    return this.#size
  }

  /** Adds what is not in it yet. */
  add(item: T): void {
    this.#items[this.#size++] = item
  }

  delete(item: T): boolean {
    const place = placeOf(this.#items, item, this.#size)
    if (place === -1) return false
    takeOut(this.#items, place, --this.#size)
    return true
  }

  clear(): void {
    this.#items.fill(undefined)
    this.#size = 0
  }

  /** All of it, as it is now. */
  values(): readonly T[] {
    return this.#items.slice(0, this.#size) as T[]
  }
}

/** A map of what soon passes. Keeps no order. */
export class PassingMap<K, V> {
  readonly #keys: (K | undefined)[] = []
  readonly #values: (V | undefined)[] = []
  #size = 0

  get size(): number {
    return this.#size
  }

  get(key: K): V | undefined {
    const place = placeOf(this.#keys, key, this.#size)
    return place === -1 ? undefined : this.#values[place]
  }

  has(key: K): boolean {
    return placeOf(this.#keys, key, this.#size) !== -1
  }

  set(key: K, value: V): void {
    let place = placeOf(this.#keys, key, this.#size)
    if (place === -1) place = this.#size++
    this.#keys[place] = key
    this.#values[place] = value
  }

  delete(key: K): boolean {
    const place = placeOf(this.#keys, key, this.#size)
    if (place === -1) return false
    const last = --this.#size
    takeOut(this.#keys, place, last)
    takeOut(this.#values, place, last)
    return true
  }

  /** All of it, as it is now. */
  values(): readonly V[] {
    return this.#values.slice(0, this.#size) as V[]
  }
}

function placeOf<T>(items: readonly T[], item: T, size: number): number {
  return size === 0 ? -1 : items.lastIndexOf(item, size - 1)
}

/** Fills the place with what is last. */
function takeOut<T>(items: (T | undefined)[], place: number, last: number): void {
  items[place] = items[last]
  items[last] = undefined
}
