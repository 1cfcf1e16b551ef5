import type { EntityJson, StatefulAuthorizationCall, TypeAndId } from '@cedar-policy/cedar-wasm/nodejs'
import type { CallMethod, PolicyInput } from '../../gate/index.ts'
import type { ProjectedArguments } from './project-arguments.ts'

/** The question to Cedar in the shapes of `schema.cedarschema`; without a projection no argument can be looked at. */
export function authorizationCall(
  input: PolicyInput,
  args: ProjectedArguments | null,
  prepared: { readonly policies: string; readonly schema: string },
): StatefulAuthorizationCall {
  const principal = uid('Principal', input.principal.id)
  const resource = uid('Capability', `${input.capability.server}/${input.capability.name}`)
  return {
    principal,
    action: uid('Action', actions[input.method]),
    resource,
    context: {
      text: reference('TextArgs', ARGUMENTS),
      number: reference('NumberArgs', ARGUMENTS),
      flag: reference('FlagArgs', ARGUMENTS),
      via: reference('Surface', input.via),
      dryRun: input.dryRun,
      labels: [...input.labels],
      found: input.found.map(metric => reference('Metric', metric)),
    },
    entities: [
      {
        uid: principal,
        attrs: {
          kind: reference('Kind', input.principal.kind),
          name: input.principal.name,
          tenant: input.tenant,
        },
        parents: input.principal.roles.map(role => uid('Role', role)),
      },
      {
        uid: resource,
        attrs: {
          server: input.capability.server,
          name: input.capability.name,
          effect: reference('Effect', input.capability.effect),
          openWorld: input.capability.openWorld,
          trusted: input.capability.trusted,
        },
        parents: [uid('Server', input.capability.server)],
      },
      ...(args ? argumentEntities(args) : []),
    ],
    preparsedPolicySetId: prepared.policies,
    preparsedSchemaName: prepared.schema,
    validateRequest: true,
  }
}

const actions: Readonly<Record<CallMethod, string>> = {
  'tools/call': 'call',
  'resources/read': 'read',
  // Being told that a resource changed is part of reading it.
  'resources/subscribe': 'read',
  // Whoever may call a tool may follow what became of its calls.
  'tasks/get': 'call',
  'tasks/update': 'call',
  'tasks/cancel': 'call',
  'prompts/get': 'get',
  'completion/complete': 'complete',
}

/** Id of the entities that carry a call's arguments: there is one call in a question. */
const ARGUMENTS = 'arguments'

function argumentEntities({ text, number, flag }: ProjectedArguments): EntityJson[] {
  return [
    { uid: uid('TextArgs', ARGUMENTS), attrs: {}, parents: [], tags: text },
    { uid: uid('NumberArgs', ARGUMENTS), attrs: {}, parents: [], tags: number },
    { uid: uid('FlagArgs', ARGUMENTS), attrs: {}, parents: [], tags: flag },
  ]
}

function uid(type: string, id: string): TypeAndId {
  return { type, id }
}

function reference(type: string, id: string): { __entity: TypeAndId } {
  return { __entity: { type, id } }
}
