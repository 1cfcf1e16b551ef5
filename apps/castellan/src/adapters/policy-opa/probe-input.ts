import type { PolicyInput } from '../../gate/index.ts'

/** A question that nobody asked, to see whether there is an answer: about a dry run, of a tool that is not there. */
export function probeInput(tenant: string): PolicyInput {
  return {
    tenant,
    principal: { id: 'system', kind: 'service', name: 'system', roles: [] },
    method: 'tools/call',
    capability: { server: 'castellan', name: 'probe', effect: 'read', openWorld: false, trusted: false },
    args: {},
    labels: [],
    found: [],
    via: 'rest',
    dryRun: true,
  }
}
