import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { Meter } from '../../telemetry/index.ts'

/** Values read when someone asks for the metrics. */
export interface Gauges {
  readonly sessions: () => number
  readonly callsUnderWay: () => number
  readonly lateWrites: () => number
  /** How many things go worse than they could. */
  readonly impaired: () => number
  readonly servers: () => Readonly<Record<string, number>>
  /** Offset of the newest entry. */
  readonly journalHead: () => Promise<number>
  /** External providers of the guardrails, with how often they were asked since the start. */
  readonly guardrailProviders: () => readonly {
    readonly name: string
    readonly is: string
    readonly asked: number
    readonly failed: number
    readonly reused: number
  }[]
  readonly subscriptions: () => Promise<readonly Standing[]>
  readonly triggers: () => Promise<readonly TriggerStanding[]>
}

/** How far a subscription has got. */
interface Standing {
  readonly subscription: { readonly tenant: string; readonly name: string }
  readonly pending: number
  readonly delivered: number
  readonly dead: number
}

interface NamedValue {
  readonly tenant: string
  readonly name: string
  readonly value: number
}

/** How a trigger stands. */
interface TriggerStanding {
  readonly trigger: { readonly tenant: string; readonly name: string }
  /** How much is kept of what failed. */
  readonly kept: number
  readonly stalled: boolean
}

/** Metrics in the Prometheus text format. */
export function prometheus(gauges: Gauges): { readonly meter: Meter; readonly render: () => Promise<string> } {
  const register = new Registry()
  collectDefaultMetrics({ register })
  const calls = new Counter({
    name: 'castellan_calls_total',
    help: 'Calls by how they ended.',
    labelNames: ['server', 'outcome', 'effect'],
    registers: [register],
  })
  const seconds = new Histogram({
    name: 'castellan_call_duration_seconds',
    help: 'Time of executed calls, retries included.',
    labelNames: ['server'],
    buckets: [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30],
    registers: [register],
  })
  const circuits = new Counter({
    name: 'castellan_circuits_opened_total',
    help: 'How often the circuit of a server or one of its tools opened.',
    labelNames: ['server'],
    registers: [register],
  })
  const triggers = new Counter({
    name: 'castellan_triggers_total',
    help: 'What happened and triggers are for, by their kind and what became of it; once for all that is refused for the same cause.',
    labelNames: ['kind', 'outcome'],
    registers: [register],
  })
  const gauge = (name: string, help: string, read: () => number | Promise<number>) =>
    new Gauge({
      name,
      help,
      registers: [register],
      async collect() {
        this.set(await read())
      },
    })
  gauge('castellan_mcp_sessions', 'Open MCP sessions.', gauges.sessions)
  gauge('castellan_calls_under_way', 'Calls inside the gate.', gauges.callsUnderWay)
  gauge('castellan_impaired', 'How many things go worse than they could; /ready names them.', gauges.impaired)
  gauge('castellan_late_writes', 'Journal writes not yet on disk.', gauges.lateWrites)
  gauge('castellan_journal_offset', 'Offset of the newest journal entry.', gauges.journalHead)
  new Gauge({
    name: 'castellan_servers',
    help: 'Servers by health.',
    labelNames: ['status'],
    registers: [register],
    collect() {
      this.reset()
      for (const [status, count] of Object.entries(gauges.servers())) this.set({ status }, count)
    },
  })
  new Gauge({
    name: 'castellan_guardrail_provider_up',
    help: 'Whether the last answer of an external provider of the guardrails was one; 1 before it was asked.',
    labelNames: ['provider'],
    registers: [register],
    collect() {
      for (const { name, is } of gauges.guardrailProviders())
        this.set({ provider: name }, is === 'working' || is === 'unasked' ? 1 : 0)
    },
  })
  /** One value for each of what is named in its tenant. */
  const eachNamed = (name: string, help: string, label: string, read: () => Promise<readonly NamedValue[]>) =>
    new Gauge({
      name,
      help,
      labelNames: ['tenant', label],
      registers: [register],
      async collect() {
        const all = await read()
        this.reset()
        for (const { tenant, name: named, value } of all) this.set({ tenant, [label]: named }, value)
      },
    })
  const standing = (name: string, help: string, value: (standing: Standing) => number) =>
    eachNamed(name, help, 'subscription', async () =>
      (await gauges.subscriptions()).map(each => ({ ...each.subscription, value: value(each) })),
    )
  const ofTrigger = (name: string, help: string, value: (standing: TriggerStanding) => number) =>
    eachNamed(name, help, 'trigger', async () =>
      (await gauges.triggers()).map(each => ({ ...each.trigger, value: value(each) })),
    )
  standing('castellan_deliveries_pending', 'Entries on their way to a subscriber.', each => each.pending)
  standing('castellan_deliveries_made', 'Entries that a subscriber took, since it subscribed.', each => each.delivered)
  standing(
    'castellan_dead_letters',
    'Entries that could not be delivered, and wait to be looked at.',
    each => each.dead,
  )
  ofTrigger('castellan_trigger_failures_kept', 'What a trigger could not make runs of, and is kept.', each => each.kept)
  ofTrigger('castellan_trigger_stalled', 'Whether a trigger stands still, since as much is kept as may be.', each =>
    each.stalled ? 1 : 0,
  )
  const asks = new Counter({
    name: 'castellan_guardrail_provider_asks_total',
    help: 'Questions to external providers of the guardrails by how they ended; reused ones were not sent.',
    labelNames: ['provider', 'outcome'],
    registers: [register],
    collect() {
      asks.reset()
      for (const { name: provider, asked, failed, reused } of gauges.guardrailProviders()) {
        asks.inc({ provider, outcome: 'answered' }, asked - failed)
        asks.inc({ provider, outcome: 'failed' }, failed)
        asks.inc({ provider, outcome: 'reused' }, reused)
      }
    },
  })
  // To find a series by its labels costs more than to count; there are few of them.
  const found = new Map<string, { count: Counter.Internal; time: Histogram.Internal<'server'> }>()
  const meter: Meter = {
    callEnded(labels, duration) {
      // Denied calls of unknown names must not let a caller grow the set of series without bound.
      const { server, outcome, effect } = labels
      const key = `${server} ${outcome} ${effect}`
      let series = found.get(key)
      if (!series) found.set(key, (series = { count: calls.labels(labels), time: seconds.labels({ server }) }))
      series.count.inc()
      if (duration !== null) series.time.observe(duration)
    },
    circuitOpened: server => circuits.inc({ server }),
    triggered: labels => triggers.inc(labels),
  }
  return { meter, render: () => register.metrics() }
}
