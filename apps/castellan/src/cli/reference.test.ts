import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import type { Command } from 'commander'
import { settingsHelp } from '../config/index.ts'
import { CommandLine } from './command-line.ts'
import { exitCodes } from './exit-codes.ts'
import { buildProgram } from './program.ts'
import type { World } from './world.ts'

const line = new CommandLine({ out: () => undefined, err: () => undefined } as unknown as World)
const program = await buildProgram(line)
const settingFlags = new Set(['--config <file>', ...settingsHelp.map(({ flag }) => flag)])

describe('the reference of the command line', () => {
  const page = read('cli.md')
  const sections = new Map(
    page
      .split(/^### /m)
      .slice(1)
      .map(section => [/^`([^`]+)`/.exec(section)?.[1] ?? section.split('\n')[0]!, section]),
  )

  test('has every command with its arguments, and no other', () => {
    assert.deepEqual([...sections.keys()].toSorted(), leaves(program).map(usageOf).toSorted())
  })

  for (const command of leaves(program)) {
    test(`has every option of ${pathOf(command)}, and no other`, () => {
      const flags = command.options.map(({ flags }) => flags)
      const own = flags.filter(flag => !settingFlags.has(flag))
      const section = sections.get(usageOf(command)) ?? ''
      assert.deepEqual(rows(section).toSorted(), own.toSorted())
      assert.equal(section.includes('[settings](settings.md)'), own.length < flags.length)
    })
  }

  test('has every option of the program itself, and no other', () => {
    const [, options = ''] = /^## Options of every command\n([\s\S]*?)^## /m.exec(page) ?? []
    const known = [...program.options.map(({ flags }) => flags), '-h, --help']
    assert.deepEqual(rows(options).toSorted(), known.toSorted())
  })

  test('has every exit code, and no other', () => {
    const [, codes = ''] = /^## Exit codes\n([\s\S]*?)(?:^## |$(?![\s\S]))/m.exec(page) ?? []
    assert.deepEqual(rows(codes).map(Number), Object.values(exitCodes))
  })
})

test('a command that is meant is loaded alone, and is what it is among the others', async () => {
  for (const command of program.commands) {
    const [alone, ...others] = (await buildProgram(line, command.name())).commands
    assert.deepEqual([alone?.name(), others.length], [command.name(), 0])
    assert.equal(alone!.helpInformation(), command.helpInformation())
  }
})

test('the reference of the settings is what the settings say of themselves', () => {
  const lines = settingsHelp.map(({ path, flag, variable, expects, fallback, about }) => [
    `\`${path}\``,
    about,
    expects,
    fallback,
    `\`${flag.split(' ')[0]}\``,
    `\`${variable}\``,
  ])
  assert.deepEqual(cells(read('settings.md')), lines)
})

/** Commands that do something, without those that only gather others. */
function leaves(command: Command): Command[] {
  return command.commands.length === 0 ? [command] : command.commands.flatMap(leaves)
}

function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`
}

function usageOf(command: Command): string {
  const words = command.registeredArguments.map(each => {
    const name = `${each.name()}${each.variadic ? '...' : ''}`
    return each.required ? `<${name}>` : `[${name}]`
  })
  return [pathOf(command), ...words].join(' ')
}

/** First cells of the tables of a text, without the headings. */
function rows(text: string): string[] {
  return cells(text).map(([first = '']) => first.replace(/^`(.*)`$/, '$1'))
}

function cells(text: string): string[][] {
  const table = text.split('\n').filter(line => line.startsWith('|'))
  const body = table.filter((_, index) => !isRule(table[index]) && !isRule(table[index + 1]))
  return body.map(line =>
    line
      .slice(1, -1)
      .split(/(?<!\\)\|/)
      .map(cell => cell.trim().replaceAll('\\|', '|')),
  )
}

function isRule(line = ''): boolean {
  return /^[|:\s-]+$/.test(line)
}

function read(name: string): string {
  return readFileSync(new URL(`../../../../docs/reference/${name}`, import.meta.url), 'utf8')
}
