/** What `make` makes, made when it is first asked for, and the same ever after. While it throws it is asked again. */
export function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined
  return () => (made ??= { value: make() }).value
}
