import { existsSync } from 'node:fs'
import { findPackageJSON } from 'node:module'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'

/** Where the packages are that a model runs on, as URLs of what is loaded of them. */
export interface Runtime {
  readonly onnx: string
  readonly tokenizers: string
}

/** What is loaded, of the packages that are too heavy for those who run no model: 140 MB, of which these files need 15. */
const parts = {
  onnx: { name: 'onnxruntime-web', version: '1.30.0', file: 'dist/ort.wasm.bundle.min.mjs' },
  tokenizers: { name: '@huggingface/tokenizers', version: '0.2.0', file: 'dist/tokenizers.mjs' },
} as const

/** The packages as npm is told to install them. */
export function runtimePackages(): readonly string[] {
  return Object.values(parts).map(({ name, version }) => `${name}@${version}`)
}

/**
 * Looks for the packages as Node does, beside the model and above it, and then beside this program: the runtime, or what is missing
 * and how to install it.
 */
export function findRuntime(model: string): Runtime | { readonly missing: readonly string[] } {
  const onnx = find(parts.onnx, model)
  const tokenizers = find(parts.tokenizers, model)
  if (onnx !== null && tokenizers !== null) return { onnx, tokenizers }
  const missing = [...(onnx === null ? [parts.onnx] : []), ...(tokenizers === null ? [parts.tokenizers] : [])]
  return {
    missing: missing.map(
      ({ name, version }) =>
        `the package ${name} is not installed: npm install --ignore-scripts --prefix ${model} ${name}@${version}`,
    ),
  }
}

function find({ name, file }: { readonly name: string; readonly file: string }, model: string): string | null {
  for (const from of [pathToFileURL(join(model, 'model.onnx')), import.meta.url]) {
    try {
      const found = findPackageJSON(name, from)
      const path = found === undefined ? undefined : join(dirname(found), file)
      if (path !== undefined && existsSync(path)) return pathToFileURL(path).href
    } catch {
      // It throws where there is none.
    }
  }
  return null
}
