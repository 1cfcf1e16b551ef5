import type { GuardrailProvider, GuardrailSignal } from '@castellan/contracts'
import type { ProviderState, Signal } from '../../../guardrails/index.ts'

export function wireSignal({ provider, ...signal }: Signal): GuardrailSignal {
  return provider ? { ...signal, provider: provider.name } : signal
}

export function wireProvider(state: ProviderState): Omit<GuardrailProvider, 'available'> {
  return {
    name: state.name,
    kind: state.kind,
    metric: null,
    version: state.version,
    external: {
      state: state.is,
      stages: [...state.stages],
      asked: state.asked,
      failed: state.failed,
      reused: state.reused,
      last_failure: state.lastFailure,
      missing: [...state.missing],
    },
  }
}
