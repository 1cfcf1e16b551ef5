/** Decisions that are the same for the same seed. */
export interface Random {
  /** A whole number from `from` to `to`, both included. */
  int(from: number, to: number): number
  chance(probability: number): boolean
  pick<T>(list: readonly T[]): T
  shuffled<T>(list: readonly T[]): T[]
  /** Another source, so that loops side by side do not take numbers from each other. */
  fork(): Random
}

/** Source: Mulberry32, Tommy Ettinger, 2017. */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const int = (from: number, to: number) => from + Math.floor(next() * (to - from + 1))
  return {
    int,
    chance: probability => next() < probability,
    pick: list => list[int(0, list.length - 1)]!,
    shuffled(list) {
      const rest = [...list]
      for (let last = rest.length - 1; last > 0; last--) {
        const other = int(0, last)
        ;[rest[last], rest[other]] = [rest[other]!, rest[last]!]
      }
      return rest
    },
    fork: () => randomFrom(int(0, 2 ** 32 - 1)),
  }
}
