import { once } from 'node:events'
import { createInterface } from 'node:readline/promises'
import { text } from 'node:stream/consumers'
import { isatty } from 'node:tty'
import { untilSignalled } from './until-signalled.ts'
import type { Terminal } from './world.ts'

/** The terminal of this process. */
export function terminal(): Terminal {
  const { stdin, stdout, stderr } = process
  const gone = new AbortController()
  for (const stream of [stdout, stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      // `castellan … | head` closes the pipe when it has seen enough; that is no failure of ours.
      if (error.code !== 'EPIPE') throw error
      gone.abort()
    })
  }
  const interactive = isatty(stderr.fd)
  return {
    out: text => void stdout.write(text),
    async pour(bytes) {
      if (!stdout.write(bytes) && !gone.signal.aborted)
        await Promise.race([once(stdout, 'drain'), once(stdout, 'close')])
    },
    err: text => void stderr.write(text),
    interactive,
    screen: isatty(stdout.fd),
    ask: interactive && isatty(stdin.fd) ? askOnTerminal : null,
    input: () => text(stdin),
    interruption: untilSignalled,
    readerGone: gone.signal,
  }
}

async function askOnTerminal(question: string, signal: AbortSignal): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stderr })
  // The line reader takes Ctrl-C for itself, so it is passed on.
  lines.on('SIGINT', () => process.kill(process.pid, 'SIGINT'))
  try {
    return await lines.question(question, { signal })
  } finally {
    lines.close()
  }
}
