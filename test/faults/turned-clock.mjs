/** Imported before the server: its wall clock is wrong by the ms that `?by=` of this file's URL says, more at each SIGUSR2. */
const by = Number(new URL(import.meta.url).searchParams.get('by'))
const right = Date.now
let offset = by

Date.now = () => right() + offset
process.on('SIGUSR2', () => {
  offset += by
})
