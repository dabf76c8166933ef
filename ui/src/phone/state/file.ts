/** What the engine reads of a thermometer's file; more does not fit into one call. */
export const IMPORT_BYTES_MAX = 128 * 1024

/** At most so many arguments are given to one call of a function. */
const CHUNK = 8_192

/** The bytes of a file as base64. */
export async function base64(file: Blob): Promise<string> {
  const bytes = new Uint8Array(await file.arrayBuffer())
  let text = ''
  for (let at = 0; at < bytes.length; at += CHUNK) text += String.fromCharCode(...bytes.subarray(at, at + CHUNK))
  return btoa(text)
}
