import { type LiveAnswer, liveCommand, type LiveDelta, type LiveEvent } from '@castellan/contracts'
import type { WebSocket } from 'ws'
import type { z } from 'zod'
import { type Actor, type Identity, requireAccess } from '../../identity/index.ts'
import { followInPages, type SequencedEntry } from '../../journal/index.ts'
import { fault, isFault, type JsonValue, newId, Recent } from '../../kernel/index.ts'
import { type Piece, type Run, word } from '../../runs/index.ts'
import { beginAgent, beginTeam } from '../begin-told.ts'
import { beginWorkflow } from '../begin-workflow.ts'
import type { Core } from '../core.ts'
import { startIn } from '../start-in.ts'
import { decide, survey, use } from '../rest/allowed.ts'
import { carrying, deltaOf, eventOf } from './event-of.ts'

type Command = z.output<typeof liveCommand>

/**
 * One client of a session. It is told of the executions of its session, and of others it subscribed to, in the order of the journal:
 * what it hears is where it is in the journal, so a client that comes back after an offset misses nothing and hears nothing twice.
 */
export class Conversation {
  readonly #core: Core
  readonly #socket: WebSocket
  readonly #session: string
  #identity: Identity
  /** Runs it hears of, and their inner runs. */
  readonly #watched = new Set<string>()
  /** Steps of which it was told how they ended: what comes late of their pieces comes too late. */
  readonly #over = new Recent<string, true>(MOST_WATCHED)
  #following = new AbortController()
  /** Settles once nothing is told any more. */
  #followed: Promise<void> = Promise.resolve()
  #lane: Promise<unknown> = Promise.resolve()

  constructor(core: Core, socket: WebSocket, session: string, identity: Identity) {
    this.#core = core
    this.#socket = socket
    this.#session = session
    this.#identity = identity
    socket.on('message', (data, isBinary) => this.#hear(isBinary ? '' : (data as Buffer).toString()))
    const { tenant } = identity
    const endListening = core.listening.add({
      tenant,
      wants: run => this.#watched.has(run),
      hear: piece => this.#hearPiece(piece),
    })
    socket.once('close', () => {
      this.#following.abort()
      endListening()
    })
  }

  /** Begins with what happened after an offset; null for what happens from now on. */
  async begin(after: number | null): Promise<void> {
    const head = await this.#core.journal.store.head()
    const offset = after === null ? head : Math.min(after, head)
    await this.#watchSession()
    // What is begun from now on is heard from its beginning, wherever it is carried out.
    await this.#core.listening.announced
    this.#say({ type: 'hello', session_id: this.#session, offset })
    await this.#follow(offset)
  }

  /** Whoever it is has been looked at again. */
  renew(identity: Identity): void {
    this.#identity = identity
  }

  async #watchSession(): Promise<void> {
    const { runs } = this.#core
    const mine = this.#seesAll ? {} : { principal: this.#identity.principal.id }
    const found = await runs.list(this.#identity.tenant, { session: this.#session, ...mine }, null, MOST_WATCHED)
    for (const { id } of found) this.#watched.add(id)
  }

  /** One command after the other. */
  #hear(text: string): void {
    this.#lane = this.#lane.then(() => this.#answer(text)).catch(error => this.#core.onBug(error))
  }

  async #answer(text: string): Promise<void> {
    let id: string | null = null
    try {
      const given = parsed(text)
      id = typeof given.id === 'string' ? given.id : null
      const command = liveCommand.safeParse(given)
      if (!command.success) throw fault('REQUEST_INVALID', { why: inWords(command.error) })
      const about = await this.#do(command.data)
      this.#say({ type: 'done', id, ...(about === null ? {} : { execution_id: about }) })
    } catch (error) {
      const known = isFault(error) ? error : fault('INTERNAL')
      if (!isFault(error)) this.#core.onBug(error)
      this.#say({ type: 'error', id, code: known.code, message: known.message })
    }
  }

  /** Resolves with the execution it was about. */
  async #do(command: Command): Promise<string | null> {
    const { runs, approvals } = this.#core
    const identity = this.#identity
    const { tenant, principal } = identity
    const actor: Actor = { tenant, principal: principal.id, correlationId: newId() }
    requireAccess(identity, command.type === 'approve' ? decide : use)
    switch (command.type) {
      case 'run_agent': {
        const { agent_id: agent, id: _id, type: _type, ...said } = command
        return this.#watch(
          await beginAgent(this.#core, agent, { ...said, session: this.#session }, { identity, actor }),
        )
      }
      case 'run_workflow': {
        const { workflow_id: name, input, priority, id: _id, type: _type, ...later } = command
        const { workflow } = await this.#core.workflows.get(tenant, name)
        const when = startIn(later, this.#core.clock.now())
        const said = { input: input as JsonValue, priority, startIn: when, session: this.#session }
        return this.#watch(await beginWorkflow(this.#core, workflow, said, { identity, actor }))
      }
      case 'run_team': {
        const { team_id: team, id: _id, type: _type, ...said } = command
        return this.#watch(await beginTeam(this.#core, team, { ...said, session: this.#session }, { identity, actor }))
      }
      case 'cancel_execution':
        await runs.cancel(await this.#run(command.execution_id), actor)
        return command.execution_id
      case 'pause':
      case 'resume':
        await runs[command.type](await this.#run(command.execution_id), actor)
        return command.execution_id
      case 'approve': {
        const is = command.agrees ? 'approve' : 'reject'
        const by = { is: 'principal', identity, through: 'rest' } as const
        await approvals.act(
          tenant,
          command.approval_id,
          { is, by, reason: command.reason ?? null },
          actor.correlationId,
        )
        return null
      }
      case 'subscribe': {
        const run = await this.#run(command.execution_id)
        if (this.#watched.size >= MOST_WATCHED)
          throw fault('REQUEST_INVALID', { why: `a client can watch ${MOST_WATCHED} executions at once` })
        // What was is told before what comes.
        await this.#pause()
        await this.#tellSoFar(run.id, command.after ?? 0)
        this.#watched.add(run.id)
        await this.#follow(this.#offset)
        return run.id
      }
      case 'unsubscribe':
        this.#watched.delete(command.execution_id)
        return command.execution_id
      case 'resume_from':
        await this.#watchSession()
        await this.#follow(command.offset)
        return null
      default:
        throw command satisfies never
    }
  }

  #watch({ id }: Run): string {
    this.#watched.add(id)
    return id
  }

  #run(id: string) {
    return this.#core.runs.get(this.#identity.tenant, id, this.#seesAll ? null : this.#identity.principal.id)
  }

  get #seesAll(): boolean {
    return this.#identity.roles.includes('admin')
  }

  /** Tells what there is of an execution up to where everything else is told from. */
  async #tellSoFar(run: string, after: number): Promise<void> {
    const { store } = this.#core.journal
    const filter = { tenant: this.#identity.tenant, stream: `run:${run}` }
    const until = this.#offset
    for (let from = after; ;) {
      const entries = await store.read(from, PAGE, filter)
      for (const entry of entries) if (entry.offset <= until) await this.#tell(entry)
      from = entries.at(-1)?.offset ?? from
      if (entries.length < PAGE || from >= until) return
    }
  }

  /** How far everything was told. */
  #offset = 0

  async #pause(): Promise<void> {
    this.#following.abort()
    await this.#followed
  }

  async #follow(after: number): Promise<void> {
    await this.#pause()
    if (this.#socket.readyState !== this.#socket.OPEN) return
    const following = (this.#following = new AbortController())
    this.#offset = after
    this.#followed = this.#tellAll(after, following.signal).catch(error => {
      if (following.signal.aborted) return
      this.#core.onBug(error)
      // Whoever comes back goes on where it was.
      this.#socket.close(1011, 'the journal cannot be read')
    })
  }

  async #tellAll(after: number, signal: AbortSignal): Promise<void> {
    const { store } = this.#core.journal
    for await (const entries of followInPages(store, after, signal, { tenant: this.#identity.tenant })) {
      for (const entry of entries) {
        if (signal.aborted) return
        await this.#consider(entry)
        this.#offset = entry.offset
      }
    }
  }

  async #consider(entry: SequencedEntry): Promise<void> {
    const { type, stream, data, at, offset } = entry
    if (type === 'server.health_changed') {
      if (this.#maySurvey) {
        await this.#tellEvent({
          type: 'service.health',
          offset,
          at,
          server: word(data['server']),
          status: word(data['to']),
        })
      }
      return
    }
    if (!stream.startsWith('run:')) return
    const run = stream.slice('run:'.length)
    if ((type === 'run.queued' || type === 'run.forked') && this.#isMine(entry)) this.#watched.add(run)
    if (this.#watched.has(run)) await this.#tell(entry)
  }

  /** Whether a run that begins is one of this session, or within one that is watched. */
  #isMine({ data, principal }: SequencedEntry): boolean {
    if (typeof data['parent'] === 'string') return this.#watched.has(data['parent'])
    return data['session'] === this.#session && (this.#seesAll || principal === this.#identity.principal.id)
  }

  get #maySurvey(): boolean {
    try {
      requireAccess(this.#identity, survey)
      return true
    } catch {
      return false
    }
  }

  async #tell(entry: SequencedEntry): Promise<void> {
    if (entry.type === 'model.ended')
      this.#over.set(stepKey(entry.stream.slice('run:'.length), entry.data['step']), true)
    const payload = carrying.has(entry.type) ? await this.#payloadOf(entry) : undefined
    const event = eventOf(entry, payload)
    if (event) await this.#tellEvent(event)
  }

  async #payloadOf({ tenant, stream, seq }: SequencedEntry) {
    const [line] = await this.#core.runs.lines({ tenant, id: stream.slice('run:'.length) }, seq)
    return line?.payload
  }

  /** A client that does not read gets no more until it does, and is let go of when it never does: the journal keeps it all. */
  async #tellEvent(event: LiveEvent): Promise<void> {
    this.#say(event)
    for (let waited = 0; this.#socket.bufferedAmount > MOST_BUFFERED; waited += PAUSE) {
      if (this.#socket.readyState !== this.#socket.OPEN) return
      if (waited > PATIENCE) return this.#socket.terminate()
      await new Promise(resolve => setTimeout(resolve, PAUSE))
    }
  }

  /** Whoever has not read what it was told goes without: the journal will have all of it. */
  #hearPiece(piece: Piece): void {
    if (this.#socket.bufferedAmount > MOST_BUFFERED_FOR_PIECES || this.#over.get(stepKey(piece.run, piece.step))) return
    const delta = deltaOf(piece)
    if (delta) this.#say(delta)
  }

  #say(said: LiveEvent | LiveDelta | LiveAnswer): void {
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.send(JSON.stringify(said))
  }
}

const MOST_WATCHED = 1_000
const PAGE = 500
/** Bytes that may wait for a client that reads slowly. */
const MOST_BUFFERED = 1_000_000
const MOST_BUFFERED_FOR_PIECES = 64_000
/** Milliseconds. */
const PAUSE = 25
const PATIENCE = 60_000

function stepKey(run: string, step: JsonValue | undefined): string {
  return `${run} ${word(step)}`
}

function parsed(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  } catch {
    // Said below.
  }
  throw fault('REQUEST_INVALID', { why: 'a command is one JSON object' })
}

function inWords({ issues }: z.ZodError): string {
  return issues.map(({ path, message }) => `${path.join('.') || 'the command'} ${message}`).join('; ')
}
