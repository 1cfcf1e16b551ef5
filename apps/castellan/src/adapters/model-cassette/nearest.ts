import { isJsonObject } from '../../kernel/index.ts'
import type { ModelRequest } from '../../runs/index.ts'

/**
 * Where the request that agrees longest with this one begins to differ, and how, by lengths: no prompt belongs into a fault. Null when there
 * is none.
 */
export function nearest(asked: ModelRequest, recorded: readonly ModelRequest[]): string | null {
  const leaves = leavesOf(asked)
  let best: { readonly agreed: number; readonly where: string } | null = null
  for (const other of recorded) {
    const theirs = leavesOf(other)
    const end = Math.max(leaves.length, theirs.length)
    let agreed = 0
    while (agreed < end && isSame(leaves[agreed], theirs[agreed])) agreed++
    if (best !== null && agreed <= best.agreed) continue
    best = { agreed, where: difference(leaves[agreed], theirs[agreed]) }
  }
  return best?.where ?? null
}

type Leaf = readonly [path: string, value: unknown]

/** Every value in a request by its path, as people read it: what was said before what was offered. */
function leavesOf({ model, messages, tools, toolChoice, output, temperature, maxTokens }: ModelRequest): Leaf[] {
  const leaves: Leaf[] = []
  const collect = (path: string, value: unknown): void => {
    if (Array.isArray(value)) value.forEach((each, index) => collect(`${path}[${index}]`, each))
    else if (isJsonObject(value))
      for (const key of Object.keys(value).toSorted()) collect(path === '' ? key : `${path}.${key}`, value[key])
    else leaves.push([path, value])
  }
  for (const [name, value] of Object.entries({ model, messages, tools, toolChoice, output, temperature, maxTokens }))
    collect(name, value)
  return leaves
}

function isSame(a: Leaf | undefined, b: Leaf | undefined): boolean {
  return a?.[0] === b?.[0] && a?.[1] === b?.[1]
}

function difference(asked: Leaf | undefined, recorded: Leaf | undefined): string {
  if (asked === undefined) return `${recorded![0]}, which is not asked for now`
  if (recorded === undefined || asked[0] !== recorded[0]) return `${asked[0]}, which was not recorded`
  return `${asked[0]} (${inShort(asked[1])} now, ${inShort(recorded[1])} recorded)`
}

function inShort(value: unknown): string {
  return typeof value === 'string' ? `${value.length} characters` : String(value)
}
