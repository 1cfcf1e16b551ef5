import { createHash } from 'node:crypto'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { composed, type Parts } from './grammar.ts'
import { random } from './random.ts'

/** One text, and whether the model is to find something in it. */
export interface Example {
  readonly guilty: boolean
  /** What kind of text it is. Whole families are held back to learn how a model does on kinds it never saw. */
  readonly family: string
  readonly text: string
  /** Whether someone wrote it as it is; otherwise it was put together. */
  readonly written: boolean
}

export interface Corpus {
  readonly examples: readonly Example[]
  /** Of every file it was read from. */
  readonly digest: string
}

/**
 * Reads the examples of a folder, in an order that is always the same. A file is a list of blocks:
 *
 *     # a remark
 *     let name = Ann | Bob
 *     === guilty family-name
 *     the text of one example, as many lines as it takes
 *     === innocent family-name × 300
 *     {name} says hello.
 *     ---
 *     {name} says good bye.
 *
 * A block with a count is composed so often, each time of one of its forms and of parts that `let` has named before, in this file.
 * A block with a `---` and no count is several examples of the same family.
 */
export function readCorpus(folder: string): Corpus {
  return corpusOf(folder, '*.txt', readExamples)
}

/** The examples of all files of a folder that match, file by file in an order that is always the same. */
export function corpusOf(
  folder: string,
  pattern: string,
  examplesOf: (file: string, content: string) => readonly Example[],
): Corpus {
  const hash = createHash('sha256')
  const examples: Example[] = []
  for (const file of globSync(pattern, { cwd: folder }).toSorted()) {
    const content = readFileSync(join(folder, file), 'utf8')
    hash.update(`${file}\0${content}\0`)
    examples.push(...examplesOf(file, content))
  }
  return { examples, digest: hash.digest('hex') }
}

/** The examples of one file; its name seeds what is composed. */
export function readExamples(file: string, content: string): Example[] {
  const parts: Parts = new Map()
  const chance = random(file)
  const [opening, ...blocks] = content.split(/^=== /m)
  readParts(opening!, parts)
  return blocks.flatMap((block): Example[] => {
    const [heading = '', ...lines] = block.split('\n')
    const { kind, family, count } = headingOf(file, heading)
    const guilty = kind === 'guilty'
    const body = readParts(lines.join('\n'), parts)
    const forms = body
      .split(/^---$/m)
      .map(form => form.trim())
      .filter(form => form !== '')
    if (count === 0) return forms.map(text => ({ guilty, family, text, written: true }))
    const texts = new Set<string>()
    for (let turn = 0; turn < count; turn++) texts.add(composed(forms[turn % forms.length]!, parts, chance))
    return [...texts].map(text => ({ guilty, family, text, written: false }))
  })
}

function headingOf(file: string, heading: string): { kind: string; family: string; count: number } {
  const match = /^(?<kind>guilty|innocent) (?<family>[a-z0-9-]+)(?: × (?<count>\d+))?\s*$/.exec(heading)
  const { kind, family, count } = match?.groups ?? {}
  if (!kind || !family) throw new Error(`${file}: "=== ${heading}" is no heading`)
  return { kind, family, count: Number(count ?? 0) }
}

/** Takes remarks and named parts out of lines; what is left. */
function readParts(text: string, parts: Parts): string {
  const rest: string[] = []
  for (const line of text.split('\n')) {
    const named = /^let (?<name>[a-z0-9-]+) = (?<choices>.*)$/.exec(line)?.groups
    if (named)
      parts.set(
        named['name']!,
        named['choices']!.split(' | ').map(choice => choice.trim()),
      )
    else if (!line.startsWith('# ')) rest.push(line)
  }
  return rest.join('\n')
}
