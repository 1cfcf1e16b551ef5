import {
  type CallToolResult,
  type CompleteResult,
  type GetPromptResult,
  type ListPromptsResult,
  type ListResourcesResult,
  type ListResourceTemplatesResult,
  type ListToolsResult,
  ProtocolError,
  type ReadResourceResult,
  Server,
  type ServerContext,
} from '@modelcontextprotocol/server'
import type { CallRequest } from '../../gate/index.ts'
import { isFault, type JsonObject } from '../../kernel/index.ts'
import type { Primitive } from '../../registry/index.ts'
import type { Core } from '../core.ts'
import type { Caller } from './caller.ts'
import { page } from './lists.ts'
import { contextOf } from './meta.ts'
import { resultOf } from './reply.ts'

type Asked = Pick<CallRequest, 'use' | 'as' | 'name' | 'args'>

/**
 * An MCP server whose every handler asks the registry or the gate. One lives as long as a session of a 2025 client, or as
 * one request of a 2026 client; `caller` is asked at each request, since credentials are checked anew each time.
 */
export function buildServer(core: Core, caller: () => Caller, legacy: boolean): Server {
  const server = new Server(
    { name: 'castellan', version: core.version },
    {
      capabilities: {
        tools: { listChanged: true },
        resources: { listChanged: true },
        prompts: { listChanged: true },
        completions: {},
      },
    },
  )

  const listed = (as: Primitive, cursor: string | undefined) => {
    const { identity, view } = caller()
    return page(core.registry.offers(identity, view).list[as], cursor, legacy)
  }
  const passed = async <Result>(asked: Asked, meta: unknown, ctx: ServerContext): Promise<Result> => {
    const { identity, view, sessionId } = caller()
    const request: CallRequest = {
      ...asked,
      identity,
      view,
      context: atEdge(core, () => contextOf(meta, sessionId)),
      io: { signal: ctx.mcpReq.signal, onProgress: progressTo(ctx, meta), client: null },
    }
    try {
      const answer = await core.gate.pass(request)
      const promisesOutput = () =>
        core.registry.offers(identity, view).find(asked.as, asked.name)?.definition.outputSchema !== undefined
      // Only a dry run depends on it, so a call that ran does not look it up.
      return resultOf(answer, request, legacy, answer.is === 'dryRun' && promisesOutput()) as Result
    } catch (error) {
      throw rpcError(core, error)
    }
  }

  server.setRequestHandler('tools/list', ({ params }): ListToolsResult => {
    const { definitions, next } = listed('tool', params?.cursor)
    return { tools: definitions as unknown as ListToolsResult['tools'], ...next }
  })
  server.setRequestHandler('resources/list', ({ params }): ListResourcesResult => {
    const { definitions, next } = listed('resource', params?.cursor)
    return { resources: definitions as unknown as ListResourcesResult['resources'], ...next }
  })
  server.setRequestHandler('resources/templates/list', ({ params }): ListResourceTemplatesResult => {
    const { definitions, next } = listed('template', params?.cursor)
    return { resourceTemplates: definitions as unknown as ListResourceTemplatesResult['resourceTemplates'], ...next }
  })
  server.setRequestHandler('prompts/list', ({ params }): ListPromptsResult => {
    const { definitions, next } = listed('prompt', params?.cursor)
    return { prompts: definitions as unknown as ListPromptsResult['prompts'], ...next }
  })
  server.setRequestHandler('tools/call', ({ params }, ctx) =>
    passed<CallToolResult>({ use: 'tool', as: 'tool', name: params.name, args: params.arguments }, params._meta, ctx),
  )
  server.setRequestHandler('resources/read', ({ params }, ctx) =>
    passed<ReadResourceResult>({ use: 'resource', as: 'resource', name: params.uri, args: {} }, params._meta, ctx),
  )
  server.setRequestHandler('prompts/get', ({ params }, ctx) =>
    passed<GetPromptResult>(
      { use: 'prompt', as: 'prompt', name: params.name, args: params.arguments },
      params._meta,
      ctx,
    ),
  )
  server.setRequestHandler('completion/complete', ({ params }, ctx) => {
    const { ref, argument, context } = params
    const reference =
      ref.type === 'ref/prompt'
        ? ({ as: 'prompt', name: ref.name } as const)
        : ({ as: 'template', name: ref.uri } as const)
    const args = { argument, ...(context ? { context } : {}) }
    return passed<CompleteResult>({ use: 'completion', ...reference, args }, params._meta, ctx)
  })
  return server
}

function progressTo(ctx: ServerContext, meta: unknown): ((params: JsonObject) => void) | null {
  const token = (meta as { progressToken?: string | number } | undefined)?.progressToken
  if (token === undefined) return null
  return params => {
    // A client that has gone away is noticed by the stream, not here.
    void ctx.mcpReq
      .notify({ method: 'notifications/progress', params: { ...params, progressToken: token } })
      .catch(() => undefined)
  }
}

function atEdge<T>(core: Core, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw rpcError(core, error)
  }
}

/** The JSON-RPC form of a fault; of a bug, nothing but that there was one. */
function rpcError(core: Core, error: unknown): ProtocolError {
  if (error instanceof ProtocolError) return error
  if (!isFault(error)) {
    core.onBug(error)
    return new ProtocolError(-32603, 'Something went wrong inside Castellan; its log has the details.')
  }
  return new ProtocolError(error.kind === 'invalid' ? -32602 : -32000, error.message, { code: error.code })
}
