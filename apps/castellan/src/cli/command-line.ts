import type { Command } from 'commander'
import { type Connection, connectionOf, type ControlPlane, type Where } from './connection.ts'
import { fault } from '../kernel/index.ts'
import { exitCodes } from './exit-codes.ts'
import { output, type Output } from './output.ts'
import { waitingFor } from './progress.ts'
import { settingsGiven } from './static-config.ts'
import type { World } from './world.ts'

/** One run of the program: what its commands stand on besides their own arguments. */
export class CommandLine {
  readonly world: World
  #options: Where & { readonly json?: boolean } = {}
  #exitCode: number = exitCodes.ok

  constructor(world: World) {
    this.world = world
  }

  /** Options that stand before or after any command; known once they are parsed. */
  readOptions(command: Command): void {
    this.#options = { ...command.optsWithGlobals(), settings: settingsGiven(command) }
  }

  get json(): boolean {
    return this.#options.json === true
  }

  speak(): Output {
    return output(this.json, this.world.out, this.world.err)
  }

  /** The control plane that the options, the environment or the settings name. Throws `CONFIG_INVALID`. */
  controlPlane(): ControlPlane {
    const { client, warning } = this.connection()
    if (warning !== null) this.speak().note(warning)
    return client
  }

  connection(): Connection {
    return connectionOf(this.#options, this.world)
  }

  /** Waits for something with a sign of life for whoever watches. */
  during<T>(what: string, work: Promise<T>): Promise<T> {
    return waitingFor(what, work, this.world)
  }

  /** Whether the person who was shown this said yes. Throws `REQUEST_INVALID` when there is nobody to be asked. */
  async confirmed(shown: string, question: string): Promise<boolean> {
    const { ask, err, interruption } = this.world
    if (ask === null) {
      throw fault('REQUEST_INVALID', {
        why: 'nobody is here to be asked; say --yes to go ahead, or --dry-run to only look',
      })
    }
    err(`${shown}\n`)
    return /^y(es)?$/i.test((await ask(`${question} [y/N] `, interruption())).trim())
  }

  /** Ends the program with this code once the command is through, unless another was given before. */
  endWith(code: number): void {
    if (this.#exitCode === exitCodes.ok) this.#exitCode = code
  }

  get exitCode(): number {
    return this.#exitCode
  }
}
