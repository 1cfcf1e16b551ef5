import { type Config, type GuardrailProviders, secretOf } from '../config/index.ts'
import type { GuardrailProvider, OnBug, ProviderPanel } from '../guardrails/index.ts'
import type { BreakerSettings, Clock } from '../kernel/index.ts'
import type { SecretRef } from '../registry/index.ts'
import { readPem } from './read-pem.ts'

export interface PanelNeeds {
  readonly readSecret: (ref: SecretRef) => Promise<string>
  readonly clock: Clock
  readonly breaker?: BreakerSettings
  readonly onBug: OnBug
  /** Told when a provider begins to fail, with why, and when it works again, with null. */
  readonly onChange: (name: string, why: string | null) => void
}

/** The external providers of the settings; nothing of them is loaded where there are none. Throws `CONFIG_INVALID`. */
export async function providerPanel(
  { providers, budget }: Config['guardrails'],
  { readSecret, ...parts }: PanelNeeds,
): Promise<ProviderPanel | undefined> {
  const named = Object.entries(providers)
  if (named.length === 0) return undefined
  const { ProviderPanel } = await import('./looking.ts')
  const seats = await Promise.all(
    named.map(async ([name, settings]) => ({
      provider: await providerOf(name, settings, budget, readSecret, parts.onBug),
      stages: settings.stages,
      sees: settings.text,
      longest: settings.longest,
    })),
  )
  return new ProviderPanel({ ...parts, seats, budget })
}

async function providerOf(
  name: string,
  settings: GuardrailProviders[string],
  timeout: number,
  readSecret: PanelNeeds['readSecret'],
  onBug: OnBug,
): Promise<GuardrailProvider> {
  switch (settings.kind) {
    case 'http': {
      const { httpProvider } = await import('../adapters/guardrail-http/index.ts')
      const { url, dialect, model, token, ca, allow_private: allowPrivate, report_from: reportFrom } = settings
      return httpProvider({
        name,
        url,
        dialect,
        model,
        allowPrivate,
        reportFrom,
        timeout,
        ...(token === null ? {} : { token: () => readSecret(secretOf(token)) }),
        ...(ca === null ? {} : { ca: readPem(ca, `guardrails.providers.${name}.ca`) }),
      })
    }
    case 'onnx': {
      const { onnxProvider } = await import('../adapters/guardrail-onnx/index.ts')
      const { path, metric, labels, report_from: reportFrom } = settings
      return onnxProvider({ name, path, metric, labels, reportFrom, onBug })
    }
    default:
      throw settings satisfies never
  }
}
