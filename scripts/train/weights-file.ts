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

/** The source of a module that exports the weights. */
export function weightsFile(metric: string, weights: Weights): string {
  const lines = Object.entries(weights).map(([name, value]) => {
    if (name !== 'weights') return `  ${name}: ${typeof value === 'string' ? `'${value}'` : value},`
    const pieces = String(value).match(/.{1,112}/g) ?? []
    return `  weights: [\n${pieces.map(piece => `    '${piece}',`).join('\n')}\n  ].join(''),`
  })
  return `import type { Weights } from '../linear/index.ts'

/** Made by \`npm run train -- ${metric}\` of \`training/${metric}\`; not to be edited. */
export const weights: Weights = {
${lines.join('\n')}
}
`
}

/** Rounded so that platforms which print the last digits differently write the same file. */
export function short(number: number): number {
  return Number(number.toPrecision(9))
}
