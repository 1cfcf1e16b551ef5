// node bench/echo/stdio.ts REVISION TOOLS: the echo server over standard input and output, a line for each message.
import { LineReader } from './line-reader.ts'
import { echoServer, type Message, type Revision } from './dialect.ts'

const [revision, tools = '1'] = process.argv.slice(2)
const answer = echoServer(revision as Revision, Number(tools))
const lines = new LineReader()

process.stdin.on('data', (chunk: Buffer) => {
  let out = ''
  for (const line of lines.read(chunk)) {
    const text = answer(JSON.parse(line) as Message)
    if (text !== undefined) out += `${text}\n`
  }
  // What came together is answered together.
  if (out !== '') process.stdout.write(out)
})
process.stdin.on('end', () => process.exit())
