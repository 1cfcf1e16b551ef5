/** A bound on a number of the report; the numbers are ratios, or counts that no machine changes. */
export type Floor = { readonly number: string } & ({ readonly atLeast: number } | { readonly atMost: number })

/**
 * What only a gross regression misses: a half to a third of what is usual, as the quick form is short and machines are busy.
 * Whoever makes something much faster moves its floor.
 */
export const floors: readonly Floor[] = [
  // Against the SDK hop, which needs about as much processor: on a busy machine both have to wait for it alike.
  { number: 'http 2025-11-25 64 B c=8 Castellan / SDK hop', atLeast: 0.05 },
  { number: 'http 2026-07-28 64 B c=8 Castellan / SDK hop', atLeast: 0.05 },
  { number: 'stdio 2025-11-25 64 B c=8 Castellan / SDK hop', atLeast: 0.05 },
  { number: 'stdio 2026-07-28 64 B c=8 Castellan / SDK hop', atLeast: 0.05 },
  // Processor time per call, which does not depend on who else wants the processor.
  { number: 'http 2025-11-25 64 B c=8 Castellan processor / bare hop', atMost: 110 },
  { number: 'http 2026-07-28 64 B c=8 Castellan processor / bare hop', atMost: 90 },
  { number: 'stdio 2025-11-25 64 B c=8 Castellan processor / bare hop', atMost: 180 },
  { number: 'stdio 2026-07-28 64 B c=8 Castellan processor / bare hop', atMost: 160 },
  // One unit is about what it takes to write, hash and parse two kilobytes of JSON.
  { number: 'gate read 64 B p50 / calibration', atMost: 100 },
  { number: 'gate unsafe 64 B p50 / calibration', atMost: 400 },
  // Usual are 3 units for a kilobyte, and for a megabyte 3,000 of prose and 5,000 of markup.
  { number: 'guardrails prose 1 KB p50 / calibration', atMost: 15 },
  { number: 'guardrails log 1 KB p50 / calibration', atMost: 20 },
  { number: 'guardrails prose 1 MB p50 / calibration', atMost: 14_000 },
  { number: 'guardrails log 1 MB p50 / calibration', atMost: 14_000 },
  { number: 'guardrails markdown 1 MB p50 / calibration', atMost: 20_000 },
  // Ten connections against one.
  { number: 'pooling connecting, without / with', atLeast: 3 },
  { number: 'pooling servers started though running', atMost: 0 },
  { number: 'listing 2025-11-25 1 × 1000 repeated / direct', atMost: 12 },
  { number: 'listing 2026-07-28 1 × 1000 repeated / direct', atMost: 12 },
  { number: 'memory KB per session', atMost: 100 },
  { number: 'cycles sessions left', atMost: 0 },
  { number: 'cycles processes left', atMost: 0 },
  { number: 'cycles handles grown', atMost: 16 },
  { number: 'cycles memory held more MB', atMost: 40 },
  // What is read and written passes through; it is not held.
  { number: 'report xlsx server grows MB', atMost: 200 },
  { number: 'report json server grows MB', atMost: 200 },
  { number: 'report html server grows MB', atMost: 200 },
  // A worker that comes along takes runs off another one; they do not hinder each other, even where it has no processor of its own.
  { number: 'runs PostgreSQL, 2 workers, agents, model at once / 1 worker', atLeast: 0.35 },
  { number: 'runs SQLite, 1 node, agents, model at once processor / calibration', atMost: 2_500 },
  { number: 'runs PostgreSQL, 1 worker, agents, model at once processor / calibration', atMost: 2_500 },
  { number: 'start-up listed / empty Node', atMost: 90 },
]

/** The floors that were missed, each as a sentence; what was not measured misses nothing. */
export function missedFloors(numbers: Readonly<Record<string, number>>, all: readonly Floor[] = floors): string[] {
  return all.flatMap(floor => {
    const seen = numbers[floor.number]
    if (seen === undefined) return []
    const kept = 'atLeast' in floor ? seen >= floor.atLeast : seen <= floor.atMost
    const bound = 'atLeast' in floor ? `at least ${floor.atLeast}` : `at most ${floor.atMost}`
    // What the system does not tell cannot be held against anybody.
    return kept || Number.isNaN(seen)
      ? []
      : [`${floor.number} is ${Number(seen.toPrecision(3))}, and should be ${bound}`]
  })
}
