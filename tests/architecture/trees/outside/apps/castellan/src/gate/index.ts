import { check } from '../../../../scripts/check.ts'

export { check }
