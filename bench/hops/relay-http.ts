// node bench/hops/relay-http.ts URL: the least a hop can be: requests and answers pass as bytes, over connections that are kept.
import { Agent, createServer, request as ask } from 'node:http'
import { announceAndServe } from '../stage/announce.ts'

const upstream = new URL(process.argv[2]!)
const agent = new Agent({ keepAlive: true, maxSockets: 256 })

const server = createServer((request, response) => {
  const headers = { ...request.headers, host: upstream.host }
  const { hostname, port, pathname } = upstream
  const onward = ask({ agent, hostname, port, path: pathname, method: request.method, headers }, answer => {
    response.writeHead(answer.statusCode ?? 502, answer.headers)
    answer.pipe(response)
  })
  onward.on('error', error => response.writeHead(502).end(error.message))
  request.pipe(onward)
})
announceAndServe(server)
