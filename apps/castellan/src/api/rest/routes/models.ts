import * as wire from '@castellan/contracts'
import type { Core } from '../../core.ts'
import { look } from '../allowed.ts'
import { listRoute } from '../list-route.ts'
import type { TypedApp } from '../route.ts'

export function modelRoutes(app: TypedApp, { models }: Core): void {
  listRoute(app, '/api/model-providers', {
    operationId: 'listModelProviders',
    tags: ['models'],
    summary: 'Who offers models, and what keeps them from being asked',
    access: look,
    item: wire.modelProvider,
    all: () => models.providers(),
    idOf: ({ name }) => name,
    show: provider => ({ ...provider }),
  })
}
