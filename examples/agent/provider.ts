import { type ChatMessage, LLMock } from '@copilotkit/aimock'

export type Provider = LLMock & AsyncDisposable

/** A provider that speaks OpenAI's chat completions over HTTP. Its clerk goes by what the tools told, and reckons. */
export async function provider(): Promise<Provider> {
  const mock = new LLMock({ port: 0, host: '127.0.0.1' })
  mock.on({ turnIndex: 0, userMessage: 'What are we owed' }, call('list_directory', { path: 'orders' }))
  mock.on({ turnIndex: 1, toolResultContains: '[FILE]' }, ({ messages }) => ({
    toolCalls: files(messages).flatMap(path => call('read_text_file', { path }).toolCalls),
  }))
  mock.on({ turnIndex: 2, toolResultContains: 'crowns' }, ({ messages }) =>
    call('write_file', { path: 'invoice.txt', content: owed(messages) }),
  )
  mock.on({ turnIndex: 3, toolResultContains: 'Successfully' }, ({ messages }) =>
    call('write_file', { path: files(messages)[0]!, content: 'paid' }),
  )
  mock.on({ turnIndex: 4, toolResultContains: 'refused' }, ({ messages }) => ({
    content: `We are owed ${owed(messages)}. I was not allowed to change order 17.`,
  }))
  await mock.start()
  return Object.assign(mock, { [Symbol.asyncDispose]: () => mock.stop() })
}

function call(tool: string, args: object) {
  return { toolCalls: [{ name: `files__${tool}`, arguments: JSON.stringify(args) }] }
}

function files(messages: readonly ChatMessage[]): string[] {
  return [...told(messages).matchAll(/\[FILE\] (\S+)/g)].map(([, name]) => `orders/${name}`)
}

function owed(messages: readonly ChatMessage[]): string {
  const sums = [...told(messages).matchAll(/(\d+) crowns/g)].map(([, sum]) => Number(sum))
  return `${sums.reduce((all, sum) => all + sum, 0)} crowns`
}

/** What tools answered, one after the other. */
function told(messages: readonly ChatMessage[]): string {
  return messages
    .flatMap(({ role, content }) => (role === 'tool' && typeof content === 'string' ? [content] : []))
    .join('\n')
}
