/** Has the main thread of a process that Node inspects collect all garbage, and resolves with what is left, megabytes. */
export async function heapAfterRest(url: string): Promise<number> {
  const socket = new WebSocket(url)
  const waiting = new Map<number, (result: unknown) => void>()
  let last = 0
  const ask = <Result>(method: string): Promise<Result> => {
    const id = ++last
    socket.send(JSON.stringify({ id, method }))
    return new Promise(resolve => waiting.set(id, resolve as (result: unknown) => void))
  }
  socket.addEventListener('message', ({ data }) => {
    const { id, result } = JSON.parse(String(data)) as { id: number; result: unknown }
    waiting.get(id)?.(result)
  })
  await new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve)
    socket.addEventListener('error', () => reject(new Error('the inspector does not answer')))
  })
  try {
    // What finalizers let go of is garbage for the next time.
    for (let round = 0; round < 3; round++) await ask('HeapProfiler.collectGarbage')
    return (await ask<{ usedSize: number }>('Runtime.getHeapUsage')).usedSize / 2 ** 20
  } finally {
    const closed = new Promise(resolve => socket.addEventListener('close', resolve))
    socket.close()
    await closed
  }
}

/** Where the inspector of a process listens, by what it wrote to its error stream. */
export function inspectorIn(errors: string): string {
  const url = /Debugger listening on (ws:\S+)/.exec(errors)?.[1]
  if (url === undefined) throw new Error('the process is not inspected')
  return url
}

/** What a process wrote to its error stream of its own. */
export function complaintsIn(errors: string): string {
  return errors
    .split('\n')
    .filter(
      line =>
        !/^(Debugger (listening|attached|ending)|For help, see: https:\/\/nodejs\.org|Waiting for the debugger)/.test(
          line,
        ),
    )
    .join('\n')
    .trim()
}
