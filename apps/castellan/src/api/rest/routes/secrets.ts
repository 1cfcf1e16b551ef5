import * as wire from '@castellan/contracts'
import { requireInstallationAdmin } from '../../../identity/index.ts'
import type { Core } from '../../core.ts'
import { administer } from '../allowed.ts'
import { callerOf } from '../caller.ts'
import type { TypedApp } from '../route.ts'

export function secretRoutes(app: TypedApp, { rotation }: Core): void {
  app.post(
    '/api/secrets/rotate',
    {
      schema: {
        operationId: 'rotateSecrets',
        tags: ['secrets'],
        summary: 'Let a new master key take over; all secrets stay readable',
        response: { 200: wire.secretRotation },
      },
    },
    async request => {
      const { identity, actor } = callerOf(request, administer)
      requireInstallationAdmin(identity)
      const { key, rewrapped, unreadable } = await rotation.rotate(actor)
      return { key, rewrapped, unreadable: unreadable.map(each => ({ ...each })) }
    },
  )
}
