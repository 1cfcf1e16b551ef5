import { isJsonObject, type JsonObject } from '../../../kernel/index.ts'
import type { TaskMethod } from '../../../gate/index.ts'
import type { Core } from '../../core.ts'
import type { Method } from '../asking.ts'
import { type Caller, ownerOf, viewKey } from '../caller.ts'
import { throughGate } from '../methods.ts'
import type { RequestStates } from '../request-state.ts'
import { code, RpcError } from '../wire/rpc.ts'

export const TASKS = 'io.modelcontextprotocol/tasks'

/** How long a client may ask about a task, milliseconds; its server may forget it sooner. */
const GOOD_FOR = 30 * 24 * 60 * 60_000

/**
 * The tasks extension, relayed: a server may answer a call with a task, about which its client asks from then on. The ids that
 * clients see are ours, signed for their principal, and say which tool the task is of; every question passes the gate.
 *
 * Source: SEP-2663, extension `io.modelcontextprotocol/tasks`.
 */
export class Tasks {
  readonly #core: Core
  readonly #states: RequestStates

  constructor(core: Core, states: RequestStates) {
    this.#core = core
    this.#states = states
  }

  get methods(): readonly (readonly [TaskMethod, Method])[] {
    return [
      ['tasks/get', (params, asking) => this.#ask('tasks/get', params, {}, asking)],
      [
        'tasks/update',
        (params, asking) => this.#ask('tasks/update', params, { inputResponses: params.inputResponses ?? {} }, asking),
      ],
      ['tasks/cancel', (params, asking) => this.#ask('tasks/cancel', params, {}, asking)],
    ]
  }

  /** The result of a call under our own id, when it became a task. */
  ours(result: JsonObject, tool: string, caller: Caller): JsonObject {
    const { resultType, taskId: id } = result
    if (resultType !== 'task' || typeof id !== 'string') return result
    return { ...result, taskId: this.#states.write({ is: 'task', id, tool }, bindingOf(caller), GOOD_FOR) }
  }

  /** Whether any server of the endpoint may answer with a task. */
  isOffered({ identity, view }: Caller): boolean {
    return this.#core.registry.offers(identity, view).servers.some(({ id }) => {
      const { extensions } = this.#core.registry.catalog(id)?.serverCapabilities ?? {}
      return isJsonObject(extensions) && extensions[TASKS] !== undefined
    })
  }

  async #ask(
    about: TaskMethod,
    { taskId, _meta }: JsonObject,
    more: JsonObject,
    asking: Parameters<Method>[1],
  ): Promise<JsonObject> {
    const task = typeof taskId === 'string' ? this.#states.read(taskId, bindingOf(asking.caller)) : null
    if (task?.is !== 'task') throw new RpcError(code.invalidParams, 'Unknown task')
    const asked = { use: 'task', as: 'tool', about, name: task.tool, args: { taskId: task.id, ...more } } as const
    const result = await throughGate(this.#core, asked, _meta === undefined ? {} : { _meta }, asking)
    return result.taskId === undefined ? result : { ...result, taskId: taskId! }
  }
}

function bindingOf(caller: Caller): string {
  return `task ${ownerOf(caller)} ${viewKey(caller.view)}`
}
