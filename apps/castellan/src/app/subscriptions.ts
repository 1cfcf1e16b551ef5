import type { Stores } from '../adapters/store-sql/index.ts'
import { Bus, Deliverer, Feed, type Journal, type Post, Subscriptions, webhookCourier } from '../journal/index.ts'
import { type BreakerSettings, type Clock, defaultBreaker } from '../kernel/index.ts'

/** Everything that hands the journal over to subscribers. */
export function subscriptionParts({
  stores,
  journal,
  post,
  secret,
  clock,
  breaker = defaultBreaker,
  onBug,
}: {
  readonly stores: Stores
  readonly journal: Journal
  readonly post: Post
  readonly secret: (tenant: string, name: string) => Promise<string>
  readonly clock: Clock
  readonly breaker: BreakerSettings | undefined
  readonly onBug: (error: unknown) => void
}): { readonly subscriptions: Subscriptions; readonly bus: Bus } {
  const store = stores.subscriptions
  const subscriptions = new Subscriptions({ store, journal, clock, changed: () => bus.changed() })
  const feed = new Feed({ store, journal: stores.journal, clock })
  const deliverer = new Deliverer(stores.nodes.id, {
    store,
    journal,
    subscriptions,
    couriers: { webhook: webhookCourier({ post, secret, clock }) },
    clock,
    breaker,
    left: subscription => feed.left(subscription),
    onBug,
  })
  const bus: Bus = new Bus({ feed, deliverer, store, journal: stores.journal, onBug })
  return { subscriptions, bus }
}
