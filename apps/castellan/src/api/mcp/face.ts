import type { JsonObject } from '../../kernel/index.ts'
import type { Core } from '../core.ts'
import type { Caller } from './caller.ts'

/** Who we say we are. */
export function serverInfo(core: Core): JsonObject {
  return { name: 'castellan', title: 'Castellan', version: core.version }
}

/** What clients of every revision may use here. */
export const capabilities: JsonObject = {
  tools: { listChanged: true },
  resources: { listChanged: true, subscribe: true },
  prompts: { listChanged: true },
  completions: {},
}

/** What a server says of how it is to be used, on the endpoint that is this one server's alone. */
export function instructions(core: Core, { identity, view }: Caller): { instructions?: string } {
  if (view.is !== 'server') return {}
  const server = core.registry.offers(identity, view).servers.find(each => each.name === view.name)
  const said = server && core.registry.instructions(server)
  return said ? { instructions: said } : {}
}
