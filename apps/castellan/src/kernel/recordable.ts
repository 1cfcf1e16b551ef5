/** A name as someone sent it, in a form that every store takes and every terminal may show. */
export function recordable(name: string): string {
  return name
    .slice(0, 200)
    .toWellFormed()
    .replace(/[\x00-\x1f\x7f]/g, '·')
}
