/** From the least severe. Source: MCP, logging; RFC 5424 section 6.2.1. */
export const logLevels = ['debug', 'info', 'notice', 'warning', 'error', 'critical', 'alert', 'emergency']
