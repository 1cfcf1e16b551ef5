import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A small service with an OpenAPI document, and with the faults that real services have. */
export interface ParcelService {
  readonly url: string
  readonly document: string
  /** Parcels that were really sent. */
  readonly sent: () => number
  /** The next so many answers to a question about a parcel break off in the middle. */
  breakNext(times: number): void
  /** Whether the depot answers at all. */
  depotIsUp: boolean
  /** What its document says of sending a parcel. */
  sending: string
  stop(): Promise<void>
}

export async function startParcelService(): Promise<ParcelService> {
  let breaking = 0
  let sent = 0
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://parcels')
    if (pathname === '/openapi.json') return answer(response, 200, documentWith(service.sending))
    if (pathname.startsWith('/parcels/') && request.method === 'GET') {
      if (breaking > 0) {
        breaking--
        return void request.socket.destroy()
      }
      return answer(response, 200, { id: pathname.slice('/parcels/'.length), state: 'on its way' })
    }
    if (pathname === '/parcels' && request.method === 'POST') return answer(response, 201, { id: `P${++sent}` })
    if (pathname === '/depot') {
      return service.depotIsUp
        ? answer(response, 200, { parcels: 12 })
        : answer(response, 503, { title: 'The depot is closed' })
    }
    answer(response, 404, { title: 'Not found' })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const service: ParcelService = {
    url,
    document: `${url}/openapi.json`,
    sent: () => sent,
    breakNext: times => void (breaking = times),
    depotIsUp: true,
    sending: 'Sends a parcel; there is no way back',
    async stop() {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  }
  return service
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

const json = (schema: object) => ({ description: 'As asked', content: { 'application/json': { schema } } })

const documentWith = (sending: string) => ({
  openapi: '3.1.0',
  info: { title: 'Parcels', version: '1' },
  paths: {
    '/parcels/{id}': {
      get: {
        operationId: 'trackParcel',
        summary: 'Where a parcel is',
        parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'string' } }],
        responses: { 200: json({ type: 'object' }) },
      },
    },
    '/parcels': {
      post: {
        operationId: 'sendParcel',
        summary: sending,
        requestBody: {
          required: true,
          content: {
            'application/json': {
              schema: {
                type: 'object',
                properties: { to: { type: 'string' }, grams: { type: 'integer', minimum: 1 } },
                required: ['to', 'grams'],
                additionalProperties: false,
              },
            },
          },
        },
        responses: { 201: json({ type: 'object' }) },
      },
    },
    '/depot': {
      get: {
        operationId: 'countDepot',
        summary: 'How many parcels lie in the depot',
        responses: { 200: json({ type: 'object' }) },
      },
    },
  },
})
