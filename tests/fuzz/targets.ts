import { brokenStreams } from './broken-streams.ts'
import { eventStreamBytes } from './event-stream-bytes.ts'
import { httpHeaders } from './http-headers.ts'
import { jsonRpcBodies } from './json-rpc-bodies.ts'
import { lyingServers } from './lying-servers.ts'
import { oddHosts } from './odd-hosts.ts'
import { openApiDocuments } from './openapi-documents.ts'
import { schemaPatterns } from './schema-patterns.ts'
import { strictJson } from './strict-json.ts'
import type { Target } from './target.ts'

export const targets: readonly Target[] = [
  jsonRpcBodies,
  httpHeaders,
  eventStreamBytes,
  brokenStreams,
  lyingServers,
  oddHosts,
  openApiDocuments,
  strictJson,
  schemaPatterns,
]
