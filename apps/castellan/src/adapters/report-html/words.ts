/** `12,345`, the same everywhere. */
export function count(number: number): string {
  return String(Math.round(number)).replace(/\B(?=(\d{3})+$)/g, ',')
}

export function money(amount: number): string {
  const [whole = '0', cents = ''] = amount.toFixed(amount !== 0 && amount < 1 ? 6 : 2).split('.')
  return `${count(Number(whole))}.${cents}`
}

/** Milliseconds as people say them. */
export function milliseconds(time: number): string {
  if (time < 10) return `${trimmed(time, 2)} ms`
  if (time < 1_000) return `${Math.round(time)} ms`
  return time < 60_000 ? `${trimmed(time / 1_000, 2)} s` : `${trimmed(time / 60_000, 1)} min`
}

/** `3.5 %`; never nothing for something. */
export function share(part: number, whole: number): string {
  if (part === 0 || whole === 0) return '0 %'
  const percent = (part / whole) * 100
  return percent < 0.1 ? '< 0.1 %' : `${trimmed(percent, 1)} %`
}

/** `2026-01-31 12:00:00`, in UTC. */
export function time(at: string): string {
  return at.slice(0, 19).replace('T', ' ')
}

export function things(number: number, one: string, many = `${one}s`): string {
  return `${count(number)} ${number === 1 ? one : many}`
}

function trimmed(number: number, digits: number): string {
  return String(Number(number.toFixed(digits)))
}
