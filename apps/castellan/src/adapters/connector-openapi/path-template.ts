import { Unsupported } from './document-problem.ts'

/** A path of a document in pieces: fixed text, percent-encoded, and the names of parameters. */
export type PathPiece = { readonly text: string } | { readonly parameter: string }

/** Throws {@link Unsupported} for a path that could mean another place than it shows. */
export function parsePath(path: string): readonly PathPiece[] {
  if (!path.startsWith('/')) throw new Unsupported('its path does not begin with "/"')
  if (/[?#\\\p{Cc}]/u.test(path) || !path.isWellFormed())
    throw new Unsupported('its path holds "?", "#" or other odd characters')
  const pieces: PathPiece[] = []
  for (const [part] of path.matchAll(/\{[^{}/]+\}|[^{}]+|[{}]/g)) {
    if (part === '{' || part === '}') throw new Unsupported('the braces of its path do not match')
    if (part.startsWith('{')) pieces.push({ parameter: part.slice(1, -1) })
    else pieces.push({ text: encodeURI(part).replace(/%25([0-9A-Fa-f]{2})/g, '%$1') })
  }
  if (hasDotSegment(path)) throw new Unsupported('its path has a "." or ".." in it')
  return pieces
}

/** Whether a path has a segment that servers and proxies resolve, also when it is percent-encoded. */
export function hasDotSegment(path: string): boolean {
  return path.split('/').some(segment => /^(\.|%2e){1,2}$/i.test(segment))
}
