import { createServer, type IncomingMessage, request as ask, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Forwarder extends AsyncDisposable {
  readonly url: string
}

/**
 * Listens on 127.0.0.1 and hands every request on to `target` with one header more, since the suite has no credentials and the
 * gate lets nobody in without. All else stays as it was sent, names of headers and `Host` included; both bodies are streams.
 */
export async function forwarder(target: URL, header: readonly [name: string, value: string]): Promise<Forwarder> {
  const forward = (request: IncomingMessage, response: ServerResponse): void => {
    const onward = ask({
      host: target.hostname,
      port: target.port,
      method: request.method,
      path: target.pathname,
      headers: [...request.rawHeaders, ...header],
      agent: false,
    })
    request.pipe(onward)
    onward.on('response', answer => {
      response.writeHead(answer.statusCode!, answer.rawHeaders)
      response.flushHeaders()
      answer.pipe(response)
      answer.on('error', () => response.destroy())
    })
    onward.on('error', () => response.destroy())
    response.on('close', () => onward.destroy())
  }
  const server = createServer(forward)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${target.pathname}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  }
}
