import { hash } from 'node:crypto'

const base58 = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'
const values = new Int8Array(128).fill(-1)
for (let value = 0; value < base58.length; value++) values[base58.charCodeAt(value)] = value

/** Whether this is an address of Bitcoin with its check: 25 bytes in base 58, the last four of which are a digest. */
export function isBase58Address(word: string): boolean {
  const bytes = new Uint8Array(25)
  for (let index = 0; index < word.length; index++) {
    let carry = word.charCodeAt(index) < 128 ? values[word.charCodeAt(index)]! : -1
    if (carry < 0) return false
    for (let place = 24; place >= 0; place--) {
      carry += bytes[place]! * 58
      bytes[place] = carry & 255
      carry >>= 8
    }
    if (carry !== 0) return false
  }
  if (bytes[0] !== 0 && bytes[0] !== 5) return false
  const digest = hash('sha256', hash('sha256', bytes.subarray(0, 21), 'buffer'), 'buffer')
  return digest.subarray(0, 4).equals(bytes.subarray(21))
}

const bech32 = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l'
const generators = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3]

/** Whether this is a segregated-witness address of Bitcoin with its check (BIP 173, BIP 350). */
export function isBech32Address(word: string): boolean {
  const lower = word.toLowerCase()
  if (lower !== word && word.toUpperCase() !== word) return false
  if (!lower.startsWith('bc1') || word.length < 14 || word.length > 74) return false
  let check = 1
  const add = (value: number) => {
    const top = check >>> 25
    check = ((check & 0x1ffffff) << 5) ^ value
    for (let bit = 0; bit < 5; bit++) if ((top >>> bit) & 1) check ^= generators[bit]!
  }
  for (const value of [3, 3, 0, 2, 3]) add(value)
  for (let index = 3; index < lower.length; index++) {
    const value = bech32.indexOf(lower[index]!)
    if (value < 0) return false
    add(value)
  }
  return check === 1 || check === 0x2bc830a3
}
