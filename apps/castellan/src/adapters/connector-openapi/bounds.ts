/** What a document may cost. Honest documents stay far below; hostile ones must not take the control plane with them. */
export const bounds = {
  /** Bytes of one file, and of all together. */
  documentBytes: 20 * 1024 * 1024,
  totalBytes: 40 * 1024 * 1024,
  /** Files a document on disk, and one at a URL, may consist of. */
  localFiles: 5_000,
  remoteFiles: 200,
  operations: 5_000,
  /** `$ref`s that lead to `$ref`s. */
  refChain: 32,
  /** Levels of one converted schema. */
  schemaDepth: 50,
  /** Nodes up to which the `$ref`s of a tool are replaced by what they name; beyond, they stay and point into `$defs`. */
  inlinedNodes: 3_000,
  /** Nodes of one tool in any case. */
  toolNodes: 30_000,
  /** Nodes of all tools. */
  totalNodes: 3_000_000,
  /** Characters of one tool's definition. */
  definition: 256 * 1024,
  /** YAML aliases, counted as often as they would be expanded. */
  aliases: 10_000,
  warnings: 200,
} as const
