import { z } from 'zod'
import * as wire from '@castellan/contracts'
import { modelPriceTable } from '../../../gate/index.ts'
import type { Core } from '../../core.ts'
import { look, write } from '../allowed.ts'
import { callerOf } from '../caller.ts'
import { listRoute } from '../list-route.ts'
import { removeRoute } from '../remove-route.ts'
import type { TypedApp } from '../route.ts'
import { priceSpec, wireModelPrice, wirePrice } from '../wire/prices.ts'

const tags = ['prices']

export function priceRoutes(app: TypedApp, { budgets: { prices } }: Core): void {
  listRoute(app, '/api/prices', {
    operationId: 'listPrices',
    tags,
    summary: 'What tools and models cost here',
    access: look,
    item: wire.price,
    all: ({ identity }) => prices.list(identity.tenant),
    idOf: each => each.name,
    show: wirePrice,
  })
  app.put(
    '/api/prices/:name',
    {
      schema: {
        operationId: 'putPrice',
        tags,
        summary: 'Make or change the price of tools or of a model',
        params: z.object({ name: wire.line(64) }),
        body: wire.priceInput,
        response: { 200: wire.price },
      },
    },
    async request => {
      const { actor } = callerOf(request, write)
      return wirePrice(await prices.put(priceSpec(request.params.name, request.body), actor))
    },
  )
  removeRoute(app, '/api/prices/:name', {
    operationId: 'removePrice',
    tags,
    summary: 'Remove a price',
    remove: (name, actor) => prices.remove(name, actor),
  })
  app.get(
    '/api/model-prices',
    {
      schema: {
        operationId: 'listModelPrices',
        tags,
        summary: 'What models cost: prices of your own, then the table of this version',
        response: { 200: wire.modelPrices },
      },
    },
    async request => {
      const { tenant } = callerOf(request, look).identity
      const { version, date } = modelPriceTable
      const own = prices.ofModels(tenant).map(each => ({ ...wireModelPrice(each), from: 'tenant' as const }))
      const known = modelPriceTable.prices.map(each => ({ ...wireModelPrice(each), from: 'table' as const }))
      return { table: { version, date }, items: [...own, ...known] }
    },
  )
}
