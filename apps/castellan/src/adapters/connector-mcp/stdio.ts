import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { constants } from 'node:os'
import type { Writable } from 'node:stream'
import { fault, type Fault, formatSize, isJsonObject, masking } from '../../kernel/index.ts'
import type { Target } from '../../gate/index.ts'
import { lastWords } from './last-words.ts'
import { lineSplitter } from './line-splitter.ts'
import { expectChild, instance } from './reaper.ts'
import { type Confined, confine, Unconfinable } from './sandbox/confine.ts'
import { type Environment, thisHost } from './sandbox/host.ts'
import { watchMemory } from './sandbox/memory-watch.ts'
import { SendFailure } from './send-failure.ts'
import { kill, sweep } from './sweep.ts'
import type { Message, Receiver, Settled, Transport } from './transport.ts'

/** What a server inherits of our environment; everything else it needs is given to it by name. */
const INHERITED = /^(PATH|HOME|LANG|LC_[A-Z]+|TERM|TMPDIR|SHELL|USER)$/
/** A longer line is no message, bytes. */
const LONGEST_LINE = 10 * 1024 * 1024
const LONGEST_LOG_LINE = 64 * 1024
/** More than this waiting in front of a server that does not read means it never will, bytes. */
const MOST_WAITING = 64 * 1024 * 1024
/** Patience at each step of ending a server, and with output that outlives it, milliseconds. */
const GRACE = 1_000
const AFTERGLOW = 500

/**
 * A server as a child process: one JSON-RPC message a line on its stdin and stdout, its stderr kept as log. It leads its
 * own process group, and carries marks in its environment by which everything it starts is found when it ends.
 *
 * `start` throws `UPSTREAM_UNREACHABLE` when there is no such command or folder, and `SANDBOX_UNAVAILABLE` when it has a sandbox
 * that this machine cannot give.
 * Source: MCP 2025-11-25, transports, stdio.
 */
export function stdioTransport(target: Target, surroundings: Surroundings, onLog: (line: string) => void): Transport {
  return new StdioTransport(target, surroundings, onLog)
}

type StdioConnection = Extract<Target['connection'], { transport: 'stdio' }>

interface Surroundings {
  readonly environment: Environment
  /** What no sandboxed process may see. */
  readonly ownFolder?: string
}

class StdioTransport implements Transport {
  readonly hasRequestStreams = false
  readonly hasSession = false

  readonly #target: Target
  readonly #environment: Environment
  readonly #ownFolder: string | undefined
  readonly #onLog: (line: string) => void
  readonly #mask: (text: string) => string
  readonly #mark = `CASTELLAN_CHILD=${randomUUID()}`
  readonly #words = lastWords()
  #child: ChildProcessWithoutNullStreams | null = null
  #starting: Promise<void> = Promise.resolve()
  #exited: Promise<void> = Promise.resolve()
  #gone: Promise<void> | null = null
  #receiver: Receiver | null = null
  #reason: string | null = null
  /** Lines of this turn, which leave together in one write, and who is told when it fails. */
  #lines: string[] = []
  #waiting = 0
  #senders: Settled[] = []
  /** Resolves when the receiver knows that it has ended. */
  readonly #told = Promise.withResolvers<void>()

  constructor(target: Target, { environment, ownFolder }: Surroundings, onLog: (line: string) => void) {
    this.#target = target
    this.#environment = environment
    this.#ownFolder = ownFolder
    this.#onLog = onLog
    this.#mask = masking(target.values)
  }

  async start(receiver: Receiver): Promise<void> {
    this.#receiver = receiver
    if (this.#gone !== null) throw new SendFailure('it was closed before it started', { sent: false, retryable: true })
    this.#starting = this.#spawn()
    await this.#starting
  }

  send(message: Message, settled: Settled): void {
    const stdin = this.#child?.stdin
    if (this.#gone !== null || stdin === undefined || !stdin.writable) {
      const why = this.#reason ?? 'its process is not running'
      return settled(new SendFailure(why, { sent: false, retryable: true }))
    }
    if (stdin.writableLength + this.#waiting > MOST_WAITING) {
      return settled(new SendFailure('it does not read what is sent to it', { sent: false, retryable: true }))
    }
    const line = JSON.stringify(message)
    if (this.#lines.length === 0) process.nextTick(() => this.#flush(stdin))
    this.#waiting += line.length
    this.#lines.push(line)
    this.#senders.push(settled)
  }

  close(): Promise<void> {
    this.#gone ??= this.#end()
    return this.#gone
  }

  async #spawn(): Promise<void> {
    const { connection, values } = this.#target
    if (connection.transport !== 'stdio') throw new Error(`a ${connection.transport} server is not a process`)
    const expected = expectChild(this.#environment.PATH ?? '/usr/bin:/bin')
    try {
      this.#child = await this.#spawned(connection, values)
    } catch (error) {
      expected.failed()
      throw this.#unstartable(error)
    }
    this.#watch(this.#child, expected.started(this.#child.pid!))
  }

  async #spawned(connection: StdioConnection, values: Target['values']): Promise<ChildProcessWithoutNullStreams> {
    const { command, args, env } = await this.#confined(connection)
    const child = spawn(command, args, {
      cwd: connection.cwd ?? undefined,
      env: { ...inherited(this.#environment), ...env, ...values, ...assignment(instance), ...assignment(this.#mark) },
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
      windowsHide: true,
    })
    // A broken pipe shows as the end of the process, which is told once and with its reason.
    for (const stream of [child.stdin, child.stdout, child.stderr]) stream.on('error', () => {})
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve)
      child.on('error', reject)
    })
    return child
  }

  async #confined({ sandbox, ...order }: StdioConnection): Promise<Confined> {
    if (sandbox === undefined) return { ...order, env: {} }
    return confine({ ...order, sandbox }, thisHost(this.#environment, this.#ownFolder))
  }

  #watch(child: ChildProcessWithoutNullStreams, nothingIsLeft: () => void): void {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#exited = promise
    const drained = new Promise<void>(resolve => child.once('close', () => resolve()))
    const out = lineSplitter(LONGEST_LINE, line => this.#receive(line))
    child.stdout.on('data', (chunk: Buffer) => {
      // Read to the end in any case, or the server could not finish; but nobody waits for answers any more.
      if (this.#gone === null && !out.push(chunk))
        this.#break(`a line of its output is longer than ${LONGEST_LINE} bytes`)
    })
    let log = lineSplitter(LONGEST_LOG_LINE, line => this.#log(line))
    child.stderr.on('data', (chunk: Buffer) => {
      // Endless lines are noise and no log: start anew.
      if (!log.push(chunk)) log = lineSplitter(LONGEST_LOG_LINE, line => this.#log(line))
    })
    child.stderr.once('end', () => log.flush())
    const stopWatching = this.#watchMemory(child)
    child.once('exit', (code, signal) => {
      stopWatching()
      resolve()
      const how = howItEnded(code, signal)
      // Only then: what the server started may outlive it until it is swept.
      void this.#afterExit(child, drained, how).finally(nothingIsLeft)
    })
  }

  #watchMemory({ pid }: ChildProcessWithoutNullStreams): () => void {
    const { connection } = this.#target
    const most = connection.transport === 'stdio' ? (connection.sandbox?.memory ?? null) : null
    if (most === null) return () => {}
    return watchMemory(pid!, most, () => this.#break(`it held more memory than the ${formatSize(most)} of its sandbox`))
  }

  /** Reads what is still in the pipes, for as long as that may take when a grandchild holds them open. */
  async #afterExit(child: ChildProcessWithoutNullStreams, drained: Promise<void>, how: string): Promise<void> {
    await orAfter(AFTERGLOW, drained)
    this.#reason ??= this.#gone !== null ? 'it was closed by the control plane' : `${how}${this.#words.quote()}`
    await this.close()
    for (const stream of [child.stdin, child.stdout, child.stderr]) stream.destroy()
    this.#receiver?.ended(this.#reason)
    this.#told.resolve()
  }

  async #end(): Promise<void> {
    await this.#starting.catch(() => {})
    const child = this.#child
    if (child?.pid === undefined) return
    const group = -child.pid
    child.stdin.end()
    await orAfter(GRACE, this.#exited)
    if (child.exitCode === null && child.signalCode === null) {
      kill(group, 'SIGTERM')
      await orAfter(GRACE, this.#exited)
    }
    kill(group, 'SIGKILL')
    await this.#exited
    await sweep(this.#mark)
  }

  #flush(stdin: Writable): void {
    const senders = this.#senders
    this.#lines.push('')
    stdin.write(this.#lines.join('\n'), cause => {
      if (cause) void this.#unwritten(senders, cause)
      else for (const settled of senders) settled(null)
    })
    this.#lines = []
    this.#senders = []
    this.#waiting = 0
  }

  /** Most often because it is dying, and how it died will be known in a moment and says more. */
  async #unwritten(senders: readonly Settled[], cause: Error): Promise<void> {
    await orAfter(GRACE, this.#told.promise)
    const failure = new SendFailure('its process stopped reading', { sent: true, retryable: true }, { cause })
    for (const settled of senders) settled(failure)
  }

  #break(reason: string): void {
    this.#reason = reason
    this.#receiver?.stray(reason)
    if (this.#child?.pid !== undefined) kill(-this.#child.pid, 'SIGKILL')
    void this.close()
  }

  #receive(line: string): void {
    let frame: unknown
    try {
      frame = JSON.parse(line)
    } catch {
      return this.#receiver?.stray('it sent a line that is not JSON')
    }
    // Revision 2025-03-26 has batches.
    if (Array.isArray(frame)) for (const message of frame) this.#message(message)
    else this.#message(frame)
  }

  #message(message: unknown): void {
    if (isJsonObject(message)) this.#receiver?.message(message, null)
    else this.#receiver?.stray('it sent a message that is not an object')
  }

  #log(line: string): void {
    const masked = this.#mask(line)
    this.#words.add(masked)
    this.#onLog(masked)
  }

  #unstartable(error: unknown): Fault {
    const { connection, server } = this.#target
    if (error instanceof Unconfinable) {
      return fault('SANDBOX_UNAVAILABLE', { server, why: this.#mask(error.message) }, { cause: error })
    }
    const command = connection.transport === 'stdio' ? connection.command : ''
    const cwd = connection.transport === 'stdio' ? connection.cwd : null
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error'
    // The system names the command also when it is the folder that is missing.
    const noFolder = cwd !== null && !existsSync(cwd)
    const why = noFolder
      ? `working directory not found: ${cwd}`
      : `${reasons[code] ?? `starting failed with ${code}`}: ${command}`
    return fault('UPSTREAM_UNREACHABLE', { server, why: this.#mask(why) }, { cause: error })
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'command not found',
  EACCES: 'not allowed to run the command',
  ENOTDIR: 'a part of its path is not a directory',
  ENOEXEC: 'the command is not a program',
  E2BIG: 'its arguments and environment are too long for the system',
  EAGAIN: 'the system has no room for another process now',
  EMFILE: 'the control plane has too many open files',
  ERR_INVALID_ARG_VALUE: 'the command, its arguments or environment hold a zero byte',
}

/** What runs another program, as a sandbox does, exits with 128 and the number of the signal that ended that. */
function howItEnded(code: number | null, signal: NodeJS.Signals | null): string {
  if (signal !== null) return `its process was ended by ${signal}`
  const inside = Object.entries(constants.signals).find(([, number]) => number === (code ?? 0) - 128)
  return `its process exited with code ${code}${inside === undefined ? '' : ` (${inside[0]})`}`
}

function inherited(environment: Environment): Environment {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => INHERITED.test(name)))
}

function assignment(mark: string): Record<string, string> {
  const at = mark.indexOf('=')
  return { [mark.slice(0, at)]: mark.slice(at + 1) }
}

/** Resolves with the promise, or after so many milliseconds. */
async function orAfter(milliseconds: number, promise: Promise<unknown>): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, milliseconds)
  await Promise.race([promise, late])
  clearTimeout(timer)
}
