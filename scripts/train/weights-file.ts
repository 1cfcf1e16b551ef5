import { createHash } from 'node:crypto'
import { READS } from '../../apps/castellan/src/guardrails/injection/idea-features.ts'
import type { IdeaModel, IdeaWeights } from '../../apps/castellan/src/guardrails/injection/idea-model.ts'
import { FEATURES, type Weights } from '../../apps/castellan/src/guardrails/linear/index.ts'
import type { Learned } from './learn.ts'

/** What weights say they were trained on: the data, and how it is read. */
export function trainedOn(digest: string): string {
  return `${digest.slice(0, 32)}.${FEATURES}`
}

/** Each weight as a signed byte. Few are far from the rest, and those are cut short so that the rest keeps its differences. */
export function rounded({ weights, bias }: Learned): Pick<Weights, 'weights' | 'unit' | 'bias'> {
  const sizes = weights.map(Math.abs).toSorted()
  const unit = sizes[Math.floor(sizes.length * 0.9995)]! / 127
  const bytes = Int8Array.from(weights, weight => Math.max(-127, Math.min(127, Math.round(weight / unit))))
  return { weights: Buffer.from(bytes.buffer).toString('base64'), unit: short(unit), bias: short(bias) }
}

/** What weights of ideas say they were trained on: the data, how it is read, and the tables it is read with. */
export function ideasTrainedOn(digest: string, tables: unknown): string {
  return createHash('sha256')
    .update(JSON.stringify([digest, READS, tables]))
    .digest('hex')
    .slice(0, 32)
}

/** Each weight of an idea as a signed byte; the largest is as far as a byte goes. */
export function roundedIdeas(model: IdeaModel): Pick<IdeaWeights, 'weights' | 'unit' | 'bias'> {
  const unit = Math.max(...model.weights.map(Math.abs)) / 127
  const bytes = Int8Array.from(model.weights, weight => Math.round(weight / unit))
  return {
    weights: Buffer.from(bytes.buffer).toString('base64'),
    unit: short(unit),
    bias: model.bias.map(short),
  }
}

/** The source of a module that exports the weights. */
export function weightsFile(metric: string, weights: Weights): string {
  return sourceOf('weights', 'Weights', '../linear/index.ts', metric, Object.entries(weights))
}

/** The source of a module that exports the weights of ideas. */
export function ideaWeightsFile(metric: string, weights: IdeaWeights): string {
  return sourceOf('ideaWeights', 'IdeaWeights', './idea-model.ts', metric, Object.entries(weights))
}

function sourceOf(name: string, type: string, from: string, metric: string, entries: [string, unknown][]): string {
  const lines = entries.map(([key, value]) =>
    key === 'weights'
      ? `  weights: [\n${(String(value).match(/.{1,112}/g) ?? []).map(piece => `    '${piece}',`).join('\n')}\n  ].join(''),`
      : `  ${key}: ${literal(value)},`,
  )
  return `import type { ${type} } from '${from}'

/** Made by \`npm run train -- ${metric}\` of \`training/${metric}\`; not to be edited. */
export const ${name}: ${type} = {
${lines.join('\n')}
}
`
}

function literal(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`
  if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`
  if (typeof value !== 'object' || value === null) return String(value)
  const entries = Object.entries(value).map(([key, each]) => `${key}: ${literal(each)}`)
  return `{ ${entries.join(', ')} }`
}

/** Rounded so that platforms which print the last digits differently write the same file. */
export function short(number: number): number {
  return Number(number.toPrecision(9))
}
