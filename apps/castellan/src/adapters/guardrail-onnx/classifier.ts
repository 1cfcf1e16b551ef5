/** What the thread is to load. */
export interface Order {
  /** Folder with `model.onnx`, `tokenizer.json` and `config.json`. */
  readonly path: string
  /** URLs of the modules of the runtime. */
  readonly runtime: { readonly onnx: string; readonly tokenizers: string }
  /** Labels whose probabilities are asked for. */
  readonly labels: readonly string[]
}

export interface Task {
  readonly id: number
  readonly text: string
}

/** Nobody waits for the answer to this task any more. */
export interface Drop {
  readonly drop: number
}

export type Said =
  /** Said once, first. */
  | { readonly is: 'loaded'; readonly version: string }
  | { readonly is: 'unfit'; readonly why: string }
  | { readonly is: 'classified'; readonly id: number; readonly windows: readonly Window[] }
  | { readonly is: 'failed'; readonly id: number; readonly why: string }

/** A stretch of the text that was looked at in one go, and what the model makes of it. */
export interface Window {
  readonly start: number
  readonly end: number
  /** From 0 to 1, in the order of the labels that were asked for. */
  readonly probabilities: readonly number[]
}
