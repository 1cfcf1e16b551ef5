import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { spelledIn, wordsOf } from './words.ts'

describe('the words of a text', () => {
  const rows: readonly (readonly [text: string, words: string])[] = [
    ['create_issue', 'creat issu'],
    ['createIssue', 'creat issu createissu'],
    ['create-issue', 'creat issu createissu'],
    ['issues.create', 'issu creat'],
    ['repos/{owner}/issues', 'repo owner issu'],
    ['HTTPServer', 'http server httpserver'],
    ['GitHub', 'git hub github'],
    ['e-mail', 'e mail email'],
    ['s3 EC2Instance', 's 3 s3 ec 2 instanc ec2instance'],
    ['ＦＵＬＬ ｗｉｄｔｈ', 'full width'],
    ['Straße ÜberGang', 'straße über gang übergang'],
    ['Создать задачу', 'создать задачу'],
    ['天气预报 天气', '天气 气预 预报 天气'],
    ['ファイルを読む', 'ファ ァイ イル ルを を読 読む'],
    ['', ''],
    ['{}[]()!?"', ''],
    [`id ${'x'.repeat(41)}`, 'id'],
  ]
  for (const [text, words] of rows) {
    test(`"${text.slice(0, 30)}" are: ${words}`, () => {
      assert.equal(spelledIn(text).flatMap(wordsOf).join(' '), words)
    })
  }

  const families = [
    'search searches searching searched',
    'file files filed filing',
    'reply replies replied replying',
    'merge merges merging merged',
    'create creates creating created',
    'schedule schedules scheduled scheduling',
    'box boxes boxed boxing',
    'stop stops stopping stopped',
    'cache caches cached caching',
    'class classes',
  ]
  for (const family of families) {
    test(`${family} are the same`, () => {
      assert.equal(new Set(family.split(' ').flatMap(wordsOf)).size, 1)
    })
  }

  for (const word of ['status', 'string', 'need', 'analysis', 'access', 'bus', 'thing']) {
    test(`"${word}" loses nothing that belongs to it`, () => {
      assert.deepEqual(wordsOf(word), [word])
    })
  }
})
