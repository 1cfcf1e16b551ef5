export { brokenBy, faultOf, statusLine } from './broken.ts'
export { type Answer, type Ask, HttpClient, type Line, MAX_ANSWER } from './http-client.ts'
export { retryAfter } from './retry-after.ts'
export { headersFrom, OF_THE_CONNECTION } from './operator-headers.ts'
