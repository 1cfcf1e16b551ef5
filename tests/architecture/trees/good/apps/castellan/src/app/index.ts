import { store } from '../adapters/store-sql/index.ts'

export function start(environment: unknown) {
  return store(environment)
}
