/** One thing that is measured, in a file of its own. */
export interface Measurement {
  /** What `--only` calls it. */
  readonly name: string
  /** What is measured and how, in a sentence or two for the report. */
  readonly about: string
  /** Whether it can put the control plane under a profiler. */
  readonly canProfile?: true
  run(setting: Setting): Promise<Finding>
}

export interface Setting {
  /** `quick` takes seconds and is good for gross comparisons only. */
  readonly form: 'full' | 'quick'
  /** Tells whoever waits how far it is. */
  readonly say: (line: string) => void
  /** Whether the control plane is to run under a profiler; only where it can. */
  readonly profile: boolean
}

export interface Finding {
  readonly tables: readonly Table[]
  /** Every number that something is compared with, by a name that stays. */
  readonly numbers: Readonly<Record<string, number>>
  /** What made a number worthless, such as calls that were answered wrongly. */
  readonly wrong: readonly string[]
}

export interface Table {
  readonly title: string
  readonly columns: readonly string[]
  readonly rows: readonly (readonly (string | number)[])[]
}
