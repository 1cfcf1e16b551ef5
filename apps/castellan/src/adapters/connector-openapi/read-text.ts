import { readFile, realpath, stat } from 'node:fs/promises'
import { dirname, isAbsolute, sep } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { Timeouts } from '../../registry/index.ts'
import { bounds } from './bounds.ts'
import { DocumentProblem, invalid } from './document-problem.ts'
import { type Answer, HttpClient, type Line, statusLine } from '../http-client/index.ts'

/** Reads one file of a document. Throws a {@link DocumentProblem}. */
export type ReadText = (location: URL) => Promise<string>

/** The location of a document given by URL or absolute path. */
export function locationOf(document: string): URL {
  return isAbsolute(document) ? pathToFileURL(document) : new URL(document)
}

/**
 * A reader for a document and what it refers to: files only in its own folder or below, URLs only of its own origin, so
 * that a document cannot make us read other files or ask other hosts. `headers` go with every request.
 */
export function readerFor(
  root: URL,
  headers: Readonly<Record<string, string>>,
  timeouts: Timeouts,
  signal: AbortSignal,
  line: Line = {},
): ReadText {
  return location => {
    if (location.protocol !== root.protocol) throw invalid('it refers to another kind of place than it came from')
    if (root.protocol === 'file:') return readLocal(location, root)
    if (location.origin !== root.origin) throw invalid('it refers to another host')
    return readRemote(location, headers, timeouts, signal, line)
  }
}

async function readLocal(location: URL, root: URL): Promise<string> {
  try {
    // A link in the folder must not lead out of it.
    const path = await realpath(fileURLToPath(location))
    const folder = dirname(await realpath(fileURLToPath(root)))
    if (location.href !== root.href && !path.startsWith(folder.endsWith(sep) ? folder : folder + sep)) {
      throw invalid('it refers to a file outside its own folder')
    }
    const found = await stat(path)
    if (!found.isFile()) throw invalid('it is not a file')
    if (found.size > bounds.documentBytes) throw tooLarge()
    return await readFile(path, 'utf8')
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === undefined) throw error
    throw invalid(code === 'ENOENT' ? 'there is no such file' : `the file cannot be read (${code})`)
  }
}

const MOST_REDIRECTS = 5

async function readRemote(
  location: URL,
  headers: Readonly<Record<string, string>>,
  timeouts: Timeouts,
  signal: AbortSignal,
  line: Line,
): Promise<string> {
  const client = new HttpClient(location.origin, timeouts, line)
  try {
    let at: URL = location
    for (let hops = 0; hops <= MOST_REDIRECTS; hops++) {
      const ask = {
        method: 'GET',
        path: at.pathname + at.search,
        headers: { accept: 'application/json, application/yaml, */*;q=0.5', ...headers },
      } as const
      const answer = await client.ask(ask, signal, bounds.documentBytes)
      if (answer.is === 'lost') throw lost(answer)
      if (answer.is === 'oversized') throw tooLarge()
      const to = answer.status >= 300 && answer.status < 400 ? answer.headers.location : undefined
      if (to === undefined) {
        if (answer.status !== 200) throw invalid(`its address answered ${statusLine(answer.status)}`)
        return answer.body.toString('utf8')
      }
      const next: URL | null = URL.parse(to, at.href)
      if (next?.origin !== location.origin)
        throw invalid('its address redirects to another host, which is not followed')
      at = next
    }
    throw invalid('its address redirects too often')
  } finally {
    await client.close()
  }
}

function lost({ timedOut, fault, why }: Extract<Answer, { is: 'lost' }>) {
  if (fault !== undefined) return new DocumentProblem('refused', String(fault.details['why']))
  return new DocumentProblem(timedOut ? 'timeout' : 'unreachable', why)
}

function tooLarge() {
  return invalid(`it is larger than ${bounds.documentBytes / 1024 / 1024} MB`)
}
