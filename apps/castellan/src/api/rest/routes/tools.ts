import { z } from 'zod'
import * as wire from '@castellan/contracts'
import type { FoundTool } from '../../../registry/index.ts'
import type { Core } from '../../core.ts'
import { see } from '../allowed.ts'
import { callerOf } from '../caller.ts'
import type { TypedApp } from '../route.ts'

export function toolRoutes(app: TypedApp, { registry }: Core): void {
  app.get(
    '/api/tools/search',
    {
      schema: {
        operationId: 'searchTools',
        tags: ['capabilities'],
        summary: 'Granted tools that fit some words, the best first',
        querystring: wire.toolQuery,
        response: { 200: z.object({ items: z.array(wire.foundTool) }) },
      },
    },
    async request => {
      const { identity } = callerOf(request, see)
      const { q: words, limit, server, definitions } = request.query
      const found = await registry.search(identity, { words, limit, server })
      return { items: found.map(tool => wireTool(tool, definitions === 'true')) }
    },
  )
}

function wireTool({ offer, score }: FoundTool, whole: boolean): wire.FoundTool {
  const { exposed, server, capability, definition } = offer
  return {
    server: server.name,
    name: capability.name,
    exposed,
    description: typeof definition.description === 'string' ? definition.description : '',
    score: Math.round(score * 1_000) / 1_000,
    ...(whole ? { definition } : {}),
  }
}
