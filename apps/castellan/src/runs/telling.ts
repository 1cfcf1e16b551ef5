import type { Settled } from '../gate/index.ts'
import { type Entry, type Journal, newSalt } from '../journal/index.ts'
import { canonicalize, type Clock, digestBytes, isoTime, type JsonValue, newId } from '../kernel/index.ts'
import type { Run, Tale, Told } from './run.ts'
import type { NewRun, Payload, RunStore } from './run-store.ts'
import type { ChildWish } from './step.ts'
import { word } from './word.ts'

/** Lines of a run as its course hears them. */
export function told({ entries, payloads }: Awaited<ReturnType<RunStore['lines']>>): readonly Told[] {
  return entries.map(({ seq, type, at, data }) => ({
    seq,
    type,
    at: Date.parse(at),
    data,
    payload: payloads.get(seq)?.value,
  }))
}

/** A line of a run, with what it carries kept beside it: the journal has the digest of that, and nothing to guess it by. */
export function tell(
  journal: Journal,
  run: Pick<Run, 'tenant' | 'id' | 'correlationId' | 'parent'>,
  seq: number,
  { type, data, payload }: Tale,
  principal: string,
): { readonly entry: Entry; readonly payload: Payload | null } {
  const kept = payload === undefined ? null : { tenant: run.tenant, run: run.id, seq, salt: newSalt(), value: payload }
  const entry = journal.seal({
    tenant: run.tenant,
    stream: `run:${run.id}`,
    seq,
    type,
    principal,
    correlationId: run.correlationId,
    ...(run.parent === null ? {} : { causationId: run.parent.run }),
    data: kept === null ? data : { ...data, payload: digestOf(kept) },
  })
  return { entry, payload: kept }
}

/** Everything a turn of a run writes down, as it is thought of. */
export class TurnDraft {
  readonly entries: Entry[] = []
  readonly payloads: Payload[] = []
  readonly children: NewRun[] = []
  /** What ended steps cost, and what the journal is told of budgets because of that. */
  readonly settled: Settled[] = []
  readonly notices: Entry[] = []
  /** What the last line carries. */
  output: JsonValue | undefined
  readonly #run: Run
  readonly #first: number
  readonly #journal: Journal
  readonly #clock: Clock

  constructor(run: Run, first: number, { journal, clock }: { readonly journal: Journal; readonly clock: Clock }) {
    this.#run = run
    this.#first = first
    this.#journal = journal
    this.#clock = clock
  }

  say(tale: Tale): Told {
    const { type, data, payload } = tale.type === 'child.requested' ? this.#bear(tale) : tale
    const seq = this.#first + this.entries.length
    const line = tell(
      this.#journal,
      this.#run,
      seq,
      { type, data, ...(payload === undefined ? {} : { payload }) },
      'system',
    )
    this.entries.push(line.entry)
    if (line.payload) this.payloads.push(line.payload)
    this.output = payload
    return { seq, type, at: Date.parse(line.entry.at), data, payload }
  }

  settle(settled: Settled): void {
    this.settled.push(settled)
    this.notices.push(...settled.notices.map(each => this.#journal.seal(each)))
  }

  /** Begins the run that a line asks for. */
  #bear({ type, data, payload }: Tale): Tale {
    const { kind, name, subject = null, definition, input } = payload as unknown as ChildWish
    const { tenant, by, correlationId, session, root, depth, priority, id: parent } = this.#run
    const around = { run: parent, step: word(data['step']) }
    const child = newRun(
      { tenant, by, correlationId, session, priority, root, kind, name, subject, depth: depth + 1, parent: around },
      { definition, input },
      0,
      this.#journal,
      this.#clock,
    )
    this.children.push(child)
    return { type, data: { ...data, run: child.run.id } }
  }
}

/** The run that another begins as, up to a line, and the lines it has from it. */
export interface Fork {
  readonly from: string
  readonly at: number
  readonly lines: readonly Tale[]
}

/** A run that begins, with its first lines. */
export function newRun(
  said: Pick<
    Run,
    'tenant' | 'kind' | 'name' | 'subject' | 'by' | 'correlationId' | 'session' | 'parent' | 'depth' | 'priority'
  > & {
    /** Null for a run that has none around it. */
    readonly root: string | null
  },
  carries: { readonly definition: JsonValue; readonly input: JsonValue },
  dueIn: number,
  journal: Journal,
  clock: Clock,
  fork: Fork | null = null,
): NewRun {
  const id = newId()
  const run: Run = {
    ...said,
    id,
    root: said.root ?? id,
    definition: digestBytes(canonicalize(carries.definition)),
    state: 'queued',
    queuedAt: isoTime(clock.now()),
    startedAt: null,
    endedAt: null,
    error: null,
  }
  const { kind, name, definition, parent, depth, priority, session } = run
  const first = tell(
    journal,
    run,
    0,
    {
      type: fork === null ? 'run.queued' : 'run.forked',
      data: {
        ...(fork === null ? {} : { from: fork.from, at: fork.at }),
        kind,
        name,
        definition,
        depth,
        priority,
        ...(dueIn === 0 ? {} : { not_before: isoTime(new Date(clock.now().getTime() + dueIn)) }),
        ...(session === null ? {} : { session }),
        ...(parent === null ? {} : { parent: parent.run, step: parent.step }),
      },
      payload: { definition: carries.definition, input: carries.input },
    },
    run.by.principal,
  )
  const copied = (fork?.lines ?? []).map((tale, index) => tell(journal, run, index + 1, tale, run.by.principal))
  const all = [first, ...copied]
  return {
    run,
    entries: all.map(({ entry }) => entry),
    payloads: all.flatMap(({ payload }) => (payload === null ? [] : [payload])),
    dueIn,
  }
}

function digestOf({ salt, value }: Payload): string {
  return digestBytes(Buffer.concat([salt, Buffer.from(canonicalize(value), 'utf8')]))
}
