import fc from 'fast-check'

/** Something that must hold whatever it is given, and what it is given to find out. */
export interface Target {
  readonly name: string
  /** In plain words; the title of its test. */
  readonly promise: string
  /** How often it is tried in the normal test run, which has a moment for each. */
  readonly runs: number
  /** Sets up what it is tried on. */
  readonly open: () => Trial | Promise<Trial>
}

export interface Trial {
  /** Tries until something is found or a limit is reached. The same seed gives the same inputs. */
  readonly run: (limits: Limits) => Promise<Verdict>
  /** Takes everything down; throws when what was tried has suffered. */
  readonly close: () => Promise<void>
}

export interface Limits {
  readonly seed: number
  readonly runs?: number
  readonly seconds?: number
}

export interface Verdict {
  readonly runs: number
  /** The smallest input found that breaks the promise, and how; null when none was. */
  readonly found: string | null
}

/** Tries `holds` with inputs of one kind; it throws when the promise is broken. */
export function trial<Input>(
  inputs: fc.Arbitrary<Input>,
  holds: (input: Input) => void | Promise<void>,
  close: () => Promise<void> = async () => undefined,
): Trial {
  const property = fc.asyncProperty(inputs, async input => {
    await holds(input)
  })
  return {
    close,
    async run({ seed, runs = Number.MAX_SAFE_INTEGER, seconds }) {
      const time = seconds === undefined ? {} : { interruptAfterTimeLimit: seconds * 1_000 }
      const details = await fc.check(property, { seed, numRuns: runs, markInterruptAsFailure: false, ...time })
      return { runs: details.numRuns, found: details.failed ? describe(details) : null }
    },
  }
}

/** Longest that is shown of an input, characters. */
const SHOWN = 4_000

function describe<Input>({ counterexample, numShrinks, errorInstance }: fc.RunDetails<[Input]>): string {
  const input = fc.stringify(counterexample?.[0])
  const shown = input.length > SHOWN ? `${input.slice(0, SHOWN)}… (${input.length} characters)` : input
  const why = errorInstance instanceof Error ? (errorInstance.stack ?? errorInstance.message) : String(errorInstance)
  return `${why}\nwith, made smaller ${numShrinks} times, ${shown}`
}
