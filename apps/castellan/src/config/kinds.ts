import { z } from 'zod'
import { formatDuration, parseDuration } from '../kernel/index.ts'

/** How a setting is written and what it becomes. Text from the environment or a flag and values from a file are read alike. */
export interface Kind<T> {
  readonly schema: z.ZodType<T>
  /** Completes the sentence "… must be". */
  readonly expects: string
  /** The value as one would write it. */
  readonly show: (value: T) => string
  /** What stands for the value in a list of flags. */
  readonly placeholder: string
  /** Whether a complaint is to name the part that is wrong. */
  readonly hasParts?: true
}

export function text(expects: string, placeholder: string, accepts: (value: string) => boolean): Kind<string> {
  const schema = z
    .string()
    .min(1)
    .refine(value => value.isWellFormed() && accepts(value))
  return { schema, expects, placeholder, show: value => value }
}

/** Something that may be left out, which is null. */
export function optional<T>(kind: Kind<T>): Kind<T | null> {
  return { ...kind, schema: kind.schema.nullable(), show: value => (value === null ? 'not set' : kind.show(value)) }
}

/** Something with parts, each of which may be wrong: a mapping in a file, JSON in a variable or a flag. */
export function inParts<T>(schema: z.ZodType<T>, expects: string, show: (value: T) => string): Kind<T> {
  const fromText = (given: unknown, context: z.RefinementCtx): unknown => {
    if (typeof given !== 'string') return given
    try {
      return JSON.parse(given) as unknown
    } catch {
      context.addIssue({ code: 'custom', message: 'it is not JSON' })
      return z.NEVER
    }
  }
  return { schema: z.preprocess(fromText, schema), expects, placeholder: 'json', show, hasParts: true }
}

export function wholeNumber(least: number, most: number): Kind<number> {
  const written = z
    .string()
    .regex(/^\d{1,10}$/)
    .transform(Number)
  return {
    schema: z.union([z.number(), written]).pipe(z.int().min(least).max(most)),
    expects: `a whole number from ${least} to ${most}`,
    placeholder: 'number',
    show: String,
  }
}

export function trueOrFalse(): Kind<boolean> {
  const written = z.enum(['true', 'false']).transform(value => value === 'true')
  return { schema: z.union([z.boolean(), written]), expects: 'true or false', placeholder: 'true|false', show: String }
}

export function choice<const T extends string>(values: readonly T[]): Kind<T> {
  return {
    schema: z.enum(values as readonly [T, ...T[]]),
    expects: `one of ${values.join(', ')}`,
    placeholder: values.join('|'),
    show: value => value,
  }
}

/** Milliseconds, written as a duration. */
export function duration(least: string, most: string): Kind<number> {
  const milliseconds = z
    .string()
    .regex(/^\d{1,9}(ms|s|m|h|d)$/)
    .transform(parseDuration)
  return {
    schema: milliseconds.pipe(z.int().min(parseDuration(least)).max(parseDuration(most))),
    expects: `a duration from ${least} to ${most}, written like 30s or 10m`,
    placeholder: 'duration',
    show: formatDuration,
  }
}

const UNITS = { B: 1, KiB: 1_024, MiB: 1_048_576 } as const

/** Bytes, written with a unit. */
export function size(least: `${number} ${keyof typeof UNITS}`, most: `${number} ${keyof typeof UNITS}`): Kind<number> {
  const written = z
    .string()
    .regex(/^\d{1,9} ?(B|KiB|MiB)$/)
    .transform(bytesOf)
  return {
    schema: written.pipe(z.int().min(bytesOf(least)).max(bytesOf(most))),
    expects: `a size from ${least} to ${most}, written like 512 KiB or 4 MiB`,
    placeholder: 'size',
    show: showBytes,
  }
}

/** A list; as text its items are separated by commas. */
export function list<T extends string>(item: Kind<T>): Kind<readonly T[]> {
  const separated = z.string().transform(value => value.split(',').map(part => part.trim()).filter(Boolean)) // prettier-ignore
  return {
    schema: z
      .union([z.array(z.string()), separated])
      .refine((items): items is T[] => items.every(each => item.schema.safeParse(each).success)),
    expects: `a list of which each is ${item.expects}`,
    placeholder: `${item.placeholder},…`,
    show: items => (items.length === 0 ? 'none' : items.join(', ')),
  }
}

function bytesOf(written: string): number {
  const [, amount, unit] = /^(\d+) ?(\w+)$/.exec(written) ?? []
  return Number(amount) * UNITS[unit as keyof typeof UNITS]
}

function showBytes(bytes: number): string {
  const unit = (['MiB', 'KiB'] as const).find(each => bytes % UNITS[each] === 0) ?? 'B'
  return `${bytes / UNITS[unit]} ${unit}`
}
