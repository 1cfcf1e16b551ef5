// node bench/hops/relay-stdio.ts COMMAND ARGUMENT …: HTTP in front of a server on standard input and output. Messages are
// parsed, since answers must find the request they belong to, and nothing else is done with them.
import { spawn } from 'node:child_process'
import { createServer, type ServerResponse } from 'node:http'
import { LineReader } from '../echo/line-reader.ts'
import { announceAndServe } from '../stage/announce.ts'

const [command, ...args] = process.argv.slice(2)
const child = spawn(command!, args, { stdio: ['pipe', 'pipe', 'inherit'] })
const waiting = new Map<number, { readonly id: unknown; readonly response: ServerResponse }>()
const lines = new LineReader()
let last = 0

child.stdout.on('data', (chunk: Buffer) => {
  for (const line of lines.read(chunk)) {
    const message = JSON.parse(line) as { id: number }
    const asked = waiting.get(message.id)
    if (asked === undefined) continue
    waiting.delete(message.id)
    const text = JSON.stringify({ ...message, id: asked.id })
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }
    asked.response.writeHead(200, headers).end(text)
  }
})

const server = createServer((request, response) => {
  if (request.method !== 'POST') return void response.writeHead(405).end()
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    const message = JSON.parse(Buffer.concat(chunks).toString()) as { id?: unknown }
    if (message.id === undefined) {
      child.stdin.write(`${JSON.stringify(message)}\n`)
      return void response.writeHead(202).end()
    }
    const id = ++last
    waiting.set(id, { id: message.id, response })
    child.stdin.write(`${JSON.stringify({ ...message, id })}\n`)
  })
})
announceAndServe(server)
