import { isIPv4 } from 'node:net'
import { refused } from '../tool.ts'

/** All addresses of a network in CIDR notation, IPv4 alone: nobody lists a network of IPv6. Throws `TOOL_REFUSED`. */
export function addressesOf(network: string, most: number): readonly string[] {
  const [base = '', bits = '32'] = network.split('/')
  if (!isIPv4(base) || !/^\d{1,2}$/.test(bits) || Number(bits) > 32) {
    throw refused(`"${network}" is no network of IPv4, such as 10.1.2.0/24`)
  }
  const count = 2 ** (32 - Number(bits))
  if (count > most) throw refused(`${network} has ${count} addresses, and ${most} are the most of one discovery`)
  const number = base.split('.').reduce((sum, byte) => sum * 256 + Number(byte), 0)
  const first = number - (number % count)
  return Array.from({ length: count }, (_, index) => addressOf(first + index))
}

function addressOf(number: number): string {
  return [24, 16, 8, 0].map(shift => Math.floor(number / 2 ** shift) % 256).join('.')
}
