// Three agents argue about how to cross a river: blind proposals, a round of critique and revision, a vote with a quorum. Only one of
// them has a tool, the majority wins, and whoever would have had it otherwise is on record.
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { filesIn, onStage } from '../stage.ts'

const script = join(import.meta.dirname, 'script.yaml')

await onStage({ acting: { kind: 'scripted', script } }, async ({ client, folder, say }) => {
  await writeFile(join(folder, 'load.txt'), 'The heaviest that has to cross: forty tons.')
  await client.servers.create(filesIn(folder))
  for (const name of ['engineer', 'carpenter', 'skipper']) {
    await client.agents.create({
      name,
      llm_config: { provider: 'acting', model: name },
      assigned_mcp_tools: name === 'engineer' ? [{ name: 'read_text_file', mcp_server_id: 'files' }] : [],
    })
  }
  await client.teams.create({
    name: 'crossing',
    members: [
      { agent: 'engineer', role: 'You build what stands. Look at the load first, in load.txt.' },
      { agent: 'carpenter', role: 'You build what can be mended.' },
      { agent: 'skipper', role: 'You know the river.' },
    ],
    protocol: { type: 'collaborative', rounds: 1, quorum: 'majority' },
    max_tokens: 20_000,
  })

  const done = await client.teams.execute('crossing', { user_message: 'How shall we cross the river?' })
  for (const { version, kind, member, content } of done.board)
    say(`${String(version).padStart(2)} ${member.padEnd(9)} ${kind.padEnd(10)} ${JSON.stringify(content)}`)
  say(`=> ${done.response}`)

  assert.equal(done.error, null)
  assert.equal(done.response, 'A steel bridge for forty tons, with timber for the footway.')
  const { by, winner, needed, of, votes } = done.decision!
  assert.deepEqual([by, winner, needed, of, votes.length], ['vote', 'engineer', 2, 3, 3])
  assert.deepEqual(done.dissent, [{ member: 'skipper', choice: 'skipper', reason: 'No mast passes below a bridge.' }])
  // Every entry has a version of its own: nobody who worked beside others overwrote anything.
  assert.deepEqual(
    done.board.map(({ version }) => version),
    done.board.map((_, index) => index + 1),
  )
  const calls = done.members.flatMap(({ member, tool_calls }) => tool_calls.map(({ tool_name }) => [member, tool_name]))
  assert.deepEqual(calls, [['engineer', 'files__read_text_file']])
  // What each did is a run of its own inside of the team's, and the journal has what they decided.
  const { items: runs } = await client.runs.list({ parent: done.run_id })
  assert.deepEqual([runs.length, runs.every(({ state }) => state === 'completed')], [12, true])
  const { items: decided } = await client.journal.list({ topic: 'team.decided' })
  assert.equal(decided.length, 1)
  say('three proposed, criticised, revised and voted: the majority won, and dissent is on record')
})
