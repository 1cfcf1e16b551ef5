import * as wire from '@castellan/contracts'
import type { PinOfServer } from '../../../registry/index.ts'
import type { Core } from '../../core.ts'
import { look, write } from '../allowed.ts'
import { callerOf } from '../caller.ts'
import { pageOf } from '../page.ts'
import { byId } from '../path-parts.ts'
import type { TypedApp } from '../route.ts'
import { wirePin, wirePinInFull } from '../wire/pins.ts'

const tags = ['pins']

export function pinRoutes(app: TypedApp, { registry }: Core): void {
  const show = (pin: PinOfServer) => wirePin(pin, registry)
  app.get(
    '/api/pins',
    {
      schema: {
        operationId: 'listPins',
        tags,
        summary: 'What was reviewed of what servers offer, and what waits for review',
        querystring: wire.pinQuery,
        response: { 200: wire.listOf(wire.pin) },
      },
    },
    async request => {
      const { tenant } = callerOf(request, look).identity
      const { state, server } = request.query
      const wanted = registry.pins
        .list(tenant)
        .filter(each => server === undefined || each.server === server)
        .filter(each => state === undefined || show(each).state === state)
      return pageOf(wanted, request.query, idOf, show)
    },
  )
  app.get(
    '/api/mcp-servers/:id/pins',
    {
      schema: {
        operationId: 'listServerPins',
        tags,
        summary: 'The pins of one server',
        params: byId,
        querystring: wire.paging,
        response: { 200: wire.listOf(wire.pin) },
      },
    },
    async request => {
      const { tenant } = callerOf(request, look).identity
      const { name } = registry.server(tenant, request.params.id)
      const wanted = registry.pins.list(tenant).filter(({ server }) => server === name)
      return pageOf(wanted, request.query, idOf, show)
    },
  )
  app.get(
    '/api/pins/:id',
    {
      schema: {
        operationId: 'getPin',
        tags,
        summary: 'One pin with the definition that was reviewed and the one that waits',
        params: byId,
        response: { 200: wire.pinDetail },
      },
    },
    async request => {
      const { tenant } = callerOf(request, look).identity
      return wirePinInFull(await registry.pins.get(tenant, request.params.id), registry)
    },
  )
  app.post(
    '/api/pins/:id/approve',
    {
      schema: {
        operationId: 'approvePin',
        tags,
        summary: 'Let the definition with this very digest be offered and called',
        params: byId,
        body: wire.pinDecision,
        response: { 200: wire.pinDetail },
      },
    },
    async request => {
      const { actor } = callerOf(request, write)
      return wirePinInFull(await registry.approvePin(request.params.id, request.body.digest, actor), registry)
    },
  )
  app.post(
    '/api/pins/:id/reject',
    {
      schema: {
        operationId: 'rejectPin',
        tags,
        summary: 'Say no to the definition with this very digest, or take back that it was approved',
        params: byId,
        body: wire.pinDecision,
        response: { 200: wire.pinDetail },
      },
    },
    async request => {
      const { actor } = callerOf(request, write)
      return wirePinInFull(await registry.rejectPin(request.params.id, request.body.digest, actor), registry)
    },
  )
}

function idOf({ pin }: PinOfServer): string {
  return pin.id
}
