import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isSigned, signatureHeaders } from './signed-webhook.ts'

// Source: the test vector in the specification of Standard Webhooks 1.0 and its reference implementations.
test('a message is signed as Standard Webhooks has it', () => {
  const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
  const at = new Date(1_614_265_330_000)
  assert.deepEqual(signatureHeaders(secret, 'msg_p5jXN8AQM9LWM0D4loKWxJek', at, '{"test": 2432232314}'), {
    'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    'webhook-timestamp': '1614265330',
    'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  })
})

test('a secret that is no base64 is taken as it is', () => {
  const sign = (secret: string) => signatureHeaders(secret, 'm', new Date(0), '{}')['webhook-signature']
  assert.notEqual(sign('one'), sign('other'))
  assert.equal(sign('whsec_b25l'), sign('one'))
})

test('what was signed so is known by its signature, within the time there is, and nothing else is', () => {
  const now = new Date(1_614_265_330_000)
  const body = Buffer.from('{"test": 2432232314}')
  const sent = {
    id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    timestamp: '1614265330',
    signature: 'v1,AAAA v1a,x v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    body,
  }
  const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
  const taken = (other: Partial<typeof sent> = {}, at = now, key = secret) =>
    isSigned(key, { ...sent, ...other }, at, 300_000)
  assert.equal(taken(), true)
  assert.equal(taken({}, new Date(now.getTime() + 300_000)), true)
  assert.equal(taken({}, new Date(now.getTime() + 300_001)), false)
  assert.equal(taken({}, new Date(now.getTime() - 301_000)), false)
  assert.equal(taken({ body: Buffer.from('{"test": 2432232315}') }), false)
  assert.equal(taken({ id: 'msg_other' }), false)
  assert.equal(taken({ timestamp: '1614265331' }), false)
  assert.equal(taken({ timestamp: 'NaN' }), false)
  assert.equal(taken({ signature: sent.signature.replaceAll('v1,g', 'v2,g') }), false)
  assert.equal(taken({ signature: '' }), false)
  assert.equal(taken({}, now, 'whsec_AAAA'), false)
})
