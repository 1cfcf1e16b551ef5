import type { BigIntStats } from 'node:fs'
import { isoTime } from '../../../kernel/index.ts'
import { fields, refused, tool, type Tool } from '../tool.ts'
import { fitsGlob } from './glob.ts'
import type { Folder } from './folder.ts'
import type { Place, Roots } from './roots.ts'

interface Wish extends Partial<Place> {
  readonly depth?: number
  readonly glob?: string
  readonly limit?: number
}

const entry = {
  path: { type: 'string' },
  kind: { enum: ['file', 'folder', 'link', 'other'] },
  size: { type: 'integer' },
  modified_at: { type: 'string' },
} as const

type Entry = { readonly path: string; readonly kind: string; readonly size: number; readonly modified_at: string }

export function listFiles(roots: Roots): Tool {
  return tool<Wish>(
    {
      name: 'list_files',
      description:
        'Lists what is in a folder, and with "depth" in the folders below. "glob" keeps what fits: * for any name, ** for any folders, ? for a character. Links are shown and not followed.',
      inputSchema: roots.fields(
        {
          depth: {
            type: 'integer',
            minimum: 1,
            maximum: MOST_DEPTH,
            description: 'How many folders deep; 1 unless told.',
          },
          glob: { type: 'string', maxLength: 1_000, description: 'Of paths from the folder, such as **/*.md' },
          limit: { type: 'integer', minimum: 1, maximum: MOST_ENTRIES, description: '1000 unless told.' },
        },
        ['path', 'depth', 'glob', 'limit'],
      ),
      outputSchema: fields({
        entries: { type: 'array', items: fields(entry) },
        truncated: { type: 'boolean', description: 'Whether there is more.' },
      }),
      annotations: { readOnlyHint: true, openWorldHint: false },
    },
    async ({ root, path = '.', depth = 1, glob = null, limit = 1_000 }, { signal }) => {
      const survey = new Survey(roots, glob, limit, signal)
      const place = { ...(root === undefined ? {} : { root }), path }
      await roots.within(place, false, async (folder, name) => {
        if (name === '.') return survey.of(folder, '', depth)
        const inside = await roots.enter(folder, name)
        try {
          return await survey.of(inside, '', depth)
        } finally {
          await inside.close()
        }
      })
      const { entries, truncated } = survey
      const lines = entries.map(({ path, kind, size }) =>
        kind === 'file' ? `${path} (${size} bytes)` : `${path} (${kind})`,
      )
      const text = [...lines, ...(truncated ? ['… and more'] : [])].join('\n')
      return { structured: { entries, truncated }, text: text === '' ? 'Nothing.' : text }
    },
  )
}

export function statFile(roots: Roots): Tool {
  return tool<Place>(
    {
      name: 'stat',
      description: 'Says what is at a path, how large it is, and when it was changed last.',
      inputSchema: roots.fields({}),
      outputSchema: fields(entry),
      annotations: { readOnlyHint: true, openWorldHint: false },
    },
    async place => {
      const seen = await roots.within(place, false, (folder, name) => folder.look(name))
      if (seen === null) throw refused(`"${place.path}" is not there`)
      return { structured: entryOf(place.path, seen) }
    },
  )
}

/** Entries below a folder, as many as were asked for; names in order within each folder. */
class Survey {
  readonly entries: Entry[] = []
  truncated = false
  #isFull = false
  #looked = 0
  readonly #roots: Roots
  readonly #glob: string | null
  readonly #limit: number
  readonly #signal: AbortSignal

  constructor(roots: Roots, glob: string | null, limit: number, signal: AbortSignal) {
    this.#roots = roots
    this.#glob = glob
    this.#limit = limit
    this.#signal = signal
  }

  async of(folder: Folder, above: string, depth: number): Promise<void> {
    for (const name of await this.#namesIn(folder)) {
      if (this.#isFull) return
      this.#signal.throwIfAborted()
      const seen = await folder.look(name)
      // It went away meanwhile.
      if (seen === null) continue
      const path = above + name
      if (this.#glob === null || fitsGlob(this.#glob, path)) {
        if (this.entries.length === this.#limit) {
          this.#isFull = this.truncated = true
          return
        }
        this.entries.push(entryOf(path, seen))
      }
      if (depth > 1 && seen.isDirectory()) await this.#below(folder, name, `${path}/`, depth - 1)
    }
  }

  /** What cannot be entered has nothing below it. */
  async #below(folder: Folder, name: string, above: string, depth: number): Promise<void> {
    const inside = await this.#roots.enter(folder, name).catch(() => null)
    if (inside === null) return
    try {
      await this.of(inside, above, depth)
    } finally {
      await inside.close()
    }
  }

  async #namesIn(folder: Folder): Promise<string[]> {
    const names: string[] = []
    for await (const name of folder.names()) {
      if (!this.#roots.shows(name)) continue
      if (++this.#looked > MOST_LOOKED) {
        this.truncated = true
        break
      }
      names.push(name)
    }
    return names.sort()
  }
}

function entryOf(path: string, seen: BigIntStats): Entry {
  return { path, kind: kindOf(seen), size: Number(seen.size), modified_at: timeOf(seen) }
}

/** Whoever may write a file may say that it is from any time; what no date can hold is the latest there is. */
function timeOf({ mtimeMs }: BigIntStats): string {
  const latest = 8_640_000_000_000_000n
  return isoTime(new Date(Number(mtimeMs > latest ? latest : mtimeMs < -latest ? -latest : mtimeMs)))
}

function kindOf(seen: BigIntStats): string {
  if (seen.isFile()) return 'file'
  if (seen.isDirectory()) return 'folder'
  return seen.isSymbolicLink() ? 'link' : 'other'
}

const MOST_DEPTH = 32
const MOST_ENTRIES = 10_000
/** Names that are looked at in one call, whether they fit or not. */
const MOST_LOOKED = 100_000
