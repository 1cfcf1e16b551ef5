import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import type { Random } from '../support/random.ts'

/** A plain HTTP tool server in this process, which counts the effects it had by id. */
export interface ToolServer extends AsyncDisposable {
  readonly url: string
  /** How often the effect of an id took place. */
  readonly effects: ReadonlyMap<string, number>
}

/** `kill` is what a call with the argument `die` does at that point; it returns once the control plane is gone. */
export async function toolServer(random: Random, kill: () => void): Promise<ToolServer> {
  const effects = new Map<string, number>()
  const server = createServer((request, response) => {
    // A caller that was killed is no failure of this server.
    answer(request, response).catch(() => response.destroy())
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    effects,
    async [Symbol.asyncDispose]() {
      const closed = new Promise(resolve => server.close(resolve))
      server.closeAllConnections()
      await closed
    },
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    switch (`${request.method} ${request.url}`) {
      case 'GET /health':
        return send(response, 200, { status: 'ok' })
      case 'POST /mcp/list_tools':
        return send(response, 200, { tools })
      case 'POST /mcp/call_tool':
        return call((await json(request)) as Call, response)
      default:
        return send(response, 404, {})
    }
  }

  async function call({ tool, arguments: { id, die } }: Call, response: ServerResponse): Promise<void> {
    if (die === 'asked' || die === 'late') kill()
    if (die === 'asked') return void response.destroy()
    await delay(random.int(0, 25))
    // Only these may be tried again.
    if (tool !== 'act' && random.chance(0.02)) return send(response, 503, {})
    effects.set(id, (effects.get(id) ?? 0) + 1)
    await delay(random.int(0, 10))
    if (die === 'done') kill()
    send(response, 200, { content: [{ type: 'text', text: id }] })
    if (die === 'answered') setTimeout(kill, random.int(0, 6))
  }
}

interface Call {
  readonly tool: string
  readonly arguments: { readonly id: string; readonly die?: 'asked' | 'late' | 'done' | 'answered' }
}

const inputSchema = {
  type: 'object',
  properties: { id: { type: 'string' }, die: { enum: ['asked', 'late', 'done', 'answered'] } },
  required: ['id'],
}
const tools = ['act', 'put', 'look'].map(name => ({ name, inputSchema }))

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}
