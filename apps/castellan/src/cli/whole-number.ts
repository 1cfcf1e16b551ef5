import { fault } from '../kernel/index.ts'

/** The number that an option was given, if it was. Throws `REQUEST_INVALID` for anything but digits. */
export function wholeNumber(flag: string, given: string | undefined): number | undefined {
  if (given === undefined) return undefined
  if (!/^\d{1,15}$/.test(given))
    throw fault('REQUEST_INVALID', { why: `${flag} must be a whole number, not "${given}"` })
  return Number(given)
}
