export { jsonataExpressions } from './jsonata-expressions.ts'
