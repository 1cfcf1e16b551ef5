import { pool } from '../connector-mcp/index.ts'

export { pool }
