import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/**
 * Listens on a free port of the loopback, says so in one line of standard output, and serves until standard input ends,
 * which it does when the process that started this one is gone.
 */
export function announceAndServe(server: Server): void {
  server.keepAliveTimeout = 60_000
  server.listen(0, '127.0.0.1', () => {
    const { port } = server.address() as AddressInfo
    process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${port}/mcp` })}\n`)
  })
  process.stdin.resume().on('end', () => process.exit())
}
