// Preload for servers of others (`node --import`): whatever listens on all interfaces listens on 127.0.0.1 instead, and the
// port it got is written to standard output as {"port":12345}. An address given to `listen` would make it asynchronous and
// break code that asks for the address at once, hence the inner step, which takes an address that is already looked up.
import { Server } from 'node:net'

const listen = Server.prototype._listen2
Server.prototype._listen2 = function (address, port, addressType, ...rest) {
  const everywhere =
    typeof port === 'number' && port >= 0 && (address == null || address === '::' || address === '0.0.0.0')
  this.once('listening', () => {
    const bound = this.address()
    if (bound !== null && typeof bound === 'object') process.stdout.write(`${JSON.stringify({ port: bound.port })}\n`)
  })
  return listen.call(this, everywhere ? '127.0.0.1' : address, port, everywhere ? 4 : addressType, ...rest)
}
