import type { Connector } from '../gate/index.ts'
import type { Expressions } from '../runs/index.ts'
import type { Authorizer, Transport } from '../registry/index.ts'

/**
 * A connector that is loaded when the first server over one of its transports is opened. Connectors come with the largest
 * libraries, and listing what servers offer needs none of them.
 */
export function onFirstUse(transports: readonly Transport[], load: () => Promise<Connector>): Connector {
  let loaded: Promise<Connector> | undefined
  return {
    transports,
    async open(target, events, signal) {
      loaded ??= load()
      return (await loaded).open(target, events, signal)
    },
  }
}

/** An authorizer that is loaded when the first server asks for authorization. */
export function authorizerOnFirstUse(load: () => Promise<Authorizer>): Authorizer {
  let loading: Promise<Authorizer> | undefined
  const loaded = () => (loading ??= load())
  return {
    demandOf: async challenge => (await loaded()).demandOf(challenge),
    begin: async (...given) => (await loaded()).begin(...given),
    finish: async (...given) => (await loaded()).finish(...given),
    renew: async (...given) => (await loaded()).renew(...given),
  }
}

/** Expressions whose language is loaded with the first of them. */
export function expressionsOnFirstUse(load: () => Promise<Expressions>): Expressions {
  let loading: Promise<Expressions> | undefined
  const loaded = () => (loading ??= load())
  return {
    parse: async text => (await loaded()).parse(text),
    evaluate: async (...given) => (await loaded()).evaluate(...given),
    close: async () => (await loading)?.close(),
  }
}
