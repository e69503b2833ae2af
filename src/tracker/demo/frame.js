/** What every page has around its own part: the shop's head and foot, and the line that says what Vestibule knows. */
import { basketCount, customer, forgetCustomer, remembered } from './memory.js'

/** Text of a person or of an address, made safe to put into HTML. */
export const plain = (text) =>
  String(text).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)

export const tell = (name, data = {}) => window._gt.push(['event', name, { data }])

/** Shows the page's own part within the frame. */
export function show(html) {
  document.querySelector('#main').innerHTML = html
  document.body.insertAdjacentHTML('afterbegin', head())
  document.body.insertAdjacentHTML('beforeend', foot())
  document.querySelector('[data-forget]')?.addEventListener('click', () => {
    forgetCustomer()
    location.reload()
  })
  watchVestibule()
  recognise()
}

/** After a change of the basket. */
export function showBasketCount() {
  document.querySelector('[data-basket]').textContent = basketCount()
}

function head() {
  const person = customer()
  const known = person ? null : remembered()
  return `
    <header class="head">
      <a class="brand" href="index.html"><img src="icon.svg" alt="" width="34" height="34">Latch &amp; Lantern</a>
      <nav>
        <a href="index.html">Shop</a>
        ${person ? `<a href="account.html" data-account>${plain(person.name)}</a>` : '<a href="sign-in.html">Sign in</a>'}
        <a class="basket" href="cart.html">Basket <b data-basket>${basketCount()}</b></a>
      </nav>
    </header>
    ${known ? `<p class="greeting">Welcome back, ${plain(known.name)}. <a href="sign-in.html">Sign in</a> <button type="button" data-forget>Not ${plain(known.name)}?</button></p>` : ''}`
}

function foot() {
  return `
    <footer class="foot">A demonstration: nothing here is for sale, and no password is asked for.</footer>
    <aside class="knows" aria-label="What Vestibule knows" aria-live="off">
      <b>What Vestibule knows</b>
      <span class="dot" data-dot></span><span data-connection>starting</span>
      <span>you are <i data-identity>…</i></span>
      <span>device <code data-device>…</code></span>
      <span>visit <code data-visit>…</code></span>
      <span>page <code data-page>…</code></span>
      <button type="button" data-consent="false">Stop tracking me</button>
      <button type="button" data-consent="true">Track me again</button>
    </aside>`
}

/** Nothing here needs a key: the browser knows its own ids, and how its connection is. */
function watchVestibule() {
  const put = (name, text) => {
    document.querySelector(`[data-${name}]`).textContent = text
  }
  const showIds = () =>
    window._gt.push([
      'getIDs',
      ({ globalVisitID, visitID, pageID }) => {
        put('device', globalVisitID.slice(0, 8))
        put('visit', visitID.slice(0, 8))
        put('page', pageID.slice(0, 8))
      },
    ])
  const says = {
    connecting: 'connecting',
    open: 'connected',
    waiting: 'offline, trying again',
    closed: 'closed',
    stopped: 'stopped',
  }
  window._gt.push([
    'on',
    'connection',
    ({ state, queued }) => {
      put('connection', says[state] + (queued > 0 && state !== 'open' ? `, ${queued} waiting` : ''))
      document.querySelector('[data-dot]').dataset.dot = state
      if (state !== 'stopped') showIds()
    },
  ])
  window._gt.push(['on', 'identity', ({ state }) => put('identity', state)])
  for (const button of document.querySelectorAll('[data-consent]')) {
    button.addEventListener('click', () => {
      window._gt.push(['consent', button.dataset.consent === 'true'])
    })
  }
  // A browser that refused is told nothing, so there is nothing to hear either.
  setTimeout(() => {
    const dot = document.querySelector('[data-dot]')
    if (dot.dataset.dot !== '') return
    dot.dataset.dot = 'stopped'
    put('connection', 'not tracking')
  }, 1500)
}

/** The shop has seen this customer here: it says so once a browser session, and Vestibule calls it Recognized. */
function recognise() {
  const person = remembered()
  if (customer() || !person || sessionStorage.getItem('shop.recognised')) return
  sessionStorage.setItem('shop.recognised', '1')
  window._gt.push(['sendUserInfo', { identityId: person.email, name: person.name }])
}
