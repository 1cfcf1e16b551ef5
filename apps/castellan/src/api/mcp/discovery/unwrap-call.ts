import { isJsonObject, type JsonObject } from '../../../kernel/index.ts'
import { CALL_TOOL } from './meta-tools.ts'
import { refusal } from './refusal.ts'

/** What someone wants who calls `call_tool`: a call of another tool, or what they are told instead. */
export type Unwrapped =
  | { readonly is: 'call'; readonly name: string; readonly arguments: JsonObject | undefined }
  | { readonly is: 'refused'; readonly result: JsonObject }

/**
 * The call that the arguments of `call_tool` stand for. It is to be passed through the gate like any other, and answered as
 * any other: its name always means a tool of a server.
 */
export function unwrapCall(args: JsonObject | undefined): Unwrapped {
  const { name, arguments: given, ...others } = args ?? {}
  const strange = Object.keys(others)
  if (typeof name !== 'string' || name === '') {
    return refused('needs the "name" of a tool, as it was found')
  }
  if (strange.length > 0) {
    return refused('takes nothing but "name" and "arguments"; what the tool is to be given goes into "arguments"')
  }
  if (given !== undefined && !isJsonObject(given)) {
    return refused('takes "arguments" as an object that fits the inputSchema of the tool')
  }
  return { is: 'call', name, arguments: given }
}

function refused(why: string): Unwrapped {
  return { is: 'refused', result: refusal(CALL_TOOL, why) }
}
