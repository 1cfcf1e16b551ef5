import { fault } from '../kernel/index.ts'

/** What an option that takes JSON was given. Throws `REQUEST_INVALID`. */
export function jsonOption(option: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw fault('REQUEST_INVALID', { why: `${option} is no JSON` })
  }
}
