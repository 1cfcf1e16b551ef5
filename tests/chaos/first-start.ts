import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { Plane } from './plane.ts'
import { quietPort } from '../support/quiet-port.ts'
import type { Random } from '../support/random.ts'
import { adminOf, type Rest } from '../support/rest.ts'

/**
 * Kills a control plane in the middle of its very first start, and starts it again: it must come up as one that was never
 * disturbed. Returns what is wrong.
 */
export async function killFirstStart(random: Random): Promise<string[]> {
  const data = await mkdtemp(join(tmpdir(), 'castellan-chaos-'))
  const port = await quietPort()
  try {
    const first = new Plane(port, data)
    // The key is handed out in the middle of what is done only once.
    if (random.chance(0.75)) while (!existsSync(join(data, 'admin.key')) && !first.isGone) await delay(1)
    else await delay(random.int(200, 1_000))
    await delay(random.int(0, 15))
    first.kill()
    await first.ended
    return await lookAt(port, data)
  } finally {
    await rm(data, { recursive: true, force: true })
  }
}

async function lookAt(port: number, data: string): Promise<string[]> {
  const plane = new Plane(port, data)
  try {
    await plane.ready()
    return await whatIsMissing(await adminOf(plane.url, data))
  } catch (error) {
    return [String(error)]
  } finally {
    plane.kill()
    await plane.ended
  }
}

async function whatIsMissing(rest: Rest): Promise<string[]> {
  const wrong: string[] = []
  const { status } = await rest.ask('GET', '/api/grants')
  if (status !== 200) return [`the first key is answered with ${status}`]
  const granted = (await rest.all<{ primitive_type: string }>('/api/grants')).map(each => each.primitive_type).sort()
  if (granted.join() !== 'prompt,resource,tool') wrong.push(`the administrator is granted [${granted.join()}]`)
  const names = (await rest.all<{ name: string }>('/api/principals')).map(({ name }) => name)
  if (names.join() !== 'admin') wrong.push(`the principals are [${names.join()}]`)
  const keys = (await rest.all<{ name: string }>('/api/keys')).map(({ name }) => name)
  if (keys.join() !== 'first key') wrong.push(`the keys are [${keys.join()}]`)
  const policies = await rest.ask('GET', '/api/policies')
  if (policies.status !== 200) wrong.push(`there are no policies`)
  return wrong
}
