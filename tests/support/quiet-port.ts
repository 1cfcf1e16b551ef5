import { randomInt } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'

/**
 * A port that stays ours while nobody listens on it: below those the system gives to outgoing connections, one of which
 * could otherwise take it, or even connect to itself. No seed decides it: sieges beside each other would take the same.
 */
export async function quietPort(): Promise<number> {
  for (;;) {
    const port = randomInt(15_000, firstEphemeral())
    const server = createServer()
    try {
      await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve))
      await new Promise(resolve => server.close(resolve))
      return port
    } catch {
      // Somebody's.
    }
  }
}

function firstEphemeral(): number {
  try {
    return Number(readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').split(/\s+/)[0])
  } catch {
    return 32_768
  }
}
