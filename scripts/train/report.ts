import type { Example } from './corpus.ts'
import type { Trial } from './hold-back.ts'

/** What a model is worth on families it never saw: a line for each family, and all together. */
export function report(
  examples: readonly Example[],
  trials: readonly Trial[],
  threshold: number,
  verbose: boolean,
): string {
  const lines = [
    `${count(examples, true, true)} guilty texts were written and ${count(examples, true, false)} composed;`,
    `${count(examples, false, true)} innocent texts were written and ${count(examples, false, false)} composed.`,
    `From a score of ${threshold.toFixed(3)} on, by models that saw nothing of the family:`,
  ]
  for (const guilty of [true, false]) {
    const kind = trials.filter(({ example }) => example.guilty === guilty)
    for (const [family, of] of Map.groupBy(kind, ({ example }) => example.family)) {
      lines.push(`  ${guilty ? 'guilty  ' : 'innocent'} ${family.padEnd(28)} ${found(of, threshold)}`)
      if (verbose) lines.push(...wrong(of, threshold))
    }
    lines.push(`  ${guilty ? 'recall      ' : 'false alarms'} ${' '.repeat(25)} ${found(kind, threshold)}`)
  }
  return lines.join('\n')
}

function count(examples: readonly Example[], guilty: boolean, written: boolean): number {
  return examples.filter(example => example.guilty === guilty && example.written === written).length
}

function found(trials: readonly Trial[], threshold: number): string {
  const above = trials.filter(({ score }) => score >= threshold).length
  return `${String(above).padStart(4)} of ${String(trials.length).padStart(4)}  ${((100 * above) / trials.length).toFixed(1)} %`
}

function wrong(trials: readonly Trial[], threshold: number): string[] {
  return trials
    .filter(({ example, score }) => score >= threshold !== example.guilty)
    .map(({ example, score }) => `      ${score.toFixed(2)} ${example.text.replaceAll(/\s+/g, ' ').slice(0, 140)}`)
}
