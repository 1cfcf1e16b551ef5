import type { ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'

/** Waits for the JSON on a process's output that names its URL; what follows it there is dropped. Throws when it ends instead. */
export async function announcedUrl(child: ChildProcess): Promise<string> {
  let text = ''
  for await (const line of createInterface({ input: child.stdout! })) {
    text += line
    const url = /"url":\s*"(http:[^"]+)"/.exec(text)?.[1]
    if (url === undefined) continue
    child.stdout!.resume()
    return url
  }
  throw new Error(`a process ended before it answered: ${child.spawnargs.join(' ')}`)
}
