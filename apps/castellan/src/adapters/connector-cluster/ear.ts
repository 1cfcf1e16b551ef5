import type { Ear, EarEvents } from '../../runs/index.ts'
import { dial } from './dial.ts'
import { Lines } from './lines.ts'
import { type Asked, type Hello, LEASE, PROTOCOL, SPEAKING, type Told, type Welcome } from './messages.ts'
import type { SharedKeys } from './shared-key.ts'
import { Watchdog } from './watchdog.ts'

/**
 * A connection to a node on which somebody listens; what is said before it stands is said once it does. A node is lost that shows no sign
 * of life for so many milliseconds.
 */
export function openEar(
  address: string,
  { keys, silence = LEASE }: { readonly keys: SharedKeys; readonly silence?: number },
  { onWanted, onClosed }: EarEvents,
): Ear {
  const socket = dial(address, keys)
  if (!socket) {
    onClosed()
    return deaf
  }
  const watchdog = new Watchdog(silence, () => socket.destroy())
  const lines = new Lines(socket, received => {
    watchdog.hear()
    const message = received as Told | Welcome
    if (message.is === 'wanted') onWanted(message.run, message.isWanted)
  })
  socket.on('error', () => undefined)
  socket.once('close', () => {
    watchdog.end()
    onClosed()
  })
  lines.send({ protocol: PROTOCOL, pool: SPEAKING, replica: 0, fence: 0 } satisfies Hello)
  const say = (asked: Asked) => {
    if (lines.backlog <= MOST_BACKLOG) lines.send(asked)
  }
  return {
    ask: run => say({ is: 'speaks', run }),
    tell: (run, piece) => say({ is: 'piece', run, piece }),
    close: () => void socket.destroy(),
  }
}

const deaf: Ear = { ask: () => undefined, tell: () => undefined, close: () => undefined }

/** Bytes that may wait for a node that reads slowly. */
const MOST_BACKLOG = 256_000
