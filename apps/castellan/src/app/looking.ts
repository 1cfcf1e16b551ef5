// What looks at texts, named apart from the words about it, so that those who need only the words do not load it.
export { detectors, Guardrails, ProviderPanel, redacted } from '../guardrails/index.ts'
