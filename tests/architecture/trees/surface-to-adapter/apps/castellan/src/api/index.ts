import { store } from '../adapters/store-sql/index.ts'

export { store }
