import { type Digest, lookalikes } from '../../kernel/index.ts'

/** A tool there is in the tenant. */
export interface KnownTool {
  readonly server: string
  readonly name: string
  readonly digest: Digest
}

/** The tools around a definition, as they are looked for. */
export class Neighbours {
  readonly #byName = new Map<string, KnownTool[]>()
  readonly #byLook = new Map<string, KnownTool[]>()

  constructor(tools: Iterable<KnownTool>) {
    for (const tool of tools) {
      put(this.#byName, tool.name, tool)
      put(this.#byLook, lookOf(tool.name), tool)
    }
  }

  /** What a name would be taken for: a tool of the same name elsewhere, or one anywhere whose name only looks the same. */
  takenFor(name: string, server: string): { readonly same: readonly KnownTool[]; readonly alike: KnownTool | null } {
    const look = this.#byLook.get(lookOf(name)) ?? []
    return {
      same: (this.#byName.get(name) ?? []).filter(each => each.server !== server),
      alike: look.find(each => isMistakable(each.name, name) && (each.server !== server || !isAscii(name))) ?? null,
    }
  }

  /** The tools that a text speaks of by name, apart from the tool it belongs to. */
  spokenOf(text: string, own: { readonly server: string; readonly name: string }): KnownTool[] {
    const found = new Set<KnownTool>()
    for (const { 0: word, index } of text.matchAll(WORDS)) {
      if (word.length > LONGEST_WORD) continue
      const before = text.slice(Math.max(0, index - 2), index)
      const after = text.slice(index + word.length, index + word.length + 8)
      for (const name of readings(word)) {
        for (const tool of this.#byName.get(name) ?? []) {
          if (tool.name === own.name || found.has(tool)) continue
          if (isTelling(tool.name) || isMarked(before, after)) found.add(tool)
        }
      }
    }
    return [...found]
  }
}

/** Characters that names of tools are made of. */
const WORDS = /[\p{L}\p{N}_./-]+/gu

const LONGEST_WORD = 300

/** A word as it stands, without the full stop of its sentence, and without the server it is exposed under. */
function readings(word: string): string[] {
  const plain = word.replace(/^[./-]+|[./-]+$/g, '')
  const [, original] = /^[a-z0-9-]+__(.+)$/.exec(plain) ?? []
  return original === undefined ? [plain] : [plain, original]
}

/** Whether a name could hardly stand in a sentence by chance: `read_file` or `readFile`, and not `search`. */
function isTelling(name: string): boolean {
  return /[\p{L}\p{N}][_./-]+[\p{L}\p{N}]|\p{Ll}\p{Lu}/u.test(name)
}

/** Whether a word is set off as a name: in quotation marks, called, or said to be a tool. */
function isMarked(before: string, after: string): boolean {
  return (/["'`“‘«]$/.test(before) && /^["'`”’»]/.test(after)) || after.startsWith('(') || /^ tools?\b/.test(after)
}

/** Names that differ only in case are the same kind of name; others that look alike are made to. */
function isMistakable(one: string, other: string): boolean {
  return one !== other && one.toLowerCase() !== other.toLowerCase()
}

/** A name as the eye takes it: one form for all letters and digits that look the same. Source: Unicode UTS 39, skeletons. */
function lookOf(name: string): string {
  const plain = name.normalize('NFKC').replace(/\p{Cf}|\p{M}/gu, '')
  return Array.from(plain, letter => lookalikes[letter] ?? letter)
    .join('')
    .toLowerCase()
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/[1|]/g, 'l')
    .replaceAll('0', 'o')
    .replaceAll('rn', 'm')
}

function isAscii(name: string): boolean {
  return /^[\x20-\x7e]*$/.test(name)
}

function put(map: Map<string, KnownTool[]>, key: string, tool: KnownTool): void {
  const there = map.get(key)
  if (there) there.push(tool)
  else map.set(key, [tool])
}
