/**
 * The port that hands a message to whoever listens at a URL. Resolves with the status of the answer and how many milliseconds it asks
 * to be left alone, or with why there is none, free of secrets. Follows no redirects, and never rejects.
 */
export type Post = (
  url: string,
  message: { readonly headers: Readonly<Record<string, string>>; readonly body: string },
  signal: AbortSignal,
) => Promise<{ readonly status: number; readonly retryAfter: number | null } | { readonly lost: string }>
