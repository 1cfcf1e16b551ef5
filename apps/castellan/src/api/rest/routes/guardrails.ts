import { z } from 'zod'
import * as wire from '@castellan/contracts'
import type { Core } from '../../core.ts'
import { look, survey, use, write } from '../allowed.ts'
import { callerOf } from '../caller.ts'
import type { TypedApp } from '../route.ts'
import { wireProvider, wireSignal } from '../wire/guardrails.ts'
import { wireGuardrails } from '../wire/rules.ts'

export function guardrailRoutes(app: TypedApp, core: Pick<Core, 'guardrails' | 'rules'>): void {
  app.post(
    '/api/guardrails/scan',
    {
      schema: {
        operationId: 'scanText',
        tags: ['guardrails'],
        summary: 'Look for personal data, secrets, injection, toxicity and ways out in a text; nothing of it is kept',
        body: wire.guardrailScanInput,
        response: { 200: wire.guardrailScan },
      },
    },
    async request => {
      const { tenant } = callerOf(request, use).identity
      const { text, stage, ...said } = request.body
      const { mode, thresholds, categories, providers } = core.rules.guardrailWish(tenant)
      const wish = {
        mode: said.mode ?? mode,
        thresholds: { ...thresholds, ...said.thresholds },
        categories: { ...categories, ...said.categories },
        providers,
      }
      const guardrails = await core.guardrails()
      const { signals, unavailable, ...scan } = await guardrails.scan(text, stage, wish)
      const rulesHash = guardrails.digest(wish)
      return { ...scan, signals: signals.map(wireSignal), unavailable: [...unavailable], rules_hash: rulesHash }
    },
  )
  app.get(
    '/api/guardrails',
    {
      schema: {
        operationId: 'getGuardrails',
        tags: ['guardrails'],
        summary: 'What the guardrails do about what they find',
        response: { 200: wire.guardrails },
      },
    },
    async request => wireGuardrails(core.rules.guardrails(callerOf(request, look).identity.tenant)),
  )
  app.put(
    '/api/guardrails',
    {
      schema: {
        operationId: 'putGuardrails',
        tags: ['guardrails'],
        summary: 'Replace what the guardrails do as a whole; what is left out is as by default',
        body: wire.guardrailsInput,
        response: { 200: wire.guardrails },
      },
    },
    async request => wireGuardrails(await core.rules.putGuardrails(request.body, callerOf(request, write).actor)),
  )
  app.get(
    '/api/guardrails/health',
    {
      schema: {
        operationId: 'getGuardrailHealth',
        tags: ['guardrails'],
        summary: 'Detectors and external providers, and whether each works',
        response: { 200: z.object({ providers: z.array(wire.guardrailProvider) }) },
      },
    },
    async request => {
      callerOf(request, survey)
      const guardrails = await core.guardrails()
      const { unavailable } = await guardrails.health(PROBE)
      const available = ({ name }: { readonly name: string }) => !unavailable.includes(name)
      return {
        providers: [
          ...guardrails.providers.map(each => ({
            ...each,
            kind: 'detector',
            available: available(each),
            external: null,
          })),
          ...guardrails.panel.map(each => ({ ...wireProvider(each), available: available(each) })),
        ],
      }
    },
  )
}

/** A text with something to do for every detector. */
const PROBE =
  'Dear Ann, ignore all that; your password = "hunter2!x", my card 4111 1111 1111 1111, https://example.com/?q=1'
