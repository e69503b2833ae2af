/** What an answer says: JSON is parsed, lines of JSON are a list of them. */
export function saidIn(headers: Headers, text: string) {
  if (text === '') return null
  if (headers.get('content-type') !== 'application/x-ndjson') return JSON.parse(text)
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
}
