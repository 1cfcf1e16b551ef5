// A clerk adds up what is owed: lists the orders, reads them, writes an invoice, and would mark an order as paid, which policy refuses.
// Once the model follows a script, once it is a provider's, asked over HTTP: for the gate and the journal that is the same.
import assert from 'node:assert/strict'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ChatCompletionRequest } from '@copilotkit/aimock'
import { filesIn, onStage } from '../stage.ts'
import { provider } from './provider.ts'

const script = join(import.meta.dirname, 'script.yaml')
const policy = await readFile(join(import.meta.dirname, 'orders.cedar'), 'utf8')
const answer = 'We are owed 42 crowns. I was not allowed to change order 17.'
const refusal = 'The call was refused by policy.'

await using http = await provider()
const models = {
  acting: { kind: 'scripted', script },
  local: { kind: 'openai-compatible', base_url: `${http.url}/v1` },
}

await onStage(models, async ({ client, folder, say }) => {
  const order = join(folder, 'orders/17.txt')
  const invoice = join(folder, 'invoice.txt')
  await mkdir(join(folder, 'orders'))
  await writeFile(order, 'Ann: 12 crowns')
  await writeFile(join(folder, 'orders/18.txt'), 'Ben: 30 crowns')
  await client.servers.create(filesIn(folder))
  const { files } = await client.policies.get()
  await client.policies.put({ ...files, 'orders.cedar': policy })

  for (const by of Object.keys(models)) {
    await client.agents.create({
      name: `clerk-${by}`,
      system_prompt: 'You write invoices.',
      llm_config: { provider: by, model: 'clerk' },
      available_mcps: ['files'],
    })
    const done = await client.agents.execute({ agent_id: `clerk-${by}`, user_message: 'What are we owed?' })
    say(`clerk-${by}`)
    for (const { tool_name, tool_input, tool_output } of done.tool_calls)
      say(`  ${tool_name} ${JSON.stringify(tool_input)}: ${JSON.stringify(tool_output)}`)
    say(`  => ${done.response}`)

    assert.deepEqual([done.error, done.response, done.model_used], [null, answer, `${by}/clerk`])
    // The last call was refused, and the agent was told so.
    assert.deepEqual(
      done.tool_calls.map(({ tool_name, tool_input, tool_output }) => [tool_name, tool_input['path'], tool_output]),
      [
        ['files__list_directory', 'orders', '[FILE] 17.txt\n[FILE] 18.txt'],
        ['files__read_text_file', 'orders/17.txt', 'Ann: 12 crowns'],
        ['files__read_text_file', 'orders/18.txt', 'Ben: 30 crowns'],
        ['files__write_file', 'invoice.txt', 'Successfully wrote to invoice.txt'],
        ['files__write_file', 'orders/17.txt', refusal],
      ],
    )
    assert.deepEqual(await Promise.all([invoice, order].map(readText)), ['42 crowns', 'Ann: 12 crowns'])
    await rm(invoice)

    // The journal has an intent before each call that was made, and of the one that was not who refused it.
    const { correlation_id } = await client.runs.get(done.run_id)
    const { items } = await client.journal.list({ correlation_id, limit: 200 })
    const told = (type: string) => items.filter(entry => entry.type === type).map(({ data }) => data)
    const made = ['list_directory', 'read_text_file', 'read_text_file', 'write_file']
    assert.deepEqual(
      told('call.intended').map(({ capability }) => capability),
      made,
    )
    assert.deepEqual(
      told('call.ended').map(({ capability, outcome }) => [capability, outcome]),
      made.map(capability => [capability, 'ok']),
    )
    assert.deepEqual(
      told('call.denied').map(({ capability, guard, reasons }) => [capability, guard, reasons]),
      [['write_file', 'policy', ['orders.cedar#only-the-invoice-is-written']]],
    )
  }

  // The provider was asked five times, and heard of the refusal as what its last call came to.
  const asked = http.getRequests()
  assert.deepEqual(
    asked.map(({ method, path, response }) => [method, path, response.status]),
    Array.from({ length: 5 }, () => ['POST', '/v1/chat/completions', 200]),
  )
  const [calling, heard] = (asked.at(-1)!.body as ChatCompletionRequest).messages.slice(-2)
  assert.deepEqual(heard, { role: 'tool', tool_call_id: calling!.tool_calls![0]!.id, content: refusal })
  say('two clerks did the same: each call went through the gate, one was refused, and the order is as it was')
})

function readText(path: string): Promise<string> {
  return readFile(path, 'utf8')
}
