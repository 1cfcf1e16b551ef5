import { randomUUID } from 'node:crypto'
import { open, readFile, rename, rm } from 'node:fs/promises'
import { canonicalize, digestJson, isJsonObject, parseStrict } from '../../kernel/index.ts'
import type { ModelReply, ModelRequest } from '../../runs/index.ts'

export interface Recorded {
  /** Of the request. */
  readonly digest: string
  readonly request: ModelRequest
  readonly reply: ModelReply
}

/** The file of a cassette: a line for each step, canonical JSON, in the order in which they were first asked for. */
export interface Tape {
  /** By digest. Throws a plain error that says what is wrong with the file. */
  read(): Promise<ReadonlyMap<string, Recorded>>
  /** Resolves once it is on disk; the file is whole at every moment. Throws a plain error that says what keeps it from being written. */
  write(step: Recorded): Promise<void>
  /** Resolves when nothing is being written any more. */
  written(): Promise<void>
}

export function openTape(file: string): Tape {
  let steps: Promise<Map<string, Recorded>> | undefined
  let writing: Promise<unknown> = Promise.resolve()
  const read = () => {
    steps ??= readSteps(file).catch((error: unknown) => {
      steps = undefined
      throw error
    })
    return steps
  }

  return {
    read,
    write(step) {
      // One after the other, since each writes all there is.
      const written = writing.then(async () => {
        const known = await read()
        known.set(step.digest, step)
        await replace(file, [...known.values()].map(each => `${canonicalize(each)}\n`).join(''))
      })
      writing = written.catch(() => undefined)
      return written
    },
    async written() {
      await writing
    },
  }
}

async function readSteps(file: string): Promise<Map<string, Recorded>> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return ''
    throw new Error(`the cassette ${file} cannot be read (${error.code ?? 'unknown error'})`)
  })
  const steps = new Map<string, Recorded>()
  for (const [index, line] of text.split('\n').entries()) {
    if (line === '') continue
    const step = recorded(line)
    // Whoever edits a cassette by hand must not be told afterwards that it holds what it does not.
    if (!step) throw new Error(`line ${index + 1} of the cassette ${file} is not what was recorded; record it anew`)
    steps.set(step.digest, step)
  }
  return steps
}

function recorded(line: string): Recorded | null {
  try {
    const step = parseStrict(line)
    if (!isJsonObject(step) || !isJsonObject(step['reply']) || !isJsonObject(step['request'])) return null
    return digestJson(step['request']) === step['digest'] ? (step as unknown as Recorded) : null
  } catch {
    return null
  }
}

/** Prompts are nobody else's, so the file is for its owner only. */
async function replace(file: string, text: string): Promise<void> {
  const draft = `${file}.${randomUUID()}.new`
  try {
    const opened = await open(draft, 'wx', 0o600)
    try {
      await opened.writeFile(text)
      await opened.sync()
    } finally {
      await opened.close()
    }
    await rename(draft, file)
  } catch (cause) {
    await rm(draft, { force: true })
    const { code = 'unknown error' } = cause as NodeJS.ErrnoException
    throw new Error(`the cassette ${file} cannot be written (${code})`, { cause })
  }
}
