/**
 * Writes what has the same key one after the other, and what comes while one is under way together, in one transaction: they would only
 * wait for each other there. Should several fail together, each is tried by itself.
 */
export function together<T>(
  keyOf: (one: T) => string,
  write: (some: readonly T[]) => Promise<void>,
): (one: T) => Promise<void> {
  const waiting = new Map<string, Place<T>[]>()

  async function writeAll(key: string): Promise<void> {
    for (let places = waiting.get(key)!; places.length > 0; places = waiting.get(key)!) {
      waiting.set(key, [])
      await settle(places)
    }
    waiting.delete(key)
  }

  async function settle(places: readonly Place<T>[]): Promise<void> {
    try {
      await write(places.map(({ one }) => one))
      for (const { done } of places) done.resolve()
    } catch (error) {
      if (places.length === 1) places[0]!.done.reject(error)
      else await Promise.all(places.map(place => settle([place])))
    }
  }

  return one => {
    const key = keyOf(one)
    const place = { one, done: Promise.withResolvers<void>() }
    const before = waiting.get(key)
    if (before) before.push(place)
    else {
      waiting.set(key, [place])
      void writeAll(key)
    }
    return place.done.promise
  }
}

interface Place<T> {
  readonly one: T
  readonly done: PromiseWithResolvers<void>
}
