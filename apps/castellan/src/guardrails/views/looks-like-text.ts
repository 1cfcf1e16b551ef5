import { isUtf8 } from 'node:buffer'

/** Bytes as text, when that is what they are: valid UTF-8 with next to no control characters; null otherwise. */
export function textFrom(bytes: Uint8Array): string | null {
  return mayBeText(bytes) && isUtf8(bytes) ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString() : null
}

/** A byte that is neither of a printable character nor a line break or tab. */
export function isControl(byte: number): boolean {
  return (byte < 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) || byte === 0x7f
}

function mayBeText(bytes: Uint8Array): boolean {
  for (const byte of bytes) if (isControl(byte) || byte === 0xc0 || byte === 0xc1 || byte > 0xf4) return false
  return bytes.length > 0
}
