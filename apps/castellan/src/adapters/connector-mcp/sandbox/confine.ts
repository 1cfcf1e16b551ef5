import { join, sep } from 'node:path'
import { closesFiles, networkOf, type SandboxSettings } from '../../../registry/index.ts'
import type { Host } from './host.ts'
import { canWatchMemory } from './memory-watch.ts'

/** A command as it is started, which starts the one that was asked for in its sandbox. */
export interface Confined {
  readonly command: string
  readonly args: readonly string[]
  /** Variables that outrank what is inherited. */
  readonly env: Readonly<Record<string, string>>
}

/** Why a machine cannot give a sandbox, as a public half sentence. */
export class Unconfinable extends Error {
  override readonly name = 'Unconfinable'
}

interface Order {
  readonly command: string
  readonly args: readonly string[]
  /** Working directory; null for that of the control plane. */
  readonly cwd: string | null
  readonly sandbox: SandboxSettings
}

/**
 * How a command is started in its sandbox on this machine, once a trial has shown that it holds what is asked for. Throws
 * {@link Unconfinable}: nothing that was asked for is ever left out.
 *
 * Files and the network are closed by bubblewrap, which needs user namespaces and no rights. Without it `unshare` still closes
 * the network. Either way a process has no privileges, can gain none, sees no process but those of its own sandbox, and ends
 * with the control plane. Limits are those of the kernel for one process (`setrlimit(2)`), set inside: there, processes are
 * counted by sandbox. Whoever starts the command watches its memory besides.
 */
export async function confine(order: Order, host: Host): Promise<Confined> {
  const { sandbox } = order
  const walls = wallsFor(order, host)
  if (sandbox.memory !== null && !canWatchMemory()) throw new Unconfinable('memory cannot be watched without /proc')
  const limits = limitsFor(sandbox, host)
  const refused = await host.trial(walls.program, [...walls.args, '--', ...limits, '/bin/sh', '-c', ':'])
  if (refused !== null) throw new Unconfinable(refused)
  if (sandbox.processes !== null) await checkCounting(walls, host)
  return {
    command: walls.program,
    args: [...walls.args, '--', ...limits, order.command, ...order.args],
    env: closesFiles(sandbox) ? { TMPDIR: '/tmp' } : {},
  }
}

interface Walls {
  readonly program: string
  readonly args: readonly string[]
}

function wallsFor(order: Order, host: Host): Walls {
  const bubblewrap = host.program('bwrap')
  if (bubblewrap !== null) return { program: bubblewrap, args: bubblewrapFor(order, host) }
  const { preset, readOnly, hidden, writable } = order.sandbox
  if (closesFiles(order.sandbox) || readOnly.length + hidden.length + writable.length > 0) {
    const what = closesFiles(order.sandbox) ? `the preset ${preset} closes files` : 'its paths are'
    throw new Unconfinable(`${what}, which takes bubblewrap: install it, so that bwrap is on the PATH`)
  }
  return { program: need(host, 'setpriv'), args: unshareFor(order, host) }
}

/** Source: bwrap(1). */
function bubblewrapFor({ sandbox, cwd }: Order, host: Host): readonly string[] {
  const most = String(sandbox.memory ?? DEFAULT_ROOM)
  const isClosed = closesFiles(sandbox)
  const shut: string[] = []
  const args = ['--die-with-parent', '--cap-drop', 'ALL', '--unshare-user', '--disable-userns']
  args.push('--unshare-pid', '--unshare-ipc', '--unshare-uts')
  if (networkOf(sandbox) === 'none') args.push('--unshare-net')
  if (isClosed) {
    args.push('--ro-bind', '/', '/', '--dev', '/dev', '--perms', '1777', '--size', most, '--tmpfs', '/dev/shm')
    args.push('--remount-ro', '/dev')
  } else args.push('--dev-bind', '/', '/')
  args.push('--proc', '/proc')
  for (const { path, kind, is } of pathsFor(sandbox, host)) {
    switch (kind) {
      case 'private':
        args.push('--perms', isPublicFolder(path) ? '1777' : '0700', '--size', most, '--tmpfs', path)
        break
      case 'hidden':
        if (is === 'file') args.push('--ro-bind', '/dev/null', path)
        else {
          args.push('--tmpfs', path)
          shut.push(path)
        }
        break
      case 'readOnly':
        args.push('--ro-bind', path, path)
        break
      case 'writable':
        args.push('--bind', path, path)
        break
      default:
        throw kind satisfies never
    }
  }
  // Only now: what lies over a hidden folder had to be put into it.
  for (const path of shut) args.push('--remount-ro', path)
  // Without it a folder that is out of sight would quietly become another.
  if (cwd !== null) args.push('--chdir', cwd)
  return args
}

/** Bytes that fit into each private folder when memory has no limit. */
const DEFAULT_ROOM = 512 * 1024 * 1024

/** `private` is empty at first, may be written to, and is gone with the process; `hidden` is empty and stays so. */
type Kind = 'private' | 'hidden' | 'readOnly' | 'writable'

interface Place {
  readonly path: string
  readonly kind: Kind
  readonly is: 'folder' | 'file'
}

/** What differs from the rest, the shorter path before the longer, which lies over it. */
function pathsFor(sandbox: SandboxSettings, host: Host): readonly Place[] {
  const places = new Map<string, Place>()
  const put = (given: string, kind: Kind, isNeeded: boolean) => {
    const found = host.look(placeFor(given, host))
    // Who has the whole file system for a home, as some services do, has none.
    if (found?.path === sep) return
    if (found !== null) places.set(found.path, { kind, ...found })
    // What is not there need not be hidden; what was to be given must be there.
    else if (isNeeded) throw new Unconfinable(`there is no ${given} to be given to it`)
  }
  const isClosed = closesFiles(sandbox)
  if (isClosed) {
    for (const folder of ['/tmp', '/var/tmp', host.temporary, '/run', ...host.homes]) put(folder, 'private', false)
    if (networkOf(sandbox) === 'host') for (const path of NAME_SERVICE) put(path, 'readOnly', false)
  }
  for (const path of sandbox.readOnly) put(path, 'readOnly', true)
  for (const path of sandbox.writable) put(path, 'writable', true)
  for (const path of sandbox.hidden) put(path, 'hidden', false)
  checkLinks(sandbox, host)
  const own = isClosed && host.ownFolder !== null ? host.look(host.ownFolder) : null
  if (own !== null) {
    const inside = [...places.values()].find(
      ({ path, kind }) => kind !== 'private' && kind !== 'hidden' && isAt(path, own.path),
    )
    if (inside) throw new Unconfinable(`${inside.path} is of the control plane itself, whose keys no server may see`)
    places.set(own.path, { kind: 'hidden', ...own })
  }
  return [...places.values()].toSorted((a, b) => a.path.split(sep).length - b.path.split(sep).length)
}

function placeFor(given: string, { homes }: Host): string {
  return given.startsWith('~') ? join(homes[0], given.slice(1)) : join(given)
}

/** What can be changed from inside may be changed into a link, which would lead the next sandbox anywhere. */
function checkLinks({ readOnly, writable }: SandboxSettings, host: Host): void {
  for (const changeable of writable.map(path => placeFor(path, host))) {
    const real = host.look(changeable)?.path ?? changeable
    for (const given of [...readOnly, ...writable]) {
      const path = placeFor(given, host)
      if (!isAt(path, changeable) && !isAt(path, real)) continue
      if (isAt(host.look(path)?.path ?? path, real)) continue
      throw new Unconfinable(`${given} leads out of ${changeable}, where the server may have put a link itself`)
    }
  }
}

/** What `/etc/resolv.conf` may be a link to. */
const NAME_SERVICE = ['/run/systemd/resolve', '/run/resolvconf', '/run/NetworkManager/resolv.conf']

function isAt(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder + sep)
}

function isPublicFolder(path: string): boolean {
  return path === '/tmp' || path === '/var/tmp'
}

/** Source: unshare(1), setpriv(1). Its own user namespace keeps even root from going back to the network it left. */
function unshareFor({ sandbox, cwd }: Order, host: Host): readonly string[] {
  const unshare = [need(host, 'unshare'), '--user', '--map-current-user', '--ipc']
  unshare.push('--pid', '--fork', '--kill-child', '--mount-proc')
  if (networkOf(sandbox) === 'none') unshare.push('--net')
  if (cwd !== null) unshare.push('--wd', cwd)
  const bare = ['--no-new-privs', '--bounding-set=-all', '--inh-caps=-all', '--ambient-caps=-all']
  return ['--pdeathsig', 'KILL', '--', ...unshare, '--', need(host, 'setpriv'), ...bare]
}

/**
 * Bytes that a program may reserve beyond the memory it may hold: Node alone reserves half a gigabyte for code. What it holds
 * is watched; this is what stops one that takes it all between two looks.
 */
const RESERVED = 1024 ** 3

/** Source: prlimit(1). */
function limitsFor(sandbox: SandboxSettings, host: Host): readonly string[] {
  const { memory, cpuSeconds, processes, openFiles, fileSize } = sandbox
  const given = [
    ['data', memory === null ? null : memory + RESERVED, 0],
    // A second more for good: the first signal says what it is about.
    ['cpu', cpuSeconds, 1],
    // The sandbox has one process of its own inside.
    ['nproc', processes === null ? null : processes + 1, 0],
    ['nofile', openFiles, 0],
    ['fsize', fileSize, 0],
  ] as const
  const limits = given.flatMap(([name, most, more]) => (most === null ? [] : [`--${name}=${most}:${most + more}`]))
  return limits.length === 0 ? [] : [need(host, 'prlimit'), ...limits, '--']
}

/** The kernel counts no processes of the machine's root, so that is tried rather than believed. */
async function checkCounting(walls: Walls, host: Host): Promise<void> {
  const alone = [need(host, 'prlimit'), '--nproc=1:1', '--', '/bin/sh', '-c', '/bin/sh -c : & wait $!']
  const stopped = await host.trial(walls.program, [...walls.args, '--', ...alone])
  if (stopped === null) {
    throw new Unconfinable(
      'the number of processes has no limit here, as for root everywhere: run the control plane as another user, or set no limit of processes',
    )
  }
}

function need(host: Host, program: string): string {
  const found = host.program(program)
  if (found === null) throw new Unconfinable(`${program} is not on the PATH: install util-linux`)
  return found
}
