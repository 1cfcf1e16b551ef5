export type { Core } from './core.ts'
export { type AllowedHosts, checkHosts } from './host-check.ts'
export { mcpEndpoint, type McpEndpoint, type McpSettings } from './mcp/index.ts'
export { refuseUnreadable, restPlugin } from './rest/index.ts'
