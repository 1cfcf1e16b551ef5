/** Resolves with the hint, or after so many milliseconds, whichever comes first. */
export async function hintedOrDue(hinted: Promise<void>, milliseconds: number): Promise<void> {
  const { promise: due, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, milliseconds)
  try {
    await Promise.race([hinted, due])
  } finally {
    clearTimeout(timer)
  }
}
