// node bench/echo/http.ts REVISION TOOLS: the echo server over streamable HTTP, by node:http alone.
import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import { announceAndServe } from '../stage/announce.ts'
import { echoServer, type Message, type Revision } from './dialect.ts'

const [revision, tools = '1'] = process.argv.slice(2)
const answer = echoServer(revision as Revision, Number(tools))

const server = createServer((request, response) => {
  if (request.method !== 'POST') return void response.writeHead(request.method === 'DELETE' ? 200 : 405).end()
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    const message = JSON.parse((chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)).toString()) as Message
    const text = answer(message)
    if (text === undefined) return void response.writeHead(202).end()
    response.writeHead(200, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(text),
      ...(message.method === 'initialize' ? { 'mcp-session-id': randomUUID() } : {}),
    })
    response.end(text)
  })
})
announceAndServe(server)
