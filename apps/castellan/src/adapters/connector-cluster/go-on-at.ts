import type { GoOn, WentOn } from '../../gate/index.ts'
import { dial } from './dial.ts'
import { Lines } from './lines.ts'
import { type Asked, type Hello, PROTOCOL, type Told, WAITING, type Welcome } from './messages.ts'
import type { SharedKeys } from './shared-key.ts'
import { Watchdog } from './watchdog.ts'

/**
 * Goes on with a call that waits on another node, over a connection of its own; when that ends, the other side gives the call up. What
 * was never handed over counts as unknown there. A node is lost that shows no sign of life for so many milliseconds.
 */
export function goOnAt(
  address: string,
  { keys, silence }: { readonly keys: SharedKeys; readonly silence: number },
  ...[back, say, signal]: Parameters<GoOn>
): Promise<WentOn> {
  const { promise, resolve } = Promise.withResolvers<WentOn>()
  const socket = dial(address, keys)
  if (!socket) return Promise.resolve({ is: 'unknown' })
  let isHandedOver = false
  const lines = new Lines(socket, received => {
    watchdog.hear()
    const message = received as Told | Welcome
    switch (message.is) {
      case 'welcome':
        isHandedOver = true
        return lines.send({ is: 'goOn', n: 0, back } satisfies Asked)
      case 'said':
        return say(message.text)
      case 'wentOn':
        return end(message.wentOn)
      case 'gone':
        return end({ is: 'unknown' })
      default:
      // Signs of life, and whatever a node says that knows more than this one.
    }
  })
  const end = (wentOn: WentOn) => {
    resolve(wentOn)
    watchdog.end()
    signal.removeEventListener('abort', hangUp)
    socket.destroy()
  }
  const hangUp = () => end({ is: isHandedOver ? 'lost' : 'unknown' })
  const watchdog = new Watchdog(silence, hangUp)
  socket.on('error', () => undefined).on('close', hangUp)
  signal.addEventListener('abort', hangUp, { once: true })
  lines.send({ protocol: PROTOCOL, pool: WAITING, replica: 0, fence: 0 } satisfies Hello)
  if (signal.aborted) hangUp()
  return promise
}
